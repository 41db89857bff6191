package grades

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"preau/api/directory"
	"preau/storage"
	psync "preau/sync"
)

// The kinds of [Period].
const (
	Trimester = "trimester"
	Semester  = "semester"
	Year      = "year"
)

// Period is a part of the year in which marks are gathered, both days
// included; for some classes and groups, or for all. In a closed one nothing
// changes any more.
type Period struct {
	Name      string             `json:"name"`
	Kind      string             `json:"kind"`
	Start     directory.Date     `json:"start"`
	End       directory.Date     `json:"end"`
	Closed    bool               `json:"closed,omitempty"`
	Audiences []string           `json:"audiences,omitempty"`
	Councils  map[string]Council `json:"councils,omitempty"` // by class
	Seals     Seals              `json:"seals,omitzero"`
}

// Council is when the teachers of a class meet about a period. The times may
// be missing.
type Council struct {
	Date  directory.Date `json:"date"`
	Start string         `json:"start,omitempty"`
	End   string         `json:"end,omitempty"`
}

// Seals are the last days on which something of a period is written; without
// a day it is written until the period is closed.
type Seals struct {
	Grades     directory.Date `json:"grades,omitempty"`
	Skills     directory.Date `json:"skills,omitempty"`
	Appraisals directory.Date `json:"appraisals,omitempty"`
}

const (
	maxPeriods  = 100 // of a school
	maxCouncils = 300 // of a period
	// councilsAfter is how many days after its end councils still meet about
	// a period, and things of it are written.
	councilsAfter = 90
)

// Holds says whether a period is of a class or group.
func (p Period) Holds(audience string) bool {
	return len(p.Audiences) == 0 || slices.Contains(p.Audiences, audience)
}

// Sealed says whether a last day, one of those of Seals, is over.
func Sealed(last, today directory.Date) bool { return last != "" && today > last }

// PeriodsOf are the periods of a class or group, by id.
func (g *Gradebook) PeriodsOf(ctx context.Context, school, audience string) (map[string]Period, error) {
	recs, err := g.engine.Find(ctx, "school:"+school, storage.Key{Type: "period"})
	if err != nil {
		return nil, err
	}
	all, err := load[Period](recs, "period")
	for id, p := range all {
		if !p.Holds(audience) {
			delete(all, id)
		}
	}
	return all, err
}

type periodArgs struct {
	ID string `json:"id"`
	Period
}

// setPeriod opens, changes, closes or opens again a period.
func (g *Gradebook) setPeriod(ctx context.Context, tx *psync.Tx) error {
	if err := g.dir.May(tx.Actor(), directory.RuleGrades, tx.Scope()); err != nil {
		return err
	}
	var args periodArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	if err := psync.CheckID("id", args.ID); err != nil {
		return err
	}
	if err := args.check(g.dir); err != nil {
		return err
	}
	recs, err := tx.List(ctx, "period")
	if err != nil {
		return err
	}
	others, err := load[Period](recs, "period")
	if err != nil {
		return err
	}
	delete(others, args.ID)
	if err := args.fits(others); err != nil {
		return err
	}
	tx.PutIfChanged("period", args.ID, args.Period)
	return nil
}

// dropPeriod takes a period out of the year in which nothing is marked.
func (g *Gradebook) dropPeriod(ctx context.Context, tx *psync.Tx) error {
	if err := g.dir.May(tx.Actor(), directory.RuleGrades, tx.Scope()); err != nil {
		return err
	}
	var args struct {
		ID string `json:"id"`
	}
	if err := tx.Args(&args); err != nil {
		return err
	}
	if err := psync.CheckID("id", args.ID); err != nil {
		return err
	}
	seq, err := tx.Get(ctx, "period", args.ID, nil)
	if err != nil || seq == 0 {
		return err
	}
	used, err := g.marksIn(ctx, psync.ScopeID(tx.Scope()), args.ID)
	switch {
	case err != nil:
		return err
	case used:
		return psync.Refuse("period_used", "id", "pupils are marked in it")
	}
	tx.Delete("period", args.ID)
	return nil
}

// marksIn says whether a course of a school has an assessment in a period.
func (g *Gradebook) marksIn(ctx context.Context, school, period string) (bool, error) {
	for _, class := range g.dir.Classes(school) {
		for _, c := range g.dir.CoursesOf(class.Scope()) {
			recs, err := g.engine.Find(ctx, "course:"+c.ID, storage.Key{Type: kindAssessment})
			if err != nil {
				return false, err
			}
			all, err := load[Assessment](recs, kindAssessment)
			if err != nil {
				return false, err
			}
			for _, a := range all {
				if a.Period == period {
					return true, nil
				}
			}
		}
	}
	return false, nil
}

