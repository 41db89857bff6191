package information

import (
	"context"
	"slices"
	"time"

	"preau/api/attachment"
	"preau/api/body"
	"preau/api/directory"
	psync "preau/sync"
)

type publishArgs struct {
	ID string `json:"id"`
	Content
}

// begin checks the right to write informations and reads the arguments.
func (s *Service) begin(tx *psync.Tx, args any) error {
	if err := s.dir.May(tx.Actor(), directory.Inform, tx.Scope()); err != nil {
		return err
	}
	return tx.Args(args)
}

// publish sends an information to its readers, from its first day on. One that
// is there already stays what it is.
func (s *Service) publish(ctx context.Context, tx *psync.Tx) error {
	var args publishArgs
	if err := s.begin(tx, &args); err != nil {
		return err
	}
	if err := psync.CheckID("id", args.ID); err != nil {
		return err
	}
	if seq, err := tx.Get(ctx, "broadcast", args.ID, nil); seq > 0 || err != nil {
		return err
	}
	a := tx.Actor()
	if err := args.check(s.dir.Today(a.School)); err != nil {
		return err
	}
	if err := s.mayReach(a, args.Audience); err != nil {
		return err
	}
	b := Broadcast{Content: args.Content, School: a.School, By: s.dir.Named(a.User), At: acted(tx)}
	if b.PerChild && !slices.ContainsFunc(b.Audience, func(t Target) bool { return slices.Contains(t.Roles, Guardians) }) {
		return invalid("perChild", "no guardian is asked")
	}
	if err := s.complete(ctx, tx, &b); err != nil {
		return err
	}
	if b.People = len(s.readers(b)); b.People == 0 {
		return psync.Refuse("invalid", "audience", "nobody is there to read it")
	}
	tx.Put("broadcast", args.ID, b)
	s.schedule(tx, args.ID, Broadcast{}, b)
	attachment.Refer(tx, b.reference(args.ID, tx.Scope()))
	return nil
}

// complete says of files that are there already what they are.
func (s *Service) complete(ctx context.Context, tx *psync.Tx, b *Broadcast) (err error) {
	b.Files, err = s.files.Complete(ctx, tx.Actor().User, b.Files)
	return err
}

// reference names the files of an information for readers of scopes.
func (b Broadcast) reference(id string, scopes ...string) attachment.Reference {
	return attachment.Reference{
		School: b.School, By: b.By.ID, Kind: kind, ID: id, Scopes: scopes,
		Files: attachment.Names(b.Files), Known: attachment.ReadyNames(b.Files),
	}
}

// turning is the payload of effectTurn: what is asked for when its date has
// come.
type turning struct {
	Effect string `json:"effect"`
	ID     string `json:"id"`
}

// kept is for how long after its last day readers keep an information.
const kept = 60 * 24 * time.Hour

// schedule says what must follow from the days of an information, which were
// others before: it is laid out, its last answers are counted, it is forgotten.
func (s *Service) schedule(tx *psync.Tx, id string, before, b Broadcast) {
	if starts := s.starts(b); starts.After(tx.Now()) {
		tx.EffectAt(effectTurn, turning{effectDeliver, id}, starts)
	} else {
		tx.Effect(effectDeliver, about{id})
	}
	if b.Until == before.Until {
		return
	}
	if b.Anonymous {
		tx.EffectAt(effectTurn, turning{effectMix, id}, s.ends(b))
	}
	tx.EffectAt(effectTurn, turning{effectForget, id}, s.ends(b).Add(kept))
}

// turn asks for what is due, in the order of all that an author does.
func (s *Service) turn(ctx context.Context, job *psync.Job) error {
	var t turning
	if err := job.Payload(&t); err != nil {
		return err
	}
	return job.Commit(ctx, job.Source(), func(_ context.Context, tx *psync.Tx) error {
		tx.Effect(t.Effect, about{t.ID})
		return nil
	})
}

// own reads an information that its author is about to change.
func (s *Service) own(ctx context.Context, tx *psync.Tx, id string) (b Broadcast, seq int64, err error) {
	if err := psync.CheckID("id", id); err != nil {
		return b, 0, err
	}
	seq, err = tx.Get(ctx, "broadcast", id, &b)
	switch {
	case err != nil:
		return b, 0, err
	case seq == 0:
		return b, 0, psync.Refuse("not_found", "id", "no such information")
	case b.Withdrawn != nil:
		return b, 0, psync.Refuse("withdrawn", "id", "it was withdrawn")
	case !tx.Now().Before(s.ends(b)):
		return b, 0, psync.Refuse("over", "id", "it is shown no more")
	}
	return b, seq, nil
}

