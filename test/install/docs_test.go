package install_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/shellblocks"
)

// ofOLM is in the titles of the sections whose commands need OLM. The tests of test/olm run them.
const ofOLM = "OLM"

// TestTheCommandsOfTheDocumentationWork runs every shell block of docs/install.md, section by section, except for those of OLM.
func TestTheCommandsOfTheDocumentationWork(t *testing.T) {
	runPage(t, "install.md", 10)
}

func TestTheCommandsForPlatformTeamsWork(t *testing.T) {
	t.Cleanup(func() {
		if _, err := output(context.WithoutCancel(t.Context()), "", "kubectl", "delete", "clusterrolebinding", "--ignore-not-found", "edge-ingress-viewers", "edge-team-lamps"); err != nil {
			t.Error(err)
		}
	})
	runPage(t, "self-service.md", 8)
}

// runPage runs at least so many blocks.
func runPage(t *testing.T, page string, atLeast int) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(where.repository, "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, told := range shellblocks.Read(string(content)) {
		if len(told.Commands) == 0 || strings.Contains(told.Title, ofOLM) {
			continue
		}
		ran += len(told.Commands)
		t.Run(told.Title, func(t *testing.T) {
			emptyAfterwards(t)
			for _, command := range told.Commands {
				runBlock(t, command)
			}
		})
	}
	if ran < atLeast {
		t.Errorf("only %d blocks were run", ran)
	}
}

// TestTheREADMEInstalls runs the blocks of the README's section. The third is for OLM, and test/olm runs it.
func TestTheREADMEInstalls(t *testing.T) {
	blocks, err := shellblocks.OfREADME(filepath.Join(where.repository, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for i, way := range []string{"kubectl", "Helm"} {
		t.Run(way, func(t *testing.T) {
			emptyAfterwards(t)
			runBlock(t, blocks[i])
			if uidOfEdgeIngress(t) == "" {
				t.Error("there is no EdgeIngress public")
			}
		})
	}
}

func runBlock(t *testing.T, block string) {
	t.Helper()
	here := strings.ReplaceAll(block, where.programs.ReleaseFiles(), where.scratch+"/")
	if strings.Contains(here, "releases/download") {
		t.Fatalf("the page names files of another release than %s:\n%s", where.programs.Release, block)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	said, err := output(ctx, "", "bash", "-euo", "pipefail", "-c", "release="+where.scratch+"\n"+here)
	if err != nil {
		t.Fatalf("this block of the documentation fails:\n%s\n%v", block, err)
	}
	t.Logf("%s%s", block, said)
}
