package siecle

import (
	"cmp"
	"errors"
	"maps"
	"slices"

	"preau/api/directory"
	"preau/api/directory/onde"
)

// Plan is what the numbers would change.
type Plan struct {
	Puts    []directory.Put
	Changes []Change
	Doubts  []Doubt
}

// Kind says what a change or a doubt is about.
type Kind string

// The kinds.
const (
	School  Kind = "school"
	Pupil   Kind = "pupil"
	Teacher Kind = "teacher"
	Matter  Kind = "subject"
)

// Change is something that gets what the ministry calls it.
type Change struct {
	Kind Kind
	Name string
}

// Doubt is somebody or something that gets nothing: the files do not have it,
// or several of it.
type Doubt struct {
	Kind  Kind
	Name  string
	Twins bool
}

// ErrOtherSchool says that the files are of another school.
var ErrOtherSchool = errors.New("the files are of another school")

// Compare finds the people and subjects of a school in a register, as of a
// day. What the files do not cover (a folder without teachers, say) is not
// doubted.
func Compare(now directory.Contents, r *Register, today directory.Date) (*Plan, error) {
	if now.School.UAI != "" && r.UAI != "" && now.School.UAI != r.UAI {
		return nil, ErrOtherSchool
	}
	c := &comparison{now: now, today: today, plan: &Plan{}}
	if school := now.School; r.UAI != "" && school.UAI != r.UAI {
		school.UAI = r.UAI
		c.put(Change{School, school.Name}, school.ID, school)
	}
	c.people(Pupil, c.pupils(), r.Pupils)
	c.people(Teacher, c.teachers(), r.Teachers)
	if len(r.Subjects) > 0 {
		c.subjects(r.Subjects)
	}
	return c.plan, nil
}

type comparison struct {
	now   directory.Contents
	today directory.Date
	plan  *Plan
}

func (c *comparison) put(change Change, id string, r directory.Record) {
	c.plan.Puts = append(c.plan.Puts, directory.Put{ID: id, Record: r})
	c.plan.Changes = append(c.plan.Changes, change)
}

func (c *comparison) doubt(kind Kind, name string, twins bool) {
	c.plan.Doubts = append(c.plan.Doubts, Doubt{kind, name, twins})
}

// pupils are the ids of those of today.
func (c *comparison) pupils() []string {
	return c.sorted(func(id string) bool { return c.now.People[id].Pupil })
}

// teachers are those who teach today, or have the post of a teacher.
func (c *comparison) teachers() []string {
	teach := map[string]bool{}
	for _, p := range c.now.Posts {
		teach[p.Person] = teach[p.Person] || p.Role == directory.RoleTeacher && p.Holds(c.today)
	}
	for _, t := range c.now.Teachings {
		teach[t.Teacher] = teach[t.Teacher] || t.Holds(c.today)
	}
	return c.sorted(func(id string) bool { return teach[id] })
}

// sorted are those of the people who are here, by name.
func (c *comparison) sorted(wanted func(id string) bool) (ids []string) {
	for id, p := range c.now.People {
		if p.Holds(c.today) && wanted(id) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int {
		p, q := c.now.People[a], c.now.People[b]
		return cmp.Or(cmp.Compare(p.Surname(), q.Surname()), cmp.Compare(p.First, q.First), cmp.Compare(a, b))
	})
	return ids
}

// people gives each person the number of the one in the register who bears
// the name, if there is one and nobody else here bears it too.
func (c *comparison) people(kind Kind, ids []string, register []Person) {
	if len(register) == 0 {
		return
	}
	byName := map[string][]Person{}
	for _, p := range register {
		for _, last := range names(p.Last, p.Usage) {
			key := last + "|" + onde.Fold(p.First)
			byName[key] = append(byName[key], p)
		}
	}
	found, bearers := map[string][]Person{}, map[int64]int{}
	for _, id := range ids {
		found[id] = matches(c.now.People[id], byName)
		for _, p := range found[id] {
			bearers[p.Number]++
		}
	}
	for _, id := range ids {
		who, of := c.now.People[id], found[id]
		switch {
		case len(of) != 1 || bearers[of[0].Number] > 1:
			c.doubt(kind, who.Name(), len(of) > 0)
		case who.Number != of[0].Number || who.Local != of[0].Local:
			who.Number, who.Local = of[0].Number, of[0].Local
			c.put(Change{kind, who.Name()}, id, who)
		}
	}
}

// names are the family names that somebody goes by, each once.
func names(last, usage string) []string {
	all := []string{onde.Fold(last), onde.Fold(usage)}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(s string) bool { return s == "" })
}

// matches are those of the register who may be a person, each number once. A
// birth date that is known here must be the same.
func matches(who directory.Person, byName map[string][]Person) (all []Person) {
	for _, last := range names(who.Last, who.Usage) {
		for _, p := range byName[last+"|"+onde.Fold(who.First)] {
			same := func(o Person) bool { return o.Number == p.Number }
			if (who.Born == "" || who.Born == p.Born) && !slices.ContainsFunc(all, same) {
				all = append(all, p)
			}
		}
	}
	return all
}

// subjects gives each subject the one code that bears its name.
func (c *comparison) subjects(register []Subject) {
	codes := map[string][]string{}
	for _, s := range register {
		for _, name := range s.Names {
			if key := onde.Fold(name); !slices.Contains(codes[key], s.Code) {
				codes[key] = append(codes[key], s.Code)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.now.Subjects)) {
		s := c.now.Subjects[id]
		switch of := codes[onde.Fold(s.Name)]; {
		case len(of) != 1:
			c.doubt(Matter, s.Name, len(of) > 0)
		case s.Code != of[0]:
			s.Code = of[0]
			c.put(Change{Matter, s.Name}, id, s)
		}
	}
}
