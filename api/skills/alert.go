package skills

import (
	"cmp"
	"context"
	_ "embed" // the sentences
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"preau/api/directory"
	"preau/api/grades"
	"preau/api/notify"
	"preau/storage"
	psync "preau/sync"
)

// What readers of an outcome are told. No level is ever part of it.
const (
	newsNew     = "new"
	newsChanged = "changed"
)

// news is the payload of effectAlert. At is what the outcome was seen or
// changed at: with another moment by then there is other news. Early says that
// the pupil saw it before the guardians.
type news struct {
	Kind       string    `json:"kind"`
	Evaluation string    `json:"evaluation"`
	Course     string    `json:"course"`
	At         time.Time `json:"at"`
	Early      bool      `json:"early,omitempty"`
}

// announce tells the readers of the scope being committed to what is new to
// them, once a slip could have been corrected.
func (c *carrier) announce(tx *psync.Tx, key storage.Key, v any, before json.RawMessage) error {
	o, is := v.(Outcome)
	if !is {
		return nil
	}
	var old Outcome
	if before != nil {
		if err := json.Unmarshal(before, &old); err != nil {
			return fmt.Errorf("outcome %s: %w", key.ID, err)
		}
	}
	n := news{Kind: newsNew, Evaluation: key.ID, Course: c.course, At: o.At}
	switch {
	case before == nil:
		n.Early = c.own[key] != nil
	case !o.ChangedAt.Equal(old.ChangedAt):
		n.Kind, n.At = newsChanged, o.ChangedAt
	default:
		return nil
	}
	tx.EffectAt(effectAlert, n, tx.Now().Add(c.window))
	return nil
}

// alert tells the pupil, or the guardians, as they are by now.
func (s *Service) alert(ctx context.Context, job *psync.Job) error {
	var n news
	if err := job.Payload(&n); err != nil {
		return err
	}
	o, still, err := s.stillTrue(ctx, job.Source(), n)
	if err != nil || !still {
		return err
	}
	course, _ := s.dir.Course(n.Course)
	subject := cmp.Or(course.SubjectName, o.Subject)
	day := job.At().In(s.dir.Location(course.School)).Format("20060102")
	all, ctx := errgroup.WithContext(ctx)
	for _, to := range grades.Readers(s.dir, job.Source(), n.Early) {
		all.Go(func() error { return s.notices.Deliver(ctx, job, to.User, notice(n, o, to, subject, day)) })
	}
	return all.Wait()
}

// stillTrue reads the outcome that news is about. What was taken back, or has
// changed again, is no news.
func (s *Service) stillTrue(ctx context.Context, scope string, n news) (o Outcome, still bool, err error) {
	recs, err := s.engine.Find(ctx, scope, storage.Key{Type: "outcome", ID: n.Evaluation})
	if err != nil || len(recs) == 0 {
		return o, false, err
	}
	if err := json.Unmarshal(recs[0].Value, &o); err != nil {
		return o, false, fmt.Errorf("outcome %s of %s: %w", n.Evaluation, scope, err)
	}
	at := o.At
	if n.Kind == newsChanged {
		at = o.ChangedAt
	}
	return o, at.Equal(n.At), nil
}

// notice words news for one reader: of which subject, and no level. What a day
// brings of one pupil is one line.
func notice(n news, o Outcome, to directory.Relative, subject, day string) notify.Notice {
	line := notify.Notice{
		Kind: "skills." + n.Kind, Student: to.Student, Path: "/competences", Alert: notify.NewGrade,
		Title: grades.Say(to, sentencesOf(), n.Kind, subject), Body: notify.Text{FR: o.Title, EN: o.Title},
	}
	if to.Child != "" {
		line.Path += "?enfant=" + to.Student
	}
	if n.Kind == newsNew {
		line.Tag, line.Many = strings.Join([]string{"skills", to.Student, day}, "."), grades.Say(to, sentencesOf(), "many", subject)
	} else {
		line.ID = strings.Join([]string{"skills", n.Evaluation, to.Student, strconv.FormatInt(n.At.UnixMilli(), 36)}, ".")
	}
	return line
}

//go:embed fr.json
var frenchWords []byte

//go:embed en.json
var englishWords []byte

var sentencesOf = notify.Sentences[map[string]string](frenchWords, englishWords)
