package skills

import (
	"context"
	"slices"

	"preau/api/grades/average"
	psync "preau/sync"
)

type positionArgs struct {
	Period  string `json:"period"`
	Student string `json:"student"`
	Value   int    `json:"value"` // 0: as it is worked out
}

// position sets by hand where a pupil stands in a period, or leaves it to the
// levels again. It is refused with "conflict" when somebody else changed it
// since the teacher saw it.
func (s *Service) position(ctx context.Context, tx *psync.Tx) error {
	var args positionArgs
	course, err := s.begin(tx, &args)
	if err != nil {
		return err
	}
	if args.Value < 0 || args.Value > 4 {
		return invalid("value", "1 to 4, or 0")
	}
	if err := s.marks.CheckLevelsOpen(ctx, course, args.Period); err != nil {
		return err
	}
	var before Position
	seq, err := s.positionOf(ctx, tx, args, s.dir.Pupils(course.Audience), &before)
	if err != nil {
		return err
	}
	if err := tx.CheckBase(seq, before); err != nil {
		return err
	}
	switch args.Value {
	case before.Value:
		return nil
	case 0:
		tx.Delete("position", pair(args.Period, args.Student))
	default:
		tx.Put("position", pair(args.Period, args.Student), Position{
			args.Period, args.Student, args.Value, acted(tx), s.dir.Named(tx.Actor().User),
		})
	}
	tx.Effect(effectCarry, struct{}{})
	return nil
}

// positionOf reads what was set of a pupil. It refuses who is not of the
// course, unless something was: a pupil may have left since.
func (s *Service) positionOf(ctx context.Context, tx *psync.Tx, args positionArgs, pupils []string, into *Position) (seq int64, err error) {
	ours := slices.Contains(pupils, args.Student)
	if !ours && (args.Student == "" || len(args.Student) > maxID) {
		return 0, psync.Refuse("not_found", "student", "nobody")
	}
	seq, err = tx.Get(ctx, "position", pair(args.Period, args.Student), into)
	if err == nil && seq == 0 && !ours {
		err = psync.Refuse("not_found", "student", "not a pupil of this course")
	}
	return seq, err
}

// Positioning is where a pupil stands in a course and a period, 1 to 4; 0
// where nothing says so. It is what a teacher set by hand, or what follows
// from the levels that the pupil can see, in the school's mode.
func (s *Service) Positioning(ctx context.Context, student, course, period string) (value int, byHand bool, err error) {
	b, err := s.book(ctx, course)
	if err != nil {
		return 0, false, err
	}
	value, byHand = b.positioning(student, period)
	return value, byHand, nil
}

func (b *book) positioning(student, period string) (value int, byHand bool) {
	if p, set := b.positions[pair(period, student)]; set {
		return p.Value, true
	}
	return average.Positioning(b.points(student, period), b.framework.Mode), false
}

// points are those of the levels of a pupil in a period, oldest first, each
// once: what an item weighs is for marks alone.
func (b *book) points(student, period string) []int {
	var all []int
	for _, id := range b.order {
		e := b.evaluations[id]
		if e.Period != period || !b.seen(e.PublishAt) {
			continue
		}
		a := b.masteries[pair(id, student)]
		for _, i := range e.Items {
			if l, given := b.framework.level(a.Values[i.Skill]); given {
				all = append(all, l.Points)
			}
		}
	}
	return all
}

// Positions are the positionings of the pupils of a course who have one.
func (s *Service) Positions(ctx context.Context, course, period string) (map[string]int, error) {
	b, err := s.book(ctx, course)
	if err != nil {
		return nil, err
	}
	all := map[string]int{}
	for _, student := range s.dir.Pupils(b.course.Audience) {
		if value, _ := b.positioning(student, period); value > 0 {
			all[student] = value
		}
	}
	return all, nil
}
