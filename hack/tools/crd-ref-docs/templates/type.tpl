{{- define "type" -}}
{{- if markdownShouldRenderType . }}

## {{ .Name }}

{{ .Doc }}
{{- if and .IsAlias (not .EnumValues) }}

A {{ markdownRenderTypeLink .UnderlyingType }}{{ template "limits" .Validation }}.
{{- end }}
{{- if .References }}

Used in {{ range $i, $user := .SortedReferences }}{{ if $i }}, {{ end }}{{ markdownRenderTypeLink $user }}{{ end }}.
{{- end }}
{{- if .Members }}

| Field | Type | Default | Description |
|---|---|---|---|
{{- range .Members }}
{{- if ne .Name "metadata" }}
| `{{ .Name }}` | {{ markdownRenderType .Type }} | {{ with .Default }}`{{ nospace . }}`{{ end }} | {{ if has "Required: {}" .Validation }}**Required.** {{ end }}{{ markdownRenderFieldDoc (replace "\n" " " .Doc) }} {{ template "field_limits" .Validation }} |
{{- end }}
{{- end }}
{{- end }}
{{- if .EnumValues }}

One of {{ range $i, $value := .EnumValues }}{{ if $i }}, {{ end }}`{{ $value.Name }}`{{ end }}.
{{- end }}
{{- end }}
{{- end -}}

{{- define "limits" -}}
{{- range . }}{{ if not (or (hasPrefix "Optional" .) (hasPrefix "Required" .)) }}, {{ . }}{{ end }}{{ end }}
{{- end -}}

{{- define "field_limits" -}}
{{- $limits := list -}}
{{- range . }}{{ if not (or (hasPrefix "Optional" .) (hasPrefix "Required" .) (hasPrefix "Enum" .)) }}{{ $limits = append $limits (markdownRenderFieldDoc .) }}{{ end }}{{ end -}}
{{- if $limits }}_{{ join ", " $limits }}_{{ end -}}
{{- end -}}
