package desired

import (
	"slices"
	"strconv"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// Collision is another EdgeIngress that comes first for something of which there is only one. An EdgeIngress
// that has it keeps it. While nobody has it, it belongs to the oldest of those whose specs ask for it.
type Collision struct {
	// With is the name of the other EdgeIngress.
	With string
	// Older is set where the other one was created first.
	Older bool
}

// Collisions are what the spec asks for and another EdgeIngress comes first for; nil where none does. Host
// ports are in the NodePlan, since they belong to a node.
type Collisions struct {
	// Namespace of the controller.
	Namespace *Collision
	// Waits is set where this EdgeIngress has nothing in Namespace yet. Then it makes nothing, and changes no
	// node. One that runs there already goes on.
	Waits bool
	// Class is the name of the IngressClass.
	Class *Collision
	// Default is to be the class of Ingress objects that name none.
	Default *Collision
	// Service is a node port or an address that the spec fixes. NoService is set where there is no Service
	// without it either.
	Service   *Block
	NoService bool
}

// rival is another EdgeIngress, and whether it was created first.
type rival struct {
	*v1alpha1.EdgeIngress
	older bool
}

func (r rival) collision() *Collision { return &Collision{With: r.Name, Older: r.older} }

// rivalsOf returns the other EdgeIngress objects, the oldest first.
func rivalsOf(s snapshot.Snapshot) []rival {
	var rivals []rival
	for i := range s.Others.Items {
		other := &s.Others.Items[i]
		rivals = append(rivals, rival{EdgeIngress: other, older: isOlder(other, s.EdgeIngress)})
	}
	slices.SortFunc(rivals, func(a, b rival) int {
		if isOlder(a.EdgeIngress, b.EdgeIngress) {
			return -1
		}
		return 1
	})
	return rivals
}

// firstOf returns the collision with the oldest rival that comes first, or nil where none does.
func firstOf(rivals []rival, comesFirst func(rival) bool) *Collision {
	at := slices.IndexFunc(rivals, comesFirst)
	if at < 0 {
		return nil
	}
	return rivals[at].collision()
}

// collide finds the collisions. An EdgeIngress that is being deleted asks for nothing.
func collide(s snapshot.Snapshot) Collisions {
	if !s.EdgeIngress.DeletionTimestamp.IsZero() {
		return Collisions{}
	}
	rivals := rivalsOf(s)
	found := Collisions{Class: classCollision(s, rivals), Default: defaultCollision(s, rivals), Service: serviceCollision(s, rivals)}
	found.Namespace = firstOf(rivals, func(r rival) bool { return r.older && r.ControllerNamespace() == s.EdgeIngress.ControllerNamespace() })
	found.Waits = found.Namespace != nil && len(s.Inventory.Items) == 0
	found.NoService = found.Service != nil && s.Service.Value == nil
	return found
}

func classCollision(s snapshot.Snapshot, rivals []rival) *Collision {
	class := s.EdgeIngress.IngressClassName()
	if ref := classRef(s.EdgeIngress); slices.Contains(s.Inventory.Items, ref) || s.Live[ref].Object != nil {
		return nil
	}
	return firstOf(rivals, func(r rival) bool {
		return (r.older && r.IngressClassName() == class) || slices.Contains(s.Held[r.Name].Classes, class)
	})
}

// defaultCollision keeps a new default class from taking Ingress objects away from the class of another
// EdgeIngress: of several default classes, Kubernetes uses the newest.
func defaultCollision(s snapshot.Snapshot, rivals []rival) *Collision {
	if !wantsDefault(s.EdgeIngress) || s.DefaultClasses.Err != nil || slices.Contains(s.DefaultClasses.Items, s.EdgeIngress.IngressClassName()) {
		return nil
	}
	return firstOf(rivals, func(r rival) bool {
		has := slices.ContainsFunc(s.Held[r.Name].Classes, func(class string) bool { return slices.Contains(s.DefaultClasses.Items, class) })
		return wantsDefault(r.EdgeIngress) && (r.older || has)
	})
}

func wantsDefault(e *v1alpha1.EdgeIngress) bool {
	return e.Spec.IngressClass != nil && e.Spec.IngressClass.Default == v1alpha1.Enabled
}

// serviceCollision finds the first fixed port or address that the Service cannot have. The API server refuses
// the port. The load balancer leaves a Service without the address pending, and would give it the address as
// soon as the Service of the other one is deleted by mistake. No balancer shares an address between two
// Services with the same ports, so an annotation that allows sharing does not help.
func serviceCollision(s snapshot.Snapshot, rivals []rival) *Block {
	ref := snapshot.Ref{Kind: "Service", Namespace: s.EdgeIngress.ControllerNamespace(), Name: names.Service(s.EdgeIngress.Name)}
	for _, port := range fixedPorts(s.EdgeIngress) {
		if live := s.Service.Value; live != nil && slices.Contains(nodePortsOf(live), port) {
			continue
		}
		with := firstOf(rivals, func(r rival) bool {
			return (r.older && slices.Contains(fixedPorts(r.EdgeIngress), port)) || slices.Contains(s.Held[r.Name].NodePorts, port)
		})
		if with != nil {
			return &Block{Ref: ref, Cause: BlockedByNodePort, Wanted: strconv.Itoa(int(port)), With: with}
		}
	}
	for _, address := range fixedAddresses(s.EdgeIngress) {
		if live := s.Service.Value; live != nil && slices.Contains(addressesOf(live), address) {
			continue
		}
		with := firstOf(rivals, func(r rival) bool {
			return (r.older && slices.Contains(fixedAddresses(r.EdgeIngress), address)) || slices.Contains(s.Held[r.Name].Addresses, address)
		})
		if with != nil {
			return &Block{Ref: ref, Cause: BlockedByAddress, Wanted: address, With: with}
		}
	}
	return nil
}

// FixesService reports whether the spec fixes a node port or an address of the Service.
func FixesService(e *v1alpha1.EdgeIngress) bool {
	return len(fixedPorts(e)) > 0 || len(fixedAddresses(e)) > 0
}

func fixedPorts(e *v1alpha1.EdgeIngress) []int32 {
	var ports []int32
	if chosen := e.Spec.Exposure.NodePorts; chosen != nil && e.Spec.Exposure.Type == v1alpha1.ExposureNodePort {
		for _, port := range []*int32{chosen.HTTP, chosen.HTTPS} {
			if port != nil {
				ports = append(ports, *port)
			}
		}
	}
	return ports
}

func fixedAddresses(e *v1alpha1.EdgeIngress) []string {
	if e.Spec.Exposure.Type != v1alpha1.ExposureLoadBalancer || e.Spec.Exposure.LoadBalancer == nil {
		return nil
	}
	return provider.FixedAddresses(e.Spec.Exposure.LoadBalancer.Annotations)
}

// keepsBack reports whether an object that does not exist yet must not be made. Without its class or its Service
// a controller serves nothing. With the class of another EdgeIngress, it would answer to Ingress objects that name
// that class in the annotation kubernetes.io/ingress.class, and the Ingress of the witness would go to the other one.
func (c Collisions) keepsBack(ref snapshot.Ref) bool {
	switch {
	case c.Waits:
		return true
	case ref.Kind == "IngressClass", ref.Kind == "Ingress":
		return c.Class != nil
	case ref.Kind == "Service":
		return c.NoService
	case isWorkload(ref):
		return c.Class != nil || c.NoService
	}
	return false
}

func classRef(e *v1alpha1.EdgeIngress) snapshot.Ref {
	return snapshot.Ref{Kind: "IngressClass", Name: e.IngressClassName()}
}
