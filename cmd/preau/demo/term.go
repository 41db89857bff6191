package demo

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"preau/api/attachment"
	"preau/api/directory"
	"preau/api/homework"
	"preau/storage"
)

// event is something that somebody does at a moment of the term.
type event struct {
	at time.Time
	do func(ctx context.Context, w *World) error
}

// live plays the term: everything of one moment at once, then what follows
// from it, then the next moment.
func (w *World) live(ctx context.Context, p *plan) error {
	events := p.events()
	slices.SortStableFunc(events, func(a, b event) int { return a.at.Compare(b.at) })
	for len(events) > 0 {
		at := events[0].at
		n := slices.IndexFunc(events, func(e event) bool { return !e.at.Equal(at) })
		if n < 0 {
			n = len(events)
		}
		w.Clock.Set(at)
		if err := w.play(ctx, events[:n]); err != nil {
			return fmt.Errorf("%s: %w", at.Format(time.DateTime), err)
		}
		events = events[n:]
	}
	w.Clock.Set(w.config.Today)
	return w.Settle(ctx)
}

func (w *World) play(ctx context.Context, events []event) error {
	g, ctx2 := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for _, e := range events {
		g.Go(func() error { return e.do(ctx2, w) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return w.Settle(ctx)
}

// given is a piece of work about to be given.
type given struct {
	id     string
	course course
	at     time.Time
	due    time.Time
	task
}

// events are all that happens, in no order.
func (p *plan) events() []event {
	week := p.week()
	all := slices.Concat(p.featured(), p.letters(), p.documents(), p.marks(), p.levels(), p.cards(), p.changes(week), p.notebook(week), p.dates(), p.informations(), p.collects(), p.transfers())
	all = append(all, p.arranged(week))
	all = append(all, p.meals()...)
	for _, g := range p.ordinary() {
		all = append(all, g.event())
		if g.hand == homework.ReturnFile && g.due.Before(p.now) {
			all = append(all, p.copies(g)...)
		}
	}
	return append(all, p.life(week)...) // last, as it draws too
}

// ordinary is the work of the term: each week one more course of every class
// gives something; the last moment's is still to be done.
func (p *plan) ordinary() []given {
	var all []given
	for week, at := range p.term {
		for i := range p.classes {
			courses := p.coursesOf(&p.classes[i])
			if len(courses) == 0 || p.size == Normal && (i+week)%2 == 1 && at != p.term[len(p.term)-1] {
				continue
			}
			k := courses[(week+i)%len(courses)]
			all = append(all, p.give(k, at, fmt.Sprint("week ", week)))
		}
	}
	return all
}

func (p *plan) coursesOf(c *class) []course {
	var all []course
	for _, k := range p.courses {
		if k.class.ID == c.ID {
			all = append(all, k)
		}
	}
	return all
}

// give picks a task of the course's subject, due a few days later.
func (p *plan) give(k course, at time.Time, key string) given {
	choice := tasks[k.subject]
	t := choice[p.IntN(len(choice))]
	due := time.Date(at.Year(), at.Month(), at.Day()+3+p.IntN(4), 8, 0, 0, 0, zone())
	return given{id: recordID(k.id, key), course: k, at: at, due: lessonDay(due), task: t}
}

// lessonDay is the time itself, or the same hour of the Monday after it when
// it falls on a weekend.
func lessonDay(t time.Time) time.Time {
	switch t.Weekday() {
	case time.Saturday:
		return t.AddDate(0, 0, 2)
	case time.Sunday:
		return t.AddDate(0, 0, 1)
	default:
		return t
	}
}

// recordID makes an id as devices do, the same for the same key.
func recordID(key ...string) string {
	sum := sha256.Sum256([]byte(fmt.Sprint(key)))
	sum[6], sum[8] = sum[6]&0x0f|0x40, sum[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// event is the teacher giving the work, with its handout.
func (g given) event() event {
	return event{g.at, func(ctx context.Context, w *World) error {
		files := []attachment.File{}
		for _, f := range g.handouts {
			if err := w.Upload(ctx, g.course.teacher, f); err != nil {
				return err
			}
			files = append(files, f.Attached())
		}
		args := map[string]any{
			"id": g.id, "title": g.title, "text": g.text, "due": g.due.UTC().Format(time.RFC3339),
			"return": g.hand, "late": homework.LateAccept, "minutes": g.minutes, "attachments": files,
		}
		if g.chosen != nil {
			args["students"] = g.chosen
		}
		return w.Send(ctx, g.course.teacher, "course:"+g.course.id, "homework.give@1", args)
	}}
}

// copies are those that about two pupils in three hand in on an evening, and
// what the teacher answers to half of them at the next moment of correction.
func (p *plan) copies(g given) []event {
	evening := time.Date(g.due.Year(), g.due.Month(), g.due.Day()-1, 18, 40, 0, 0, zone())
	correction := time.Date(g.due.Year(), g.due.Month(), g.due.Day()+1, 18, 0, 0, 0, zone())
	var all []event
	for i, pupil := range g.course.class.pupils {
		if p.IntN(3) == 0 {
			continue
		}
		c := handIn{g, pupil, evening, []uint64{uint64(p.IntN(pool))}}
		all = append(all, c.event())
		if i%2 == 0 && correction.Before(p.now) {
			all = append(all, c.answer("homework.return@1", correction, p.pick(praise)))
		}
	}
	return all
}

// pool is how many different pages the copies of the demo have: pupils share
// them, since making one takes time.
const pool = 8

// handIn is a copy of a pupil.
type handIn struct {
	given
	pupil directory.Person
	at    time.Time
	pages []uint64
}

func (h handIn) id() string { return recordID(h.given.id, h.pupil.ID) }

func (h handIn) event() event {
	return event{h.at, func(ctx context.Context, w *World) error {
		var names []string
		for _, n := range h.pages {
			f := w.sheet(n)
			if err := w.Upload(ctx, h.pupil.ID, f); err != nil {
				return err
			}
			names = append(names, f.SHA)
		}
		return w.Send(ctx, h.pupil.ID, "student:"+h.pupil.ID, "homework.submit@1", map[string]any{
			"id": h.id(), "homework": h.given.id, "pages": names, "text": "",
		})
	}}
}

// answer is what the teacher says of the copy.
func (h handIn) answer(name string, at time.Time, comment string) event {
	return event{at, func(ctx context.Context, w *World) error {
		args := map[string]any{"homework": h.given.id, "student": h.pupil.ID, "comment": comment}
		if name == "homework.return@1" {
			args["submission"], args["correction"] = h.id(), []attachment.File{}
		}
		return w.Send(ctx, h.course.teacher, "course:"+h.course.id, name, args)
	}}
}

// everybodyReads is the moment at which the people of the cast have read what
// was announced to them: what comes later is new.
func everybodyReads(at time.Time) event {
	return event{at, func(ctx context.Context, w *World) error {
		for _, a := range Accounts() {
			if err := w.readNotices(ctx, a.User); err != nil {
				return err
			}
		}
		return nil
	}}
}

func (w *World) readNotices(ctx context.Context, user string) error {
	notices, err := w.Engine.Find(ctx, "user:"+user, storage.Key{Type: "notice"})
	if err != nil || len(notices) == 0 {
		return err
	}
	ids := make([]string, 0, len(notices))
	for _, n := range notices {
		ids = append(ids, n.ID)
	}
	return w.Send(ctx, user, "user:"+user, "notice.read@1", map[string]any{"ids": ids})
}

// sheet gives a page, each made once.
func (w *World) sheet(number uint64) File {
	w.sheets.mu.Lock()
	defer w.sheets.mu.Unlock()
	f, made := w.sheets.made[number]
	if !made {
		f = sheet(number)
		w.sheets.made[number] = f
	}
	return f
}
