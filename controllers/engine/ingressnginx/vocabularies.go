package ingressnginx

import (
	"encoding/base64"
	"errors"
	"net/netip"
	"net/url"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
)

// nginx refuses other values when it starts. With such a value a new pod never becomes ready, and a
// running one stops following changes of Ingress objects.

var (
	retryReasons = strings.Fields("error timeout invalid_header http_500 http_502 http_503 http_504 http_403 http_404 http_429 non_idempotent off")
	tlsVersions  = strings.Fields("SSLv2 SSLv3 TLSv1 TLSv1.1 TLSv1.2 TLSv1.3")
	tlsGroups    = strings.Fields(`X25519 X448 P-224 P-256 P-384 P-521 prime256v1 secp224r1 secp256r1 secp384r1 secp521r1 secp256k1 brainpoolP256r1
brainpoolP384r1 brainpoolP512r1 ffdhe2048 ffdhe3072 ffdhe4096 ffdhe6144 ffdhe8192 X25519MLKEM768 SecP256r1MLKEM768 SecP384r1MLKEM1024`)
	// cipherParts are the parts of the names of OpenSSL's ciphers and cipher groups up to TLS 1.2.
	cipherParts = strings.Fields(`ALL COMPLEMENTOFDEFAULT COMPLEMENTOFALL DEFAULT HIGH MEDIUM LOW FIPS SUITEB128 SUITEB128ONLY SUITEB128C2 SUITEB192
aRSA aDSS aECDSA aPSK kRSA kDHE kEDH kECDHE kEECDH kPSK kECDHEPSK kDHEPSK kRSAPSK DHE EDH ECDHE EECDH RSA DSS ECDSA PSK AES AES128 AES256
AESGCM AESCCM AESCCM8 GCM CCM CCM8 CHACHA20 POLY1305 CAMELLIA CAMELLIA128 CAMELLIA256 ARIA ARIA128 ARIA256 ARIAGCM SHA SHA1 SHA256 SHA384
CBC 3DES TLSv1 TLSv1.0 TLSv1.2 SSLv3`)
	isMIMEType     = matches(`\*|[A-Za-z0-9][A-Za-z0-9!#&^_.+-]*/[A-Za-z0-9*][A-Za-z0-9!#&^_.+-]*`)
	isCPUMask      = matches(`[01]{1,512}`)
	isCipherWord   = matches(`[!+-]?[A-Za-z0-9._-]+(?:\+[A-Za-z0-9._-]+)*|@STRENGTH|@SECLEVEL=[0-5]`)
	isCacheTime    = matches(`(?:[1-5][0-9]{2} +)*[0-9]{1,9}[smhdwMy]`)
	isHostName     = matches(`[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*`)
	mapParameters  = []string{"default", "hostnames", "volatile", "include"}
	brokenPatterns = []syntax.ErrorCode{syntax.ErrMissingParen, syntax.ErrUnexpectedParen, syntax.ErrMissingBracket,
		syntax.ErrMissingRepeatArgument, syntax.ErrTrailingBackslash}
)

func wordsFrom(allowed []string) func(string) bool {
	return eachWord(func(word string) bool { return slices.Contains(allowed, word) })
}

// eachWord checks the words between spaces. There must be at least one.
func eachWord(accepts func(string) bool) func(string) bool {
	return func(value string) bool {
		words := strings.Fields(value)
		return len(words) > 0 && !slices.ContainsFunc(words, func(word string) bool { return !accepts(word) })
	}
}

func both(one, other func(string) bool) func(string) bool {
	return func(value string) bool { return one(value) && other(value) }
}

// isBuffers reports whether a value is a number of buffers and the size of each. nginx requires that a
// connection's memory pool fits into one.
func isBuffers(value string) bool {
	words := strings.Fields(value)
	if len(words) != 2 {
		return false
	}
	number, err := strconv.Atoi(words[0])
	size, valid := parseSize(words[1])
	return err == nil && number >= 1 && number <= 1024 && valid && size >= 512 && size <= 16<<20
}

// isAffinity reports whether a value is auto with at most one mask, or a list of masks.
func isAffinity(value string) bool {
	words := strings.Fields(value)
	if len(words) > 0 && words[0] == "auto" {
		return len(words) == 1 || len(words) == 2 && isCPUMask(words[1])
	}
	return eachWord(isCPUMask)(value)
}

// isLogParameters excludes if=, which the template adds itself. nginx requires a buffer for flush.
func isLogParameters(value string) bool {
	buffered, flushed := false, false
	valid := eachWord(func(word string) bool {
		name, argument, _ := strings.Cut(word, "=")
		switch name {
		case "buffer":
			size, sizeValid := parseSize(argument)
			buffered = true
			return sizeValid && size > 0 && size <= 16<<20
		case "gzip":
			buffered = true
			return word == "gzip" || len(argument) == 1 && argument >= "1" && argument <= "9"
		case "flush":
			flushed = true
			length, timeValid := parseNginxTime(argument)
			return timeValid && length > 0
		}
		return false
	})(value)
	return valid && (buffered || !flushed)
}

// isRewriteOrOff reports whether a value is off, or a pattern and its replacement.
func isRewriteOrOff(value string) bool {
	words := strings.Fields(value)
	return len(words) == 1 && words[0] == "off" || len(words) == 2 && isRewrite(words[0], words[1])
}

