package directory

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	stdsync "sync"
	"time"

	"preau/storage"
)

// snapshot is one school as of a commit of its log. It never changes once it
// can be seen: a newer one takes its place. Who asks always says for which
// day.
type snapshot struct {
	id  string
	seq int64

	info          School
	subjects      map[string]Subject
	people        map[string]Person
	classes       map[string]Class // by scope
	enrollments   map[string]Enrollment
	guardianships map[string]Guardianship
	courses       map[string]CourseRecord
	teachings     map[string]Teaching
	posts         map[string]Post
	spaces        map[string]Space
	memberships   map[string]Membership

	enrollmentsOf map[string][]Enrollment   // by student
	pupilsOf      map[string][]Enrollment   // by audience
	guardiansOf   map[string][]Guardianship // by student
	childrenOf    map[string][]Guardianship // by guardian
	coursesFor    map[string][]CourseRecord // by audience
	teachersOf    map[string][]Teaching     // by course
	teachingsOf   map[string][]Teaching     // by teacher
	postsOf       map[string][]Post         // by person
	membersOf     map[string][]Membership   // by space
	membershipsOf map[string][]Membership   // by person

	location *time.Location
	granted  stdsync.Map // user → *grantSet
}

// nowhere stands for every school that does not exist.
var nowhere = newSnapshot("")

func newSnapshot(school string) *snapshot {
	s := &snapshot{
		id:            school,
		subjects:      map[string]Subject{},
		people:        map[string]Person{},
		classes:       map[string]Class{},
		enrollments:   map[string]Enrollment{},
		guardianships: map[string]Guardianship{},
		courses:       map[string]CourseRecord{},
		teachings:     map[string]Teaching{},
		posts:         map[string]Post{},
		spaces:        map[string]Space{},
		memberships:   map[string]Membership{},
	}
	s.index()
	return s
}

// follow returns the school as of the head of its log: s itself when nothing
// moved.
func (s *snapshot) follow(ctx context.Context, records storage.Records, school string) (*snapshot, error) {
	tails, err := records.Tails(ctx, []storage.Position{{Scope: Scope(school), After: s.seq}}, 1<<16)
	if err != nil {
		return nil, err
	}
	tail := tails[0]
	if tail.Head == s.seq {
		return s, nil
	}
	n := len(tail.Entries)
	if s.seq == 0 || n == 0 || tail.Entries[n-1].N != tail.Head {
		return scan(ctx, records, school)
	}
	next := s.clone()
	for _, e := range tail.Entries {
		for _, op := range e.Ops {
			if err := next.apply(op.Type, op.ID, op.Value); err != nil {
				return nil, err
			}
		}
		next.seq = e.N
	}
	next.index()
	return next, nil
}

// scan reads a whole school.
func scan(ctx context.Context, records storage.Records, school string) (*snapshot, error) {
	s := newSnapshot(school)
	page := storage.Page{Scope: Scope(school), Limit: 4096}
	for {
		recs, head, err := records.Scan(ctx, page)
		if err != nil {
			return nil, err
		}
		for _, r := range recs {
			if err := s.apply(r.Type, r.ID, r.Value); err != nil {
				return nil, err
			}
			page.After = max(page.After, r.Seq)
		}
		if len(recs) < page.Limit {
			s.seq = head
			s.index()
			return s, nil
		}
	}
}

func (s *snapshot) clone() *snapshot {
	return &snapshot{
		id: s.id, seq: s.seq, info: s.info,
		subjects:      maps.Clone(s.subjects),
		people:        maps.Clone(s.people),
		classes:       maps.Clone(s.classes),
		enrollments:   maps.Clone(s.enrollments),
		guardianships: maps.Clone(s.guardianships),
		courses:       maps.Clone(s.courses),
		teachings:     maps.Clone(s.teachings),
		posts:         maps.Clone(s.posts),
		spaces:        maps.Clone(s.spaces),
		memberships:   maps.Clone(s.memberships),
	}
}

// apply takes one record of the log into a snapshot still being made. Kinds
// of record that this version does not know are left alone.
func (s *snapshot) apply(kind, id string, value []byte) error {
	var err error
	switch kind {
	case "school":
		s.info, err = decode[School](value)
		s.info.ID = id
	case "subject":
		err = keep(s.subjects, id, value, func(v *Subject) { v.ID = id })
	case "person":
		err = keep(s.people, id, value, func(v *Person) { v.ID = id })
	case "class":
		err = s.keepClass(id, value)
	case "enrollment":
		err = keep(s.enrollments, id, value, func(v *Enrollment) { v.ID = id })
	case "guardianship":
		err = keep(s.guardianships, id, value, func(v *Guardianship) { v.ID = id })
	case "course":
		err = keep(s.courses, id, value, func(v *CourseRecord) { v.ID = id })
	case "teaching":
		err = keep(s.teachings, id, value, func(v *Teaching) { v.ID = id })
	case "post":
		err = keep(s.posts, id, value, func(v *Post) { v.ID = id })
	case "space":
		err = keep(s.spaces, id, value, func(v *Space) { v.ID = id })
	case "membership":
		err = keep(s.memberships, id, value, func(v *Membership) { v.ID = id })
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", kind, id, err)
	}
	return nil
}

