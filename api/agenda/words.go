package agenda

import (
	_ "embed" // the sentences
	"strings"
	"time"

	"preau/api/directory"
	"preau/api/notify"
)

//go:embed fr.json
var frenchWords []byte

//go:embed en.json
var englishWords []byte

// sentences are the words of alerts in one language.
type sentences map[string]string

var sentencesOf = notify.Sentences[sentences](frenchWords, englishWords)

var say = sentencesOf.Say

// day writes a date out, "vendredi 27 novembre".
func (l sentences) day(day directory.Date) string {
	t, err := time.Parse(time.DateOnly, string(day))
	if err != nil {
		return string(day)
	}
	return notify.Day(l, t)
}

// moment writes a day, and the hour where there is one: "vendredi 27 novembre,
// 8 h 30".
func (l sentences) moment(at string) string {
	_, clock, timed := strings.Cut(at, "T")
	if !timed {
		return l.day(dayOf(at))
	}
	hours, minutes, _ := strings.Cut(strings.TrimPrefix(clock, "0"), ":")
	said := strings.NewReplacer("{clock}", clock, "{h}", hours, "{m}", minutes).Replace(l["hour"])
	return strings.NewReplacer("{day}", l.day(dayOf(at)), "{hour}", strings.TrimSuffix(said, " 00")).Replace(l["when"])
}

func (l sentences) place(when, place string) string {
	if place == "" {
		return when + "."
	}
	return when + ", " + place + "."
}

// about names the children that a sentence is about.
func (l sentences) about(children []string, what string) string {
	if len(children) == 0 {
		return what
	}
	return strings.NewReplacer("{child}", strings.Join(children, ", "), "{what}", what).Replace(l["child"])
}
