# Edge ingress operator. `make help` lists what there is to do.

# RELEASE is the version that the bundle and config/ name: it is fixed, so that generated files do not depend on the commit.
# `make bundle catalog VERSION=v0.2.0` makes those of another one: who names a version means it.
ifneq ($(origin VERSION),undefined)
RELEASE ?= $(VERSION)
endif
RELEASE ?= v0.1.0
# VERSION is what the operator says it is: the tag, and how many commits came after it. Without any tag it is RELEASE.
VERSION ?= $(shell git describe --tags --match 'v[0-9]*' --dirty 2>/dev/null || echo $(RELEASE))
REVISION ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)

# The operator's image. DIGEST (sha256:...) is what the registry answered to the push of IMAGE_REPOSITORY:VERSION. A release sets
# it, and its installer, chart and bundle refer to the image by it. Those of the repository refer to it by its tag.
IMAGE_REPOSITORY ?= ghcr.io/edge-ingress/edge-ingress-operator
IMG ?= $(IMAGE_REPOSITORY):$(VERSION)
DIGEST ?=
# RELEASE_DATE is the bundle's createdAt. It is a variable, so that the bundle is the same whenever it is made.
RELEASE_DATE ?= 2026-11-21T00:00:00Z

# CATALOG_BEFORE is the catalogue of a release before, or a directory with those of all published ones: what they offer stays on offer.
CATALOG_BEFORE ?=

# PLUGIN_URL is where the archives of the kubectl plugin can be downloaded.
PLUGIN_URL ?= https://github.com/edge-ingress/edge-ingress-operator/releases/download/$(VERSION)

KUBECTL ?= kubectl
CONTAINER_TOOL ?= $(shell command -v docker || command -v podman || command -v buildah)
# BUILD_FLAGS are further arguments of the image's build. `make image-push` builds for PLATFORMS, and pushes to DESTINATION.
BUILD_FLAGS ?=
PLATFORMS ?= linux/amd64,linux/arm64
DESTINATION ?= docker://$(IMG)
DIGEST_FILE ?= dist/digest
IMAGE_ARGS = --build-arg VERSION=$(VERSION) --build-arg REVISION=$(REVISION) $(BUILD_FLAGS)
# ARGS are further arguments of `make run` and `make e2e`.
ARGS ?=
# KUBERNETES is the version that `make test-api` runs against: newest or oldest.
KUBERNETES ?= newest
# KEEP=1 leaves the cluster of `make demo` running. NODES is simulated or real; without it the demo has real nodes where this machine can have them.
KEEP ?=
NODES ?=

