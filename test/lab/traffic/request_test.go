package traffic

import "testing"

func TestRequestBytes(t *testing.T) {
	request := Request{
		Target: "203.0.113.50:80", Host: "shop.example", Path: "/a?b=c",
		Forged: Forged{
			XForwardedFor: []string{"198.51.100.66", "198.51.100.67"}, XRealIP: []string{"198.51.100.66"},
			XOriginalForwardedFor: []string{"198.51.100.68"}, Forwarded: []string{"for=198.51.100.66"},
		},
		Headers: []Header{{"x-forwarded-FOR", "198.51.100.69"}, {"X_Forwarded_For", "198.51.100.70"}},
	}
	want := "GET /a?b=c HTTP/1.1\r\nHost: shop.example\r\n" +
		"X-Forwarded-For: 198.51.100.66\r\nX-Forwarded-For: 198.51.100.67\r\nX-Real-IP: 198.51.100.66\r\n" +
		"X-Original-Forwarded-For: 198.51.100.68\r\nForwarded: for=198.51.100.66\r\n" +
		"x-forwarded-FOR: 198.51.100.69\r\nX_Forwarded_For: 198.51.100.70\r\nConnection: close\r\n\r\n"
	got, err := request.Bytes()
	if err != nil || string(got) != want {
		t.Errorf("got  %q (error %v)\nwant %q", got, err, want)
	}
	kept, err := Request{Target: "a:80", Headers: []Header{{"connection", "keep-alive"}}}.Bytes()
	if want := "GET / HTTP/1.1\r\nHost: a:80\r\nconnection: keep-alive\r\n\r\n"; err != nil || string(kept) != want {
		t.Errorf("got  %q (error %v)\nwant %q", kept, err, want)
	}
}

func TestRequestThatCannotBeWritten(t *testing.T) {
	for name, request := range map[string]Request{
		"no target":                     {},
		"a host of two lines":           {Host: "a\r\nX: y"},
		"a path of two words":           {Host: "a", Path: "/a b"},
		"a path without a slash":        {Host: "a", Path: "a"},
		"a method of two words":         {Host: "a", Method: "GET /"},
		"a header without a name":       {Host: "a", Headers: []Header{{"", "b"}}},
		"a header's name with a colon":  {Host: "a", Headers: []Header{{"a:", "b"}}},
		"a header's value of two lines": {Host: "a", Forged: Forged{XRealIP: []string{"b\nc"}}},
	} {
		if bytes, err := request.Bytes(); err == nil {
			t.Errorf("%s: wrote %q", name, bytes)
		}
	}
}
