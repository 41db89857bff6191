package onde

import (
	"maps"
	"slices"

	"preau/api/directory"
)

// endTheRest dates the end of what the import once brought and the roster no
// longer has: links first, then people, then classes.
func (c *comparison) endTheRest() {
	ending(c, c.now.Enrollments, c.endEnrollment)
	ending(c, c.now.Teachings, c.endTeaching)
	ending(c, c.now.Guardianships, c.endGuardianship)
	ending(c, c.now.Posts, c.endPost)
	ending(c, c.now.People, c.endPerson)
	ending(c, c.now.Courses, c.endCourse)
	for _, scope := range slices.Sorted(maps.Keys(c.now.Classes)) {
		c.endClass(c.now.Classes[scope])
	}
}

// ending calls end for every record that the roster did not confirm, by id.
func ending[T any](c *comparison, all map[string]T, end func(id string, v T)) {
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if !c.met[id] {
			end(id, all[id])
		}
	}
}

// ours says whether a span is still open and of a record that came by import.
func (c *comparison) ours(source string, span directory.Span) bool {
	return source == Source && span.Holds(c.today)
}

// endEnrollment also ends a class that the school gave by hand, if the roster
// now has the pupil in another.
func (c *comparison) endEnrollment(id string, e directory.Enrollment) {
	class, ok := c.now.Classes[e.Audience]
	moved := ok && class.Kind == directory.KindClass && c.met[e.Student] && e.Holds(c.today)
	if !moved && !c.ours(e.Source, e.Span) {
		return
	}
	e.To = c.today
	c.put(id, e, Change{LeftClass, c.now.People[e.Student].Name(), class.Name})
}

func (c *comparison) endTeaching(id string, t directory.Teaching) {
	if !c.ours(t.Source, t.Span) {
		return
	}
	t.To = c.today
	class := c.now.Classes[c.now.Courses[t.Course].Audience]
	c.put(id, t, Change{Unassigned, c.now.People[t.Teacher].Name(), class.Name})
}

func (c *comparison) endGuardianship(id string, g directory.Guardianship) {
	if !c.ours(g.Source, g.Span) {
		return
	}
	g.To = c.today
	c.put(id, g, Change{EndedLink, c.now.People[g.Guardian].Name(), c.now.People[g.Student].Name()})
}

func (c *comparison) endPost(id string, p directory.Post) {
	if !c.ours(p.Source, p.Span) {
		return
	}
	p.To = c.today
	c.put(id, p, Change{EndedPost, c.now.People[p.Person].Name(), p.Role})
}

func (c *comparison) endPerson(id string, p directory.Person) {
	if !c.ours(p.Source, p.Span) {
		return
	}
	p.To = c.today
	c.put(id, p, Change{LeftSchool, p.Name(), ""})
}

func (c *comparison) endCourse(id string, r directory.CourseRecord) {
	if !c.ours(r.Source, r.Span) {
		return
	}
	r.To = c.today
	c.put(id, r, Change{ClosedCourse, c.now.Classes[r.Audience].Name, ""})
}

func (c *comparison) endClass(k directory.Class) {
	if c.met[k.ID] || !c.ours(k.Source, k.Span) {
		return
	}
	k.To = c.today
	c.put(k.ID, k, Change{ClosedClass, k.Name, ""})
}
