#!/usr/bin/env bash
# Runs a verbose build (go build -v) and prints, instead of a line for each package, how many are done, every 200.
set -euo pipefail

started=$SECONDS
"$@" 2>&1 | awk -v every=200 '
	/^[^ ]+$/ { if (++packages % every == 0) { print "  " packages " packages compiled"; fflush() } next }
	{ print; fflush() }'
echo "  done after $((SECONDS - started)) s"
