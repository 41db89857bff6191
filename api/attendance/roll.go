package attendance

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"preau/api/directory"
	psync "preau/sync"
)

type callArgs struct {
	Student string  `json:"student"`
	State   string  `json:"state"`
	Minutes int     `json:"minutes"`
	Seen    []int64 `json:"seen"`
}

type rollArgs struct {
	Course   string         `json:"course"`   // said by vie scolaire only, as is
	Audience string         `json:"audience"` // the class or group of a permanence, which has no course
	Date     directory.Date `json:"date"`
	Start    string         `json:"start"`
	End      string         `json:"end"`
	Calls    []callArgs     `json:"calls"`
}

// rollID names a roll: the lesson of a course that begins then. Two teachers
// who take it write to one.
func rollID(date directory.Date, start string) string {
	return strings.ReplaceAll(string(date), "-", "") + "-" + strings.ReplaceAll(start, ":", "")
}

// take takes the roll of a lesson, or corrects it on the same day.
func (s *Service) take(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.TakeRoll, tx.Scope()); err != nil {
		return err
	}
	var args rollArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	if args.Course+args.Audience != "" {
		return invalid("course", "the scope says it")
	}
	args.Course = psync.ScopeID(tx.Scope())
	roll, err := s.newRoll(tx, args)
	if err != nil {
		return err
	}
	if err := s.sameDay(tx, args); err != nil {
		return err
	}
	id := rollID(args.Date, args.Start)
	if err := join(ctx, tx, id, roll); err != nil {
		return err
	}
	s.keepUntil(tx, id, args.Date)
	tx.Effect(effectGather, rollNews{args.Course, id})
	return nil
}

// correct is vie scolaire taking a roll, or correcting one.
func (s *Service) correct(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.KeepRegister, tx.Scope()); err != nil {
		return err
	}
	var args rollArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	roll, err := s.newRoll(tx, args)
	if err != nil {
		return err
	}
	news := rollNews{cmp.Or(args.Course, args.Audience), rollID(args.Date, args.Start)}
	if err := join(ctx, tx, of(news.Course, news.ID), s.named(roll)); err != nil {
		return err
	}
	s.keepUntil(tx, of(news.Course, news.ID), args.Date)
	if args.Course != "" {
		tx.Effect(effectReturn, news)
	}
	tx.Effect(effectSpread, news)
	return nil
}

// join merges a roll into the one that is there.
func join(ctx context.Context, tx *psync.Tx, id string, roll Roll) error {
	var there Roll
	if _, err := tx.Get(ctx, "roll", id, &there); err != nil {
		return err
	}
	roll = joined(there, roll)
	for _, calls := range roll.Calls {
		if len(calls) > maxVersions {
			return psync.Refuse("too_many", "calls", "at most %d versions", maxVersions)
		}
	}
	tx.PutIfChanged("roll", id, roll)
	return nil
}

// joined merges two copies and keeps the names that either knows.
func joined(there, roll Roll) Roll {
	out := merge(there, roll)
	if roll.Names != nil {
		out.Title, out.Size, out.Names = roll.Title, roll.Size, map[string]string{}
		for student := range out.Calls {
			out.Names[student] = cmp.Or(roll.Names[student], there.Names[student])
		}
	}
	return out
}

// newRoll makes and checks a roll out of what a person sent.
func (s *Service) newRoll(tx *psync.Tx, args rollArgs) (Roll, error) {
	course, err := s.courseOf(tx, args)
	if err != nil {
		return Roll{}, err
	}
	if err := s.checkLesson(tx, args); err != nil {
		return Roll{}, err
	}
	calls, err := s.calls(tx, args, course)
	return Roll{
		Course: course.ID, Subject: course.Subject, Audience: course.Audience, Date: args.Date, Start: args.Start, End: args.End,
		By: s.dir.Named(tx.Actor().User), At: acted(tx).UnixMilli(), Calls: calls,
	}, err
}

// courseOf finds the course of a roll. A permanence is one without a name, held
// for a class or group.
func (s *Service) courseOf(tx *psync.Tx, args rollArgs) (directory.Course, error) {
	if args.Course == "" && args.Audience != "" {
		class, ok := s.dir.Class(args.Audience)
		if !ok || !s.hasClass(tx.Actor().School, class) {
			return directory.Course{}, psync.Refuse("not_found", "audience", "no such class")
		}
		return directory.Course{Audience: args.Audience, School: tx.Actor().School}, nil
	}
	course, ok := s.dir.Course(args.Course)
	switch {
	case !ok || course.School != tx.Actor().School:
		return course, psync.Refuse("not_found", "course", "no such course")
	case args.Audience != "":
		return course, invalid("audience", "the course says it")
	}
	return course, nil
}

func (s *Service) hasClass(school string, class directory.Class) bool {
	return slices.ContainsFunc(s.dir.Classes(school), func(c directory.Class) bool { return c.Scope() == class.Scope() })
}

// checkLesson refuses a lesson that cannot be, lies ahead, or is long over.
func (s *Service) checkLesson(tx *psync.Tx, args rollArgs) error {
	from, to := string(args.Date)+"T"+args.Start, string(args.Date)+"T"+args.End
	soon := s.local(tx.Actor().School, tx.Now().Add(earliestStart))
	switch {
	case !args.Date.Valid():
		return invalid("date", "not a day")
	case !clock(args.Start):
		return invalid("start", "not a time of day")
	case !clock(args.End) || args.End <= args.Start || minutesBetween(from, to) > maxLesson:
		return invalid("end", "not a time of day after the start")
	case from > soon:
		return psync.Refuse("too_early", "start", "the lesson has not begun")
	case args.Date < s.today(tx.Actor().School, tx.Now()).AddDays(-rollKept):
		return psync.Refuse("too_late", "date", "%d days have passed", rollKept)
	}
	return nil
}

