package directory

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// oracle answers "who reads which scope" sentence by sentence, as the table of
// the architecture says it, by looking at every record every time.
type oracle struct {
	school string
	day    Date
	puts   []Put
}

// each calls f for every record of a kind that holds on the oracle's day.
func each[T Record](o oracle, f func(id string, r T)) {
	for _, p := range o.puts {
		if r, ok := p.Record.(T); ok && (spanOf(r).From == "" || spanOf(r).From <= o.day) && (spanOf(r).To == "" || spanOf(r).To > o.day) {
			f(p.ID, r)
		}
	}
}

func (o oracle) here(person string) (found bool) {
	each(o, func(id string, _ Person) { found = found || id == person })
	return found
}

func (o oracle) isPupil(person string) (is bool) {
	each(o, func(id string, p Person) { is = is || id == person && p.Pupil })
	return is
}

func (o oracle) works(person string, roles ...string) (does bool) {
	each(o, func(_ string, p Post) { does = does || p.Person == person && slices.Contains(roles, p.Role) })
	return does && o.here(person)
}

func (o oracle) attends(student, audience string) (does bool) {
	each(o, func(_ string, e Enrollment) { does = does || e.Student == student && e.Audience == audience })
	return does && o.isPupil(student)
}

func (o oracle) teaches(person, course string) (does bool) {
	each(o, func(_ string, t Teaching) { does = does || t.Teacher == person && t.Course == course })
	return does && o.here(person)
}

// guards says whether someone is a guardian of a pupil, with the right to
// read what concerns the pupil alone if asked.
func (o oracle) guards(person, student string, reading bool) (does bool) {
	each(o, func(_ string, g Guardianship) {
		right := g.Reads || !reading && (g.Level == 1 || g.Level == 2)
		does = does || g.Guardian == person && g.Student == student && right
	})
	return does && o.here(person) && o.isPupil(student)
}

// scopes lists all that a person may read.
func (o oracle) scopes(user string) []string {
	all := map[string]bool{}
	if !o.here(user) {
		return nil
	}
	all["user:"+user] = true
	all["school:"+o.school] = true
	office := o.works(user, "staff", "direction")
	if office {
		all["office:"+o.school] = true
		all["timetable:"+o.school] = true
	}
	each(o, func(id string, p Person) {
		if p.Pupil && (id == user || o.guards(user, id, true) || office) {
			all["student:"+id] = true
		}
	})
	each(o, func(id string, c CourseRecord) {
		if o.teaches(user, id) {
			all["course:"+id] = true
		}
	})
	each(o, func(id string, _ Space) {
		each(o, func(_ string, m Membership) {
			if m.Space == id && m.Person == user {
				all["space:"+id] = true
			}
		})
	})
	each(o, func(_ string, c Class) { o.audience(all, user, c, office) })
	return slices.Sorted(func(yield func(string) bool) {
		for s := range all {
			if !yield(s) {
				return
			}
		}
	})
}

// audience adds a class or group, read by its pupils, their guardians, its
// teachers, vie scolaire and direction; and the team's part of a class.
func (o oracle) audience(all map[string]bool, user string, c Class, office bool) {
	scope := c.Kind + ":" + c.ID
	team := office
	each(o, func(id string, r CourseRecord) { team = team || r.Audience == scope && o.teaches(user, id) })
	read := team || o.attends(user, scope)
	each(o, func(student string, _ Person) {
		read = read || o.attends(student, scope) && o.guards(user, student, false)
	})
	if read {
		all[scope] = true
	}
	if c.Kind == "class" && (team || o.leads(user, c)) {
		all["council:"+c.ID] = true
	}
	if team && c.Kind == "class" {
		all[scope+"/staff"] = true
	}
}

// leads says whether somebody who works in the school is a main teacher.
func (o oracle) leads(user string, c Class) bool {
	works := o.works(user, "teacher", "staff", "direction", "admin")
	each(o, func(id string, _ CourseRecord) { works = works || o.teaches(user, id) })
	return works && slices.Contains(c.Main, user)
}

// drawWorld makes a small random school in which nearly every link is dated.
func drawWorld(t *rapid.T) []Put {
	day := rapid.SampledFrom([]Date{"", "2026-11-21", "2026-11-22", "2026-11-23", "2026-11-24", "2026-11-25"})
	span := func() Span { return Span{From: day.Draw(t, "from"), To: day.Draw(t, "to")} }
	rarely := func() Span {
		if rapid.IntRange(0, 4).Draw(t, "dated") > 0 {
			return Span{}
		}
		return span()
	}
	pick := func(prefix string, n int) string { return fmt.Sprint(prefix, rapid.IntRange(0, n-1).Draw(t, prefix)) }
	kinds := []string{KindClass, KindGroup}
	audience := func() string { i := rapid.IntRange(0, 3).Draw(t, "a"); return fmt.Sprint(kinds[i%2], ":a", i) }
	puts := []Put{{"s", School{Name: "S", Timezone: "Europe/Paris"}}, {"m", Subject{Name: "M"}}}
	for i := range 8 {
		puts = append(puts, Put{fmt.Sprint("p", i), Person{First: "P", Last: fmt.Sprint(i), Pupil: i < 4, Span: rarely()}})
	}
	for i := range 4 {
		puts = append(puts, Put{fmt.Sprint("a", i), Class{ID: fmt.Sprint("a", i), Name: "A", Kind: kinds[i%2], Main: []string{pick("p", 8)}, Span: rarely()}})
	}
	for i := range 5 {
		puts = append(puts, Put{fmt.Sprint("c", i), CourseRecord{Subject: "m", Audience: audience(), Span: rarely()}})
	}
	for i := range 3 {
		puts = append(puts, Put{fmt.Sprint("s", i), Space{Name: "S", Span: rarely()}})
	}
	for i := range rapid.IntRange(0, 8).Draw(t, "links") {
		id := fmt.Sprint(i)
		puts = append(puts,
			Put{"e" + id, Enrollment{Student: pick("p", 4), Audience: audience(), Span: span()}},
			Put{"g" + id, Guardianship{Guardian: pick("p", 8), Student: pick("p", 4), Level: rapid.IntRange(0, 2).Draw(t, "level"), Reads: rapid.Bool().Draw(t, "reads"), Span: span()}},
			Put{"m" + id, Membership{Space: pick("s", 3), Person: pick("p", 8), Span: span()}},
			Put{"t" + id, Teaching{Course: pick("c", 5), Teacher: pick("p", 8), Span: span()}},
			Put{"o" + id, Post{Person: pick("p", 8), Role: rapid.SampledFrom(AllRoles[2:]).Draw(t, "role"), Span: span()}})
	}
	return puts
}

func TestGrantsAgreeWithTheOracle(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		puts := drawWorld(rt)
		o := oracle{school: "s", day: "2026-11-23", puts: puts}
		d := remember(t, &clock{today}, map[string][]Put{"s": puts})
		for i := range 8 {
			user := fmt.Sprint("p", i)
			grants, _ := d.Grants(actor("s", user))
			var got []string
			for _, g := range grants {
				got = append(got, g.Scope)
			}
			slices.Sort(got)
			if diff := cmp.Diff(o.scopes(user), got); diff != "" {
				rt.Fatalf("%s: %s", user, diff)
			}
		}
	})
}
