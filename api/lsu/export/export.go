// Package export makes the file for the Livret scolaire unique out of the
// report cards of a class and of what the directory knows of its people: the
// numbers by which the ministry calls them are there and nowhere else. It
// stores nothing.
package export

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"preau/api/directory"
	"preau/api/grades"
	"preau/api/grades/average"
	"preau/api/lsu"
	psync "preau/sync"
)

// Cards gives the report cards of a class, by its id, in a period, as they
// were published; a refusal "not_found" where there are none.
type Cards interface {
	Published(ctx context.Context, school, class, period string) (Deck, error)
}

// Deck are the cards of a class. People and subjects are ids of the directory.
type Deck struct {
	Period  lsu.Period // without its year; see [PeriodOf]
	Council directory.Date
	Head    string // who answers for the school; empty: its one head
	Paths   []lsu.Path
	Life    string
	Cards   []Card
}

// Card is that of one pupil.
type Card struct {
	Student   string
	Published time.Time // as it reads now
	Lines     []Line
	Advice    string
	Life      lsu.Life
	Socle     map[string]int
	Paths     []lsu.Path
	Support   []lsu.Support
}

// Line is what a card says of one subject.
type Line struct {
	Subject   string
	Teachers  []string
	Elements  []string
	Average   average.Value
	Class     average.Value
	Level     int
	Appraisal string
}

// Directory is what this package asks of the school's directory.
type Directory interface {
	May(a psync.Actor, do directory.Action, scope string) error
	School(id string) (directory.School, bool)
	Location(school string) *time.Location
	Holding(school string, role directory.Role) []string
	Contents(school string) directory.Contents
}

// Service makes files. Safe for concurrent use.
type Service struct {
	dir     Directory
	cards   Cards
	version string
}

// New returns a Service; the version is that of this program.
func New(dir Directory, cards Cards, version string) *Service {
	return &Service{dir, cards, version}
}

// File is what came of an export: either Body or Findings.
type File struct {
	Name     string
	Body     []byte
	Findings []lsu.Finding
}

// Class makes the file of a class, by its id, in a period. With partial, the
// pupils of whom something is missing are left out of it. It is for the
// direction.
func (s *Service) Class(ctx context.Context, a psync.Actor, class, period string, partial bool) (File, error) {
	if err := s.dir.May(a, directory.ExportCards, "school:"+a.School); err != nil {
		return File{}, err
	}
	all := s.dir.Contents(a.School)
	k, known := all.Classes["class:"+class]
	if !known {
		return File{}, psync.Refuse("not_found", "class", "no such class")
	}
	deck, err := s.cards.Published(ctx, a.School, class, period)
	if err != nil {
		return File{}, err
	}
	m := mapping{all: all, zone: s.dir.Location(a.School), guardians: guardians(all)}
	report := lsu.Report{Editor: "Préau", Software: "Préau", Version: s.version, UAI: all.School.UAI}
	report.Classes = []lsu.Class{m.class(k, deck, s.head(a.School, deck))}
	f := File{Name: "LSU " + k.Name + ".xml"}
	if partial {
		report = report.Complete()
	}
	f.Body, f.Findings = lsu.Encode(report)
	return f, nil
}

// head is who answers for the school: whom the deck names, or the one person
// of the direction.
func (s *Service) head(school string, d Deck) string {
	heads := s.dir.Holding(school, directory.RoleDirection)
	if d.Head == "" && len(heads) == 1 {
		return heads[0]
	}
	return d.Head
}

// mapping says cards in the words of the livret.
type mapping struct {
	all       directory.Contents
	zone      *time.Location
	guardians map[string][]directory.Guardianship // of each pupil
}

