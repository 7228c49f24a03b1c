package runner

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/scenario"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/realcluster"
)

const (
	// forgetLimit is how long a verdict about an earlier scenario may last. The prober asks each edge node
	// every 20 seconds.
	forgetLimit = time.Minute
	// lookLimit is how long the operator may take to decide after a report was written.
	lookLimit = 10 * time.Second
	// verifyLimit is how long one run of the plugin may take.
	verifyLimit = "45s"
)

// forget deletes what vantages outside have reported about the EdgeIngress. It returns when no verdict has
// rested on that for a while, and none is about a loss of an earlier scenario: a doubt of the scenario before may
// have hidden a True, and the operator may not have seen the deletion yet.
func (o *object) forget(ctx context.Context) error {
	reports := &v1alpha1.SourceIPReportList{}
	if err := o.client().List(ctx, reports); err != nil {
		return fmt.Errorf("listing reports: %w", err)
	}
	for i := range reports.Items {
		report := &reports.Items[i]
		if report.Spec.EdgeIngress != o.name || report.Spec.Vantage != v1alpha1.VantageOutside {
			continue
		}
		if err := client.IgnoreNotFound(o.client().Delete(ctx, report)); err != nil {
			return fmt.Errorf("deleting report %s: %w", report.Name, err)
		}
	}
	var since time.Time
	return objects.Await(ctx, "verdicts about earlier scenarios to end", forgetLimit, func(ctx context.Context) (bool, string, error) {
		live, err := o.get(ctx)
		if err != nil {
			return apierrors.IsNotFound(err), "", client.IgnoreNotFound(err)
		}
		preserved := meta.FindStatusCondition(live.Status.Conditions, v1alpha1.ConditionSourceIPPreserved)
		nodes := meta.FindStatusCondition(live.Status.Conditions, v1alpha1.ConditionNodesKeepSourceIP)
		ended := (preserved == nil || preserved.Status != metav1.ConditionTrue) && (nodes == nil || nodes.Status != metav1.ConditionFalse)
		if !ended || since.IsZero() {
			since = time.Now()
		}
		return ended && time.Since(since) >= quiet, fmt.Sprintf("%+v, %+v", preserved, nodes), nil
	})
}

// vantage is one run of the plugin: the host it runs on, the fronts that it asks, and the arguments that say where it
// sends.
type vantage struct {
	host      scenario.Sender
	through   []scenario.Front
	arguments []string
}

// lookOutside lets vantages outside look through each front of the scenario, and returns what they and the
// conditions say then.
func (r *Runner) lookOutside(ctx context.Context, o *object, s scenario.Scenario) (*scenario.Look, error) {
	look := &scenario.Look{}
	began := time.Now()
	for _, from := range o.vantages(s) {
		code, text, err := r.verifyUnchanged(ctx, o, from)
		if err != nil {
			return nil, err
		}
		look.Runs = append(look.Runs, scenario.Run{From: from.host, Through: from.through, Code: code})
		look.Text += text
	}
	o.calm = calm{}
	if err := o.awaitPreserved(ctx, s.ExpectedPreserved()); err != nil {
		return look, err
	}
	look.Took = time.Since(began)
	after, err := o.conditions(ctx)
	look.After = after
	return look, err
}

// vantages are the distinct ways to look, one for each sender and front of the requests.
func (o *object) vantages(s scenario.Scenario) []vantage {
	var all []vantage
	asked := slices.Clone(s.Requests)
	for _, front := range s.Through {
		asked = append(asked, scenario.Request{From: scenario.FromClient, To: front})
	}
	for _, request := range asked {
		if request.From != scenario.FromClient && request.From != scenario.FromNATClient {
			continue
		}
		arguments := o.frontArguments(request.To)
		same := slices.IndexFunc(all, func(v vantage) bool { return v.host == request.From && slices.Equal(v.arguments, arguments) })
		if same < 0 {
			same, all = len(all), append(all, vantage{host: request.From, arguments: arguments})
		}
		all[same].through = append(all[same].through, request.To)
	}
	if exposure := o.spec.Exposure.Type; exposure != "" && exposure != v1alpha1.ExposureLoadBalancer {
		return all
	}
	for i := range all {
		if len(all[i].arguments) == 0 { // It asks the load balancer's address, and no node port.
			all[i].through = []scenario.Front{scenario.VIP, scenario.VIPHTTPS}
		}
	}
	return all
}

// frontArguments say where the plugin sends. Without any it takes the published addresses. A proxy in front
// may know only the application's host name.
func (o *object) frontArguments(front scenario.Front) []string {
	port, inFront := balancerPorts[front]
	at := netip.AddrPortFrom(realcluster.Balancer, port)
	switch {
	case !inFront:
		return nil
	case front == scenario.HTTPSProxyV2:
		return append(askedAt(at, "https-port", "http-port"), "--host="+o.host())
	default:
		return append(askedAt(at, "http-port", "https-port"), "--host="+o.host())
	}
}

func askedAt(at netip.AddrPort, asked, leftOut string) []string {
	return []string{"--address=" + at.Addr().String(), "--" + asked + "=" + strconv.Itoa(int(at.Port())), "--" + leftOut + "=0"}
}

// maxLooksOutside is how often the plugin runs again because the path changed meanwhile.
const maxLooksOutside = 3

// verifyUnchanged runs the plugin, and again as it asks for where the path changed meanwhile: two probers notice
// a change at different moments, and it saves nothing then.
func (r *Runner) verifyUnchanged(ctx context.Context, o *object, from vantage) (code int, text string, err error) {
	for range maxLooksOutside {
		code, text, err = r.verify(ctx, o, from)
		if err != nil || !strings.Contains(text, `"PathChanged"`) {
			return code, text, err
		}
	}
	return code, text, nil
}

// verify runs the plugin outside, as a person does who has the administrator's rights, and lets it save its
// report. It returns its exit code.
func (r *Runner) verify(ctx context.Context, o *object, from vantage) (code int, text string, err error) {
	arguments := slices.Concat([]string{
		"verify", o.name, "--kubeconfig=" + r.lab.Cluster.Kubeconfig, "--server=https://" + realcluster.APIServer.String(), "--save", "--output=json", "--timeout=" + verifyLimit,
	}, from.arguments)
	command := r.lab.Cluster.Host(string(from.host)).Command(ctx, r.lab.Plugin(), arguments...)
	output, err := command.Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) && failed.ExitCode() > 0 {
		return failed.ExitCode(), inOneLine(string(failed.Stderr) + string(output)), nil
	}
	if err != nil {
		return 0, "", fmt.Errorf("running the plugin on %s: %w", from.host, err)
	}
	return 0, inOneLine(string(output)), nil
}

// inOneLine is the beginning of a text, as a cell of the table can hold it.
func inOneLine(text string) string {
	line := strings.Join(strings.Fields(text), " ")
	return line[:min(len(line), 1500)]
}

// awaitPreserved returns when SourceIPPreserved has the status, where one is expected, and the conditions
// have not changed for a while, or when that takes too long.
func (o *object) awaitPreserved(ctx context.Context, want metav1.ConditionStatus) error {
	return o.awaitCalm(ctx, lookLimit, func(live *v1alpha1.EdgeIngress) bool {
		found := meta.FindStatusCondition(live.Status.Conditions, v1alpha1.ConditionSourceIPPreserved)
		return hasStatus(found, want)
	})
}
