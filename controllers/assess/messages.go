package assess

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// maxNames limits the names in a list; a longer list would hide the rest of the message.
	maxNames = 3
	// maxMessage limits a message, in runes. Messages quote errors, which can be as long as a request.
	maxMessage = 1024
	ellipsis   = "…"
)

// listed returns "a, b, c and 2 more".
func listed(names []string) string {
	if len(names) <= maxNames {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNames], ", "), len(names)-maxNames)
}

// clock returns a time of day for a message, for example "12:00:05 UTC".
func clock(at time.Time) string { return at.UTC().Format("15:04:05 MST") }

// countOf returns "1 node", "2 nodes" or "2 addresses".
func countOf(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "s"):
		return fmt.Sprintf("%d %ses", n, noun)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// partOf returns "1 of 2 nodes runs" or "2 of 2 nodes run".
func partOf(n, whole int, noun, singular, plural string) string {
	verb := plural
	if n == 1 {
		verb = singular
	}
	return fmt.Sprintf("%d of %d %ss %s", n, whole, noun, verb)
}

// nodesNamed returns "node a" or "nodes a, b".
func nodesNamed(names []string) string {
	if len(names) == 1 {
		return "node " + names[0]
	}
	return "nodes " + listed(names)
}

// capital turns the first letter into a capital letter.
func capital(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return strings.ToUpper(string(first)) + s[size:]
}

// bounded cuts a message at a rune boundary. It replaces invalid UTF-8, which a quoted error may
// contain, because one such byte would make the whole status invalid.
func bounded(message string) string {
	message = strings.ToValidUTF8(message, "?")
	return shortened(message, maxMessage)
}

// shortened cuts a text to the limit, in runes.
func shortened(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit-1]) + ellipsis
}
