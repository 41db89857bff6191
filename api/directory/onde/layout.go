package onde

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"preau/api/directory"
)

// layout is how one of the files is written.
type layout struct {
	name  string
	mark  string // the column, folded, that tells it
	parse func(*table, *Roster) error
}

// The columns of the pupils' file.
const (
	pupilLast  = "nom eleve"
	pupilUsage = "nom d'usage eleve"
	pupilFirst = "prenom eleve"
	pupilBorn  = "date naissance"
	pupilLevel = "niveau"
	pupilClass = "classe"
)

// The columns of the guardians' file; those of a child are repeated.
const (
	guardianCivility = "civilite responsable"
	guardianUsage    = "nom usage responsable"
	guardianLast     = "nom responsable"
	guardianFirst    = "prenom responsable"
	guardianAddress  = "adresse responsable"
	guardianPostcode = "cp responsable"
	guardianTown     = "commune responsable"
	childUsage       = "nom d'usage enfant"
	childLast        = "nom de famille enfant"
	childFirst       = "prenom enfant"
	childClass       = "classes enfants"
)

// The columns of the teachers' file.
const (
	teacherCivility = "civilite"
	teacherUsage    = "nom usage"
	teacherLast     = "nom"
	teacherFirst    = "prenom"
	teacherHead     = "directeur"
	teacherClass    = "classe"
)

// What each file must have; the first column tells the file.
var (
	pupilColumns    = []string{pupilLast, pupilUsage, pupilFirst, pupilBorn, pupilLevel, pupilClass}
	teacherColumns  = []string{teacherHead, teacherCivility, teacherUsage, teacherLast, teacherFirst, teacherClass}
	guardianColumns = []string{
		guardianLast, guardianCivility, guardianUsage, guardianFirst,
		guardianAddress, guardianPostcode, guardianTown,
		childUsage, childLast, childFirst, childClass,
	}
	childColumns = []string{childUsage, childLast, childFirst, childClass}
)

var layouts = []*layout{
	{"CSVExtraction-eleves.csv", pupilColumns[0], parsePupils},
	{"CSVExtraction-responsables.csv", guardianColumns[0], parseGuardians},
	{"CSVExtraction-enseignants.csv", teacherColumns[0], parseTeachers},
}

// recognise tells which of the files a table is, if any.
func recognise(t *table) *layout {
	for _, l := range layouts {
		if slices.Contains(t.header, l.mark) {
			return l
		}
	}
	return nil
}

// check says which column of the layout is missing.
func (t *table) check(columns ...string) error {
	for _, c := range columns {
		if !slices.Contains(t.header, c) {
			return &Error{File: t.file, Line: 1, Column: 1, Field: c, Problem: MissingColumn}
		}
	}
	return nil
}

// line reads the cells of a row by column and remembers the first problem.
type line struct {
	*table
	row
	from int // where the columns of this person begin
	err  error
}

func (l *line) index(column string) int {
	return l.from + slices.Index(l.header[l.from:], column)
}

func (l *line) text(column string) string { return l.cells[l.index(column)] }

func (l *line) need(column string) string {
	if l.text(column) == "" {
		l.fail(column, MissingValue)
	}
	return l.text(column)
}

func (l *line) fail(column string, p Problem) {
	if l.err == nil {
		l.err = l.problem(l.row, l.index(column), p)
	}
}

func (l *line) name(last, usage, first string) Name {
	return Name{Last: capitalise(l.need(last)), Usage: capitalise(l.text(usage)), First: capitalise(l.need(first))}
}

func (l *line) date(column string) directory.Date {
	for _, form := range []string{time.DateOnly, "02/01/2006"} {
		if t, err := time.Parse(form, l.need(column)); err == nil {
			return directory.DateOf(t)
		}
	}
	l.fail(column, BadDate)
	return ""
}

func (l *line) civility(column string) string {
	switch Fold(l.text(column)) {
	case "m", "m.", "mr", "monsieur":
		return "M."
	case "mme", "mme.", "mlle", "madame", "mademoiselle":
		return "Mme"
	case "":
		return ""
	}
	l.fail(column, BadChoice)
	return ""
}

func (l *line) yes(column string) bool {
	switch Fold(l.text(column)) {
	case "oui", "o", "1", "true":
		return true
	case "non", "n", "0", "false", "":
		return false
	}
	l.fail(column, BadChoice)
	return false
}

func parsePupils(t *table, into *Roster) error {
	return t.each(pupilColumns, func(l *line) {
		into.Pupils = append(into.Pupils, Pupil{
			Name:  l.name(pupilLast, pupilUsage, pupilFirst),
			Born:  l.date(pupilBorn),
			Level: l.text(pupilLevel),
			Class: l.need(pupilClass),
		})
	})
}

func parseTeachers(t *table, into *Roster) error {
	return t.each(teacherColumns, func(l *line) {
		into.Teachers = append(into.Teachers, Teacher{
			Name:     l.name(teacherLast, teacherUsage, teacherFirst),
			Civility: l.civility(teacherCivility),
			Head:     l.yes(teacherHead),
			Class:    l.text(teacherClass),
		})
	})
}

func parseGuardians(t *table, into *Roster) error {
	return t.each(guardianColumns, func(l *line) {
		g := Guardian{
			Name:     l.name(guardianLast, guardianUsage, guardianFirst),
			Civility: l.civility(guardianCivility),
			Address:  strings.Join([]string{l.text(guardianAddress), l.text(guardianPostcode), l.text(guardianTown)}, " "),
		}
		for i, column := range t.header {
			if column == childUsage {
				g.addChild(l, i)
			}
		}
		into.Guardians = append(into.Guardians, g)
	})
}

// addChild reads the group of columns that begins at from, unless it is empty.
func (g *Guardian) addChild(l *line, from int) {
	l.from = from
	defer func() { l.from = 0 }()
	if err := l.checkGroup(); err != nil || l.emptyGroup() {
		l.err = firstError(l.err, err)
		return
	}
	g.Children = append(g.Children, Child{
		Name:  l.name(childLast, childUsage, childFirst),
		Class: l.need(childClass),
	})
}

func (l *line) checkGroup() error {
	rest := l.header[l.from:]
	for i, column := range childColumns {
		if i >= len(rest) || rest[i] != column {
			return &Error{File: l.file, Line: 1, Column: 1, Field: column, Problem: MissingColumn}
		}
	}
	return nil
}

func (l *line) emptyGroup() bool {
	return strings.Join(l.cells[l.from:l.from+len(childColumns)], "") == ""
}

// each reads every row of a table that has the given columns.
func (t *table) each(columns []string, read func(*line)) error {
	if err := t.check(columns...); err != nil {
		return err
	}
	if len(t.rows) == 0 {
		return &Error{File: t.file, Line: 1, Column: 1, Problem: EmptyFile}
	}
	for _, rw := range t.rows {
		l := &line{table: t, row: rw}
		if read(l); l.err != nil {
			return l.err
		}
	}
	return nil
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// capitalise writes names that ONDE shouts as people write them: "LE COQ"
// becomes "Le Coq", "d'Huart" stays.
func capitalise(name string) string {
	if name != strings.ToUpper(name) {
		return name
	}
	inside := false
	return strings.Map(func(r rune) rune {
		was := inside
		inside = unicode.IsLetter(r)
		if was {
			return unicode.ToLower(r)
		}
		return r
	}, name)
}
