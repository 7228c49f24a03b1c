package evidence

// The names of the forged PROXY headers in reports. Forged headers have the names of the headers.
const (
	ForgedProxyV1 = "PROXY v1 header"
	ForgedProxyV2 = "PROXY v2 header"
)

const (
	// maxName is how many bytes of a name a report holds (SourceIPReport, forgeries).
	maxName       = 64
	severalValues = ", several values"
)

// ForgeryOf is the name of the forgery of this header in reports.
func ForgeryOf(header string) string { return header[:min(len(header), maxName)] }

// SeveralForgeriesOf is the name of the forgery that states several values of this header.
func SeveralForgeriesOf(header string) string {
	return header[:min(len(header), maxName-len(severalValues))] + severalValues
}
