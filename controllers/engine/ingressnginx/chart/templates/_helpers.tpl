{{/* Labels that tell the pods of this workload from those of the other kind, which run side by side while the kind is changed. */}}
{{- define "edge-ingress.podSelector" -}}
{{ toYaml .Values.selector }}
edgeingress.dev/workload: {{ .Values.workload.kind }}
{{- end }}