// keepClass files a class under its scope, which its id alone does not tell.
func (s *snapshot) keepClass(id string, value []byte) error {
	c, err := decode[Class](value)
	c.ID = id
	s.classes[c.Scope()] = c
	return err
}

func keep[T any](into map[string]T, id string, value []byte, name func(*T)) error {
	if value == nil {
		delete(into, id)
		return nil
	}
	v, err := decode[T](value)
	name(&v)
	into[id] = v
	return err
}

func decode[T any](value []byte) (v T, err error) {
	if value == nil {
		return v, nil
	}
	err = json.Unmarshal(value, &v)
	return v, err
}

// index prepares the look-ups.
func (s *snapshot) index() {
	s.enrollmentsOf = group(s.enrollments, func(e Enrollment) string { return e.Student })
	s.pupilsOf = group(s.enrollments, func(e Enrollment) string { return e.Audience })
	s.guardiansOf = group(s.guardianships, func(g Guardianship) string { return g.Student })
	s.childrenOf = group(s.guardianships, func(g Guardianship) string { return g.Guardian })
	s.coursesFor = group(s.courses, func(c CourseRecord) string { return c.Audience })
	s.teachersOf = group(s.teachings, func(t Teaching) string { return t.Course })
	s.teachingsOf = group(s.teachings, func(t Teaching) string { return t.Teacher })
	s.postsOf = group(s.posts, func(p Post) string { return p.Person })
	s.membersOf = group(s.memberships, func(m Membership) string { return m.Space })
	s.membershipsOf = group(s.memberships, func(m Membership) string { return m.Person })
	s.location = location(s.info.Timezone)
}

// group collects records by a key, those of a key by id.
func group[T any](all map[string]T, key func(T) string) map[string][]T {
	by := map[string][]T{}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		v := all[id]
		by[key(v)] = append(by[key(v)], v)
	}
	return by
}

// location finds a time zone. The zones are linked in (time/tzdata): schools
// keep their own time wherever the server runs.
func location(name string) *time.Location {
	zone, err := time.LoadLocation(cmp.Or(name, "Europe/Paris"))
	if err != nil {
		return time.UTC
	}
	return zone
}

func (s *snapshot) zone() *time.Location { return s.location }

// present says whether a person is of the school on a day.
func (s *snapshot) present(id string, day Date) bool {
	p, ok := s.people[id]
	return ok && p.Holds(day)
}

func (s *snapshot) audience(scope string) (Class, bool) {
	c, ok := s.classes[scope]
	return c, ok
}

func (s *snapshot) currentClasses(day Date) []Class {
	var all []Class
	for _, c := range s.classes {
		if c.Holds(day) {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, compareClasses)
	return all
}

// compareClasses puts classes before groups, then goes by name.
func compareClasses(a, b Class) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
}

// pupils lists who is enrolled in an audience and of the school on a day.
func (s *snapshot) pupils(audience string, day Date) []string {
	var ids []string
	for _, e := range s.pupilsOf[audience] {
		if e.Holds(day) && s.present(e.Student, day) {
			ids = append(ids, e.Student)
		}
	}
	return s.byName(ids)
}

