package controllers

// The operator's own rights: the least that works. A test runs every story under them, another shows what they deny.
// There is no create on nodes (an apply must never bring back a node that is gone), no write to Secrets, and no right to
// make or change a ClusterRole: the two that the controller needs are shipped, and may be bound by name only.
//
// +kubebuilder:rbac:groups=edgeingress.dev,resources=edgeingresses,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=edgeingress.dev,resources=edgeingresses/finalizers,verbs=update
// +kubebuilder:rbac:groups=edgeingress.dev,resources=edgeingresses/status,verbs=patch
// +kubebuilder:rbac:groups="",resources=nodes,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list;watch;create
// +kubebuilder:rbac:groups="",resources=pods,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=services;configmaps;serviceaccounts,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=apps,resources=daemonsets;deployments,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=policy,resources=poddisruptionbudgets,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=networking.k8s.io,resources=ingressclasses,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=discovery.k8s.io,resources=endpointslices,verbs=get;list;watch
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=clusterrolebindings;rolebindings,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=clusterroles,resourceNames=edge-ingress-operator-controller;edge-ingress-operator-controller-election,verbs=bind
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch
