package ingressnginx

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// place is where the engine's template puts a value. It decides which characters would let the
// value add directives.
type place int

const (
	// inArguments: outside quotes, as arguments of a directive.
	inArguments place = iota
	inSingleQuotes
	inDoubleQuotes
	// inNoTemplate: only the engine's own code reads it.
	inNoTemplate
)

// format describes the values of a setting.
type format struct {
	place place
	// accepts reports whether the engine would understand the value as the user means it.
	accepts func(value string) bool
	// advice completes "Use …".
	advice string
}

const formatRefused = "refused"

// formatNamed returns a format by its name in keys.tsv. A test finds unknown names in that table.
func formatNamed(name string) format {
	kind, argument, _ := strings.Cut(name, ":")
	switch kind {
	case "enum":
		return enum(strings.Split(argument, "|"))
	case "range":
		from, to, _ := strings.Cut(argument, "-")
		return numbers(from, to)
	case "sizes":
		from, to, _ := strings.Cut(argument, "-")
		return sizes(from, to)
	}
	if f, found := formats[kind]; found {
		return f
	}
	return startFormats[kind]
}

var formats = map[string]format{
	formatRefused: {inArguments, func(string) bool { return false }, "nothing"},
	"bool":        {inNoTemplate, isBool, `"true" or "false"`},
	"natural":     {inNoTemplate, matches(`0|[1-9][0-9]{0,8}`), "a whole number in quotes, such as \"60\""},
	"duration":    {inNoTemplate, isDuration, "a duration such as 5s"},
	"ratio":       {inNoTemplate, isRatio, "a number from 0 to 1, such as \"0.01\""},
	"digits":      {inArguments, matches(`[0-9]{1,10}`), "a number of seconds, such as \"31536000\""},
	"offset":      {inArguments, matches(`[0-9]{1,10}[kKmMgG]?`), "a size such as 8k or 10m"},
	"time":        {inArguments, isNginxTime, "a time such as 30s or 10m"},
	"wholeTime":   {inArguments, isWholeTime, "a time in whole seconds, such as 30s or 10m"},
	"shutdownTime": {inArguments, isShutdownTime,
		"a time from 1s to 1h, because a terminating pod waits that long"},
	"processes":       {inArguments, matches(`auto|[1-9][0-9]{0,2}`), "auto or the number of processes"},
	"variable":        {inArguments, isHTTPVariable, "a variable of nginx, such as $binary_remote_addr"},
	"reference":       {inArguments, matches(`[a-z0-9][-a-z0-9]*/[a-z0-9][-.a-z0-9]*`), "namespace/name"},
	"logPath":         {inArguments, isLogPath, "/dev/stdout, /dev/stderr or a file in /var/log/ or /var/log/nginx/, because nginx writes text from clients there"},
	"word":            {inArguments, isWord, "one word without spaces"},
	"headerList":      {inArguments, eachOf(isHeader), "header names separated by commas"},
	"addressList":     {inArguments, eachOf(isAddressOrRange), "addresses or ranges separated by commas, such as 10.0.0.0/8"},
	"addressOnlyList": {inArguments, both(eachOf(isAddress), unrepeated), "addresses separated by commas, each once"},
	"statusCodes":     {inNoTemplate, both(eachOf(isErrorCode), unrepeated), "status codes from 300 to 599 except 499, separated by commas, each once, such as 404,503"},
	"double":          {inDoubleQuotes, func(string) bool { return true }, "one line"},
	"text":            {inNoTemplate, func(string) bool { return true }, "one line"},
}

func enum(allowed []string) format {
	return format{inArguments, func(value string) bool { return slices.Contains(allowed, value) }, "one of " + strings.Join(allowed, ", ")}
}

func numbers(from, to string) format {
	return format{inNoTemplate, func(value string) bool {
		low, lowErr := strconv.Atoi(from)
		high, highErr := strconv.Atoi(to)
		number, err := strconv.Atoi(value)
		return lowErr == nil && highErr == nil && err == nil && number >= low && number <= high && strconv.Itoa(number) == value
	}, "a whole number from " + from + " to " + to}
}

// writesDirectives reports whether a value could end its directive and begin another.
func (f format) writesDirectives(value string) bool {
	if !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl) {
		return true
	}
	switch f.place {
	case inSingleQuotes:
		return leavesQuotes(value, '\'')
	case inDoubleQuotes:
		return leavesQuotes(value, '"')
	case inArguments:
		return leavesArguments(value)
	default:
		return false
	}
}

