package decisiontable

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The words with which a row says whether the operator reports it.
const (
	reported       = "Reported."
	reportedInPart = "Reported in part."
	prevented      = "Prevented."
	notReported    = "Not reported."
)

// row is one numbered row of docs/source-ip.md.
type row struct {
	number int
	anchor string
	// status is one of the words above; empty where the row has none. reason is the text that follows it.
	status, reason string
	// remedy is the text under "Do".
	remedy    string
	claims    []claim
	tests     []testReference
	scenarios []string
}

// claim is a condition with its status and reason, such as `NodesReady` False `NoNodesSelected`.
type claim struct{ condition, status, reason string }

func (c claim) String() string { return c.condition + " " + c.status + " " + c.reason }

// testReference names a Go test and, in quotes behind it, one of its cases. Without a case, it
// means the cases with the row's number in their names.
type testReference struct{ function, name string }

var (
	headingLine = regexp.MustCompile(`^#{1,4} `)
	rowHeading  = regexp.MustCompile(`^#### (\d+)\. `)
	anchorLine  = regexp.MustCompile(`^<a id="([^"]+)"></a>$`)
	claimText   = regexp.MustCompile("`([A-Z]\\w+)` (True|False|Unknown) `([A-Z]\\w+)`")
	testText    = regexp.MustCompile("`(Test\\w+)`(?: \"([^\"]+)\")?")
	quotedText  = regexp.MustCompile(`"([^"]+)"`)
	rowLink     = regexp.MustCompile(`\(#(row-\d+)\)`)
)

// parseRows reads the rows of the document in their order.
func parseRows(document string) []row {
	var rows []row
	anchor, body := "", []string(nil)
	end := func() {
		if len(rows) > 0 {
			rows[len(rows)-1].readBody(body)
		}
		body = nil
	}
	inRow := false
	for _, line := range strings.Split(document, "\n") {
		heading := rowHeading.FindStringSubmatch(line)
		switch found := anchorLine.FindStringSubmatch(line); {
		case found != nil:
			anchor = found[1]
		case heading != nil:
			if inRow {
				end()
			}
			number, _ := strconv.Atoi(heading[1])
			rows = append(rows, row{number: number, anchor: anchor})
			anchor, inRow = "", true
		case headingLine.MatchString(line):
			if inRow {
				end()
			}
			inRow = false
		case inRow:
			body = append(body, line)
		}
	}
	if inRow {
		end()
	}
	return rows
}

func (r *row) readBody(lines []string) {
	fields := bullets(lines)
	operator := fields["Operator"]
	for _, status := range []string{reportedInPart, reported, prevented, notReported} {
		if rest, found := strings.CutPrefix(operator, status); found {
			r.status, r.reason = status, strings.TrimSpace(rest)
			break
		}
	}
	r.remedy = fields["Do"]
	for _, found := range claimText.FindAllStringSubmatch(operator, -1) {
		r.claims = append(r.claims, claim{condition: found[1], status: found[2], reason: found[3]})
	}
	for _, found := range testText.FindAllStringSubmatch(fields["Tests"], -1) {
		r.tests = append(r.tests, testReference{function: found[1], name: found[2]})
	}
	for _, found := range quotedText.FindAllStringSubmatch(testText.ReplaceAllString(fields["Tests"], ""), -1) {
		r.scenarios = append(r.scenarios, found[1])
	}
}

// bullets are the items "- **Name:** text" by name, with their lines joined.
func bullets(lines []string) map[string]string {
	fields := map[string]string{}
	name := ""
	for _, line := range lines {
		if rest, found := strings.CutPrefix(line, "- **"); found {
			field, text, _ := strings.Cut(rest, ":**")
			name = field
			fields[name] = strings.TrimSpace(text)
		} else if text := strings.TrimSpace(line); name != "" && text != "" {
			fields[name] += " " + text
		}
	}
	return fields
}

// problemsOfRows are those that the document shows by itself. highest is the number of the last row.
func problemsOfRows(document string, rows []row, highest int) []string {
	var problems []string
	add := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	seen := map[int]int{}
	for _, r := range rows {
		seen[r.number]++
		if want := fmt.Sprintf("row-%d", r.number); r.anchor != want {
			add("row %d has the anchor %q, want %q", r.number, r.anchor, want)
		}
		if r.status == "" {
			add("row %d does not say whether the operator reports it", r.number)
		}
		if r.remedy == "" {
			add("row %d does not say what to do", r.number)
		}
		if r.status == notReported && r.reason == "" {
			add("row %d is not reported, and does not say why", r.number)
		}
		if (r.status == reported || r.status == reportedInPart) && len(r.claims) == 0 {
			add("row %d is reported, and names no condition", r.number)
		}
		if r.status != notReported && len(r.tests) == 0 {
			add("row %d is claimed and names no test", r.number)
		}
	}
	for number := 1; number <= highest; number++ {
		if seen[number] != 1 {
			add("row %d is there %d times", number, seen[number])
		}
		delete(seen, number)
	}
	for number, times := range seen {
		if number < 1 || times != 1 {
			add("row %d is there %d times", number, times)
		}
	}
	for _, link := range rowLink.FindAllStringSubmatch(document, -1) {
		if !slices.ContainsFunc(rows, func(r row) bool { return r.anchor == link[1] }) {
			add("a link leads to %s, which does not exist", link[1])
		}
	}
	return problems
}
