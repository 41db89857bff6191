package directory

import (
	"slices"
	"strings"

	psync "preau/sync"
)

// Roster is a class or group as the office sees it.
type Roster struct {
	Class    Class
	Pupils   []Pupil
	Teachers []Person
}

// Pupil is somebody of a roster with the guardians of today, those without
// rights included.
type Pupil struct {
	Person
	Class     string // name of the class, for the members of a group
	Guardians []Link
}

// Link is a guardianship with the adult it names.
type Link struct {
	Guardianship
	Adult Person
}

// ClassesFor lists the classes and groups of the actor's school today. It is
// for those who may read the directory.
func (d *Directory) ClassesFor(a psync.Actor) ([]Class, error) {
	if err := d.May(a, ReadDirectory, "school:"+a.School); err != nil {
		return nil, err
	}
	return d.Classes(a.School), nil
}

// RosterFor shows a class or group of the actor's school, by its id.
func (d *Directory) RosterFor(a psync.Actor, id string) (Roster, error) {
	if err := d.May(a, ReadDirectory, "school:"+a.School); err != nil {
		return Roster{}, err
	}
	s := d.school(a.School)
	for _, kind := range []string{KindClass, KindGroup} {
		if c, ok := s.audience(kind + ":" + id); ok {
			return s.roster(c, d.day(s)), nil
		}
	}
	return Roster{}, psync.Refuse("not_found", "", "no such class or group")
}

func (s *snapshot) roster(c Class, day Date) Roster {
	r := Roster{Class: c}
	for _, id := range s.pupils(c.Scope(), day) {
		class, _ := s.classOf(id, day)
		r.Pupils = append(r.Pupils, Pupil{Person: s.people[id], Class: class.Name, Guardians: s.links(id, day)})
	}
	var teachers []string
	for _, course := range s.coursesOf(c.Scope(), day) {
		teachers = append(teachers, course.Teachers...)
	}
	for _, id := range s.byName(teachers) {
		r.Teachers = append(r.Teachers, s.people[id])
	}
	return r
}

// links lists the guardianships of a pupil on a day.
func (s *snapshot) links(student string, day Date) []Link {
	var all []Link
	for _, g := range s.guardiansOf[student] {
		if g.Holds(day) {
			all = append(all, Link{g, s.people[g.Guardian]})
		}
	}
	slices.SortStableFunc(all, func(a, b Link) int { return rank(a.Guardianship) - rank(b.Guardianship) })
	return all
}

// maxFound is how many people a search returns.
const maxFound = 20

// FindAdults looks for adults of the actor's school whose name contains every
// word of a query, to link them to a pupil. It is for administrators.
func (d *Directory) FindAdults(a psync.Actor, query string) ([]Person, error) {
	if err := d.May(a, ManageDirectory, "school:"+a.School); err != nil {
		return nil, err
	}
	s := d.school(a.School)
	words := strings.Fields(strings.ToLower(query))
	var found []Person
	for _, id := range d.People(a.School) {
		p := s.people[id]
		if len(words) > 0 && !p.Pupil && containsAll(strings.ToLower(p.Name()), words) && len(found) < maxFound {
			found = append(found, p)
		}
	}
	return found, nil
}

func containsAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}
