#!/usr/bin/env bash
# Deletes every EdgeIngress and waits until the operator has cleaned up behind it: nodes unlabelled, objects gone.
# Takes the kubectl to use and arguments for each call of it, such as kubectl --context=staging. It is not an error if the CRD is not installed.
set -euo pipefail

kubectl=("${@:-kubectl}")
crd=edgeingresses.edgeingress.dev

if [ -z "$("${kubectl[@]}" get crd "$crd" --ignore-not-found --output=name)" ]; then
	echo "no EdgeIngress to delete: the CRD is not installed"
	exit 0
fi
if ! "${kubectl[@]}" delete "$crd" --all --wait --timeout=15m; then
	echo "An EdgeIngress is still there, and its nodes may still carry labels and taints. Is the operator running?" >&2
	echo "Nothing else was deleted; look at the EdgeIngress's conditions and events, then try again." >&2
	exit 1
fi
