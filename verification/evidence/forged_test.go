package evidence

import (
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func TestBelieved(t *testing.T) {
	rows := map[string]struct {
		given []change
		want  string
	}{
		"nothing was believed":         {},
		"a node believes the prober":   {given: []change{onSights(httpOfEdge1, sees(v1alpha1.SeenForged, "", 1))}, want: "public-inside-app-1"},
		"the prober is trusted":        {given: []change{onSights(httpOfEdge1, func(s *v1alpha1.Sight) { s.Seen, s.Source = v1alpha1.SeenForged, "172.16.9.4" })}},
		"the control was answered":     {given: []change{onSights(httpOfEdge1, sees(v1alpha1.SeenForged, "", 1)), onReport(func(r *v1alpha1.SourceIPReport) { r.Status.Control.Answered = true })}},
		"a client outside is believed": {given: []change{func(_ *Facts, r []v1alpha1.SourceIPReport) { r[1].Status.Sights[1].Seen = v1alpha1.SeenForged }}, want: "public-outside"},
		"through an address not published": {given: []change{func(_ *Facts, r []v1alpha1.SourceIPReport) {
			throughCDN(&r[1], func(s *v1alpha1.Sight) {
				if forgedSight(*s) {
					s.Seen = v1alpha1.SeenForged
				}
			})
		}}, want: "public-outside"},
		"a sender whose NAT is trusted": {given: []change{func(_ *Facts, r []v1alpha1.SourceIPReport) {
			for i := range r[1].Status.Sights {
				s := &r[1].Status.Sights[i]
				s.Source = "192.168.1.4"
				sees(v1alpha1.SeenOther, "172.16.9.4", 2)(s)
				if forgedSight(*s) {
					s.Seen = v1alpha1.SeenForged
				}
			}
		}}},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			f, reports := facts(), []v1alpha1.SourceIPReport{inside("app-1"), outside()}
			for _, do := range row.given {
				do(&f, reports)
			}
			got := ""
			if belief := Believed(f, reports); belief != nil {
				got = belief.Report
			}
			if got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	const header = "X-Forwarded-For"
	cdn := onReport(func(r *v1alpha1.SourceIPReport) { throughCDN(r, func(*v1alpha1.Sight) {}) })
	front := onFacts(func(f *Facts) { f.HeaderFront = true })
	proxied := onSights(anySight, reached("172.16.9.4"))
	behindNAT := func(s *v1alpha1.Sight) { s.Source = "192.168.1.4"; sees(v1alpha1.SeenOther, "198.51.100.1", 2)(s) }
	rows := map[string]struct {
		given  []change
		header string
		proxy  bool
		want   string
	}{
		"a balancer that writes the header":      {given: []change{proxied}, header: header, want: published},
		"a balancer that speaks PROXY protocol":  {given: []change{proxied}, proxy: true, want: published},
		"both":                                   {given: []change{onSights(anySight, reached("172.16.9.4", "172.16.9.5"))}, header: header, proxy: true, want: published},
		"a CDN that was crossed":                 {given: []change{front, cdn}, header: header, want: "www.example.com"},
		"a CDN that a host name does not cross":  {given: []change{front, onReport(func(r *v1alpha1.SourceIPReport) { throughCDN(r, reached(outsider)) })}, header: header},
		"a NAT that a host name crosses instead": {given: []change{front, cdn, onSights(anySight, reached("198.51.100.1")), onSights(anySight, behindNAT)}, header: header},
		"a balancer that is not trusted":         {given: []change{onSights(anySight, reached("9.9.9.9"))}, proxy: true},
		"nothing says who connected":             {given: []change{onSights(anySight, reached())}, proxy: true},
		"a proxy that the PROXY header names":    {given: []change{onSights(anySight, reached("172.16.9.4", "9.9.9.9"))}, proxy: true, want: published},
		"one behind it that is not trusted":      {given: []change{onSights(anySight, reached("172.16.9.4", "9.9.9.9"))}, header: header, proxy: true},
		"a sender that is a proxy itself":        {given: []change{proxied, onSights(anySight, from("172.16.9.4"))}, header: header},
		"a CDN that was not crossed":             {given: []change{front}, header: header},
		"another header":                         {header: "CF-Connecting-IP"},
		"one forgery was not sent":               {given: []change{onSights(withForgery(ForgedProxyV1), func(s *v1alpha1.Sight) { s.Forgeries = s.Forgeries[:1] })}, proxy: true},
		"one forgery was believed":               {given: []change{onSights(withForgery(ForgedProxyV1), sees(v1alpha1.SeenForged, "", 1))}, header: header},
		"a forgery was not answered":             {given: []change{onSights(withForgery(header), sees(v1alpha1.SeenNobody, "", 1))}, header: header},
		"a forgery got an error":                 {given: []change{proxied, onSights(withForgery(header), func(s *v1alpha1.Sight) { s.Seen, s.Detail = v1alpha1.SeenUnsigned, "HTTP 400" })}, header: header, want: published},
		"a PROXY header made it unreadable":      {given: []change{proxied, onSights(withForgery(ForgedProxyV1), nobody("ClosedWithoutAnswer"))}, proxy: true, want: published},
		"a PROXY header never arrived":           {given: []change{onSights(withForgery(ForgedProxyV1), nobody("ConnectTimedOut"))}, proxy: true},
		"the plain request was not answered":     {given: []change{onSights(plainSight, sees(v1alpha1.SeenNobody, "", 1))}, header: header},
		"the evidence has ended":                 {given: []change{onSights(anySight, taken(OutsideLife))}, header: header},
		"the path was changed":                   {given: []change{onFacts(func(f *Facts) { f.PathDigest = "newer" })}, header: header},
		"a sender in the cluster":                {given: []change{onSights(anySight, from("10.0.0.13"))}, header: header},
		"a trusted sender that is believed":      {given: []change{onSights(anySight, from("172.16.9.4")), onSights(forgedSight, sees(v1alpha1.SeenForged, "", 1))}, header: header},
		"an inside report that claims the same":  {given: []change{onReport(func(r *v1alpha1.SourceIPReport) { r.Spec.Vantage = v1alpha1.VantageInside })}, header: header},
		"a sender behind a NAT sees the refusal": {given: []change{proxied, onSights(anySight, behindNAT)}, header: header, want: published},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			f, reports := facts(), []v1alpha1.SourceIPReport{outside()}
			for _, do := range row.given {
				do(&f, reports)
			}
			got := ""
			if refusal := Refused(f, reports, row.header, row.proxy); refusal != nil {
				got = refusal.Address
			}
			if got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func nobody(detail string) func(*v1alpha1.Sight) {
	return func(s *v1alpha1.Sight) { s.Seen, s.Detail = v1alpha1.SeenNobody, detail }
}

func TestRefusing(t *testing.T) {
	header, proxy := []string{"X-Real-IP"}, []string{ForgedProxyV1, ForgedProxyV2}
	for _, row := range []struct {
		forgeries []string
		seen      v1alpha1.Seen
		detail    string
		want      bool
	}{
		{proxy, v1alpha1.SeenNobody, "ClosedWithoutAnswer", true},
		{proxy, v1alpha1.SeenNobody, "ConnectionReset", true},
		{proxy, v1alpha1.SeenNobody, "TLSFailed", true},
		{proxy, v1alpha1.SeenUnsigned, "NotHTTP", true},
		{proxy, v1alpha1.SeenUnsigned, "HTTP 400", true},
		{header, v1alpha1.SeenUnsigned, "HTTP 400", true},
		{proxy, v1alpha1.SeenUnsigned, "HTTP 404", false},
		{header, v1alpha1.SeenUnsigned, "HTTP 404", false},
		{proxy, v1alpha1.SeenUnsigned, "HTTP 502", false},
		{proxy, v1alpha1.SeenUnsigned, "NotSigned", false},
		{proxy, v1alpha1.SeenNobody, "", false},
		{proxy, v1alpha1.SeenNobody, "ConnectTimedOut", false},
		{proxy, v1alpha1.SeenNobody, "ConnectRefused", false},
		{proxy, v1alpha1.SeenNobody, "ConnectFailed", false},
		{proxy, v1alpha1.SeenNobody, "NoRoute", false},
		{proxy, v1alpha1.SeenNobody, "NotPermitted", false},
		{proxy, v1alpha1.SeenNobody, "SourceNotHere", false},
		{proxy, v1alpha1.SeenNobody, "AnswerTimedOut", false}, // A packet may have been lost.
		{header, v1alpha1.SeenNobody, "ClosedWithoutAnswer", false},
		{append(proxy, header...), v1alpha1.SeenNobody, "ClosedWithoutAnswer", false},
		{nil, v1alpha1.SeenUnsigned, "HTTP 400", false},
		{proxy, v1alpha1.SeenOwn, "", false},
	} {
		if got := Refusing(&v1alpha1.Sight{Forgeries: row.forgeries, Seen: row.seen, Detail: row.detail}); got != row.want {
			t.Errorf("%v: %s %s counts as refused: %v", row.forgeries, row.seen, row.detail, got)
		}
	}
}
