package collect

import (
	_ "embed" // the sentences
	"strconv"
	"strings"
	"time"

	"preau/api/directory"
	"preau/api/notify"
)

//go:embed fr.json
var frenchWords []byte

//go:embed en.json
var englishWords []byte

var sentencesOf = notify.Sentences[map[string]string](frenchWords, englishWords)

func say(key string, fills ...string) notify.Text {
	both, r := sentencesOf(), strings.NewReplacer(fills...)
	return notify.Text{FR: r.Replace(both[0][key]), EN: r.Replace(both[1][key])}
}

// day says a date in both languages.
func day(t time.Time) notify.Text {
	both := sentencesOf()
	return notify.Text{FR: notify.Day(both[0], t), EN: notify.Day(both[1], t)}
}

func line(key, id, path string, title notify.Text, body string) notify.Notice {
	return notify.Notice{
		Kind: "collect." + key, Path: path, Alert: notify.Collects, ID: "collect." + key + "." + id,
		Title: title, Body: notify.Text{FR: body, EN: body},
	}
}

// asked tells somebody that files are asked for.
func asked(id string, c Collect, by directory.Named) notify.Notice {
	return line("asked", id, "/depots/"+id, say("asked", "{name}", by.Name), c.Title)
}

// came tells the owner of drops.
func came(id string, g gate, drops int) notify.Notice {
	title := say("came.one")
	if drops > 1 {
		title = say("came.many", "{n}", strconv.Itoa(drops))
	}
	n := line("came", id, "/collectes/"+id, title, g.Title)
	n.ID = "" // each is its own
	return n
}

// ended tells the owner that nothing comes any more, and until when all is kept.
func ended(id string, c Collect, zone *time.Location) notify.Notice {
	until := day(c.Erased.In(zone))
	title := notify.Text{FR: say("ended", "{day}", until.FR).FR, EN: say("ended", "{day}", until.EN).EN}
	return line("ended", id+"."+strconv.FormatInt(c.Until.Unix(), 10), "/collectes/"+id, title, c.Title)
}

// gone tells the owner that all was erased.
func gone(id string, c Collect) notify.Notice {
	return line("gone", id, "/transferts", say("gone"), c.Title)
}
