#!/usr/bin/env bash
# Fails if a generated file is not what the generators write. Compares before and after, so that other changes in the
# working tree do not matter; afterwards the tree holds what the generators wrote.
set -euo pipefail
cd "$(dirname "$0")/../.."

generated=(
	api/v1alpha1/zz_generated.deepcopy.go
	config/crd/bases
	config/rbac/role.yaml
	docs/api.md
	docs/conditions.md
	bundle
	bundle.Dockerfile
	config/chart
)

before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
for path in "${generated[@]}"; do
	mkdir -p "$before/$(dirname "$path")"
	if [ -e "$path" ]; then cp -R "$path" "$before/$path"; fi
done

make --no-print-directory generate manifests bundle chart

stale=0
for path in "${generated[@]}"; do
	diff -ruN "$before/$path" "$path" || stale=1
done
if [ "$stale" -ne 0 ]; then
	echo "Generated files were not current (see above). They are now: commit them." >&2
	exit 1
fi
