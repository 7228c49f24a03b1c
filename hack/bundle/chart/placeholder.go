package chart

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// placeholders stand in an object for what YAML cannot hold: actions of a template. They are words of letters and
// digits, so that no YAML writer quotes or folds them.
type placeholders struct {
	inline []string
	blocks [][]string
}

// action returns a placeholder for an action that stands in a string.
func (p *placeholders) action(text string) string {
	p.inline = append(p.inline, text)
	return fmt.Sprintf("INLINE%dPLACEHOLDER", len(p.inline)-1)
}

// block returns a placeholder that is used as the value of a key, or as an element of a list. These lines replace the
// whole line. They begin where the key does; <+2> in them is the number of that column plus two.
func (p *placeholders) block(lines ...string) string {
	p.blocks = append(p.blocks, lines)
	return fmt.Sprintf("BLOCK%dPLACEHOLDER", len(p.blocks)-1)
}

var (
	inlinePattern = regexp.MustCompile(`INLINE(\d+)PLACEHOLDER`)
	blockPattern  = regexp.MustCompile(`^( *)(?:[^ -].*: |- )?BLOCK(\d+)PLACEHOLDER$`)
	columnPattern = regexp.MustCompile(`<\+(\d+)>`)
)

// fill turns YAML with placeholders into a template.
func (p *placeholders) fill(yaml string) string {
	var text strings.Builder
	for line := range strings.Lines(yaml) {
		line = strings.TrimSuffix(line, "\n")
		if match := blockPattern.FindStringSubmatch(line); match != nil {
			for _, replacement := range p.blocks[number(match[2])] {
				text.WriteString(match[1] + columns(replacement, len(match[1])) + "\n")
			}
			continue
		}
		line = strings.ReplaceAll(line, "{{", `{{ "{{" }}`)
		line = inlinePattern.ReplaceAllStringFunc(line, func(found string) string {
			return p.inline[number(inlinePattern.FindStringSubmatch(found)[1])]
		})
		text.WriteString(line + "\n")
	}
	return text.String()
}

// columns writes the columns of a line that begins in this one.
func columns(line string, begin int) string {
	return columnPattern.ReplaceAllStringFunc(line, func(found string) string {
		return strconv.Itoa(begin + number(columnPattern.FindStringSubmatch(found)[1]))
	})
}

// number of a placeholder; the pattern has only digits there.
func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		panic(err)
	}
	return n
}
