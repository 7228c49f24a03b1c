package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
)

// Client asks the supervisor of a cluster.
type Client struct{ http http.Client }

var _ Cluster = (*Client)(nil)

// NewClient returns the client of the cluster with that directory.
func NewClient(dir string) *Client {
	return &Client{http: http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socketPath(dir))
		},
	}}}
}

// AddNode is part of Cluster.
func (c *Client) AddNode(ctx context.Context, node Node) error {
	return c.ask(ctx, http.MethodPost, "/nodes", node)
}

// CrashNode is part of Cluster.
func (c *Client) CrashNode(ctx context.Context, name string) error {
	return c.ask(ctx, http.MethodPost, "/nodes/"+url.PathEscape(name)+"/crash", nil)
}

// RestartNode is part of Cluster.
func (c *Client) RestartNode(ctx context.Context, name string) error {
	return c.ask(ctx, http.MethodPost, "/nodes/"+url.PathEscape(name)+"/restart", nil)
}

// RemoveNode is part of Cluster.
func (c *Client) RemoveNode(ctx context.Context, name string) error {
	return c.ask(ctx, http.MethodDelete, "/nodes/"+url.PathEscape(name), nil)
}

// LoadImages is part of Cluster. The archives must have absolute paths.
func (c *Client) LoadImages(ctx context.Context, archives ...string) error {
	return c.ask(ctx, http.MethodPost, "/images", imagesRequest{Archives: archives})
}

// PushImage is part of Cluster. The archive must have an absolute path.
func (c *Client) PushImage(ctx context.Context, archive, name string) error {
	return c.ask(ctx, http.MethodPost, "/registry", pushRequest{Archive: archive, Name: name})
}

func (c *Client) ask(ctx context.Context, method, path string, body any) error {
	content := []byte{}
	if body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return fmt.Errorf("asking the cluster's supervisor: %w", err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://supervisor"+path, bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("asking the cluster's supervisor: %w", err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("asking the cluster's supervisor (only clusters with real nodes have one that listens): %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode == http.StatusNoContent {
		return nil
	}
	var failed failure
	if err := json.NewDecoder(response.Body).Decode(&failed); err != nil || failed.Message == "" {
		return fmt.Errorf("asking the cluster's supervisor: %w (%s)", errNoAnswer, response.Status)
	}
	return errors.New(failed.Message)
}