// leavesQuotes follows nginx: a backslash escapes the next character, so one at the end would
// escape the closing quote.
func leavesQuotes(value string, quote rune) bool {
	escaped := false
	for _, c := range value {
		switch {
		case escaped:
			escaped = false
		case c == '\\':
			escaped = true
		case c == quote:
			return true
		}
	}
	return escaped
}

// leavesArguments follows nginx: a semicolon or a brace ends a directive. A quote or a comment sign at
// the beginning of a word, and a backslash before a space, would swallow the rest of the line.
func leavesArguments(value string) bool {
	if strings.ContainsAny(value, ";{}'\"") {
		return true
	}
	for _, word := range strings.Fields(value) {
		if strings.HasPrefix(word, "#") || leavesQuotes(word, 0) {
			return true
		}
	}
	return false
}

func matches(pattern string) func(string) bool {
	return regexp.MustCompile(`^(?:` + pattern + `)$`).MatchString
}

// eachOf checks the items of a list as the engine splits it. It accepts an empty list.
func eachOf(accepts func(string) bool) func(string) bool {
	return func(value string) bool {
		return !slices.ContainsFunc(splitList(value), func(item string) bool { return !accepts(item) })
	}
}

// splitList splits as the engine does: it drops empty items and trims spaces around items.
func splitList(value string) []string {
	items := strings.FieldsFunc(value, func(c rune) bool { return c == ',' })
	for i := range items {
		items[i] = strings.TrimSpace(items[i])
	}
	return items
}

var (
	isHeader    = matches(`[A-Za-z0-9][A-Za-z0-9_-]*`)
	nginxTime   = regexp.MustCompile(`^([0-9]{1,4}d)?([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,9}s)?([0-9]{1,9}ms)?$`)
	bareSeconds = regexp.MustCompile(`^[0-9]{1,9}$`)
	logFile     = regexp.MustCompile(`^/var/log/(nginx/)?[A-Za-z0-9_][A-Za-z0-9_.-]*$`)
)

// isErrorCode excludes 499, which nginx uses for clients that closed the connection.
func isErrorCode(value string) bool {
	code, err := strconv.Atoi(value)
	return err == nil && len(value) == 3 && code >= 300 && code <= 599 && code != 499
}

func isBool(value string) bool {
	_, err := strconv.ParseBool(value)
	return err == nil
}

func isDuration(value string) bool {
	d, err := time.ParseDuration(value)
	return err == nil && d > 0
}

func isRatio(value string) bool {
	ratio, err := strconv.ParseFloat(value, 32)
	return err == nil && ratio >= 0 && ratio <= 1
}

func isWord(value string) bool { return value != "" && !strings.ContainsFunc(value, unicode.IsSpace) }

func isAddress(value string) bool {
	addr, err := netip.ParseAddr(value)
	return err == nil && addr.Zone() == ""
}

func isAddressOrRange(value string) bool {
	_, err := netip.ParsePrefix(value)
	return err == nil || isAddress(value)
}

func isLogPath(value string) bool {
	switch value {
	case "/dev/stdout", "/dev/stderr", "/dev/null":
		return true
	}
	return logFile.MatchString(value) && value != "/var/log/nginx"
}

func isNginxTime(value string) bool {
	_, valid := parseNginxTime(value)
	return valid
}

// isWholeTime excludes milliseconds, which nginx refuses where it counts seconds.
func isWholeTime(value string) bool { return isNginxTime(value) && !strings.HasSuffix(value, "ms") }

const maxWorkerShutdown = time.Hour

// isShutdownTime excludes 0, with which nginx waits forever, and times that are too long for a pod.
func isShutdownTime(value string) bool {
	d, valid := parseNginxTime(value)
	return valid && d >= time.Second && d <= maxWorkerShutdown
}

// parseNginxTime parses a time in nginx's format: descending units from d to ms, or a number of seconds.
func parseNginxTime(value string) (time.Duration, bool) {
	if bareSeconds.MatchString(value) {
		value += "s"
	}
	parts := nginxTime.FindStringSubmatch(value)
	if parts == nil || value == "" {
		return 0, false
	}
	units := []struct {
		suffix string
		length time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}}
	var total time.Duration
	for i, unit := range units {
		number, err := strconv.Atoi(strings.TrimSuffix(parts[i+1], unit.suffix))
		if err == nil {
			total += time.Duration(number) * unit.length
		}
	}
	return total, true
}
