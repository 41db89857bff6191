// Package reportcard is what a pupil takes home at the end of a period: the
// averages, what each teacher says, and what the council of the class adds.
//
// A teacher appraises in the course. Effects bring that, with the averages, to
// the scope of the class's council, which its teachers and the office open on
// demand. Publishing freezes the cards there, in one commit, from what stands
// in that scope; an effect copies each into the scope of its pupil. A card
// never changes afterwards: publishing again makes another version.
//
//	school:X   cards          what the school decided about report cards
//	           council P.C    until when the teachers of a class write, where
//	                          that differs, and whether cards are out
//	course:K   appraisal P.S  what the teachers say of a pupil
//	           program P      what was taught
//	council:C  column P.K     a course: its figures and what was taught
//	           proof P.S      a pupil: averages, appraisals, absences
//	           summary P.S    what the council says
//	           card P.S       as it was published
//	           cardseen P.S.U
//	student:S  card P         the same
//	           cardseen P.U   a guardian has taken note of it
//
// P is a period and C a class, S a pupil and U a guardian.
package reportcard

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"preau/api/attendance"
	"preau/api/directory"
	"preau/api/grades"
	"preau/api/notify"
	"preau/storage"
	psync "preau/sync"
)

// Directory is what this package asks of the school's directory.
type Directory interface {
	May(a psync.Actor, do directory.Action, scope string) error
	School(id string) (directory.School, bool)
	Course(id string) (directory.Course, bool)
	CoursesOf(audience string) []directory.Course
	Classes(school string) []directory.Class
	ClassOf(student string) (directory.Class, bool)
	AudiencesOf(student string) []directory.Class
	Person(id string) (directory.Person, bool)
	Pupils(audience string) []string
	Guardians(student string) []string
	Children(guardian string) []string
	Named(id string) directory.Named
	SchoolOf(person string) string
	Today(school string) directory.Date
}

// Marks are what this package asks of the gradebook.
type Marks interface {
	PeriodsOf(ctx context.Context, school, audience string) (map[string]grades.Period, error)
	Sums(ctx context.Context, course, period string) (grades.Sums, error)
	ShowsGeneral(ctx context.Context, school string) (bool, error)
	Follow(kind string)
}

// Presence counts what a pupil missed between two days.
type Presence interface {
	Totals(ctx context.Context, student string, from, until directory.Date) (attendance.Totals, error)
}

// Positioning says how far pupils of a course are, 1 to 4, from evaluations of
// competences.
type Positioning interface {
	Positions(ctx context.Context, course, period string) (map[string]int, error)
}

// Engine is what this package needs of the sync engine.
type Engine interface {
	Find(ctx context.Context, scope string, keys ...storage.Key) ([]storage.Record, error)
}

// Config is what a Service stands on. Positioning may be nil.
type Config struct {
	Directory   Directory
	Marks       Marks
	Presence    Presence
	Positioning Positioning
	Notices     *notify.Service
	Log         *slog.Logger
	Now         func() time.Time
}

// Service holds the rules of report cards. Safe for concurrent use.
type Service struct {
	Config
	engine Engine
}

// New returns a Service, which follows the marks. Before use: Register its
// rules and Bind the engine.
func New(c Config) *Service {
	c.Marks.Follow(effectGather)
	return &Service{Config: c}
}

// Bind gives the service the engine that it reads other scopes through.
func (s *Service) Bind(e Engine) { s.engine = e }

// The effects of this package.
const (
	effectGather  = "reportcard.gather"  // a course, to the councils of its pupils
	effectSurvey  = "reportcard.survey"  // all of a class, to its council
	effectIssue   = "reportcard.issue"   // published cards, to their pupils
	effectReceipt = "reportcard.receipt" // an acknowledgement, to the council
	effectAlert   = "reportcard.alert"
)

const alertLife = 7 * 24 * time.Hour

// Register adds the rules of this package to the engine's mux.
func (s *Service) Register(mux *psync.Mux) {
	mux.Mutation("reportcard.rules@1", "school:*", s.setRules)
	mux.Mutation("reportcard.council@1", "school:*", s.setCouncil)
	mux.Mutation("reportcard.appraise@1", "course:*", s.appraise)
	mux.Mutation("reportcard.program@1", "course:*", s.setProgram)
	mux.Mutation("reportcard.conclude@1", "council:*", s.conclude)
	mux.Mutation("reportcard.refresh@1", "council:*", s.refresh)
	mux.Mutation("reportcard.publish@1", "council:*", s.publish)
	mux.Mutation("reportcard.acknowledge@1", "student:*", s.acknowledge)

	mux.Effect(effectGather, s.gather)
	mux.Effect(effectSurvey, s.survey)
	mux.Effect(effectIssue, s.issue)
	mux.Effect(effectReceipt, s.receipt)
	mux.Later(effectAlert, alertLife, s.alert)
}

func councilScope(class string) string { return "council:" + class }

// of is the id of what belongs to a period and to others.
func of(ids ...string) string { return strings.Join(ids, ".") }

func invalid(field, format string, args ...any) error {
	return psync.Refuse("invalid", field, format, args...)
}

// period finds a period of a class or group.
func (s *Service) period(ctx context.Context, school, id string, audiences ...string) (grades.Period, error) {
	for _, audience := range audiences {
		all, err := s.Marks.PeriodsOf(ctx, school, audience)
		if err != nil {
			return grades.Period{}, err
		}
		if p, held := all[id]; held {
			return p, nil
		}
	}
	return grades.Period{}, psync.Refuse("not_found", "period", "no such period")
}

// unclosed refuses a period in which nothing changes any more.
func unclosed(p grades.Period) error {
	if p.Closed {
		return psync.Refuse("period_closed", "period", "%s is closed", p.Name)
	}
	return nil
}

// load decodes records of a type, by id.
func load[T any](recs []storage.Record, typ string) (map[string]T, error) {
	all := map[string]T{}
	for _, r := range recs {
		if r.Type != typ {
			continue
		}
		var v T
		if err := decode(r, &v); err != nil {
			return nil, err
		}
		all[r.ID] = v
	}
	return all, nil
}

// held decodes all records of a type in the scope being committed to.
func held[T any](ctx context.Context, tx *psync.Tx, typ string) (map[string]T, error) {
	recs, err := tx.List(ctx, typ)
	if err != nil {
		return nil, err
	}
	return load[T](recs, typ)
}

func decode(r storage.Record, into any) error {
	if err := json.Unmarshal(r.Value, into); err != nil {
		return fmt.Errorf("%s %s: %w", r.Type, r.ID, err)
	}
	return nil
}

// acted is when the person acted by the device's clock, believed as far as it
// lies in the past.
func acted(tx *psync.Tx) time.Time {
	at := time.UnixMilli(tx.At())
	if tx.At() == 0 || at.After(tx.Now()) {
		at = tx.Now()
	}
	return at.UTC().Truncate(time.Millisecond)
}
