package agenda

import (
	"context"
	"slices"
	"time"

	"preau/api/attachment"
	psync "preau/sync"
)

// Events are forgotten so many days after they are over, those that were
// cancelled at once; what was taken out can be restored for a day.
const (
	keepDays   = 60
	undoLife   = 24 * time.Hour
	forgetLife = 60 * 24 * time.Hour
)

// forgotten is the payload of effectForget.
type forgotten struct {
	Event   string `json:"event"`
	Dropped bool   `json:"dropped,omitempty"`
	School  string `json:"school"`
}

// lapses is the moment from which an event is forgotten.
func (s *Service) lapses(school string, e Event) time.Time {
	day := e.last().AddDays(1)
	if !e.Cancelled {
		day = day.AddDays(keepDays)
	}
	at, _ := time.ParseInLocation(time.DateOnly, string(day), s.dir.Location(school))
	return at.UTC()
}

// forget erases an event whose day has come. One that was put off meanwhile
// has another day.
func (s *Service) forget(ctx context.Context, job *psync.Job) error {
	var f forgotten
	if err := job.Payload(&f); err != nil {
		return err
	}
	return job.Commit(ctx, job.Source(), func(ctx context.Context, tx *psync.Tx) error {
		typ := kindEvent
		if f.Dropped {
			typ = kindDropped
		}
		var e Event
		seq, err := tx.Get(ctx, typ, f.Event, &e)
		if err != nil || seq == 0 || !f.Dropped && tx.Now().Before(s.lapses(f.School, e)) {
			return err
		}
		tx.Delete(typ, f.Event)
		refer(tx, f.Event, f.School, e.By.ID, e, Event{})
		return nil
	})
}

// refer makes the files that an event gained readable in its scope, for who
// named them, and those that it lost no longer.
func refer(tx *psync.Tx, id, school, by string, before, after Event) {
	ref := attachment.Reference{School: school, By: by, Kind: kindEvent, ID: id, Scopes: []string{tx.Scope()}}
	gained := lacking(after.Files, before.Files)
	ref.Files, ref.Known = attachment.Names(gained), attachment.ReadyNames(gained)
	attachment.Refer(tx, ref)
	ref.Files, ref.Known = attachment.Names(lacking(before.Files, after.Files)), nil
	attachment.Release(tx, ref)
}

// lacking lists the files of a that b has not.
func lacking(a, b []attachment.File) []attachment.File {
	return slices.DeleteFunc(slices.Clone(a), func(f attachment.File) bool {
		return slices.ContainsFunc(b, func(k attachment.File) bool { return k.SHA == f.SHA })
	})
}

// arrived says of files of an event what they are, now that they are there.
func (s *Service) arrived(ctx context.Context, job *psync.Job, a attachment.Arrival) error {
	return job.Commit(ctx, a.Scope, func(ctx context.Context, tx *psync.Tx) error {
		var e Event
		seq, err := tx.Get(ctx, kindEvent, a.ID, &e)
		if err == nil && seq > 0 && attachment.Learn(e.Files, a.Files) {
			tx.Put(kindEvent, a.ID, e)
		}
		return err
	})
}