LDFLAGS := -s -w -X main.version=$(VERSION) -X main.revision=$(REVISION)
# Modules with code of ours. The other go.mod files pin tools.
CODE_MODULES := . test/lab test/gitops test/openshift hack/bundle
ALL_MODULES := $(CODE_MODULES) hack/tools hack/tools/golangci hack/tools/helm hack/tools/krew hack/tools/sbom hack/tools/vulnerabilities $(wildcard test/lab/modules/*)

TOOLS := $(CURDIR)/bin/tools
CONTROLLER_GEN := $(TOOLS)/controller-gen
KUSTOMIZE := $(TOOLS)/kustomize
CRD_REF_DOCS := $(TOOLS)/crd-ref-docs
GOLANGCI_LINT := $(TOOLS)/golangci-lint
BUNDLE := $(TOOLS)/bundle
HELM := $(TOOLS)/helm
KREW := $(TOOLS)/krew
VALIDATE_KREW := $(TOOLS)/validate-krew-manifest
GOVULNCHECK := $(TOOLS)/govulncheck
CYCLONEDX := $(TOOLS)/cyclonedx-gomod

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# Steps write to the same files, and go uses all cores itself.
.NOTPARALLEL:

##@ General

.PHONY: help
help: ## Show this help.
	@awk 'BEGIN {FS = ":.*##"; printf "Usage: make \033[36m<target>\033[0m [VARIABLE=value]\n"} \
		/^[a-zA-Z0-9_-]+:.*##/ {printf "  \033[36m%-16s\033[0m %s\n", $$1, $$2} \
		/^##@/ {printf "\n\033[1m%s\033[0m\n", substr($$0, 5)}' $(MAKEFILE_LIST)

.PHONY: demo
demo: cluster build build-plugin ## Show the operator on a local cluster, in under a minute. KEEP=1 leaves it running. NODES=simulated|real chooses the nodes.
	@go build -o bin/demo ./test/demo
	@KEEP=$(KEEP) NODES=$(NODES) bin/demo

.PHONY: demo-stop
demo-stop: ## Stop and remove what `make demo KEEP=1` left running.
	@go run -C test/lab . down --name=demo

# The stories mostly wait, so the unit tests run beside them. What those say comes last.
.PHONY: test
test: cluster ## Run all tests that need no root: those of test-unit and of test-api. The first run builds Kubernetes. Needs only Go.
	@said=$$(mktemp); hack/test.sh unit >"$$said" 2>&1 & unit=$$!; code=0; \
		KUBERNETES=$(KUBERNETES) hack/test.sh api || code=$$?; \
		wait $$unit || code=$$?; cat "$$said"; rm -f "$$said"; exit $$code

.PHONY: test-unit
test-unit: ## Run the tests that need no Kubernetes, in random order and with the race detector. Needs only Go.
	@hack/test.sh unit

.PHONY: test-api
test-api: ## Test the API's rules and the operator's stories against real API servers. KUBERNETES=oldest chooses the oldest supported version.
	@$(MAKE) --no-print-directory cluster KUBERNETES=$(KUBERNETES)
	@KUBERNETES=$(KUBERNETES) hack/test.sh api

.PHONY: test-rules
test-rules: ## The part of test-api that depends most on the version: which objects the API server accepts, by the CRDs' rules and the policies.
	@$(MAKE) --no-print-directory cluster KUBERNETES=$(KUBERNETES)
	@KUBERNETES=$(KUBERNETES) hack/test.sh rules

.PHONY: test-install
test-install: $(HELM) $(KUSTOMIZE) ## Install, upgrade and remove the operator with kubectl and Helm, as docs/install.md says, on real API servers. Takes minutes.
	@$(MAKE) --no-print-directory cluster KUBERNETES=$(KUBERNETES)
	@KUBERNETES=$(KUBERNETES) hack/test.sh install

.PHONY: test-olm
test-olm: $(HELM) $(KUSTOMIZE) $(BUNDLE) olm build ## Install, upgrade and remove the operator with the real Operator Lifecycle Manager. Needs root, and the whole history in git. The first run takes long.
	@$(MAKE) --no-print-directory cluster KUBERNETES=$(KUBERNETES)
	@KUBERNETES=$(KUBERNETES) hack/test.sh olm

.PHONY: test-image
test-image: ## Build the image for all platforms as a release does, offline, and check what is in it. Needs root. The first run takes minutes.
	@hack/image-deps.sh
	@TEST_IMAGE=1 go test -count=1 -timeout=60m -v -run=TestTheImage ./test/image

.PHONY: e2e
e2e: e2e-deps real-images build-plugin ## Run the operator on real nodes with real packets, and compare its verdict with what the application saw. Needs root.
	@go build -o bin/e2e ./test/e2e
	@bin/e2e --skip-build $(ARGS)

# One or more scenarios of each exposure and of each of our pods.
OPENSHIFT_SCENARIOS := ^((host network|host ports|NodePort), clients connect directly|DaemonSet, iptables and nftables nodes in one cluster|Deployment with fewer replicas than edge nodes|the path is proven|the probers die and others start|the witness dies and another starts)$$

.PHONY: e2e-openshift
e2e-openshift: e2e-deps real-images build-plugin openshift-admission ## Run some scenarios of make e2e while OpenShift's own admission plugin decides about the pods. Needs root.
	@go build -o bin/e2e ./test/e2e
	@bin/e2e --skip-build --openshift --only=scenarios --run='$(OPENSHIFT_SCENARIOS)' $(ARGS)

.PHONY: openshift-admission
openshift-admission: ## Build OpenShift's admission plugin as a webhook, for make e2e-openshift.
	@go build -C test/openshift -o $(CURDIR)/bin/openshift-admission ./webhook

# UPGRADE_FROM is the version before, as a commit or tag whose history is here.
UPGRADE_FROM ?= da837e65380d9d104b0acfb3b617a6edfbce5db4

.PHONY: test-upgrade
test-upgrade: e2e-deps real-images olm $(HELM) $(KUSTOMIZE) $(BUNDLE) ## Upgrade, downgrade, remove and reinstall the operator in each way, on real nodes under load. UPGRADE_FROM is the version before. Needs root.
	@go build -o bin/e2e ./test/e2e
	@bin/e2e --only=upgrades --skip-build --from=$(UPGRADE_FROM) $(ARGS)

.PHONY: verify
verify: verify-generated verify-format vet lint verify-imports verify-manifests verify-bundle verify-chart verify-plugin verify-modules verify-vulnerabilities verify-github verify-adrs verify-engine-words verify-lab verify-english ## Check everything that needs no cluster: generated files, format, linters, manifests, bundle, chart, modules, workflows.
	@echo "--- verified"

##@ Development

.PHONY: build
build: ## Build the operator into bin/manager, and the prober and the witness into bin/edge-ingress-verification.
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/manager .
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/edge-ingress-verification ./verification

.PHONY: build-plugin
build-plugin: ## Build the kubectl plugin for this machine into bin/kubectl-edge_ingress.
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/kubectl-edge_ingress ./plugin

.PHONY: run
run: build install ## Run the operator with the current kubeconfig and its user. It measures nothing, as it has no witness beside it. ARGS="--zap-devel" adds arguments.
	$(KUBECTL) apply --server-side -f config/rbac/ingressnginx_role.yaml -f config/rbac/ingressnginx_election_role.yaml
	bin/manager $(ARGS)

.PHONY: generate
generate: $(CONTROLLER_GEN) $(CRD_REF_DOCS) ## Write deep-copy functions, docs/conditions.md and docs/api.md from the Go types.
	$(CONTROLLER_GEN) object paths=./api/...
	@mkdir -p docs
	go run ./hack/conditions-doc >docs/conditions.md.new
	mv docs/conditions.md.new docs/conditions.md
	$(CRD_REF_DOCS) --log-level=ERROR --source-path=api --config=hack/tools/crd-ref-docs/config.yaml \
		--templates-dir=hack/tools/crd-ref-docs/templates --renderer=markdown --output-path=docs/api.md

.PHONY: manifests
manifests: $(CONTROLLER_GEN) ## Write the CRD and the operator's ClusterRole from the markers in the Go code.
	$(CONTROLLER_GEN) crd paths=./api/... output:crd:dir=config/crd/bases
	$(CONTROLLER_GEN) rbac:roleName=edge-ingress-operator paths=./controllers output:rbac:dir=config/rbac

.PHONY: fmt
fmt: ## Format the code.
	gofmt -l -w .

.PHONY: vet
vet: ## Run go vet.
	@for module in $(CODE_MODULES); do echo "--- go vet in $$module"; (cd $$module && go vet ./...); done

.PHONY: lint
lint: $(GOLANGCI_LINT) ## Run golangci-lint.
	@for module in $(CODE_MODULES); do echo "--- golangci-lint in $$module"; \
		(cd $$module && $(GOLANGCI_LINT) run --config=$(CURDIR)/.golangci.yml ./...); done

.PHONY: cluster
cluster: ## Build the local Kubernetes (etcd, API server, controller manager, scheduler, kwok, kubectl) into bin/k8s, once. KUBERNETES=oldest builds the oldest supported version.
	@go build -C test/lab -buildvcs=false -o $(CURDIR)/bin/cluster .
	@bin/cluster build --kubernetes=$(KUBERNETES) >/dev/null

.PHONY: e2e-deps
e2e-deps: ## Install the Debian packages that real nodes need (containerd, runc, CNI plugins, nftables, haproxy ...), and load br_netfilter. Needs root.
	@MAKE_GOAL=$(firstword $(MAKECMDGOALS)) hack/e2e-deps.sh

.PHONY: real-cluster
real-cluster: cluster ## Build what real nodes need in addition, once: kubelet, kube-proxy, MetalLB, ingress-nginx.
	@bin/cluster build --real-nodes >/dev/null

.PHONY: olm
olm: cluster ## Build the Operator Lifecycle Manager and opm, which serves its catalogues, once. Takes longer than Kubernetes.
	@bin/cluster build --olm >/dev/null

.PHONY: real-images
real-images: real-cluster build ## Make the images for real nodes that are missing or outdated.
	@bin/cluster images build >/dev/null
	@bin/cluster images build operator=bin/manager,bin/edge-ingress-verification >/dev/null

# All tests that `make test` skips have these words in their names.
.PHONY: test-real-nodes
test-real-nodes: e2e-deps real-images ## Test the real nodes themselves, and that they leave nothing behind, even after a crash. Needs root.
	@LAB_REAL_NODES=1 go test -C test/lab -count=1 -run RealNode ./command ./real ./images ./realcluster

# Not part of CI: without KVM it takes minutes.
.PHONY: test-guest
test-guest: ## Test real nodes on control groups of version 2, in a Debian 13 in QEMU. Needs root.
	@hack/test-guest.sh

.PHONY: clean
clean: ## Stop local clusters and remove everything that was built.
	@if [ -d bin/run ]; then for dir in bin/run/*/; do [ ! -d "$$dir" ] || go run -C test/lab . down --name "$$(basename "$$dir")"; done; fi
	rm -rf bin dist

##@ Verification, step by step

.PHONY: verify-generated
verify-generated: ## Fail if a generated file is out of date.
	hack/verify/generated.sh

.PHONY: verify-format
verify-format: ## Fail if a Go file is not formatted.
	@echo "--- gofmt"; unformatted=$$(gofmt -l .); \
		if [ -n "$$unformatted" ]; then echo "not formatted, run make fmt:"; echo "$$unformatted"; exit 1; fi

.PHONY: verify-imports
verify-imports: $(GOLANGCI_LINT) ## Fail if the linter would allow a forbidden import, such as a client in a deciding package.
	hack/verify/imports.sh $(GOLANGCI_LINT)

.PHONY: verify-lab
verify-lab: ## Fail if the test bed (test/lab) knows the operator.
	hack/verify/lab.sh

.PHONY: verify-manifests
verify-manifests: $(KUSTOMIZE) $(BUNDLE) ## Build every kustomization, decode its objects strictly, and check samples against the CRD.
	@for dir in crd rbac manager admission guard verification default without-verification beside-bundle openshift self-service prometheus network-policy samples samples/scheduled-verify manifests; do \
		echo "--- config/$$dir"; $(KUSTOMIZE) build config/$$dir | $(BUNDLE) check --crd=config/crd/bases/edgeingress.dev_edgeingresses.yaml; done
	@# grep reads to the end: with -q it leaves early, kustomize then fails at writing, and with it the pipe.
	@for dir in without-verification manifests; do $(KUSTOMIZE) build config/$$dir | grep -e '^ *- --measure-by-default=false$$' >/dev/null || \
		{ echo "config/$$dir: it installs no witness, so give the operator the argument --measure-by-default=false"; exit 1; }; done
	@if $(KUSTOMIZE) build config/default | grep -e '^ *- --measure-by-default' >/dev/null; then \
		echo "config/default: it installs the witness, so remove the argument --measure-by-default"; exit 1; fi

.PHONY: verify-bundle
verify-bundle: $(BUNDLE) ## Validate bundle/ as OLM and OperatorHub do.
	$(BUNDLE) validate --dir=bundle

.PHONY: verify-chart
verify-chart: $(HELM) $(BUNDLE) ## Lint the Helm chart, render it with several values, and decode its objects strictly.
	@echo "--- Helm chart"; hack/verify/chart.sh $(HELM) $(BUNDLE)

.PHONY: verify-plugin
verify-plugin: $(KREW) $(VALIDATE_KREW) ## Build the kubectl plugin for all platforms, and let krew validate and install it.
	@echo "--- kubectl plugin"; hack/verify/plugin.sh $(VALIDATE_KREW) $(KREW) $(RELEASE)

.PHONY: verify-modules
verify-modules: ## Fail if a go.mod or go.sum is not tidy.
	@for module in $(ALL_MODULES); do echo "--- go mod tidy in $$module"; (cd $$module && go mod tidy -diff); done

.PHONY: verify-vulnerabilities
verify-vulnerabilities: $(GOVULNCHECK) ## Fail if a known vulnerability that has a fix reaches what we ship.
	@echo "--- known vulnerabilities"; go -C hack/tools/vulnerabilities mod download golang.org/x/vulndb && \
		go run ./hack/verify/vulnerabilities --govulncheck=$(GOVULNCHECK) --database="$$(go -C hack/tools/vulnerabilities list -m -f '{{.Dir}}' golang.org/x/vulndb)"

.PHONY: verify-github
verify-github: ## Check the files that only GitHub reads, what its workflows call, and which tags start a release.
	@echo "--- files for GitHub"; go run ./hack/verify/github

.PHONY: verify-adrs
verify-adrs: ## Fail if a decision record lacks a part or is missing from the index.
	@echo "--- decision records"; hack/verify/adrs.sh

.PHONY: verify-engine-words
verify-engine-words: ## Fail if a package other than the engine's own names the engine.
	@echo "--- engine words"; hack/verify/engine-words.sh

.PHONY: verify-english
verify-english: ## Fail if a phrase of the word list in CONTRIBUTING.md is used.
	@echo "--- plain English"; hack/verify/plain-english.sh

##@ Installation

.PHONY: install
install: $(KUSTOMIZE) ## Install the CRD into the current cluster.
	$(KUSTOMIZE) build config/crd | $(KUBECTL) apply --server-side -f -

.PHONY: uninstall
uninstall: $(KUSTOMIZE) ## Delete every EdgeIngress, then the CRD. The operator must be running to clean up.
	hack/delete-edgeingresses.sh $(KUBECTL)
	$(KUSTOMIZE) build config/crd | $(KUBECTL) delete --ignore-not-found -f -

.PHONY: deploy
deploy: $(KUSTOMIZE) ## Install CRDs, permissions, operator, prober and witness into the current cluster. IMG=registry/name:tag is the image.
	$(call overlay,default)
	$(KUSTOMIZE) build bin/deploy | $(KUBECTL) apply --server-side -f -

.PHONY: undeploy
undeploy: $(KUSTOMIZE) ## Delete every EdgeIngress while the operator can clean up, then prober, witness and operator, then the CRDs.
	hack/delete-edgeingresses.sh $(KUBECTL)
	$(KUSTOMIZE) build config/verification | $(KUBECTL) delete --ignore-not-found -f -
	$(KUSTOMIZE) build config/admission | $(KUBECTL) delete --ignore-not-found -f -
	$(KUSTOMIZE) build config/guard | $(KUBECTL) delete --ignore-not-found -f -
	$(KUSTOMIZE) build config/manager | $(KUBECTL) delete --ignore-not-found -f -
	$(KUSTOMIZE) build config/rbac | $(KUBECTL) delete --ignore-not-found -f -
	$(KUSTOMIZE) build config/crd | $(KUBECTL) delete --ignore-not-found -f -

.PHONY: build-installer
build-installer: $(KUSTOMIZE) ## Write dist/install.yaml for `kubectl apply -f`, dist/beside-bundle.yaml for OLM, dist/openshift.yaml and dist/self-service.yaml. IMG=registry/name:tag is the image.
	@mkdir -p dist
	$(call overlay,beside-bundle)
	$(KUSTOMIZE) build bin/deploy >dist/beside-bundle.yaml
	$(call overlay,default)
	$(KUSTOMIZE) build bin/deploy >dist/install.yaml
	$(KUSTOMIZE) build config/openshift >dist/openshift.yaml
	$(KUSTOMIZE) build config/self-service >dist/self-service.yaml
	@echo "wrote dist/install.yaml and dist/beside-bundle.yaml with $(IMG), dist/openshift.yaml and dist/self-service.yaml"

# An overlay of a directory of config/ with the image asked for; config/ itself stays as it is.
define overlay
@rm -rf bin/deploy && mkdir -p bin/deploy
@cd bin/deploy && $(KUSTOMIZE) create --resources ../../config/$(1) && \
	$(KUSTOMIZE) edit set image $(IMAGE_REPOSITORY)=$(IMG)
endef

##@ Release

.PHONY: docker-build
docker-build: ## Build the operator's image IMG for this machine's architecture with docker, podman or buildah.
	@if [ -z "$(CONTAINER_TOOL)" ]; then \
		echo "docker-build needs docker, podman or buildah, and none is in PATH; set CONTAINER_TOOL to something that takes the same arguments" >&2; exit 1; fi
	DOCKER_BUILDKIT=1 $(CONTAINER_TOOL) build $(IMAGE_ARGS) --tag $(IMG) .

.PHONY: docker-push
docker-push: ## Push the image IMG, and write the digest that the registry gave it to dist/digest.
	@mkdir -p $(dir $(DIGEST_FILE))
ifeq ($(notdir $(CONTAINER_TOOL)),docker)
	$(CONTAINER_TOOL) push $(IMG)
	$(CONTAINER_TOOL) image inspect --format '{{index .RepoDigests 0}}' $(IMG) | sed 's/.*@//' >$(DIGEST_FILE)
else
	$(CONTAINER_TOOL) push --digestfile $(DIGEST_FILE) $(IMG)
endif
	@echo "pushed $(IMG) as $$(cat $(DIGEST_FILE))"

.PHONY: image-push
image-push: ## Build the image IMG for all PLATFORMS with buildah or podman, push it, and write its digest to dist/digest.
	@case "$(notdir $(CONTAINER_TOOL))" in buildah | podman) ;; *) \
		echo "image-push needs buildah or podman: make image-push CONTAINER_TOOL=buildah" >&2; exit 1 ;; esac
	@mkdir -p $(dir $(DIGEST_FILE))
	@$(CONTAINER_TOOL) manifest rm $(IMG) >/dev/null 2>&1 || true # Builds are added to a list that is there.
	@# buildah 1.28 takes the target for the platform of the build unless it is given.
	$(CONTAINER_TOOL) build --platform $(PLATFORMS) --build-arg BUILDPLATFORM=linux/$$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/') $(IMAGE_ARGS) --manifest $(IMG) .
	$(CONTAINER_TOOL) manifest push --all --digestfile $(DIGEST_FILE) $(IMG) $(DESTINATION)
	@echo "pushed $(IMG) as $$(cat $(DIGEST_FILE))"

