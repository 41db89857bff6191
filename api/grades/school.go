package grades

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"preau/api/directory"
	"preau/api/grades/average"
	"preau/storage"
	psync "preau/sync"
)

// Policy is what a school decides about marks: which figures of the class
// pupils and guardians see, how much later guardians see what pupils do, at
// which hour of the day marks appear, for how long a slip may be corrected
// without a word, and whether a mark may be above its scale.
type Policy struct {
	Average  bool   `json:"average"`
	Extremes bool   `json:"extremes"`
	Spread   bool   `json:"spread"`
	General  bool   `json:"general"` // the general average
	Delay    int    `json:"delay"`   // minutes
	Hour     string `json:"hour"`    // "18:00"; empty: at once
	Window   int    `json:"window"`  // minutes
	Above    bool   `json:"above"`
}

// DefaultPolicy is that of a school which decided nothing.
func DefaultPolicy() Policy { return Policy{Average: true, General: true, Window: 10} }

const (
	maxDelay  = 14 * 24 * 60 // minutes
	maxWindow = 24 * 60
	hourForm  = "15:04"
)

func (p Policy) check() error {
	switch {
	case p.Delay < 0 || p.Delay > maxDelay:
		return invalid("delay", "0 to %d minutes", maxDelay)
	case p.Window < 0 || p.Window > maxWindow:
		return invalid("window", "0 to %d minutes", maxWindow)
	}
	if p.Hour != "" && !clock(p.Hour) {
		return invalid("hour", "a time of day, 18:00")
	}
	return nil
}

// nextHour is when something published now appears.
func (p Policy) nextHour(now time.Time, local *time.Location) time.Time {
	hour, err := time.Parse(hourForm, p.Hour)
	if err != nil {
		return now
	}
	here := now.In(local)
	at := time.Date(here.Year(), here.Month(), here.Day(), hour.Hour(), hour.Minute(), 0, 0, local)
	if at.Before(now) {
		at = time.Date(here.Year(), here.Month(), here.Day()+1, hour.Hour(), hour.Minute(), 0, 0, local)
	}
	return at.UTC()
}

// fewest is for how many pupils there are figures: of fewer, each could work
// out the others.
const fewest = 3

// shown are the figures that the school shows; nil where it shows none.
func (p Policy) shown(f average.Figures) *Figures {
	if f.Count < fewest || !p.Average && !p.Extremes && !p.Spread {
		return nil
	}
	s := &Figures{Count: f.Count}
	if p.Average {
		s.Average = f.Average
	}
	if p.Extremes {
		s.Min, s.Max = f.Min, f.Max
	}
	if p.Spread {
		s.Median, s.Spread = f.Median, f.Spread[:]
	}
	return s
}

// setPolicy changes what a school decided about marks, where it is given, and
// carries all of them again: what is hidden from now on is taken away.
func (g *Gradebook) setPolicy(ctx context.Context, tx *psync.Tx) error {
	if err := g.dir.May(tx.Actor(), directory.RuleGrades, tx.Scope()); err != nil {
		return err
	}
	p := DefaultPolicy()
	if _, err := tx.Get(ctx, "grades", "grades", &p); err != nil {
		return err
	}
	if err := tx.Args(&p); err != nil {
		return err
	}
	if err := p.check(); err != nil {
		return err
	}
	tx.PutIfChanged("grades", "grades", p)
	tx.Effect(effectRecarry, struct{}{})
	return nil
}

// recarry asks for the marks of every course of a school to be carried.
func (g *Gradebook) recarry(ctx context.Context, job *psync.Job) error {
	for _, class := range g.dir.Classes(psync.ScopeID(job.Source())) {
		for _, c := range g.dir.CoursesOf(class.Scope()) {
			if err := g.recarryCourse(ctx, job, "course:"+c.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *Gradebook) recarryCourse(ctx context.Context, job *psync.Job, scope string) error {
	recs, err := g.engine.Find(ctx, scope, storage.Key{Type: "assessment"})
	if err != nil || len(recs) == 0 {
		return err
	}
	return job.Commit(ctx, scope, func(_ context.Context, tx *psync.Tx) error {
		g.carryAll(tx)
		return nil
	})
}

// PolicyOf reads what a school decided about marks.
func (g *Gradebook) PolicyOf(ctx context.Context, school string) (Policy, error) {
	p := DefaultPolicy()
	recs, err := g.engine.Find(ctx, "school:"+school, storage.Key{Type: "grades", ID: "grades"})
	if err == nil && len(recs) > 0 {
		err = json.Unmarshal(recs[0].Value, &p)
	}
	if err != nil {
		return p, fmt.Errorf("rules of marks of %s: %w", school, err)
	}
	return p, nil
}

// setService changes how the average of a course is made. It is refused with
// "conflict" when somebody else changed that since the teacher saw it.
func (g *Gradebook) setService(ctx context.Context, tx *psync.Tx) error {
	var s Service
	if _, err := g.begin(tx, &s); err != nil {
		return err
	}
	if err := s.check(); err != nil {
		return err
	}
	var before Service
	seq, err := tx.Get(ctx, "service", "service", &before)
	if err != nil {
		return err
	}
	if err := tx.CheckBase(seq, before); err != nil {
		return err
	}
	tx.PutIfChanged("service", "service", s)
	g.carryAll(tx)
	return nil
}

// serviceOf reads how the average of this course is made.
func serviceOf(ctx context.Context, tx *psync.Tx) (Service, error) {
	s := DefaultService()
	_, err := tx.Get(ctx, "service", "service", &s)
	return s, err
}
