// Package skills is the evaluation of competences, from the framework that a
// school works with to the positioning of a pupil, 1 to 4, in a subject.
//
// It lives beside the marks and publishes as they do: all that a teacher does
// has the course as home scope, and one effect carries what may be seen by now
// to the pupil, and from the second date on to the guardians.
//
//	school:X   skills        levels, domains, how pupils are positioned
//	           skill I       a competence, in place of a shipped one or beside it
//	course:K   skill I       a competence that the teachers of the course added
//	           evaluation E  which competences were looked at, who sees it from when
//	           mastery E.S what one pupil showed, competence by competence
//	           position P.S  a positioning that a teacher set by hand
//	user:U     outcome E     a mastery with its evaluation, before guardians
//	           position K.P  a positioning set by hand, likewise
//	student:S  outcome E, position K.P
//
// What nobody set by hand is worked out by whoever shows it, from the levels.
package skills

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"preau/api/directory"
	"preau/api/grades"
	"preau/api/grades/average"
	"preau/api/notify"
	"preau/storage"
	psync "preau/sync"
)

// Item is a competence that an evaluation looks at, and what it weighs when
// the levels become a mark.
type Item struct {
	Skill       string          `json:"skill"`
	Coefficient average.Decimal `json:"coefficient"`
}

// Evaluation is a piece of work in which competences were looked at. Without
// PublishAt only the teachers see it. Assessment is the one of package grades
// that has the marks of the same work.
type Evaluation struct {
	Title       string          `json:"title"`
	Date        directory.Date  `json:"date"`
	Period      string          `json:"period,omitempty"`
	About       string          `json:"about,omitempty"`
	Items       []Item          `json:"items"`
	Assessment  string          `json:"assessment,omitempty"`
	Teacher     directory.Named `json:"teacher"`
	Canceled    bool            `json:"canceled,omitempty"`
	PublishAt   time.Time       `json:"publishAt,omitzero"`
	GuardiansAt time.Time       `json:"guardiansAt,omitzero"`
	EditedAt    time.Time       `json:"editedAt,omitzero"`
}

// Mastery is what one pupil showed in an evaluation. A value is a level, or
// a code that says why there is none. Hands are those who wrote a value, where
// it was not the teacher of the evaluation; Rivals are what others wrote
// without having seen it: somebody has to choose.
type Mastery struct {
	Evaluation string                     `json:"evaluation"`
	Student    string                     `json:"student"`
	Values     map[string]string          `json:"values"` // by competence
	Hands      map[string]directory.Named `json:"hands,omitempty"`
	Rivals     map[string][]Rival         `json:"rivals,omitempty"`
	Comment    string                     `json:"comment,omitempty"`
	At         time.Time                  `json:"at"`
	ChangedAt  time.Time                  `json:"changedAt,omitzero"`
}

// Rival is another value for the same competence.
type Rival struct {
	Value string          `json:"value"`
	By    directory.Named `json:"by"`
}

// Codes say why a competence has no level: absent, exempt, not evaluated, not
// handed in.
var Codes = []string{
	string(average.Absent), string(average.Exempt), string(average.NotMarked), string(average.NotHandedIn),
}

// Position is a positioning that a teacher set by hand.
type Position struct {
	Period  string          `json:"period,omitempty"`
	Student string          `json:"student"`
	Value   int             `json:"value"`
	At      time.Time       `json:"at"`
	By      directory.Named `json:"by"`
}

// Outcome is a mastery with its evaluation, as the pupil and the guardians
// read it.
type Outcome struct {
	Course     string          `json:"course"`
	Subject    string          `json:"subject"`
	Title      string          `json:"title"`
	Date       directory.Date  `json:"date"`
	Period     string          `json:"period,omitempty"`
	About      string          `json:"about,omitempty"`
	Assessment string          `json:"assessment,omitempty"`
	Teacher    directory.Named `json:"teacher"`
	Shown      []Shown         `json:"shown"`
	Comment    string          `json:"comment,omitempty"`
	At         time.Time       `json:"at"` // when the pupil could first read it
	ChangedAt  time.Time       `json:"changedAt,omitzero"`
}

