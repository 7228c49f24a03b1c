#!/usr/bin/env bash
# Write the version of the next release, such as v0.2.0, into every file that names the last one. Run it with
# `make name-release VERSION=v0.2.0`, which then also generates the files that are made of these.
#
#   name-release.sh VERSION
set -euo pipefail

fail() {
	echo "$*" >&2
	exit 1
}

# Semantic versions of a release have nothing behind the three numbers.
new=${1:-}
if [[ $new =~ ^v[0-9]+\.[0-9]+\.[0-9]+- ]]; then
	fail "$new is a pre-release, and the files go on to name the last release. Push only the tag."
fi
[[ $new =~ ^v(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$ ]] || fail "'$new' is no version of a release. Write one such as v0.2.0."
old=$(sed -n 's/^RELEASE ?= \(v[0-9.]*\)$/\1/p' Makefile)
[ -n "$old" ] || fail "The Makefile has no line such as 'RELEASE ?= v0.1.0'."

# Of the texts, these have the version of the release: in addresses, tags, names of versions and of the chart's archive.
escaped=${old//./\\.}
sed -i -E "s/${escaped}([^0-9]|$)/$new\1/g; s/-${escaped#v}\.tgz/-${new#v}.tgz/g" README.md docs/install.md docs/self-service.md
sed -i "s/^  newTag: $escaped$/  newTag: $new/" config/manager/kustomization.yaml config/verification/kustomization.yaml
sed -i "s/^RELEASE ?= v.*/RELEASE ?= $new/; s/^RELEASE_DATE ?= .*/RELEASE_DATE ?= $(date --utc +%Y-%m-%dT00:00:00Z)/" Makefile
if ! grep -qF "## [${new#v}]" CHANGELOG.md; then
	sed -i "s/^## \[Unreleased\].*/## [Unreleased]\n\n## [${new#v}]: $(date --utc +%Y-%m-%d)/" CHANGELOG.md
fi
echo "$new is the release now, instead of $old."
