package homework

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

func plain(_ sentences, s string) string { return s }

// subjectTitle is the first line of an alert: what, in which subject, and of
// which child.
func subjectTitle(key, subject string, to directory.Relative) notify.Text {
	return say(key, func(l sentences, s string) string {
		s = strings.ReplaceAll(s, "{subject}", l.subject(subject))
		return l.about(to.Child, s)
	})
}

// subject is a subject's name within a sentence; English keeps the capital.
func (l sentences) subject(name string) string {
	if l["child"] == sentencesOf()[0]["child"] {
		return notify.InSentence(name)
	}
	return name
}

// about names the child that a sentence is about.
func (l sentences) about(child, what string) string {
	if child == "" {
		return what
	}
	return strings.NewReplacer("{child}", child, "{what}", notify.InSentence(what)).Replace(l["child"])
}

// voice is the second line of an alert: "tu" to a pupil, "vous" to an adult.
func voice(kind string, to directory.Relative, due time.Time) notify.Text {
	key := kind + ".pupil"
	if to.Guards() {
		key = kind + ".guardian"
	}
	return say(key, func(l sentences, s string) string {
		return strings.ReplaceAll(s, "{date}", notify.Day(l, due))
	})
}

// same is a text that is no sentence of ours.
func same(s string) notify.Text { return notify.Text{FR: s, EN: s} }