# The same build as in the Dockerfile, with the Go of go.mod.
.PHONY: sbom
sbom: $(CYCLONEDX) ## Write a bill of materials in CycloneDX for each program into dist/sbom, and compare it with the program.
	@rm -rf bin/sbom && mkdir -p bin/sbom dist/sbom
	@export CGO_ENABLED=0 GOOS=linux GOARCH=amd64 GOTOOLCHAIN=$$(sed -n 's/^toolchain //p' go.mod); \
		go build -trimpath -ldflags '$(LDFLAGS)' -o bin/sbom/manager . && \
		go build -trimpath -ldflags '$(LDFLAGS)' -o bin/sbom/edge-ingress-verification ./verification && \
		go build -trimpath -ldflags '$(LDFLAGS)' -o bin/sbom/kubectl-edge_ingress ./plugin
	@go build -o bin/verify-sbom ./hack/verify/sbom
	@for program in manager edge-ingress-verification kubectl-edge_ingress; do \
		$(CYCLONEDX) bin -json -std -noserial -notimestamp -version=$(VERSION) -output=dist/sbom/$$program.cdx.json bin/sbom/$$program && \
		bin/verify-sbom bin/sbom/$$program dist/sbom/$$program.cdx.json && echo "wrote dist/sbom/$$program.cdx.json"; done

