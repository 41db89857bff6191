package mail

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"preau/api/directory"
)

// draw makes a school of few people, in which anybody may be anything, for any
// time around today.
func draw(r *rapid.T) []directory.Put {
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
	return puts
}

// facts answers from the bare records of a directory, pair by pair and without
// any list: what the rows E73–E82 say.
type facts struct {
	directory.Contents
	day directory.Date
}

func (f facts) here(id string) bool { p, ok := f.People[id]; return ok && p.Holds(f.day) }

// audiences are those that a pupil is in.
func (f facts) audiences(pupil string) (all []string) {
	for _, e := range f.Enrollments {
		if c, ok := f.Classes[e.Audience]; ok && e.Student == pupil && e.Holds(f.day) && c.Holds(f.day) && f.here(pupil) {
			all = append(all, e.Audience)
		}
	}
	return all
}

// taught are the audiences that somebody teaches.
func (f facts) taught(adult string) (all []string) {
	for _, t := range f.Teachings {
		if c := f.Courses[t.Course]; t.Teacher == adult && t.Holds(f.day) && c.Holds(f.day) && f.Classes[c.Audience].Holds(f.day) && f.here(adult) {
			all = append(all, c.Audience)
		}
	}
	return all
}

func (f facts) holds(adult string, roles ...directory.Role) bool {
	for _, p := range f.Posts {
		if p.Person == adult && p.Holds(f.day) && slices.Contains(roles, p.Role) && f.here(adult) {
			return true
		}
	}
	return false
}

func (f facts) teacher(adult string) bool {
	for _, t := range f.Teachings {
		if t.Teacher == adult && t.Holds(f.day) && f.Courses[t.Course].Holds(f.day) && f.here(adult) {
			return true
		}
	}
	return f.holds(adult, directory.RoleTeacher)
}

func (f facts) office(id string) bool {
	return f.holds(id, directory.RoleStaff, directory.RoleDirection)
}

// cares says whether an adult may read what concerns a pupil, or else follows
// the class as a legal guardian.
func (f facts) cares(adult, pupil string, legal bool) bool {
	for _, g := range f.Guardianships {
		if g.Guardian == adult && g.Student == pupil && g.Holds(f.day) && f.here(adult) && f.here(pupil) && (g.Reads || legal && g.Legal()) {
			return true
		}
	}
	return false
}

func meet(a, b []string) bool {
	return slices.ContainsFunc(a, func(x string) bool { return slices.Contains(b, x) })
}

// may is the oracle.
func (f facts) may(from, to string) bool {
	if from == to || !f.here(from) || !f.here(to) {
		return false
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
	works := f.teacher(from) || f.office(from) || f.holds(from, directory.RoleAdmin)
	return works && (f.teacher(to) || f.office(to))
}

// TestPolicyAgreesWithTheOracle (E1, E73–E82) asks both of every pair of people
// of random schools.
func TestPolicyAgreesWithTheOracle(t *testing.T) {
	cells, allowed := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		w := newWorldOf(t, draw(r)...)
		f := facts{w.dir.Contents("x"), directory.DateOf(w.now)}
		for from := range f.People {
			book, err := w.mail.bookOf(t.Context(), from)
			if err != nil {
				r.Fatal(err)
			}
			for to := range f.People {
				want := f.may(from, to)
				if got := book.reaches(to); got != want {
					r.Fatalf("%s to %s: %v, want %v; lists %v", from, to, got, want, book)
				}
				cells++
				if want {
					allowed++
				}
			}
		}
		w.close()
	})
	t.Logf("%d pairs, %d may write", cells, allowed)
}
