#!/usr/bin/env bash
# Fails if something outside the engine's own package speaks of nginx: then it knows one engine, and a second one has to be
# bolted on. Prints file:line. Takes the root of a tree to look at; without it, looks at the files that git knows here.
set -euo pipefail
cd "${1:-$(dirname "$0")/../..}"

word=nginx
# Where the word may stand, each with its reason. A path is a file, or a directory when it ends in a slash.
allowed=(
	controllers/engine/ingressnginx/        # the engine
	controllers/engine/registry/registry.go # the registry's line for it
	api/v1alpha1/controller_types.go        # the value IngressNGINX and what it means
	api/v1alpha1/edgeingress_types.go       # rules that hold for the value IngressNGINX
	api/v1alpha1/clientip_types.go          # what the value IngressNGINX cannot do
	api/v1alpha1/condition_types.go         # upstream's name in the reason UpstreamRetired
	controllers/names/names.go              # the first engine, whose names have no suffix
	config/                                 # samples, and the CRD and its text, generated from the API
	bundle/                                 # generated
	docs/                                   # documentation
	test/                                   # the test bed runs the real thing
	hack/verify/                            # this check, and the import rules' test
	hack/e2e-deps.sh                        # installs what the test bed's image is made of
	Makefile                                # the help of the target that builds it for the test bed
	.golangci.yml                           # the import rules about the engine's package
	.gitattributes                          # the paths of its golden files
	renovate.json                           # updates of the engine
)
permits() {
	local file=$1 place
	case $file in
	*_test.go | *.md | */testdata/*) return 0 ;; # tests quote what users of the default engine see; texts for people
	.github/*) return 0 ;;                       # forms for people
	esac
	for place in "${allowed[@]}"; do
		case $place in
		*/) if [[ $file == "$place"* ]]; then return 0; fi ;;
		*) if [ "$file" = "$place" ]; then return 0; fi ;;
		esac
	done
	return 1
}

list() {
	if [ -e .git ]; then git grep -lIi "$word" -- . || true; else grep -rlIi "$word" . | sed 's#^\./##' || true; fi
}
failed=0
while read -r file; do
	if ! permits "$file"; then
		grep -nHi "$word" "$file" >&2
		failed=1
	fi
done < <(list)
if [ "$failed" = 1 ]; then
	echo "Only controllers/engine/ingressnginx may know this engine. Ask the interface in controllers/engine instead." >&2
	exit 1
fi
echo "nothing outside the engine's package speaks of $word"