func (m mapping) class(k directory.Class, d Deck, head string) lsu.Class {
	c := lsu.Class{
		ID: k.ID, Name: k.Name, Period: d.Period, Head: m.all.People[head].Name(),
		Council: string(d.Council), Paths: d.Paths, Life: d.Life, Main: m.teachers(k.Main),
	}
	c.Period.Year, _ = strconv.Atoi(string(m.all.School.Year.Start)[:min(4, len(m.all.School.Year.Start))])
	for _, card := range d.Cards {
		c.Pupils = append(c.Pupils, m.pupil(card))
	}
	return c
}

func (m mapping) pupil(c Card) lsu.Pupil {
	who := m.all.People[c.Student]
	p := lsu.Pupil{
		ID: c.Student, Number: who.Number, First: who.First, Last: who.Last,
		Since:  string(max(who.From, m.all.School.Year.Start)),
		Advice: c.Advice, Life: c.Life, Socle: c.Socle, Paths: c.Paths, Support: c.Support,
	}
	if !c.Published.IsZero() {
		p.Locked = c.Published.In(m.zone)
		p.Guardians = m.guardiansOn(c.Student, directory.DateOf(p.Locked))
	}
	for _, l := range c.Lines {
		s := m.all.Subjects[l.Subject]
		p.Results = append(p.Results, lsu.Result{
			Subject:  lsu.Subject{ID: l.Subject, Name: s.Name, Code: s.Code, Election: cmp.Or(s.Election, "S")},
			Teachers: m.teachers(l.Teachers), Elements: l.Elements,
			Average: l.Average, Class: l.Class, Level: l.Level, Appraisal: l.Appraisal,
		})
	}
	return p
}

func (m mapping) teachers(ids []string) (all []lsu.Teacher) {
	for _, id := range ids {
		p := m.all.People[id]
		t := lsu.Teacher{ID: id, Kind: "epp", Number: p.Number, Civility: civilities[p.Civility], First: p.First, Last: p.Surname()}
		if p.Local {
			t.Kind = "local"
		}
		all = append(all, t)
	}
	return all
}

var civilities = map[string]string{"Mme": "MME", "M.": "M"}

// relations are those of SIECLE.
var relations = map[string]string{
	"mother": "Mère", "father": "Père", "sibling": "Fratrie", "grandparent": "Ascendant", "family": "Autre membre de la famille",
	"educator": "Éducateur", "foster": "Assistant familial", "tutor": "Tuteur", "other": "Autre lien",
}

// guardians are the links to legal guardians, by pupil, the first ones first.
func guardians(all directory.Contents) map[string][]directory.Guardianship {
	of := map[string][]directory.Guardianship{}
	for _, id := range slices.Sorted(maps.Keys(all.Guardianships)) {
		if g := all.Guardianships[id]; g.Legal() {
			of[g.Student] = append(of[g.Student], g)
		}
	}
	for _, links := range of {
		slices.SortStableFunc(links, func(a, b directory.Guardianship) int { return cmp.Compare(a.Level, b.Level) })
	}
	return of
}

// guardiansOn are the legal guardians of a pupil on a day.
func (m mapping) guardiansOn(student string, day directory.Date) (all []lsu.Guardian) {
	for _, g := range m.guardians[student] {
		if p := m.all.People[g.Guardian]; g.Holds(day) {
			all = append(all, lsu.Guardian{
				Civility: civilities[p.Civility], First: p.First, Last: p.Surname(), Legal: g.Level, Relation: relations[g.Relation],
			})
		}
	}
	return all
}

// PeriodOf is the place of a period in the year of a class, among those of its
// kind; the zero one where the class has not got it.
func PeriodOf(all map[string]grades.Period, id, class string) lsu.Period {
	p, known := all[id]
	if !known || !holds(p, class) {
		return lsu.Period{}
	}
	place := lsu.Period{Index: 1}
	for _, o := range all {
		if o.Kind == p.Kind && holds(o, class) {
			place.Count++
			if o.Start < p.Start {
				place.Index++
			}
		}
	}
	return place
}

func holds(p grades.Period, class string) bool {
	return len(p.Audiences) == 0 || slices.Contains(p.Audiences, "class:"+class)
}
