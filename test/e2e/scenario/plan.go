package scenario

import "slices"

// Plan returns all scenarios, in phases. The groups of a phase are independent and may run at the
// same time. The phases follow each other. The taint gate comes first: it replaces MetalLB's
// speakers, on which every address depends. What stops the measuring, or a node, comes last and by
// itself.
func Plan() [][]Group {
	return [][]Group{
		{
			{Name: "taint gate", EdgeIngress: Public, Scenarios: taintGate()},
			{Name: "host network", EdgeIngress: Internal, Scenarios: onHostNetwork()},
		},
		{
			{Name: "public", EdgeIngress: Public, Scenarios: slices.Concat(modes(), matrix(), overHTTPS(), byHand(), families(), policies(), lostOutside(), attacks())},
			{Name: "internal", EdgeIngress: Internal, Scenarios: slices.Concat(onHostPorts(), externalBalancer(), replacedNodes(), podsByHand(), podsByPolicy(), externalProxy())},
			{Name: "spare", EdgeIngress: Spare, Scenarios: slices.Concat(fewerReplicas(), refusedSettings())},
		},
		{{Name: "tutorial", Scenarios: tutorial()}, {Name: "side by side", Scenarios: sideBySide()}},
		{{Name: "outages", EdgeIngress: Public, Scenarios: outages()}},
		{{Name: "crash", EdgeIngress: Public, Scenarios: crash()}},
		{{Name: "alone", EdgeIngress: Everywhere, Alone: true, Scenarios: alone()}},
	}
}

// Chosen returns the plan without the scenarios for which keep is false. Empty groups and phases
// are removed.
func Chosen(plan [][]Group, keep func(Scenario) bool) [][]Group {
	var phases [][]Group
	for _, phase := range plan {
		var groups []Group
		for _, group := range phase {
			group.Scenarios = slices.DeleteFunc(slices.Clone(group.Scenarios), func(s Scenario) bool { return !keep(s) })
			if len(group.Scenarios) > 0 {
				groups = append(groups, group)
			}
		}
		if len(groups) > 0 {
			phases = append(phases, groups)
		}
	}
	return phases
}

// Object is the name of the EdgeIngress that a scenario of the group is about; empty where there is none.
func (g Group) Object(s Scenario) string {
	if s.EdgeIngress != "" {
		return s.EdgeIngress
	}
	return g.EdgeIngress
}

// Objects are the names of all EdgeIngresses that the plan is about.
func Objects(plan [][]Group) []string {
	var names []string
	for _, phase := range plan {
		for _, group := range phase {
			for _, s := range group.Scenarios {
				if name := group.Object(s); name != "" && !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
	}
	return names
}
