# syntax=docker/dockerfile:1
# The operator's image: two static programs and licences, no shell, not root. The second one, with the prober and the witness, knows
# nothing of the operator's libraries, so that it stays small.
# The Go of the line "toolchain" in go.mod, which `make verify-vulnerabilities` judges.
FROM --platform=$BUILDPLATFORM docker.io/library/golang:1.26.10 AS build
ARG TARGETOS=linux
ARG TARGETARCH
ARG VERSION=unknown
ARG REVISION=unknown
WORKDIR /src

# The modules first: this layer stays as long as they do.
COPY go.mod go.sum ./
# The test bed is a module of its own, of which nothing is built here; go.mod refers to it.
COPY test/lab/go.mod test/lab/go.sum test/lab/
RUN go mod download

COPY main.go LICENSE ./
COPY api/ api/
COPY config/ config/
COPY controllers/ controllers/
COPY verification/ verification/
COPY hack/licences/ hack/licences/
RUN CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} go build -trimpath \
    -ldflags "-s -w -X main.version=${VERSION} -X main.revision=${REVISION}" -o /out/manager . && \
    CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} go build -trimpath \
    -ldflags "-s -w -X main.version=${VERSION} -X main.revision=${REVISION}" -o /out/edge-ingress-verification ./verification && \
    go run ./hack/licences --out=/out/licenses . ./verification

# Nothing below the programs: they talk to the API server, whose authority Kubernetes gives them, and to edge nodes, whose
# certificates do not matter. So they need no certificate authorities, and no time zones, users or temporary files.
FROM scratch
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="edge-ingress-operator" \
      org.opencontainers.image.description="Kubernetes operator for dedicated ingress nodes that keep the client's address" \
      org.opencontainers.image.url="https://github.com/edge-ingress/edge-ingress-operator" \
      org.opencontainers.image.source="https://github.com/edge-ingress/edge-ingress-operator" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /out/ /
USER 65532:65532
ENTRYPOINT ["/manager"]
