// Package agenda is what happens beside the lessons: an open day, a meeting of
// teachers, a class that is held on the network, what somebody notes for
// themselves.
//
// An event lives in the scope of those whom it concerns, and nowhere else:
//
//	school:X, class:C, group:G   event E     as everybody there reads it
//	class:C/staff, user:U        event E
//	                             dropped E   the same, taken out: it can be restored for a day;
//	                                         no device gets it
//
// Times are those on the school's clock, "2026-11-24T08:00"; whole days are
// written "2026-11-24". An event of every week is one record; devices lay out
// its days ([Event.Occurrences], and occurrences.ts, which must agree).
package agenda

import (
	"context"
	"log/slog"
	"time"

	"preau/api/attachment"
	"preau/api/directory"
	"preau/api/notify"
	"preau/storage"
	psync "preau/sync"
)

// Event is something that happens, once or every week.
type Event struct {
	Title string `json:"title"`
	Start string `json:"start"`
	End   string `json:"end"` // the last day, of whole days

	Until     directory.Date   `json:"until,omitempty"`     // every week, until then
	Except    []directory.Date `json:"except,omitempty"`    // of every week: days without it
	Off       []directory.Date `json:"off,omitempty"`       // of every week: days on which it was cancelled
	Cancelled bool             `json:"cancelled,omitempty"` // all of it

	Place  string            `json:"place,omitempty"`
	Text   string            `json:"text,omitempty"`
	Link   string            `json:"link,omitempty"`   // of a virtual class
	Lesson string            `json:"lesson,omitempty"` // that is held there
	Files  []attachment.File `json:"files,omitempty"`

	By      directory.Named `json:"by"`
	Made    time.Time       `json:"made"`
	At      time.Time       `json:"at"`               // when it was last written
	Changed time.Time       `json:"changed,omitzero"` // when it last became news after it was made
}

// Directory is what this package asks of the school's directory.
type Directory interface {
	May(a psync.Actor, do directory.Action, scope string) error
	Grants(a psync.Actor) ([]psync.Grant, uint64)
	SchoolOf(person string) string
	Person(id string) (directory.Person, bool)
	Named(id string) directory.Named
	People(school string) []string
	Holding(school string, role directory.Role) []string
	Class(audience string) (directory.Class, bool)
	CoursesOf(audience string) []directory.Course
	Pupils(audience string) []string
	Guardians(student string) []string
	Children(guardian string) []string
	Location(school string) *time.Location
	Today(school string) directory.Date
}

// Engine is what this package needs of the sync engine.
type Engine interface {
	Find(ctx context.Context, scope string, keys ...storage.Key) ([]storage.Record, error)
}

// Config is what a Service stands on.
type Config struct {
	Directory Directory
	Files     *attachment.Service
	Notices   *notify.Service
	Log       *slog.Logger
	Now       func() time.Time
}

// Service holds the rules of the agenda. Safe for concurrent use.
type Service struct {
	dir     Directory
	files   *attachment.Service
	notices *notify.Service
	log     *slog.Logger
	now     func() time.Time
	engine  Engine
}

// New returns a Service. Before use: Register its rules and Bind the engine.
func New(c Config) *Service {
	return &Service{dir: c.Directory, files: c.Files, notices: c.Notices, log: c.Log, now: c.Now}
}

// Bind gives the service the engine that it reads other scopes through.
func (s *Service) Bind(e Engine) { s.engine = e }

// The effects of this package.
const (
	effectAlert  = "agenda.alert"
	effectForget = "agenda.forget"
)

// The kinds of records, and of what shows files.
const (
	kindEvent   = "event"
	kindDropped = "dropped"
)

// homes are the scopes in which events live.
const homes = "school:* class:* class:*/staff group:* user:*"

// Register adds the rules of this package to the engine's mux and says to
// attachment who waits for files.
func (s *Service) Register(mux *psync.Mux) {
	mux.Mutation("agenda.put@1", homes, s.put)
	mux.Mutation("agenda.cancel@1", homes, s.cancel)
	mux.Mutation("agenda.remove@1", homes, s.remove)
	mux.Mutation("agenda.restore@1", homes, s.restore)
	mux.Later(effectAlert, alertLife, s.alert)
	mux.Later(effectForget, forgetLife, s.forget)
	mux.Hide(kindDropped)
	s.files.OnArrived(kindEvent, s.arrived)
}

// rights are what somebody needs to put events into a kind of scope, and to
// change those of others there.
var rights = map[string]struct{ write, tidy directory.Action }{
	"school": {directory.InviteSchool, directory.InviteSchool},
	"class":  {directory.InviteClass, directory.TidyClassAgenda},
	"group":  {directory.InviteClass, directory.TidyClassAgenda},
	"user":   {directory.KeepAgenda, directory.KeepAgenda},
}
