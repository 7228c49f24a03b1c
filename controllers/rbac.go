package controllers

// The operator's own rights: the least that works. One test runs every story under them, and
// another shows what they deny. There is no create on nodes (an apply must never bring back a
// deleted node), no write to Secrets, and no right to create or change a ClusterRole. The operator
// may bind only the two ClusterRoles that ship with it, by name. It reads NetworkPolicies, because
// one in the namespace of a controller may keep clients out, and Ingress objects, because their
// annotations may change the address that their application sees. It writes Ingress objects only in
// its own namespace (config/rbac/witness_ingress_role.yaml). It reads reports, deletes old ones of the
// prober, and looks whether the admission policies are in force that keep the prober's reports to the
// prober, the right to write an EdgeIngress to administrators, and its own token to its work.
//
// +kubebuilder:rbac:groups=edgeingress.dev,resources=edgeingresses,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=edgeingress.dev,resources=edgeingresses/finalizers,verbs=update
// +kubebuilder:rbac:groups=edgeingress.dev,resources=edgeingresses/status,verbs=patch
// +kubebuilder:rbac:groups=edgeingress.dev,resources=sourceipreports,verbs=get;list;watch;delete
// +kubebuilder:rbac:groups=admissionregistration.k8s.io,resources=validatingadmissionpolicies;validatingadmissionpolicybindings,resourceNames=edge-ingress-source-ip-reports;edge-ingress-administrators;edge-ingress-guard-accounts;edge-ingress-guard-identities;edge-ingress-guard-nodes;edge-ingress-guard-objects;edge-ingress-guard-requests;edge-ingress-guard-rest;edge-ingress-guard-settings;edge-ingress-guard-traffic;edge-ingress-guard-workloads,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=nodes,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list;watch;create
// +kubebuilder:rbac:groups="",resources=pods,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=services;configmaps;serviceaccounts,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=apps,resources=daemonsets;deployments,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=policy,resources=poddisruptionbudgets,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=networking.k8s.io,resources=ingressclasses,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=networking.k8s.io,resources=ingresses;networkpolicies,verbs=get;list;watch
// +kubebuilder:rbac:groups=discovery.k8s.io,resources=endpointslices,verbs=get;list;watch
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=clusterrolebindings;rolebindings,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=clusterroles,resourceNames=edge-ingress-operator-controller;edge-ingress-operator-controller-election,verbs=bind
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch
//
// Events are read too, because only they say why a DaemonSet has no pods: those of one object, and only
// while its pods are missing. They are not watched.
// +kubebuilder:rbac:groups="",resources=events,verbs=list