// correct changes what an information says and until when it is shown. Whom it
// is for, and what it asks, stays: people have read and answered it.
func (s *Service) correct(ctx context.Context, tx *psync.Tx) error {
	var args struct {
		ID       string            `json:"id"`
		Title    string            `json:"title"`
		Category string            `json:"category"`
		Body     body.Text         `json:"body"`
		Files    []attachment.File `json:"files"`
		Until    directory.Date    `json:"until"`
	}
	if err := s.begin(tx, &args); err != nil {
		return err
	}
	before, seq, err := s.own(ctx, tx, args.ID)
	if err != nil {
		return err
	}
	if err := tx.CheckBase(seq, before); err != nil {
		return err
	}
	b := before
	b.Title, b.Category, b.Body, b.Files, b.Until = args.Title, args.Category, args.Body, args.Files, args.Until
	if err := b.check(s.dir.Today(b.School)); err != nil {
		return err
	}
	if err := s.complete(ctx, tx, &b); err != nil {
		return err
	}
	at := acted(tx)
	b.Corrected = &at
	tx.Put("broadcast", args.ID, b)
	s.retell(tx, args.ID, before, b)
	return nil
}

// retell says what follows from a correction: readers get it anew, with its
// files and without those that it had.
func (s *Service) retell(tx *psync.Tx, id string, before, b Broadcast) {
	s.schedule(tx, id, before, b)
	old := before
	old.Files = slices.DeleteFunc(slices.Clone(before.Files), func(f attachment.File) bool {
		return slices.ContainsFunc(b.Files, func(k attachment.File) bool { return k.SHA == f.SHA })
	})
	attachment.Refer(tx, b.reference(id, tx.Scope()))
	attachment.Release(tx, old.reference(id, tx.Scope()))
	for part := range b.Parts {
		tx.Effect(effectLay, laying{ID: id, Part: part, Release: attachment.Names(old.Files), Again: true})
	}
}

// withdraw takes an information back from everybody; its author keeps it.
func (s *Service) withdraw(ctx context.Context, tx *psync.Tx) error {
	var args about
	if err := s.begin(tx, &args); err != nil {
		return err
	}
	b, _, err := s.own(ctx, tx, args.ID)
	if err != nil {
		return err
	}
	at := acted(tx)
	b.Withdrawn = &at
	tx.Put("broadcast", args.ID, b)
	for part := range b.Parts {
		tx.Effect(effectLay, laying{ID: args.ID, Part: part, Again: true})
	}
	tx.EffectAt(effectTurn, turning{effectForget, args.ID}, tx.Now().Add(kept))
	return nil
}

// remindEvery is how long readers are left alone after a reminder.
const remindEvery = 3 * 24 * time.Hour

// remind tells those who have not acknowledged or answered that they are asked
// to. Who that is, each reader's own scope knows.
func (s *Service) remind(ctx context.Context, tx *psync.Tx) error {
	var args about
	if err := s.begin(tx, &args); err != nil {
		return err
	}
	b, _, err := s.own(ctx, tx, args.ID)
	switch {
	case err != nil:
		return err
	case !b.Acknowledge && len(b.Questions) == 0:
		return invalid("id", "nothing is asked for")
	case tx.Now().Before(s.starts(b)):
		return psync.Refuse("too_early", "id", "nobody has it yet")
	case b.Reminded != nil && tx.Now().Before(b.Reminded.Add(remindEvery)):
		return psync.Refuse("too_soon", "id", "once in three days")
	}
	now := tx.Now().UTC().Truncate(time.Second)
	b.Reminded = &now
	tx.Put("broadcast", args.ID, b)
	for part := range b.Parts {
		tx.Effect(effectNudge, laying{ID: args.ID, Part: part})
	}
	return nil
}

// arrived says of files of an information what they are, now that they are
// there, to its author and to its readers.
func (s *Service) arrived(ctx context.Context, job *psync.Job, a attachment.Arrival) error {
	return job.Commit(ctx, a.Scope, func(ctx context.Context, tx *psync.Tx) error {
		var b Broadcast
		seq, err := tx.Get(ctx, "broadcast", a.ID, &b)
		if err != nil || seq == 0 || !attachment.Learn(b.Files, a.Files) {
			return err
		}
		tx.Put("broadcast", a.ID, b)
		for part := range b.Parts {
			tx.Effect(effectLay, laying{ID: a.ID, Part: part, Again: true})
		}
		return nil
	})
}
