package ingressnginx

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
)

// Configure returns the data of the controller's ConfigMap.
func (Engine) Configure(e *v1alpha1.EdgeIngress, witness *engine.Witness) (data map[string]string, problems []engine.Problem) {
	data, problems = trustData(e.Spec.ClientIP)
	data[httpSnippetKey] = httpSnippet
	given := e.Spec.Controller.Config
	spellings := map[string]int{}
	for key := range given {
		spellings[canonical(key)]++
	}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		value := string(given[key])
		problem := check(key, value)
		if problem == nil && spellings[canonical(key)] > 1 {
			problem = &engine.Problem{Kind: engine.ProblemInvalid, Key: key, Message: fmt.Sprintf("%s appears in several spellings. Keep only %s", key, canonical(key))}
		}
		if problem == nil {
			problem = clash(canonical(key), value, given)
		}
		if problem != nil {
			problem.Key = key
			problems = append(problems, *problem)
			continue
		}
		data[canonical(key)] = value
	}
	if witness != nil {
		tellWitness(data, *witness)
	}
	slices.SortStableFunc(problems, func(a, b engine.Problem) int { return cmp.Compare(a.Key, b.Key) })
	return data, problems
}

// check returns why a setting is not written, or nil.
func check(key, value string) *engine.Problem {
	name := canonical(key)
	if advice, ok := reserved[name]; ok {
		return &engine.Problem{Kind: engine.ProblemReserved, Key: key, Message: fmt.Sprintf("%s is reserved. %s", key, advice)}
	}
	s, known := settings()[name]
	if !known {
		return &engine.Problem{Kind: engine.ProblemUnknown, Key: key, Message: fmt.Sprintf("%s is not a setting of ingress-nginx, which would ignore it. %s", key, instead(name))}
	}
	if why := whyForbidden(s, value); why != "" {
		return &engine.Problem{Kind: engine.ProblemForbidden, Key: key, Message: fmt.Sprintf("%s is refused: %s", key, why)}
	}
	if value == "" && s.emptyByDefault() {
		return nil
	}
	if !s.accepts(value) {
		message := fmt.Sprintf("%s cannot be %s. Use %s (the default is %s)", key, quoted(value), s.advice, shortened(s.standard))
		return &engine.Problem{Kind: engine.ProblemInvalid, Key: key, Message: message}
	}
	return nil
}

func whyForbidden(s setting, value string) string {
	if why, ok := forbidden[s.key]; ok {
		return why
	}
	return forbiddenValue(s, value)
}

func (s setting) emptyByDefault() bool {
	return s.standard == `""` || s.standard == "[]" || s.standard == "{}"
}

// instead suggests what to do about a key that the engine does not know.
func instead(name string) string {
	dashed := strings.ReplaceAll(name, "_", "-")
	if advice, ok := elsewhere[dashed]; ok {
		return advice
	}
	near := nearest(dashed, slices.Sorted(maps.Keys(settings())))
	if near == "" {
		return "Remove it"
	}
	if advice, ok := reserved[near]; ok {
		return fmt.Sprintf("The similar key %s is reserved. %s", near, advice)
	}
	if why, ok := forbidden[near]; ok {
		return fmt.Sprintf("Remove it. The similar key %s is refused, too: %s", near, why)
	}
	return "Use " + near
}

const longestQuote = 60

// quoted shortens and escapes a value, so that it neither floods a message nor breaks its line.
func quoted(value string) string {
	return fmt.Sprintf("%q", shortened(value))
}

func shortened(value string) string {
	runes := []rune(value)
	if len(runes) <= longestQuote {
		return value
	}
	return string(runes[:longestQuote]) + "…"
}
