package v1alpha1_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// withStatus makes an object that has been seen by an operator.
func withStatus(t *testing.T) *v1alpha1.EdgeIngress {
	t.Helper()
	created := edgeIngress(t, "seen", someNodes)
	create(t, created)
	e := decode(t, created)
	condition := func(kind string, status metav1.ConditionStatus, reason string) metav1.Condition {
		return metav1.Condition{Type: kind, Status: status, Reason: reason, LastTransitionTime: metav1.Now()}
	}
	e.Status = v1alpha1.EdgeIngressStatus{
		ObservedGeneration: e.Generation,
		Conditions: []metav1.Condition{
			condition(v1alpha1.ConditionNodesReady, metav1.ConditionFalse, v1alpha1.ReasonNodesMissing),
			condition(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonNodesMissing),
			condition(v1alpha1.ConditionNodesKeepSourceIP, metav1.ConditionUnknown, v1alpha1.ReasonNotMeasured),
			condition(v1alpha1.ConditionSourceIPPreserved, metav1.ConditionUnknown, v1alpha1.ReasonNotMeasured),
		},
		IngressClass: "seen",
		Nodes:        v1alpha1.NodesStatus{Selected: 3, Labelled: 2, Serving: 1, Summary: "1/3"},
		Addresses:    []string{"203.0.113.10", "203.0.113.11"},
	}
	if err := strict.Status().Update(t.Context(), e); err != nil {
		t.Fatalf("writing the status: %v", err)
	}
	return e
}

func TestStatusIsOnlyWrittenThroughItsSubresource(t *testing.T) {
	e := withStatus(t)
	changed := e.DeepCopy()
	changed.Status.Nodes.Serving = 3
	changed.Spec.Nodes.Names = []string{"edge-2"}
	if err := strict.Update(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	if changed.Status.Nodes.Serving != 1 || changed.Spec.Nodes.Names[0] != "edge-2" {
		t.Errorf("a write of the object made the status %+v and the nodes %v, want the status as it was and the new nodes", changed.Status.Nodes, changed.Spec.Nodes.Names)
	}

	changed.Status.Nodes.Serving = 2
	changed.Spec.Nodes.Names = []string{"edge-3"}
	if err := strict.Status().Update(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	if changed.Status.Nodes.Serving != 2 || changed.Spec.Nodes.Names[0] != "edge-2" {
		t.Errorf("a write of the status made it %+v and the nodes %v, want the new status and the nodes as they were", changed.Status.Nodes, changed.Spec.Nodes.Names)
	}
}

// TestStatusOfANewObjectIsEmpty but for the default, with which GitOps tools see that no operator has looked yet.
func TestStatusOfANewObjectIsEmpty(t *testing.T) {
	object := manifest(t, "metadata: {name: forged}\nspec: {nodes: {names: [edge-1]}}\nstatus: {nodes: {selected: 1, labelled: 1, serving: 1}, addresses: [203.0.113.10]}")
	create(t, object)
	if err := strict.Get(t.Context(), client.ObjectKeyFromObject(object), object); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(v1alpha1.EdgeIngressStatus{ObservedGeneration: -1}, decode(t, object).Status); diff != "" {
		t.Errorf("a user wrote a status (-want +got):\n%s", diff)
	}
}

// column is a column of kubectl get; priority 1 is shown with -o wide only.
type column struct {
	Name     string
	Priority int32
	Cell     any
}

func TestPrintedColumns(t *testing.T) {
	e := withStatus(t)
	table := getAsTable(t, client.ObjectKeyFromObject(e))
	if len(table.Rows) != 1 {
		t.Fatalf("the table has %d rows, want 1", len(table.Rows))
	}
	var got []column
	for i, definition := range table.ColumnDefinitions {
		cell := table.Rows[0].Cells[i]
		if definition.Name == "Age" {
			if text, ok := cell.(string); !ok || text == "" || text == "<unknown>" {
				t.Errorf("the age is %v", cell)
			}
			cell = "some"
		}
		got = append(got, column{Name: definition.Name, Priority: definition.Priority, Cell: cell})
	}
	want := []column{
		{Name: "Name", Priority: 0, Cell: "seen"},
		{Name: "Ready", Priority: 0, Cell: "False"},
		{Name: "Nodes Keep IP", Priority: 0, Cell: "Unknown"},
		{Name: "Source IP", Priority: 0, Cell: "Unknown"},
		{Name: "Nodes", Priority: 0, Cell: "1/3"},
		{Name: "Address", Priority: 0, Cell: "203.0.113.10"},
		{Name: "Age", Priority: 0, Cell: "some"},
		{Name: "Class", Priority: 1, Cell: "seen"},
		{Name: "Reason", Priority: 1, Cell: v1alpha1.ReasonNodesMissing},
		{Name: "Source IP Reason", Priority: 1, Cell: v1alpha1.ReasonNotMeasured},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("kubectl get would print other columns (-want +got):\n%s", diff)
	}
}

func getAsTable(t *testing.T, key client.ObjectKey) *metav1.Table {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	config := rest.CopyConfig(cluster.Config)
	config.GroupVersion = &v1alpha1.GroupVersion
	config.APIPath = "/apis"
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	c, err := rest.RESTClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	table := &metav1.Table{}
	err = c.Get().Resource("edgeingresses").Name(key.Name).
		SetHeader("Accept", "application/json;as=Table;g=meta.k8s.io;v=v1").
		Do(t.Context()).Into(table)
	if err != nil {
		t.Fatalf("asking for a table: %v", err)
	}
	return table
}
