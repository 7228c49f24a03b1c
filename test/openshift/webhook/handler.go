package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authentication/user"

	"github.com/edge-ingress/edge-ingress-operator/test/openshift"
)

// handler decides about the pods that the API server sends.
type handler struct{ plugin *openshift.Admission }

// ServeHTTP implements http.Handler.
func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	review := &admissionv1.AdmissionReview{}
	if err := json.NewDecoder(r.Body).Decode(review); err != nil || review.Request == nil {
		http.Error(w, fmt.Sprintf("not an AdmissionReview: %v", err), http.StatusBadRequest)
		return
	}
	review.Response = h.decide(r, review.Request)
	review.Response.UID = review.Request.UID
	review.Request = nil
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(review); err != nil {
		fmt.Fprintln(os.Stderr, "answering:", err)
	}
}

func (h handler) decide(r *http.Request, request *admissionv1.AdmissionRequest) *admissionv1.AdmissionResponse {
	pod := &corev1.Pod{}
	if err := json.Unmarshal(request.Object.Raw, pod); err != nil {
		return refused(err)
	}
	pod.Namespace = request.Namespace
	by := &user.DefaultInfo{Name: request.UserInfo.Username, UID: request.UserInfo.UID, Groups: request.UserInfo.Groups}
	stored, constraint, err := h.plugin.Create(r.Context(), pod, by)
	if err != nil {
		return refused(err)
	}
	patch, err := json.Marshal(changes(stored))
	if err != nil {
		return refused(err)
	}
	fmt.Printf("%s/%s%s runs under %s\n", pod.Namespace, pod.GenerateName, pod.Name, constraint)
	kind := admissionv1.PatchTypeJSONPatch
	return &admissionv1.AdmissionResponse{Allowed: true, Patch: patch, PatchType: &kind}
}

func refused(err error) *admissionv1.AdmissionResponse {
	return &admissionv1.AdmissionResponse{Result: &metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusForbidden, Reason: metav1.StatusReasonForbidden, Message: err.Error(),
	}}
}

// change is one of a JSON patch.
type change struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// changes are what the plugin changes of a pod: its annotations and its security contexts. "add" replaces what is there.
func changes(stored *corev1.Pod) []change {
	made := []change{
		{"add", "/metadata/annotations", stored.Annotations},
		{"add", "/spec/securityContext", stored.Spec.SecurityContext},
	}
	for i, container := range stored.Spec.InitContainers {
		made = append(made, change{"add", fmt.Sprintf("/spec/initContainers/%d/securityContext", i), container.SecurityContext})
	}
	for i, container := range stored.Spec.Containers {
		made = append(made, change{"add", fmt.Sprintf("/spec/containers/%d/securityContext", i), container.SecurityContext})
	}
	return made
}
