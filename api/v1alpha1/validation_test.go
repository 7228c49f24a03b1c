package v1alpha1_test

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// accepted is the verdict of rows that the API server must take.
const accepted = ""

// verdict is a spec and the API server's answer to it: accepted, or a part of the one message that
// a user reads.
type verdict struct {
	spec string
	want string
}

// judge sends each row to the API server. base is the part of the spec that all rows share.
func judge(t *testing.T, base string, rows map[string]verdict) {
	t.Helper()
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			object := edgeIngress(t, "public", base+"\n"+row.spec)
			err := strict.Create(t.Context(), object, client.DryRunAll)
			requireVerdict(t, err, row.want)
			if err == nil {
				decode(t, object)
			}
		})
	}
}

// requireVerdict compares an answer of the API server with what a row expects.
func requireVerdict(t *testing.T, err error, want string) {
	t.Helper()
	if want == accepted {
		if err != nil {
			t.Fatalf("refused: %v", err)
		}
		return
	}
	if err == nil {
		t.Fatalf("accepted, want it refused with %q", want)
	}
	if !strings.Contains(withoutValues(refusal(t, err)), withoutValues(want)) {
		t.Errorf("refused with\n\t%v\nwant\n\t%s", err, want)
	}
}

// refusedValue matches the value in a refusal. Kubernetes 1.32 prints the type of the value there;
// later versions print the value or nothing.
var refusedValue = regexp.MustCompile(`Invalid value: "[^"]*": `)

func withoutValues(message string) string {
	return refusedValue.ReplaceAllString(message, "Invalid value: ")
}

// refusal returns the message that a user reads. It must describe the object and not the evaluation
// of a rule, and report one mistake once. Kubernetes' own messages about types and patterns may be
// beside it.
func refusal(t *testing.T, err error) string {
	t.Helper()
	var status *apierrors.StatusError
	if !errors.As(err, &status) || !apierrors.IsInvalid(err) && !apierrors.IsBadRequest(err) {
		t.Fatalf("the API server did not refuse the object, but failed: %v", err)
	}
	for _, internal := range []string{"evaluat", "no such", "index out of"} {
		if strings.Contains(err.Error(), internal) {
			t.Errorf("the message is about a rule and not about the object: %v", err)
		}
	}
	if apierrors.IsBadRequest(err) {
		return err.Error()
	}
	var told []string
	for _, cause := range status.Status().Details.Causes {
		if !strings.Contains(cause.Message, "in body ") && !strings.Contains(cause.Message, "some validation rules were not checked") {
			told = append(told, cause.Message)
		}
	}
	if len(told) > 1 {
		t.Errorf("one mistake was told %d times: %s", len(told), strings.Join(told, "; "))
	}
	return err.Error()
}

// decode fails the test where Go cannot read an object that the API server accepted. The operator's
// cache could not read it either, and would stop for every EdgeIngress.
func decode(t *testing.T, object *unstructured.Unstructured) *v1alpha1.EdgeIngress {
	t.Helper()
	text, err := object.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	typed := &v1alpha1.EdgeIngress{}
	if err := json.Unmarshal(text, typed); err != nil {
		t.Fatalf("the API server accepted what Go cannot read: %v", err)
	}
	return typed
}

// change is an update and what the API server says to it.
type change struct {
	from, to string
	want     string
}

// judgeChanges creates each object and asks the API server whether it may change into the other.
// base is the part of the spec that all rows share.
func judgeChanges(t *testing.T, base string, rows map[string]change) {
	t.Helper()
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			before := edgeIngress(t, "changing", base+"\n"+row.from)
			create(t, before)
			after := edgeIngress(t, "changing", base+"\n"+row.to)
			after.SetResourceVersion(before.GetResourceVersion())
			requireVerdict(t, strict.Update(t.Context(), after, client.DryRunAll), row.want)
		})
	}
}
