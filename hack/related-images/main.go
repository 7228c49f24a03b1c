// Command related-images prints the images that the operator deploys, one name=image a line, for the
// bundle's list of related images.
package main

import (
	"fmt"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/controllers/engine/registry"
)

func main() {
	for _, engine := range registry.All() {
		image := engine.DefaultImage()
		_, path, _ := strings.Cut(image.Repository, "/")
		fmt.Printf("%s=%s@%s\n", strings.ReplaceAll(path, "/", "-"), image.Repository, image.Digest)
	}
}
