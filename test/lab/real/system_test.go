package real

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheRemedyIsThatOfTheSystem(t *testing.T) {
	const debianRemedy = "as root, `make e2e-deps` installs containernetworking-plugins, runc and loads br_netfilter"
	for _, row := range []struct {
		name, release string
		packages      []string
		module        bool
		want          string
	}{
		{
			name: "Debian 12, everything", release: "debian-12", packages: []string{"runc", pluginPackage, pluginPackage}, module: true,
			want: debianRemedy,
		},
		{
			name: "Debian 13, everything", release: "debian-13", packages: []string{"runc", pluginPackage, pluginPackage}, module: true,
			want: debianRemedy,
		},
		{name: "Debian 13, only packages", release: "debian-13", packages: []string{"runc"}, want: "as root, `make e2e-deps` installs runc"},
		{name: "Debian 13, only the module", release: "debian-13", module: true, want: "as root, `make e2e-deps` loads br_netfilter"},
		{
			name: "Ubuntu 24.04, a package of universe", release: "ubuntu-24.04", packages: []string{"runc", pluginPackage}, module: true,
			want: debianRemedy + "; containernetworking-plugins is in Ubuntu's component universe: where that is off, `add-apt-repository universe` first",
		},
		{name: "Ubuntu 24.04, packages of main", release: "ubuntu-24.04", packages: []string{"runc"}, want: "as root, `make e2e-deps` installs runc"},
		{
			name: "Fedora, everything", release: "fedora-42", packages: []string{"runc", pluginPackage}, module: true,
			want: "`make e2e-deps` is for Debian and Ubuntu: install what Fedora Linux 42 (Server Edition) has for Debian's packages " +
				"containernetworking-plugins, runc, with the network plugins in /usr/lib/cni",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			content, err := os.ReadFile(filepath.Join("testdata", "os-release-"+row.release))
			if err != nil {
				t.Fatal(err)
			}
			if got := parseSystem(string(content)).remedy(row.packages, row.module); got != row.want {
				t.Errorf("the remedy is\n%s\nwant\n%s", got, row.want)
			}
		})
	}
	if got := (system{}).remedy([]string{"runc"}, false); !strings.Contains(got, "what this system has") {
		t.Errorf("without os-release, the remedy is %s", got)
	}
}

func TestAnOSReleaseIsReadWithAnyQuotes(t *testing.T) {
	for content, want := range map[string]string{"ID=debian\n": "debian", "ID=\"debian\"\n": "debian", "# a comment\nID='debian'": "debian", "": ""} {
		if got := parseSystem(content); got.id != want {
			t.Errorf("%q has the ID %q, want %q", content, got.id, want)
		}
	}
	mint := parseSystem("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n")
	if !mint.is("debian") || !mint.is("ubuntu") || mint.is("fedora") {
		t.Errorf("a system that is made from Ubuntu and Debian is %+v", mint)
	}
}
