package attendance

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"preau/api/notify"
	"preau/storage"
	psync "preau/sync"
)

// announce says what guardians are to be told: once per absence that nobody
// announced, and once that it was a mistake.
func (s *Service) announce(tx *psync.Tx, days map[string]Called, absences map[string]Event) {
	for date, day := range days {
		told := slices.Clone(day.Told)
		told = s.takeBack(tx, date, told, absences)
		told = s.tellNew(tx, date, told, absences)
		if !slices.Equal(told, day.Told) {
			day.Told = told
			tx.Put("called", date, day)
		}
	}
}

// missing is the payload of effectAlert: an absence by its day and tag.
type missing struct {
	Date string `json:"date"`
	Tag  string `json:"tag"`
}

// takeBack marks what guardians were told and is not so.
func (s *Service) takeBack(tx *psync.Tx, date string, told []Told, absences map[string]Event) []Told {
	for i, t := range told {
		if !t.Withdrawn && len(overlapping(absences, t.From, t.To)) == 0 {
			told[i].Withdrawn = true
			tx.Effect(effectAlert, missing{date, t.Tag})
		}
	}
	return told
}

// tellNew adds the absences of a day that guardians do not know of: not those
// that are long over, that they announced, or that vie scolaire recorded.
func (s *Service) tellNew(tx *psync.Tx, date string, told []Told, absences map[string]Event) []Told {
	if date < string(s.today(s.dir.SchoolOf(psync.ScopeID(tx.Scope())), tx.Now()).AddDays(-1)) {
		return told
	}
	for _, id := range overlapping(absences, date+"T00:00", date+"T24:00") {
		e := absences[id]
		known := e.Announced || e.Recorded || e.Settled || e.Excuse != "" || slices.ContainsFunc(told, func(t Told) bool {
			return !t.Withdrawn && meets(t.From, t.To, e.From, e.To)
		})
		if !known {
			t := Told{From: e.From, To: e.To, Tag: id + "." + strconv.Itoa(len(told))}
			told = append(told, t)
			tx.Effect(effectAlert, missing{date, t.Tag})
		}
	}
	return told
}

// alert tells the guardians of a pupil, as they are by now, that the pupil is
// missing, or that this was a mistake. The second takes the place of the first.
func (s *Service) alert(ctx context.Context, job *psync.Job) error {
	var m missing
	if err := job.Payload(&m); err != nil {
		return err
	}
	student := psync.ScopeID(job.Source())
	day, ok, err := psync.Find[Called](ctx, s.engine, job.Source(), "called", m.Date)
	i := slices.IndexFunc(day.Told, func(t Told) bool { return t.Tag == m.Tag })
	if err != nil || !ok || i < 0 {
		return err
	}
	return s.deliver(ctx, job, s.dir.Guardians(student), s.missingNotice(student, day.Told[i]))
}

func (s *Service) missingNotice(student string, t Told) notify.Notice {
	pupil, _ := s.dir.Person(student)
	since, _ := time.ParseInLocation(moment, t.From, s.dir.Location(s.dir.SchoolOf(student))) // it rings in quiet hours too
	key := "absent"
	if t.Withdrawn {
		key = "mistake"
	}
	title := say(key+".title", "first", pupil.First)
	return notify.Notice{
		Kind: "attendance." + key, Student: student, Path: lifePath(student), Tag: "absence." + student + "." + t.Tag,
		Title: title, Many: title, Body: sayTime(key+".body", pupil.First, t.From, t.To), Urgent: true, Due: since,
	}
}

func lifePath(student string) string { return "/vie-scolaire?enfant=" + student }

// deliver writes one notice to several people.
func (s *Service) deliver(ctx context.Context, job *psync.Job, users []string, n notify.Notice) error {
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(8) // so that the store commits in groups
	for _, user := range users {
		all.Go(func() error { return s.notices.Deliver(ctx, job, user, n) })
	}
	return all.Wait()
}

// tellLater has the family told of something in the pupil's scope.
func (s *Service) tellLater(tx *psync.Tx, r ref) { tx.Effect(effectTell, r) }

// tell tells a pupil and their guardians of a record, if it is there by now.
// They are told of each once.
func (s *Service) tell(ctx context.Context, job *psync.Job) error {
	var r ref
	if err := job.Payload(&r); err != nil {
		return err
	}
	student := psync.ScopeID(job.Source())
	there, ok, err := psync.Find[struct {
		From string `json:"from"`
		To   string `json:"to"`
		Text string `json:"text"`
		Kind string `json:"kind"`
	}](ctx, s.engine, job.Source(), r.Type, r.ID)
	if err != nil || !ok {
		return err
	}
	pupil, _ := s.dir.Person(student)
	key := r.Type
	if there.Kind == Encouragement {
		key = Encouragement
	}
	n := notify.Notice{
		Kind: "attendance." + key, Student: student, Path: lifePath(student), Alert: notify.SchoolLife,
		ID:    strings.Join([]string{r.Type, student, r.ID}, "."),
		Title: say(key+".title", "first", pupil.First), Body: sayTime("at.body", pupil.First, there.From, there.To),
	}
	if r.Type == kindLateness {
		n.Alert = notify.Lateness
		if n.Times, err = s.latesOfMonth(ctx, job.Source(), there.From); err != nil {
			return err
		}
	}
	return s.deliver(ctx, job, append([]string{student}, s.dir.Guardians(student)...), n)
}

// latesOfMonth counts the latenesses of a pupil in the month of a moment, up to
// that one.
func (s *Service) latesOfMonth(ctx context.Context, scope, at string) (n int, err error) {
	recs, err := s.engine.Find(ctx, scope, storage.Key{Type: kindLateness})
	if err != nil {
		return 0, fmt.Errorf("latenesses in %s: %w", scope, err)
	}
	for _, r := range recs {
		late, err := psync.Decode[Event](r)
		if err != nil {
			return 0, err
		}
		if late.From[:len("2026-11")] == at[:len("2026-11")] && late.From <= at {
			n++
		}
	}
	return n, nil
}
