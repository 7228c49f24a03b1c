#!/usr/bin/env bash
# Installs the Debian packages that `make test-image` needs, where they are missing. They start no service.
set -euo pipefail

packages=()
for program in buildah:buildah busybox:busybox-static unshare:util-linux; do
	command -v "${program%:*}" >/dev/null || packages+=("${program#*:}")
done
if [ ${#packages[@]} -gt 0 ] && { [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; }; then
	echo "Missing for the image's test: ${packages[*]}. As root on Debian or Ubuntu, make test-image installs it." >&2
	exit 1
fi
if [ "$(id -u)" != 0 ]; then
	echo "The image's test runs the programs in the image's own file system, which only root can do." >&2
	exit 1
fi
[ ${#packages[@]} -gt 0 ] || exit 0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "installing Debian packages: ${packages[*]}"
if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends --no-remove "${packages[@]}"; } >"$log" 2>&1; then
	tail -20 "$log" >&2
	exit 1
fi
