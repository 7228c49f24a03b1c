package loss

import (
	"strings"
	"testing"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/traffic"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/traffic/load"
)

func TestMarkdownShowsWhatWasLostAndWhetherTheClaimHolds(t *testing.T) {
	good := quiet()
	good.Result.Marks = []load.Mark{{Name: good.Event, At: 2 * time.Second}}
	good.Moves, good.Notes, good.Took = []Move{{At: began.Add(5 * time.Second), To: "edge2"}}, []string{"edge1 left"}, 20*time.Second
	good.lose(metalLB, 6*time.Second)
	bad := quiet()
	bad.Event = "something else"
	lost := &bad.Result.Targets[haproxy].New
	lost.Succeeded, lost.Failed = 97, map[traffic.Outcome]int{traffic.Reset: 1, traffic.ConnectTimedOut: 2}
	compared := quiet()
	compared.Event, compared.Claim = "without us", Comparison
	compared.Result.Targets[metalLB].New.Succeeded = 1

	text := Markdown([]Observation{good, bad, compared})
	for _, want := range []string{
		"2 events in which nothing may be lost: 3 of 400 new connections were lost, and 0 were cut by an address that moved. 1 problems.",
		"| something happens | MetalLB | 100 | 0 | 0 | 0.0 s | 0 | 50 | 0 | 1 | 0 / 0 | 0 | holds |",
		"|  | haproxy | 100 | **3** (2 ConnectTimedOut, 1 Reset) | 0 | 0.0 s | 0 | 50 | 0 | 0 | 0 / 0 | 0 | **failed** |",
		"| without us | MetalLB | 100 | **99** () | 0 | 0.0 s | 0 | 50 | 0 | 0 | 0 / 0 | 0 | comparison |",
		"- **something happens**: took 20.0 s; the address moved to edge2 after 3.0 s; edge1 left\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
}

func TestProblemsNameTheirEvent(t *testing.T) {
	bad := quiet()
	bad.Wrong = []string{"it did not end"}
	if got := Problems([]Observation{quiet(), bad}); len(got) != 1 || got[0] != "something happens: it did not end" {
		t.Errorf("the problems are %q", got)
	}
}
