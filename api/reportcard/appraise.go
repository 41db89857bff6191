package reportcard

import (
	"context"
	"fmt"
	"slices"
	"time"

	"preau/api/directory"
	psync "preau/sync"
)

// Appraisal is what the teachers of a course say of a pupil in a period.
// Rivals are what others wrote without having seen Text: somebody has to
// choose.
type Appraisal struct {
	Period  string          `json:"period"`
	Student string          `json:"student"`
	Text    string          `json:"text"`
	At      time.Time       `json:"at"`
	By      directory.Named `json:"by"`
	Rivals  []Rival         `json:"rivals,omitempty"`
}

// Rival is another text about the same pupil.
type Rival struct {
	Text string          `json:"text"`
	At   time.Time       `json:"at"`
	By   directory.Named `json:"by"`
}

// Cell is a text about one pupil, in place of what the teacher saw there.
type Cell struct {
	Student string `json:"student"`
	Text    string `json:"text"`
	Was     string `json:"was"`
}

// Limits of one act.
const (
	maxCells  = 100
	maxRivals = 4
)

type appraiseArgs struct {
	Period string `json:"period"`
	Cells  []Cell `json:"cells"`
}

// appraise writes what a teacher says of pupils. A cell replaces what its
// teacher saw there; where another teacher wrote something else in the
// meantime, both texts are kept and the answer names the pupil.
func (s *Service) appraise(ctx context.Context, tx *psync.Tx) error {
	var args appraiseArgs
	course, err := s.begin(ctx, tx, &args, func() string { return args.Period })
	if err != nil {
		return err
	}
	if err := s.checkCells(ctx, tx, course, args); err != nil {
		return err
	}
	var rivals []string
	for _, c := range args.Cells {
		clash, err := s.write(ctx, tx, args.Period, c)
		if err != nil {
			return err
		}
		if clash {
			rivals = append(rivals, c.Student)
		}
	}
	tx.Effect(effectGather, struct{}{})
	tx.Answer(map[string][]string{"rivals": rivals})
	return nil
}

// begin checks who acts in a course, reads what they want, and refuses a
// period that is none of the course's, or closed.
func (s *Service) begin(ctx context.Context, tx *psync.Tx, args any, period func() string) (directory.Course, error) {
	if err := s.Directory.May(tx.Actor(), directory.Appraise, tx.Scope()); err != nil {
		return directory.Course{}, err
	}
	if err := tx.Args(args); err != nil {
		return directory.Course{}, err
	}
	course, ok := s.Directory.Course(psync.ScopeID(tx.Scope()))
	if !ok {
		return course, psync.Refuse("not_found", "", "no such course")
	}
	p, err := s.period(ctx, course.School, period(), s.audiences(course)...)
	if err == nil {
		err = unclosed(p)
	}
	return course, err
}

// audiences are a course's own, and the classes of its pupils.
func (s *Service) audiences(c directory.Course) []string {
	all := []string{c.Audience}
	for _, class := range s.classes(s.Directory.Pupils(c.Audience)) {
		all = append(all, "class:"+class)
	}
	return all
}

// classes lists the classes of pupils, each once.
func (s *Service) classes(pupils []string) []string {
	var all []string
	for _, student := range pupils {
		if c, ok := s.Directory.ClassOf(student); ok && !slices.Contains(all, c.ID) {
			all = append(all, c.ID)
		}
	}
	return all
}

// checkCells refuses all cells when one of them is wrong.
func (s *Service) checkCells(ctx context.Context, tx *psync.Tx, course directory.Course, args appraiseArgs) error {
	if len(args.Cells) == 0 || len(args.Cells) > maxCells {
		return invalid("cells", "1 to %d", maxCells)
	}
	rules, err := s.rules(ctx, course.School)
	if err != nil {
		return err
	}
	pupils, seen := s.Directory.Pupils(course.Audience), map[string]bool{}
	for i, c := range args.Cells {
		at := fmt.Sprintf("cells[%d]", i)
		switch {
		case !slices.Contains(pupils, c.Student):
			return psync.Refuse("not_found", at+".student", "not a pupil of this course")
		case seen[c.Student]:
			return invalid(at+".student", "named twice")
		}
		seen[c.Student] = true
		if err := psync.CheckText(at+".text", c.Text, rules.Limit); err != nil {
			return err
		}
	}
	return s.checkTaken(ctx, course.School, args.Period, slices.Collect(studentsIn(args.Cells)))
}

