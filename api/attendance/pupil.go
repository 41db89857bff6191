package attendance

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"preau/api/attachment"
	"preau/api/directory"
	"preau/storage"
	psync "preau/sync"
)

// File is a file that a record shows.
type File = attachment.File

// spread carries what the rolls of a day say to the pupils whom one of them
// names: their day is always told whole, as it is by now.
func (s *Service) spread(ctx context.Context, job *psync.Job) error {
	_, roll, ok, err := s.officeRoll(ctx, job)
	if err != nil || !ok {
		return err
	}
	rolls, err := s.rollsOf(ctx, job.Source(), roll.Date)
	if err != nil {
		return err
	}
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(8) // so that the store commits in groups
	for _, student := range s.dir.PupilsOn(roll.Audience, roll.Date) {
		if lessons, named := s.lessonsOf(student, rolls); named {
			all.Go(func() error { return s.tellDay(ctx, job, student, string(roll.Date), lessons) })
		}
	}
	return all.Wait()
}

// rollsOf lists the rolls of a day.
func (s *Service) rollsOf(ctx context.Context, office string, date directory.Date) ([]Roll, error) {
	recs, err := s.engine.Find(ctx, office, storage.Key{Type: "roll"})
	if err != nil {
		return nil, err
	}
	var all []Roll
	for _, r := range recs {
		if !strings.Contains(r.ID, "~"+strings.ReplaceAll(string(date), "-", "")+"-") {
			continue
		}
		roll, err := psync.Decode[Roll](r)
		if err != nil {
			return nil, err
		}
		all = append(all, roll)
	}
	return all, nil
}

// lessonsOf is what the rolls of a day say of a pupil; named says whether one
// of them says more than that they were there.
func (s *Service) lessonsOf(student string, rolls []Roll) (lessons []Lesson, named bool) {
	for _, r := range rolls {
		if !slices.Contains(s.dir.PupilsOn(r.Audience, r.Date), student) {
			continue
		}
		c := said(r.Calls[student])
		named = named || len(r.Calls[student]) > 0
		lessons = append(lessons, Lesson{
			r.Course, r.Subject, string(r.Date) + "T" + r.Start, string(r.Date) + "T" + r.End, c.State, c.Minutes,
		})
	}
	slices.SortFunc(lessons, func(a, b Lesson) int {
		return cmp.Or(strings.Compare(a.From, b.From), strings.Compare(a.Course, b.Course))
	})
	return lessons, named
}

func (s *Service) tellDay(ctx context.Context, job *psync.Job, student, date string, lessons []Lesson) error {
	return job.Commit(ctx, studentScope(student), func(ctx context.Context, tx *psync.Tx) error {
		var day Called
		if _, err := tx.Get(ctx, "called", date, &day); err != nil {
			return err
		}
		day.Lessons = lessons
		tx.PutIfChanged("called", date, day)
		return s.refresh(ctx, tx)
	})
}

// refresh derives anew what a pupil missed, after anything that it is derived
// from has changed, and says what must follow.
func (s *Service) refresh(ctx context.Context, tx *psync.Tx) error {
	days, err := held[Called](ctx, tx, "called")
	if err != nil {
		return err
	}
	rulings, err := held[Ruling](ctx, tx, "ruling")
	if err != nil {
		return err
	}
	excuses, err := held[Justification](ctx, tx, kindJustification)
	if err != nil {
		return err
	}
	d := derive(days, rulings, excuses)
	moved, err := s.putEvents(ctx, tx, d)
	if err != nil {
		return err
	}
	s.announce(tx, days, d.absences)
	if len(moved) > 0 {
		tx.Effect(effectFile, filing{moved})
	}
	tx.Effect(effectExpect, struct{}{})
	return nil
}

// ref names a record of a pupil.
type ref struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// filing is the payload of effectFile: what has changed.
type filing struct {
	Records []ref `json:"records"`
}

// putEvents makes the events of a pupil what they should be and lists those
// that changed.
func (s *Service) putEvents(ctx context.Context, tx *psync.Tx, d derived) ([]ref, error) {
	moved, err := putAll(ctx, tx, kindAbsence, d.absences)
	if err != nil {
		return nil, err
	}
	late, err := putAll(ctx, tx, kindLateness, d.latenesses)
	if err == nil && len(late) > 0 {
		for _, r := range late {
			s.tellLater(tx, r)
		}
	}
	return append(moved, late...), err
}

// putAll makes the events of a kind what they should be and lists those that
// changed.
func putAll(ctx context.Context, tx *psync.Tx, typ string, wanted map[string]Event) ([]ref, error) {
	there, err := held[Event](ctx, tx, typ)
	if err != nil {
		return nil, err
	}
	var moved []ref
	for id := range there {
		if _, keep := wanted[id]; !keep {
			tx.Delete(typ, id)
			moved = append(moved, ref{typ, id})
		}
	}
	for id, e := range wanted {
		if old, known := there[id]; !known || !reflect.DeepEqual(old, e) {
			tx.Put(typ, id, e)
			moved = append(moved, ref{typ, id})
		}
	}
	slices.SortFunc(moved, func(a, b ref) int { return strings.Compare(a.ID, b.ID) })
	return moved, nil
}

// filed is an event as the office reads it.
type filed struct {
	Event
	Student directory.Named `json:"student"`
	Class   string          `json:"class"`
}

// file carries what was derived for a pupil, as it is by now, to the office.
func (s *Service) file(ctx context.Context, job *psync.Job) error {
	var f filing
	if err := job.Payload(&f); err != nil {
		return err
	}
	student := psync.ScopeID(job.Source())
	events := map[ref]Event{}
	for _, r := range f.Records {
		e, ok, err := psync.Find[Event](ctx, s.engine, job.Source(), r.Type, r.ID)
		if err != nil {
			return err
		}
		if ok {
			events[r] = e
		}
	}
	who, class := s.whoIs(student)
	return job.Commit(ctx, officeScope(s.dir.SchoolOf(student)), func(ctx context.Context, tx *psync.Tx) error {
		for _, r := range f.Records {
			if e, ok := events[r]; ok {
				tx.PutIfChanged(r.Type, of(student, r.ID), filed{e, who, class})
			} else {
				tx.Delete(r.Type, of(student, r.ID))
			}
		}
		return s.keepForYear(ctx, tx)
	})
}

// whoIs names a pupil and their class.
func (s *Service) whoIs(student string) (directory.Named, string) {
	class, _ := s.dir.ClassOf(student)
	return directory.Named{ID: student, Name: s.dir.Name(student)}, class.Name
}
