package serverclock

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
)

func TestTheClockIsTheAPIServers(t *testing.T) {
	for name, off := range map[string]time.Duration{"an hour behind": -time.Hour, "an hour ahead": time.Hour, "right": 0} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(`{"kind":"Node","apiVersion":"v1"}`))
			}))
			t.Cleanup(server.Close)
			c := New()
			if _, ok := c.Now(); ok {
				t.Error("the clock runs before any answer")
			}
			own := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
			if now := c.NowOr(func() time.Time { return own }); !now.Equal(own) {
				t.Errorf("before any answer it is %v", now)
			}
			config := &rest.Config{Host: server.URL}
			c.Observe(config)
			client, err := corev1.NewForConfig(config)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := client.Nodes().Get(t.Context(), "edge-1", metav1.GetOptions{}); err != nil {
				t.Fatal(err)
			}
			now, ok := c.Now()
			if behind := time.Now().Add(off).Sub(now); !ok || behind < -2*time.Second || behind > 2*time.Second {
				t.Errorf("where the node's clock is %s, the time is wrong by %v", name, behind)
			}
		})
	}
}

func TestTheClockRunsOnAndIsNotSetBackByRounding(t *testing.T) {
	noon := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	var passed time.Duration
	c := &Clock{passed: func(time.Time) time.Duration { return passed }}
	c.Set(noon, noon)
	passed = 1900 * time.Millisecond
	if now, _ := c.Now(); !now.Equal(noon.Add(passed)) {
		t.Errorf("after %v it is %v", passed, now)
	}
	c.Set(noon.Add(time.Second), noon)
	if now, _ := c.Now(); now.Before(noon.Add(1900 * time.Millisecond)) {
		t.Errorf("a Date of whole seconds sets the clock back to %v", now)
	}
	passed = 3 * time.Second
	c.Set(noon.Add(-time.Hour), noon)
	passed = 0
	if now, _ := c.Now(); !now.Equal(noon.Add(-time.Hour)) {
		t.Errorf("the clock of the API server went back, and this one is %v", now)
	}
}
