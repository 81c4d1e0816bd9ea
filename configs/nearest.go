package configs

import "strings"

// Nearest returns the known name that a misspelt one was meant to be, "" if none is close: the same but
// for case and dashes, or up to a third of its letters wrong, missing, added or swapped.
func Nearest(wrong string, names []string) string {
	best, bestDistance := "", max(1, len(wrong)/3)+1
	for _, known := range names {
		d := distance(plain(wrong), plain(known))
		if d < bestDistance {
			best, bestDistance = known, d
		}
	}
	return best
}

func plain(key string) string { return strings.ToLower(strings.ReplaceAll(key, "-", "_")) }

// distance counts the letters to change, insert, delete or swap with the next one to turn a into b
// (optimal string alignment). Long keys are cut: they are no typing errors.
func distance(a, b string) int {
	a, b = a[:min(len(a), 64)], b[:min(len(b), 64)]
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}
