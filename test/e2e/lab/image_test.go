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
	building, stage, found := strings.Cut(string(content), "\nFROM scratch\n")
	if !found {
		t.Fatal("the Dockerfile's image is no longer made from scratch")
	}
	_, list, _ := strings.Cut((&Lab{root: "/root"}).operatorPrograms(), "=")
	programs := strings.Split(list, ",")
	for _, program := range programs {
		if !strings.Contains(building, " -o /out/"+filepath.Base(program)+" ") {
			t.Errorf("the Dockerfile does not build /out/%s", filepath.Base(program))
		}
	}
	entry := "/" + filepath.Base(programs[0])
	for _, line := range []string{"COPY --from=build /out/ /\n", "USER 65532:65532\n", `ENTRYPOINT ["` + entry + `"]` + "\n"} {
		if !strings.Contains(stage, line) {
			t.Errorf("the Dockerfile has no %q", line)
		}
	}
	if n := strings.Count(building, "/out/"); n != len(programs)+1 {
		t.Errorf("the Dockerfile names %d files in /out, want the %d programs and the licences", n, len(programs))
	}
	if n := len(regexp.MustCompile(`(?m)^[A-Z]+ `).FindAllString(stage, -1)); n != 6 {
		t.Errorf("the Dockerfile's image takes %d instructions, want six: ARG twice, LABEL, COPY, USER and ENTRYPOINT", n)
	}
}
