package skills

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"preau/api/directory"
	"preau/api/grades/average"
	psync "preau/sync"
)

// Limits of what a person sends.
const (
	MaxTitle   = 200   // characters
	MaxComment = 2_000 // characters
	MaxItems   = 20
	MaxCells   = 400
	maxSkills  = 400 // of a school, or of a course
	maxLevels  = 8
	maxDomains = 24
	maxOnly    = 200
	maxText    = 200 // characters
	maxName    = 80
	maxShort   = 20
	maxID      = 64

	most average.Decimal = 9900 // coefficient
)

func invalid(field, format string, args ...any) error {
	return psync.Refuse("invalid", field, format, args...)
}

// checkLine refuses what is no line of text.
func checkLine(field, text string, most int) error {
	if strings.ContainsAny(text, "\n\t") {
		return invalid(field, "one line")
	}
	return psync.CheckText(field, text, most)
}

// checkWords refuses a line without words as well.
func checkWords(field, text string, most int) error {
	if strings.TrimSpace(text) == "" {
		return invalid(field, "nothing is written")
	}
	return checkLine(field, text, most)
}

// check refuses an evaluation that makes no sense. What it looked at before
// may have been put aside since.
func (e Evaluation) check(f Framework, before []Item) error {
	if err := checkWords("title", e.Title, MaxTitle); err != nil {
		return err
	}
	if err := psync.CheckText("about", e.About, MaxComment); err != nil {
		return err
	}
	if !e.Date.Valid() {
		return invalid("date", "not a day")
	}
	if len(e.Items) == 0 || len(e.Items) > MaxItems {
		return invalid("items", "1 to %d", MaxItems)
	}
	for i, item := range e.Items {
		if err := item.check(fmt.Sprintf("items[%d]", i), f, before, e.Items[:i]); err != nil {
			return err
		}
	}
	return nil
}

func (i Item) check(at string, f Framework, before, others []Item) error {
	same := func(o Item) bool { return o.Skill == i.Skill }
	skill, known := f.Skills[i.Skill]
	switch {
	case !known || skill.Aside && !slices.ContainsFunc(before, same):
		return psync.Refuse("not_found", at+".skill", "not in the framework")
	case slices.ContainsFunc(others, same):
		return invalid(at+".skill", "named twice")
	case i.Coefficient <= 0 || i.Coefficient > most:
		return invalid(at+".coefficient", "above 0, to 99")
	}
	return nil
}

// checkValue refuses what is no level, no code and not nothing. A level that
// was put aside stays where it was given.
func (f Framework) checkValue(field, value, before string) error {
	if value == "" || slices.Contains(Codes, value) {
		return nil
	}
	if l, known := f.level(value); known && (!l.Aside || value == before) {
		return nil
	}
	return invalid(field, "a level, a code or nothing")
}

// acted is when the person acted by the device's clock, believed as far as it
// lies in the past.
func acted(tx *psync.Tx) time.Time {
	at := time.UnixMilli(tx.At())
	if tx.At() == 0 || at.After(tx.Now()) {
		at = tx.Now()
	}
	return at.UTC().Truncate(time.Millisecond)
}

// begin checks who acts in a course, and reads what they want.
func (s *Service) begin(tx *psync.Tx, args any) (directory.Course, error) {
	if err := s.dir.May(tx.Actor(), directory.Assess, tx.Scope()); err != nil {
		return directory.Course{}, err
	}
	if err := tx.Args(args); err != nil {
		return directory.Course{}, err
	}
	c, ok := s.dir.Course(psync.ScopeID(tx.Scope()))
	if !ok {
		return c, psync.Refuse("not_found", "", "no such course")
	}
	return c, nil
}
