// Package attendance is the school day of each pupil: who was there, who came
// late, what was said of it and what followed.
//
// A roll lives with its course, where a teacher takes it, and with the office,
// where vie scolaire corrects it. Each side keeps every version of what was
// said of a pupil and merges what the other says, in whatever order it comes.
// What a pupil missed is derived from the rolls of the day, from what the
// office decided and from what the family said; deriving it twice changes
// nothing.
//
//	course:K   roll D           a roll, with all versions of its calls
//	           observation N, punishment N
//	office:X   roll K~D         the same, with the names of those called; a
//	                            permanence has its class or group in place of K
//	           ruling R         what vie scolaire decided, reason included
//	           absence S~A, lateness S~A, justification S~J, acknowledgement …
//	           observation N, punishment N, exemption N, exit N, infirmary N,
//	           incident N       in full
//	student:S  called D         what the rolls of a day say of the pupil
//	           absence A, lateness A   derived
//	           ruling R         what the family may know of it
//	           justification J  what a guardian said
//	           observation N …  what concerns the pupil
//	           acknowledgement N.U
//	class:C/staff, course:K of a group
//	           away S           when a pupil is away, never why
//	school:X   reason C         a reason for missing lessons
//	           hours            when the school is open
//
// Moments of a school day are written as its clock shows them,
// "2026-11-24T08:00": they are those of the school wherever they are read.
package attendance

import (
	"context"
	"time"

	"preau/api/attachment"
	"preau/api/directory"
	"preau/api/notify"
	"preau/storage"
	psync "preau/sync"
)

// Directory is what this package asks of the school's directory.
type Directory interface {
	May(a psync.Actor, do directory.Action, scope string) error
	Course(id string) (directory.Course, bool)
	Person(id string) (directory.Person, bool)
	PupilsOn(audience string, day directory.Date) []string
	Class(audience string) (directory.Class, bool)
	Classes(school string) []directory.Class
	ClassOf(student string) (directory.Class, bool)
	AudiencesOf(student string) []directory.Class
	CoursesOf(audience string) []directory.Course
	Guardians(student string) []string
	Named(id string) directory.Named
	Name(id string) string
	School(id string) (directory.School, bool)
	SchoolOf(id string) string
	Location(school string) *time.Location
}

// Engine is what this package needs of the sync engine.
type Engine interface {
	Find(ctx context.Context, scope string, keys ...storage.Key) ([]storage.Record, error)
}

// Timetable knows the times of the lessons of a pupil that are held, from one
// day until another; a day that has no lesson at all is not named.
type Timetable interface {
	Held(ctx context.Context, student string, from, until directory.Date) (map[directory.Date][][2]string, error)
}

// Config is what a Service stands on. Without a timetable the opening hours say
// when somebody has school.
type Config struct {
	Directory Directory
	Timetable Timetable
	Files     *attachment.Service
	Notices   *notify.Service
	Now       func() time.Time
}

// Service holds the rules of attendance. Safe for concurrent use.
type Service struct {
	dir     Directory
	lessons Timetable
	files   *attachment.Service
	notices *notify.Service
	now     func() time.Time
	engine  Engine
}

// New returns a Service. Before use: Register its rules and Bind the engine.
func New(c Config) *Service {
	return &Service{dir: c.Directory, lessons: c.Timetable, files: c.Files, notices: c.Notices, now: c.Now}
}

// Bind gives the service the engine that it reads other scopes through.
func (s *Service) Bind(e Engine) { s.engine = e }

// The effects of this package. What is carried between scopes goes in order;
// people are told beside it.
const (
	effectGather  = "attendance.gather"  // a roll of a course, to the office
	effectReturn  = "attendance.return"  // a corrected roll, to its course
	effectSpread  = "attendance.spread"  // a roll of the office, to its pupils
	effectRuling  = "attendance.ruling"  // a decision, to its pupil
	effectFile    = "attendance.file"    // what was derived for a pupil, to the office
	effectExcuse  = "attendance.excuse"  // what a guardian said, to the office
	effectCarry   = "attendance.carry"   // a note, to its pupil and the office
	effectReceipt = "attendance.receipt" // an acknowledgement, to the office
	effectExpect  = "attendance.expect"  // when a pupil is away, to the teachers
	effectFade    = "attendance.fade"    // a roll is forgotten
	effectForget  = "attendance.forget"  // what happened in a school year is
	effectAlert   = "attendance.alert"
	effectTell    = "attendance.tell"
)

// How long news is worth telling. That a child is missing is no news any more
// on the next day.
const (
	alertLife = 24 * time.Hour
	tellLife  = 48 * time.Hour
	fadeLife  = 400 * 24 * time.Hour
	yearLife  = 3 * 366 * 24 * time.Hour
)

// Register adds the rules of this package to the engine's mux and says to
// attachment who waits for files.
func (s *Service) Register(mux *psync.Mux) {
	mux.Mutation("attendance.roll@1", "course:*", s.take)
	mux.Mutation("attendance.observe@1", "course:*", s.observe)
	mux.Mutation("attendance.correct@1", "office:*", s.correct)
	mux.Mutation("attendance.record@1", "office:*", s.record)
	mux.Mutation("attendance.settle@1", "office:*", s.settle)
	mux.Mutation("attendance.note@1", "office:*", s.note)
	mux.Mutation("attendance.strike@1", "office:*", s.strike)
	mux.Mutation("attendance.justify@1", "student:*", s.justify)
	mux.Mutation("attendance.acknowledge@1", "student:*", s.acknowledge)
	mux.Mutation("attendance.reason@1", "school:*", s.reason)
	mux.Mutation("attendance.hours@1", "school:*", s.setHours)

	mux.Effect(effectGather, s.gather)
	mux.Effect(effectReturn, s.giveBack)
	mux.Effect(effectSpread, s.spread)
	mux.Effect(effectRuling, s.ruled)
	mux.Effect(effectFile, s.file)
	mux.Effect(effectExcuse, s.excused)
	mux.Effect(effectCarry, s.carry)
	mux.Effect(effectReceipt, s.receipt)
	mux.Effect(effectExpect, s.expect)
	mux.Later(effectFade, fadeLife, s.fade)
	mux.Later(effectForget, yearLife, s.forget)
	mux.Later(effectAlert, alertLife, s.alert)
	mux.Later(effectTell, tellLife, s.tell)

	mux.Hide(kindYearEnd)
	s.files.OnArrived(kindJustification, s.excuseArrived)
	s.files.OnArrived(kindPunishment, s.workArrived)
	s.files.OnArrived(kindPaper, s.workArrived)
}

func courseScope(course string) string   { return "course:" + course }
func studentScope(student string) string { return "student:" + student }
func officeScope(school string) string   { return "office:" + school }

// of is the id of something of a pupil, or of a course, in the scope of the
// office.
func of(owner, id string) string { return owner + "~" + id }

// held reads all records of a type in the scope being committed to, by id.
func held[T any](ctx context.Context, tx *psync.Tx, typ string) (map[string]T, error) {
	recs, err := tx.List(ctx, typ)
	if err != nil {
		return nil, err
	}
	all := make(map[string]T, len(recs))
	for _, r := range recs {
		if all[r.ID], err = psync.Decode[T](r); err != nil {
			return nil, err
		}
	}
	return all, nil
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
