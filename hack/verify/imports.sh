#!/usr/bin/env bash
# Shows that the import rules of .golangci.yml bite: in a copy of the module each protected package gets a forbidden import,
# and the linter has to refuse every one of them. Takes the golangci-lint to use.
set -euo pipefail
cd "$(dirname "$0")/../.."

golangci_lint=$1
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp go.mod go.sum .golangci.yml "$copy"
# The test bed is a module of its own. In the copy it is part of this one, so that one run of the linter sees all.
lab=github.com/edge-ingress/edge-ingress-operator/test/lab
(cd "$copy" && go mod edit -droprequire=$lab -dropreplace=$lab)

operator=github.com/edge-ingress/edge-ingress-operator
# plant PACKAGE IMPORT puts a file that imports IMPORT into PACKAGE (a directory). Of the operator's own packages it imports an empty
# one below: the rules hold for it as well, and imports in a circle would keep the linter from looking.
planted=()
plant() {
	local import=$2
	if [[ $import == "$operator"/* ]]; then
		import+=/empty
		mkdir -p "$copy/${import#"$operator"/}"
		echo "package empty" >"$copy/${import#"$operator"/}/empty.go"
	fi
	local file="$1/planted_${#planted[@]}.go"
	mkdir -p "$copy/$1"
	printf 'package %s\n\nimport _ "%s"\n' "$(basename "$1")" "$import" >"$copy/$file"
	planted+=("$file")
}
deciding=(snapshot desired drift assess provider names guardrails skew trust workload engine engine/registry engine/ingressnginx)
for package in "${deciding[@]}" helm; do
	plant "controllers/$package" sigs.k8s.io/controller-runtime/pkg/client
	plant "controllers/$package" k8s.io/client-go/kubernetes
	plant "controllers/$package" net/http
	plant "controllers/$package" os
	plant "controllers/$package" os/exec
	# Allow lists: what nobody thought of is refused as well.
	plant "controllers/$package" github.com/prometheus/client_golang/prometheus
done
for package in "${deciding[@]}"; do
	plant "controllers/$package" helm.sh/helm/v3/pkg/engine
done
# Only the registry knows the engines.
for package in snapshot desired drift assess provider names guardrails skew trust workload engine helm; do
	plant "controllers/$package" $operator/controllers/engine/ingressnginx
done
plant controllers $operator/controllers/engine/ingressnginx
plant hack/generator $operator/controllers/engine/ingressnginx
# What people download stays small.
plant plugin/command sigs.k8s.io/controller-runtime/pkg/client
plant plugin/look k8s.io/client-go/kubernetes
plant controllers helm.sh/helm/v3/pkg/engine
plant controllers $operator/controllers/engine/enginetest
# Facts flow one way: what decides is not known to what it decides from.
plant controllers/snapshot $operator/controllers/desired
plant controllers/desired $operator/controllers/assess
plant controllers/names $operator/controllers/trust
plant controllers/engine $operator/controllers/desired
plant controllers/engine/ingressnginx $operator/controllers/desired
plant controllers/engine/ingressnginx $operator/controllers/engine/registry
plant controllers/provider $operator/controllers/assess
plant api/v1alpha1 sigs.k8s.io/controller-runtime/pkg/client
plant api/v1alpha1 k8s.io/client-go/kubernetes
plant hack/generator $operator/test/e2e
# What people download stays small.
plant plugin/command sigs.k8s.io/controller-runtime/pkg/client
plant plugin/look k8s.io/client-go/kubernetes
# What measures is small, and decides nothing where it talks to nobody.
for package in answer evidence witness prober probe; do
	plant "verification/$package" sigs.k8s.io/controller-runtime/pkg/client
	plant "verification/$package" k8s.io/client-go/kubernetes
	plant "verification/$package" helm.sh/helm/v3/pkg/engine
	plant "verification/$package" $operator/controllers/assess
done
plant verification/answer net/http
plant verification/evidence net/http
plant verification/evidence os
plant verification/witness k8s.io/client-go/rest
plant verification/witness $operator/controllers/names
plant test/lab/anything $operator/api/v1alpha1
plant test/lab/anything $operator/controllers/names

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
