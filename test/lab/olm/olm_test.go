package olm

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
)

// OLM runs with an administrator's rights, so it must reach no other cluster than one of this machine.
func TestOnlyAnAPIServerOfThisMachineIsUsed(t *testing.T) {
	for host, want := range map[string]string{
		"https://127.0.0.1:6443": "127.0.0.1:6443", "https://[::1]:6443": "[::1]:6443",
		"https://10.0.0.1:6443": "", "https://localhost:6443": "", "https://example.com": "", "": "",
	} {
		got, err := addressOf(&rest.Config{Host: host})
		if got != want || (err == nil) != (want != "") {
			t.Errorf("the address of %q is %q (error %v), want %q", host, got, err, want)
		}
	}
}

func source(address, state string) unstructured.Unstructured {
	object := unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"address": address}}}
	if state != "" {
		object.Object["status"] = map[string]any{"connectionState": map[string]any{"lastObservedState": state}}
	}
	return object
}

// Until OLM is connected again, it goes on with what it read of the catalogue before.
func TestACatalogueIsServedWhenOLMSaysSo(t *testing.T) {
	for name, row := range map[string]struct {
		sources           []unstructured.Unstructured
		connected, broken bool
	}{
		"nothing asks for a catalogue": {nil, true, true},
		"connected":                    {[]unstructured.Unstructured{source(Address, "READY")}, true, false},
		"broken":                       {[]unstructured.Unstructured{source(Address, "TRANSIENT_FAILURE")}, false, true},
		"connecting":                   {[]unstructured.Unstructured{source(Address, "CONNECTING")}, false, true},
		"new":                          {[]unstructured.Unstructured{source(Address, "")}, false, true},
		"one of two is connected":      {[]unstructured.Unstructured{source(Address, "READY"), source(Address, "IDLE")}, false, false},
		"another catalogue":            {[]unstructured.Unstructured{source("example.com:1", "READY"), source("", "")}, true, true},
	} {
		if done, seen := connections(row.sources, true); done != row.connected {
			t.Errorf("%s: connected is %t (%s)", name, done, seen)
		}
		if done, seen := connections(row.sources, false); done != row.broken {
			t.Errorf("%s: broken is %t (%s)", name, done, seen)
		}
	}
}
