#!/usr/bin/env bash
# Shows that the import rules of .golangci.yml bite: in a copy of the module each protected package gets a forbidden import,
# and the linter has to refuse every one of them. Takes the golangci-lint to use.
set -euo pipefail
cd "$(dirname "$0")/../.."

golangci_lint=$1
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp go.mod go.sum .golangci.yml "$copy"

# plant PACKAGE IMPORT puts a file that imports IMPORT into PACKAGE (a directory).
planted=()
plant() {
	local file="$1/planted_${#planted[@]}.go"
	mkdir -p "$copy/$1"
	printf 'package %s\n\nimport _ "%s"\n' "$(basename "$1")" "$2" >"$copy/$file"
	planted+=("$file")
}
for package in snapshot desired assess provider names trust workload engine engine/registry engine/ingressnginx; do
	plant "controllers/$package" sigs.k8s.io/controller-runtime/pkg/client
	plant "controllers/$package" k8s.io/client-go/kubernetes
	plant "controllers/$package" helm.sh/helm/v3/pkg/engine
done
plant controllers/helm k8s.io/client-go/rest
plant controllers helm.sh/helm/v3/pkg/engine
plant api/v1alpha1 sigs.k8s.io/controller-runtime/pkg/client

echo "--- import rules"
report=$(cd "$copy" && "$golangci_lint" run --enable-only=depguard --max-same-issues=0 --max-issues-per-linter=0 ./... 2>&1) || true
missed=0
for file in "${planted[@]}"; do
	if ! grep -qE "^$file:[0-9]+:[0-9]+: import '.*depguard" <<<"$report"; then
		echo "not refused: $file ($(sed -n 's/^import _ //p' "$copy/$file"))" >&2
		missed=1
	fi
done
if [ "$missed" -ne 0 ]; then
	echo "The linter lets through what .golangci.yml forbids. It said:" >&2
	echo "$report" >&2
	exit 1
fi
echo "all ${#planted[@]} forbidden imports are refused"
