// Package homework is what happens to a piece of work from the day it is given
// to the day it is handed back.
//
// Everything that a teacher does has the course as home scope; everything that
// a pupil hands in, the pupil's own. Effects carry each to where the others
// read it, always as it is by then, so that carrying it twice changes nothing.
//
//	course:K   homework H        as given, with the chosen pupils
//	           withdrawn H       the same, taken back: it can be restored
//	           submission U      copies of the pupils, all versions
//	           feedback H.S      what the teacher says of a pupil's work
//	           reminder H.S, seen H.S, done H.S
//	class:C, group:G, student:S
//	           homework H        for its audience
//	student:S  submission U      versions of a copy, only ever added to
//	           feedback H        what was handed back
//	user:U     tick H            "done", private unless shared
package homework

import (
	"context"
	"crypto/ed25519"
	"log/slog"
	"time"

	"preau/api/attachment"
	"preau/api/directory"
	"preau/api/notify"
	"preau/storage"
	psync "preau/sync"
)

// How a piece of work is handed in.
const (
	ReturnNone  = "none"
	ReturnPaper = "paper"
	ReturnFile  = "file"
)

// What becomes of copies after the date.
const (
	LateAccept = "accept"
	LateRefuse = "refuse"
)

// The states of a submission.
const (
	StateWaiting  = "waiting_for_file"
	StateReceived = "received"
	StateLate     = "late"
)

// The states of a feedback.
const (
	StateDraft    = "draft"
	StateReturned = "returned"
	StateAgain    = "again"
)

// Homework is a piece of work as its audience reads it. Title or Text may be
// empty, not both.
type Homework struct {
	Course      string            `json:"course"`
	Subject     string            `json:"subject"`
	Title       string            `json:"title"`
	Text        string            `json:"text"`
	Given       time.Time         `json:"given"`
	Due         time.Time         `json:"due"`
	Return      string            `json:"return"`
	Late        string            `json:"late"`
	Minutes     int               `json:"minutes,omitempty"`
	Attachments []attachment.File `json:"attachments"`
	Teacher     directory.Named   `json:"teacher"`
	EditedAt    time.Time         `json:"editedAt,omitzero"`
	Lesson      string            `json:"lesson,omitempty"` // in which it was given: id of the page in the notebook
}

// Given is a piece of work as its course knows it. Without Students it is for
// the whole Audience.
type Given struct {
	Homework
	Students []string `json:"students,omitempty"`
	Audience string   `json:"audience"`
}

// chosen is a piece of work in the scope of a pupil for whom it was chosen.
type chosen struct {
	Homework
	Students bool `json:"students"`
}

// Submission is one version of a copy. ReceivedAt is when the last page was
// there; LateBy counts from the due date to the moment the pages were named.
type Submission struct {
	Homework   string            `json:"homework"`
	Course     string            `json:"course"`
	Version    int               `json:"version"`
	Pages      []attachment.File `json:"pages"`
	Text       string            `json:"text"`
	State      string            `json:"state"`
	By         string            `json:"by"`
	CreatedAt  time.Time         `json:"createdAt"`
	ReceivedAt time.Time         `json:"receivedAt,omitzero"`
	LateBy     int64             `json:"lateBy,omitempty"` // seconds
	Receipt    *Receipt          `json:"receipt,omitempty"`
	Replaces   string            `json:"replaces,omitempty"`
	Student    string            `json:"student,omitempty"` // in course:K only
}

// Feedback is what a teacher says of a pupil's work.
type Feedback struct {
	Homework   string            `json:"homework"`
	Student    string            `json:"student,omitempty"` // in course:K only
	Submission string            `json:"submission,omitempty"`
	State      string            `json:"state"`
	Comment    string            `json:"comment"`
	Correction []attachment.File `json:"correction"`
	At         time.Time         `json:"at"`
	Teacher    directory.Named   `json:"teacher"`
}

