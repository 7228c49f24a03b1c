#!/usr/bin/env bash
# Fails if a decision record lacks a part that the template asks for, or is missing from the index.
set -euo pipefail
cd "${1:-$(dirname "$0")/../..}/docs/adr"

failed=0
fault() {
	echo "docs/adr/$1: $2" >&2
	failed=1
}
for record in [0-9]*.md; do
	number=$((10#${record%%-*}))
	head -n 1 "$record" | grep -q "^# $number\. " || fault "$record" "the title does not begin with \"# $number. \""
	grep -qiE '^- Status: (Proposed|Accepted|Superseded by )' "$record" || fault "$record" "it has no status"
	grep -qE '^- Date: [0-9]{4}-[0-9]{2}-[0-9]{2}$' "$record" || fault "$record" "it has no date"
	for section in Context Decision Alternatives Consequences; do
		grep -q "^## $section\$" "$record" || fault "$record" "it has no section $section"
	done
	grep -qF "[$number]($record)" README.md || fault README.md "the table does not name $record"
done
[ "$failed" = 0 ] && echo "the decision records are complete"
