// Package grades is what happens to a mark from the moment it is entered to
// the moment its pupil, and then the guardians, read it.
//
// Everything that a teacher does has the course as home scope. What others may
// read is carried to them by one effect, always as it is by then, so that
// carrying it twice changes nothing. A publication has two dates: from the
// first the pupil reads the grade, in their own scope; from the second it is
// in the scope of the pupil's affairs, which the guardians read too.
//
//	school:X   period P          trimester, semester or year; closed or not
//	           grades            what the school decided about marks
//	course:K   assessment A      what was tested, and who sees it from when
//	           canceled A        the same, taken back: it can be restored
//	           mark A.S          what one pupil got
//	           service           how the average of this course is made
//	user:U     grade A           a mark with its assessment, before guardians
//	           standing K.P      how a course stands in a period, likewise
//	student:S  grade A, standing K.P
//
// Figures of the class are in a grade or standing only where the school shows
// them: what is hidden is never sent.
package grades

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"preau/api/attachment"
	"preau/api/directory"
	"preau/api/grades/average"
	"preau/api/notify"
	"preau/storage"
	psync "preau/sync"
)

// Outline is what everybody who may see an assessment sees of it.
type Outline struct {
	Title       string            `json:"title"`
	Date        directory.Date    `json:"date"`
	Period      string            `json:"period,omitempty"`
	Type        string            `json:"type"`
	Coefficient average.Decimal   `json:"coefficient"`
	OutOf       average.Decimal   `json:"outOf"`
	Kind        string            `json:"kind,omitempty"` // average.Optional or average.Bonus
	Rescale     bool              `json:"rescale,omitempty"`
	Aside       bool              `json:"aside,omitempty"`
	Part        string            `json:"part,omitempty"`
	About       string            `json:"about,omitempty"`
	Papers      []attachment.File `json:"papers"`
	Corrections []attachment.File `json:"corrections"`
	Teacher     directory.Named   `json:"teacher"`
}

// Types are those of assessments.
var Types = []string{"test", "quiz", "oral", "practical", "homework", "exercise", "project"}

// Assessment is an outline as its course knows it. Without PublishAt only the
// teachers see it. Quiet hides the figures of the class.
type Assessment struct {
	Outline
	Quiet       bool      `json:"quiet,omitempty"`
	PublishAt   time.Time `json:"publishAt,omitzero"`
	GuardiansAt time.Time `json:"guardiansAt,omitzero"`
	EditedAt    time.Time `json:"editedAt,omitzero"`
}

// Mark is what one pupil got. Rivals are what other teachers entered without
// having seen Value: somebody has to choose. ChangedAt says that it was
// changed after the pupil could see it.
type Mark struct {
	Assessment string          `json:"assessment"`
	Student    string          `json:"student"`
	Value      average.Value   `json:"value"`
	Comment    string          `json:"comment,omitempty"`
	At         time.Time       `json:"at"`
	By         directory.Named `json:"by"`
	ChangedAt  time.Time       `json:"changedAt,omitzero"`
	Rivals     []Rival         `json:"rivals,omitempty"`
}

// Rival is another value for the same mark.
type Rival struct {
	Value average.Value   `json:"value"`
	At    time.Time       `json:"at"`
	By    directory.Named `json:"by"`
}

// Service is how the average of a course is made, and what it weighs in the
// general one.
type Service struct {
	Coefficient average.Decimal `json:"coefficient"`
	average.Rules
	Names map[string]string `json:"names,omitempty"` // of the parts
}

// DefaultService is that of a course which decided nothing.
func DefaultService() Service { return Service{Coefficient: 100} }

// Grade is a mark with its assessment, as the pupil and the guardians read it.
type Grade struct {
	Course  string `json:"course"`
	Subject string `json:"subject"`
	Outline
	Value     average.Value `json:"value"`
	Comment   string        `json:"comment,omitempty"`
	At        time.Time     `json:"at"` // when the pupil could first read it
	ChangedAt time.Time     `json:"changedAt,omitzero"`
	Figures   *Figures      `json:"figures,omitempty"`
}

// Standing is how a course stands in a period: what the pupil's average is
// made with, and the averages of the class.
type Standing struct {
	Course  string `json:"course"`
	Subject string `json:"subject"`
	Period  string `json:"period,omitempty"`
	Service
	Figures *Figures  `json:"figures,omitempty"`
	At      time.Time `json:"at"` // of what it was last computed from
}

