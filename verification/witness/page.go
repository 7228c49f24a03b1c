package witness

import (
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
)

// maxPage is the size of a stranger's page in bytes, at most.
const maxPage = 4096

// bare is the page before any prober came.
var bare = answer.Page{Status: http.StatusNotFound}

var (
	// random is a value that a prober made up.
	random = regexp.MustCompile(`^[A-Za-z0-9_-]{16,64}$`)
	// simple are tags and comments that only arrange text.
	simple = regexp.MustCompile(`(?i)<!doctype html>|<!--[^<>]*-->|</?(html|head|title|body|center|h[1-6]|hr|br|p|pre|div|span|main|section|ul|li|b|i|em|strong)\s*/?>`)
)

// harmless returns the page if it has nothing but text and simple HTML, and otherwise a bare 404. The page is
// shown under real host names, and anybody in the cluster can register one: a script in it would run with the
// rights of the application of that host.
func harmless(p answer.Page) answer.Page {
	kind, parameters, err := mime.ParseMediaType(p.ContentType)
	shown := p.ContentType == "" && len(p.Body) == 0 ||
		err == nil && (kind == "text/html" || kind == "text/plain" || kind == "application/json") && plainEncoding(parameters["charset"])
	rest := simple.ReplaceAllString(string(p.Body), "")
	answered := p.Status >= http.StatusOK && p.Status < http.StatusMultipleChoices || p.Status >= http.StatusBadRequest && p.Status <= 599
	if !answered || !shown || len(p.Body) > maxPage || !utf8.ValidString(rest) || strings.ContainsAny(rest, "<>\x00\x1b") {
		return bare
	}
	return p
}

// plainEncoding reports whether the charset hides no characters.
func plainEncoding(charset string) bool {
	return slices.Contains([]string{"", "utf-8", "us-ascii", "iso-8859-1"}, strings.ToLower(charset))
}
