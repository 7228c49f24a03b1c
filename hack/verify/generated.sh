#!/usr/bin/env bash
# Fails if a generated file is not what the generators write. They run in a copy of the working tree, so that this one stays as it
# is, and other programs may read it meanwhile.
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

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
# Files that git does not know yet belong to it, and those that were removed do not.
git ls-files --cached --others --exclude-standard -z | while IFS= read -r -d '' path; do
	if [ -e "$path" ]; then printf '%s\0' "$path"; fi
done | xargs -0 cp --parents --preserve=mode,timestamps --target-directory="$copy"
mkdir -p bin/tools "$copy/bin"
ln -s "$PWD/bin/tools" "$copy/bin/tools"

make --no-print-directory --directory="$copy" generate manifests bundle chart

stale=0
for path in "${generated[@]}"; do
	diff -ruN "$path" "$copy/$path" || stale=1
done
if [ "$stale" -ne 0 ]; then
	echo "Generated files are not current (see above). Run make generate manifests bundle chart, and commit them." >&2
	exit 1
fi
