package skew

import "testing"

func TestOf(t *testing.T) {
	for name, test := range map[string]struct {
		own, last string
		want      Skew
	}{
		"the same version":                                  {own: "v0.4.2", last: "v0.4.2", want: None},
		"the same version without its letter":               {own: "v0.4.2", last: "0.4.2", want: None},
		"an older patch served":                             {own: "v0.4.2", last: "v0.4.1", want: None},
		"an older minor version served":                     {own: "v0.4.2", last: "v0.1.9", want: None},
		"an older major version served":                     {own: "v1.0.0", last: "v0.9.0", want: None},
		"nobody served yet":                                 {own: "v0.4.2", last: "", want: None},
		"the next patch served":                             {own: "v0.4.2", last: "v0.4.3", want: Older},
		"numbers are no texts":                              {own: "v0.4.2", last: "v0.4.10", want: Older},
		"the next minor version served":                     {own: "v0.4.2", last: "v0.5.0", want: Older},
		"the last patch of the next minor version served":   {own: "v0.4.2", last: "v0.5.17", want: Older},
		"the minor version after the next served":           {own: "v0.4.2", last: "v0.6.0", want: TooOld},
		"a candidate of the one after the next served":      {own: "v0.4.2", last: "v0.6.0-rc.1", want: TooOld},
		"the next major version served":                     {own: "v0.4.2", last: "v1.0.0", want: TooOld},
		"a candidate of the next major version served":      {own: "v1.9.0", last: "v2.0.0-rc.1", want: TooOld},
		"the next major version with a lower minor version": {own: "v1.9.0", last: "v2.1.0", want: TooOld},

		"the release served, and this is its candidate":   {own: "v0.4.0-rc.1", last: "v0.4.0", want: Older},
		"the candidate served, and this is the release":   {own: "v0.4.0", last: "v0.4.0-rc.1", want: None},
		"candidates are counted":                          {own: "v0.4.0-rc.2", last: "v0.4.0-rc.10", want: Older},
		"builds of one version that differ in their data": {own: "v0.4.0+a", last: "v0.4.0+b", want: None},

		"commits after the tag served":                             {own: "v0.1.0", last: "v0.1.0-12-gabc1234", want: Older},
		"the tag served, and this has commits after it":            {own: "v0.1.0-12-gabc1234", last: "v0.1.0", want: None},
		"fewer commits than served":                                {own: "v0.1.0-3-g0a1b2c3", last: "v0.1.0-12-gabc1234", want: Older},
		"as many commits on another branch":                        {own: "v0.1.0-12-g0a1b2c3", last: "v0.1.0-12-gabc1234", want: None},
		"commits after a candidate":                                {own: "v0.1.0-rc.1", last: "v0.1.0-rc.1-3-gabc1234", want: Older},
		"commits after a candidate come before the release":        {own: "v0.1.0", last: "v0.1.0-rc.1-3-gabc1234", want: None},
		"commits after the next tag":                               {own: "v0.1.0-12-gabc1234", last: "v0.2.0-1-gabc1234", want: Older},
		"commits after the tag after the next":                     {own: "v0.1.0-12-gabc1234", last: "v0.3.0-1-gabc1234", want: TooOld},
		"changed files count for nothing":                          {own: "v0.1.0-12-gabc1234-dirty", last: "v0.1.0-12-gabc1234", want: None},
		"changed files count for nothing the other way round":      {own: "v0.1.0", last: "v0.1.0-dirty", want: None},
		"changed files after the tag after the next":               {own: "v0.1.0", last: "v0.3.0-dirty", want: TooOld},
		"more commits than a number can hold compare with nothing": {own: "v0.1.0", last: "v0.1.0-99999999999999999999-gabc1234x", want: None},

		"this is a build without a version":        {own: "dev", last: "v9.0.0", want: None},
		"this is a build with no version at all":   {own: "", last: "v9.0.0", want: None},
		"a build without a version served":         {own: "v0.4.2", last: "dev", want: None},
		"a commit alone served":                    {own: "v0.4.2", last: "abc1234", want: None},
		"a version of two numbers served":          {own: "v0.4.2", last: "v0.9", want: None},
		"a version of four numbers served":         {own: "v0.4.2", last: "v0.9.0.1", want: None},
		"a number with a zero before it served":    {own: "v0.4.2", last: "v0.09.0", want: None},
		"a number that is too large served":        {own: "v0.4.2", last: "v0.99999999999999999999.0", want: None},
		"several lines served":                     {own: "v0.4.2", last: "v0.9.0\nv1.0.0", want: None},
		"a date served, as nightly builds have it": {own: "v0.4.2", last: "nightly-2026-11-29", want: None},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Of(test.own, test.last); got != test.want {
				t.Errorf("%q after %q: got %s, want %s", test.own, test.last, got, test.want)
			}
		})
	}
}