.PHONY: plugin
plugin: build-plugin ## Build the kubectl plugin for all platforms, with archives and krew's manifest in dist/plugin.
	go run ./hack/licences --out=bin/plugin-licences --os=linux,darwin,windows ./plugin
	go run ./hack/plugin --version=$(VERSION) --ldflags='$(LDFLAGS)' --url=$(PLUGIN_URL) --third-party=bin/plugin-licences/THIRD-PARTY --out=dist/plugin

.PHONY: bundle
bundle: $(KUSTOMIZE) $(BUNDLE) ## Write bundle/ and bundle.Dockerfile for OLM. DIGEST=sha256:... pins the operator's image.
	$(KUSTOMIZE) build config/manifests >bin/manifests.yaml
	$(BUNDLE) generate --input=bin/manifests.yaml --base=config/manifests/bases/edge-ingress-operator.clusterserviceversion.yaml \
		--version=$(RELEASE) --image=$(IMAGE_REPOSITORY) --digest=$(DIGEST) --created-at=$(RELEASE_DATE) \
		--related-image="$$(go run ./hack/related-images)" --output=.
	$(BUNDLE) validate --dir=bundle

.PHONY: catalog
catalog: bundle ## Write dist/catalog/catalog.json, from which OLM installs the bundle. CATALOG_BEFORE=PATH is the catalogue of a release before, or a directory with all.
	$(BUNDLE) catalog --bundle=bundle --before=$(CATALOG_BEFORE) --output=dist/catalog/catalog.json
	@go build -C test/lab -buildvcs=false -o $(CURDIR)/bin/cluster .
	$$(bin/cluster build opm) validate dist/catalog

