#!/usr/bin/env bash
# Fails if the test bed (test/lab) knows the operator: if it mentions the API, the module, or a name of the operator, beyond its own module path.
# Takes the directory to check, test/lab without one.
set -euo pipefail
cd "$(dirname "$0")/../.."

lab=${1:-test/lab}
own=github.com/edge-ingress/edge-ingress-operator/test/lab
echo "--- the test bed knows no operator"
# go.sum holds nothing but checksums.
found=$(grep -rnIiE 'edge-?ingress|bin/manager' --exclude=go.sum "$lab" | sed "s#$own##g" |
	grep -iE ':[0-9]+:.*(edge-?ingress|bin/manager)' || true)
if [ -n "$found" ]; then
	echo "$found" >&2
	echo "The test bed must not know the operator: pass programs, images and paths of ours as arguments." >&2
	exit 1
fi
if go list -C "$lab" -deps -test ./... | grep -E '^github.com/edge-ingress/edge-ingress-operator(/|$)' | grep -vE "^$own(/|\.test|$)" >&2; then
	echo "The test bed must not import these packages of the operator." >&2
	exit 1
fi
