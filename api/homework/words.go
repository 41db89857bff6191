package homework

import (
	_ "embed" // the sentences
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"preau/api/notify"
)

//go:embed fr.json
var frenchWords []byte

//go:embed en.json
var englishWords []byte

// sentences are the words of alerts in one language.
type sentences map[string]string

var sentencesOf = sync.OnceValue(func() [2]sentences {
	var both [2]sentences
	for i, raw := range [][]byte{frenchWords, englishWords} {
		if err := json.Unmarshal(raw, &both[i]); err != nil {
			panic(err) // they are part of the program
		}
	}
	return both
})

// say gives a sentence in both languages; fill replaces what it leaves open.
func say(key string, fill func(l sentences, s string) string) notify.Text {
	both := sentencesOf()
	return notify.Text{FR: fill(both[0], both[0][key]), EN: fill(both[1], both[1][key])}
}

func plain(_ sentences, s string) string { return s }

// day writes a date out, "vendredi 27 novembre".
func (l sentences) day(t time.Time) string {
	weekday := strings.Fields(l["weekdays"])[t.Weekday()]
	month := strings.Fields(l["months"])[t.Month()-1]
	return weekday + " " + strconv.Itoa(t.Day()) + " " + month
}

// inSentence writes the name of a subject as it stands inside a sentence:
// "français", but "SVT".
func inSentence(name string) string {
	first, size := utf8.DecodeRuneInString(name)
	second, _ := utf8.DecodeRuneInString(name[size:])
	if unicode.IsUpper(second) || !unicode.IsLetter(second) {
		return name
	}
	return string(unicode.ToLower(first)) + name[size:]
}

// reader is one person to be told, about one pupil.
type reader struct {
	user     string
	student  string
	child    string // first name, where the reader must be told whose work it is
	guardian bool
}

// subjectTitle is the first line of an alert: what, in which subject, and of
// which child.
func subjectTitle(key, subject string, to reader) notify.Text {
	return say(key, func(l sentences, s string) string {
		s = strings.ReplaceAll(s, "{subject}", l.subject(subject))
		return l.about(to.child, s)
	})
}

// subject is a subject's name within a sentence; English keeps the capital.
func (l sentences) subject(name string) string {
	if l["child"] == sentencesOf()[0]["child"] {
		return inSentence(name)
	}
	return name
}

// about names the child that a sentence is about.
func (l sentences) about(child, what string) string {
	if child == "" {
		return what
	}
	return strings.NewReplacer("{child}", child, "{what}", inSentence(what)).Replace(l["child"])
}

// voice is the second line of an alert: "tu" to a pupil, "vous" to an adult.
func voice(kind string, to reader, due time.Time) notify.Text {
	key := kind + ".pupil"
	if to.guardian {
		key = kind + ".guardian"
	}
	return say(key, func(l sentences, s string) string {
		return strings.ReplaceAll(s, "{date}", l.day(due))
	})
}

// same is a text that is no sentence of ours.
func same(s string) notify.Text { return notify.Text{FR: s, EN: s} }
