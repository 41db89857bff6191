package homework

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"preau/api/directory"
	"preau/api/notify"
	"preau/storage"
	psync "preau/sync"
)

// newsReminder and newsDue are told besides newsNew, newsWithdrawn,
// StateReturned and StateAgain.
const (
	newsReminder = "reminder"
	newsDue      = "due"
)

// news is the payload of effectAlert: what has become of a homework. Without
// Students it concerns the audience of the source scope.
type news struct {
	Kind     string   `json:"kind"`
	Homework string   `json:"homework"`
	Course   string   `json:"course"`
	Students []string `json:"students,omitempty"`
}

// alert tells pupils and their guardians, as they are by now.
func (s *Service) alert(ctx context.Context, job *psync.Job) error {
	var n news
	if err := job.Payload(&n); err != nil {
		return err
	}
	g, holds, err := s.stillTrue(ctx, n)
	if err != nil || !holds {
		return err
	}
	return s.tell(ctx, job, n, g, s.concerned(job.Source(), n))
}

// stillTrue reads the homework that news is about; what was withdrawn or
// restored meanwhile is no news.
func (s *Service) stillTrue(ctx context.Context, n news) (g Given, holds bool, err error) {
	typ := "homework"
	if n.Kind == newsWithdrawn {
		typ = "withdrawn"
	}
	g, holds, err = psync.Find[Given](ctx, s.engine, courseScope(n.Course), typ, n.Homework)
	if err == nil && !holds && (n.Kind == StateReturned || n.Kind == StateAgain) {
		return psync.Find[Given](ctx, s.engine, courseScope(n.Course), "withdrawn", n.Homework)
	}
	return g, holds, err
}

// concerned lists the pupils whom news concerns.
func (s *Service) concerned(source string, n news) []string {
	switch kind, id, _ := strings.Cut(source, ":"); {
	case len(n.Students) > 0:
		return n.Students
	case kind == "student":
		return []string{id}
	default:
		return s.dir.Pupils(source)
	}
}

// tell writes the notices of everybody concerned, all those of one person at
// once.
func (s *Service) tell(ctx context.Context, job *psync.Job, n news, g Given, students []string) error {
	course, _ := s.dir.Course(n.Course)
	local := s.dir.Location(course.School)
	letters := map[string][]notify.Notice{}
	for _, to := range s.readers(students) {
		letters[to.User] = append(letters[to.User], notice(n, g, to, cmp.Or(course.SubjectName, g.Subject), local, job.At()))
	}
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(8) // so that the store commits in groups
	for user, notices := range letters {
		all.Go(func() error { return s.notices.Deliver(ctx, job, user, notices...) })
	}
	return all.Wait()
}

// readers lists pupils and their guardians.
func (s *Service) readers(students []string) []directory.Relative {
	var all []directory.Relative
	for _, id := range students {
		if _, known := s.dir.Person(id); known {
			all = append(all, directory.Family(s.dir, id)...)
		}
	}
	return all
}

// notice words news for one reader.
func notice(n news, g Given, to directory.Relative, subject string, local *time.Location, at time.Time) notify.Notice {
	due := g.Due.In(local)
	line := notify.Notice{
		Kind: "homework." + n.Kind, Student: to.Student, Path: screen(n.Homework, to),
		Title: subjectTitle(n.Kind+".title", subject, to),
		Lock:  voice(n.Kind, to, due),
		Body:  same(headline(g)),
	}
	switch n.Kind {
	case newsNew:
		// What an hour brings of one class is one alert.
		line.Tag = strings.Join([]string{"new", g.Audience, to.Student, at.In(local).Format("2006010215")}, ".")
		line.Many = say("new.many", func(l sentences, s string) string { return l.about(to.Child, s) })
		line.Alert = notify.NewHomework
	case newsDue:
		line.ID = strings.Join([]string{"due", n.Homework, to.Student, due.Format("20060102T1504")}, ".")
		line.Alert, line.Urgent, line.Due = notify.DueSoon, true, g.Due
	case newsReminder:
		line.Alert, line.Urgent, line.Due = notify.DueSoon, true, g.Due
	case newsWithdrawn:
		line.Alert = notify.NewHomework
	default:
		line.Alert = notify.Returned
	}
	if line.ID == "" && line.Tag == "" {
		line.ID = strings.Join([]string{n.Kind, n.Homework, to.Student, strconv.FormatInt(at.UnixMilli(), 36)}, ".")
	}
	return line
}

// screen is the address of the screen that an alert opens.
func screen(homework string, to directory.Relative) string {
	if to.Child != "" {
		return "/travail/" + homework + "?enfant=" + to.Student
	}
	return "/travail/" + homework
}

// headline is the title of a homework, or how its text begins.
func headline(g Given) string {
	if g.Title != "" {
		return g.Title
	}
	line, _, _ := strings.Cut(strings.TrimSpace(g.Text), "\n")
	if runes := []rune(line); len(runes) > 80 {
		return string(runes[:79]) + "…"
	}
	return line
}

// unreadablePage tells a pupil which page to photograph again.
func unreadablePage(id string, sub Submission, page int) notify.Notice {
	n, words := strconv.Itoa(page+1), "problem"
	if sub.Pages[page].Problem == "infected" {
		words = "virus"
	}
	what := say(words+".pupil", func(_ sentences, s string) string { return strings.ReplaceAll(s, "{n}", n) })
	return notify.Notice{
		Kind: "homework.problem", Student: sub.By, Path: "/travail/" + sub.Homework,
		ID:    "problem." + id + "." + n,
		Title: say(words+".title", plain), Lock: what, Body: what,
		Urgent: true,
	}
}

// alertHour is when, on the eve, those are told who have handed in nothing.
const alertHour = 17

// deadline is the payload of effectDue: a homework and the date it had when
// the alert was set. With another date by then, another alert is set.
type deadline struct {
	Homework string    `json:"homework"`
	Due      time.Time `json:"due"`
}

// schedule sets the alert of the eve. When that moment has passed already,
// nobody is told after the fact.
func (s *Service) schedule(tx *psync.Tx, id string, g Given) {
	if eve := eveOf(g.Due.In(s.dir.Location(tx.Actor().School))); eve.After(tx.Now()) {
		tx.EffectAt(effectDue, deadline{id, g.Due}, eve.UTC())
	}
}

// eveOf is the moment of the alert for a due date.
func eveOf(due time.Time) time.Time {
	return time.Date(due.Year(), due.Month(), due.Day()-1, alertHour, 0, 0, 0, due.Location())
}

// due tells those who have handed in nothing on the eve, unless the homework
// was moved or withdrawn, or is due already.
func (s *Service) due(ctx context.Context, job *psync.Job) error {
	var d deadline
	if err := job.Payload(&d); err != nil {
		return err
	}
	g, ok, err := psync.Find[Given](ctx, s.engine, job.Source(), "homework", d.Homework)
	if err != nil || !ok || g.Return != ReturnFile || !g.Due.Equal(d.Due) || !s.now().Before(g.Due) {
		return err
	}
	recs, err := s.engine.Find(ctx, job.Source(), storage.Key{Type: "submission"})
	if err != nil {
		return fmt.Errorf("copies of %s: %w", job.Source(), err)
	}
	copies, err := byStudent(recs, d.Homework)
	if err != nil {
		return err
	}
	var left []string
	for _, student := range s.pupilsOf(g) {
		if len(copies[student]) == 0 {
			left = append(left, student)
		}
	}
	return s.tell(ctx, job, news{Kind: newsDue, Homework: d.Homework, Course: g.Course}, g, left)
}
