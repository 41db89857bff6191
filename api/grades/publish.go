package grades

import (
	"context"
	"time"

	"preau/api/directory"
	psync "preau/sync"
)

// Wish is from when a teacher wants something to be seen, as times of devices.
type Wish struct {
	// At is when the pupils see it; empty: now, or at the hour of the school.
	At string `json:"at"`
	// GuardiansAt is when the guardians do; empty: after the school's delay.
	GuardiansAt string `json:"guardiansAt"`
}

type publishArgs struct {
	ID string `json:"id"`
	Wish
}

// publish sets from when an assessment is seen. What pupils see already stays
// seen since when it is.
func (g *Gradebook) publish(ctx context.Context, tx *psync.Tx) error {
	var args publishArgs
	course, err := g.begin(tx, &args)
	if err != nil {
		return err
	}
	a, _, err := current(ctx, tx, "id", args.ID)
	if err != nil {
		return err
	}
	policy, err := g.writable(ctx, course, a)
	if err != nil {
		return err
	}
	at, guardians, err := args.Moments(a.Date, a.PublishAt, tx.Now(), policy, g.dir.Location(course.School))
	if err != nil {
		return err
	}
	a.PublishAt, a.GuardiansAt = at, guardians
	tx.PutIfChanged("assessment", args.ID, a)
	g.schedule(tx, at, guardians)
	return nil
}

// Moments are the two dates of a publication of something of a day; before is
// when it was to be seen until now. What lies in the past is now, and what is
// seen already stays seen since then.
func (w Wish) Moments(day directory.Date, before, now time.Time, p Policy, local *time.Location) (at, guardians time.Time, err error) {
	if at, guardians, err = w.parse(now.UTC().Truncate(time.Second), p, local); err != nil {
		return at, guardians, err
	}
	if !before.IsZero() && !before.After(now) {
		at = before
	}
	return at, guardians, checkMoments(day, at, guardians, now, local)
}

func (w Wish) parse(now time.Time, p Policy, local *time.Location) (at, guardians time.Time, err error) {
	at = p.nextHour(now, local)
	if w.At != "" {
		if at, err = parseTime("at", w.At); err != nil {
			return at, at, err
		}
	}
	if at.Before(now) {
		at = now
	}
	guardians = at.Add(time.Duration(p.Delay) * time.Minute)
	if w.GuardiansAt != "" {
		guardians, err = parseTime("guardiansAt", w.GuardiansAt)
	}
	if w.GuardiansAt != "" && guardians.Before(now) {
		guardians = now
	}
	return at, guardians, err
}

func checkMoments(day directory.Date, at, guardians, now time.Time, local *time.Location) error {
	switch {
	case directory.DateOf(at.In(local)) < day:
		return psync.Refuse("too_early", "at", "before the day of the assessment")
	case guardians.Before(at):
		return invalid("guardiansAt", "before the pupils")
	case at.After(now.Add(maxAhead)):
		return invalid("at", "too far ahead")
	case guardians.After(now.Add(maxAhead)):
		return invalid("guardiansAt", "too far ahead")
	}
	return nil
}

// schedule carries what is due now, and on the dates to come.
func (g *Gradebook) schedule(tx *psync.Tx, moments ...time.Time) {
	g.carryAll(tx)
	for i, at := range moments {
		if at.After(tx.Now()) && (i == 0 || !at.Equal(moments[0])) {
			tx.EffectAt(effectAppear, struct{}{}, at)
		}
	}
}

// hide takes a publication back: what was seen is seen no more.
func (g *Gradebook) hide(ctx context.Context, tx *psync.Tx) error {
	var args assessmentArgs
	course, err := g.begin(tx, &args)
	if err != nil {
		return err
	}
	a, _, err := current(ctx, tx, "id", args.ID)
	if err != nil {
		return err
	}
	if err := g.checkOpen(ctx, course, a.Period); err != nil {
		return err
	}
	if a.PublishAt.IsZero() {
		return nil
	}
	a.PublishAt, a.GuardiansAt = time.Time{}, time.Time{}
	tx.Put("assessment", args.ID, a)
	g.carryAll(tx)
	return nil
}

// appear asks, on a date of a publication, for what is seen from then on to
// be carried in its turn.
func (g *Gradebook) appear(ctx context.Context, job *psync.Job) error {
	return job.Commit(ctx, job.Source(), func(_ context.Context, tx *psync.Tx) error {
		g.carryAll(tx)
		return nil
	})
}
