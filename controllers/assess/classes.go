package assess

import (
	"fmt"
	"slices"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// otherDefaultClass reports an IngressClass that Kubernetes uses as the default instead of ours. Of
// several default classes, it uses the newest.
func otherDefaultClass(sc *scene) *verdict {
	classes := sc.DefaultClasses.Items
	own := sc.EdgeIngress.IngressClassName()
	if !sc.wantsDefaultClass() || !slices.Contains(classes, own) || classes[0] == own {
		return nil
	}
	return isNot(v1alpha1.ReasonOtherDefaultClass, "IngressClass %s is marked as the default too and is newer, so Kubernetes gives it to Ingress objects without a class. "+
		"Remove the annotation ingressclass.kubernetes.io/is-default-class from all classes but one, or set spec.ingressClass.default to Disabled.", classes[0])
}

// secondDefaultClass names other default classes where Kubernetes uses ours, in a sentence that begins
// with a space.
func (sc *scene) secondDefaultClass() string {
	classes, own := sc.DefaultClasses.Items, sc.EdgeIngress.IngressClassName()
	switch {
	case !sc.wantsDefaultClass():
		return ""
	case sc.DefaultClasses.Err != nil:
		return " Whether another IngressClass is the default was not checked, because reading the classes failed."
	case len(classes) < 2 || !slices.Contains(classes, own):
		return ""
	}
	others := slices.DeleteFunc(slices.Clone(classes), func(name string) bool { return name == own })
	return fmt.Sprintf(" IngressClass %s is marked as the default, too. Kubernetes uses %s, because it is the newest. Keep one default class.", listed(others), own)
}

func (sc *scene) wantsDefaultClass() bool {
	class := sc.spec.IngressClass
	return class != nil && class.Default == v1alpha1.Enabled
}
