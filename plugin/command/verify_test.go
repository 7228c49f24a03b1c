package command_test

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/plugin/command"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
)

func addresses(texts ...string) (parsed []netip.Addr) {
	for _, text := range texts {
		parsed = append(parsed, netip.MustParseAddr(text))
	}
	return parsed
}

// replaced is a path on which something replaces the client's address.
func replaced(by string) func(string, *http.Request) (string, string) {
	return func(string, *http.Request) (string, string) { return by, by }
}

// believing is a controller that takes the client's address from a header.
func believing(header string) func(string, *http.Request) (string, string) {
	return func(peer string, request *http.Request) (string, string) {
		if claimed := request.Header.Get(header); claimed != "" {
			return claimed, claimed
		}
		return peer, peer
	}
}

func TestVerifySaysWhatTheRequestsProve(t *testing.T) {
	var first []byte // The answer that is replayed.
	for name, row := range map[string]struct {
		change    func(w *world)
		arguments []string
		code      int
		says      []string
	}{
		"the own address everywhere": {
			code: command.ExitKept, says: []string{"applications see this machine's address everywhere", "own address", "8 of 8 refused", "edge-1", "does not count what was seen at ports"},
		},
		"the address of a node instead": {
			change: func(w *world) { w.serve = replaced("10.0.0.11") }, code: command.ExitLost,
			says: []string{"AddressReplaced", "saw 10.0.0.11 instead of 192.168.1.7 (node edge-1)"},
		},
		"the own address through a forwarded port": {
			change: func(w *world) { w.source = netip.MustParseAddr("127.0.0.1") }, code: command.ExitUndecided,
			says: []string{"FromCluster", "this machine's loopback"},
		},
		"an address that nobody knows, from a private one": {
			change: func(w *world) { w.serve = replaced("198.51.100.77") }, code: command.ExitUndecided,
			says: []string{"BehindNAT", "a public address"},
		},
		"the address that was stated, from a private one": {
			change:    func(w *world) { w.serve = replaced("198.51.100.77") },
			arguments: []string{"--client-address", "198.51.100.77"}, code: command.ExitUndecided, says: []string{"MeasuredAsStated"},
		},
		"a forged header is believed": {
			change: func(w *world) { w.serve = believing("X-Real-Ip") }, code: command.ExitLost,
			says: []string{"ForgeryBelieved", "forged X-Real-IP)", "a client can choose"},
		},
		"a forged header is believed from a trusted address": {
			change: func(w *world) {
				w.serve = believing("X-Forwarded-For")
				w.edges["public"].Spec.ClientIP = &v1alpha1.ClientIPSpec{ForwardedHeader: &v1alpha1.ForwardedHeaderSpec{TrustedCIDRs: v1alpha1.TrustedCIDRs{"192.168.1.0/24"}}}
			},
			code: command.ExitUndecided, says: []string{"SenderTrusted"},
		},
		"a PROXY header of the client is passed on and believed, where plain requests are not read": {
			change: func(w *world) {
				w.listenForProxy("127.0.0.4")
				w.edges["public"].Status.Addresses = []string{"127.0.0.4"}
				w.edges["public"].Spec.ClientIP = &v1alpha1.ClientIPSpec{ProxyProtocol: &v1alpha1.ProxyProtocolSpec{TrustedCIDRs: v1alpha1.TrustedCIDRs{"198.51.100.0/24"}}}
			},
			arguments: []string{"--https-port", "0"}, code: command.ExitLost, says: []string{"ForgeryBelieved", "forged PROXY v1 header)", "ClosedWithoutAnswer"},
		},
		"one of the nodes behind the address replaces it": {
			change: func(w *world) {
				asked := 0
				w.serve = func(peer string, _ *http.Request) (string, string) {
					if asked++; asked == 1 {
						return "10.0.0.11", "10.0.0.11"
					}
					return peer, peer
				}
			},
			code: command.ExitUndecided, says: []string{"NotRepeated", "Run this again"},
		},
		"somebody answers without a signature": {
			change: func(w *world) {
				w.answers = func(writer http.ResponseWriter, token answer.Token) bool {
					_, _ = writer.Write([]byte(`{"token":"` + token.String() + `","realIP":"127.0.0.1","forwardedFor":"127.0.0.1"}` + "\nAAAA\n"))
					return true
				}
			},
			code: command.ExitUndecided, says: []string{"NotTheWitness", "NotSigned"},
		},
		"somebody replays an answer": {
			change: func(w *world) {
				w.answers = func(writer http.ResponseWriter, token answer.Token) bool {
					if first == nil {
						first, _ = answer.Sign(answer.Answer{Token: token.String(), RealIP: "127.0.0.1", ForwardedFor: "127.0.0.1", Asked: "http://" + names.WitnessHost("public")}, w.key)
					}
					_, _ = writer.Write(first)
					return true
				}
			},
			code: command.ExitUndecided, says: []string{"NotTheWitness"},
		},
		"somebody passes requests on under another host name": {
			change: func(w *world) {
				w.answers = func(writer http.ResponseWriter, token answer.Token) bool {
					body, _ := answer.Sign(answer.Answer{Token: token.String(), RealIP: "10.244.1.9", ForwardedFor: "10.244.1.9", Asked: "http://relay.example.com"}, w.key)
					_, _ = writer.Write(body)
					return true
				}
			},
			code: command.ExitUndecided, says: []string{"NotTheWitness", "OtherHost"},
		},
		"the controller of another EdgeIngress answers": {
			change: func(w *world) {
				w.answers = func(writer http.ResponseWriter, token answer.Token) bool {
					a := answer.Answer{Token: token.String(), RealIP: "127.0.0.1", ForwardedFor: "127.0.0.1", Pod: "other-1", Asked: "http://" + names.WitnessHost("public")}
					body, _ := answer.Sign(a, w.key)
					_, _ = writer.Write(body)
					return true
				}
			},
			code: command.ExitUndecided, says: []string{"UnknownController"},
		},
		"nobody answers": {
			arguments: []string{"--http-port", "1", "--https-port", "0"}, code: command.ExitUndecided, says: []string{"Unanswered", "ConnectRefused"},
		},
		"one of two addresses is lost": {
			change: func(w *world) {
				w.listen("127.0.0.2", w.http, false)
				w.edges["public"].Status.Addresses = []string{"127.0.0.1", "127.0.0.2"}
				w.serve = func(peer string, request *http.Request) (string, string) {
					if strings.HasPrefix(request.Context().Value(http.LocalAddrContextKey).(interface{ String() string }).String(), "127.0.0.2:") {
						return "10.0.0.11", "10.0.0.11"
					}
					return peer, peer
				}
			},
			code: command.ExitLost, says: []string{"127.0.0.2 port", "AddressReplaced"},
		},
		"one of two addresses does not answer": {
			change: func(w *world) { w.edges["public"].Status.Addresses = []string{"127.0.0.1", "127.0.0.3"} },
			code:   command.ExitUndecided, says: []string{"Unanswered", "127.0.0.3"},
		},
		"the Service is replaced in the middle": {
			change: func(w *world) {
				w.onList = func(w *world, n int) {
					if n == 3 {
						w.reports["public-inside-1"].Status.ServiceUID = "another"
					}
				}
			},
			code: command.ExitUndecided, says: []string{"PathChanged", "the Service was replaced"},
		},
		"the challenge comes later": {
			change: func(w *world) {
				challenges := w.reports["public-inside-1"].Status.Challenges
				w.reports["public-inside-1"].Status.Challenges = nil
				w.onList = func(w *world, n int) {
					if n == 3 {
						w.reports["public-inside-1"].Status.Challenges = challenges
					}
				}
			},
			code: command.ExitKept, says: []string{"Waiting for a fresh challenge: the prober on worker-1 has published no fresh challenge"},
		},
		"no challenge comes": {
			change: func(w *world) {
				w.reports["public-inside-1"].Status.Challenges[0].Issued = metav1.NewTime(w.now().Add(-5 * time.Minute))
			},
			arguments: []string{"--timeout", "3s"}, code: command.ExitUndecided, says: []string{"NoChallenge", "kubectl get pods -n edge-ingress-verification"},
		},
		"the time is over in the middle": {
			change: func(w *world) {
				w.serve = func(peer string, request *http.Request) (string, string) {
					w.mutex.Unlock()
					<-request.Context().Done()
					w.mutex.Lock()
					return peer, peer
				}
			},
			arguments: []string{"--timeout", "2s", "--save"}, code: command.ExitUndecided, says: []string{"TimeOver", "AnswerTimedOut", "Saved as"},
		},
		"no prober is there": {
			change:    func(w *world) { delete(w.reports, "public-inside-1") },
			arguments: []string{"--timeout", "3s"}, code: command.ExitUndecided, says: []string{"kubectl apply -k config/verification"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if row.change != nil {
				row.change(w)
			}
			ran := w.run(append([]string{"verify", "public"}, row.arguments...)...)
			if ran.code != row.code {
				t.Errorf("exit code %d, want %d", ran.code, row.code)
			}
			for _, text := range row.says {
				if !strings.Contains(ran.out+ran.err, text) {
					t.Errorf("the output does not have %q", text)
				}
			}
		})
	}
}

