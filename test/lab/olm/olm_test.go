package olm

import (
	"testing"

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
