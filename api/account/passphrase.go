package account

import (
	"crypto/rand"
	_ "embed"
	"math/big"
	"strings"
)

// words.txt holds the words of generated passphrases: common French nouns of
// three letters or more, without accents, one a line.
//
//go:embed words.txt
var wordsText string

var passWords = strings.Fields(wordsText)

// phraseWords gives just over 50 bits, what the CNIL asks where attempts are
// limited.
const phraseWords = 5

// Passphrase makes an initial secret that can be read aloud and typed.
func Passphrase() string {
	words := make([]string, phraseWords)
	for i := range words {
		words[i] = passWords[below(len(passWords))]
	}
	return strings.Join(words, "-")
}

// below picks a number in [0, n), all alike.
func below(n int) int {
	i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		panic(err) // the system's randomness never fails
	}
	return int(i.Int64())
}
