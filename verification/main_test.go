package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"k8s.io/client-go/rest"
)

func TestArguments(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	for name, row := range map[string]struct {
		arguments        []string
		want             error
		output, messages string
	}{
		"the version":                    {[]string{"--version"}, nil, "edge-ingress-verification dev", ""},
		"no program":                     {nil, errUsage, "", "Usage: "},
		"an unknown program":             {[]string{"operator"}, errUsage, "", "Usage: "},
		"a program's help":               {[]string{"witness", "--help"}, flag.ErrHelp, "", "-answer-bind-address"},
		"the prober's help":              {[]string{"prober", "--help"}, flag.ErrHelp, "", "-witness-namespace"},
		"a prober outside a pod":         {[]string{"prober"}, rest.ErrNotInCluster, "", ""},
		"a kubeconfig that is not there": {[]string{"prober", "--kubeconfig=/does/not/exist"}, os.ErrNotExist, "", ""},
		"an unknown flag":                {[]string{"witness", "--port=1"}, errUsage, "", "-port"},
		"an argument too many":           {[]string{"witness", "now"}, errUsage, "", `"now"`},
		"a witness that is ended":        {[]string{"witness", "--answer-bind-address=127.0.0.1:0", "--direct-bind-address=127.0.0.1:0"}, nil, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var output, messages bytes.Buffer
			err := run(ended, row.arguments, &output, &messages)
			if !errors.Is(err, row.want) || !strings.Contains(output.String(), row.output) || !strings.Contains(messages.String(), row.messages) {
				t.Errorf("got error %v, output %q and messages %q, want %v, %q and %q", err, &output, &messages, row.want, row.output, row.messages)
			}
		})
	}
}

func TestAnAddressThatTheHostDoesNotHaveIsReported(t *testing.T) {
	err := run(t.Context(), []string{"witness", "--answer-bind-address=192.0.2.1:1"}, &bytes.Buffer{}, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "listening for requests") {
		t.Errorf("got %v", err)
	}
}
