package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/plugin/cluster"
	"github.com/edge-ingress/edge-ingress-operator/plugin/look"
)

// While controllers load a configuration, what answers may be of the one before. The time is longer than it takes after a
// change of the spec until the operator says that they refuse it.
const (
	settleTime  = 100 * time.Second
	settlePause = 3 * time.Second
)

// measureSettled measures, and does so again while controllers are loading a configuration. Where the time for that is
// over before everything was asked again, what the last whole measurement saw stands.
func (m *measurement) measureSettled(ctx context.Context, targets []look.Target) (look.Result, error) {
	result, _, err := m.measure(ctx, targets)
	settling, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	for err == nil && !m.changed && look.Settles(result.Sights, m.edge) {
		m.progress("The controllers are loading a configuration. Asking again.")
		select {
		case <-settling.Done():
			return result, nil
		case <-time.After(settlePause):
		}
		before := *m
		again, whole, err := m.measure(settling, targets)
		if err != nil {
			return again, err
		}
		if !whole {
			*m = before
			return result, nil
		}
		result = again
	}
	return result, err
}

// measure sends the requests and decides what they prove. It reports whether everything was asked.
func (m *measurement) measure(ctx context.Context, targets []look.Target) (result look.Result, whole bool, err error) {
	vantage := &look.Vantage{
		Edge: m.edge, Now: m.client.Now, Progress: m.progress, Send: m.env.Send, Version: m.env.Version,
		Reports: func(ctx context.Context) ([]v1alpha1.SourceIPReport, error) {
			return m.client.Reports(ctx, m.edge.Name)
		},
	}
	result, err = vantage.Ask(ctx, targets)
	var none *look.NoChallengeError
	m.outcome = look.Decide(result.Sights, m.places, m.clientAddress)
	switch {
	case errors.As(err, &none):
		m.outcome.Add(look.NoChallenge(m.edge.Name, none.Why))
	case errors.Is(err, look.ErrTimeOver):
		m.outcome.Add(look.TimeOver())
	case err != nil:
		return result, false, err
	default:
		whole = true
	}
	// The time of the measurement may be over; what was seen is looked after nevertheless.
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterwards)
	defer cancel()
	err = m.unchanged(after, &result)
	return result, whole, err
}

// afterwards is how long reading or writing after the measurement may take.
const afterwards = 20 * time.Second

// unchanged looks whether all requests crossed the same path, whether it is still that one, and whether the controllers
// had the configuration of it.
func (m *measurement) unchanged(ctx context.Context, result *look.Result) error {
	if len(result.Inside) == 0 {
		return nil
	}
	reports, err := m.client.Reports(ctx, m.edge.Name)
	if err != nil {
		return err
	}
	if what := look.Changed(result.Inside, reports); what != "" {
		m.changed = true
		m.outcome.Add(look.Finding{Verdict: look.Undecided, Reason: "PathChanged", Message: "During the measurement " + what + ", so it is not saved.", Remedy: "Run this again."})
	}
	edge, err := m.client.EdgeIngress(ctx, m.edge.Name)
	if err != nil {
		return err
	}
	look.Confirm(result, m.edge, edge)
	m.edge = edge
	return nil
}

// printed is the output of -o json. Fields may be added; they do not change their meaning.
type printed struct {
	EdgeIngress string `json:"edgeIngress"`
	look.Outcome

	StatedAddress string           `json:"statedAddress,omitempty"`
	Report        string           `json:"report,omitempty"`
	ExitCode      int              `json:"exitCode"`
	Sights        []v1alpha1.Sight `json:"sights"`
}

// report saves and prints the result, and returns the exit code as an error.
func (m *measurement) report(ctx context.Context, result look.Result) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterwards)
	defer cancel()
	name := ""
	if m.save && !m.changed && len(result.Sights) > 0 {
		name = cluster.ReportName(m.edge.Name, m.vantage)
		err := m.client.Save(ctx, m.edge, name, func(old v1alpha1.SourceIPReportStatus) v1alpha1.SourceIPReportStatus {
			return look.Merge(old, result, m.clientAddress, m.client.Now())
		})
		if err != nil {
			// What was measured is shown nevertheless.
			m.progress("The result was not saved.")
			return errors.Join(m.print(result, "", ExitError), err)
		}
	}
	code := exitCode(m.outcome.Verdict)
	if err := m.print(result, name, code); err != nil {
		return err
	}
	if code != ExitKept {
		return codeError(code)
	}
	return nil
}

func exitCode(verdict look.Verdict) int {
	switch verdict {
	case look.Kept:
		return ExitKept
	case look.Lost, look.Forged:
		return ExitLost
	case look.Undecided:
		return ExitUndecided
	default:
		return ExitError
	}
}

func (m *measurement) print(result look.Result, report string, code int) error {
	if m.output == "json" {
		encoder := json.NewEncoder(m.env.Out)
		encoder.SetIndent("", "  ")
		err := encoder.Encode(printed{m.edge.Name, m.outcome, m.clientAddress, report, code, append([]v1alpha1.Sight{}, result.Sights...)})
		if err != nil {
			return fmt.Errorf("printing the result: %w", err)
		}
		return nil
	}
	text := look.Text(m.edge.Name, result.Sights, m.outcome)
	if report != "" {
		text += fmt.Sprintf("\nSaved as SourceIPReport %s. `kubectl edge-ingress path %s` shows the whole path.\n", report, m.edge.Name)
		if look.Unconfirmed(result.Sights) {
			text += "It is not certain that the controllers have loaded the configuration of the spec: see the condition ConfigEffective. " +
				"The operator counts this only as long as they run the one that answered.\n"
		}
	} else if m.outcome.Verdict != look.Undecided {
		text += "\nNot saved: with --save the operator takes it up.\n"
	}
	if ports := look.NotForClients(m.edge, look.Inside(m.reports), result.Sights); len(ports) > 0 {
		text += fmt.Sprintf("\nThe operator does not count what was seen at ports that clients do not use: %v.\n", ports)
	}
	if _, err := fmt.Fprint(m.env.Out, text); err != nil {
		return fmt.Errorf("printing the result: %w", err)
	}
	return nil
}
