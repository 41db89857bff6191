package attendance

import (
	"context"
	"fmt"
	"slices"
	"time"

	"preau/api/directory"
	"preau/storage"
	psync "preau/sync"
)

// Hours are when a school is open: the two half-days, and on which days of the
// week each of them is one.
type Hours struct {
	Morning    [2]string      `json:"morning"`
	Afternoon  [2]string      `json:"afternoon"`
	Mornings   []time.Weekday `json:"mornings"`
	Afternoons []time.Weekday `json:"afternoons"`
	HalfDay    int            `json:"halfDay"` // minutes that are a whole half-day
}

// UsualHours are those of a collège that has decided nothing.
func UsualHours() Hours {
	return Hours{
		Morning: [2]string{"08:00", "12:00"}, Afternoon: [2]string{"13:30", "17:30"}, HalfDay: 240,
		Mornings:   []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday},
		Afternoons: []time.Weekday{time.Monday, time.Tuesday, time.Thursday, time.Friday},
	}
}

// setHours is vie scolaire or direction saying when the school is open. All
// half-days are counted by it from then on, those of the past too.
func (s *Service) setHours(_ context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.SetHours, tx.Scope()); err != nil {
		return err
	}
	var h Hours
	if err := tx.Args(&h); err != nil {
		return err
	}
	if err := h.check(); err != nil {
		return err
	}
	slices.Sort(h.Mornings)
	slices.Sort(h.Afternoons)
	tx.PutIfChanged("hours", "hours", h)
	return nil
}

// check refuses hours that no school has.
func (h Hours) check() error {
	err := psync.First(checkOpening("morning", h.Morning), checkOpening("afternoon", h.Afternoon),
		checkDays("mornings", h.Mornings), checkDays("afternoons", h.Afternoons))
	switch {
	case err != nil:
		return err
	case h.Afternoon[0] < h.Morning[1]:
		return invalid("afternoon", "begins before the morning ends")
	case len(h.Mornings)+len(h.Afternoons) == 0:
		return invalid("mornings", "the school is never open")
	case h.HalfDay < minHalfDay || h.HalfDay > maxHalfDay:
		return invalid("halfDay", "%d to %d minutes", minHalfDay, maxHalfDay)
	}
	return nil
}

func checkOpening(field string, o [2]string) error {
	switch {
	case !clock(o[0]) || !clock(o[1]):
		return invalid(field, "not two times of day")
	case o[1] <= o[0]:
		return invalid(field, "ends before it begins")
	}
	return nil
}

func checkDays(field string, days []time.Weekday) error {
	if days == nil {
		return invalid(field, "a list of days")
	}
	for i, day := range days {
		if day < time.Sunday || day > time.Saturday || slices.Contains(days[:i], day) {
			return invalid(each(field, i), "no day, or named twice")
		}
	}
	return nil
}

// calendarOf is when a pupil has school, from one day until another.
func (s *Service) calendarOf(ctx context.Context, student string, from, until directory.Date) (Calendar, error) {
	id := s.dir.SchoolOf(student)
	hours, set, err := psync.Find[Hours](ctx, s.engine, "school:"+id, "hours", "hours")
	if err != nil {
		return Calendar{}, err
	}
	if !set {
		hours = UsualHours()
	}
	holidays, err := s.holidays(ctx, id)
	if err != nil {
		return Calendar{}, err
	}
	cal := Calendar{Hours: hours, Holidays: holidays}
	if s.lessons != nil {
		if cal.Lessons, err = s.lessons.Held(ctx, student, from, until); err != nil {
			return Calendar{}, fmt.Errorf("lessons: %w", err)
		}
	}
	return cal, nil
}

// holidays are those that vie scolaire arranged, else those that came with the
// school.
func (s *Service) holidays(ctx context.Context, school string) ([]directory.Holiday, error) {
	recs, err := s.engine.Find(ctx, "school:"+school, storage.Key{Type: "calendar"})
	if err != nil || len(recs) == 0 {
		info, _ := s.dir.School(school)
		return info.Holidays, err
	}
	arranged, err := psync.Decode[struct {
		Holidays []directory.Holiday `json:"holidays"`
	}](recs[0])
	return arranged.Holidays, err
}
