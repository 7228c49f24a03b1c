package olm_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/edge-ingress/edge-ingress-operator/test/shellblocks"
)

// section returns the section of docs/install.md with this title. The tests of test/install run those without OLM in their titles.
func section(t *testing.T, title string) shellblocks.Story {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(where.Repository, "docs", "install.md"))
	if err != nil {
		t.Fatal(err)
	}
	var found []shellblocks.Story
	for _, story := range shellblocks.Read(string(content)) {
		if strings.Contains(story.Title, "OLM") {
			found = append(found, story)
		}
	}
	if len(found) != 2 {
		t.Fatalf("docs/install.md has %d sections with OLM in their titles, and two tests here", len(found))
	}
	for _, story := range found {
		if story.Title == title && len(story.Commands) > 0 {
			return story
		}
	}
	t.Fatalf("docs/install.md has no commands in a section %q", title)
	return shellblocks.Story{}
}

// inScratch makes a block download what a release has from the scratch directory.
func inScratch(block string) string {
	return strings.ReplaceAll(block, where.ReleaseFiles(), where.scratch+"/")
}

func runBlocks(t *testing.T, blocks []string) {
	t.Helper()
	for _, block := range blocks {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		said, err := where.Output(ctx, "", "bash", "-euo", "pipefail", "-c", "release="+where.scratch+"\n"+inScratch(block))
		cancel()
		if err != nil {
			t.Fatalf("this block of the documentation fails:\n%s\n%v", block, err)
		}
		t.Logf("%s%s", block, said)
	}
}

func TestTheCommandsOfTheDocumentationWork(t *testing.T) {
	emptyAfterwards(t)
	offer(t, current)
	runBlocks(t, section(t, "OLM").Commands)
	// OLM removes the roles of an OperatorGroup, which are called olm.og, a moment after it.
	eventually(t, "nothing is left", func(ctx context.Context) error {
		left, err := where.Output(ctx, "", "bash", "-c", "kubectl get crd,clusterrole,clusterrolebinding,validatingadmissionpolicy --output=name | grep -i -e edge-ingress -e edgeingress || true")
		if err == nil && left != "" {
			err = fmt.Errorf("after all commands of the section, these are left:\n%s", left)
		}
		return err
	})
}

// TestTheDocumentationLeadsFromOLMToHelmAndBack starts with what OLM installed and an EdgeIngress, and ends with OLM again.
func TestTheDocumentationLeadsFromOLMToHelmAndBack(t *testing.T) {
	emptyAfterwards(t)
	offer(t, current)
	subscribe(t, "stable")
	installed(t, where.Release)
	where.Must(t, "kubectl", "apply", "--server-side", "-f", besideBundle())
	hasWhatConfigHas(t)
	uid := createEdgeIngress(t)
	same := func(when string) {
		t.Helper()
		if now := where.Field(t, "{.metadata.uid}", "edgeingress/public"); now != uid {
			t.Errorf("%s, the EdgeIngress was replaced: uid %s became %s", when, uid, now)
		}
	}

	blocks := section(t, "From OLM and to OLM").Commands
	if len(blocks) != 6 || !strings.Contains(blocks[1], "--take-ownership") || !strings.Contains(blocks[3], "helm uninstall") ||
		!strings.Contains(blocks[4], "install.yaml") || !strings.Contains(blocks[5], "delete --ignore-not-found namespace") {
		t.Fatalf("the section has other commands than this test knows:\n%s", strings.Join(blocks, "\n"))
	}
	runBlocks(t, blocks[:1])
	eventuallyGone(t, "deployment/"+operator)
	where.Refused(t, []string{"invalid ownership metadata"}, "bash", "-euo", "pipefail", "-c",
		inScratch(strings.ReplaceAll(blocks[1], "--take-ownership", "")))
	runBlocks(t, blocks[1:3])
	same("with Helm")
	eventually(t, "the roles edit and admin cannot write EdgeIngress objects", onlyRead)
	runBlocks(t, blocks[3:4])
	same("without Helm")

	subscribe(t, "stable")
	installed(t, where.Release)
	same("with OLM again")

	where.Must(t, "kubectl", "apply", "--server-side", "-f", besideBundle())
	runBlocks(t, blocks[4:5])
	where.Must(t, "kubectl", "rollout", "status", "--namespace="+operatorNamespace, "deployment/"+operator, "--timeout=2m")
	same("with kubectl")
	eventually(t, "the roles edit and admin cannot write EdgeIngress objects", onlyRead)
	runBlocks(t, blocks[5:])
	same("without kubectl")

	subscribe(t, "stable")
	installed(t, where.Release)
	where.Must(t, "kubectl", "apply", "--server-side", "-f", besideBundle())
	same("with OLM once more")
	hasWhatConfigHas(t)
}

// TestTheREADMEInstallsWithOLM runs the third block of the README's section, with the catalog in place that it asks for.
func TestTheREADMEInstallsWithOLM(t *testing.T) {
	emptyAfterwards(t)
	offer(t, current)
	blocks, err := shellblocks.OfREADME(filepath.Join(where.Repository, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	runBlocks(t, blocks[2:])
	if created := where.Field(t, "{.metadata.uid}", "edgeingress/public"); created == "" {
		t.Error("there is no EdgeIngress public")
	}
}

// The page and the repository have the same Subscription.
func TestTheRepositoryHasTheSubscriptionOfThePage(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(where.Repository, "config", "samples", "olm", "subscription.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	_, documents, _ := strings.Cut(string(content), "apiVersion: v1\n")
	if page := strings.Join(section(t, "OLM").Commands, ""); !strings.Contains(page, "apiVersion: v1\n"+documents+"EOF\n") {
		t.Errorf("no block of docs/install.md contains what config/samples/olm/subscription.yaml does")
	}
}

// onlyRead looks at what edit and admin may do with EdgeIngress objects. Both include view.
func onlyRead(ctx context.Context) error {
	said, err := where.Output(ctx, "", "kubectl", "get", "clusterrole", "edit", "admin", "--output=json")
	if err != nil {
		return err
	}
	var list rbacv1.ClusterRoleList
	if err := json.Unmarshal([]byte(said), &list); err != nil {
		return err
	}
	for _, role := range list.Items {
		for _, rule := range role.Rules {
			if slices.Contains(rule.Resources, "edgeingresses") && !slices.Equal(rule.Verbs, []string{"get", "list", "watch"}) {
				return fmt.Errorf("the role %s has the verbs %v", role.Name, rule.Verbs)
			}
		}
	}
	return nil
}