.PHONY: name-release
name-release: $(KUSTOMIZE) $(BUNDLE) ## Write VERSION, that of the next release, into every file that names the last one.
	@$(named_version)
	hack/name-release.sh $(VERSION)
	$(MAKE) --no-print-directory bundle chart

.PHONY: check-release
check-release: $(BUNDLE) ## Fail where VERSION cannot be the next release beside those that GitHub has. Needs gh.
	@$(named_version)
	hack/release.sh check $(BUNDLE) $(RELEASE)

.PHONY: publish-release
publish-release: $(BUNDLE) ## Publish the draft of the release VERSION, and complete its catalogue and that of the latest release. Needs gh.
	@$(named_version)
	hack/release.sh publish $(BUNDLE) $(RELEASE)

# Nobody releases what they did not name.
named_version = $(if $(filter command environment,$(firstword $(origin VERSION))),:,echo "Name the version: make $@ VERSION=v0.2.0" >&2; exit 1)

.PHONY: chart
chart: $(KUSTOMIZE) $(BUNDLE) ## Write the generated files of the Helm chart in config/chart from the manifests. DIGEST=sha256:... pins the operator's image.
	@mkdir -p bin/chart
	for dir in default without-verification prometheus network-policy; do $(KUSTOMIZE) build config/$$dir >bin/chart/$$dir.yaml; done
	$(BUNDLE) chart --manifests=bin/chart --base=config/manifests/bases/edge-ingress-operator.clusterserviceversion.yaml \
		--version=$(RELEASE) --digest=$(DIGEST) --output=config/chart

