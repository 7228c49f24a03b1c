package assess

import (
	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/chart"
)

// engineSupported answers row 71 of the decision table.
func engineSupported(sc *scene) verdict {
	return question{
		checks: []check{engineIsFork},
		holds: func(*scene) verdict {
			return *isNot(v1alpha1.ReasonUpstreamRetired, "kubernetes/ingress-nginx was retired in March 2026 and gets no fixes, also not for security: "+
				"plan the move to a maintained build (spec.controller.image) or another engine.")
		},
	}.answer(sc)
}

func engineIsFork(sc *scene) *verdict {
	image := sc.spec.Controller.Image
	if sc.state.ImageRefused != "" {
		return unclear(v1alpha1.ReasonForkNotTracked, "The image that was asked for is not allowed; whether the build that was left running gets fixes is not known.")
	}
	if runsUpstream(image) {
		return nil
	}
	return unclear(v1alpha1.ReasonForkNotTracked, "The image is %s:%s, another build than upstream's: whether it gets fixes is its publisher's to say.", image.Repository, image.Tag)
}

// versionKnown is whether the image is the very one that the operator ships, whose version is known; a tag beside another digest proves nothing.
func versionKnown(image *v1alpha1.ImageSpec) bool {
	return image == nil || image.Digest == chart.DefaultImage().Digest
}

// runsUpstream is whether the image is upstream's, of whichever version, or the one that the operator ships from whichever registry.
func runsUpstream(image *v1alpha1.ImageSpec) bool {
	upstream := chart.DefaultImage()
	return image == nil || image.Repository == upstream.Repository || image.Digest == upstream.Digest
}
