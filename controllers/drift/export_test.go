package drift

// Rows are the reasons in the table, by field.
func Rows(of string) map[string]string {
	reasons := map[string]string{}
	for field, row := range map[string]fields{"PodSpec": podSpec, "Container": container}[of] {
		reasons[field] = row.why
	}
	return reasons
}