// Shown is one competence of an outcome, with the words that it had.
type Shown struct {
	Skill  string `json:"skill"`
	Domain string `json:"domain"`
	Text   string `json:"text"`
	Value  string `json:"value"`
}

// Stand is a positioning set by hand, as the pupil and the guardians read it.
type Stand struct {
	Course  string          `json:"course"`
	Subject string          `json:"subject"`
	Period  string          `json:"period,omitempty"`
	Value   int             `json:"value"`
	At      time.Time       `json:"at"`
	By      directory.Named `json:"by"`
}

// Directory is what this package asks of the school's directory.
type Directory interface {
	May(a psync.Actor, do directory.Action, scope string) error
	Course(id string) (directory.Course, bool)
	Class(audience string) (directory.Class, bool)
	Person(id string) (directory.Person, bool)
	Pupils(audience string) []string
	Guardians(student string) []string
	Children(guardian string) []string
	Named(id string) directory.Named
	Location(school string) *time.Location
}

// Marks are what the marks of a school decide for levels as well: periods, and
// when something published is seen.
type Marks interface {
	CheckLevelsOpen(ctx context.Context, c directory.Course, period string) error
	PolicyOf(ctx context.Context, school string) (grades.Policy, error)
}

// Engine is what this package needs of the sync engine.
type Engine interface {
	Find(ctx context.Context, scope string, keys ...storage.Key) ([]storage.Record, error)
}

// Config is what a Service stands on.
type Config struct {
	Directory Directory
	Marks     Marks
	Notices   *notify.Service
	Now       func() time.Time
}

// Service holds the rules of competences. Safe for concurrent use.
type Service struct {
	dir     Directory
	marks   Marks
	notices *notify.Service
	now     func() time.Time
	engine  Engine
}

// New returns a Service. Before use: Register its rules and Bind the engine.
func New(c Config) *Service {
	return &Service{dir: c.Directory, marks: c.Marks, notices: c.Notices, now: c.Now}
}

// Bind gives the service the engine that it reads other scopes through.
func (s *Service) Bind(e Engine) { s.engine = e }

// The effects of this package, as those of marks.
const (
	effectCarry  = "skills.carry"
	effectAppear = "skills.appear"
	effectAlert  = "skills.alert"
)

const (
	appearLife = 400 * 24 * time.Hour
	alertLife  = 48 * time.Hour
)

// Register adds the rules of this package to the engine's mux.
func (s *Service) Register(mux *psync.Mux) {
	mux.Mutation("skills.settings@1", "school:*", s.setSettings)
	mux.Mutation("skills.skill@1", "school:*", s.setSkill)
	mux.Mutation("skills.own@1", "course:*", s.setOwn)
	mux.Mutation("skills.evaluate@1", "course:*", s.evaluate)
	mux.Mutation("skills.amend@1", "course:*", s.amend)
	mux.Mutation("skills.cancel@1", "course:*", s.cancel)
	mux.Mutation("skills.restore@1", "course:*", s.restore)
	mux.Mutation("skills.enter@1", "course:*", s.enter)
	mux.Mutation("skills.comment@1", "course:*", s.comment)
	mux.Mutation("skills.publish@1", "course:*", s.publish)
	mux.Mutation("skills.hide@1", "course:*", s.hide)
	mux.Mutation("skills.position@1", "course:*", s.position)

	mux.Effect(effectCarry, s.carry)
	mux.Later(effectAppear, appearLife, s.appear)
	mux.Later(effectAlert, alertLife, s.alert)
}

// pair is the id of a mastery, or of a positioning.
func pair(a, b string) string { return a + "." + b }

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
