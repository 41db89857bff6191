package onde

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"preau/api/directory"
)

// Source marks the records that this import brought and may end.
const Source = "onde"

// Kind says what a change of a Plan does.
type Kind string

// The kinds of change, in the order in which they are told.
const (
	NewClass     Kind = "new_class"
	NewPupil     Kind = "new_pupil"
	NewGuardian  Kind = "new_guardian"
	NewTeacher   Kind = "new_teacher"
	NewLink      Kind = "new_link"  // a guardian and a child
	Enrolled     Kind = "enrolled"  // a pupil in a class
	Assigned     Kind = "assigned"  // a teacher to a class
	Corrected    Kind = "corrected" // a name, a civility, a level
	LeftClass    Kind = "left_class"
	Unassigned   Kind = "unassigned"
	EndedLink    Kind = "ended_link"
	LeftSchool   Kind = "left_school"
	ClosedClass  Kind = "closed_class"
	NewSchool    Kind = "new_school"
	NewPost      Kind = "new_post" // direction
	EndedPost    Kind = "ended_post"
	NewSubject   Kind = "new_subject"
	NewCourse    Kind = "new_course"
	ClosedCourse Kind = "closed_course"
)

// Change is one thing that the import would do, for a person to read.
type Change struct {
	Kind Kind
	Who  string
	What string // the class or the other person, if any
}

// Doubt says what the import will not guess.
type Doubt string

// The doubts.
const (
	TwinPupils     Doubt = "twin_pupils"     // two lines have the same names and birth date: the first counts
	ManyChildren   Doubt = "many_children"   // several pupils of the class bear the child's name: no link made
	NoChild        Doubt = "no_child"        // no pupil bears the child's name in that class: no link made
	SameNameAdults Doubt = "same_name"       // same name, other address: taken as two people
	TwinTeachers   Doubt = "twin_teachers"   // two lines have the same names and civility: taken as one
	EndedByHand    Doubt = "ended_by_hand"   // the school ended this link: left so
	SeveralClasses Doubt = "several_classes" // a child's line names several classes: no link made
)

// Notice is a doubt about a person.
type Notice struct {
	Doubt Doubt
	Who   string
	What  string
}

// Plan is what an import would do.
type Plan struct {
	Puts    []directory.Put // in the order in which they must be written
	Changes []Change
	Notices []Notice
}

// Empty says that there is nothing to change.
func (p *Plan) Empty() bool { return len(p.Puts) == 0 }

// Compare works out what makes the directory of a school say what the roster
// says, as of a day. The contents are those of that school; a school without a
// name gets the one of school.
func Compare(now directory.Contents, school directory.School, r *Roster, today directory.Date) *Plan {
	c := &comparison{school: school.ID, today: today, now: now, plan: &Plan{}}
	c.compareSchool(school)
	c.subject()
	c.pupils(r.Pupils)
	c.teachers(r.Teachers)
	c.guardians(r.Guardians)
	c.endTheRest()
	return c.plan
}

// comparison goes through the roster and keeps what it met, by id.
type comparison struct {
	school string
	today  directory.Date
	now    directory.Contents
	plan   *Plan

	met     map[string]bool           // ids of records that the roster confirms
	named   map[string][]enrolled     // pupils of the roster by class and name
	adults  map[string]map[string]int // guardians' names → addresses
	classes map[string]string         // folded name → scope
}

type enrolled struct{ id, name string }

func (c *comparison) id(key ...string) string {
	return directory.StableID(append([]string{c.school, Source}, key...)...)
}

func (c *comparison) put(id string, r directory.Record, change Change) {
	c.plan.Puts = append(c.plan.Puts, directory.Put{ID: id, Record: r})
	c.plan.Changes = append(c.plan.Changes, change)
}

func (c *comparison) doubt(d Doubt, who, what string) {
	c.plan.Notices = append(c.plan.Notices, Notice{d, who, what})
}

func (c *comparison) compareSchool(school directory.School) {
	c.met, c.named = map[string]bool{}, map[string][]enrolled{}
	c.adults, c.classes = map[string]map[string]int{}, map[string]string{}
	if c.now.School.ID == "" {
		c.put(school.ID, school, Change{NewSchool, school.Name, ""})
	}
}

// subject makes sure of the one subject of a primary teacher's course.
func (c *comparison) subject() {
	id := c.subjectID()
	if _, ok := c.now.Subjects[id]; !ok {
		s := directory.Subject{Name: subjectName, Hue: 210}
		c.put(id, s, Change{NewSubject, subjectName, ""})
	}
}

// subjectName is a word of the data, not of the interface.
const subjectName = "Classe"

func (c *comparison) subjectID() string { return c.id("subject", Fold(subjectName)) }

