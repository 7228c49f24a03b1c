package controllers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// outages answer requests of the operator instead of the API server. Stories that run in parallel
// have one each.
type outages struct {
	mu      sync.Mutex
	answers map[testing.TB]answer
}

// answer answers a request. If it returns neither a response nor an error, the API server answers.
type answer func(*http.Request) (*http.Response, error)

// begin begins an outage, which lasts until end is called or the test ends.
func (o *outages) begin(t testing.TB, answers answer) (end func()) {
	t.Helper()
	end = func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		delete(o.answers, t)
	}
	t.Cleanup(end)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.answers == nil {
		o.answers = map[testing.TB]answer{}
	}
	o.answers[t] = answers
	return end
}

func (o *outages) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		o.mu.Lock()
		answers := slices.Collect(maps.Values(o.answers))
		o.mu.Unlock()
		for _, answer := range answers {
			if response, err := answer(request); response != nil || err != nil {
				return response, err
			}
		}
		return next.RoundTrip(request)
	})
}

// isWriteTo reports whether the request would change an object whose path contains path.
func isWriteTo(request *http.Request, path string) bool {
	return request.Method != http.MethodGet && strings.Contains(request.URL.Path, path)
}

// refusal is the API server's answer with this error.
func refusal(refused *apierrors.StatusError) (*http.Response, error) {
	refused.ErrStatus.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	body, err := json.Marshal(refused.ErrStatus)
	if err != nil {
		return nil, fmt.Errorf("encoding a refusal: %w", err)
	}
	return &http.Response{
		StatusCode: int(refused.ErrStatus.Code), Status: http.StatusText(int(refused.ErrStatus.Code)), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

// TestARepairComesSoonAfterALongOutage makes as many passes fail as in a day of refused writes. An
// unbounded back-off would then wait a quarter of an hour, which is longer than the story's
// patience.
func TestARepairComesSoonAfterALongOutage(t *testing.T) {
	t.Parallel()
	const added = "example-setting"
	denied := apierrors.NewForbidden(schema.GroupResource{Resource: "configmaps"}, "a", errors.New("exceeded quota: edge"))
	s := newStory(t, "outage")
	s.addNodes("a")
	s.create()
	s.settles()
	s.rests()
	configMap := named(s, &corev1.ConfigMap{})
	var refused atomic.Int64
	end := operator.outages.begin(t, func(request *http.Request) (*http.Response, error) {
		if !isWriteTo(request, "/namespaces/"+s.namespace()+"/configmaps/"+configMap.Name) {
			return nil, nil
		}
		refused.Add(1)
		return refusal(denied)
	})
	s.patch(configMap, `{"data":{"`+added+`":"true"}}`)
	s.eventually("25 writes are refused", func() error {
		count := refused.Load()
		s.touch(fmt.Sprint(count))
		return want("25 or more", count >= 25, true, same)
	})
	s.mustRead(configMap)
	if _, there := configMap.Data[added]; !there {
		t.Fatal("the added setting is gone, although the writes were refused")
	}
	end()
	ended := time.Now()
	s.eventually("the ConfigMap is repaired", func() error {
		s.mustRead(configMap)
		_, there := configMap.Data[added]
		return want("the added setting is there", there, false, same)
	})
	t.Logf("repaired %s after the end of the outage, after %d refusals", time.Since(ended).Round(time.Second), refused.Load())
}

// TestRequestsThatHangHoldOnlyTheirOwnEdge makes as many EdgeIngress objects hang as the operator
// reconciles at the same time.
func TestRequestsThatHangHoldOnlyTheirOwnEdge(t *testing.T) {
	startOperator := stopOperator(t)
	operator.requestTimeout = time.Second
	t.Cleanup(func() { operator.requestTimeout = 0 })
	over, end := context.WithCancel(t.Context())
	defer end()
	operator.outages.begin(t, func(request *http.Request) (*http.Response, error) {
		if !isWriteTo(request, "hanging-") || strings.Contains(request.URL.Path, "/edgeingresses/") {
			return nil, nil
		}
		select {
		case <-request.Context().Done():
			return nil, request.Context().Err()
		case <-over.Done():
			return nil, nil
		}
	})
	startOperator()
	var hanging []*story
	for i := range 4 {
		s := newStory(t, fmt.Sprintf("hanging-%d", i))
		s.addNodes("a")
		s.create()
		hanging = append(hanging, s)
	}
	for _, s := range hanging {
		s.becomes(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonApplyFailed)
		s.saysOf(v1alpha1.ConditionReady, "did not answer within")
	}
	other := newStory(t, "not-held")
	other.addNodes("a")
	other.createReady()
	for _, s := range hanging {
		if err := s.hasCondition(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonApplyFailed); err != nil {
			t.Errorf("EdgeIngress %s does not hang any more: %v", s.name, err)
		}
	}
	end()
	for _, s := range hanging {
		s.assignAddress("203.0.113.10")
		s.becomesReady()
	}
}
