package config

import (
	"fmt"
	"regexp"
)

// Unknown says that word is not a known name, and suggests the nearest of names; prefix
// goes before each, such as the dashes of a flag. A word that does not look like a name is
// not repeated: it may be a misplaced password.
func Unknown(what, prefix, word string, names []string) string {
	text, nearest := "unknown "+what, Nearest(word, names)
	if nearest != "" || regexp.MustCompile(`^[A-Za-z][A-Za-z_-]{0,30}$`).MatchString(word) {
		text += " " + prefix + word
	}
	if nearest != "" {
		text += fmt.Sprintf("; did you mean %s%s?", prefix, nearest)
	}
	return text
}

// Nearest is the name that was probably meant by word, or empty if none is close.
func Nearest(word string, names []string) string {
	nearest, least := "", min(2, len(word)/2)+1
	for _, name := range names {
		if d := distance(word, name); d < least {
			nearest, least = name, d
		}
	}
	return nearest
}

// distance is how many letters must be inserted, removed, replaced, or swapped with the
// next to turn a into b.
func distance(a, b string) int {
	before, last, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		next[0] = i + 1
		for j := range len(b) {
			same := 1
			if a[i] == b[j] {
				same = 0
			}
			next[j+1] = min(last[j]+same, last[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, last, next = last, next, before
	}
	return last[len(b)]
}