// Figures are those of a class that the school shows.
type Figures struct {
	Count   int           `json:"count"`
	Average average.Value `json:"average"`
	Min     average.Value `json:"min,omitempty"`
	Max     average.Value `json:"max,omitempty"`
	Median  average.Value `json:"median,omitempty"`
	Spread  []int         `json:"spread,omitempty"`
}

// Directory is what this package asks of the school's directory.
type Directory interface {
	May(a psync.Actor, do directory.Action, scope string) error
	Course(id string) (directory.Course, bool)
	CoursesOf(audience string) []directory.Course
	Class(audience string) (directory.Class, bool)
	Classes(school string) []directory.Class
	Person(id string) (directory.Person, bool)
	Pupils(audience string) []string
	Guardians(student string) []string
	Children(guardian string) []string
	Named(id string) directory.Named
	Location(school string) *time.Location
	Today(school string) directory.Date
}

// Engine is what this package needs of the sync engine.
type Engine interface {
	Find(ctx context.Context, scope string, keys ...storage.Key) ([]storage.Record, error)
}

// Config is what a Gradebook stands on.
type Config struct {
	Directory Directory
	Files     *attachment.Service
	Notices   *notify.Service
	Log       *slog.Logger
	Now       func() time.Time
}

// Gradebook holds the rules of marks. Safe for concurrent use.
type Gradebook struct {
	dir     Directory
	files   *attachment.Service
	notices *notify.Service
	log     *slog.Logger
	now     func() time.Time
	engine  Engine
	follow  []string // effects of others
}

// New returns a Gradebook. Before use: Register its rules and Bind the engine.
func New(c Config) *Gradebook {
	return &Gradebook{dir: c.Directory, files: c.Files, notices: c.Notices, log: c.Log, now: c.Now}
}

// Bind gives the gradebook the engine that it reads other scopes through.
func (g *Gradebook) Bind(e Engine) { g.engine = e }

// Follow has an effect of another package carried out whenever what the
// readers of a course see may have changed. Its source is the scope of the
// course.
func (g *Gradebook) Follow(kind string) { g.follow = append(g.follow, kind) }

// carryAll says what must follow a change that readers see.
func (g *Gradebook) carryAll(tx *psync.Tx) {
	tx.Effect(effectCarry, struct{}{})
	for _, kind := range g.follow {
		tx.Effect(kind, struct{}{})
	}
}

// The effects of this package. What is carried to readers goes in order; a
// date only asks for it, and news are told when they are due.
const (
	effectCarry   = "grades.carry"
	effectAppear  = "grades.appear"
	effectRecarry = "grades.recarry"
	effectAlert   = "grades.alert"
)

const (
	appearLife = 400 * 24 * time.Hour
	alertLife  = 48 * time.Hour
)

// Register adds the rules of this package to the engine's mux.
func (g *Gradebook) Register(mux *psync.Mux) {
	mux.Mutation("grades.assess@1", "course:*", g.assess)
	mux.Mutation("grades.amend@1", "course:*", g.amend)
	mux.Mutation("grades.cancel@1", "course:*", g.cancel)
	mux.Mutation("grades.restore@1", "course:*", g.restore)
	mux.Mutation("grades.enter@1", "course:*", g.enter)
	mux.Mutation("grades.comment@1", "course:*", g.comment)
	mux.Mutation("grades.publish@1", "course:*", g.publish)
	mux.Mutation("grades.hide@1", "course:*", g.hide)
	mux.Mutation("grades.service@1", "course:*", g.setService)
	mux.Mutation("grades.period@1", "school:*", g.setPeriod)
	mux.Mutation("grades.unperiod@1", "school:*", g.dropPeriod)
	mux.Mutation("grades.policy@1", "school:*", g.setPolicy)

	mux.Effect(effectCarry, g.carry)
	mux.Effect(effectRecarry, g.recarry)
	mux.Later(effectAppear, appearLife, g.appear)
	mux.Later(effectAlert, alertLife, g.alert)

	g.files.OnArrived(kindAssessment, g.filesArrived)
}

// kindAssessment is the kind of record that shows files in a course, kindGrade
// in the scopes of pupils.
const (
	kindAssessment = "assessment"
	kindGrade      = "grade"
)

// pair is the id of a mark.
func pair(assessment, student string) string { return assessment + "." + student }

// load decodes the records of a type, by id.
func load[T any](recs []storage.Record, typ string) (map[string]T, error) {
	all := map[string]T{}
	for _, r := range recs {
		if r.Type != typ {
			continue
		}
		var v T
		if err := json.Unmarshal(r.Value, &v); err != nil {
			return nil, fmt.Errorf("%s %s: %w", typ, r.ID, err)
		}
		all[r.ID] = v
	}
	return all, nil
}
