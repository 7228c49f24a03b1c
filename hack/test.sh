#!/usr/bin/env bash
# Runs the tests of all modules that belong to a kind: "unit" are those of packages that need no Kubernetes, "api" those of packages that start one,
# "rules" those of them that only ask it which objects it accepts, "install" those that install the operator in each way, and "olm" those that
# do it with OLM. The last two take minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

kind=${1:?unit, api, rules, install or olm}
modules=(. test/lab test/gitops test/openshift hack/bundle)
# The promise to run on the oldest Kubernetes is the operator's. The tests of the test bed run once, on the newest.
if [ "$kind" = rules ] || [ "${KUBERNETES:-newest}" = oldest ]; then modules=(.); fi
# What a package imports if its tests start a Kubernetes, and the packages of the local cluster whose tests do it by themselves.
starts_kubernetes='/test/lab/testcluster$|/test/lab/realcluster$'
always='/test/lab/testcluster$|/test/lab/realcluster$|/test/lab/command$|/test/lab/controlplane$'

# packages prints those of the module in the working directory that belong to the kind.
packages() {
	go list -f '{{.ImportPath}}{{range .TestImports}} {{.}}{{end}}{{range .XTestImports}} {{.}}{{end}}' ./... |
		awk -v kind="$kind" -v starts="$starts_kubernetes" -v always="$always" '{
			api = $1 ~ always
			for (i = 2; i <= NF; i++) if ($i ~ starts) api = 1
			of = $1 ~ /\/test\/install$/ ? "install" : $1 ~ /\/test\/olm$/ ? "olm" : api ? "api" : "unit"
			if (of == kind || (kind == "rules" && of == "api" && $1 ~ /\/(api|config)\//)) print $1
		}'
}

flags=(-count=1 -timeout=30m) # What a real Kubernetes does is not remembered. On a busy machine stories take ten minutes.
if [ "$kind" = unit ]; then
	flags=(-shuffle=on)
	# The race detector needs cgo, and that a C compiler.
	if [ "$(CGO_ENABLED=1 go env CGO_ENABLED)" = 1 ] && command -v "$(go env CC | cut -d' ' -f1)" >/dev/null; then
		export CGO_ENABLED=1
		flags+=(-race)
	else
		echo "Without the race detector: it needs a C compiler, and there is no $(go env CC). Install gcc to have it." >&2
	fi
fi

for module in "${modules[@]}"; do
	mapfile -t chosen < <(cd "$module" && packages)
	[ ${#chosen[@]} -gt 0 ] || continue
	echo "--- $kind tests of $module"
	(cd "$module" && go test "${flags[@]}" "${chosen[@]}")
done
