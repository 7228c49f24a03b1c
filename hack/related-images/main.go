// Command related-images prints the images that the operator deploys, one name=image a line, for the bundle's list of related images.
package main

import (
	"fmt"

	"github.com/edge-ingress/edge-ingress-operator/controllers/chart"
)

func main() {
	image := chart.DefaultImage()
	fmt.Printf("ingress-nginx-controller=%s@%s\n", image.Repository, image.Digest)
}
