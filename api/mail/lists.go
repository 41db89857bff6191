package mail

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"preau/api/directory"
	"preau/storage"
	psync "preau/sync"
)

// The four kinds of list, after the rules of the school.
const (
	Administrative = "administrative" // families and the school's office
	Pedagogical    = "pedagogical"    // who learn and teach together
	Family         = "family"         // a pupil and those who look after them
	Collaborative  = "collaborative"  // members of a space
)

// List is people to whom somebody may write. A list that may be addressed as a
// whole is a group; its key is then that of an [Addressee].
type List struct {
	Kind   string   `json:"kind"`
	Title  string   `json:"title"`
	Group  bool     `json:"group,omitempty"`
	People []Member `json:"people"`
}

// Member is a person of a list. Detail tells who that is: subjects of a
// teacher, children of a guardian. Main marks the main teacher of a class.
type Member struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Detail string `json:"detail,omitempty"`
	Main   bool   `json:"main,omitempty"`
}

// book is the lists of one person, by key.
type book map[string]List

// reaches says whether somebody is in one of the lists.
func (b book) reaches(id string) bool {
	for _, l := range b {
		if slices.ContainsFunc(l.People, func(m Member) bool { return m.ID == id }) {
			return true
		}
	}
	return false
}

// census makes the lists of people of one school, as of one moment. It is for
// one goroutine.
type census struct {
	dir    Directory
	school string
	policy Policy
	known  map[string][]Member // lists that many share, by key
}

func (s *Service) census(school string, p Policy) *census {
	return &census{s.dir, school, p, map[string][]Member{}}
}

// shared makes a list once.
func (c *census) shared(key string, list func() []Member) []Member {
	if _, known := c.known[key]; !known {
		c.known[key] = list()
	}
	return c.known[key]
}

// book is to whom a person may write today, by key: the one place that decides
// it.
func (c *census) book(user string) book {
	b := book{}
	if !c.dir.Present(user) {
		return b
	}
	is := func(any ...directory.Role) bool { return isAny(c.dir, user, any...) }
	if is(directory.RoleStaff, directory.RoleDirection) {
		c.forOffice(b)
	}
	if is(directory.RoleTeacher) {
		c.forTeacher(b, user)
	}
	if is(directory.RoleTeacher, directory.RoleStaff, directory.RoleDirection, directory.RoleAdmin) {
		c.addOffice(b, true)
		b.add("school:"+c.school+"/teachers", List{Pedagogical, "teachers", true, c.holding(directory.RoleTeacher)})
	}
	if is(directory.RoleGuardian) {
		c.forGuardian(b, user)
	}
	if is(directory.RoleStudent) {
		c.forStudent(b, user)
	}
	c.forMember(b, user)
	return b.without(user)
}

// without leaves a person out, and lists of nobody.
func (b book) without(user string) book {
	for key, l := range b {
		self := func(m Member) bool { return m.ID == user }
		if slices.ContainsFunc(l.People, self) {
			l.People = slices.DeleteFunc(slices.Clone(l.People), self)
			b[key] = l
		}
		if len(l.People) == 0 {
			delete(b, key)
		}
	}
	return b
}

// add joins a list to those there are. One that may be addressed as a whole
// stays so.
func (b book) add(key string, l List) {
	l.Group = l.Group || b[key].Group
	b[key] = l
}

// forOffice: vie scolaire and direction write to everybody of every class.
func (c *census) forOffice(b book) {
	for _, class := range c.dir.Classes(c.school) {
		c.addClass(b, class, true, true)
	}
}

// forTeacher: the classes that a teacher, or a substitute in the time of the
// substitution, teaches.
func (c *census) forTeacher(b book, user string) {
	for _, course := range c.dir.TaughtBy(user) {
		if class, ok := c.dir.Class(course.Audience); ok && class.Holds(c.dir.Today(c.school)) {
			c.addClass(b, class, c.policy.TeacherToStudent, c.policy.TeacherToGuardian)
		}
	}
}

func (c *census) addClass(b book, class directory.Class, students, guardians bool) {
	scope := class.Scope()
	if students {
		b.add(scope+"/students", List{Pedagogical, class.Name, true, c.pupils(class)})
	}
	if guardians {
		all := c.shared(scope+"/guardians", func() []Member { return c.guardiansOf(c.dir.Pupils(scope)) })
		b.add(scope+"/guardians", List{Pedagogical, class.Name, true, all})
	}
	b.add(scope+"/teachers", List{Pedagogical, class.Name, true, c.teachers(class)})
}

// forGuardian: the children, their teachers, the office.
func (c *census) forGuardian(b book, user string) {
	children := c.dir.Children(user)
	b.add("family", List{Family, "", false, c.members(children)})
	if c.policy.GuardianToStaff {
		c.addOffice(b, false)
	}
	for _, child := range children {
		if c.policy.GuardianToTeacher {
			c.addTeachers(b, child)
		}
	}
}

// forStudent: own guardians, own teachers, those one has lessons with.
func (c *census) forStudent(b book, user string) {
	b.add("family", List{Family, "", false, c.members(c.dir.Guardians(user))})
	if c.policy.StudentToTeacher {
		c.addTeachers(b, user)
	}
	if c.policy.StudentToStaff {
		c.addOffice(b, false)
	}
	for _, class := range c.dir.AudiencesOf(user) {
		if c.policy.StudentToStudent {
			b.add(class.Scope()+"/students", List{Pedagogical, class.Name, false, c.pupils(class)})
		}
	}
}

