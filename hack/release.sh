#!/usr/bin/env bash
# What a release needs of GitHub, asked and said with gh. BUNDLE is the program of hack/bundle, which decides.
#
#   check BUNDLE TAG          fail if the tag cannot be released, and otherwise print how GitHub has to mark the release
#   catalogs DIR              download the catalogue of every published release into an empty directory
#   draft BUNDLE TAG FILE...  draft the release with the files, instead of an older draft of the same tag
#   publish BUNDLE TAG        publish the draft, and do the next step
#   complete BUNDLE TAG       add what other published releases offer to the catalogues of this release and of the latest one
#
# A draft counts for nothing before it is published: nobody has its version, and it may be thrown away.
set -euo pipefail
shopt -s inherit_errexit
# Without it, gh would ask the fork of whoever runs this.
export GH_REPO=${GH_REPO:-${GITHUB_REPOSITORY:-edge-ingress/edge-ingress-operator}}

published() { gh release list --exclude-drafts --limit 1000 --json tagName --jq '.[].tagName'; }

check() { # bundle tag
	changes "$2" >/dev/null
	decide "$@"
}

decide() { # bundle tag
	local tags
	tags=$(published)
	"$1" next --version="$2" <<<"$tags"
}

# changes prints what CHANGELOG.md says of a version. A pre-release has what is not released yet.
changes() { # tag
	local section=${1#v} text
	if [[ $1 == *-* ]]; then section=Unreleased; fi
	text=$(awk -v heading="## [$section]" '/^## / { found = index($0, heading) == 1; next } found' CHANGELOG.md)
	if [[ ! $text =~ [^[:space:]] ]]; then
		echo "CHANGELOG.md says nothing in a section '## [$section]', and the notes of $1 come from there. Write what users notice into it." >&2
		return 1
	fi
	echo "$text"
}

# Not only the catalogue of the newest release: that may have been drafted before another release was published.
catalogs() { # directory
	local tags tag
	rm -rf "$1"
	mkdir -p "$1"
	tags=$(published)
	for tag in $tags; do
		if [[ $tag != v[0-9]* ]]; then continue; fi # A release of something else.
		if ! gh release download "$tag" --pattern=catalog.json --output="$1/$tag.json"; then
			echo "The catalogue of the release $tag cannot be downloaded, and without it the next one would lose this version." >&2
			echo "Add its catalog.json to the release $tag." >&2
			return 1
		fi
	done
}

# marked prints the option of gh by which GitHub marks a release. What is the latest one can change between draft and publication.
marked() { # bundle tag
	local mark
	mark=$(decide "$1" "$2")
	case $mark in
	pre-release) echo --prerelease ;;
	latest) echo --latest ;;
	not-latest) echo --latest=false ;;
	*)
		echo "$1 says that GitHub has to mark $2 as '$mark', which this script does not know." >&2
		return 1
		;;
	esac
}

draft() { # bundle tag file...
	local tag=$2 option drafts other text
	option=$(marked "$1" "$tag")
	text=$(changes "$tag")
	# The tag is not published, or the check would have failed. So a release that has it is a draft.
	drafts=$(gh release list --limit 1000 --json tagName,isDraft --jq '.[] | select(.isDraft) | .tagName')
	for other in $drafts; do
		if [ "$other" = "$tag" ]; then gh release delete "$tag" --yes; fi
	done
	if [ "$option" != --prerelease ]; then option=; fi # GitHub calls no draft the latest release.
	gh release create "$tag" --draft --verify-tag --title="$tag" --notes-file=- $option "${@:3}" <<<"$text"
	echo "Read the draft, then publish it: make publish-release VERSION=$tag"
}

publish() { # bundle tag
	local option
	option=$(marked "$1" "$2")
	# What was published stays, so what cannot be merged with it must not be published.
	scratch=$(mktemp -d)
	trap 'rm -rf "$scratch"' EXIT
	catalogs "$scratch/published"
	gh release download "$2" --pattern=catalog.json --output="$scratch/published/$2.json"
	if ! "$1" merge-catalogs --from="$scratch/published" --output="$scratch/catalog.json"; then
		echo "Nothing is published. Run this where hack/bundle is that of the newest release, or draft $2 again: delete its draft, and run its workflow again." >&2
		return 1
	fi
	gh release edit "$2" --draft=false "$option"
	"$0" complete "$1" "$2" || {
		echo "$2 is published, and its catalogue or that of the latest release may lack a version. Run: hack/release.sh complete $1 $2" >&2
		return 1
	}
}

# Another release may have been published since this one was drafted, or a fix of an older minor version after the latest one.
complete() { # bundle tag
	local latest tag
	scratch=$(mktemp -d)
	trap 'rm -rf "$scratch"' EXIT
	catalogs "$scratch/published"
	"$1" merge-catalogs --from="$scratch/published" --output="$scratch/catalog.json"
	latest=$(gh release list --exclude-drafts --limit 1000 --json tagName,isLatest --jq '.[] | select(.isLatest) | .tagName')
	for tag in $(printf '%s\n' "$2" $latest | sort -u); do
		if [ ! -e "$scratch/published/$tag.json" ]; then
			echo "GitHub does not list $tag among the published releases yet." >&2
			return 1
		elif cmp --silent "$scratch/published/$tag.json" "$scratch/catalog.json"; then
			echo "The catalogue of $tag has every published version."
		else
			gh release upload "$tag" "$scratch/catalog.json" --clobber
		fi
	done
}

case ${1:-} in
check | catalogs | draft | publish | complete) "$@" ;;
*)
	sed -n '2,10s/^# \{0,1\}//p' "$0" >&2
	exit 1
	;;
esac
