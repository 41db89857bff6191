package timetable

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

// sentences are the words of alerts and feeds in one language.
type sentences map[string]string

var sentencesOf = notify.Sentences[sentences](frenchWords, englishWords)

var say = sentencesOf.Say

// sentencesIn are the words of a language; French unless it is "en".
func sentencesIn(lang string) sentences {
	both := sentencesOf()
	if lang == "en" {
		return both[1]
	}
	return both[0]
}

// day writes a date out, "vendredi 27 novembre".
func (l sentences) day(day directory.Date) string {
	t, err := time.Parse(time.DateOnly, string(day))
	if err != nil {
		return string(day)
	}
	return notify.Day(l, t)
}

// when writes a day and an hour, "vendredi 27 novembre, 8 h 30".
func (l sentences) when(text string, day directory.Date, at string) string {
	return strings.NewReplacer("{day}", l.day(day), "{hour}", l.hour(at)).Replace(text)
}

// hour writes "08:30" as "8 h 30" where it is said so.
func (l sentences) hour(at string) string {
	if l["hour"] == "" {
		return at
	}
	hours, minutes, _ := strings.Cut(strings.TrimPrefix(at, "0"), ":")
	return strings.TrimSuffix(strings.NewReplacer("{h}", hours, "{m}", minutes).Replace(l["hour"]), " 00")
}

// subject writes a name as it stands in a sentence: first, or after a word.
func (l sentences) subject(name, sentence string) string {
	if strings.HasPrefix(sentence, "{subject}") || l["hour"] == "" {
		return name
	}
	return notify.InSentence(name)
}

// about names the child that a sentence is about.
func (l sentences) about(child, what string) string {
	if child == "" {
		return what
	}
	return strings.NewReplacer("{child}", child, "{what}", what).Replace(l["child"])
}
