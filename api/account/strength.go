package account

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	psync "preau/sync"
)

const (
	minPassword = 12   // characters
	maxPassword = 1024 // bytes
)

// blocklist.txt holds the passwords that are tried first, French and
// international, one a line, folded; a small list, written from common
// knowledge. Lines that begin with '#' are comments.
//
//go:embed blocklist.txt
var blocklistText string

var blocklist = wordSet(blocklistText)

func wordSet(text string) map[string]bool {
	set := map[string]bool{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			set[line] = true
		}
	}
	return set
}

// fold makes words comparable: small letters without accents.
func fold(s string) string {
	t := transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC)
	folded, _, err := transform.String(t, strings.ToLower(s))
	if err != nil {
		return strings.ToLower(s)
	}
	return folded
}

// checkPassword refuses a password that is too short or easily guessed.
// Context holds what everybody knows of the person: names, school, town.
func checkPassword(password string, context []string) error {
	switch {
	case !utf8.ValidString(password) || len(password) > maxPassword:
		return psync.Refuse("invalid", "password", "too long, or not text")
	case utf8.RuneCountInString(norm.NFC.String(password)) < minPassword:
		return psync.Refuse("weak_password", "password", "shorter than %d characters", minPassword)
	case guessable(password, context):
		return psync.Refuse("weak_password", "password", "too easy to guess")
	}
	return nil
}

// guessable says whether a password is a common one, or little more than one
// or two common or personal words with figures around them.
func guessable(password string, context []string) bool {
	folded := fold(password)
	plain := unleet(strings.TrimFunc(folded, notLetter))
	if blocklist[folded] || blocklist[plain] || monotonous(folded) {
		return true
	}
	for _, text := range []string{folded, plain} {
		if rest, found := strip(text, context); found && utf8.RuneCountInString(rest) < 8 {
			return true
		}
		if commonWords(text) {
			return true
		}
	}
	return false
}

// strip takes the personal words out of a text.
func strip(text string, context []string) (rest string, found bool) {
	for _, words := range context {
		for _, word := range strings.FieldsFunc(fold(words), notLetter) {
			if len(word) >= 3 && strings.Contains(text, word) {
				text, found = strings.ReplaceAll(text, word, ""), true
			}
		}
	}
	return text, found
}

// commonWords says whether all letters of a text form at most two different
// words of the blocklist, however often repeated.
func commonWords(text string) bool {
	words := map[string]bool{}
	for _, run := range strings.FieldsFunc(text, notLetter) {
		word, ok := repeated(run)
		if !ok {
			return false
		}
		for _, w := range word {
			words[w] = true
		}
	}
	return len(words) <= 2
}

// repeated splits a run of letters into one or two words of the blocklist, if
// it is a repetition of the first or the two side by side.
func repeated(run string) (words []string, ok bool) {
	if blocklist[run] || len(run) < 3 {
		return []string{run}, true
	}
	for i := 3; i <= len(run)-3; i++ {
		head, tail := run[:i], run[i:]
		if blocklist[head] && (blocklist[tail] || strings.ReplaceAll(tail, head, "") == "") {
			return []string{head, tail}, true
		}
	}
	return nil, false
}

// monotonous finds texts with four different characters at most, steps of the
// alphabet or of the keyboard, and short pieces repeated.
func monotonous(s string) bool {
	distinct := map[rune]bool{}
	for _, r := range s {
		distinct[r] = true
	}
	return len(distinct) <= 4 || walk(s) || repeats(s)
}

const rows = "abcdefghijklmnopqrstuvwxyz 01234567890 azertyuiop qsdfghjklm wxcvbn qwertyuiop asdfghjkl zxcvbnm"

// walk says whether at least three quarters of the steps of s go along a row.
func walk(s string) bool {
	steps := 0
	for i := 0; i+1 < len(s); i++ {
		pair := s[i : i+2]
		back := string([]byte{pair[1], pair[0]})
		if pair[0] != ' ' && (strings.Contains(rows, pair) || strings.Contains(rows, back)) {
			steps++
		}
	}
	return 4*steps >= 3*(len(s)-1)
}

// repeats says whether s is a short piece repeated.
func repeats(s string) bool {
	for n := 1; n <= len(s)/2 && n <= 10; n++ {
		if strings.HasPrefix(strings.Repeat(s[:n], len(s)/n+1), s) {
			return true
		}
	}
	return false
}

var leet = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i")

// unleet reads figures that stand for letters.
func unleet(s string) string { return leet.Replace(s) }

func notLetter(r rune) bool { return !unicode.IsLetter(r) }