.PHONY: chart-package
chart-package: chart $(HELM) ## Pack the Helm chart into dist/.
	@mkdir -p dist
	$(HELM) package config/chart --destination=dist

##@ Tools

.PHONY: tools
tools: $(CONTROLLER_GEN) $(KUSTOMIZE) $(CRD_REF_DOCS) $(GOLANGCI_LINT) $(BUNDLE) $(HELM) $(KREW) $(VALIDATE_KREW) $(GOVULNCHECK) $(CYCLONEDX) ## Build the pinned tools into bin/tools, each once for its version.

$(CONTROLLER_GEN): hack/tools/go.mod hack/tools/go.sum
	@echo "building controller-gen ..."
	@go build -C hack/tools -o $@ sigs.k8s.io/controller-tools/cmd/controller-gen

$(KUSTOMIZE): hack/tools/go.mod hack/tools/go.sum
	@echo "building kustomize ..."
	@go build -C hack/tools -o $@ sigs.k8s.io/kustomize/kustomize/v5

$(CRD_REF_DOCS): hack/tools/go.mod hack/tools/go.sum
	@echo "building crd-ref-docs ..."
	@go build -C hack/tools -o $@ github.com/elastic/crd-ref-docs

$(GOLANGCI_LINT): hack/tools/golangci/main.go hack/tools/golangci/go.mod hack/tools/golangci/go.sum
	@echo "building golangci-lint (a few minutes, the first time) ..."
	@hack/tools/progress.sh go build -C hack/tools/golangci -v -o $@ .