func (c *comparison) pupils(pupils []Pupil) {
	levels := levelsOf(pupils)
	for _, p := range pupils {
		id := c.id("pupil", p.key(), string(p.Born))
		if c.met[id] {
			c.doubt(TwinPupils, p.show(), p.Class)
			continue
		}
		c.person(id, NewPupil, directory.Person{
			First: p.First, Last: p.Last, Usage: p.Usage, Born: p.Born, Pupil: true,
		})
		class := c.class(p.Class, levels[Fold(p.Class)])
		c.enroll(id, p.show(), class, p.Class)
		key := Fold(p.Class) + "|" + p.key()
		c.named[key] = append(c.named[key], enrolled{id, p.show()})
	}
}

// levelsOf gives each class its level when all its pupils share it.
func levelsOf(pupils []Pupil) map[string]string {
	levels := map[string]string{}
	for _, p := range pupils {
		class := Fold(p.Class)
		if level, seen := levels[class]; seen && level != p.Level {
			levels[class] = ""
		} else if !seen {
			levels[class] = p.Level
		}
	}
	return levels
}

// person confirms somebody: new, corrected, back, or as known.
func (c *comparison) person(id string, kind Kind, p directory.Person) {
	c.met[id] = true
	known, ok := c.now.People[id]
	p.ID, p.Source, p.Span = id, Source, c.reopened(known.Span, ok)
	p.Number, p.Local = known.Number, known.Local // the file does not have them
	switch {
	case !ok || !known.Holds(c.today):
		c.put(id, p, Change{kind, p.Name(), ""})
	case known != p:
		c.put(id, p, Change{Corrected, p.Name(), known.Name()})
	}
}

// reopened is the span of what the roster confirms: as known while it holds,
// open since its first day when it had ended, open from today when it is new.
func (c *comparison) reopened(known directory.Span, ok bool) directory.Span {
	switch {
	case !ok:
		return directory.Span{From: c.today}
	case known.Holds(c.today):
		return known
	default:
		return directory.Span{From: min(known.From, c.today)}
	}
}

// class confirms a class and returns its scope.
func (c *comparison) class(name, level string) string {
	if scope, ok := c.classes[Fold(name)]; ok {
		return scope
	}
	k := directory.Class{ID: c.id("class", Fold(name)), Name: name, Level: level, Kind: directory.KindClass, Source: Source}
	c.classes[Fold(name)] = k.Scope()
	c.met[k.ID] = true
	known, ok := c.now.Classes[k.Scope()]
	k.Span, k.Main = c.reopened(known.Span, ok), known.Main // the file does not name main teachers
	switch {
	case !ok || !known.Holds(c.today):
		c.put(k.ID, k, Change{NewClass, name, ""})
	case !known.Equal(k):
		c.put(k.ID, k, Change{Corrected, name, known.Name})
	}
	c.course(k)
	return k.Scope()
}

// course confirms the one course of a class.
func (c *comparison) course(k directory.Class) {
	id := c.courseID(k.Scope())
	c.met[id] = true
	known, ok := c.now.Courses[id]
	if ok && known.Holds(c.today) {
		return
	}
	r := directory.CourseRecord{Subject: c.subjectID(), Audience: k.Scope(), Source: Source}
	r.Span = c.reopened(known.Span, ok)
	c.put(id, r, Change{NewCourse, k.Name, ""})
}

func (c *comparison) courseID(class string) string { return c.id("course", class) }

// enroll confirms that a pupil is in a class. Another class ends with the
// rest, since a pupil has one.
func (c *comparison) enroll(student, name, class, className string) {
	for id, e := range c.now.Enrollments {
		if e.Student == student && e.Audience == class && e.Holds(c.today) {
			c.met[id] = true
			return
		}
	}
	e := directory.Enrollment{Student: student, Audience: class, Source: Source}
	e.From = c.today
	id := c.id("enrollment", student, class, string(c.today))
	c.met[id] = true
	c.put(id, e, Change{Enrolled, name, className})
}

func (c *comparison) teachers(teachers []Teacher) {
	for _, t := range teachers {
		id := c.id("teacher", t.key(), t.Civility)
		if c.met[id] {
			c.doubt(TwinTeachers, t.show(), t.Class)
		} else {
			c.person(id, NewTeacher, directory.Person{
				First: t.First, Last: t.Last, Usage: t.Usage, Civility: t.Civility,
			})
		}
		c.post(id, t.show(), directory.RoleTeacher)
		if t.Head {
			c.post(id, t.show(), directory.RoleDirection)
		}
		if t.Class != "" {
			c.teach(id, t.show(), c.class(t.Class, ""), t.Class)
		}
	}
}

