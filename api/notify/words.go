package notify

import (
	_ "embed" // words
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

//go:embed fr.json
var frenchDates []byte

//go:embed en.json
var englishDates []byte

// Words are the sentences of an area's alerts, read when they are first needed:
// French, then English.
type Words[S ~map[string]string] func() [2]S

// Say gives a sentence in both languages; fill replaces what it leaves open.
func (w Words[S]) Say(key string, fill func(words S, sentence string) string) Text {
	both := w()
	return Text{FR: fill(both[0], both[0][key]), EN: fill(both[1], both[1][key])}
}

// Sentences returns what reads the words of an area's alerts, JSON objects of
// strings, when they are first needed: French, then English, each with the
// words of dates. They are part of the program, so it panics on what cannot be
// read.
func Sentences[S ~map[string]string](french, english []byte) Words[S] {
	return sync.OnceValue(func() (both [2]S) {
		for i, parts := range [][2][]byte{{frenchDates, french}, {englishDates, english}} {
			for _, raw := range parts {
				if err := json.Unmarshal(raw, &both[i]); err != nil {
					panic(err)
				}
			}
		}
		return both
	})
}

// Day writes a date out in the language of Sentences, "vendredi 27 novembre",
// "mardi 1er décembre".
func Day[S ~map[string]string](words S, t time.Time) string {
	weekday := strings.Fields(words["weekdays"])[t.Weekday()]
	month := strings.Fields(words["months"])[t.Month()-1]
	day := strconv.Itoa(t.Day())
	if t.Day() == 1 {
		day = words["first"]
	}
	return weekday + " " + day + " " + month
}

// InSentence writes the name of a subject as it stands inside a French
// sentence: "français", but "SVT".
func InSentence(name string) string {
	first, size := utf8.DecodeRuneInString(name)
	second, _ := utf8.DecodeRuneInString(name[size:])
	if unicode.IsUpper(second) || !unicode.IsLetter(second) {
		return name
	}
	return string(unicode.ToLower(first)) + name[size:]
}
