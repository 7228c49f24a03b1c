#!/usr/bin/env bash
# Runs a verbose build (go build -v) and prints, instead of a line for each package and each download, how many are done.
set -euo pipefail

started=$SECONDS
"$@" 2>&1 | awk '
	/^go: downloading / { if (++modules % 100 == 0) { print "  " modules " modules downloaded"; fflush() } next }
	/^[^ ]+$/ { if (++packages % 200 == 0) { print "  " packages " packages compiled"; fflush() } next }
	{ print; fflush() }'
echo "  done after $((SECONDS - started)) s"
