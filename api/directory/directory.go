// Package directory knows who is in a school: people, classes and groups, who
// is enrolled where, whose guardian is whose, who teaches what, and who works
// in the office, and who meets in which space. Every link between people is
// dated.
//
// It owns the scope "directory:<school>", which no device ever reads, with
// the record kinds of records.go: school, subject, person, class, enrollment,
// guardianship, course, teaching, post, space and membership. Nothing is
// deleted there: things end. What people may see of it is derived from it by the effect
// "directory.project" (project.go) into the scopes of architecture: school:,
// class:, group:, course:, space:, student: and user:.
//
// Two questions are answered here and nowhere else: which scopes a person
// reads ([Directory.Grants]) and what a person may do ([Directory.May]).
// Both are answered from memory: an immutable snapshot of each school is
// swapped whole whenever its log moves, on this node or on another.
package directory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	stdsync "sync"
	"sync/atomic"
	"time"
	_ "time/tzdata"

	"preau/storage"
	psync "preau/sync"
)

// The kinds of failure of this package. Act on errors.Is.
var (
	ErrNotFound = errors.New("not in the directory")
	ErrInvalid  = errors.New("invalid directory change")
)

// Engine is what the directory needs of the sync engine.
type Engine interface {
	Commit(ctx context.Context, a psync.Actor, scope string, r psync.Rule) (seq int64, err error)
	Find(ctx context.Context, scope string, keys ...storage.Key) ([]storage.Record, error)
}

// Config is what a directory stands on.
type Config struct {
	Records storage.Records
	Log     *slog.Logger
	Now     func() time.Time
}

// Directory answers from memory and writes through the engine. All methods
// are safe for concurrent use.
type Directory struct {
	records storage.Records
	log     *slog.Logger
	now     func() time.Time
	engine  Engine

	schools atomic.Pointer[map[string]*snapshot]
	loading stdsync.Mutex // held by whoever replaces a snapshot

	follow     []string // effects of others
	projecting stdsync.Mutex
	projected  map[string]int64 // school → directory commit projected whole
}

// New returns an empty directory. Before use: Register its effects, Bind the
// engine that was built with it, and Load.
func New(c Config) *Directory {
	d := &Directory{records: c.Records, log: c.Log, now: c.Now, projected: map[string]int64{}}
	d.schools.Store(&map[string]*snapshot{})
	return d
}

// Bind gives the directory the engine it commits through. The engine is built
// after the directory, which is its [psync.Access].
func (d *Directory) Bind(e Engine) { d.engine = e }

// Load reads every school into memory.
func (d *Directory) Load(ctx context.Context) error {
	scopes, err := d.records.Scopes(ctx, scopePrefix)
	if err != nil {
		return fmt.Errorf("list schools: %w", err)
	}
	for _, scope := range scopes {
		if err := d.refresh(ctx, strings.TrimPrefix(scope, scopePrefix)); err != nil {
			return err
		}
	}
	return nil
}

// Run follows the directories' logs, on whichever node they move, until ctx
// ends.
func (d *Directory) Run(ctx context.Context) error {
	moved := d.records.Watch(ctx)
	again := time.NewTicker(time.Minute) // Watch may lose reports
	defer again.Stop()
	err := d.Load(ctx) // what moved before Watch listened
	for {
		if err != nil && ctx.Err() == nil {
			d.log.Error("directory not refreshed", "error", err)
		}
		err = nil
		select {
		case <-ctx.Done():
			return nil
		case m, open := <-moved:
			if school, ok := strings.CutPrefix(m.Scope, scopePrefix); ok {
				err = d.refresh(ctx, school)
			}
			if !open {
				moved = nil
			}
		case <-again.C:
			err = d.Load(ctx)
		}
	}
}

// Schools lists the ids of all schools.
func (d *Directory) Schools() []string {
	return slices.Sorted(maps.Keys(*d.schools.Load()))
}

// School returns a school.
func (d *Directory) School(id string) (School, bool) {
	s := d.school(id)
	return s.info, s.info.ID != ""
}

// Location is the time zone of a school, Europe/Paris when it names none.
func (d *Directory) Location(school string) *time.Location {
	return d.school(school).zone()
}

// ZoneOf is the time zone of a person's school.
func (d *Directory) ZoneOf(id string) *time.Location { return d.homeOf(id).zone() }

// Today is the date at a school now.
func (d *Directory) Today(school string) Date {
	return DateOf(d.now().In(d.Location(school)))
}

// Person returns a person of any school.
func (d *Directory) Person(id string) (Person, bool) {
	p, ok := d.homeOf(id).people[id]
	return p, ok
}

// Present says whether a person belongs to a school today.
func (d *Directory) Present(id string) bool {
	s := d.homeOf(id)
	p, ok := s.people[id]
	return ok && p.Holds(d.day(s))
}

// Name is the full name of a person, "Inès Benali"; empty for a stranger.
func (d *Directory) Name(id string) string { return d.homeOf(id).people[id].Name() }

// SchoolOf is the id of a person's school; empty for a stranger.
func (d *Directory) SchoolOf(id string) string { return d.homeOf(id).id }

// Display is the name as a school says it: "Mme Garnier" for an adult whose
// civility is known, "Inès Benali" for everyone else.
func (d *Directory) Display(id string) string { return d.homeOf(id).people[id].Display() }

// Named is a person by id and [Directory.Display].
func (d *Directory) Named(id string) Named { return Named{id, d.Display(id)} }

