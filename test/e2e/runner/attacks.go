package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/lab"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/scenario"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/realcluster"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
)

// tenant creates an Ingress in the application's namespace, with a path that is a regular expression.
func (d *done) tenant(ctx context.Context, host, path string) error {
	kind := networkingv1.PathTypeImplementationSpecific
	ingress := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{
		Namespace: lab.ApplicationNamespace, Name: "tenant-" + d.object.name, Annotations: map[string]string{"nginx.ingress.kubernetes.io/use-regex": "true"},
	}}
	ingress.Spec.IngressClassName = &d.object.name
	ingress.Spec.Rules = []networkingv1.IngressRule{{
		Host: host,
		IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{
			Path: path, PathType: &kind,
			Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "echo", Port: networkingv1.ServiceBackendPort{Number: httpPort}}},
		}}}},
	}}
	if err := d.object.client().Create(ctx, ingress); err != nil {
		return fmt.Errorf("creating the tenant's Ingress: %w", err)
	}
	d.later(func(ctx context.Context) error { return d.object.client().Delete(ctx, ingress) })
	return nil
}

// takeWitnessHost makes a tenant's application answer in place of the witness. A regular expression makes
// the tenant's path the longer one, which the controller prefers.
func (d *done) takeWitnessHost(ctx context.Context) error {
	host := names.WitnessHost(d.object.name)
	if err := d.tenant(ctx, host, answer.Path+"[-_.0-9A-Za-z]+"); err != nil {
		return err
	}
	return objects.Await(ctx, "the tenant's application to answer for the witness", restLimit, func(ctx context.Context) (bool, string, error) {
		page, err := d.ask(ctx, host, answer.Path+"nonce.0")
		return page.Echo != nil, page.String(), err
	})
}

// refusedConfig creates an Ingress of a tenant that the controller cannot load, and then changes a setting. The
// controller tries out what it generates, and keeps the configuration of before.
func (d *done) refusedConfig(ctx context.Context) error {
	if err := d.tenant(ctx, "broken.e2e.test", "/broken("); err != nil {
		return err
	}
	d.later(func(ctx context.Context) error { return d.keepAlive(ctx, "null") })
	return d.keepAlive(ctx, `"74"`)
}

func (d *done) keepAlive(ctx context.Context, value string) error {
	edge := &v1alpha1.EdgeIngress{ObjectMeta: d.object.meta()}
	patch := fmt.Appendf(nil, `{"spec":{"controller":{"config":{"keep-alive":%s}}}}`, value)
	if err := d.object.client().Patch(ctx, edge, client.RawPatch(types.MergePatchType, patch)); err != nil {
		return fmt.Errorf("changing a setting of EdgeIngress %s: %w", d.object.name, err)
	}
	return nil
}

// forgeReports tries to write reports without the right to. All are refused.
func (d *done) forgeReports(ctx context.Context) error {
	report := func(name string, spec v1alpha1.SourceIPReportSpec) *v1alpha1.SourceIPReport {
		spec.EdgeIngress = d.object.name
		return &v1alpha1.SourceIPReport{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: names.Labels(d.object.name)}, Spec: spec}
	}
	inside := report("forged-inside", v1alpha1.SourceIPReportSpec{Vantage: v1alpha1.VantageInside, Node: scenario.Worker1})
	if err := refusal(d.object.client().Create(ctx, inside)); err != nil {
		return fmt.Errorf("writing a prober's report as an administrator: %w", err)
	}
	there, err := d.insideReport(ctx)
	if err != nil {
		return err
	}
	there.Status.Sights = nil
	if err := refusal(d.object.client().Status().Update(ctx, there)); err != nil {
		return fmt.Errorf("changing the prober's report as an administrator: %w", err)
	}
	config := rest.CopyConfig(d.object.runner.lab.Config)
	config.Impersonate = rest.ImpersonationConfig{UserName: "tenant", Groups: []string{"system:authenticated"}}
	tenant, err := client.New(config, client.Options{Scheme: d.object.client().Scheme()})
	if err != nil {
		return fmt.Errorf("asking as a tenant: %w", err)
	}
	if err := refusal(tenant.Create(ctx, report("forged-outside", v1alpha1.SourceIPReportSpec{Vantage: v1alpha1.VantageOutside}))); err != nil {
		return fmt.Errorf("writing an outside report without a right: %w", err)
	}
	d.notes = append(d.notes, "three forged reports were refused")
	return nil
}

