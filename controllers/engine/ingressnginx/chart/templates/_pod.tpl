{{/* The pod, the same for both kinds of workload but for how a Deployment spreads. */}}
{{- define "edge-ingress.podTemplate" -}}
metadata:
  labels:
    {{- toYaml .Values.labels | nindent 4 }}
    edgeingress.dev/workload: {{ .Values.workload.kind }}
  {{- with .Values.podAnnotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ .Values.objectName }}
  automountServiceAccountToken: true
  enableServiceLinks: false
  # No priorityClassName: some clusters admit system-cluster-critical only in namespaces with a ResourceQuota for it (GKE), and the
  # pods would not be created at all. Dedicated nodes leave little that could push them out.
  nodeSelector:
    kubernetes.io/os: linux
    {{ .Values.nodeLabel }}: ""
  tolerations:
  - key: {{ .Values.taintKey }}
    operator: Exists
  hostNetwork: {{ eq .Values.hostPorts "HostNetwork" }}
  dnsPolicy: {{ ternary "ClusterFirstWithHostNet" "ClusterFirst" (eq .Values.hostPorts "HostNetwork") }}
  terminationGracePeriodSeconds: {{ .Values.shutdown.totalSeconds }}
  {{- if eq .Values.workload.kind "Deployment" }}
  {{- include "edge-ingress.spread" . | nindent 2 }}
  {{- end }}
  containers:
  - name: controller
    image: {{ .Values.image }}
    imagePullPolicy: IfNotPresent
    # No command: the image's entrypoint (dumb-init) passes signals on and collects orphaned processes.
    args: {{- include "edge-ingress.args" . | nindent 4 }}
    env:
    - name: POD_NAME
      valueFrom:
        fieldRef:
          fieldPath: metadata.name
    - name: POD_NAMESPACE
      valueFrom:
        fieldRef:
          fieldPath: metadata.namespace
    ports:
    - name: http
      containerPort: 80
      protocol: TCP
      {{- if ne .Values.hostPorts "None" }}
      hostPort: 80
      {{- end }}
    - name: https
      containerPort: 443
      protocol: TCP
      {{- if ne .Values.hostPorts "None" }}
      hostPort: 443
      {{- end }}
    - name: metrics
      containerPort: 10254
      protocol: TCP
    {{- with .Values.resources }}
    resources: {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- include "edge-ingress.lifecycle" . | nindent 4 }}
    terminationMessagePolicy: FallbackToLogsOnError
    securityContext:
      # The image's user www-data, who owns what the controller writes to.
      runAsNonRoot: true
      runAsUser: 101
      runAsGroup: 82
      allowPrivilegeEscalation: false
      capabilities:
        drop: [ALL]
        # Ports 80 and 443; the image's binaries carry the file capability and would not start without it.
        add: [NET_BIND_SERVICE]
      seccompProfile:
        type: RuntimeDefault
      # Not possible: the controller writes nginx.conf, certificates and caches beside files that the image brings in
      # /etc/nginx, /etc/ingress-controller and /tmp/nginx; a volume in their place would hide those files.
      readOnlyRootFilesystem: false
{{- end }}

{{- define "edge-ingress.args" -}}
- /nginx-ingress-controller
{{- if eq .Values.service.type "LoadBalancer" }}
# Ingress objects show the load balancer's address. The controller ends at start if this Service does not exist.
- --publish-service={{ .Release.Namespace }}/{{ .Values.objectName }}
{{- else }}
# Ingress objects show the address of each node that runs a ready controller: the ExternalIP where the node has one, else the
# InternalIP. With true it would be the InternalIP always, which clients outside seldom reach.
- --report-node-internal-ip-address=false
{{- end }}
# Own values throughout, so that several controllers in one cluster neither elect each other nor serve each other's Ingress objects.
- --election-id={{ .Values.objectName }}
- --controller-class={{ .Values.controllerValue }}
# The class name in the old annotation kubernetes.io/ingress.class; without it every controller would answer to "nginx".
- --ingress-class={{ .Values.ingressClass.name }}
- --ingress-class-by-name=false
- --watch-ingress-without-class=false
- --configmap={{ .Release.Namespace }}/{{ .Values.objectName }}
# An annotation's value must match its pattern: what does not could carry nginx directives.
- --enable-annotation-validation=true
# Told to end, the controller stops being ready at once, and nginx serves on until who looks at readiness has moved away.
- --shutdown-grace-period={{ .Values.shutdown.unreadySeconds }}
# After nginx has ended there is nothing left to wait for but the hook.
- --post-shutdown-grace-period={{ .Values.shutdown.postSeconds }}
{{- end }}

{{- define "edge-ingress.lifecycle" -}}
lifecycle:
  preStop:
    exec:
      # A pod that is to go serves on, and stays ready, until health checks have noticed that it is going. Then /wait-shutdown tells the controller to end,
      # and waits until nginx has.
      {{- if gt (int .Values.shutdown.readySeconds) 0 }}
      command: [/bin/sh, -c, "sleep {{ .Values.shutdown.readySeconds }}; /wait-shutdown"]
      {{- else }}
      command: [/wait-shutdown]
      {{- end }}
# A restart on account of a probe has a time of its own: the pod's, which holds the drain, would be spent on a controller that does not answer.
# Ready as soon as the controller is, and no first delay that every rollout would pay; two minutes for a first configuration with many Ingress objects.
startupProbe:
  httpGet: {path: /healthz, port: 10254, scheme: HTTP}
  periodSeconds: 1
  timeoutSeconds: 1
  failureThreshold: 120
  terminationGracePeriodSeconds: 30
# Several answers in a row make the pod ready: for a moment after the first, nginx still answers 503. The kubelet goes on asking while the pod ends. A
# refusal counts after period x threshold, so that the address moves soon; the timeout is longer than the period, so that a busy node has timeout x threshold.
readinessProbe:
  httpGet: {path: /healthz, port: 10254, scheme: HTTP}
  periodSeconds: {{ .Values.readinessProbe.periodSeconds }}
  timeoutSeconds: {{ .Values.readinessProbe.timeoutSeconds }}
  failureThreshold: {{ .Values.readinessProbe.failureThreshold }}
  successThreshold: {{ .Values.readinessProbe.successThreshold }}
livenessProbe:
  httpGet: {path: /healthz, port: 10254, scheme: HTTP}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 5
  terminationGracePeriodSeconds: 30
{{- end }}

{{- define "edge-ingress.spread" -}}
# No anti-affinity, also where two pods would want the same port of a node: the scheduler keeps those apart by their hostPort. An anti-affinity of the old pods
# would keep the new ones off as well, and a rollout that adds a pod first, as the one that leaves host ports does, would wait for ever.
topologySpreadConstraints:
# A node that cannot take pods (cordoned, gone) does not count, so that its pod is not waited for. Pods of the same revision are compared:
# those that a rollout is about to remove must not decide where the new ones go.
- topologyKey: kubernetes.io/hostname
  maxSkew: 1
  whenUnsatisfiable: DoNotSchedule
  nodeTaintsPolicy: Honor
  matchLabelKeys: [pod-template-hash]
  labelSelector:
    matchLabels: {{- include "edge-ingress.podSelector" . | nindent 6 }}
- topologyKey: topology.kubernetes.io/zone
  maxSkew: 1
  whenUnsatisfiable: ScheduleAnyway
  nodeTaintsPolicy: Honor
  matchLabelKeys: [pod-template-hash]
  labelSelector:
    matchLabels: {{- include "edge-ingress.podSelector" . | nindent 6 }}
{{- end }}
