package information

import (
	_ "embed" // the sentences
	"strings"

	"preau/api/notify"
)

//go:embed fr.json
var frenchWords []byte

//go:embed en.json
var englishWords []byte

var sentencesOf = notify.Sentences[map[string]string](frenchWords, englishWords)

func say(key, title string) notify.Text {
	both := sentencesOf()
	return notify.Text{FR: strings.ReplaceAll(both[0][key], "{title}", title), EN: strings.ReplaceAll(both[1][key], "{title}", title)}
}

// newNotice tells of an information by its title; of one about health, only
// inside the app.
func newNotice(id string, b Broadcast) notify.Notice { return notice("new", id, b) }

// reminder tells that something is still asked for.
func reminder(id string, b Broadcast) notify.Notice {
	n := notice("reminder", id, b)
	n.ID += "." + b.Reminded.Format("20060102")
	return n
}

func notice(key, id string, b Broadcast) notify.Notice {
	n := notify.Notice{
		Kind: kind + "." + key, Path: "/informations/" + id, Alert: notify.Information,
		ID: kind + "." + key + "." + id, Title: say(key, b.Title), Body: notify.Text{FR: b.By.Name, EN: b.By.Name},
	}
	if b.Category == health {
		n.Title, n.Body = say(key+".bare", ""), notify.Text{FR: b.Title, EN: b.Title}
	}
	return n
}
