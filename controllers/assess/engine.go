package assess

import (
	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
)

// engineSupported implements row 71 of docs/source-ip.md.
func engineSupported(sc *scene) verdict {
	return question{checks: []check{imageLeft, engineNotTracked}, holds: engineState}.answer(sc)
}

func imageLeft(sc *scene) *verdict {
	if sc.state.ImageRefused == "" {
		return nil
	}
	return unclear(v1alpha1.ReasonForkNotTracked, "The image in the spec is not allowed, so the controller was not updated. "+
		"The operator does not know whether its current build gets fixes.")
}

func engineNotTracked(sc *scene) *verdict {
	if support := sc.engine.Support(sc.spec.Controller.Image); support.State == engine.NotTracked {
		return unclear(v1alpha1.ReasonForkNotTracked, "%s", support.Message)
	}
	return nil
}

func engineState(sc *scene) verdict {
	support := sc.engine.Support(sc.spec.Controller.Image)
	if support.State == engine.Retired {
		return *isNot(v1alpha1.ReasonUpstreamRetired, "%s", support.Message)
	}
	return is(v1alpha1.ReasonEngineMaintained, "%s", support.Message)
}