// isRedirectFrom checks the pattern of a rewrite. Another setting holds the replacement.
func isRedirectFrom(value string) bool { return isWord(value) && isRewrite(value, "") }

// isRedirectTo checks the replacement, which may use what the pattern captured.
func isRedirectTo(value string) bool { return isWord(value) && isRewrite("~", value) }

// isCipherList requires at least one cipher that OpenSSL knows, because nginx does not start without
// any. OpenSSL skips unknown ciphers.
func isCipherList(value string) bool {
	words := strings.FieldsFunc(value, func(c rune) bool { return c == ':' || c == ',' || c == ' ' })
	known := slices.ContainsFunc(words, func(word string) bool {
		parts := strings.FieldsFunc(word, func(c rune) bool { return c == '-' || c == '+' })
		selects := !strings.HasPrefix(word, "!") && !strings.HasPrefix(word, "-") && !strings.HasPrefix(word, "+")
		return selects && len(parts) > 0 && !slices.ContainsFunc(parts, func(part string) bool { return !slices.Contains(cipherParts, part) })
	})
	return known && !slices.ContainsFunc(words, func(word string) bool { return !isCipherWord(word) })
}

func isGroupList(value string) bool {
	return value == "auto" || !slices.ContainsFunc(strings.Split(value, ":"), func(group string) bool { return !slices.Contains(tlsGroups, group) })
}

// isTicketKey reports whether a value is a key as nginx reads it from a file: 48 bytes for AES-128 or
// 80 for AES-256.
func isTicketKey(value string) bool {
	key, err := base64.StdEncoding.DecodeString(value)
	return err == nil && (len(key) == 48 || len(key) == 80)
}

func isHost(value string) bool {
	inner, bracketed := strings.CutPrefix(value, "[")
	if bracketed {
		addr, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		return err == nil && addr.Is6() && addr.Zone() == "" && strings.HasSuffix(inner, "]")
	}
	return isHostName(value)
}

// isAuthURL reports whether the engine accepts a URL for authentication. It drops others.
func isAuthURL(value string) bool {
	parsed, err := url.Parse(value)
	return err == nil && (parsed.Scheme == "http" || parsed.Scheme == "https") && parsed.Host != "" && !strings.Contains(parsed.Host, "..") &&
		isWord(value) && hasHTTPVariables(value)
}

// isMapKeys checks the left sides of an nginx map. The template adds the right sides and the default.
func isMapKeys(value string) bool {
	seen := map[string]bool{}
	for _, key := range splitList(value) {
		pattern, isPattern := strings.CutPrefix(key, "~")
		if isPattern {
			pattern = strings.TrimPrefix(pattern, "*")
			if pattern == "" || brokenPattern(pattern) || !isWord(key) {
				return false
			}
			continue
		}
		if lower := strings.ToLower(key); !isWord(key) || slices.Contains(mapParameters, key) || seen[lower] {
			return false
		}
		seen[strings.ToLower(key)] = true
	}
	return true
}

// isGzipDisable accepts patterns of browsers, and msie6.
func isGzipDisable(value string) bool { return value != "" && !brokenPattern(value) }

// brokenPattern reports whether a regular expression is invalid in every dialect. Go supports less than
// nginx does, so a pattern that only Go refuses is not broken.
func brokenPattern(pattern string) bool {
	_, err := syntax.Parse(pattern, syntax.Perl)
	var refused *syntax.Error
	return errors.As(err, &refused) && slices.Contains(brokenPatterns, refused.Code)
}

// unrepeated reports whether a list has no duplicates. nginx refuses duplicates where each item opens a
// block or a socket.
func unrepeated(value string) bool {
	items := splitList(value)
	slices.Sort(items)
	return len(slices.Compact(items)) == len(splitList(value))
}

// isDictionary follows the engine, which reads a plain number as megabytes and accepts at most 200.
// nginx requires at least 8 KiB.
func isDictionary(value string) bool {
	name, size, _ := strings.Cut(value, ":")
	size = strings.TrimSpace(size)
	if size != "" && size[len(size)-1] >= '0' && size[len(size)-1] <= '9' {
		size += "m"
	}
	bytes, valid := parseSize(size)
	return isIdentifier(name) && valid && bytes >= 8<<10 && bytes <= 200<<20
}

var isIdentifier = matches(`[A-Za-z_][A-Za-z0-9_]*`)

// sizes accepts a size within bounds, in the format of nginx.
func sizes(from, to string) format {
	low, lowValid := parseSize(from)
	high, highValid := parseSize(to)
	return format{inArguments, func(value string) bool {
		size, valid := parseSize(value)
		return lowValid && highValid && valid && size >= low && size <= high
	}, "a size from " + from + " to " + to + ", such as 8k or 10m"}
}

// parseSize parses a size in bytes with an optional k or m. nginx supports g in few places.
func parseSize(value string) (int64, bool) {
	digits := strings.TrimRight(value, "kKmM")
	if len(value)-len(digits) > 1 || len(digits) > 10 || !isDigits(digits) {
		return 0, false
	}
	number, err := strconv.ParseInt(digits, 10, 64)
	switch strings.ToLower(value[len(digits):]) {
	case "k":
		number <<= 10
	case "m":
		number <<= 20
	}
	return number, err == nil
}

var isDigits = matches(`[0-9]+`)
