package timetable

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"preau/api/directory"
	psync "preau/sync"
)

type placed struct {
	ID string `json:"id"`
	Slot
}

type slotArgs struct {
	Slots   []placed `json:"slots"`
	Despite bool     `json:"despite"`
}

// putSlots writes lessons of every week, all or none. What they would overlap
// refuses them, unless the person knows of it.
func (s *Service) putSlots(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.ArrangeTimetable, tx.Scope()); err != nil {
		return err
	}
	var args slotArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	if len(args.Slots) == 0 || len(args.Slots) > MaxSlots {
		return invalid("slots", "1 to %d", MaxSlots)
	}
	school := tx.Actor().School
	w, err := s.read(ctx, school, tx.List)
	if err != nil {
		return err
	}
	was := w.clone()
	for i, p := range args.Slots {
		if w.slots[p.ID], err = s.checkSlot(school, fmt.Sprintf("slots[%d].", i), p); err != nil {
			return err
		}
	}
	if !args.Despite {
		if err := s.refuseSlots(school, args.Slots, was, w); err != nil {
			return err
		}
	}
	var ids []string
	for _, p := range args.Slots {
		tx.PutIfChanged("slot", p.ID, w.slots[p.ID])
		ids = append(ids, p.ID)
	}
	follow(tx, ids, was.slots, w)
	return nil
}

func (s *Service) checkSlot(school, at string, p placed) (Slot, error) {
	if err := psync.CheckID(at+"id", p.ID); err != nil {
		return Slot{}, err
	}
	if p.Weekday < 1 || p.Weekday > 7 {
		return Slot{}, invalid(at+"weekday", "1 is Monday, 7 is Sunday")
	}
	return s.check(school, at, p.Slot)
}

// refuseSlots refuses slots that would overlap others, week after week, or one
// of the changed and extra lessons that are still to come.
func (s *Service) refuseSlots(school string, put []placed, was, w week) error {
	mine := map[string]bool{}
	for _, p := range put {
		if err := refuseOverlap(s.slotOverlaps(school, p.ID, w.slots[p.ID], w.slots)); err != nil {
			return err
		}
		mine[p.ID] = true
	}
	days := w.irregular(mine, s.dir.Today(school))
	return refuseOverlap(s.newOverlaps(school, was, w, days, func(l Lesson) bool { return mine[l.Slot] }))
}

type idsArgs struct {
	IDs     []string `json:"ids"`
	Despite bool     `json:"despite"`
}

func (a idsArgs) check() error {
	if len(a.IDs) == 0 || len(a.IDs) > MaxSlots {
		return invalid("ids", "1 to %d", MaxSlots)
	}
	return nil
}

// dropSlots takes lessons out of every week. Their changes stay for the case
// that they come back; nobody is shown them.
func (s *Service) dropSlots(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.ArrangeTimetable, tx.Scope()); err != nil {
		return err
	}
	var args idsArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	if err := args.check(); err != nil {
		return err
	}
	w, err := s.read(ctx, tx.Actor().School, tx.List)
	if err != nil {
		return err
	}
	before := maps.Clone(w.slots)
	for _, id := range args.IDs {
		if _, there := w.slots[id]; there {
			tx.Delete("slot", id)
			delete(w.slots, id)
		}
	}
	follow(tx, args.IDs, before, w)
	return nil
}

// follow says what must follow when slots change: they and their changes are
// carried to where they are and were to be read.
func follow(tx *psync.Tx, ids []string, before map[string]Slot, w week) {
	var p publication
	for _, id := range ids {
		was, is := before[id], w.slots[id]
		if was.Kind == "" && is.Kind == "" {
			continue
		}
		p.Slots = append(p.Slots, id)
		p.Scopes = union(p.Scopes, was.readers(), is.readers())
	}
	for id, c := range w.changes {
		if slices.Contains(p.Slots, c.Slot) {
			p.Changes = append(p.Changes, id)
			p.Scopes = union(p.Scopes, c.readers())
		}
	}
	slices.Sort(p.Changes)
	if len(p.Slots) > 0 {
		tx.Effect(effectPublish, p)
	}
}

// readers lists the scopes in which a slot is read, besides the timetable.
func (s Slot) readers() []string { return union(s.Audiences, mailboxes(s.Teachers)) }

// readers lists the scopes in which a change is read, besides those of its slot.
func (c Change) readers() []string {
	if c.Extra != nil {
		return union(c.Extra.readers(), mailboxes(c.Teachers))
	}
	return mailboxes(c.Teachers)
}

// mailboxes are the own scopes of people.
func mailboxes(people []directory.Named) []string {
	var all []string
	for _, p := range people {
		all = append(all, "user:"+p.ID)
	}
	return all
}

// ownerOf is whose own scope a scope is.
func ownerOf(scope string) (user string, own bool) { return strings.CutPrefix(scope, "user:") }
