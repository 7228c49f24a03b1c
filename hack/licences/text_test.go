package main

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestAModuleIsListedOnceHoweverManyOfItsPackagesAreLinked(t *testing.T) {
	got := parse("b v2\t/b\na v1\t/a\n\nb v2\t/b\n")
	if want := []module{{name: "a v1", dir: "/a"}, {name: "b v2", dir: "/b"}}; !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestWhichFilesAreLicencesAndNotices(t *testing.T) {
	for name, c := range map[string]struct {
		files []string
		want  string
	}{
		"a licence":                  {[]string{"LICENSE", "README.md", "license_test/x"}, "LICENSE"},
		"with an extension":          {[]string{"LICENSE.txt"}, "LICENSE.txt"},
		"in British English":         {[]string{"Licence"}, "Licence"},
		"a licence with notices":     {[]string{"LICENSE", "NOTICE", "PATENTS"}, "LICENSE\n\nNOTICE\n\nPATENTS"},
		"several licences":           {[]string{"COPYING.md", "LICENSE.BSD", "LICENSE.MPL-2.0"}, "COPYING.md\n\nLICENSE.BSD\n\nLICENSE.MPL-2.0"},
		"a notice without a licence": {[]string{"NOTICE"}, ""},
		"nothing":                    {[]string{"README.md"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			root := fstest.MapFS{}
			for _, file := range c.files {
				root[file] = &fstest.MapFile{Data: []byte(file + "\r\n")}
			}
			got, err := licenceText(root)
			if got != c.want || (err == nil) != (c.want != "") {
				t.Errorf("%q and the error %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestEachTextIsWrittenOnceBelowAllItsModules(t *testing.T) {
	got := render([]module{{name: "a v1", text: "one"}, {name: "b v1", text: "two"}, {name: "c v1", text: "one"}})
	line := strings.Repeat("=", 80)
	if want := line + "\na v1\nc v1\n\none\n\n" + line + "\nb v1\n\ntwo\n"; !strings.HasSuffix(got, want) {
		t.Errorf("%s\ndoes not end with\n%s", got, want)
	}
}
