#!/usr/bin/env bash
# Prints file:line for each phrase of the word list in CONTRIBUTING.md that stands in a Go file or a text, and exits 1 if there
# is one. The list is the table in the section "Plain English": the first column, in backticks. Takes the root of the tree.
set -euo pipefail
cd "${1:-$(dirname "$0")/../..}"

phrases=$(mktemp)
trap 'rm -f "$phrases"' EXIT
sed -n '/^## Plain English/,/^## /s/^| `\([^`]*\)` |.*/\1/p' CONTRIBUTING.md >"$phrases"
if [ "$(wc -l <"$phrases")" -lt 10 ]; then
	echo "CONTRIBUTING.md has no word list in its section \"Plain English\"" >&2
	exit 1
fi

files() {
	# The word list itself, quotations in the decision table, and files that programs write are left out.
	if [ -e .git ]; then git ls-files -- '*.go' '*.md'; else find . -name '*.go' -o -name '*.md' | sed 's#^\./##'; fi |
		grep -vE '^(CONTRIBUTING\.md|docs/source-ip\.md)$|/zz_generated|^bundle/' || true
}
if files | xargs -r -d '\n' grep -nHiwFf "$phrases"; then
	echo "These phrases read like a translation. CONTRIBUTING.md says what to write instead." >&2
	exit 1
fi
echo "no phrase of the word list is used"
