package grades

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"preau/api/grades/average"
	"preau/storage"
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

// Named is a period with its id.
type Named struct {
	ID string `json:"id"`
	Period
}

// Periods lists the periods of a school, in the order of the year.
func (g *Gradebook) Periods(ctx context.Context, school string) ([]Named, error) {
	recs, err := g.engine.Find(ctx, "school:"+school, storage.Key{Type: "period"})
	if err != nil {
		return nil, fmt.Errorf("periods of %s: %w", school, err)
	}
	byID, err := load[Period](recs, "period")
	if err != nil {
		return nil, err
	}
	var all []Named
	for id, p := range byID {
		all = append(all, Named{id, p})
	}
	slices.SortFunc(all, func(a, b Named) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.ID, b.ID)) })
	return all, nil
}

// ShowsGeneral says whether a school shows general averages.
func (g *Gradebook) ShowsGeneral(ctx context.Context, school string) (bool, error) {
	p, err := g.PolicyOf(ctx, school)
	return p.General, err
}
