package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	lineWidth = 118
	indent    = "  "
	// beginningWidth is how much of a condition's message the table of all conditions shows.
	beginningWidth = 64
)

// screen prints the story to a terminal, or to a file without control characters.
type screen struct {
	out      io.Writer
	bold     bool
	started  time.Time
	chapters int
}

// isTerminal reports whether the file is a terminal that may show colours (https://no-color.org).
func isTerminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == ""
}

func (s *screen) line(text string) { fmt.Fprintln(s.out, text) }

func (s *screen) heading(text string) {
	if s.bold {
		text = "\x1b[1m" + text + "\x1b[0m"
	}
	s.line(text)
}

// introduction says what is to be seen, and what is not.
func (s *screen) introduction(chosen choice) {
	s.heading("One EdgeIngress, from the first apply to its deletion")
	if chosen.nodes == realNodes {
		s.say("All of it is real: three nodes with kubelet, kube-proxy and containerd, MetalLB, ingress-nginx, an application, and a client outside. " +
			"Each has its own Linux namespaces. The demo changes nothing on this machine.")
	} else {
		s.say("Real: etcd, the API server, the controller manager, the scheduler, the operator and kubectl. Simulated: the nodes. A simulated node is an " +
			"API object; a simulator reports the pods on it as running and ready. No container runs and no packet flows.")
		s.line("Left out: requests from outside, and which address the application sees. They need real nodes.")
		s.line(chosen.leftOut)
	}
	s.say("You can type the commands yourself, in the root of the repository, while the demo runs or after KEEP=1. First run:")
	s.line(indent + "$ " + preparation)
}

// chapter begins a chapter; the seconds are those since the demo began.
func (s *screen) chapter(title string) {
	s.chapters++
	s.line("")
	s.heading(fmt.Sprintf("%d. %s (at %.0f s)", s.chapters, title, time.Since(s.started).Seconds()))
}

func (s *screen) ending(text string) {
	s.line("")
	s.heading(fmt.Sprintf("%s (%.0f s)", text, time.Since(s.started).Seconds()))
}

// say explains what happens, and why it matters.
func (s *screen) say(text string) {
	for _, line := range wrap(text, lineWidth) {
		s.line(line)
	}
}

// quote shows what something else wrote.
func (s *screen) quote(text string) {
	for line := range strings.Lines(strings.TrimRight(text, "\n")) {
		s.line(strings.TrimRight(indent+line, " \n"))
	}
}

func (s *screen) quoteWrapped(text string) {
	s.quote(strings.Join(wrap(text, lineWidth-len(indent)), "\n"))
}

// wrap breaks a text at spaces, into lines of at most width characters where words allow it.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// shorten cuts a text at the last space that leaves it at most width characters long.
func shorten(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	const mark = " ..."
	return wrap(text, width-len(mark))[0] + mark
}

// conditionTable has one line for a condition: what it is, and the beginning of what it says.
func conditionTable(conditions []metav1.Condition) string {
	var lines strings.Builder
	table := tabwriter.NewWriter(&lines, 0, 0, 2, ' ', 0)
	for _, condition := range conditions {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", condition.Type, condition.Status, condition.Reason, shorten(condition.Message, beginningWidth))
	}
	_ = table.Flush() // a strings.Builder takes everything
	return lines.String()
}

// conditionInFull is one condition with its whole message.
func conditionInFull(condition metav1.Condition) string {
	message := strings.Join(wrap(condition.Message, lineWidth-3*len(indent)), "\n"+indent+indent)
	return fmt.Sprintf("%s  %s  %s\n%s%s%s", condition.Type, condition.Status, condition.Reason, indent, indent, message)
}

// installed counts the kinds in the output of kubectl apply: "clusterrole (2)" for two lines
// "clusterrole.<group>/<name> serverside-applied".
func installed(output string) string {
	var kinds []string
	counts := map[string]int{}
	total := 0
	for line := range strings.Lines(output) {
		resource, _, found := strings.Cut(line, "/")
		if !found {
			continue
		}
		kind, _, _ := strings.Cut(resource, ".")
		if counts[kind] == 0 {
			kinds = append(kinds, kind)
		}
		counts[kind]++
		total++
	}
	parts := make([]string, 0, len(kinds))
	for _, kind := range kinds {
		if counts[kind] > 1 {
			kind = fmt.Sprintf("%s (%d)", kind, counts[kind])
		}
		parts = append(parts, kind)
	}
	return fmt.Sprintf("%d objects: %s", total, strings.Join(parts, ", "))
}
