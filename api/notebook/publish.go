package notebook

import (
	"context"
	"slices"

	"preau/api/attachment"
	psync "preau/sync"
)

// publication is the payload of effectPublish and effectTurn: an entry that
// changed, or whose moment has come.
type publication struct {
	Entry string `json:"entry"`
}

// follow says what must follow when an entry changes: it is shown or no longer,
// now and at its moment, and its teachers may open its files.
func (s *Service) follow(tx *psync.Tx, id string, before, after Entry) {
	tx.Effect(effectPublish, publication{id})
	if after.ShowAt.After(tx.Now()) && !after.ShowAt.Equal(before.ShowAt) {
		tx.EffectAt(effectTurn, publication{id}, after.ShowAt)
	}
	refer(tx, id, tx.Actor().School, tx.Actor().User, before, after)
}

// refer makes the files of an entry readable in the scope of this commit, and
// those that it no longer has, no longer.
func refer(tx *psync.Tx, id, school, by string, before, after Entry) {
	ref := attachment.Reference{School: school, By: by, Kind: kindEntry, ID: id, Scopes: []string{tx.Scope()}}
	ref.Files, ref.Known = attachment.Names(after.files()), attachment.ReadyNames(after.files())
	attachment.Refer(tx, ref)
	ref.Files, ref.Known = attachment.Names(without(before.files(), after.files())), nil
	attachment.Release(tx, ref)
}

func without(a, b []attachment.File) []attachment.File {
	return slices.DeleteFunc(slices.Clone(a), func(f attachment.File) bool {
		return slices.ContainsFunc(b, func(k attachment.File) bool { return k.SHA == f.SHA })
	})
}

// turn has an entry published when its moment has come, in the order of all that
// is published of its course.
func (s *Service) turn(ctx context.Context, job *psync.Job) error {
	var p publication
	if err := job.Payload(&p); err != nil {
		return err
	}
	return job.Commit(ctx, job.Source(), func(_ context.Context, tx *psync.Tx) error {
		tx.Effect(effectPublish, p)
		return nil
	})
}

// publish makes an entry for its class or group what it is by now.
func (s *Service) publish(ctx context.Context, job *psync.Job) error {
	var p publication
	if err := job.Payload(&p); err != nil {
		return err
	}
	course, known := s.dir.Course(psync.ScopeID(job.Source()))
	if !known {
		return nil
	}
	e, there, err := psync.Find[Entry](ctx, s.engine, job.Source(), "entry", p.Entry)
	if err != nil {
		return err
	}
	shown := there && !s.now().Before(e.ShowAt)
	return job.Commit(ctx, course.Audience, func(ctx context.Context, tx *psync.Tx) error {
		return place(ctx, tx, p.Entry, course.School, e, shown)
	})
}

// place shows an entry to an audience, or no longer.
func place(ctx context.Context, tx *psync.Tx, id, school string, e Entry, shown bool) error {
	var before Entry
	seq, err := tx.Get(ctx, "entry", id, &before)
	switch {
	case err != nil:
		return err
	case shown:
		tx.PutIfChanged("entry", id, e)
		refer(tx, id, school, e.Teacher.ID, before, e)
	case seq > 0:
		tx.Delete("entry", id)
		refer(tx, id, school, before.Teacher.ID, before, Entry{})
	}
	return nil
}

// arrived says of files of an entry what they are, now that they are there.
func (s *Service) arrived(ctx context.Context, job *psync.Job, a attachment.Arrival) error {
	return job.Commit(ctx, a.Scope, func(ctx context.Context, tx *psync.Tx) error {
		var e Entry
		seq, err := tx.Get(ctx, "entry", a.ID, &e)
		if err != nil || seq == 0 {
			return err
		}
		planned, done := attachment.Learn(e.Planned.Files, a.Files), attachment.Learn(e.Done.Files, a.Files)
		if planned || done {
			tx.Put("entry", a.ID, e)
		}
		return nil
	})
}
