package demo

import (
	"fmt"
	"slices"
	"strings"

	"preau/api/directory"
)

// subject is something taught, by how many teachers, to whom.
type subject struct {
	key, name, short string
	code             string // of the national list
	hue              int
	teachers         int    // in a school of normal size
	groups           string // prefix of the groups that have it; empty: every class
}

// subjects of a collège; the teachers are 45 in all.
var subjects = []subject{
	{"fr", "Français", "FR", "020700", 350, 7, ""},
	{"ma", "Mathématiques", "MATH", "061300", 220, 7, ""},
	{"hg", "Histoire-géographie", "HG", "042100", 30, 5, ""},
	{"an", "Anglais", "ANG", "030201", 260, 5, ""},
	{"svt", "SVT", "SVT", "062900", 120, 3, ""},
	{"pc", "Physique-chimie", "PC", "062300", 190, 3, ""},
	{"te", "Technologie", "TECH", "070800", 160, 3, ""},
	{"eps", "EPS", "EPS", "100100", 90, 5, ""},
	{"ap", "Arts plastiques", "ARTS", "090100", 310, 2, ""},
	{"mu", "Éducation musicale", "MUS", "081300", 285, 2, ""},
	{"es", "Espagnol", "ESP", "030602", 15, 2, "Espagnol"},
	{"al", "Allemand", "ALL", "030102", 50, 1, "Allemand"},
	{"la", "Latin", "LAT", "020300", 330, 0, "Latin"}, // by a teacher of French
}

// election is how pupils come to a subject: latin is an option.
func (s subject) election() string {
	if s.key == "la" {
		return "F"
	}
	return "S"
}

// smallSubjects are those of the small school, one teacher each.
var smallSubjects = []string{"fr", "ma", "hg", "an", "la"}

// teach opens the courses and gives them to teachers; one of the teachers of
// French stands in for a colleague these weeks.
func (p *plan) teach() {
	for _, s := range subjects {
		if p.size == Small && !slices.Contains(smallSubjects, s.key) {
			continue
		}
		p.put(id("subject", s.key), directory.Subject{Name: s.name, Short: s.short, Hue: s.hue, Code: s.code, Election: s.election()})
		p.open(s, p.team(s))
	}
	if p.size == Normal {
		p.substitute()
	}
}

// team lists the teachers of a subject. The first of French, who also has
// Latin, is in the cast.
func (p *plan) team(s subject) []string {
	if s.key == "la" {
		return []string{User("teacher")}
	}
	n := s.teachers
	if p.size == Small {
		n = 1
	}
	var team []string
	for i := range n {
		who := p.teacher(s.key, i)
		who.Number = p.number()
		p.put(who.ID, who)
		p.put(id("post", who.ID), directory.Post{Person: who.ID, Role: directory.RoleTeacher})
		team = append(team, who.ID)
	}
	return team
}

func (p *plan) teacher(subject string, i int) directory.Person {
	if subject == "fr" && i == 0 {
		return the("teacher")
	}
	who := directory.Person{ID: id("teacher", subject, i), Last: written(p.pick(families))}
	who.First, who.Civility = p.pick(mothers), "Mme"
	if p.IntN(5) < 2 {
		who.First, who.Civility = p.pick(fathers), "M."
	}
	return who
}

// open opens the courses of a subject and deals them to the team, the cast's
// teacher getting 5e B, and 6e A in the small school.
func (p *plan) open(s subject, team []string) {
	dealt := 0
	for i := range p.classes {
		c := &p.classes[i]
		if (s.groups == "") != (c.Kind == directory.KindClass) || !strings.HasPrefix(c.Name, s.groups) {
			continue
		}
		teacher := team[dealt%p.active(s, team)]
		dealt++
		if s.key == "fr" && c.Name == "5e B" {
			teacher = User("teacher")
		}
		k := course{id("course", s.key, c.ID), s.key, teacher, c}
		p.put(k.id, directory.CourseRecord{Subject: id("subject", s.key), Audience: c.Scope()})
		p.put(id("teaching", k.id, teacher), directory.Teaching{Course: k.id, Teacher: teacher})
		p.courses = append(p.courses, k)
	}
}

// active is how many of a team have courses of their own: the last teacher of
// French is a substitute.
func (p *plan) active(s subject, team []string) int {
	if s.key == "fr" && p.size == Normal {
		return len(team) - 1
	}
	return len(team)
}

// substitute lets the last teacher of French stand in for the third.
func (p *plan) substitute() {
	away, standIn := id("teacher", "fr", 2), id("teacher", "fr", 6)
	for _, k := range p.courses {
		if k.teacher == away {
			p.put(id("teaching", k.id, standIn), directory.Teaching{
				Course: k.id, Teacher: standIn, For: away,
				Span: directory.Span{From: p.today.AddDays(-7), To: p.today.AddDays(21)},
			})
		}
	}
}

// courseOf finds a course by subject and class.
func (p *plan) courseOf(subject, class string) course {
	for _, k := range p.courses {
		if k.subject == subject && k.class.Name == class {
			return k
		}
	}
	panic(fmt.Sprintf("demo: no course of %s in %s", subject, class))
}

// CourseID is the id of a course of the demo, by the key of its subject ("fr",
// "ma", "hg", "an", "la" in every size) and the name of its class or group.
func CourseID(subject, class string) string { return id("course", subject, ClassID(class)) }

// ClassID is the id of a class or group, by its name.
func ClassID(name string) string { return id("class", name) }
