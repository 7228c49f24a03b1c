{{/* The pod is the same for both kinds of workload, except that a Deployment spreads its pods. */}}
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
  # No priorityClassName: some clusters (GKE) admit system-cluster-critical only in namespaces with a ResourceQuota for it, and would
  # refuse the pods elsewhere. On dedicated nodes little could preempt them.
  nodeSelector:
    kubernetes.io/os: linux
    {{ .Values.nodeLabel }}: ""
  tolerations:
  - key: {{ .Values.taintKey }}
    operator: Exists
  {{- with .Values.tolerations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
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
    # No command: the image's entrypoint (dumb-init) passes on signals and reaps orphaned processes.
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
      # The image's user www-data owns the files that the controller writes.
      runAsNonRoot: true
      runAsUser: 101
      runAsGroup: 82
      allowPrivilegeEscalation: false
      capabilities:
        drop: [ALL]
        # For ports 80 and 443. The image's binaries have the file capability and would not start without it.
        add: [NET_BIND_SERVICE]
      seccompProfile:
        type: RuntimeDefault
      # A read-only file system does not work: the controller writes nginx.conf, certificates and caches beside the image's files in
      # /etc/nginx, /etc/ingress-controller and /tmp/nginx. A volume there would hide those files.
      readOnlyRootFilesystem: false
{{- end }}

{{- define "edge-ingress.args" -}}
- /nginx-ingress-controller
{{- if eq .Values.service.type "LoadBalancer" }}
# Ingress objects show the load balancer's address. The controller exits at startup if this Service does not exist.
- --publish-service={{ .Release.Namespace }}/{{ .Values.objectName }}
{{- else }}
# Ingress objects show the address of each node that runs a ready controller: the ExternalIP, or else the InternalIP. With true they
# would always show the InternalIP, which clients outside can seldom reach.
- --report-node-internal-ip-address=false
{{- end }}
# Each controller has its own values, so that several in one cluster do not share an election or serve each other's Ingress objects.
- --election-id={{ .Values.objectName }}
- --controller-class={{ .Values.controllerValue }}
# This is the class name in the old annotation kubernetes.io/ingress.class. Without it every controller would answer to "nginx".
- --ingress-class={{ .Values.ingressClass.name }}
- --ingress-class-by-name=false
- --watch-ingress-without-class=false
- --configmap={{ .Release.Namespace }}/{{ .Values.objectName }}
# An annotation's value must match its pattern, because other values could contain nginx directives.
- --enable-annotation-validation=true
# On SIGTERM the controller becomes unready at once, and nginx keeps serving until balancers that check readiness have moved away.
- --shutdown-grace-period={{ .Values.shutdown.unreadySeconds }}
# After nginx has exited, the controller waits only for the hook.
- --post-shutdown-grace-period={{ .Values.shutdown.postSeconds }}
{{- end }}

{{- define "edge-ingress.lifecycle" -}}
lifecycle:
  preStop:
    exec:
      # A terminating pod keeps serving and stays ready until health checks have noticed. Then /wait-shutdown sends SIGTERM to the
      # controller and waits until nginx has exited.
      {{- if gt (int .Values.shutdown.readySeconds) 0 }}
      command: [/bin/sh, -c, "sleep {{ .Values.shutdown.readySeconds }}; /wait-shutdown"]
      {{- else }}
      command: [/wait-shutdown]
      {{- end }}
# A restart after a failed probe has a grace period of its own. The pod's includes the drain, which a controller that hangs would waste.
# The startup probe succeeds as soon as every worker of nginx serves. It has two minutes for a first configuration with many Ingress objects.
startupProbe:
  exec:
    command: [/bin/sh, -c, {{ .Files.Get "files/started.sh" | toJson }}]
  periodSeconds: {{ .Values.startupProbe.periodSeconds }}
  timeoutSeconds: {{ .Values.startupProbe.timeoutSeconds }}
  failureThreshold: {{ .Values.startupProbe.failureThreshold }}
  terminationGracePeriodSeconds: 30
# The kubelet keeps probing a terminating pod. A refusal makes it unready after period x threshold, so that the address moves soon. A busy node has
# timeout x threshold.
readinessProbe:
  httpGet: {path: /healthz, port: 10254, scheme: HTTP}
  periodSeconds: {{ .Values.readinessProbe.periodSeconds }}
  timeoutSeconds: {{ .Values.readinessProbe.timeoutSeconds }}
  failureThreshold: {{ .Values.readinessProbe.failureThreshold }}
livenessProbe:
  httpGet: {path: /healthz, port: 10254, scheme: HTTP}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 5
  terminationGracePeriodSeconds: 30
{{- end }}

{{- define "edge-ingress.spread" -}}
# No anti-affinity: the scheduler keeps pods with the same hostPort apart. An anti-affinity of the old pods would also keep the new ones away, and a
# rollout that adds a pod first, such as the one away from host ports, would wait forever.
topologySpreadConstraints:
# A node that cannot take pods (cordoned, gone) does not count, so the rollout does not wait for it. Only pods of the same revision
# count: pods that a rollout is about to remove must not decide where the new ones go.
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
