package lab

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The test bed makes an image of any static programs, each as /BASENAME, and runs the first as the
// user nonroot. The tests use such an image of the operator, and users one from the Dockerfile.
// Only this test keeps the two the same.
func TestTheOperatorsImageIsWhatTheDockerfileMakes(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "..", "..", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	_, stage, found := strings.Cut(string(content), "\nFROM gcr.io/distroless/static:nonroot\n")
	if !found {
		t.Fatal("the Dockerfile's image is no longer made upon distroless' static image")
	}
	_, list, _ := strings.Cut((&Lab{root: "/root"}).images()[0], "=")
	programs, built := strings.Split(list, ","), ""
	for _, program := range programs {
		built += " /out/" + filepath.Base(program)
	}
	entry := "/" + filepath.Base(programs[0])
	for _, line := range []string{"COPY --from=build" + built + " /\n", "USER 65532:65532\n", `ENTRYPOINT ["` + entry + `"]` + "\n"} {
		if !strings.Contains(stage, line) {
			t.Errorf("the Dockerfile has no %q", line)
		}
	}
	if n := len(regexp.MustCompile(`(?m)^[A-Z]+ `).FindAllString(stage, -1)); n != 6 {
		t.Errorf("the Dockerfile's image takes %d instructions, want six: ARG twice, LABEL, COPY, USER and ENTRYPOINT", n)
	}
}
