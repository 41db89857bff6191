package grades

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"preau/api/directory"
	"preau/api/grades/average"
	"preau/storage"
	psync "preau/sync"
)

// carry makes the grades of a course, where its pupils and their guardians
// read them, what they are by now.
func (g *Gradebook) carry(ctx context.Context, job *psync.Job) error {
	b, err := g.book(ctx, job.Source())
	if err != nil {
		return err
	}
	toPupils := b.seenBy(func(a Assessment) time.Time { return a.PublishAt })
	toGuardians := b.seenBy(func(a Assessment) time.Time { return a.GuardiansAt })
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(8) // so that the store commits in groups
	for _, student := range b.students() {
		all.Go(func() error {
			c := b.carrier(g, job, student)
			return c.carry(ctx, toPupils.of(student), toGuardians.of(student))
		})
	}
	return all.Wait()
}

// book is a course's gradebook as of a moment.
type book struct {
	course      directory.Course
	now         time.Time
	policy      Policy
	service     Service
	assessments map[string]Assessment
	marks       map[string]map[string]Mark // by assessment and student
}

func (g *Gradebook) book(ctx context.Context, scope string) (*book, error) {
	course, ok := g.dir.Course(psync.ScopeID(scope))
	if !ok {
		return nil, fmt.Errorf("gradebook of %s: no such course", scope)
	}
	policy, err := g.PolicyOf(ctx, course.School)
	if err != nil {
		return nil, err
	}
	b := &book{course: course, now: g.now(), policy: policy, service: DefaultService(), marks: map[string]map[string]Mark{}}
	recs, err := g.engine.Find(ctx, scope, storage.Key{Type: "assessment"}, storage.Key{Type: "mark"}, storage.Key{Type: "service"})
	if err != nil {
		return nil, fmt.Errorf("gradebook of %s: %w", scope, err)
	}
	return b, b.read(recs)
}

func (b *book) read(recs []storage.Record) (err error) {
	if b.assessments, err = load[Assessment](recs, "assessment"); err != nil {
		return err
	}
	services, err := load[Service](recs, "service")
	if err != nil {
		return err
	}
	if s, set := services["service"]; set {
		b.service = s
	}
	marks, err := load[Mark](recs, "mark")
	for _, m := range marks {
		if b.marks[m.Assessment] == nil {
			b.marks[m.Assessment] = map[string]Mark{}
		}
		b.marks[m.Assessment][m.Student] = m
	}
	return err
}

