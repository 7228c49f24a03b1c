package catalog

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Read reads what Write wrote. Something of another kind is an error, because it would be lost.
func Read(input io.Reader) (Catalogue, error) {
	var found Catalogue
	documents := json.NewDecoder(input)
	for {
		var document json.RawMessage
		err := documents.Decode(&document)
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err == nil {
			err = found.read(document)
		}
		if err != nil {
			return Catalogue{}, fmt.Errorf("reading a catalogue: %w", err)
		}
	}
}

func (c *Catalogue) read(document json.RawMessage) error {
	var kind struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(document, &kind); err != nil {
		return err
	}
	switch kind.Schema {
	case "olm.package":
		return strictly(document, &c.Package)
	case "olm.channel":
		c.Channels = append(c.Channels, Channel{})
		return strictly(document, &c.Channels[len(c.Channels)-1])
	case "olm.bundle":
		c.Bundles = append(c.Bundles, Bundle{})
		return c.Bundles[len(c.Bundles)-1].read(document)
	default:
		return fmt.Errorf("there is something of the schema %q, which make catalog never writes", kind.Schema)
	}
}

// read reads a bundle as bundleOf makes it: without the white space that Write adds to values.
func (b *Bundle) read(document json.RawMessage) error {
	if err := strictly(document, b); err != nil {
		return err
	}
	for i := range b.Properties {
		var value bytes.Buffer
		if err := json.Compact(&value, b.Properties[i].Value); err != nil {
			return err
		}
		b.Properties[i].Value = value.Bytes()
	}
	return nil
}

// strictly decodes a document. A field that would be lost is an error.
func strictly(document json.RawMessage, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// Write writes the catalogue, one JSON document after the other: the package, its channels, and its versions.
func Write(output io.Writer, c Catalogue) error {
	documents := []any{c.Package}
	for _, channel := range c.Channels {
		documents = append(documents, channel)
	}
	for _, bundle := range slices.SortedFunc(slices.Values(c.Bundles), func(a, b Bundle) int { return cmp.Compare(a.Name, b.Name) }) {
		documents = append(documents, bundle)
	}
	encoder := json.NewEncoder(output)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false) // People read the ranges.
	for _, document := range documents {
		if err := encoder.Encode(document); err != nil {
			return fmt.Errorf("writing a catalogue: %w", err)
		}
	}
	return nil
}