func TestVerifyAsksForARealHostName(t *testing.T) {
	w := newWorld(t)
	w.edges["public"].Spec.Verification = &v1alpha1.VerificationSpec{Hosts: []string{"www.example.com"}}
	w.resolved["www.example.com"] = addresses("127.0.0.1")
	ran := w.run("verify", "public", "--host", "www.example.com", "--save")
	if ran.code != command.ExitKept || !w.hosts["www.example.com"] || len(w.hosts) != 1 {
		t.Errorf("exit code %d, and the requests named %v", ran.code, w.hosts)
	}
	for _, sight := range w.reports["public-outside"].Status.Sights {
		if sight.Host != "www.example.com" || sight.Address != "www.example.com" {
			t.Errorf("the report has a sight for host %q at %q", sight.Host, sight.Address)
		}
	}
}

func TestVerifyPrintsJSON(t *testing.T) {
	w := newWorld(t)
	w.serve = replaced("10.0.0.11")
	ran := w.run("verify", "public", "-o", "json", "-q")
	var got struct {
		EdgeIngress, Verdict string
		Findings             []struct{ Verdict, Reason, Message, Remedy string }
		ExitCode             int
		Sights               []v1alpha1.Sight
	}
	if err := json.Unmarshal([]byte(ran.out), &got); err != nil {
		t.Fatal(err)
	}
	if got.EdgeIngress != "public" || got.Verdict != "Lost" || got.ExitCode != ran.code || ran.code != command.ExitLost || len(got.Findings) != 2 || got.Findings[0].Reason != "AddressReplaced" || len(got.Sights) < 2 {
		t.Errorf("printed %+v", got)
	}
	if ran.err != "" {
		t.Errorf("with --quiet, stderr has %q", ran.err)
	}
}