// mark is a record "reminder", "seen" or "done" of a course.
type mark struct {
	Homework string    `json:"homework"`
	Student  string    `json:"student"`
	At       time.Time `json:"at"`
}

// Directory is what this package asks of the school's directory.
type Directory interface {
	May(a psync.Actor, do directory.Action, scope string) error
	Attended(a psync.Actor) []directory.Attendance
	Course(id string) (directory.Course, bool)
	CoursesOf(audience string) []directory.Course
	Person(id string) (directory.Person, bool)
	Pupils(audience string) []string
	Guardians(student string) []string
	Children(guardian string) []string
	Display(id string) string
	Named(id string) directory.Named
	Location(school string) *time.Location
}

// Engine is what this package needs of the sync engine.
type Engine interface {
	Find(ctx context.Context, scope string, keys ...storage.Key) ([]storage.Record, error)
}

// Config is what a Service stands on. Key signs receipts.
type Config struct {
	Directory Directory
	Files     *attachment.Service
	Notices   *notify.Service
	Key       ed25519.PrivateKey
	Log       *slog.Logger
	Now       func() time.Time
}

// Service holds the rules of homework. Safe for concurrent use.
type Service struct {
	dir     Directory
	files   *attachment.Service
	notices *notify.Service
	key     ed25519.PrivateKey
	log     *slog.Logger
	now     func() time.Time
	engine  Engine
}

// New returns a Service. Before use: Register its rules and Bind the engine.
func New(c Config) *Service {
	return &Service{dir: c.Directory, files: c.Files, notices: c.Notices, key: c.Key, log: c.Log, now: c.Now}
}

// Bind gives the service the engine that it reads other scopes through.
func (s *Service) Bind(e Engine) { s.engine = e }

// The effects of this package. What is carried to readers goes in order; the
// rest is told when it is due.
const (
	effectPublish  = "homework.publish"
	effectDeliver  = "homework.deliver"
	effectFeedback = "homework.feedback"
	effectTicked   = "homework.ticked"
	effectDue      = "homework.due"
	effectAlert    = "homework.alert"
)

// alertLife is how long news of homework is worth telling.
const alertLife = 48 * time.Hour

// Register adds the rules of this package to the engine's mux and says to
// attachment who waits for files.
func (s *Service) Register(mux *psync.Mux) {
	mux.Mutation("homework.give@1", "course:*", s.give)
	mux.Mutation("homework.edit@1", "course:*", s.edit)
	mux.Mutation("homework.withdraw@1", "course:*", s.withdraw)
	mux.Mutation("homework.restore@1", "course:*", s.restore)
	mux.Mutation("homework.seen@1", "course:*", s.seen)
	mux.Mutation("homework.comment@1", "course:*", s.comment)
	mux.Mutation("homework.return@1", "course:*", s.giveBack)
	mux.Mutation("homework.again@1", "course:*", s.again)
	mux.Mutation("homework.remind@1", "course:*", s.remind)
	mux.Mutation("homework.submit@1", "student:*", s.submit)
	mux.Mutation("homework.tick@1", "user:*", s.tick)

	mux.Effect(effectPublish, s.publish)
	mux.Effect(effectDeliver, s.deliver)
	mux.Effect(effectFeedback, s.handBack)
	mux.Effect(effectTicked, s.ticked)
	mux.Later(effectDue, alertLife, s.due)
	mux.Later(effectAlert, alertLife, s.alert)

	s.files.OnArrived(kindHomework, s.attachmentsArrived)
	s.files.OnArrived(kindSubmission, s.pagesArrived)
	s.files.OnArrived(kindFeedback, s.correctionArrived)
}

// The kinds of record that show files.
const (
	kindHomework   = "homework"
	kindSubmission = "submission"
	kindFeedback   = "feedback"
)

func courseScope(course string) string   { return "course:" + course }
func studentScope(student string) string { return "student:" + student }

// pair is the id of a record about one pupil's part in a homework.
func pair(homework, student string) string { return homework + "." + student }