func (c *comparison) post(person, name string, role directory.Role) {
	id := c.id("post", person, role)
	c.met[id] = true
	known, ok := c.now.Posts[id]
	if ok && known.Holds(c.today) {
		return
	}
	p := directory.Post{Person: person, Role: role, Source: Source}
	p.Span = c.reopened(known.Span, ok)
	c.put(id, p, Change{NewPost, name, role})
}

func (c *comparison) teach(teacher, name, class, className string) {
	course := c.courseID(class)
	for id, t := range c.now.Teachings {
		if t.Teacher == teacher && t.Course == course && t.Holds(c.today) {
			c.met[id] = true
			return
		}
	}
	t := directory.Teaching{Course: course, Teacher: teacher, Source: Source}
	t.From = c.today
	id := c.id("teaching", teacher, course, string(c.today))
	c.met[id] = true
	c.put(id, t, Change{Assigned, name, className})
}

func (c *comparison) guardians(guardians []Guardian) {
	c.countAddresses(guardians)
	for _, g := range guardians {
		id := c.guardianID(g)
		if !c.met[id] {
			c.person(id, NewGuardian, directory.Person{
				First: g.First, Last: g.Last, Usage: g.Usage, Civility: g.Civility,
			})
		}
		for _, child := range g.Children {
			if student, ok := c.find(g, child); ok {
				c.link(id, g.show(), student)
			}
		}
	}
}

// countAddresses notes the homonyms among the guardians and says so.
func (c *comparison) countAddresses(guardians []Guardian) {
	for _, g := range guardians {
		key := g.Civility + g.key()
		if c.adults[key] == nil {
			c.adults[key] = map[string]int{}
		}
		if c.adults[key][Fold(g.Address)]++; len(c.adults[key]) > 1 && c.adults[key][Fold(g.Address)] == 1 {
			c.doubt(SameNameAdults, g.show(), g.Address)
		}
	}
}

// guardianID tells guardians apart by name and address. Somebody who moved
// house keeps the id: it is the one guardian of that name already linked to a
// child of this line.
func (c *comparison) guardianID(g Guardian) string {
	id := c.id("guardian", g.Civility, g.key(), Fold(g.Address))
	if _, known := c.now.People[id]; known {
		return id
	}
	before := map[string]bool{}
	for _, child := range g.Children {
		for _, pupil := range c.named[child.lookup()] {
			for _, link := range c.now.Guardianships {
				adult := c.now.People[link.Guardian]
				if link.Student == pupil.id && adult.Civility == g.Civility && keyOf(adult) == g.key() {
					before[link.Guardian] = true
				}
			}
		}
	}
	if known := slices.Collect(maps.Keys(before)); len(known) == 1 && !c.met[known[0]] && len(c.adults[g.Civility+g.key()]) == 1 {
		return known[0]
	}
	return id
}

// find tells which pupil a guardian's line names; it never guesses.
func (c *comparison) find(g Guardian, child Child) (enrolled, bool) {
	switch found := c.named[child.lookup()]; {
	case len(found) == 1:
		return found[0], true
	case len(found) > 1:
		c.doubt(ManyChildren, g.show(), child.show()+", "+child.Class)
	case strings.ContainsAny(child.Class, ",/+"):
		c.doubt(SeveralClasses, g.show(), child.show()+", "+child.Class)
	default:
		c.doubt(NoChild, g.show(), child.show()+", "+child.Class)
	}
	return enrolled{}, false
}

// link confirms a guardianship. One that the school itself ended stays ended,
// whatever the file says.
func (c *comparison) link(guardian, name string, student enrolled) {
	byHand := false
	for id, g := range c.now.Guardianships {
		if g.Guardian != guardian || g.Student != student.id {
			continue
		}
		if g.Holds(c.today) {
			c.met[id] = true
			return
		}
		byHand = byHand || g.Source != Source
	}
	if byHand {
		c.doubt(EndedByHand, name, student.name)
		return
	}
	g := directory.Guardianship{Guardian: guardian, Student: student.id, Level: 1, Reads: true, Source: Source}
	g.From = c.today
	id := c.id("guardianship", guardian, student.id, string(c.today))
	if !c.met[id] {
		c.met[id] = true
		c.put(id, g, Change{NewLink, name, student.name})
	}
}

func (n Name) key() string      { return Fold(n.Last) + "|" + Fold(n.Usage) + "|" + Fold(n.First) }
func (n Name) show() string     { return n.First + " " + cmp.Or(n.Usage, n.Last) }
func (ch Child) lookup() string { return Fold(ch.Class) + "|" + ch.key() }
func keyOf(p directory.Person) string {
	return Name{Last: p.Last, Usage: p.Usage, First: p.First}.key()
}
