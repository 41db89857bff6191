package timetable

import (
	"context"
	"slices"

	"preau/api/directory"
	psync "preau/sync"
)

// publication is the payload of effectPublish: slots and changes that moved,
// and the scopes in which they were or shall be.
type publication struct {
	Slots   []string `json:"slots,omitempty"`
	Changes []string `json:"changes,omitempty"`
	Scopes  []string `json:"scopes"`
}

// publish makes slots and changes in the scopes of their readers what they are
// in the timetable by now.
func (s *Service) publish(ctx context.Context, job *psync.Job) error {
	var p publication
	if err := job.Payload(&p); err != nil {
		return err
	}
	school := psync.ScopeID(job.Source())
	w, err := s.read(ctx, school, s.stored(school))
	if err != nil {
		return err
	}
	for _, scope := range p.Scopes {
		err := job.Commit(ctx, scope, func(ctx context.Context, tx *psync.Tx) error { return w.place(ctx, tx, p) })
		if err != nil {
			return err
		}
	}
	return nil
}

// place writes or deletes what moved in one scope.
func (w week) place(ctx context.Context, tx *psync.Tx, p publication) error {
	for _, id := range p.Slots {
		slot, there := w.slots[id]
		if err := put(ctx, tx, "slot", id, slot, there && w.isRead(id, slot, tx.Scope())); err != nil {
			return err
		}
	}
	for _, id := range p.Changes {
		c, there := w.changes[id]
		if err := put(ctx, tx, "change", id, c, there && w.isReadChange(c, tx.Scope())); err != nil {
			return err
		}
	}
	return nil
}

func put(ctx context.Context, tx *psync.Tx, typ, id string, v any, here bool) error {
	if here {
		tx.PutIfChanged(typ, id, v)
		return nil
	}
	seq, err := tx.Get(ctx, typ, id, nil)
	if err == nil && seq > 0 {
		tx.Delete(typ, id)
	}
	return err
}

// isRead says whether a slot belongs into a scope: that of its audience or of
// who holds it, and that of a substitute, who needs it for the one day.
func (w week) isRead(id string, slot Slot, scope string) bool {
	if slices.Contains(slot.readers(), scope) {
		return true
	}
	user, own := ownerOf(scope)
	if !own {
		return false
	}
	for _, c := range w.changes {
		if c.Slot == id && names(c.Teachers, user) {
			return true
		}
	}
	return false
}

func (w week) isReadChange(c Change, scope string) bool {
	if slices.Contains(c.readers(), scope) {
		return true
	}
	slot, known := w.slots[c.Slot]
	return known && slices.Contains(slot.readers(), scope)
}

func names(people []directory.Named, user string) bool {
	return slices.ContainsFunc(people, func(n directory.Named) bool { return n.ID == user })
}

// publishCalendar shows everybody when there is school.
func (s *Service) publishCalendar(ctx context.Context, job *psync.Job) error {
	school := psync.ScopeID(job.Source())
	w, err := s.read(ctx, school, s.stored(school))
	if err != nil {
		return err
	}
	return job.Commit(ctx, "school:"+school, func(_ context.Context, tx *psync.Tx) error {
		tx.PutIfChanged("calendar", "calendar", w.calendar)
		return nil
	})
}
