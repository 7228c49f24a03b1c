#!/usr/bin/env bash
# Lints the Helm chart, and decodes what it renders with several values strictly. Takes helm and the bundle tool.
set -euo pipefail
cd "$(dirname "$0")/../.."

helm=$1 bundle=$2
chart=config/chart
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export HELM_CACHE_HOME=$scratch HELM_CONFIG_HOME=$scratch HELM_DATA_HOME=$scratch

rendered() { # what it is, then arguments of helm: decode strictly what the chart renders with them
	local what=$1
	shift
	if ! "$helm" template edge-ingress-operator "$chart" --namespace=operators "$@" >"$scratch/rendered.yaml" 2>"$scratch/complaint" ||
		! "$bundle" check <"$scratch/rendered.yaml" >"$scratch/report" 2>>"$scratch/complaint"; then
		echo "$chart, $what:" >&2
		cat "$scratch/complaint" >&2
		exit 1
	fi
}

"$helm" lint --strict --quiet "$chart"
rendered "its defaults"
rendered "nothing measures" --set measuring.enabled=false --set policies.enabled=false --set metrics.enabled=false
rendered "everything is set" --set 'image.pullSecrets={a,b}' --set image.pullPolicy=Always --set 'allowedImageRepositories={registry.example.com/a,registry.example.com/b}' \
	--set metrics.serviceMonitor.enabled=true --set metrics.serviceMonitor.labels.release=monitoring --set metrics.serviceMonitor.interval=30s \
	--set networkPolicies.enabled=true --set crds.keep=false --set 'operator.extraArgs={--kube-api-qps=20}' \
	--set operator.priorityClassName=system-cluster-critical --set 'operator.tolerations[0].operator=Exists' \
	--set prober.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].key=a \
	--set prober.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].operator=Exists
rendered "all else is left out" --set crds.install=false --set witness.resources=null
echo "the chart is valid"
