package picture

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
)

// width is the length of a line at which texts wrap.
const width = 100

var (
	marks   = map[evidence.State]string{evidence.Kept: "✔ kept", evidence.Lost: "✘ lost", evidence.Unknown: "? unknown"}
	colours = map[evidence.State]string{evidence.Kept: "\x1b[32m", evidence.Lost: "\x1b[31m", evidence.Unknown: "\x1b[33m"}
)

// glue stands for a space at which a line does not break.
const glue = '\x00'

const plain = "\x1b[0m"

// Render is the picture for a terminal. Without colour it has no control characters.
func Render(p Picture, colour bool) string {
	r := &rendering{colour: colour}
	r.line("%s", p.EdgeIngress)
	for _, c := range p.Conditions {
		r.line("  %-22s %s (%s)", c.Type, c.Status, c.Reason)
	}
	r.line("")
	for i, leg := range p.Legs {
		if i == 0 {
			r.line("  %s", leg.From)
		}
		r.leg(leg)
		to := leg.To
		if i+1 < len(p.Legs) {
			to = p.Legs[i+1].From
		}
		r.line("  %s", to)
	}
	for _, remark := range p.Remarks {
		r.line("")
		for _, line := range wrap(printable(remark), width-2) {
			r.line("  %s", line)
		}
	}
	return r.text.String()
}

type rendering struct {
	text   strings.Builder
	colour bool
}

func (r *rendering) line(format string, values ...any) {
	r.text.WriteString(strings.TrimRight(fmt.Sprintf(format, values...), " ") + "\n")
}

func (r *rendering) mark(v evidence.State) string {
	mark, padding := marks[v], strings.Repeat(" ", 10-utf8.RuneCountInString(marks[v]))
	if r.colour {
		mark = colours[v] + mark + plain
	}
	return mark + padding
}

func (r *rendering) leg(leg Leg) {
	r.line("    │")
	said := ""
	if len(leg.Evidence) == 0 {
		said = unseen[leg.State]
	}
	r.line("    │  %s %s", r.mark(leg.State), said)
	for _, e := range leg.Evidence {
		text := printable(e.Subject + ": " + e.Text)
		if e.Time != nil {
			text += ", " + duration.HumanDuration(time.Duration(e.AgeSeconds)*time.Second) + " ago"
		}
		r.line("    │    %s %s", r.mark(e.State), text)
	}
	for _, line := range wrap(printable(leg.Remedy), width-7) {
		r.line("    │    %s", line)
	}
	r.line("    ▼")
}

// unseen is said of a leg for which there is no sight.
var unseen = map[evidence.State]string{
	evidence.Kept:    "as the requests over the other legs show",
	evidence.Lost:    "as the objects of the cluster say",
	evidence.Unknown: "no evidence",
}

// printable replaces control characters: messages quote what others wrote, and a terminal obeys such
// characters.
func printable(text string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c >= 0x80 && c < 0xa0 {
			return ' '
		}
		return c
	}, text)
}

// wrap breaks a text at spaces, but not inside of `commands`, so that they can be copied.
func wrap(text string, limit int) (lines []string) {
	line := ""
	inCommand := false
	glued := strings.Map(func(c rune) rune {
		switch {
		case c == '`':
			inCommand = !inCommand
		case c == ' ' && inCommand:
			return glue
		}
		return c
	}, text)
	for _, word := range strings.Split(glued, " ") {
		word = strings.ReplaceAll(word, string(glue), " ")
		switch {
		case word == "":
		case line == "":
			line = word
		case len([]rune(line))+1+len([]rune(word)) > limit:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
