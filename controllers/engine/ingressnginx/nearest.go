package ingressnginx

// nearest returns the candidate that a mistyped word most likely means: the first of those with the
// fewest letters to change, at most a quarter of the word. It returns "" where none is near.
func nearest(word string, candidates []string) string {
	best, fewest := "", max(2, len(word)/4)+1
	for _, candidate := range candidates {
		if changes := editDistance(word, candidate); changes < fewest {
			best, fewest = candidate, changes
		}
	}
	return best
}

// editDistance returns how many bytes to insert, delete or replace to turn a into b (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
