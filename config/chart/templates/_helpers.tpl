{{/*
Labels of every object of the release, beside those of the manifests. No selector has them, and no pod.
*/}}
{{- define "edge-ingress-operator.labels" -}}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | quote }}
{{- end }}

{{/*
The image of all programs: by digest where one is known, and otherwise by tag. A released chart knows the digest of its
own version.
*/}}
{{- define "edge-ingress-operator.image" -}}
{{- $released := index .Chart.Annotations "edgeingress.dev/image-digest" | default "" -}}
{{- $digest := .Values.image.digest -}}
{{- if and (not $digest) (not .Values.image.tag) -}}
{{- $digest = $released -}}
{{- end -}}
{{- if $digest -}}
{{ printf "%s@%s" .Values.image.repository $digest }}
{{- else -}}
{{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) }}
{{- end -}}
{{- end }}