// Roles lists what a person is in the school today, in the order of [AllRoles].
func (d *Directory) Roles(id string) []Role {
	s := d.homeOf(id)
	return s.roles(id, d.day(s))
}

// Class returns a class or group by its scope, "class:C" or "group:G".
func (d *Directory) Class(audience string) (Class, bool) {
	s := d.audienceHome(audience)
	c, ok := s.audience(audience)
	return c, ok
}

// Holding lists who is something in a school today, by name.
func (d *Directory) Holding(school string, role Role) []string {
	s := d.school(school)
	day := d.day(s)
	var ids []string
	for person := range s.postsOf {
		ids = append(ids, person)
	}
	if role == RoleTeacher {
		for id := range s.courses {
			ids = append(ids, s.teachers(id, day)...)
		}
	}
	return s.byName(slices.DeleteFunc(ids, func(id string) bool { return !s.present(id, day) || !s.is(id, role, day) }))
}

// Classes lists the classes and groups of a school today, classes first, by
// level and name.
func (d *Directory) Classes(school string) []Class {
	s := d.school(school)
	return s.currentClasses(d.day(s))
}

// Pupils lists the pupils of a class or group today, by name.
func (d *Directory) Pupils(audience string) []string {
	s := d.audienceHome(audience)
	return s.pupils(audience, d.day(s))
}

// PupilsOn lists the pupils of a class or group on a day, by name.
func (d *Directory) PupilsOn(audience string, day Date) []string {
	return d.audienceHome(audience).pupils(audience, day)
}

// ClassOf is the class (not a group) of a pupil today.
func (d *Directory) ClassOf(student string) (Class, bool) {
	s := d.homeOf(student)
	return s.classOf(student, d.day(s))
}

// AudiencesOf lists the classes and groups of a pupil today, the class first.
func (d *Directory) AudiencesOf(student string) []Class {
	s := d.homeOf(student)
	return s.audiencesOf(student, d.day(s))
}

// Guardians lists who may read what concerns a pupil today, in the order of
// their level.
func (d *Directory) Guardians(student string) []string {
	s := d.homeOf(student)
	return s.guardians(student, d.day(s))
}

// Children lists the pupils whose affairs a guardian may read today, by name.
func (d *Directory) Children(guardian string) []string {
	s := d.homeOf(guardian)
	return s.children(guardian, d.day(s))
}

// Course returns a course with its teachers of today.
func (d *Directory) Course(id string) (Course, bool) {
	for _, s := range *d.schools.Load() {
		if c, ok := s.course(id, d.day(s)); ok {
			return c, true
		}
	}
	return Course{}, false
}

// CoursesOf lists the courses of a class or group, by subject.
func (d *Directory) CoursesOf(audience string) []Course {
	s := d.audienceHome(audience)
	return s.coursesOf(audience, d.day(s))
}

// TaughtBy lists the courses that a person teaches today, by title.
func (d *Directory) TaughtBy(user string) []Course {
	s := d.homeOf(user)
	return s.taughtBy(user, d.day(s))
}

// People lists the people of a school today, by name.
func (d *Directory) People(school string) []string {
	s := d.school(school)
	day := d.day(s)
	var ids []string
	for id, p := range s.people {
		if p.Holds(day) {
			ids = append(ids, id)
		}
	}
	return s.byName(ids)
}

// school returns the snapshot of a school, an empty one for a stranger.
func (d *Directory) school(id string) *snapshot {
	return cmp.Or((*d.schools.Load())[id], nowhere)
}

// homeOf finds the school of a person.
func (d *Directory) homeOf(person string) *snapshot {
	for _, s := range *d.schools.Load() {
		if _, ok := s.people[person]; ok {
			return s
		}
	}
	return nowhere
}

// audienceHome finds the school of a class or group.
func (d *Directory) audienceHome(audience string) *snapshot {
	for _, s := range *d.schools.Load() {
		if _, ok := s.audience(audience); ok {
			return s
		}
	}
	return nowhere
}

func (d *Directory) day(s *snapshot) Date { return DateOf(d.now().In(s.zone())) }

// refresh brings the snapshot of a school up to the head of its log.
func (d *Directory) refresh(ctx context.Context, school string) error {
	d.loading.Lock()
	defer d.loading.Unlock()
	old := d.school(school)
	next, err := old.follow(ctx, d.records, school)
	if err != nil {
		return fmt.Errorf("read directory of school %s: %w", school, err)
	}
	if next == old {
		return nil
	}
	schools := maps.Clone(*d.schools.Load())
	schools[school] = next
	d.schools.Store(&schools)
	return nil
}

// Contents is everything the directory of a school holds, past and future
// links included. The maps are shared: do not modify them.
type Contents struct {
	School        School
	Subjects      map[string]Subject
	People        map[string]Person
	Classes       map[string]Class // by scope
	Enrollments   map[string]Enrollment
	Guardianships map[string]Guardianship
	Courses       map[string]CourseRecord
	Teachings     map[string]Teaching
	Posts         map[string]Post
	Spaces        map[string]Space
	Memberships   map[string]Membership
}

// Contents returns the records of a school, for an import to compare with.
func (d *Directory) Contents(school string) Contents {
	s := d.school(school)
	return Contents{
		School: s.info, Subjects: s.subjects, People: s.people, Classes: s.classes,
		Enrollments: s.enrollments, Guardianships: s.guardianships,
		Courses: s.courses, Teachings: s.teachings, Posts: s.posts,
		Spaces: s.spaces, Memberships: s.memberships,
	}
}
