// Package notebook is the cahier de textes: what a lesson was planned to be,
// and what was done in it, with its documents.
//
// A teacher writes in the scope of the course. What is written is shown to the
// class or group from a moment on: the start of the lesson, unless the teacher
// says otherwise. Before it nobody but the teachers of the course gets it.
//
//	course:K           entry E    as written
//	                   erased E   the same, taken back: it can be restored
//	class:C, group:G   entry E    once it is shown
//
// The id of an entry is that of its lesson (see package timetable), so that two
// devices that write of one lesson write one entry.
package notebook

import (
	"context"
	"log/slog"
	"time"

	"preau/api/attachment"
	"preau/api/body"
	"preau/api/directory"
	"preau/storage"
	psync "preau/sync"
)

// When an entry is shown to the class.
const (
	AtStart = "start" // of its lesson
	AtOnce  = "now"
	AtTime  = "at" // a time that the teacher chose
)

// The categories of an entry; empty is none.
var categories = []string{"", "lesson", "correction", "test", "oral", "exercises", "practical", "skills", "project", "support", "remote"}

// Part is one half of an entry.
type Part struct {
	Text  body.Text         `json:"text,omitempty"`
	Files []attachment.File `json:"files,omitempty"`
}

func (p Part) empty() bool { return p.Text.Empty() && len(p.Files) == 0 }

// Entry is the page of one lesson. Date, Start and End are on the school's
// clock, as those of a lesson are.
type Entry struct {
	Course   string          `json:"course"`
	Subject  string          `json:"subject"`
	Date     directory.Date  `json:"date"`
	Start    string          `json:"start"`
	End      string          `json:"end,omitempty"`
	Title    string          `json:"title,omitempty"`
	Category string          `json:"category,omitempty"`
	Planned  Part            `json:"planned,omitzero"` // before the lesson
	Done     Part            `json:"done,omitzero"`    // in it
	Show     string          `json:"show"`
	ShowAt   time.Time       `json:"showAt"`
	Teacher  directory.Named `json:"teacher"`
	At       time.Time       `json:"at"` // when it was last written
}

// files lists the documents of both halves, each once.
func (e Entry) files() []attachment.File {
	all := append([]attachment.File{}, e.Planned.Files...)
	return append(all, without(e.Done.Files, all)...)
}

// Directory is what this package asks of the school's directory.
type Directory interface {
	May(a psync.Actor, do directory.Action, scope string) error
	Course(id string) (directory.Course, bool)
	Named(id string) directory.Named
	Location(school string) *time.Location
}

// Engine is what this package needs of the sync engine.
type Engine interface {
	Find(ctx context.Context, scope string, keys ...storage.Key) ([]storage.Record, error)
}

// Config is what a Service stands on.
type Config struct {
	Directory Directory
	Files     *attachment.Service
	Log       *slog.Logger
	Now       func() time.Time
}

// Service holds the rules of the notebook. Safe for concurrent use.
type Service struct {
	dir    Directory
	files  *attachment.Service
	log    *slog.Logger
	now    func() time.Time
	engine Engine
}

// New returns a Service. Before use: Register its rules and Bind the engine.
func New(c Config) *Service {
	return &Service{dir: c.Directory, files: c.Files, log: c.Log, now: c.Now}
}

// Bind gives the service the engine that it reads other scopes through.
func (s *Service) Bind(e Engine) { s.engine = e }

// The effects of this package: what is written is carried at once, and again at
// the moment from which it is shown.
const (
	effectPublish = "notebook.publish"
	effectTurn    = "notebook.turn"
)

// turnLife is how long after its moment an entry is still shown by itself.
const turnLife = 60 * 24 * time.Hour

const kindEntry = "entry"

// Register adds the rules of this package to the engine's mux and says to
// attachment who waits for files.
func (s *Service) Register(mux *psync.Mux) {
	mux.Mutation("notebook.write@1", "course:*", s.write)
	mux.Mutation("notebook.erase@1", "course:*", s.erase)
	mux.Mutation("notebook.restore@1", "course:*", s.restore)
	mux.Effect(effectPublish, s.publish)
	mux.Later(effectTurn, turnLife, s.turn)
	s.files.OnArrived(kindEntry, s.arrived)
}
