// Package mailtest judges who may write to whom, without any of the code that
// it judges: random schools, and an oracle over their bare records.
package mailtest

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"preau/api/directory"
)

// School makes a school of few people, in which anybody may be anything, for any
// time around today.
func School(r *rapid.T) []directory.Put {
	var puts []directory.Put
	put := func(rec directory.Record, key ...any) {
		puts = append(puts, directory.Put{ID: fmt.Sprint(key...), Record: rec})
	}
	span := func() directory.Span {
		return rapid.SampledFrom([]directory.Span{
			{}, {}, {}, {To: "2026-11-23"}, {From: "2026-11-24"}, {From: "2026-11-23", To: "2026-11-24"}, {To: "2026-11-22"},
		}).Draw(r, "span")
	}
	some := func(kind string, n int) string { return fmt.Sprint(kind, rapid.IntRange(0, n-1).Draw(r, kind)) }
	maybe := func() bool { return rapid.Bool().Draw(r, "maybe") }
	for i := range 6 {
		put(directory.Person{First: "P", Last: fmt.Sprint(i), Pupil: true, Span: span()}, "pupil", i)
		put(directory.Person{First: "A", Last: fmt.Sprint(i), Span: span()}, "adult", i)
	}
	for i := range 3 {
		kind := rapid.SampledFrom([]string{directory.KindClass, directory.KindGroup}).Draw(r, "kind")
		put(directory.Class{Name: fmt.Sprint("C", i), Kind: kind, Span: span()}, kind, i)
		for n := range 3 {
			put(directory.Enrollment{Student: some("pupil", 6), Audience: fmt.Sprint(kind, ":", kind, i), Span: span()}, "enrolled", i, "-", n)
		}
		put(directory.CourseRecord{Subject: "fr", Audience: fmt.Sprint(kind, ":", kind, i), Span: span()}, "course", i)
		for n := range 2 {
			put(directory.Teaching{Course: fmt.Sprint("course", i), Teacher: some("adult", 6), Span: span()}, "teaching", i, "-", n)
		}
	}
	for i := range 6 {
		put(directory.Guardianship{Guardian: some("adult", 6), Student: some("pupil", 6), Level: i % 3, Reads: maybe(), Span: span()}, "guardian", i)
	}
	for i, role := range directory.AllRoles[2:] {
		if maybe() {
			put(directory.Post{Person: some("adult", 6), Role: role, Span: span()}, "post", i)
		}
	}
	for i := range 2 {
		put(directory.Space{Name: fmt.Sprint("S", i), Owner: "adult0", Span: span()}, "space", i)
		for n := range 4 {
			put(directory.Membership{Space: fmt.Sprint("space", i), Person: some(rapid.SampledFrom([]string{"pupil", "adult"}).Draw(r, "who"), 6), Lead: maybe(), Span: span()}, "member", i, "-", n)
		}
	}
	return puts
}

// Facts answers from the bare records of a directory, pair by pair and without
// any list: what the rows E73–E83 say.
type Facts struct {
	directory.Contents
	Day directory.Date
}

// Here says whether a person is of the school today.
func (f Facts) Here(id string) bool { p, ok := f.People[id]; return ok && p.Holds(f.Day) }

// audiences are those that a pupil is in.
func (f Facts) audiences(pupil string) (all []string) {
	for _, e := range f.Enrollments {
		if c, ok := f.Classes[e.Audience]; ok && e.Student == pupil && e.Holds(f.Day) && c.Holds(f.Day) && f.Here(pupil) {
			all = append(all, e.Audience)
		}
	}
	return all
}

// taught are the audiences that somebody teaches.
func (f Facts) taught(adult string) (all []string) {
	for _, t := range f.Teachings {
		if c := f.Courses[t.Course]; t.Teacher == adult && t.Holds(f.Day) && c.Holds(f.Day) && f.Classes[c.Audience].Holds(f.Day) && f.Here(adult) {
			all = append(all, c.Audience)
		}
	}
	return all
}

func (f Facts) holds(adult string, roles ...directory.Role) bool {
	for _, p := range f.Posts {
		if p.Person == adult && p.Holds(f.Day) && slices.Contains(roles, p.Role) && f.Here(adult) {
			return true
		}
	}
	return false
}

