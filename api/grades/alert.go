package grades

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

	"preau/api/attachment"
	"preau/api/directory"
	"preau/api/notify"
	"preau/storage"
	psync "preau/sync"
)

// What readers of a grade are told. No value is ever part of it.
const (
	newsNew     = "new"
	newsChanged = "changed"
)

// news is the payload of effectAlert. At is what the grade was seen or changed
// at: with another moment by then there is other news. Early says that the
// pupil saw it before the guardians.
type news struct {
	Kind       string    `json:"kind"`
	Assessment string    `json:"assessment"`
	Course     string    `json:"course"`
	At         time.Time `json:"at"`
	Early      bool      `json:"early,omitempty"`
}

// announce tells the readers of the scope being committed to, once a slip
// could have been corrected.
func (c *carrier) announce(tx *psync.Tx, id, kind string, at time.Time) {
	_, early := c.own[storage.Key{Type: "grade", ID: id}]
	n := news{Kind: kind, Assessment: id, Course: c.course, At: at, Early: early && kind == newsNew}
	tx.EffectAt(effectAlert, n, tx.Now().Add(c.window))
}

// show makes the files of a grade readable where it is.
func (c *carrier) show(tx *psync.Tx, id string, before, after Outline) {
	ref := reference(tx, kindGrade, id, after)
	ref.School = c.school
	attachment.Refer(tx, ref)
	ref.Files = dropped(before, after)
	attachment.Release(tx, ref)
}

// alert tells the pupil, or the guardians, as they are by now.
func (g *Gradebook) alert(ctx context.Context, job *psync.Job) error {
	var n news
	if err := job.Payload(&n); err != nil {
		return err
	}
	grade, still, err := g.stillTrue(ctx, job.Source(), n)
	if err != nil || !still {
		return err
	}
	course, _ := g.dir.Course(n.Course)
	subject := cmp.Or(course.SubjectName, grade.Subject)
	hour := job.At().In(g.dir.Location(course.School)).Format("2006010215")
	all, ctx := errgroup.WithContext(ctx)
	for _, to := range Readers(g.dir, job.Source(), n.Early) {
		all.Go(func() error { return g.notices.Deliver(ctx, job, to.User, notice(n, grade, to, subject, hour)) })
	}
	return all.Wait()
}

// stillTrue reads the grade that news is about. What was taken back, or has
// changed again, is no news.
func (g *Gradebook) stillTrue(ctx context.Context, scope string, n news) (grade Grade, still bool, err error) {
	recs, err := g.engine.Find(ctx, scope, storage.Key{Type: "grade", ID: n.Assessment})
	if err != nil || len(recs) == 0 {
		return grade, false, err
	}
	if err := json.Unmarshal(recs[0].Value, &grade); err != nil {
		return grade, false, fmt.Errorf("grade %s of %s: %w", n.Assessment, scope, err)
	}
	at := grade.At
	if n.Kind == newsChanged {
		at = grade.ChangedAt
	}
	return grade, at.Equal(n.At), nil
}

// notice words news for one reader: what kind, of which subject, and nothing
// of the mark.
func notice(n news, grade Grade, to directory.Relative, subject, hour string) notify.Notice {
	line := notify.Notice{
		Kind: "grade." + n.Kind, Student: to.Student, Path: "/notes/" + n.Assessment, Alert: notify.NewGrade,
		Title: Say(to, sentencesOf(), n.Kind, subject), Body: notify.Text{FR: grade.Title, EN: grade.Title}, Level: level(grade),
	}
	if to.Child != "" {
		line.Path += "?enfant=" + to.Student
	}
	if n.Kind == newsNew { // what an hour brings of one pupil is one alert
		line.Tag, line.Many = strings.Join([]string{"grade", to.Student, hour}, "."), Say(to, sentencesOf(), "many", subject)
	} else {
		line.ID = strings.Join([]string{"grade", n.Assessment, to.Student, strconv.FormatInt(n.At.UnixMilli(), 36)}, ".")
	}
	return line
}

// level is what a mark comes to, in hundredths of a point of 20; nil where it
// counts as nothing. Thresholds look at it, and nobody is sent it.
func level(g Grade) *int {
	points, counts := g.Value.Points()
	if !counts || g.OutOf <= 0 {
		return nil
	}
	of20 := int(points * 2000 / g.OutOf)
	return &of20
}

//go:embed fr.json
var frenchWords []byte

//go:embed en.json
var englishWords []byte

var sentencesOf = notify.Sentences[map[string]string](frenchWords, englishWords)
