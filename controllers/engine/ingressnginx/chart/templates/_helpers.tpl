{{/* These labels select the pods of this kind of workload only. While the kind changes, pods of both kinds run side by side. */}}
{{- define "edge-ingress.podSelector" -}}
{{ toYaml .Values.selector }}
edgeingress.dev/workload: {{ .Values.workload.kind }}
{{- end }}
