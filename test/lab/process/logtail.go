package process

import (
	"io"
	"os"
	"strings"
)

const (
	tailBytes = 8 << 10
	tailLines = 12
)

// LogTail returns the last lines of a log file for an error message, or says why
// there are none.
func LogTail(path string) string {
	file, err := os.Open(path)
	if err != nil {
		return "(no log: " + err.Error() + ")"
	}
	defer func() { _ = file.Close() }()
	if info, err := file.Stat(); err == nil && info.Size() > tailBytes {
		if _, err := file.Seek(-tailBytes, io.SeekEnd); err != nil {
			return "(unreadable log: " + err.Error() + ")"
		}
	}
	content, err := io.ReadAll(file)
	if err != nil {
		return "(unreadable log: " + err.Error() + ")"
	}
	return lastLines(string(content), tailLines)
}

func lastLines(text string, count int) string {
	text = strings.TrimRight(text, "\n")
	if text == "" {
		return "(empty log)"
	}
	lines := strings.Split(text, "\n")
	return strings.Join(lines[max(0, len(lines)-count):], "\n")
}
