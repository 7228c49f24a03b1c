package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// get sends one request and prints the answer's body, even if the status is an error. It does not
// follow redirects: only the answer of the requested address counts.
func get(ctx context.Context, out io.Writer, url string, headers []string) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("making a request: %w", err)
	}
	for _, line := range headers {
		if err := addHeader(request, line); err != nil {
			return err
		}
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("sending a request: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(out, response.Body); err != nil {
		return fmt.Errorf("reading the answer of %s: %w", url, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", url, response.Status)
	}
	return nil
}

func addHeader(request *http.Request, line string) error {
	name, value, found := strings.Cut(line, ":")
	if !found {
		return fmt.Errorf("header %q: write 'Name: value'", line)
	}
	value = strings.TrimSpace(value)
	if strings.EqualFold(name, "Host") {
		request.Host = value
		return nil
	}
	request.Header.Add(name, value)
	return nil
}
