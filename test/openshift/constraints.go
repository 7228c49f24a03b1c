// Package openshift asks the code of OpenShift that decides about pods what it does with the pods of the operator:
// github.com/openshift/apiserver-library-go, which OpenShift's API server runs. It is a module of its own, because that
// code needs a Kubernetes of its own time.
package openshift

import (
	"slices"

	securityv1 "github.com/openshift/api/security/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Names of constraints that OpenShift has.
const (
	AnyUID        = "anyuid"
	HostNetworkV2 = "hostnetwork-v2"
	NonRootV2     = "nonroot-v2"
	Privileged    = "privileged"
	RestrictedV2  = "restricted-v2"
)

// Constraints are those that every OpenShift has, as its documentation ("Managing security context constraints") and
// openshift/cluster-kube-apiserver-operator (bindata/bootkube/scc-manifests) give them. They are sorted by name.
func Constraints() []*securityv1.SecurityContextConstraints {
	return []*securityv1.SecurityContextConstraints{
		constraint(AnyUID, legacy, withUser(securityv1.RunAsUserStrategyRunAsAny), anyFSGroup, func(scc *securityv1.SecurityContextConstraints) {
			scc.RequiredDropCapabilities = []corev1.Capability{"MKNOD"}
			scc.Priority = new(int32(10))
			scc.Groups = []string{"system:cluster-admins"}
		}),
		constraint("hostaccess", legacy, onHostNetwork, func(scc *securityv1.SecurityContextConstraints) {
			scc.AllowHostIPC, scc.AllowHostPID = true, true
			scc.AllowHostDirVolumePlugin = true
			scc.Volumes = append(scc.Volumes, securityv1.FSTypeHostPath)
		}),
		constraint("hostmount-anyuid", legacy, withUser(securityv1.RunAsUserStrategyRunAsAny), anyFSGroup, func(scc *securityv1.SecurityContextConstraints) {
			scc.RequiredDropCapabilities = []corev1.Capability{"MKNOD"}
			scc.AllowHostDirVolumePlugin = true
			scc.Volumes = append(scc.Volumes, securityv1.FSTypeHostPath, securityv1.FSTypeNFS)
		}),
		constraint("hostnetwork", legacy, onHostNetwork, limitedGroups),
		constraint(HostNetworkV2, onHostNetwork, limitedGroups),
		constraint("nonroot", legacy, withUser(securityv1.RunAsUserStrategyMustRunAsNonRoot), anyFSGroup),
		constraint(NonRootV2, withUser(securityv1.RunAsUserStrategyMustRunAsNonRoot), anyFSGroup),
		privileged(),
		constraint("restricted", legacy),
		constraint(RestrictedV2),
	}
}

// option changes restricted-v2 into another one.
type option func(*securityv1.SecurityContextConstraints)

func constraint(name string, options ...option) *securityv1.SecurityContextConstraints {
	scc := &securityv1.SecurityContextConstraints{
		ObjectMeta:               metav1.ObjectMeta{Name: name},
		AllowPrivilegeEscalation: new(false),
		AllowedCapabilities:      []corev1.Capability{"NET_BIND_SERVICE"},
		RequiredDropCapabilities: []corev1.Capability{"ALL"},
		RunAsUser:                securityv1.RunAsUserStrategyOptions{Type: securityv1.RunAsUserStrategyMustRunAsRange},
		SELinuxContext:           securityv1.SELinuxContextStrategyOptions{Type: securityv1.SELinuxStrategyMustRunAs},
		SeccompProfiles:          []string{"runtime/default"},
		FSGroup:                  securityv1.FSGroupStrategyOptions{Type: securityv1.FSGroupStrategyMustRunAs},
		SupplementalGroups:       securityv1.SupplementalGroupsStrategyOptions{Type: securityv1.SupplementalGroupsStrategyRunAsAny},
		Volumes: []securityv1.FSType{
			securityv1.FSTypeConfigMap, securityv1.FSTypeCSI, securityv1.FSTypeDownwardAPI, securityv1.FSTypeEmptyDir,
			securityv1.FSTypeEphemeral, securityv1.FSTypePersistentVolumeClaim, securityv1.FSProjected, securityv1.FSTypeSecret,
		},
	}
	for _, set := range options {
		set(scc)
	}
	return scc
}

// legacy is what the constraints without v2 in their names have in common.
func legacy(scc *securityv1.SecurityContextConstraints) {
	scc.AllowPrivilegeEscalation = new(true)
	scc.AllowedCapabilities, scc.SeccompProfiles = nil, nil
	scc.RequiredDropCapabilities = []corev1.Capability{"KILL", "MKNOD", "SETUID", "SETGID"}
}

func onHostNetwork(scc *securityv1.SecurityContextConstraints) {
	scc.AllowHostNetwork, scc.AllowHostPorts = true, true
}

func withUser(strategy securityv1.RunAsUserStrategyType) option {
	return func(scc *securityv1.SecurityContextConstraints) { scc.RunAsUser.Type = strategy }
}

func anyFSGroup(scc *securityv1.SecurityContextConstraints) {
	scc.FSGroup.Type = securityv1.FSGroupStrategyRunAsAny
}

func limitedGroups(scc *securityv1.SecurityContextConstraints) {
	scc.SupplementalGroups.Type = securityv1.SupplementalGroupsStrategyMustRunAs
}

func privileged() *securityv1.SecurityContextConstraints {
	return &securityv1.SecurityContextConstraints{
		ObjectMeta:      metav1.ObjectMeta{Name: Privileged},
		AllowHostIPC:    true,
		AllowHostPID:    true,
		AllowHostPorts:  true,
		Volumes:         []securityv1.FSType{securityv1.FSTypeAll},
		SeccompProfiles: []string{"*"},

		AllowHostNetwork: true, AllowHostDirVolumePlugin: true, AllowPrivilegedContainer: true,
		AllowPrivilegeEscalation: new(true),
		AllowedCapabilities:      []corev1.Capability{securityv1.AllowAllCapabilities},
		AllowedUnsafeSysctls:     []string{"*"},
		RunAsUser:                securityv1.RunAsUserStrategyOptions{Type: securityv1.RunAsUserStrategyRunAsAny},
		SELinuxContext:           securityv1.SELinuxContextStrategyOptions{Type: securityv1.SELinuxStrategyRunAsAny},
		FSGroup:                  securityv1.FSGroupStrategyOptions{Type: securityv1.FSGroupStrategyRunAsAny},
		SupplementalGroups:       securityv1.SupplementalGroupsStrategyOptions{Type: securityv1.SupplementalGroupsStrategyRunAsAny},
		Users:                    []string{"system:admin", "system:serviceaccount:openshift-infra:build-controller"},
		Groups:                   []string{"system:cluster-admins", "system:nodes", "system:masters"},
	}
}

// named returns the constraint of this name, or nil.
func named(constraints []*securityv1.SecurityContextConstraints, name string) *securityv1.SecurityContextConstraints {
	at := slices.IndexFunc(constraints, func(scc *securityv1.SecurityContextConstraints) bool { return scc.Name == name })
	if at < 0 {
		return nil
	}
	return constraints[at]
}
