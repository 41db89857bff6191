package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"preau/api/directory"
)

// plan is the school on paper: who there is, and what happens on which day.
// It depends on nothing but seed, size and day.
type plan struct {
	size  Size
	now   time.Time
	today directory.Date
	chance
	puts []directory.Put

	classes  []class
	courses  []course
	term     []time.Time // the moments at which something is given, oldest first
	families int
	subjects map[string]bool
}

// class is a class or a group being filled.
type class struct {
	directory.Class
	pupils []directory.Person
}

// course is a course with its main teacher.
type course struct {
	id, subject, teacher string
	class                *class
}

// chance draws from the seed.
type chance struct{ *rand.Rand }

func newPlan(c Config) *plan {
	p := &plan{
		size: c.Size, today: c.today(), subjects: map[string]bool{},
		chance: chance{rand.New(rand.NewPCG(c.Seed, 0x9e3779b97f4a7c15))},
	}
	p.now = c.Today
	p.term = moments(c.Today, p.weeks())
	p.school()
	p.fillClasses()
	p.fillGroups()
	p.staff()
	p.teach()
	p.theatre()
	return p
}

func (p *plan) weeks() int {
	if p.size == Normal {
		return 8
	}
	return 2
}

// moments are the end of the lessons of one day a week, up to the last day of
// school before today.
func moments(today time.Time, weeks int) []time.Time {
	day := today.In(zone()).AddDate(0, 0, -1)
	evening := time.Date(day.Year(), day.Month(), day.Day(), 16, 30, 0, 0, zone())
	var all []time.Time
	for evening.Weekday() == time.Saturday || evening.Weekday() == time.Sunday {
		evening = evening.AddDate(0, 0, -1)
	}
	for week := weeks - 1; week >= 0; week-- {
		all = append(all, evening.AddDate(0, 0, -7*week))
	}
	return all
}

func id(key ...any) string {
	words := []string{"demo"}
	for _, k := range key {
		words = append(words, fmt.Sprint(k))
	}
	return directory.StableID(words...)
}

func (p *plan) put(id string, r directory.Record) {
	p.puts = append(p.puts, directory.Put{ID: id, Record: r})
}

// school describes the collège and its year.
func (p *plan) school() {
	p.put(SchoolID, directory.School{
		Name: "Collège Joseph-Collard", UAI: "0420000X", Town: "Saint-Étienne", Timezone: "Europe/Paris",
		Year: directory.YearOf(p.today), Holidays: p.holidays(),
	})
}

// holidays are those of zone A, but for those that are near: whoever looks at
// the demo sees lessons, in any week of the year.
func (p *plan) holidays() []directory.Holiday {
	return slices.DeleteFunc(p.zoneA(), func(h directory.Holiday) bool {
		return h.Start <= p.today.AddDays(28) && h.End >= p.today.AddDays(-14)
	})
}

func (p *plan) zoneA() []directory.Holiday {
	year := directory.YearOf(p.today)
	autumn, spring := string(year.Start[:4]), string(year.End[:4])
	holiday := func(name, from, to string) directory.Holiday {
		return directory.Holiday{Name: name, Start: directory.Date(from), End: directory.Date(to)}
	}
	return []directory.Holiday{
		holiday("Toussaint", autumn+"-10-17", autumn+"-11-01"),
		holiday("Noël", autumn+"-12-19", spring+"-01-03"),
		holiday("Hiver", spring+"-02-13", spring+"-02-28"),
		holiday("Printemps", spring+"-04-10", spring+"-04-25"),
	}
}

// fillClasses makes the classes and the families of their pupils.
func (p *plan) fillClasses() {
	levels, letters, size := []string{"6e", "5e"}, []string{"A", "B"}, 6
	if p.size == Normal {
		levels, letters, size = []string{"6e", "5e", "4e", "3e"}, []string{"A", "B", "C", "D", "E", "F"}, 25
	}
	for _, level := range levels {
		for _, letter := range letters {
			if p.size == Small && (level+letter != "6eA" && level+letter != "5eB") {
				continue
			}
			p.addClass(level+" "+letter, level, directory.KindClass)
		}
	}
	p.benali()
	for i := range p.classes {
		for len(p.classes[i].pupils) < size {
			p.family(i, size)
		}
	}
}

