package directory

import (
	"log/slog"
	"testing"
	"time"

	psync "preau/sync"
)

// today is a Monday morning at the tests' school.
var today = time.Date(2026, 11, 23, 7, 30, 0, 0, time.UTC)

// clock is a time that a test moves.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

// remember makes a directory that holds schools in memory, without a store.
func remember(tb testing.TB, c *clock, schools map[string][]Put) *Directory {
	tb.Helper()
	d := New(Config{Log: slog.New(slog.DiscardHandler), Now: c.now})
	all := map[string]*snapshot{}
	for id, puts := range schools {
		all[id] = snapshotOf(tb, id, puts)
	}
	d.schools.Store(&all)
	return d
}

func snapshotOf(tb testing.TB, school string, puts []Put) *snapshot {
	tb.Helper()
	s := newSnapshot(school)
	for _, p := range puts {
		if err := p.check(); err != nil {
			tb.Fatal(err)
		}
		if err := s.apply(p.Record.kind(), p.ID, encode(p.Record)); err != nil {
			tb.Fatal(err)
		}
	}
	s.index()
	return s
}

func from(day Date) Span         { return Span{From: day} }
func until(day Date) Span        { return Span{To: day} }
func between(from, to Date) Span { return Span{From: from, To: to} }

// collard is a small collège with one person of each kind and a few dates.
func collard() []Put {
	return []Put{
		{"collard", School{Name: "Collège Joseph-Collard", Timezone: "Europe/Paris"}},
		{"fr", Subject{Name: "Français"}},
		{"la", Subject{Name: "Latin"}},
		{"5b", Class{Name: "5e B", Level: "5e", Kind: KindClass, Main: []string{"garnier"}}},
		{"4a", Class{Name: "4e A", Level: "4e", Kind: KindClass}},
		{"lat", Class{Name: "Latin 5e", Kind: KindGroup}},
		{"ines", Person{First: "Inès", Last: "Benali", Pupil: true}},
		{"sami", Person{First: "Sami", Last: "Benali", Pupil: true}},
		{"gone", Person{First: "Paul", Last: "Parti", Pupil: true, Span: until("2026-11-01")}},
		{"nadia", Person{First: "Nadia", Last: "Benali", Civility: "Mme"}},
		{"karim", Person{First: "Karim", Last: "Benali", Civility: "M."}},
		{"lucie", Person{First: "Lucie", Last: "Moreau", Civility: "Mme"}},
		{"garnier", Person{First: "Claire", Last: "Garnier", Civility: "Mme"}},
		{"petit", Person{First: "Luc", Last: "Petit", Civility: "M."}},
		{"viard", Person{First: "Anne", Last: "Viard", Civility: "Mme"}},
		{"roux", Person{First: "Jean", Last: "Roux", Civility: "M."}},
		{"admin", Person{First: "Ève", Last: "Admin"}},
		{"e1", Enrollment{Student: "ines", Audience: "class:5b"}},
		{"e2", Enrollment{Student: "ines", Audience: "group:lat"}},
		{"e3", Enrollment{Student: "sami", Audience: "class:4a"}},
		{"g1", Guardianship{Guardian: "nadia", Student: "ines", Level: 1, Reads: true}},
		{"g2", Guardianship{Guardian: "nadia", Student: "sami", Level: 1, Reads: true}},
		{"g3", Guardianship{Guardian: "karim", Student: "ines", Level: 2}},
		{"g4", Guardianship{Guardian: "lucie", Student: "ines"}},
		{"c1", CourseRecord{Subject: "fr", Audience: "class:5b"}},
		{"c2", CourseRecord{Subject: "la", Audience: "group:lat"}},
		{"t1", Teaching{Course: "c1", Teacher: "garnier"}},
		{"t2", Teaching{Course: "c2", Teacher: "garnier"}},
		{"t3", Teaching{Course: "c1", Teacher: "petit", For: "garnier", Span: between("2026-11-16", "2026-11-30")}},
		{"p1", Post{Person: "viard", Role: RoleStaff}},
		{"p2", Post{Person: "roux", Role: RoleDirection}},
		{"p3", Post{Person: "admin", Role: RoleAdmin}},
		{"club", Space{Name: "Club théâtre", Owner: "garnier"}},
		{"past", Space{Name: "Voyage 2025", Owner: "garnier", Span: until("2026-07-05")}},
		{"m1", Membership{Space: "club", Person: "garnier", Lead: true}},
		{"m2", Membership{Space: "club", Person: "ines"}},
		{"m3", Membership{Space: "club", Person: "karim", Lead: true}}, // who does not work there
		{"m4", Membership{Space: "club", Person: "sami", Span: until("2026-11-20")}},
		{"m5", Membership{Space: "club", Person: "gone"}},
		{"m6", Membership{Space: "past", Person: "garnier", Lead: true}},
	}
}

func actor(school, user string) psync.Actor { return psync.Actor{School: school, User: user} }
