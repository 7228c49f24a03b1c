package controllers

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func TestWhosePodItIs(t *testing.T) {
	const objectName, hash = "public-edge-ingress", "5d4f8"
	const daemonSet, deployment, nobody = v1alpha1.WorkloadDaemonSet, v1alpha1.WorkloadDeployment, v1alpha1.WorkloadKind("")
	owner := func(apiVersion, kind, name string) *metav1.OwnerReference {
		return &metav1.OwnerReference{APIVersion: apiVersion, Kind: kind, Name: name, UID: "1", Controller: new(true)}
	}
	tests := map[string]struct {
		owner                               *metav1.OwnerReference
		foreignDaemonSet, foreignDeployment bool
		want                                v1alpha1.WorkloadKind
	}{
		"nobody's":                                     {owner: nil, want: nobody},
		"of our DaemonSet":                             {owner: owner("apps/v1", "DaemonSet", objectName), want: daemonSet},
		"of our Deployment":                            {owner: owner("apps/v1", "ReplicaSet", objectName+"-"+hash), want: deployment},
		"of our DaemonSet, which is gone":              {owner: owner("apps/v1", "DaemonSet", objectName), want: daemonSet},
		"of our Deployment, which is gone":             {owner: owner("apps/v1", "ReplicaSet", objectName+"-"+hash), want: deployment},
		"of somebody's DaemonSet of our name":          {owner: owner("apps/v1", "DaemonSet", objectName), foreignDaemonSet: true, want: nobody},
		"of somebody's Deployment of our name":         {owner: owner("apps/v1", "ReplicaSet", objectName+"-"+hash), foreignDeployment: true, want: nobody},
		"of another DaemonSet":                         {owner: owner("apps/v1", "DaemonSet", "canary"), want: nobody},
		"of another Deployment":                        {owner: owner("apps/v1", "ReplicaSet", "canary-"+hash), want: nobody},
		"of a ReplicaSet without a Deployment":         {owner: owner("apps/v1", "ReplicaSet", objectName), want: nobody},
		"of a DaemonSet that Kubernetes does not know": {owner: owner("apps.kruise.io/v1beta1", "DaemonSet", objectName), want: nobody},
		"of a StatefulSet":                             {owner: owner("apps/v1", "StatefulSet", objectName), want: nobody},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{appsv1.DefaultDeploymentUniqueLabelKey: hash}}}
			if test.owner != nil {
				pod.OwnerReferences = []metav1.OwnerReference{*test.owner}
			}
			if got := workloadOf(pod, objectName, test.foreignDaemonSet, test.foreignDeployment); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
