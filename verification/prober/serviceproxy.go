package prober

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"sync"
	"time"
)

// serviceProxyURLs are where kube-proxy says its mode (metricsBindAddress, by default port 10249 of loopback).
var serviceProxyURLs = []string{"http://127.0.0.1:10249/proxyMode", "http://[::1]:10249/proxyMode"}

var proxyMode = regexp.MustCompile(`^[a-z]{1,32}$`)

// serviceProxy asks kube-proxy on this node for its mode, and remembers it for a while.
type serviceProxy struct {
	urls   []string
	client *http.Client

	mu    sync.Mutex
	mode  string
	asked time.Time
}

func newServiceProxy() *serviceProxy {
	return &serviceProxy{urls: serviceProxyURLs, client: &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}}
}

// ask returns the mode, or nothing where no kube-proxy answers.
func (s *serviceProxy) ask(ctx context.Context) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.asked.IsZero() && time.Since(s.asked) < time.Minute {
		return s.mode
	}
	s.mode, s.asked = "", time.Now()
	for _, url := range s.urls {
		if mode := s.get(ctx, url); mode != "" {
			s.mode = mode
			break
		}
	}
	return s.mode
}

func (s *serviceProxy) get(ctx context.Context, url string) string {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return ""
	}
	response, err := s.client.Do(request)
	if err != nil {
		return ""
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 64))
	if err != nil || response.StatusCode != http.StatusOK || !proxyMode.Match(body) {
		return ""
	}
	return string(body)
}
