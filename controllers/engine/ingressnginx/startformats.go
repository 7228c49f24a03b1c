package ingressnginx

import "strings"

// startFormats describe values that only nginx itself reads, when it starts.
var startFormats = map[string]format{
	"retryReasons": {inArguments, wordsFrom(retryReasons), "one or more of " + strings.Join(retryReasons, ", ") + ", separated by spaces"},
	"tlsVersions":  {inArguments, wordsFrom(tlsVersions), "one or more of " + strings.Join(tlsVersions, ", ") + ", separated by spaces"},
	"tlsGroups":    {inArguments, isGroupList, "auto, or names of curves separated by colons, such as X25519:P-256"},
	"ciphers":      {inSingleQuotes, isCipherList, "names of OpenSSL ciphers for TLS 1.2 separated by colons, such as ECDHE-RSA-AES128-GCM-SHA256"},
	"ticketKey":    {inNoTemplate, isTicketKey, "48 or 80 random bytes in base64"},
	"mimeType":     {inArguments, isMIMEType, "a media type such as text/html"},
	"mimeTypes":    {inArguments, eachWord(isMIMEType), "media types separated by spaces, such as text/css application/json"},
	"buffers":      {inArguments, isBuffers, "a number up to 1024 and a size from 512 to 16m, such as \"4 16k\""},
	"affinity":     {inArguments, isAffinity, "auto, auto and a mask, or masks, such as \"0101 1010\""},
	"logParameters": {inArguments, isLogParameters,
		"buffer=size, gzip or gzip=1 to 9, and flush=time, such as \"buffer=16k flush=5s\"; to leave out requests, use skip-access-log-urls"},
	"rewrite":      {inArguments, isRewriteOrOff, "off, or a pattern and its replacement, such as \"one.example two.example\", with variables that nginx knows"},
	"redirectFrom": {inArguments, isRedirectFrom, "off, default or a pattern: one word, with variables that nginx knows"},
	"redirectTo":   {inArguments, isRedirectTo, "off or a replacement: one word, with variables that nginx knows"},
	"cacheTimes":   {inArguments, eachOf(isCacheTime), "status codes and a time, separated by commas, such as \"200 202 401 5m\""},
	"mapKeys": {inArguments, isMapKeys, "entries without spaces, each once, separated by commas; an entry that begins with ~ or ~* is a regular expression, " +
		"with \\s for a space"},
	"gzipDisable":     {inDoubleQuotes, isGzipDisable, "msie6 or a regular expression"},
	"host":            {inArguments, isHost, "a host name or an address, with brackets around an IPv6 address"},
	"authURL":         {inArguments, isAuthURL, "a URL such as https://auth.example.com/verify, with variables that nginx knows"},
	"path":            {inArguments, both(matches(`/\S*`), hasHTTPVariables), "a path such as /app, with variables that nginx knows"},
	"parameter":       {inArguments, matches(`[A-Za-z0-9_.~-]+`), "the name of a query parameter"},
	"wordOfVariables": {inArguments, both(isWord, hasHTTPVariables), "one word without spaces, with variables that nginx knows, such as $scheme"},
	"textOfVariables": {inDoubleQuotes, hasHTTPVariables, "one line with variables that nginx knows, such as $request_method"},
	"keyOfVariables":  {inSingleQuotes, hasHTTPVariables, "one line with variables that nginx knows, such as $remote_user"},
	"logFormat":       {inSingleQuotes, hasHTTPVariables, "one line with variables that nginx or ingress-nginx defines, such as $remote_addr or $req_id"},
	"streamLogFormat": {inSingleQuotes, hasStreamVariables, "one line with variables of nginx's stream module, such as $remote_addr or $bytes_sent"},
	"dictionaries":    {inArguments, eachOf(isDictionary), "name: size, separated by commas, from 8k to 200m, such as \"configuration_data: 20M\""},
}