// sameDay refuses a teacher's correction of another day. A phone may bring
// later what was done on the day itself.
func (s *Service) sameDay(tx *psync.Tx, args rollArgs) error {
	school := tx.Actor().School
	if s.today(school, acted(tx)) != args.Date || args.Date < s.today(school, tx.Now()).AddDays(-teacherGrace) {
		return psync.Refuse("too_late", "date", "only vie scolaire corrects the roll of another day")
	}
	return nil
}

// calls checks what is said of pupils.
func (s *Service) calls(tx *psync.Tx, args rollArgs, course directory.Course) (map[string][]Call, error) {
	if len(args.Calls) > maxCalls {
		return nil, psync.Refuse("too_large", "calls", "at most %d pupils", maxCalls)
	}
	pupils := s.dir.PupilsOn(course.Audience, args.Date)
	length := minutesBetween("2000-01-01T"+args.Start, "2000-01-01T"+args.End)
	all := map[string][]Call{}
	for i, c := range args.Calls {
		at := each("calls", i)
		if err := c.check(at, length); err != nil {
			return nil, err
		}
		switch {
		case !slices.Contains(pupils, c.Student):
			return nil, invalid(at+".student", "not a pupil of this course")
		case all[c.Student] != nil:
			return nil, invalid(at+".student", "named twice")
		}
		all[c.Student] = []Call{{c.State, c.Minutes, s.dir.Named(tx.Actor().User), acted(tx).UnixMilli(), c.Seen}}
	}
	return all, nil
}

func (c callArgs) check(at string, length int) error {
	if err := psync.OneOf(at+".state", c.State, states...); err != nil {
		return err
	}
	switch late := c.State == Late; {
	case late && (c.Minutes < 1 || c.Minutes > length), !late && c.Minutes != 0:
		return invalid(at+".minutes", "1 to %d, of a pupil who is late", length)
	case len(c.Seen) > maxVersions:
		return psync.Refuse("too_large", at+".seen", "at most %d", maxVersions)
	}
	return nil
}

// rollNews is the payload of what follows a roll; ID is that in its course, or
// in the class or group of a permanence.
type rollNews struct {
	Course string `json:"course"`
	ID     string `json:"id"`
}

// gather carries a roll, as it is by now, from its course to the office.
func (s *Service) gather(ctx context.Context, job *psync.Job) error {
	var n rollNews
	if err := job.Payload(&n); err != nil {
		return err
	}
	roll, ok, err := psync.Find[Roll](ctx, s.engine, job.Source(), "roll", n.ID)
	if err != nil || !ok {
		return err
	}
	course, _ := s.dir.Course(n.Course)
	return job.Commit(ctx, officeScope(course.School), func(ctx context.Context, tx *psync.Tx) error {
		s.keepUntil(tx, of(n.Course, n.ID), roll.Date)
		tx.Effect(effectSpread, n)
		return join(ctx, tx, of(n.Course, n.ID), s.named(roll))
	})
}

// giveBack carries a roll from the office to its course.
func (s *Service) giveBack(ctx context.Context, job *psync.Job) error {
	n, roll, ok, err := s.officeRoll(ctx, job)
	if err != nil || !ok {
		return err
	}
	roll.Title, roll.Size, roll.Names = "", 0, nil
	return job.Commit(ctx, courseScope(n.Course), func(ctx context.Context, tx *psync.Tx) error {
		s.keepUntil(tx, n.ID, roll.Date)
		return join(ctx, tx, n.ID, roll)
	})
}

// officeRoll reads the roll of the office that a job is about.
func (s *Service) officeRoll(ctx context.Context, job *psync.Job) (n rollNews, r Roll, ok bool, err error) {
	if err = job.Payload(&n); err != nil {
		return n, r, false, err
	}
	r, ok, err = psync.Find[Roll](ctx, s.engine, job.Source(), "roll", of(n.Course, n.ID))
	return n, r, ok, err
}

// named adds to a roll what the office reads of it: it does not read courses.
func (s *Service) named(r Roll) Roll {
	r.Title = s.titleOf(r)
	r.Size, r.Names = len(s.dir.PupilsOn(r.Audience, r.Date)), map[string]string{}
	for student := range r.Calls {
		r.Names[student] = s.dir.Name(student)
	}
	return r
}

// titleOf is what a roll is called: a permanence after who is in it.
func (s *Service) titleOf(r Roll) string {
	if r.Course == "" {
		class, _ := s.dir.Class(r.Audience)
		return class.Name
	}
	course, _ := s.dir.Course(r.Course)
	return course.Title()
}

// keepUntil has a roll forgotten when nobody may correct it any
// more: what follows from it is with the pupils.
func (s *Service) keepUntil(tx *psync.Tx, id string, date directory.Date) {
	day, err := time.Parse(time.DateOnly, string(date))
	if err == nil {
		tx.EffectAt(effectFade, faded{id}, day.AddDate(0, 0, rollKept+2))
	}
}

// faded is the payload of effectFade.
type faded struct {
	ID string `json:"id"`
}

func (s *Service) fade(ctx context.Context, job *psync.Job) error {
	var f faded
	if err := job.Payload(&f); err != nil {
		return err
	}
	return job.Commit(ctx, job.Source(), func(ctx context.Context, tx *psync.Tx) error {
		seq, err := tx.Get(ctx, "roll", f.ID, nil)
		if err == nil && seq > 0 {
			tx.Delete("roll", f.ID)
		}
		return err
	})
}