// audiencesOf lists the classes and groups of a pupil on a day.
func (s *snapshot) audiencesOf(student string, day Date) []Class {
	var all []Class
	for _, e := range s.enrollmentsOf[student] {
		if c, ok := s.classes[e.Audience]; ok && c.Holds(day) && e.Holds(day) {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, compareClasses)
	return slices.CompactFunc(all, func(a, b Class) bool { return a.Scope() == b.Scope() })
}

func (s *snapshot) classOf(student string, day Date) (Class, bool) {
	for _, c := range s.audiencesOf(student, day) {
		if c.Kind == KindClass {
			return c, true
		}
	}
	return Class{}, false
}

// guardians lists who may read what concerns a pupil on a day.
func (s *snapshot) guardians(student string, day Date) []string {
	links := slices.Clone(s.guardiansOf[student])
	slices.SortStableFunc(links, func(a, b Guardianship) int { return cmp.Compare(rank(a), rank(b)) })
	var ids []string
	for _, g := range links {
		if g.Reads && g.Holds(day) && s.present(g.Guardian, day) && !slices.Contains(ids, g.Guardian) {
			ids = append(ids, g.Guardian)
		}
	}
	return ids
}

// rank orders guardianships: level 1, level 2, then none.
func rank(g Guardianship) int {
	if !g.Legal() {
		return 3
	}
	return g.Level
}

// children lists the pupils whose affairs a guardian may read on a day.
func (s *snapshot) children(guardian string, day Date) []string {
	return s.childrenWhere(guardian, day, func(g Guardianship) bool { return g.Reads })
}

// followed lists the pupils whose class a guardian may follow on a day.
func (s *snapshot) followed(guardian string, day Date) []string {
	return s.childrenWhere(guardian, day, func(g Guardianship) bool { return g.Reads || g.Legal() })
}

func (s *snapshot) childrenWhere(guardian string, day Date, right func(Guardianship) bool) []string {
	var ids []string
	for _, g := range s.childrenOf[guardian] {
		if g.Holds(day) && right(g) && s.people[g.Student].Pupil && s.present(g.Student, day) {
			ids = append(ids, g.Student)
		}
	}
	return s.byName(ids)
}

func (s *snapshot) course(id string, day Date) (Course, bool) {
	r, ok := s.courses[id]
	if !ok {
		return Course{}, false
	}
	return Course{
		ID: id, School: s.id,
		Subject: r.Subject, SubjectName: s.subjects[r.Subject].Name,
		Audience: r.Audience, AudienceName: s.classes[r.Audience].Name,
		Teachers: s.teachers(id, day),
	}, true
}

// teachers lists who teaches a course on a day, substitutes last.
func (s *snapshot) teachers(course string, day Date) []string {
	var main, substitutes []string
	for _, t := range s.teachersOf[course] {
		switch {
		case !t.Holds(day) || !s.present(t.Teacher, day):
		case t.For == "":
			main = append(main, t.Teacher)
		default:
			substitutes = append(substitutes, t.Teacher)
		}
	}
	return unique(append(main, substitutes...))
}

func (s *snapshot) coursesOf(audience string, day Date) []Course {
	var all []Course
	for _, r := range s.coursesFor[audience] {
		if c, ok := s.course(r.ID, day); ok && r.Holds(day) {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, compareCourses)
	return all
}

func (s *snapshot) taughtBy(user string, day Date) []Course {
	var all []Course
	for _, t := range s.teachingsOf[user] {
		r := s.courses[t.Course]
		if c, ok := s.course(t.Course, day); ok && r.Holds(day) && c.TaughtBy(user) && !hasCourse(all, c.ID) {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, compareCourses)
	return all
}

func hasCourse(all []Course, id string) bool {
	return slices.ContainsFunc(all, func(c Course) bool { return c.ID == id })
}

func compareCourses(a, b Course) int {
	return cmp.Or(strings.Compare(a.Title(), b.Title()), strings.Compare(a.ID, b.ID))
}

// holds says whether a person holds one of the posts on a day.
func (s *snapshot) holds(user string, day Date, roles ...Role) bool {
	return s.present(user, day) && slices.ContainsFunc(s.postsOf[user], func(p Post) bool {
		return p.Holds(day) && slices.Contains(roles, p.Role)
	})
}

// works says whether a person has anything to do in the school but learn.
func (s *snapshot) works(user string, day Date) bool {
	return s.holds(user, day, RoleStaff, RoleDirection, RoleAdmin) || s.present(user, day) && s.is(user, RoleTeacher, day)
}

func (s *snapshot) roles(user string, day Date) []Role {
	var roles []Role
	for _, r := range AllRoles {
		if s.present(user, day) && s.is(user, r, day) {
			roles = append(roles, r)
		}
	}
	return roles
}

func (s *snapshot) is(user string, role Role, day Date) bool {
	switch role {
	case RoleStudent:
		return s.people[user].Pupil
	case RoleGuardian:
		return len(s.followed(user, day)) > 0
	case RoleTeacher:
		return s.holds(user, day, RoleTeacher) || len(s.taughtBy(user, day)) > 0
	default:
		return s.holds(user, day, role)
	}
}

// byName sorts people by surname, first name and id, each once.
func (s *snapshot) byName(ids []string) []string {
	slices.SortFunc(ids, func(a, b string) int {
		return cmp.Or(comparePeople(s.people[a], s.people[b]), strings.Compare(a, b))
	})
	return slices.Compact(ids)
}

func comparePeople(p, q Person) int {
	return cmp.Or(
		strings.Compare(p.Surname(), q.Surname()),
		strings.Compare(p.First, q.First),
		strings.Compare(p.ID, q.ID))
}

// unique keeps the first of equal strings.
func unique(all []string) []string {
	var kept []string
	for _, v := range all {
		if !slices.Contains(kept, v) {
			kept = append(kept, v)
		}
	}
	return kept
}