// fits refuses a period that has not its own place in the year of its classes:
// others of theirs divide the year in the same way, and share no day with it.
func (p Period) fits(others map[string]Period) error {
	if len(others) >= maxPeriods {
		return psync.Refuse("too_large", "id", "at most %d periods", maxPeriods)
	}
	for _, o := range others {
		switch {
		case !p.beside(o):
		case p.Kind != o.Kind:
			return psync.Refuse("mixed_periods", "kind", "%s divides the year in another way", o.Name)
		case p.Start <= o.End && o.Start <= p.End:
			return psync.Refuse("overlaps", "start", "overlaps %s", o.Name)
		}
	}
	return nil
}

// beside says whether two periods share a class. A year goes beside what
// divides it.
func (p Period) beside(o Period) bool {
	if (p.Kind == Year) != (o.Kind == Year) {
		return false
	}
	return len(p.Audiences) == 0 || len(o.Audiences) == 0 || slices.ContainsFunc(p.Audiences, o.Holds)
}

func (p Period) check(dir Directory) error {
	if err := psync.CheckText("name", p.Name, maxName); err != nil {
		return err
	}
	if err := psync.OneOf("kind", p.Kind, Trimester, Semester, Year); err != nil {
		return err
	}
	switch {
	case strings.TrimSpace(p.Name) == "":
		return invalid("name", "a period has a name")
	case !p.Start.Valid():
		return invalid("start", "not a day")
	case !p.End.Valid() || p.End < p.Start || p.End > p.Start.AddDays(366):
		return invalid("end", "not a day in the year after the start")
	}
	for i, a := range p.Audiences {
		if _, ok := dir.Class(a); !ok || slices.Contains(p.Audiences[:i], a) {
			return invalid(fmt.Sprintf("audiences[%d]", i), "a class or group, once")
		}
	}
	if err := p.checkCouncils(dir); err != nil {
		return err
	}
	return p.checkSeals()
}

func (p Period) checkCouncils(dir Directory) error {
	if len(p.Councils) > maxCouncils {
		return psync.Refuse("too_large", "councils", "at most %d", maxCouncils)
	}
	for scope, c := range p.Councils {
		at := "councils." + scope
		class, known := dir.Class(scope)
		switch {
		case !known || class.Kind != directory.KindClass || !p.Holds(scope):
			return invalid("councils", "not a class of this period")
		case !p.near(c.Date):
			return invalid(at, "not a day in the period or soon after it")
		case c.Start == "" && c.End == "":
		case !clock(c.Start) || c.End != "" && (!clock(c.End) || c.End <= c.Start):
			return invalid(at, "not times of day, one after the other")
		}
	}
	return nil
}

func (p Period) checkSeals() error {
	for field, day := range map[string]directory.Date{"grades": p.Seals.Grades, "skills": p.Seals.Skills, "appraisals": p.Seals.Appraisals} {
		if day != "" && !p.near(day) {
			return invalid("seals."+field, "not a day in the period or soon after it")
		}
	}
	return nil
}

// near says whether a day lies in a period or soon after it.
func (p Period) near(day directory.Date) bool {
	return day.Valid() && day >= p.Start && day <= p.End.AddDays(councilsAfter)
}

func clock(s string) bool {
	t, err := time.Parse(hourForm, s)
	return err == nil && t.Format(hourForm) == s
}

// checkOpen refuses a period that the class of a course has not, or in which
// no mark is written any more. A school without periods has none to name.
func (g *Gradebook) checkOpen(ctx context.Context, c directory.Course, id string) error {
	return g.checkUntil(ctx, c, id, func(s Seals) directory.Date { return s.Grades })
}

// CheckLevelsOpen does so for the levels of competences.
func (g *Gradebook) CheckLevelsOpen(ctx context.Context, c directory.Course, id string) error {
	return g.checkUntil(ctx, c, id, func(s Seals) directory.Date { return s.Skills })
}

func (g *Gradebook) checkUntil(ctx context.Context, c directory.Course, id string, last func(Seals) directory.Date) error {
	periods, err := g.PeriodsOf(ctx, c.School, c.Audience)
	if err != nil {
		return err
	}
	p, known := periods[id]
	switch {
	case known && (p.Closed || Sealed(last(p.Seals), g.dir.Today(c.School))):
		return psync.Refuse("period_closed", "period", "%s is closed", p.Name)
	case !known && id != "":
		return psync.Refuse("not_found", "period", "no such period")
	}
	return nil
}
