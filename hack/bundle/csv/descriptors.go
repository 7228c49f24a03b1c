package csv

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"unicode"

	"github.com/operator-framework/api/pkg/operators/v1alpha1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// What the console of a cluster draws for a field.
const (
	drawText       = "urn:alm:descriptor:com.tectonic.ui:text"
	drawNumber     = "urn:alm:descriptor:com.tectonic.ui:number"
	drawChoice     = "urn:alm:descriptor:com.tectonic.ui:select:"
	drawResources  = "urn:alm:descriptor:com.tectonic.ui:resourceRequirements"
	drawSelector   = "urn:alm:descriptor:com.tectonic.ui:selector:core:v1:Node"
	drawConditions = "urn:alm:descriptor:io.kubernetes.conditions"
)

// wellKnown are fields that the console draws as a whole, by the last part of their path.
var wellKnown = map[string]string{
	"resources":  drawResources,
	"selector":   drawSelector,
	"conditions": drawConditions,
}

// descriptors describes each field below a schema: its path, a name for people, the comment of its
// Go type, and how it is drawn.
func descriptors(schema apiextensionsv1.JSONSchemaProps) []v1alpha1.SpecDescriptor {
	var found []v1alpha1.SpecDescriptor
	collect(&found, "", schema)
	slices.SortFunc(found, func(a, b v1alpha1.SpecDescriptor) int { return cmp.Compare(a.Path, b.Path) })
	return found
}

func collect(found *[]v1alpha1.SpecDescriptor, parent string, schema apiextensionsv1.JSONSchemaProps) {
	for name, field := range schema.Properties {
		path := strings.TrimPrefix(parent+"."+name, ".")
		*found = append(*found, v1alpha1.SpecDescriptor{
			Path:         path,
			DisplayName:  displayName(path),
			Description:  strings.Join(strings.Fields(field.Description), " "),
			XDescriptors: drawing(name, field),
		})
		if _, whole := wellKnown[name]; !whole {
			collect(found, path, field)
		}
	}
}

func drawing(name string, field apiextensionsv1.JSONSchemaProps) []string {
	if known, ok := wellKnown[name]; ok {
		return []string{known}
	}
	if len(field.Enum) > 0 {
		return choices(field.Enum)
	}
	switch field.Type {
	case "string":
		return []string{drawText}
	case "integer":
		return []string{drawNumber}
	default:
		return nil
	}
}

func choices(values []apiextensionsv1.JSON) []string {
	var drawn []string
	for _, value := range values {
		var text string
		if json.Unmarshal(value.Raw, &text) == nil {
			drawn = append(drawn, drawChoice+text)
		}
	}
	return drawn
}

// displayName returns the path in words. Its last two parts are enough to distinguish the fields:
// clientIP.proxyProtocol.trustedCIDRs becomes "Proxy Protocol Trusted CIDRs".
func displayName(path string) string {
	parts := strings.Split(path, ".")
	if len(parts) > 2 {
		parts = parts[len(parts)-2:]
	}
	var words []string
	for _, part := range parts {
		words = append(words, inWords(part)...)
	}
	return strings.Join(words, " ")
}

// inWords splits a JSON name at its capitals and keeps abbreviations together: ipFamilyPolicy is
// IP, Family, Policy.
func inWords(name string) []string {
	var words []string
	start := 0
	for i := 1; i < len(name); i++ {
		if unicode.IsUpper(rune(name[i])) && unicode.IsLower(rune(name[i-1])) {
			words = append(words, capital(name[start:i]))
			start = i
		}
	}
	return append(words, capital(name[start:]))
}

func capital(word string) string {
	switch word {
	case "ip", "http", "https":
		return strings.ToUpper(word)
	default:
		return strings.ToUpper(word[:1]) + word[1:]
	}
}
