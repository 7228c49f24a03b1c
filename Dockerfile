# syntax=docker/dockerfile:1
# The operator's image: two static programs, no shell, not root. The second one, with the prober and the witness, knows nothing of
# the operator's libraries, so that it stays small.
# The Go of the line "toolchain" in go.mod, about which `make verify-vulnerabilities` knows what is wrong with it.
FROM --platform=$BUILDPLATFORM golang:1.26.10 AS build
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

COPY main.go ./
COPY api/ api/
COPY controllers/ controllers/
COPY verification/ verification/
RUN CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} go build -trimpath \
    -ldflags "-s -w -X main.version=${VERSION} -X main.revision=${REVISION}" -o /out/manager . && \
    CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} go build -trimpath \
    -ldflags "-s -w -X main.version=${VERSION} -X main.revision=${REVISION}" -o /out/edge-ingress-verification ./verification

FROM gcr.io/distroless/static:nonroot
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="edge-ingress-operator" \
      org.opencontainers.image.source="https://github.com/edge-ingress/edge-ingress-operator" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /out/manager /out/edge-ingress-verification /
USER 65532:65532
ENTRYPOINT ["/manager"]
