// Package timetable is when and where a school meets: the lessons of every
// week, and what becomes of them on a day.
//
// All of a school's timetable is arranged in one scope, so that two lessons in
// one room are found in the commit that would make them. Effects carry each
// part to those whom it concerns, as it is by then.
//
//	timetable:X  slot S        a lesson of every week, or of every other
//	             change L      what becomes of one lesson, or an extra one
//	             leave A       a teacher who is away; the changes say what follows
//	             calendar      holidays, and which weeks are A weeks
//	class:C, group:G, user:U (of a teacher who is named)
//	             slot S, change L
//	school:X     calendar
//
// A lesson is never stored: devices lay slots, holidays and changes over each
// other ([Expand], and expand.ts, which must agree). Its id is that of its slot
// and its day, "S.2026-11-24", wherever it is moved; an extra lesson has that
// of its change. All times are those on the school's clock.
package timetable

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"preau/api/directory"
	"preau/api/notify"
	"preau/api/timetable/ical"
	"preau/storage"
	psync "preau/sync"
)

// The kinds of a slot.
const (
	Taught     = "lesson"
	Activity   = "activity"
	Permanence = "permanence" // supervised, nothing is taught
	Detention  = "detention"
	Council    = "council"
)

// Slot is a lesson of every week, of the A weeks or of the B weeks. Without
// Teachers it is held by those of its course, whoever they are by then.
type Slot struct {
	Course    string            `json:"course,omitempty"`
	Subject   string            `json:"subject,omitempty"`
	Title     string            `json:"title,omitempty"`
	Kind      string            `json:"kind"`
	Audiences []string          `json:"audiences,omitempty"`
	Teachers  []directory.Named `json:"teachers,omitempty"`
	Rooms     []string          `json:"rooms,omitempty"`
	Weekday   int               `json:"weekday,omitempty"` // 1 is Monday
	Start     string            `json:"start"`             // "08:00"
	End       string            `json:"end"`
	Weeks     string            `json:"weeks,omitempty"` // "A" or "B"; empty: all
	From      directory.Date    `json:"from,omitempty"`
	Until     directory.Date    `json:"until,omitempty"` // the last day
}

// Change is what becomes of one lesson. Its parts add up: a lesson may be held
// by a substitute in another room. Lists that are empty say that nothing of
// the kind changes.
type Change struct {
	Slot      string            `json:"slot,omitempty"` // none: an extra lesson
	Date      directory.Date    `json:"date"`
	Cancelled bool              `json:"cancelled,omitempty"`
	Absent    bool              `json:"absent,omitempty"`  // the teacher; the lesson may be held
	Absence   string            `json:"absence,omitempty"` // the absence that says so
	To        *Place            `json:"to,omitempty"`
	Rooms     []string          `json:"rooms,omitempty"`
	Teachers  []directory.Named `json:"teachers,omitempty"`
	Subject   string            `json:"subject,omitempty"`
	Note      string            `json:"note,omitempty"`
	Extra     *Slot             `json:"extra,omitempty"` // the lesson, without weekday
	By        directory.Named   `json:"by,omitzero"`
	At        time.Time         `json:"at,omitzero"`
}

// Place is a time of a day.
type Place struct {
	Date  directory.Date `json:"date"`
	Start string         `json:"start"`
	End   string         `json:"end"`
}

// Absence is a time in which a teacher is away, both days included; Start and
// End narrow the first and the last day.
type Absence struct {
	Teacher directory.Named `json:"teacher"`
	From    directory.Date  `json:"from"`
	Until   directory.Date  `json:"until"`
	Start   string          `json:"start,omitempty"`
	End     string          `json:"end,omitempty"`
	Cancels bool            `json:"cancels,omitempty"` // the lessons are not held
	Note    string          `json:"note,omitempty"`
	By      directory.Named `json:"by"`
	At      time.Time       `json:"at"`
}

// Calendar is when there is school. Once the office has set one, it stands in
// place of the holidays that came with the directory.
type Calendar struct {
	Holidays []directory.Holiday `json:"holidays"`
	WeeksA   []directory.Date    `json:"weeksA,omitempty"` // their Mondays; other weeks are B weeks
}

// Directory is what this package asks of the school's directory.
type Directory interface {
	May(a psync.Actor, do directory.Action, scope string) error
	Contents(school string) directory.Contents
	School(id string) (directory.School, bool)
	SchoolOf(person string) string
	Roles(id string) []directory.Role
	Person(id string) (directory.Person, bool)
	Named(id string) directory.Named
	Course(id string) (directory.Course, bool)
	TaughtBy(user string) []directory.Course
	AudiencesOf(student string) []directory.Class
	Pupils(audience string) []string
	Guardians(student string) []string
	Children(guardian string) []string
	Location(school string) *time.Location
	Today(school string) directory.Date
}