func studentsIn(cells []Cell) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, c := range cells {
			if !yield(c.Student) {
				return
			}
		}
	}
}

// checkTaken refuses to write for a class whose council takes no more.
func (s *Service) checkTaken(ctx context.Context, school, period string, pupils []string) error {
	for _, class := range s.classes(pupils) {
		c, err := s.council(ctx, school, period, class)
		if err != nil {
			return err
		}
		if !c.takes(s.Directory.Today(school)) {
			return psync.Refuse("cards_closed", "period", "the council of %s takes no more", class)
		}
	}
	return nil
}

// write merges one cell: it goes where its teacher saw what is there, and
// beside it where not.
func (s *Service) write(ctx context.Context, tx *psync.Tx, period string, c Cell) (clash bool, err error) {
	var before Appraisal
	if _, err := tx.Get(ctx, "appraisal", of(period, c.Student), &before); err != nil {
		return false, err
	}
	after, changed, clash := before.merge(c, s.Directory.Named(tx.Actor().User), acted(tx))
	if changed {
		after.Period, after.Student = period, c.Student
		tx.Put("appraisal", of(period, c.Student), after)
	}
	return clash, nil
}

// merge is what a cell makes of an appraisal.
func (a Appraisal) merge(c Cell, by directory.Named, at time.Time) (after Appraisal, changed, clash bool) {
	switch {
	case c.Text == a.Text && (c.Was != a.Text || len(a.Rivals) == 0):
		return a, false, false // two teachers agree
	case c.Was == a.Text:
		a.Text, a.At, a.By, a.Rivals = c.Text, at, by, nil
		return a, true, false
	}
	kept := slices.DeleteFunc(slices.Clone(a.Rivals), func(r Rival) bool { return r.Text == c.Text })
	kept = append(kept, Rival{c.Text, at, by})
	a.Rivals = kept[max(0, len(kept)-maxRivals):]
	return a, true, true
}

// Program is what was taught in a course in a period.
type Program struct {
	Elements []string `json:"elements"`
}

// Limits of a program.
const (
	maxElements = 20
	maxElement  = 300 // characters
)

type programArgs struct {
	Period   string   `json:"period"`
	Elements []string `json:"elements"`
}

// setProgram writes what was taught. It is refused with "conflict" when
// somebody else changed that since the teacher saw it.
func (s *Service) setProgram(ctx context.Context, tx *psync.Tx) error {
	var args programArgs
	course, err := s.begin(ctx, tx, &args, func() string { return args.Period })
	if err != nil {
		return err
	}
	if err := checkElements(args.Elements); err != nil {
		return err
	}
	if err := s.checkTaken(ctx, course.School, args.Period, s.Directory.Pupils(course.Audience)); err != nil {
		return err
	}
	var before Program
	seq, err := tx.Get(ctx, "program", args.Period, &before)
	if err != nil {
		return err
	}
	if err := tx.CheckBase(seq, before); err != nil {
		return err
	}
	tx.PutIfChanged("program", args.Period, Program{args.Elements})
	tx.Effect(effectGather, struct{}{})
	return nil
}

func checkElements(all []string) error {
	if len(all) > maxElements {
		return psync.Refuse("too_large", "elements", "at most %d", maxElements)
	}
	for i, e := range all {
		at := fmt.Sprintf("elements[%d]", i)
		if e == "" {
			return invalid(at, "empty")
		}
		if err := psync.CheckText(at, e, maxElement); err != nil {
			return err
		}
	}
	return nil
}
