package assess

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

var update = flag.Bool("update", false, "write the recorded objects instead of comparing with them")

// recordings has EdgeIngress objects with the status that this package gives them. The tests there, which are
// a module of their own, let GitOps tools read them.
const recordings = "../../test/gitops/testdata"

// madeNothing is what the operator sees when it first looks.
var madeNothing = all(node("edge-1", unlabelled), node("edge-1", untainted), node("edge-2", unlabelled), node("edge-2", untainted),
	liveService(snapshot.Read[corev1.Service]{}), endpointsOf(), func(g *given) {
		g.s.ConfigMap = snapshot.Read[corev1.ConfigMap]{}
		g.s.DaemonSet = snapshot.Read[appsv1.DaemonSet]{}
		g.s.Pods = snapshot.List[snapshot.Pod]{}
	})

// judged is the EdgeIngress of a scene with its status.
func judged(options ...option) *v1alpha1.EdgeIngress {
	g := healthy(options...)
	g.s.Options.Version = "v0.4.2"
	g.s.EdgeIngress.Status = Status(g.s, g.d, g.o, noon)
	return g.s.EdgeIngress
}

func TestRecordedObjectsAreWhatTheOperatorWrites(t *testing.T) {
	unseen := healthy().s.EdgeIngress
	unseen.Status.ObservedGeneration = -1 // The default of the CRD.
	outdated := judged()
	outdated.Generation++
	tooOld := servedByNewer()
	tooOld.Status = TooOld(tooOld, "v0.4.2", noon)
	for name, edge := range map[string]*v1alpha1.EdgeIngress{
		"unseen":               unseen,
		"outdated":             outdated,
		"first-pass":           judged(madeNothing),
		"controllers-starting": judged(podChanged("controller-1", podNotReady), podChanged("controller-2", podNotReady)),
		"no-endpoints":         judged(endpointsOf()),
		"no-address":           judged(onService(noAddress)),
		"no-answer":            judged(unread["Service"]),
		"ready":                judged(),
		"no-nodes":             judged(selected()),
		"write-refused":        judged(failed(snapshot.FailureRefused, "Service", objectName, "admission webhook denied the request")),
		"unknown-setting":      judged(config("a-a", "1")),
		"operator-too-old":     tooOld,
		"deleting":             judged(deleted),
	} {
		t.Run(name, func(t *testing.T) {
			edge.APIVersion, edge.Kind = v1alpha1.GroupVersion.String(), "EdgeIngress"
			content, err := yaml.Marshal(edge)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(recordings, name+".yaml")
			if *update {
				if err := os.WriteFile(file, content, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			recorded, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(recorded), string(content)); diff != "" {
				t.Errorf("%s differs from what the operator writes; -update records it (-recorded +written):\n%s", file, diff)
			}
		})
	}
}
