package controllers_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// contestedSetting is the patch that another client sends again after each repair.
const contestedSetting = `{"data":{"use-forwarded-headers":"true"}}`

// writesTo counts the operator's writes to a ConfigMap of the story so far.
func (s *story) writesTo(name string) int {
	count := 0
	for _, write := range operator.requests.Writes() {
		if write.Method != http.MethodGet && strings.HasSuffix(write.Path, "/namespaces/"+s.namespace()+"/configmaps/"+name) {
			count++
		}
	}
	return count
}

// rounds is how many repairs a rival needs to show that the operator waits. With delays of 1, 2, 4
// and 8 seconds they cannot take less than leastTime.
const (
	rounds    = 5
	leastTime = 1 + 2 + 4 + 8
)

func TestTwoWritersMakeNoHotLoop(t *testing.T) {
	t.Parallel()
	s := newStory(t, "contested")
	s.addNodes("a")
	s.createReady()
	configMap := named(s, &corev1.ConfigMap{})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	before, began := s.writesTo(configMap.Name), time.Now()
	go func() { ended <- s.rival(ctx, configMap.DeepCopy()) }()
	s.eventually("the operator repairs and waits", func() error {
		if count := s.writesTo(configMap.Name) - before; count < rounds {
			return fmt.Errorf("%d repairs", count)
		}
		return nil
	})
	if took := time.Since(began); took < leastTime*time.Second {
		t.Errorf("%d repairs were sent within %s", rounds, took)
	}
	s.eventually("the condition tells who it is", s.conditionTells(v1alpha1.ConditionConfigEffective, "rival changes data.use-forwarded-headers again"))
	s.eventually("one event reports it", s.told(corev1.EventTypeWarning, v1alpha1.EventDriftContested, "rival", "use-forwarded-headers"))
	if found := s.eventsOf(v1alpha1.EventDriftRepaired) + s.eventsOf(v1alpha1.EventDriftContested); found > 3 {
		t.Errorf("%d events were written", found)
	}
	stop()
	t.Logf("the rival wrote %d times", <-ended)
	s.becomesReady()
}

// rival sets the setting again after each repair, and returns how often it did.
func (s *story) rival(ctx context.Context, configMap *corev1.ConfigMap) (count int) {
	for ctx.Err() == nil {
		fresh := &corev1.ConfigMap{}
		if err := admin.Get(ctx, client.ObjectKeyFromObject(configMap), fresh); err == nil && fresh.Data["use-forwarded-headers"] == "false" {
			if admin.Patch(ctx, fresh, client.RawPatch(types.MergePatchType, []byte(contestedSetting)), client.FieldOwner("rival")) == nil {
				count++
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(pollInterval):
		}
	}
	return count
}

func (s *story) conditionTells(condition string, words ...string) func() error {
	return func() error {
		found := meta.FindStatusCondition(s.edge().Status.Conditions, condition)
		if found == nil {
			return errors.New("there is no condition")
		}
		for _, word := range words {
			if !strings.Contains(found.Message, word) {
				return fmt.Errorf("%s: %s", found.Reason, found.Message)
			}
		}
		return nil
	}
}

// eventsOf counts the events about the EdgeIngress and its ConfigMap, repetitions included.
func (s *story) eventsOf(reason string) int {
	s.Helper()
	list := &eventsv1.EventList{}
	if err := admin.List(s.Context(), list); err != nil {
		s.Fatal(err)
	}
	count := 0
	for i := range list.Items {
		event := &list.Items[i]
		if event.Regarding.Name == s.name && event.Reason == reason {
			count++
			if event.Series != nil {
				count += int(event.Series.Count) - 1
			}
		}
	}
	return count
}

func TestAnAdmissionPolicyMakesNoHotLoop(t *testing.T) {
	t.Parallel()
	s := newStory(t, "overruled")
	s.addNodes("a")
	s.createReady()
	configMap := named(s, &corev1.ConfigMap{})
	s.installPolicy()
	s.eventually("the policy is in force", func() error {
		// Each try also makes the operator repair, which the policy undoes.
		s.patch(configMap, fmt.Sprintf(`{"metadata":{"annotations":{"example.com/try":%q}}}`, time.Now().String()))
		return want("the setting", configMap.Data["use-forwarded-headers"], "true", same)
	})
	before, began := s.writesTo(configMap.Name), time.Now()
	s.eventually("the operator repairs and waits", func() error {
		// What changes the object makes the operator look.
		s.patch(configMap, fmt.Sprintf(`{"metadata":{"annotations":{"example.com/try":%q}}}`, time.Now().String()))
		if count := s.writesTo(configMap.Name) - before; count < rounds-1 {
			return fmt.Errorf("%d repairs", count)
		}
		return nil
	})
	if took := time.Since(began); took < (1+2)*time.Second {
		t.Errorf("%d repairs were sent within %s", rounds-1, took)
	}
	s.eventually("the condition tells what it is", s.conditionTells(v1alpha1.ConditionConfigEffective, "an admission policy or webhook changes data.use-forwarded-headers again"))
}

// installPolicy has the API server itself change the story's ConfigMap at each write.
func (s *story) installPolicy() {
	s.Helper()
	fail := admissionregistrationv1.Fail
	policy := &admissionregistrationv1.MutatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: s.name}}
	policy.Spec = admissionregistrationv1.MutatingAdmissionPolicySpec{
		FailurePolicy: &fail, ReinvocationPolicy: admissionregistrationv1.NeverReinvocationPolicy,
		MatchConstraints: &admissionregistrationv1.MatchResources{ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{
			ResourceNames: []string{named(s, &corev1.ConfigMap{}).Name},
			RuleWithOperations: admissionregistrationv1.RuleWithOperations{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Update},
				Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
			},
		}}},
		Mutations: []admissionregistrationv1.Mutation{{
			PatchType: admissionregistrationv1.PatchTypeApplyConfiguration,
			ApplyConfiguration: &admissionregistrationv1.ApplyConfiguration{
				Expression: `Object{data: {"use-forwarded-headers": "true"}}`,
			},
		}},
	}
	binding := &admissionregistrationv1.MutatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: s.name}}
	binding.Spec.PolicyName = s.name
	for _, object := range []client.Object{policy, binding} {
		err := admin.Create(s.Context(), object)
		if meta.IsNoMatchError(err) {
			s.Skip("this Kubernetes has no MutatingAdmissionPolicy: ", err)
		}
		if err != nil {
			s.Fatal(err)
		}
		s.cleanUp(object)
	}
}
