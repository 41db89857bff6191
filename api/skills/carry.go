package skills

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"preau/api/directory"
	"preau/api/grades"
	"preau/storage"
	psync "preau/sync"
)

// book is all that a course knows of competences as of a moment.
type book struct {
	course      directory.Course
	now         time.Time
	framework   Framework
	evaluations map[string]Evaluation // that were not canceled
	order       []string              // of them, oldest first
	masteries   map[string]Mastery
	positions   map[string]Position
}

func (s *Service) book(ctx context.Context, id string) (*book, error) {
	course, ok := s.dir.Course(id)
	if !ok {
		return nil, fmt.Errorf("competences of %s: no such course", id)
	}
	f, err := s.framework(ctx, course.School, id)
	if err != nil {
		return nil, err
	}
	recs, err := s.engine.Find(ctx, "course:"+id, storage.Key{Type: "evaluation"}, storage.Key{Type: "mastery"}, storage.Key{Type: "position"})
	if err != nil {
		return nil, fmt.Errorf("competences of %s: %w", id, err)
	}
	b := &book{course: course, now: s.now(), framework: f}
	return b, b.read(recs)
}

func (b *book) read(recs []storage.Record) (err error) {
	if b.evaluations, err = load[Evaluation](recs, "evaluation"); err != nil {
		return err
	}
	maps.DeleteFunc(b.evaluations, func(_ string, e Evaluation) bool { return e.Canceled })
	b.order = slices.SortedFunc(maps.Keys(b.evaluations), func(i, j string) int {
		return cmp.Or(cmp.Compare(b.evaluations[i].Date, b.evaluations[j].Date), cmp.Compare(i, j))
	})
	if b.masteries, err = load[Mastery](recs, "mastery"); err != nil {
		return err
	}
	b.positions, err = load[Position](recs, "position")
	return err
}

// students lists everybody of whom something was ever written here.
func (b *book) students() []string {
	all := map[string]bool{}
	for _, a := range b.masteries {
		all[a.Student] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// seen says whether a moment of a publication has come.
func (b *book) seen(at time.Time) bool { return !at.IsZero() && !at.After(b.now) }

// portion is what one pupil's readers see of a course, by record.
type portion map[storage.Key]any

// of is what those see who see an evaluation from a moment on.
func (b *book) of(student string, from func(Evaluation) time.Time) portion {
	p := portion{}
	for _, id := range b.order {
		e, a := b.evaluations[id], b.masteries[pair(id, student)]
		if !b.seen(from(e)) || len(a.Values) == 0 && a.Comment == "" {
			continue
		}
		p[storage.Key{Type: "outcome", ID: id}] = b.outcome(e, a)
		if set, by := b.positions[pair(e.Period, student)]; by {
			p[storage.Key{Type: "position", ID: pair(b.course.ID, e.Period)}] = Stand{
				b.course.ID, b.course.Subject, e.Period, set.Value, set.At, set.By,
			}
		}
	}
	return p
}

func (b *book) outcome(e Evaluation, a Mastery) Outcome {
	o := Outcome{
		Course: b.course.ID, Subject: b.course.Subject, Title: e.Title, Date: e.Date, Period: e.Period, About: e.About,
		Assessment: e.Assessment, Teacher: e.Teacher, Shown: []Shown{}, Comment: a.Comment, At: e.PublishAt, ChangedAt: a.ChangedAt,
	}
	for _, i := range e.Items {
		if value := a.Values[i.Skill]; value != "" {
			skill := b.framework.Skills[i.Skill]
			o.Shown = append(o.Shown, Shown{i.Skill, skill.Domain, skill.Text, value})
		}
	}
	return o
}

// carry makes what the pupils of a course and their guardians read what it is
// by now.
func (s *Service) carry(ctx context.Context, job *psync.Job) error {
	b, err := s.book(ctx, psync.ScopeID(job.Source()))
	if err != nil {
		return err
	}
	policy, err := s.marks.PolicyOf(ctx, b.course.School)
	if err != nil {
		return err
	}
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(8) // so that the store commits in groups
	for _, student := range b.students() {
		all.Go(func() error {
			c := &carrier{Service: s, job: job, course: b.course.ID, student: student, window: time.Duration(policy.Window) * time.Minute}
			early := b.of(student, func(e Evaluation) time.Time { return e.PublishAt })
			return c.carry(ctx, early, b.of(student, func(e Evaluation) time.Time { return e.GuardiansAt }))
		})
	}
	return all.Wait()
}

// carried are the types of what readers get of a course.
var carried = []string{"outcome", "position"}

// carrier brings one pupil what is seen of a course.
type carrier struct {
	*Service
	job             *psync.Job
	course, student string
	window          time.Duration
	own             grades.Held // what the pupil saw before the guardians
}

// carry brings what is seen: with the guardians in the scope of the pupil's
// affairs, and before them in the pupil's own. What moves from one to the
// other is in both for a moment, never in none.
func (c *carrier) carry(ctx context.Context, early, shared portion) (err error) {
	own := "user:" + c.student
	if c.own, err = grades.HeldIn(ctx, c.engine, own, c.course, carried...); err != nil {
		return err
	}
	if err := c.bring(ctx, "student:"+c.student, shared); err != nil {
		return err
	}
	maps.DeleteFunc(early, func(key storage.Key, _ any) bool { return shared[key] != nil })
	return c.bring(ctx, own, early)
}

// bring makes a scope hold a portion and nothing else of the course.
func (c *carrier) bring(ctx context.Context, scope string, p portion) error {
	held, err := grades.HeldIn(ctx, c.engine, scope, c.course, carried...)
	if err != nil {
		return err
	}
	if same, err := held.Is(p); same || err != nil {
		return err
	}
	return c.job.Commit(ctx, scope, func(ctx context.Context, tx *psync.Tx) error {
		held, err := grades.HeldBy(ctx, tx, c.course, carried...)
		if err != nil {
			return err
		}
		for key := range held {
			if p[key] == nil {
				tx.Delete(key.Type, key.ID)
			}
		}
		for _, key := range slices.SortedFunc(maps.Keys(p), byKey) {
			tx.PutIfChanged(key.Type, key.ID, p[key])
			if err := c.announce(tx, key, p[key], held[key]); err != nil {
				return err
			}
		}
		return nil
	})
}

func byKey(a, b storage.Key) int { return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID)) }
