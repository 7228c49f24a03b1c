#!/usr/bin/env bash
# Builds the kubectl plugin for every platform, and lets krew's own programs look at the result: its validation of manifests, and an
# installation of each platform's archive. Takes the two programs, and the version.
set -euo pipefail
cd "$(dirname "$0")/../.."

validate=$1 krew=$2 version=$3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

go run ./hack/licences --out="$scratch/licences" --os=linux,darwin,windows ./plugin
go run ./hack/plugin --version="$version" --ldflags="-s -w -X main.version=$version" --url="https://example.com/$version" --third-party="$scratch/licences/THIRD-PARTY" --out="$scratch/plugin" >/dev/null
manifest=$scratch/plugin/edge-ingress.yaml
if ! said=$("$validate" -manifest="$manifest" -skip-install 2>&1); then
	echo "krew refuses $manifest, which hack/plugin writes:" >&2
	echo "$said" >&2
	exit 1
fi

installed() { # os arch archive: krew, as if it ran on that platform, installs the plugin from the archive
	local root=$scratch/$1-$2 extension=
	if [ "$1" = windows ]; then extension=.exe; fi
	if ! said=$(KREW_ROOT=$root KREW_OS=$1 KREW_ARCH=$2 "$krew" install --manifest="$manifest" --archive="$scratch/plugin/$3" </dev/null 2>&1); then
		echo "krew cannot install $3, which hack/plugin writes:" >&2
		echo "$said" >&2
		exit 1
	fi
	for file in "kubectl-edge_ingress$extension" LICENSE THIRD-PARTY; do
		if [ ! -f "$root/store/edge-ingress/$version/$file" ]; then
			echo "after an installation from $3 there is no $file: see hack/plugin" >&2
			exit 1
		fi
	done
}
for os in linux darwin windows; do
	extension=tar.gz
	if [ "$os" = windows ]; then extension=zip; fi
	for arch in amd64 arm64; do installed "$os" "$arch" "kubectl-edge_ingress-$os-$arch.$extension"; done
done

# kubectl finds a plugin as a program of this name in PATH.
here="$scratch/$(go env GOHOSTOS)-$(go env GOHOSTARCH)/bin/kubectl-edge_ingress"
if [ -x "$here" ] && [ "$("$here" --version)" != "kubectl edge-ingress version $version" ]; then
	echo "the installed plugin says of itself: $("$here" --version)" >&2
	exit 1
fi
echo "krew installs the plugin on six platforms"
