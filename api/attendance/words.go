package attendance

import (
	_ "embed" // the sentences
	"strconv"
	"strings"
	"time"

	"preau/api/notify"
)

//go:embed fr.json
var frenchWords []byte

//go:embed en.json
var englishWords []byte

// sentences are the words of alerts in one language.
type sentences map[string]string

var sentencesOf = notify.Sentences[sentences](frenchWords, englishWords)

// say gives a sentence in both languages; names and values fill what it leaves
// open.
func say(key string, fill ...string) notify.Text {
	both := sentencesOf()
	return notify.Text{FR: both[0].fill(key, fill...), EN: both[1].fill(key, fill...)}
}

// sayTime is a sentence with the times of something.
func sayTime(key, first, from, to string) notify.Text {
	both := sentencesOf()
	return notify.Text{FR: both[0].time(key, first, from, to), EN: both[1].time(key, first, from, to)}
}

func (l sentences) time(key, first, from, to string) string {
	return l.fill(key, "first", first, "day", l.day(from), "from", l.hour(from), "to", l.hour(to))
}

func (l sentences) fill(key string, fill ...string) string {
	s := l[key]
	for i := 0; i+1 < len(fill); i += 2 {
		s = strings.ReplaceAll(s, "{"+fill[i]+"}", fill[i+1])
	}
	return s
}

// day writes a date out, "mardi 24 novembre".
func (l sentences) day(at string) string {
	t, _ := time.Parse(moment, at) // it was checked when it came in
	return notify.Day(l, t)
}

// hour writes a time of day, "8 h 30" or "8:30".
func (l sentences) hour(at string) string {
	t, _ := time.Parse(moment, at)
	s := strings.NewReplacer("{h}", strconv.Itoa(t.Hour()), "{m}", t.Format("04")).Replace(l["hour"])
	return strings.TrimSuffix(s, l["hour.zero"])
}