# A helm that is built from its module knows neither its own version nor that of Kubernetes, which charts ask for.
$(HELM): hack/tools/helm/go.mod hack/tools/helm/go.sum
	@echo "building helm ..."
	@cd hack/tools/helm && kubernetes=$$(go list -m -f '{{.Version}}' k8s.io/client-go | cut -d. -f2) && \
		version=$$(go list -m -f '{{.Version}}' helm.sh/helm/v3) && CGO_ENABLED=0 go build -trimpath -o $@ -ldflags "-s -w \
		-X helm.sh/helm/v3/internal/version.version=$$version \
		-X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1 -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=$$kubernetes \
		-X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor=1 -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor=$$kubernetes" helm.sh/helm/v3/cmd/helm

$(KREW) $(VALIDATE_KREW): hack/tools/krew/go.mod hack/tools/krew/go.sum
	@echo "building $(@F) ..."
	@go build -C hack/tools/krew -o $@ sigs.k8s.io/krew/cmd/$(@F)

$(GOVULNCHECK): hack/tools/vulnerabilities/go.mod hack/tools/vulnerabilities/go.sum
	@echo "building govulncheck ..."
	@go build -C hack/tools/vulnerabilities -o $@ golang.org/x/vuln/cmd/govulncheck

$(CYCLONEDX): hack/tools/sbom/go.mod hack/tools/sbom/go.sum
	@echo "building cyclonedx-gomod ..."
	@go build -C hack/tools/sbom -o $@ github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod

$(BUNDLE): $(wildcard hack/bundle/*.go hack/bundle/*/*.go) hack/bundle/go.mod hack/bundle/go.sum
	@echo "building the bundle tool ..."
	@go build -C hack/bundle -o $@ .
