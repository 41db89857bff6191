package reportcard

import (
	"context"
	"fmt"
	"slices"
	"time"

	"preau/api/directory"
	"preau/api/grades"
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

// maxRivals bounds what is kept beside an appraisal; older ones go first.
const maxRivals = 4

type appraiseArgs struct {
	Period  string `json:"period"`
	Student string `json:"student"`
	Text    string `json:"text"`
	Was     string `json:"was"` // what the teacher saw there
}

// appraise writes what a teacher says of a pupil, in place of what the teacher
// saw there. Where another teacher wrote something else in the meantime, both
// texts are kept and the answer says so.
func (s *Service) appraise(ctx context.Context, tx *psync.Tx) error {
	var args appraiseArgs
	course, period, err := s.begin(ctx, tx, &args, func() string { return args.Period })
	if err != nil {
		return err
	}
	if err := s.checkAppraisal(ctx, course, period, args); err != nil {
		return err
	}
	id := of(args.Period, args.Student)
	before := Appraisal{Period: args.Period, Student: args.Student}
	if _, err := tx.Get(ctx, "appraisal", id, &before); err != nil {
		return err
	}
	after, changed := before.merge(args.Was, Rival{args.Text, acted(tx), s.Directory.Named(tx.Actor().User)})
	if changed {
		tx.Put("appraisal", id, after)
		tx.Effect(effectGather, struct{}{})
	}
	tx.Answer(map[string]bool{"rival": len(after.Rivals) > len(before.Rivals)})
	return nil
}

// begin checks who acts in a course, reads what they want, and refuses a
// period that is none of the course's, or closed.
func (s *Service) begin(ctx context.Context, tx *psync.Tx, args any, id func() string) (course directory.Course, p grades.Period, err error) {
	if err := s.Directory.May(tx.Actor(), directory.Appraise, tx.Scope()); err != nil {
		return course, p, err
	}
	if err := tx.Args(args); err != nil {
		return course, p, err
	}
	course, ok := s.Directory.Course(psync.ScopeID(tx.Scope()))
	if !ok {
		return course, p, psync.Refuse("not_found", "", "no such course")
	}
	if p, err = s.period(ctx, course.School, id(), s.audiences(course)...); err != nil {
		return course, p, err
	}
	return course, p, unclosed(p)
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

func (s *Service) checkAppraisal(ctx context.Context, course directory.Course, p grades.Period, args appraiseArgs) error {
	if !slices.Contains(s.Directory.Pupils(course.Audience), args.Student) {
		return psync.Refuse("not_found", "student", "not a pupil of this course")
	}
	rules, err := s.rules(ctx, course.School)
	if err != nil {
		return err
	}
	if err := psync.CheckText("text", args.Text, rules.Limit); err != nil {
		return err
	}
	return s.checkTaken(ctx, course.School, args.Period, p, []string{args.Student})
}

// checkTaken refuses to write for a class whose council takes no more.
func (s *Service) checkTaken(ctx context.Context, school, period string, p grades.Period, pupils []string) error {
	for _, class := range s.classes(pupils) {
		c, err := s.council(ctx, school, period, class)
		if err != nil {
			return err
		}
		if !c.takes(p, s.Directory.Today(school)) {
			return psync.Refuse("cards_closed", "period", "the council of %s takes no more", class)
		}
	}
	return nil
}

// merge is what a text makes of an appraisal: it goes where its teacher saw
// what is there, and beside it where not.
func (a Appraisal) merge(was string, now Rival) (after Appraisal, changed bool) {
	switch {
	case now.Text == a.Text && (was != a.Text || len(a.Rivals) == 0):
		return a, false // two teachers agree
	case was == a.Text:
		a.Text, a.At, a.By, a.Rivals = now.Text, now.At, now.By, nil
		return a, true
	}
	kept := slices.DeleteFunc(slices.Clone(a.Rivals), func(r Rival) bool { return r.Text == now.Text })
	kept = append(kept, now)
	a.Rivals = kept[max(0, len(kept)-maxRivals):]
	return a, true
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
	course, period, err := s.begin(ctx, tx, &args, func() string { return args.Period })
	if err != nil {
		return err
	}
	if err := checkElements(args.Elements); err != nil {
		return err
	}
	if err := s.checkTaken(ctx, course.School, args.Period, period, s.Directory.Pupils(course.Audience)); err != nil {
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
