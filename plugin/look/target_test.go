package look

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func TestPortsThatClientsDoNotUse(t *testing.T) {
	nodePort := &v1alpha1.EdgeIngress{}
	nodePort.Spec.Exposure.Type = v1alpha1.ExposureNodePort
	for name, row := range map[string]struct {
		edge    *v1alpha1.EdgeIngress
		address string
		want    []int32
	}{
		"a published address with usual ports": {edge: &v1alpha1.EdgeIngress{}, address: "203.0.113.10", want: []int32{443, 8080, 30080}},
		"a published address with node ports":  {edge: nodePort, address: "203.0.113.10", want: []int32{80, 443, 8080}},
		"a front of node ports":                {edge: nodePort, address: "www.example.com", want: []int32{443, 8080}},
	} {
		t.Run(name, func(t *testing.T) {
			edge := row.edge.DeepCopy()
			edge.Status.Addresses = []string{"203.0.113.10"}
			var sights []v1alpha1.Sight
			for _, port := range []int32{30080, 8080, 80, 443, 8080} { // All of them are asked over plain HTTP.
				sights = append(sights, with(at(public, v1alpha1.SeenOwn, public), func(s *v1alpha1.Sight) { s.Address, s.Port = row.address, port }))
			}
			if diff := cmp.Diff(row.want, NotForClients(edge, insideReport("w1", time.Time{}), sights)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}