// Engine is what this package needs of the sync engine.
type Engine interface {
	Commit(ctx context.Context, a psync.Actor, scope string, r psync.Rule) (seq int64, err error)
	Find(ctx context.Context, scope string, keys ...storage.Key) ([]storage.Record, error)
}

// Config is what a Service stands on.
type Config struct {
	Directory Directory
	Notices   *notify.Service
	Log       *slog.Logger
	Now       func() time.Time
	// Beside gives what else is in somebody's calendar; nil: nothing.
	Beside func(ctx context.Context, user string, from, until directory.Date) ([]ical.Event, error)
}

// Service holds the rules of the timetable. Safe for concurrent use.
type Service struct {
	dir     Directory
	notices *notify.Service
	log     *slog.Logger
	now     func() time.Time
	beside  func(ctx context.Context, user string, from, until directory.Date) ([]ical.Event, error)
	engine  Engine
}

// New returns a Service. Before use: Register its rules and Bind the engine.
func New(c Config) *Service {
	return &Service{dir: c.Directory, notices: c.Notices, log: c.Log, now: c.Now, beside: c.Beside}
}

// Bind gives the service the engine that it reads other scopes through.
func (s *Service) Bind(e Engine) { s.engine = e }

// The effects of this package.
const (
	effectPublish  = "timetable.publish"
	effectCalendar = "timetable.calendar"
	effectAlert    = "timetable.alert"
)

// Register adds the rules of this package to the engine's mux.
func (s *Service) Register(mux *psync.Mux) {
	mux.Mutation("timetable.slot@1", "timetable:*", s.putSlots)
	mux.Mutation("timetable.unslot@1", "timetable:*", s.dropSlots)
	mux.Mutation("timetable.change@1", "timetable:*", s.change)
	mux.Mutation("timetable.unchange@1", "timetable:*", s.unchange)
	mux.Mutation("timetable.absence@1", "timetable:*", s.absence)
	mux.Mutation("timetable.unabsence@1", "timetable:*", s.unabsence)
	mux.Mutation("timetable.calendar@1", "timetable:*", s.setCalendar)

	mux.Effect(effectPublish, s.publish)
	mux.Effect(effectCalendar, s.publishCalendar)
	mux.Later(effectAlert, alertLife, s.alert)
}

// Scope is the scope in which a school's timetable is arranged.
func Scope(school string) string { return "timetable:" + school }

// week is a school's timetable as it stands.
type week struct {
	slots    map[string]Slot
	changes  map[string]Change
	calendar Calendar
}

// clone is the same timetable, which may be changed apart.
func (w week) clone() week { return week{maps.Clone(w.slots), maps.Clone(w.changes), w.calendar} }

// lister reads the records of a type: a [psync.Tx] does, or a whole scope.
type lister func(ctx context.Context, typ string) ([]storage.Record, error)

func (s *Service) stored(school string) lister {
	return func(ctx context.Context, typ string) ([]storage.Record, error) {
		return s.engine.Find(ctx, Scope(school), storage.Key{Type: typ})
	}
}

// read reads the timetable of a school.
func (s *Service) read(ctx context.Context, school string, list lister) (w week, err error) {
	if w.slots, err = records[Slot](ctx, list, "slot"); err != nil {
		return w, err
	}
	if w.changes, err = records[Change](ctx, list, "change"); err != nil {
		return w, err
	}
	set, err := records[Calendar](ctx, list, "calendar")
	if err != nil {
		return w, err
	}
	var known bool
	if w.calendar, known = set["calendar"]; !known {
		info, _ := s.dir.School(school)
		w.calendar = Calendar{Holidays: info.Holidays}
	}
	return w, nil
}

func records[T any](ctx context.Context, list lister, typ string) (map[string]T, error) {
	recs, err := list(ctx, typ)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", typ, err)
	}
	all := make(map[string]T, len(recs))
	for _, r := range recs {
		var v T
		if err := json.Unmarshal(r.Value, &v); err != nil {
			return nil, fmt.Errorf("%s %s: %w", typ, r.ID, err)
		}
		all[r.ID] = v
	}
	return all, nil
}

// heldBy lists who holds a lesson: those who are named, else the teachers of
// the course today.
func (s *Service) heldBy(course string, named []directory.Named) []string {
	var all []string
	for _, n := range named {
		all = append(all, n.ID)
	}
	if len(all) == 0 && course != "" {
		c, _ := s.dir.Course(course)
		all = c.Teachers
	}
	return all
}

// subjectName is what a lesson is called.
func (s *Service) subjectName(school, subject, title string) string {
	return cmp.Or(title, s.dir.Contents(school).Subjects[subject].Name)
}

func union(lists ...[]string) []string {
	all := slices.Concat(lists...)
	slices.Sort(all)
	return slices.Compact(all)
}
