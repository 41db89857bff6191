package grades

import (
	"context"
	"time"

	"preau/api/grades/average"
)

// Sums are what a course comes to in a period, from the marks that guardians
// read by now. Shown are the figures that the school shows.
type Sums struct {
	Service
	Averages map[string]average.Result // by pupil
	Figures  Figures
	Shown    *Figures
}

// Sums reads what a course comes to in a period.
func (g *Gradebook) Sums(ctx context.Context, course, period string) (Sums, error) {
	b, err := g.book(ctx, "course:"+course)
	if err != nil {
		return Sums{}, err
	}
	return b.seenBy(func(a Assessment) time.Time { return a.GuardiansAt }).sums(period), nil
}

func (s *seen) sums(period string) Sums {
	all := Sums{Service: s.service, Averages: map[string]average.Result{}, Shown: s.classes[period]}
	for _, student := range s.students() {
		if r := average.Of(s.tests(student, period), s.service.Rules); r.Value != "" {
			all.Averages[student] = r
		}
	}
	everything := Policy{Average: true, Extremes: true}
	f := average.FiguresOf(s.averages(period), average.Scale*100)
	if shown := everything.shown(f); shown != nil {
		all.Figures = *shown
	}
	return all
}

// ShowsGeneral says whether a school shows general averages.
func (g *Gradebook) ShowsGeneral(ctx context.Context, school string) (bool, error) {
	p, err := g.PolicyOf(ctx, school)
	return p.General, err
}