func (p *plan) addClass(name, level, kind string) *class {
	c := directory.Class{ID: id("class", name), Name: name, Level: level, Kind: kind}
	if name == "5e B" {
		c.Main = []string{User("teacher")}
	}
	p.put(c.ID, c)
	p.classes = append(p.classes, class{Class: c})
	return &p.classes[len(p.classes)-1]
}

func (p *plan) class(name string) *class {
	i := slices.IndexFunc(p.classes, func(c class) bool { return c.Name == name })
	return &p.classes[i]
}

// benali is the family that everybody meets.
func (p *plan) benali() {
	ines := the("student")
	p.enroll(p.class("5e B"), ines, 12)
	p.enroll(p.class("6e A"), sami, 11)
	for level, adult := range []directory.Person{the("guardian"), karim} {
		p.put(adult.ID, adult)
		for _, child := range []directory.Person{ines, sami} {
			p.link(adult, child, level+1, [...]string{"mother", "father"}[level], directory.Span{})
		}
	}
	p.families++
}

// enroll puts a pupil of an age into a class.
func (p *plan) enroll(c *class, pupil directory.Person, age int) {
	pupil.Pupil, pupil.Born, pupil.Number = true, p.born(age), p.number()
	p.put(pupil.ID, pupil)
	p.join(c, pupil)
}

// number is what the ministry calls the next person.
func (p *plan) number() int64 { return 4_200_000 + int64(len(p.puts)) }

func (p *plan) join(c *class, pupil directory.Person) {
	e := directory.Enrollment{Student: pupil.ID, Audience: c.Scope()}
	p.put(id("enrollment", e.Student, e.Audience), e)
	c.pupils = append(c.pupils, pupil)
}

func (p *plan) born(age int) directory.Date {
	return directory.YearOf(p.today).Start.AddDays(-age*365 - p.IntN(330))
}

func (p *plan) link(adult, child directory.Person, level int, relation string, span directory.Span) {
	g := directory.Guardianship{
		Guardian: adult.ID, Student: child.ID, Level: level, Reads: true, Relation: relation, Span: span,
	}
	p.put(id("guardianship", g.Guardian, g.Student), g)
}

// family puts a child into a class, a brother or sister into a later one for
// every ninth, and names their guardians: two, sometimes one or three.
func (p *plan) family(at, size int) {
	n := p.families
	p.families++
	name := p.pick(families)
	children := []directory.Person{p.child(n, 0, name, at)}
	if next := at + 6; n%9 == 0 && next < len(p.classes) && len(p.classes[next].pupils) < size {
		children = append(children, p.child(n, 1, name, next))
	}
	for i := range guardiansOf(n) {
		adult, relation := p.adult(n, i, name)
		span := directory.Span{}
		if i == 2 {
			span.To = p.today.AddDays(30) // a host family, for a while
		}
		for _, child := range children {
			p.link(adult, child, [...]int{1, 2, 0}[i], relation, span)
		}
	}
}

func guardiansOf(family int) int {
	switch family % 20 {
	case 3, 9, 15:
		return 1
	case 5, 11, 17:
		return 3
	}
	return 2
}

func (p *plan) child(family, n int, last string, at int) directory.Person {
	first := p.pick(girls)
	if p.IntN(2) == 0 {
		first = p.pick(boys)
	}
	pupil := directory.Person{ID: id("pupil", family, n), First: first, Last: written(last)}
	c := &p.classes[at]
	p.enroll(c, pupil, 17-int(c.Level[0]-'0'))
	return pupil
}