// refusal returns nil where the API server refused, and what it did instead otherwise.
func refusal(err error) error {
	switch {
	case err == nil:
		return errors.New("the API server accepted it")
	case apierrors.IsForbidden(err), apierrors.IsInvalid(err):
		return nil
	}
	return err
}

// insideReport is a prober's report about the EdgeIngress that holds challenges.
func (d *done) insideReport(ctx context.Context) (*v1alpha1.SourceIPReport, error) {
	var found *v1alpha1.SourceIPReport
	err := objects.Await(ctx, "a prober's report with challenges", measureLimit, func(ctx context.Context) (bool, string, error) {
		reports := &v1alpha1.SourceIPReportList{}
		if err := d.object.client().List(ctx, reports); err != nil {
			return false, "", err
		}
		for i := range reports.Items {
			report := &reports.Items[i]
			if report.Spec.EdgeIngress == d.object.name && report.Spec.Vantage == v1alpha1.VantageInside && len(report.Status.Challenges) > 0 {
				found = report
			}
		}
		return found != nil, "there is none", nil
	})
	return found, err
}

// ask sends a plain request from outside to the load balancer's address.
func (d *done) ask(ctx context.Context, host, path string) (traffic.Answer, error) {
	target, err := d.object.address(ctx, httpPort)
	if err != nil {
		return traffic.Answer{}, err
	}
	return traffic.Send(ctx, d.object.runner.lab.Dialer(realcluster.Client), traffic.Request{Target: target, Host: host, Path: path})
}

// replayChallenge uses each fresh challenge once, until one is answered, and then the same once more.
func (d *done) replayChallenge(ctx context.Context) error {
	host := names.WitnessHost(d.object.name)
	var token answer.Token
	err := objects.Await(ctx, "the witness to answer a fresh challenge", measureLimit, func(ctx context.Context) (bool, string, error) {
		report, err := d.insideReport(ctx)
		if err != nil {
			return false, "", err
		}
		key, err := answer.DecodeKey(report.Status.PublicKey)
		if err != nil {
			return false, "", err
		}
		newest := report.Status.Challenges[len(report.Status.Challenges)-1]
		token = answer.Token{Nonce: newest.Nonce, Index: answer.PerChallenge - 1}
		page, err := d.ask(ctx, host, answer.Path+token.String())
		if err != nil {
			return false, "", err
		}
		_, opening := answer.Open(page.Body, key, token)
		return opening == nil, page.String(), nil
	})
	if err != nil {
		return err
	}
	d.notes = append(d.notes, "a challenge was answered once, and not again")
	return d.looksLikeNobody(ctx, host, answer.Path+token.String())
}

// askReservedPath asks for the reserved path as a stranger does, under the witness's host name.
func (d *done) askReservedPath(ctx context.Context) error {
	host := names.WitnessHost(d.object.name)
	for _, path := range []string{answer.Path, answer.Path + "guess.0", strings.TrimSuffix(answer.Path, "/"), "/"} {
		if err := d.looksLikeNobody(ctx, host, path); err != nil {
			return err
		}
	}
	d.notes = append(d.notes, "to a stranger the reserved path looks like a host name that nobody has")
	return nil
}

// looksLikeNobody returns an error where a request is not answered as one for a host that nobody has.
func (d *done) looksLikeNobody(ctx context.Context, host, path string) error {
	asked, err := d.ask(ctx, host, path)
	if err != nil {
		return err
	}
	nobody, err := d.ask(ctx, "nobody-"+time.Now().Format("150405")+".invalid", path)
	if err != nil {
		return err
	}
	if asked.Status != nobody.Status || !bytes.Equal(asked.Body, nobody.Body) || headerNames(asked.Header) != headerNames(nobody.Header) {
		return fmt.Errorf("%s%s differs from a host that nobody has: %s %q and %s %q", host, path, asked, headerNames(asked.Header), nobody, headerNames(nobody.Header))
	}
	return nil
}

// headerNames are the headers of an answer with their values, without the clock.
func headerNames(header http.Header) string {
	clone := header.Clone()
	clone.Del("Date")
	var out bytes.Buffer
	if err := clone.Write(&out); err != nil {
		return err.Error()
	}
	return out.String()
}
