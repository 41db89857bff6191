package reportcard

import (
	"context"
	_ "embed" // the sentences
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"preau/api/notify"
	psync "preau/sync"
)

// news is the payload of effectAlert.
type news struct {
	Period  string `json:"period"`
	Version int    `json:"version"`
}

// alert tells a pupil and their guardians, as they are by now, that a card is
// out or was corrected: three times a year, and nobody switches it off. A version that another has replaced is no news.
func (s *Service) alert(ctx context.Context, job *psync.Job) error {
	var n news
	if err := job.Payload(&n); err != nil {
		return err
	}
	card, there, err := psync.Find[Card](ctx, s.engine, job.Source(), "card", n.Period)
	if err != nil || !there || card.Version != n.Version {
		return err
	}
	student := psync.ScopeID(job.Source())
	all, ctx := errgroup.WithContext(ctx)
	for _, user := range append([]string{student}, s.Directory.Guardians(student)...) {
		all.Go(func() error { return s.Notices.Deliver(ctx, job, user, s.notice(card, student, user)) })
	}
	return all.Wait()
}

func (s *Service) notice(c Card, student, user string) notify.Notice {
	key := "new"
	if c.Version > 1 {
		key = "changed"
	}
	n := notify.Notice{
		Kind: "reportcard." + key, Student: student, Path: "/bulletins/" + student + "/" + c.Period.ID,
		ID: strings.Join([]string{"card", c.Period.ID, student, strconv.Itoa(c.Version)}, "."),
	}
	if len(s.Directory.Children(user)) > 1 {
		key += ".child"
	}
	n.Title = say(key, "{child}", c.Names[0], "{period}", c.Period.Name)
	if user != student {
		n.Body = say("acknowledge")
	}
	return n
}

//go:embed fr.json
var frenchWords []byte

//go:embed en.json
var englishWords []byte

var sentencesOf = notify.Sentences[map[string]string](frenchWords, englishWords)

// say gives a sentence in both languages.
func say(key string, fill ...string) notify.Text {
	with, both := strings.NewReplacer(fill...), sentencesOf()
	return notify.Text{FR: with.Replace(both[0][key]), EN: with.Replace(both[1][key])}
}
