package agenda

import (
	"context"
	"slices"
	"strings"
	"time"

	"preau/api/attachment"
	"preau/api/directory"
	psync "preau/sync"
)

// may refuses whoever may not put events into the scope. With an event of
// somebody else's they need the right to change those too.
func (s *Service) may(tx *psync.Tx, theirs ...Event) error {
	kind, _, _ := strings.Cut(tx.Scope(), ":")
	need := rights[kind]
	if err := s.dir.May(tx.Actor(), need.write, tx.Scope()); err != nil {
		return err
	}
	for _, e := range theirs {
		if e.By.ID != tx.Actor().User {
			return s.dir.May(tx.Actor(), need.tidy, tx.Scope())
		}
	}
	return nil
}

// put writes an event, whole. It is refused with "conflict" when somebody else
// wrote it since the person saw it.
func (s *Service) put(ctx context.Context, tx *psync.Tx) error {
	var args putArgs
	if err := s.may(tx); err != nil {
		return err
	}
	if err := tx.Args(&args); err != nil {
		return err
	}
	e, err := s.newEvent(tx, args)
	if err != nil {
		return err
	}
	if e.Files, err = s.files.Complete(ctx, tx.Actor().User, e.Files); err != nil {
		return err
	}
	var before Event
	seq, err := tx.Get(ctx, kindEvent, args.ID, &before)
	if err != nil {
		return err
	}
	if seq == 0 {
		return s.add(ctx, tx, args.ID, e)
	}
	if err := s.may(tx, before); err != nil {
		return err
	}
	if err := tx.CheckBase(seq, before); err != nil {
		return err
	}
	s.change(tx, args.ID, before, e)
	return nil
}

func (s *Service) add(ctx context.Context, tx *psync.Tx, id string, e Event) error {
	there, err := tx.List(ctx, kindEvent)
	if err != nil {
		return err
	}
	if len(there) >= MaxEvents {
		return psync.Refuse("too_many", "", "at most %d events", MaxEvents)
	}
	tx.Delete(kindDropped, id)
	s.store(tx, id, tx.Actor().User, Event{}, e)
	s.announce(tx, news{Event: id, Kind: newsAdded, At: e.Made})
	return nil
}

// change puts an event in place of another: what its author and its
// cancellations were, stays.
func (s *Service) change(tx *psync.Tx, id string, before, e Event) {
	e.By, e.Made, e.Changed, e.Cancelled = before.By, before.Made, before.Changed, before.Cancelled
	for _, day := range before.Off {
		if e.begins(day) && !slices.Contains(e.Except, day) {
			e.Off = append(e.Off, day)
		}
	}
	for i, f := range e.Files { // what is known of a file of somebody else's stays known
		if at := slices.IndexFunc(before.Files, func(k attachment.File) bool { return k.SHA == f.SHA }); at >= 0 {
			e.Files[i] = before.Files[at]
		}
	}
	moved := e.Start != before.Start || e.End != before.End || e.Until != before.Until || e.Place != before.Place
	if moved && !e.Cancelled {
		e = s.tell(tx, id, newsMoved, "", before, e)
	}
	s.store(tx, id, tx.Actor().User, before, e)
}

type cancelArgs struct {
	ID        string         `json:"id"`
	Day       directory.Date `json:"day"` // of an event of every week; none: all of it
	Cancelled bool           `json:"cancelled"`
}

// cancel says that an event is not, or that it is after all; or one day of an
// event of every week.
func (s *Service) cancel(ctx context.Context, tx *psync.Tx) error {
	var args cancelArgs
	before, err := s.named(ctx, tx, &args, &args.ID)
	if err != nil {
		return err
	}
	if args.Day != "" && !slices.Contains(before.days(), args.Day) || args.Day != "" && before.Until == "" {
		return invalid("day", "not a day of it")
	}
	e := before
	if args.Day == "" {
		e.Cancelled = args.Cancelled
	} else {
		e.Off = without(before.Off, args.Day)
		if args.Cancelled {
			e.Off = append(e.Off, args.Day)
			slices.Sort(e.Off)
		}
	}
	if e.Cancelled == before.Cancelled && slices.Equal(e.Off, before.Off) {
		return nil
	}
	kind := newsRestored
	if args.Cancelled {
		kind = newsCancelled
	}
	e = s.tell(tx, args.ID, kind, args.Day, before, e)
	s.store(tx, args.ID, tx.Actor().User, before, e)
	return nil
}

// named reads the arguments of an act on one event, and the event, if the
// person may change it.
func (s *Service) named(ctx context.Context, tx *psync.Tx, args any, id *string) (e Event, err error) {
	if err := s.may(tx); err != nil {
		return e, err
	}
	if err := tx.Args(args); err != nil {
		return e, err
	}
	if err := psync.CheckID("id", *id); err != nil {
		return e, err
	}
	seq, err := tx.Get(ctx, kindEvent, *id, &e)
	if err != nil {
		return e, err
	}
	if seq == 0 {
		return e, psync.Refuse("not_found", "id", "no such event")
	}
	return e, s.may(tx, e)
}

type idArgs struct {
	ID string `json:"id"`
}

// remove takes an event out. For a day it can be restored.
func (s *Service) remove(ctx context.Context, tx *psync.Tx) error {
	var args idArgs
	e, err := s.named(ctx, tx, &args, &args.ID)
	if err != nil {
		return err
	}
	tx.Delete(kindEvent, args.ID)
	tx.Put(kindDropped, args.ID, e)
	tx.EffectAt(effectForget, forgotten{Event: args.ID, Dropped: true, School: tx.Actor().School}, tx.Now().Add(undoLife))
	refer(tx, args.ID, tx.Actor().School, e.By.ID, e, Event{})
	if !e.Cancelled && tx.Now().Sub(e.Made) > undoTime {
		s.announce(tx, news{Event: args.ID, Kind: newsCancelled, Gone: &e})
	}
	return nil
}

// restore undoes a removal; twice is no error.
func (s *Service) restore(ctx context.Context, tx *psync.Tx) error {
	var args idArgs
	if err := s.may(tx); err != nil {
		return err
	}
	if err := tx.Args(&args); err != nil {
		return err
	}
	if err := psync.CheckID("id", args.ID); err != nil {
		return err
	}
	if seq, err := tx.Get(ctx, kindEvent, args.ID, nil); seq > 0 || err != nil {
		return err
	}
	var e Event
	seq, err := tx.Get(ctx, kindDropped, args.ID, &e)
	if err != nil {
		return err
	}
	if seq == 0 {
		return psync.Refuse("not_found", "id", "no such event")
	}
	if err := s.may(tx, e); err != nil {
		return err
	}
	tx.Delete(kindDropped, args.ID)
	s.store(tx, args.ID, e.By.ID, Event{}, e)
	return nil
}

// store writes an event; the files that somebody named in it become readable to
// the scope, and the day comes on which it is forgotten.
func (s *Service) store(tx *psync.Tx, id, by string, before, e Event) {
	school := tx.Actor().School
	e.At = tx.Now().UTC().Truncate(time.Second)
	tx.Put(kindEvent, id, e)
	refer(tx, id, school, by, before, e)
	if due := s.lapses(school, e); before.Start == "" || !due.Equal(s.lapses(school, before)) {
		tx.EffectAt(effectForget, forgotten{Event: id, School: school}, due)
	}
}

func without(days []directory.Date, day directory.Date) []directory.Date {
	return slices.DeleteFunc(slices.Clone(days), func(d directory.Date) bool { return d == day })
}
