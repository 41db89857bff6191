package mail

import (
	"hash/fnv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// sketch is what is kept of a text to know it again when it was varied a
// little. Of a short text it is the letters themselves, after a '='.
//
// A text is folded to its letters and cut into all runs of four of them; each
// of 32 hash functions keeps the last four bits of its smallest hash, as a
// digit. Two texts share a digit as often as they share runs (min-wise
// hashing), or once in 16 by chance.
type sketch string

const (
	shingle    = 4  // letters in a run
	digits     = 32 // of a sketch
	enoughSame = 15 // digits of two texts that are nearly the same
	fewLetters = 12 // a text of fewer is compared as a whole
)

// newSketch is the sketch of a text; "" of one without letters.
func newSketch(text string) sketch {
	letters := foldLetters(text)
	switch {
	case len(letters) == 0:
		return ""
	case len(letters) < fewLetters:
		return "=" + sketch(letters)
	}
	var least [digits]uint64
	for i := range least {
		least[i] = ^uint64(0)
	}
	for i := range len(letters) - shingle + 1 {
		h := fnv.New64a()
		_, _ = h.Write([]byte(string(letters[i : i+shingle]))) // it never fails
		run := h.Sum64()
		for j, sum := range least {
			least[j] = min(sum, scatter(run+uint64(j)*golden))
		}
	}
	var b strings.Builder
	for _, sum := range least {
		b.WriteByte("0123456789abcdef"[sum&15])
	}
	return sketch(b.String())
}

// foldLetters leaves of a text its letters, small and without accents; of a
// long one those that it begins with.
func foldLetters(text string) []rune {
	var letters []rune
	for _, r := range norm.NFKD.String(text) {
		if unicode.IsLetter(r) && len(letters) < MaxBody {
			letters = append(letters, unicode.ToLower(r))
		}
	}
	return letters
}

// golden and scatter make many hashes out of one (splitmix64).
const golden = 0x9e3779b97f4a7c15

func scatter(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// short says whether the text had few letters, or none.
func (s sketch) short() bool { return s == "" || s[0] == '=' }

// alike says whether two texts are nearly the same.
func (s sketch) alike(other sketch) bool {
	if s.short() || other.short() {
		return s == other && s != ""
	}
	return s.same(other) >= enoughSame
}

// same counts the digits that two sketches share.
func (s sketch) same(other sketch) (n int) {
	for i := range digits {
		if s[i] == other[i] {
			n++
		}
	}
	return n
}