// forMember: who is in a space writes to all who are.
func (c *census) forMember(b book, user string) {
	for _, space := range c.dir.SpacesOf(user) {
		key := space.Scope() + "/members"
		all := c.shared(key, func() []Member { return c.members(c.dir.MembersOf(c.school, space.ID)) })
		b.add(key, List{Collaborative, space.Name, true, all})
	}
}

// addTeachers adds who teaches a pupil, class by class.
func (c *census) addTeachers(b book, student string) {
	for _, class := range c.dir.AudiencesOf(student) {
		b.add(class.Scope()+"/teachers", List{Pedagogical, class.Name, false, c.teachers(class)})
	}
}

// addOffice adds those who do not teach.
func (c *census) addOffice(b book, group bool) {
	b.add("school:"+c.school+"/staff", List{Administrative, "staff", group, c.holding(directory.RoleStaff)})
	b.add("school:"+c.school+"/direction", List{Administrative, "direction", group, c.holding(directory.RoleDirection)})
}

func (c *census) holding(role directory.Role) []Member {
	return c.shared(role, func() []Member { return c.members(c.dir.Holding(c.school, role)) })
}

// members shows people; pupils with their class.
func (c *census) members(ids []string) []Member {
	all := make([]Member, len(ids))
	for i, id := range ids {
		class, _ := c.dir.ClassOf(id)
		all[i] = Member{ID: id, Name: c.dir.Display(id), Detail: class.Name}
	}
	return all
}

func (c *census) pupils(class directory.Class) []Member {
	return c.shared(class.Scope()+"/students", func() []Member { return c.members(c.dir.Pupils(class.Scope())) })
}

// guardiansOf lists who looks after pupils, each once, with these children.
func (c *census) guardiansOf(pupils []string) []Member {
	g := &gathering{}
	for _, pupil := range pupils {
		child, _ := c.dir.Person(pupil)
		for _, id := range c.dir.Guardians(pupil) {
			g.add(Member{ID: id, Name: c.dir.Display(id), Detail: child.Name()})
		}
	}
	return g.all
}

// teachers lists who teaches a class, each once, with their subjects.
func (c *census) teachers(class directory.Class) []Member {
	return c.shared(class.Scope()+"/teachers", func() []Member {
		g := &gathering{}
		for _, course := range c.dir.CoursesOf(class.Scope()) {
			for _, id := range course.Teachers {
				g.add(Member{id, c.dir.Display(id), course.SubjectName, slices.Contains(class.Main, id)})
			}
		}
		return g.all
	})
}

// gathering is members, each once, with all that there is to say of them.
type gathering struct{ all []Member }

func (g *gathering) add(m Member) {
	i := slices.IndexFunc(g.all, func(there Member) bool { return there.ID == m.ID })
	if i < 0 {
		g.all = append(g.all, m)
		return
	}
	g.all[i].Detail += ", " + m.Detail
}

// listPeople says to everybody of a school which lists are theirs now.
func (s *Service) listPeople(ctx context.Context, job *psync.Job) error {
	school := psync.ScopeID(job.Source())
	p, err := s.policy(ctx, school)
	if err != nil {
		return err
	}
	c := s.census(school, p)
	all, each := errgroup.WithContext(ctx)
	all.SetLimit(deliverAtOnce)
	for _, user := range s.dir.People(school) {
		wanted := digests(c.book(user))
		all.Go(func() error { return s.listPerson(each, job, user, wanted) })
	}
	if err := all.Wait(); err != nil {
		return fmt.Errorf("lists of school %s: %w", school, err)
	}
	return s.beginSweeping(ctx, job, school)
}

// digests tells lists from others: of each, what is stored for it.
func digests(b book) map[string]string {
	sums := map[string]string{}
	for key, l := range b {
		raw, err := json.Marshal(l)
		if err != nil {
			panic(err) // it cannot fail
		}
		sum := sha256.Sum256(raw)
		sums[key] = hex.EncodeToString(sum[:6])
	}
	return sums
}

// listPerson makes the records of lists in a mailbox what they should be.
func (s *Service) listPerson(ctx context.Context, job *psync.Job, user string, wanted map[string]string) error {
	recs, err := s.engine.Find(ctx, userScope(user), storage.Key{Type: "list"})
	if err != nil {
		return fmt.Errorf("lists of %s: %w", user, err)
	}
	stands := func(r storage.Record) bool { return string(r.Value) == `"`+wanted[r.ID]+`"` }
	if len(recs) == len(wanted) && !slices.ContainsFunc(recs, func(r storage.Record) bool { return !stands(r) }) {
		return nil
	}
	return job.Commit(ctx, userScope(user), func(ctx context.Context, tx *psync.Tx) error {
		recs, err := tx.List(ctx, "list")
		for _, r := range recs {
			if wanted[r.ID] == "" {
				tx.Delete("list", r.ID)
			}
		}
		for key, sum := range wanted {
			tx.PutIfChanged("list", key, sum)
		}
		return err
	})
}

// joinLists gives devices the lists that their records stand for.
func (s *Service) joinLists(ctx context.Context, scope string, stored []storage.Record) ([]json.RawMessage, error) {
	b, err := s.bookOf(ctx, psync.ScopeID(scope))
	if err != nil {
		return nil, err
	}
	values := make([]json.RawMessage, len(stored))
	for i, r := range stored {
		if values[i], err = json.Marshal(b[r.ID]); err != nil {
			return nil, fmt.Errorf("list %s: %w", r.ID, err)
		}
	}
	return values, nil
}