func (f Facts) teacher(adult string) bool {
	for _, t := range f.Teachings {
		if t.Teacher == adult && t.Holds(f.Day) && f.Courses[t.Course].Holds(f.Day) && f.Here(adult) {
			return true
		}
	}
	return f.holds(adult, directory.RoleTeacher)
}

func (f Facts) office(id string) bool {
	return f.holds(id, directory.RoleStaff, directory.RoleDirection)
}

// cares says whether an adult may read what concerns a pupil, or else follows
// the class as a legal guardian.
func (f Facts) cares(adult, pupil string, legal bool) bool {
	for _, g := range f.Guardianships {
		if g.Guardian == adult && g.Student == pupil && g.Holds(f.Day) && f.Here(adult) && f.Here(pupil) && (g.Reads || legal && g.Legal()) {
			return true
		}
	}
	return false
}

// spaces are those that somebody is a member of.
func (f Facts) spaces(id string) (all []string) {
	for _, m := range f.Memberships {
		if m.Person == id && m.Holds(f.Day) && f.Spaces[m.Space].Holds(f.Day) && f.Here(id) {
			all = append(all, "space:"+m.Space)
		}
	}
	return all
}

func meet(a, b []string) bool {
	return slices.ContainsFunc(a, func(x string) bool { return slices.Contains(b, x) })
}

// May says whether somebody may write to somebody, by the rules of a school that
// decided nothing.
func (f Facts) May(from, to string) bool {
	if from == to || !f.Here(from) || !f.Here(to) {
		return false
	}
	if meet(f.spaces(from), f.spaces(to)) { // E83
		return true
	}
	for pupil := range f.People {
		guardianOf := f.cares(from, pupil, false)
		if guardianOf && (to == pupil || meet(f.taught(to), f.audiences(pupil))) { // E81 E82
			return true
		}
		if f.cares(from, pupil, true) && f.office(to) { // E75
			return true
		}
		inClass := meet(f.taught(from), f.audiences(pupil)) || f.office(from) && len(f.audiences(pupil)) > 0
		if inClass && (to == pupil || f.cares(to, pupil, false)) { // E74 E76 E77
			return true
		}
	}
	if f.People[from].Pupil {
		mates := f.People[to].Pupil && meet(f.audiences(from), f.audiences(to)) // E80
		return mates || f.cares(to, from, false) || meet(f.taught(to), f.audiences(from))
	}
	return f.Works(from) && (f.teacher(to) || f.office(to))
}

// Works says whether somebody works in the school today.
func (f Facts) Works(id string) bool {
	return f.teacher(id) || f.office(id) || f.holds(id, directory.RoleAdmin)
}

// MayOutside says whether somebody may write to people outside, where a school
// lets some roles (E9).
func (f Facts) MayOutside(id string, open ...directory.Role) bool {
	return slices.ContainsFunc(open, func(role directory.Role) bool { return f.is(id, role) })
}

func (f Facts) is(id string, role directory.Role) bool {
	switch role {
	case directory.RoleStudent:
		return f.Here(id) && f.People[id].Pupil
	case directory.RoleTeacher:
		return f.Here(id) && f.teacher(id)
	case directory.RoleGuardian:
		for pupil := range f.People {
			if f.cares(id, pupil, true) {
				return true
			}
		}
		return false
	}
	return f.holds(id, role)
}

// MayAddress says whether somebody may write to all pupils, guardians or
// teachers of a class or group at once, or to all members of a space.
func (f Facts) MayAddress(from, audience, part string) bool {
	if !f.addresses(from, audience, part) {
		return false
	}
	for id := range f.People {
		if id != from && f.isPart(id, audience, part) {
			return true
		}
	}
	return false
}

// addresses says whether somebody has a right to write to all, if there is
// anybody.
func (f Facts) addresses(from, audience, part string) bool {
	if part == "members" { // E83
		return slices.Contains(f.spaces(from), audience)
	}
	class, known := f.Classes[audience]
	return known && class.Holds(f.Day) && f.Here(from) && (f.office(from) || slices.Contains(f.taught(from), audience))
}

func (f Facts) isPart(id, audience, part string) bool {
	switch part {
	case "students":
		return slices.Contains(f.audiences(id), audience)
	case "teachers":
		return slices.Contains(f.taught(id), audience)
	case "members":
		return slices.Contains(f.spaces(id), audience)
	}
	for pupil := range f.People {
		if slices.Contains(f.audiences(pupil), audience) && f.cares(id, pupil, false) {
			return true
		}
	}
	return false
}
