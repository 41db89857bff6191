// Package information is what a school tells its people, and what it asks
// them: informations, and informations with questions, which are surveys.
//
// An information lives with its author. It is laid to each reader as a few
// words, which the engine joins with it as it sends (see package mail).
//
//	user:A          broadcast I        the information, as its author wrote it
//	                reach I.N          a hundred of those it goes to, and when they acknowledged it
//	                surveyAnswer I.U   what somebody answered, where names are shown
//	                surveyResult I.N   what N people answered, where they are not
//	                waiting I          hidden: whose anonymous answers are not counted yet
//	user:U          information I      it is there for this reader; joined
//	                response I         what this reader did with it
//	                sealed I.K         hidden: an anonymous answer, until it is counted
//	information:X   shown A.I          server only: what may still reach somebody new
//
// That somebody read an information is known to their devices alone; that they
// acknowledged it, to its author as well.
package information

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

// The categories of an information.
var categories = []string{"meeting", "outing", "life", "health", "canteen", "guidance", "other"}

// health is the category whose titles stay off lock screens.
const health = "health"

// Content is what an author writes.
type Content struct {
	Title    string            `json:"title"`
	Category string            `json:"category"`
	Body     body.Text         `json:"body"`
	Files    []attachment.File `json:"files,omitempty"`
	// From and Until are the first and last day on which it is shown.
	From  directory.Date `json:"from"`
	Until directory.Date `json:"until"`
	// Acknowledge asks every reader to say that they know.
	Acknowledge bool       `json:"acknowledge,omitempty"`
	Questions   []Question `json:"questions,omitempty"`
	Anonymous   bool       `json:"anonymous,omitempty"`
	// PerChild asks guardians for an answer for each of their children.
	PerChild bool     `json:"perChild,omitempty"`
	Audience []Target `json:"audience"`
}

// Broadcast is an information as its author has it.
type Broadcast struct {
	Content
	School    string          `json:"school"`
	By        directory.Named `json:"by"`
	At        time.Time       `json:"at"`
	Corrected *time.Time      `json:"corrected,omitempty"`
	Withdrawn *time.Time      `json:"withdrawn,omitempty"`
	Reminded  *time.Time      `json:"reminded,omitempty"`
	// Forgotten: its readers and their names are gone.
	Forgotten bool `json:"forgotten,omitempty"`
	// People is how many it went to.
	People int `json:"people"`
	// Parts is how many records of reach there are.
	Parts int `json:"parts,omitempty"`
}

// Directory is what this package asks of the school's directory.
type Directory interface {
	May(a psync.Actor, do directory.Action, scope string) error
	Named(id string) directory.Named
	Display(id string) string
	Person(id string) (directory.Person, bool)
	People(school string) []string
	Holding(school string, role directory.Role) []string
	Classes(school string) []directory.Class
	ClassOf(student string) (directory.Class, bool)
	Pupils(audience string) []string
	Guardians(student string) []string
	CoursesOf(audience string) []directory.Course
	Location(school string) *time.Location
	Today(school string) directory.Date
	Follow(kind string)
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

// Service holds the rules of informations. Safe for concurrent use.
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

// The effects of this package. Those of an author's scope that write to it or
// to its readers are ordered; those with a date only ask for one of these.
const (
	effectDeliver = "information.deliver"
	effectLay     = "information.lay"
	effectNudge   = "information.nudge"
	effectHeard   = "information.heard"
	effectMix     = "information.mix"
	effectUnseal  = "information.unseal"
	effectForget  = "information.forget"
	effectFollow  = "information.follow"
	effectTurn    = "information.turn"
)

// turnLife is how long after its date a turn is still carried out.
const turnLife = 90 * 24 * time.Hour

const kind = "information"

// Register adds the rules of this package to the engine's mux and says to
// attachment who waits for files.
func (s *Service) Register(mux *psync.Mux) {
	mux.Mutation("information.publish@1", "user:*", s.publish)
	mux.Mutation("information.correct@1", "user:*", s.correct)
	mux.Mutation("information.withdraw@1", "user:*", s.withdraw)
	mux.Mutation("information.remind@1", "user:*", s.remind)
	mux.Mutation("information.read@1", "user:*", s.read)
	mux.Mutation("information.acknowledge@1", "user:*", s.acknowledge)
	mux.Mutation("information.answer@1", "user:*", s.answer)
	mux.Effect(effectDeliver, s.deliver)
	mux.Effect(effectLay, s.lay)
	mux.Effect(effectNudge, s.nudge)
	mux.Effect(effectHeard, s.heard)
	mux.Effect(effectMix, s.mix)
	mux.Effect(effectUnseal, s.unseal)
	mux.Effect(effectForget, s.forget)
	mux.Effect(effectFollow, s.follow)
	mux.Later(effectTurn, turnLife, s.turn)
	mux.Hide(typeWaiting)
	mux.Hide(typeSealed)
	mux.Join(kind, s.join)
	s.files.OnArrived(kind, s.arrived)
	s.dir.Follow(effectFollow)
}

// about is the payload of effects that concern one information.
type about struct {
	ID string `json:"id"`
}

func userScope(user string) string { return "user:" + user }

// broadcast reads an information of an author.
func (s *Service) broadcast(ctx context.Context, author, id string) (Broadcast, bool, error) {
	return psync.Find[Broadcast](ctx, s.engine, userScope(author), "broadcast", id)
}

// starts and ends are the moments between which an information is shown.
func (s *Service) starts(b Broadcast) time.Time { return midnight(b.From, s.dir.Location(b.School)) }

func (s *Service) ends(b Broadcast) time.Time {
	return midnight(b.Until.AddDays(1), s.dir.Location(b.School))
}

func midnight(day directory.Date, zone *time.Location) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, string(day), zone)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// acted is when the person acted by the device's clock, believed as far as it
// lies in the past.
func acted(tx *psync.Tx) time.Time {
	at := time.UnixMilli(tx.At())
	if tx.At() == 0 || at.After(tx.Now()) {
		at = tx.Now()
	}
	return at.UTC().Truncate(time.Second)
}

func invalid(field, problem string) error { return psync.Refuse("invalid", field, "%s", problem) }