// students lists everybody who ever got a mark here.
func (b *book) students() []string {
	all := map[string]bool{}
	for _, marks := range b.marks {
		for student := range marks {
			all[student] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// seen is what some readers see of a course: grades by student and assessment,
// and the standings.
type seen struct {
	*book
	ids     []string // of what is seen, oldest first
	figures map[string]*Figures
	classes map[string]*Figures // by period
	at      map[string]time.Time
}

// seenBy is what is seen by those who see an assessment from a moment on.
func (b *book) seenBy(from func(Assessment) time.Time) *seen {
	s := &seen{book: b, figures: map[string]*Figures{}, classes: map[string]*Figures{}, at: map[string]time.Time{}}
	for id, a := range b.assessments {
		if at := from(a); !at.IsZero() && !at.After(b.now) {
			s.ids = append(s.ids, id)
			s.figures[id] = b.figuresOf(id, a)
			s.at[a.Period] = latest(s.at[a.Period], at)
			for _, m := range b.marks[id] {
				s.at[a.Period] = latest(s.at[a.Period], m.At)
			}
		}
	}
	slices.SortFunc(s.ids, func(i, j string) int {
		return cmp.Or(cmp.Compare(b.assessments[i].Date, b.assessments[j].Date), cmp.Compare(i, j))
	})
	for period := range s.at {
		s.classes[period] = b.policy.shown(average.FiguresOf(s.averages(period), average.Scale*100))
	}
	return s
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// figuresOf are the figures of one assessment that the school and its teacher
// show.
func (b *book) figuresOf(id string, a Assessment) *Figures {
	if a.Quiet {
		return nil
	}
	var values []average.Value
	for _, m := range b.marks[id] {
		values = append(values, m.Value)
	}
	return b.policy.shown(average.FiguresOf(average.Numbers(values), a.OutOf))
}

// averages are those of all pupils in a period.
func (s *seen) averages(period string) []*big.Rat {
	var all []*big.Rat
	for _, student := range s.students() {
		if n, ok := average.Of(s.tests(student, period), s.service.Rules).Number(); ok {
			all = append(all, n)
		}
	}
	return all
}

// tests are the marks of a pupil in a period, as the average takes them.
func (s *seen) tests(student, period string) []average.Test {
	var all []average.Test
	for _, id := range s.ids {
		a := s.assessments[id]
		if m, ok := s.marks[id][student]; ok && a.Period == period {
			all = append(all, average.Test{
				ID: id, Value: m.Value, OutOf: a.OutOf, Coefficient: a.Coefficient,
				Kind: a.Kind, Rescale: a.Rescale, Aside: a.Aside, Part: a.Part,
			})
		}
	}
	return all
}

// portion is what one pupil's readers see of a course.
type portion struct {
	grades    map[string]Grade
	standings map[string]Standing
}

func (s *seen) of(student string) portion {
	p := portion{grades: map[string]Grade{}, standings: map[string]Standing{}}
	for _, id := range s.ids {
		m, a := s.marks[id][student], s.assessments[id]
		if m.Value == "" && m.Comment == "" {
			continue
		}
		p.grades[id] = Grade{
			Course: s.course.ID, Subject: s.course.Subject, Outline: a.Outline,
			Value: m.Value, Comment: m.Comment, At: a.PublishAt, ChangedAt: m.ChangedAt, Figures: s.figures[id],
		}
		p.standings[pair(s.course.ID, a.Period)] = Standing{
			Course: s.course.ID, Subject: s.course.Subject, Period: a.Period,
			Service: s.service, Figures: s.classes[a.Period], At: s.at[a.Period],
		}
	}
	return p
}

// carried are the types of what readers get of a course.
var carried = []string{"grade", "standing"}

// carrier brings one pupil the grades of a course.
type carrier struct {
	*Gradebook
	job                     *psync.Job
	school, course, student string
	window                  time.Duration
	own                     Held // what the pupil saw before the guardians
}

func (b *book) carrier(g *Gradebook, job *psync.Job, student string) *carrier {
	return &carrier{
		Gradebook: g, job: job, school: b.course.School, course: b.course.ID, student: student,
		window: time.Duration(b.policy.Window) * time.Minute,
	}
}

// carry brings what is seen: with the guardians in the scope of the pupil's
// affairs, and before them in the pupil's own. What moves from one to the
// other is in both for a moment, never in none.
func (c *carrier) carry(ctx context.Context, early, shared portion) (err error) {
	if c.own, err = HeldIn(ctx, c.engine, "user:"+c.student, c.course, carried...); err != nil {
		return err
	}
	if err := c.bring(ctx, "student:"+c.student, shared); err != nil {
		return err
	}
	for id := range shared.grades {
		delete(early.grades, id)
	}
	if len(early.grades) == 0 {
		early.standings = nil // those of student:S say as much
	}
	return c.bring(ctx, "user:"+c.student, early)
}

// records are what a portion is in a scope.
func (p portion) records() map[storage.Key]any {
	all := map[storage.Key]any{}
	for id, v := range p.grades {
		all[storage.Key{Type: "grade", ID: id}] = v
	}
	for id, v := range p.standings {
		all[storage.Key{Type: "standing", ID: id}] = v
	}
	return all
}

// bring makes a scope hold a portion and nothing else of the course.
func (c *carrier) bring(ctx context.Context, scope string, p portion) error {
	wanted := p.records()
	held, err := HeldIn(ctx, c.engine, scope, c.course, carried...)
	if err != nil {
		return err
	}
	if same, err := held.Is(wanted); same || err != nil {
		return err
	}
	return c.job.Commit(ctx, scope, func(ctx context.Context, tx *psync.Tx) error {
		held, err := HeldBy(ctx, tx, c.course, carried...)
		if err != nil {
			return err
		}
		for key := range held {
			if _, keep := wanted[key]; !keep {
				c.drop(tx, key, held[key])
			}
		}
		for _, id := range slices.Sorted(maps.Keys(p.standings)) {
			tx.PutIfChanged("standing", id, p.standings[id])
		}
		for _, id := range slices.Sorted(maps.Keys(p.grades)) {
			if err := c.put(tx, id, p.grades[id], held[storage.Key{Type: "grade", ID: id}]); err != nil {
				return err
			}
		}
		return nil
	})
}

// put writes a grade, with what follows: its files are readable where it is,
// and its readers are told what is new to them.
func (c *carrier) put(tx *psync.Tx, id string, grade Grade, before json.RawMessage) error {
	var old Grade
	if before != nil {
		if err := json.Unmarshal(before, &old); err != nil {
			return fmt.Errorf("grade %s: %w", id, err)
		}
	}
	tx.PutIfChanged("grade", id, grade)
	c.show(tx, id, old.Outline, grade.Outline)
	switch {
	case before == nil:
		c.announce(tx, id, newsNew, grade.At)
	case !grade.ChangedAt.Equal(old.ChangedAt):
		c.announce(tx, id, newsChanged, grade.ChangedAt)
	}
	return nil
}

func (c *carrier) drop(tx *psync.Tx, key storage.Key, value json.RawMessage) {
	tx.Delete(key.Type, key.ID)
	var old Grade
	if key.Type == "grade" && json.Unmarshal(value, &old) == nil {
		c.show(tx, key.ID, old.Outline, Outline{Teacher: old.Teacher})
	}
}