func (p *plan) adult(family, n int, last string) (directory.Person, string) {
	adult := directory.Person{ID: id("guardian", family, n), Last: written(last)}
	relation := "mother"
	switch n {
	case 0:
		adult.First, adult.Civility = p.pick(mothers), "Mme"
		if family%3 == 0 {
			adult.Last = written(p.pick(families))
		}
	case 1:
		adult.First, adult.Civility, relation = p.pick(fathers), "M.", "father"
	default:
		adult.First, adult.Civility, relation = p.pick(mothers), "Mme", "foster"
		adult.Last = written(p.pick(families))
	}
	p.put(adult.ID, adult)
	return adult, relation
}

func (p *plan) pick(names []string) string { return names[p.IntN(len(names))] }

// fillGroups makes the groups of second language and latin.
func (p *plan) fillGroups() {
	if p.size == Small {
		latin := p.addClass("Latin 5e", "5e", directory.KindGroup)
		for _, pupil := range p.class("5e B").pupils[:2] {
			p.join(latin, pupil)
		}
		return
	}
	for _, level := range []string{"5e", "4e", "3e"} {
		for _, pair := range []string{"AB", "CD", "EF"} {
			spanish := p.addClass("Espagnol "+level+" "+pair, level, directory.KindGroup).Name
			german := p.addClass("Allemand "+level+" "+pair, level, directory.KindGroup).Name
			for letter := range strings.SplitSeq(pair, "") {
				for i, pupil := range slices.Clone(p.class(level + " " + letter).pupils) {
					p.join(p.class([]string{spanish, spanish, german}[i%3]), pupil)
				}
			}
		}
		latin := p.addClass("Latin "+level, level, directory.KindGroup).Name
		for i := range 24 {
			letter := string("ABCDEF"[i%6])
			p.join(p.class(latin), p.class(level + " " + letter).pupils[i/6])
		}
	}
}

// staff puts those who do not teach into the school, but for the
// administrator.
func (p *plan) staff() {
	type job struct {
		person directory.Person
		role   directory.Role
	}
	jobs := []job{{the("staff"), directory.RoleStaff}, {the("direction"), directory.RoleDirection}}
	if p.size == Normal {
		jobs = append(jobs,
			job{person("cpe", "Awa", "Ndiaye", "Mme"), directory.RoleStaff},
			job{person("aed", "Florian", "Charra", "M."), directory.RoleStaff},
			job{person("deputy", "Marc", "Vuillermoz", "M."), directory.RoleDirection})
	}
	for _, j := range jobs {
		p.put(j.person.ID, j.person)
		p.put(id("post", j.person.ID), directory.Post{Person: j.person.ID, Role: j.role})
	}
}

// theatre is a space across classes: a teacher, three pupils and a parent.
func (p *plan) theatre() {
	space := directory.Space{ID: id("space", "theatre"), Name: "Club théâtre", Description: "Le jeudi à midi, en salle polyvalente", Owner: User("teacher")}
	p.put(space.ID, space)
	friend := p.class("5e B").pupils[2].ID
	members := []string{User("teacher"), User("student"), friend, p.class("6e A").pupils[1].ID, p.guardianOf(friend)}
	for i, person := range members {
		p.put(id("membership", space.ID, person), directory.Membership{Space: space.ID, Person: person, Lead: i == 0})
	}
}

// guardianOf is an adult who looks after a pupil.
func (p *plan) guardianOf(pupil string) string {
	i := slices.IndexFunc(p.puts, func(put directory.Put) bool {
		g, ok := put.Record.(directory.Guardianship)
		return ok && g.Student == pupil
	})
	return p.puts[i].Record.(directory.Guardianship).Guardian
}

// admin is what comes last.
func (p *plan) admin() []directory.Put {
	who := the("admin")
	return []directory.Put{
		{ID: who.ID, Record: who},
		{ID: id("post", who.ID), Record: directory.Post{Person: who.ID, Role: directory.RoleAdmin}},
	}
}
