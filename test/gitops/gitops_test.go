// Package gitops checks that GitOps tools read the status of an EdgeIngress right: Flux, which uses kstatus,
// and Argo CD, which runs a script in Lua. The objects in testdata are what the operator writes; a test of
// controllers/assess keeps them so. The package has tests only, on purpose.
package gitops

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
	"sigs.k8s.io/yaml"
)

const (
	root   = "../../"
	script = root + "config/gitops/argocd/health.lua"
)

// What Argo CD calls the health of an object.
const (
	healthy     = "Healthy"
	progressing = "Progressing"
	degraded    = "Degraded"
)

// reading is what the tools should make of an object.
type reading struct {
	kstatus status.Status
	argo    string
	// says is a part of what Argo CD shows.
	says string
}

// readings are those of each object in testdata. kstatus knows no failure without a condition Stalled, so an
// object that is not Ready is in progress until the tool's own time is over. Argo CD calls every object that is
// being deleted progressing, and does not ask the script.
var readings = map[string]reading{
	"unseen":               {status.InProgressStatus, progressing, "The operator has not looked at this spec yet."},
	"outdated":             {status.InProgressStatus, progressing, "The operator has not looked at this spec yet."},
	"first-pass":           {status.InProgressStatus, progressing, "NodesReady is Unknown"},
	"controllers-starting": {status.InProgressStatus, progressing, "ControllerAvailable is False"},
	"no-endpoints":         {status.InProgressStatus, progressing, "LoadBalancerReady is False"},
	"no-address":           {status.InProgressStatus, progressing, "LoadBalancerReady is False"},
	"no-answer":            {status.InProgressStatus, progressing, "LoadBalancerReady is Unknown"},
	"ready":                {status.CurrentStatus, healthy, "are True"},
	"no-nodes":             {status.InProgressStatus, degraded, "NodesReady is False"},
	"write-refused":        {status.InProgressStatus, degraded, "denied the request"},
	"unknown-setting":      {status.InProgressStatus, degraded, "ConfigEffective is False"},
	"operator-too-old":     {status.InProgressStatus, degraded, "Install v0.9.1 or a newer version"},
	"deleting":             {status.TerminatingStatus, progressing, "being deleted"},
}

func TestToolsReadTheStatusRight(t *testing.T) {
	code, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(readings) {
		t.Errorf("%d objects are recorded, and %d are expected", len(files), len(readings))
	}
	for name, want := range readings {
		t.Run(name, func(t *testing.T) {
			object := recorded(t, name)
			result, err := status.Compute(object)
			if err != nil {
				t.Fatal(err)
			}
			if result.Status != want.kstatus {
				t.Errorf("kstatus says %s (%s), want %s", result.Status, result.Message, want.kstatus)
			}
			health, message := argoHealth(t, string(code), object)
			if health != want.argo || !strings.Contains(message, want.says) {
				t.Errorf("Argo CD says %s (%s), want %s with %q", health, message, want.argo, want.says)
			}
		})
	}
}

// TestAnObjectWithoutAnyStatusIsHealthyForNoTool is about a CRD of a version that gave the status no default, as an
// older installation may still have it.
func TestAnObjectWithoutAnyStatusIsHealthyForNoTool(t *testing.T) {
	code, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	object := recorded(t, "unseen")
	unstructured.RemoveNestedField(object.Object, "status")
	if health, message := argoHealth(t, string(code), object); health != progressing {
		t.Errorf("Argo CD says %s (%s), want %s", health, message, progressing)
	}
	// This is why the CRD has the default: without a status kstatus takes the object for complete.
	if result, err := status.Compute(object); err != nil || result.Status != status.CurrentStatus {
		t.Errorf("kstatus says %v, %v; if it does not say Current any more, the default of status in the CRD is not needed", result, err)
	}
}

func recorded(t *testing.T, name string) *unstructured.Unstructured {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := yaml.YAMLToJSON(content)
	if err != nil {
		t.Fatal(err)
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(encoded); err != nil {
		t.Fatal(err)
	}
	return object
}

// argoHealth runs the script as Argo CD does: with Lua's base and tables, and without its other libraries.
func argoHealth(t *testing.T, code string, object *unstructured.Unstructured) (health, message string) {
	t.Helper()
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for _, library := range []struct {
		name string
		open lua.LGFunction
	}{{lua.LoadLibName, lua.OpenPackage}, {lua.BaseLibName, lua.OpenBase}, {lua.TabLibName, lua.OpenTable}} {
		if err := state.CallByParam(lua.P{Fn: state.NewFunction(library.open), Protect: true}, lua.LString(library.name)); err != nil {
			t.Fatal(err)
		}
	}
	state.SetGlobal("obj", toLua(t, state, object.Object))
	if err := state.DoString(code); err != nil {
		t.Fatal(err)
	}
	answer, isTable := state.Get(-1).(*lua.LTable)
	if !isTable {
		t.Fatalf("the script returns a %s, want a table", state.Get(-1).Type())
	}
	return answer.RawGetString("status").String(), answer.RawGetString("message").String()
}

func toLua(t *testing.T, state *lua.LState, value any) lua.LValue {
	t.Helper()
	switch value := value.(type) {
	case nil:
		return lua.LNil
	case string:
		return lua.LString(value)
	case bool:
		return lua.LBool(value)
	case int64:
		return lua.LNumber(value)
	case float64:
		return lua.LNumber(value)
	case []any:
		table := state.NewTable()
		for _, item := range value {
			table.Append(toLua(t, state, item))
		}
		return table
	case map[string]any:
		table := state.NewTable()
		for key, item := range value {
			table.RawSetString(key, toLua(t, state, item))
		}
		return table
	}
	t.Fatalf("an object has a %T", value)
	return lua.LNil
}

// reasonsInScript are the words of the script that look like the reason of a condition.
var reasonsInScript = regexp.MustCompile(`(?m)^  ([A-Z]\w+) = true,$|condition\.reason == "(\w+)"`)

func TestTheScriptNamesReasonsThatExist(t *testing.T) {
	code, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	constants, err := os.ReadFile(root + "api/v1alpha1/condition_types.go")
	if err != nil {
		t.Fatal(err)
	}
	found := reasonsInScript.FindAllStringSubmatch(string(code), -1)
	if len(found) < 4 {
		t.Errorf("found %d reasons in the script: too few to be all", len(found))
	}
	for _, match := range found {
		reason := match[1] + match[2]
		if !strings.Contains(string(constants), "Reason"+reason+" = \""+reason+"\"\n") {
			t.Errorf("the script names the reason %s, and no condition has it", reason)
		}
	}
}

// TestTheDocumentShowsTheScript compares the script with the ConfigMap that docs/gitops.md shows.
func TestTheDocumentShowsTheScript(t *testing.T) {
	code, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	document, err := os.ReadFile(root + "docs/gitops.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range strings.Split(string(document), "```yaml\n")[1:] {
		text, _, _ := strings.Cut(block, "```")
		var configMap struct {
			Data map[string]string `json:"data"`
		}
		if err := yaml.Unmarshal([]byte(text), &configMap); err != nil {
			t.Errorf("a block of docs/gitops.md is no YAML: %v\n%s", err, text)
			continue
		}
		if shown := configMap.Data["resource.customizations.health.edgeingress.dev_EdgeIngress"]; shown == string(code) {
			return
		}
	}
	t.Errorf("docs/gitops.md does not show %s as it is", script)
}
