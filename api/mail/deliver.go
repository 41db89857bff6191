package mail

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"preau/api/attachment"
	"preau/api/notify"
	"preau/storage"
	psync "preau/sync"
)

// deliverAtOnce is how many mailboxes are written to side by side: the store
// shares the price of a sync between them.
const deliverAtOnce = 16

// deliver lays an entry into the mailbox of every reader.
func (s *Service) deliver(ctx context.Context, job *psync.Job) error {
	var d delivery
	if err := job.Payload(&d); err != nil {
		return err
	}
	author := authorOf(job.Source())
	posts, err := s.posts(ctx, author, d.ID)
	if err != nil {
		return err
	}
	p, there := posts[d.ID]
	if !there {
		return nil
	}
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(deliverAtOnce)
	for _, reader := range slices.Concat(p.Readers, p.Hidden) {
		all.Go(func() error { return s.lay(ctx, job, reader, d, p) })
	}
	if err := all.Wait(); err != nil {
		return fmt.Errorf("deliver %s of %s: %w", d.ID, author, err)
	}
	return nil
}

// lay puts a message into a mailbox, or says that it has changed; with a new
// one a discussion comes back from the bin. Authors choose ids: one that stands
// for a message of somebody else stays what it is.
func (s *Service) lay(ctx context.Context, job *psync.Job, reader string, d delivery, p post) error {
	id, author := d.ID, p.From.ID
	return job.Commit(ctx, userScope(reader), func(ctx context.Context, tx *psync.Tx) error {
		var there entry
		known, err := tx.Get(ctx, "message", id, &there)
		if err != nil {
			return err
		}
		if known > 0 && there.by() != author {
			s.log.WarnContext(ctx, "a message under the id of another is not delivered", "author", author, "reader", reader, "id", id)
			notLaid(tx, d, p)
			return nil
		}
		if known == 0 && (d.Again || p.Recalled) {
			notLaid(tx, d, p)
			return nil
		}
		tx.Put("message", id, newEntry(id, p))
		if known > 0 {
			return nil
		}
		var t Thread
		seq, err := tx.Get(ctx, "thread", p.Discussion, &t)
		if err == nil && seq > 0 {
			tx.PutIfChanged("thread", p.Discussion, t.reached(p, tx.Now()))
		}
		return cmp.Or(err, s.ring(ctx, tx, author, id, p))
	})
}

// notLaid says that a mailbox will never have a message.
func notLaid(tx *psync.Tx, d delivery, p post) {
	if !d.Again {
		tx.Effect(effectLetGo, letting{Author: p.From.ID, Messages: []string{d.ID}})
	}
}

// retell says to all who have a message that it is another now. Whoever deleted
// it does not get it again.
func (s *Service) retell(ctx context.Context, tx *psync.Tx, id string, p post) error {
	putPost(tx, id, p)
	tx.Effect(effectDeliver, delivery{ID: id, Again: true})
	return s.touch(ctx, tx, id, p)
}

// touch has the devices of an author read their message anew.
func (s *Service) touch(ctx context.Context, tx *psync.Tx, id string, p post) error {
	seq, err := tx.Get(ctx, "message", id, nil)
	if err == nil && seq > 0 {
		tx.Put("message", id, newEntry(id, p))
	}
	return err
}

// joinMessages gives devices the messages that entries of a mailbox name.
func (s *Service) joinMessages(ctx context.Context, scope string, stored []storage.Record) ([]json.RawMessage, error) {
	user := psync.ScopeID(scope)
	entries := make([]entry, len(stored))
	wanted := map[string][]string{}
	for i, r := range stored {
		e, err := decode[entry](r.Value)
		if err != nil || len(e) == 0 {
			return nil, fmt.Errorf("entry %s: %s", r.ID, r.Value)
		}
		entries[i] = e
		wanted[e.by()] = append(wanted[e.by()], r.ID)
	}
	found := map[string]map[string]post{}
	for author, ids := range wanted {
		posts, err := s.posts(ctx, author, ids...)
		if err != nil {
			return nil, err
		}
		found[author] = posts
	}
	values := make([]json.RawMessage, len(stored))
	for i, r := range stored {
		p, there := found[entries[i].by()][r.ID]
		raw, err := json.Marshal(p.seenBy(user, there))
		if err != nil {
			return nil, fmt.Errorf("message %s: %w", r.ID, err)
		}
		values[i] = raw
	}
	return values, nil
}

// seenBy is what one reader gets of a message; nothing to read if it was taken
// back.
func (p post) seenBy(user string, there bool) Message {
	m := p.as(user)
	if m.Recalled || !there {
		m.Body, m.Files, m.Quotes, m.Recalled, m.Due = Body{}, nil, nil, true, time.Time{}
	}
	if m.Moderated {
		m.Subject = ""
	}
	return m
}

// as is a message with what one of those who have it may know of it: who got a
// blind copy is for its author to know.
func (p post) as(user string) Message {
	m := p.Message
	if m.From.ID != user {
		m.Bcc, m.Refused, m.Returned = nil, nil, nil
		m.Blind = slices.Contains(p.Hidden, user)
	}
	return m
}

// filesArrived notes in a message what became of its files, and tells all who
// got it.
func (s *Service) filesArrived(ctx context.Context, job *psync.Job, a attachment.Arrival) error {
	return job.Commit(ctx, a.Scope, func(ctx context.Context, tx *psync.Tx) error {
		p, there, err := postIn(ctx, tx, a.ID)
		waited := slices.ContainsFunc(p.Files, awaited)
		if err != nil || !there || !attachment.Learn(p.Files, a.Files) {
			return err
		}
		if waited {
			sendOut(tx, a.ID, p) // unless others are awaited still
		}
		if !p.Recalled && p.Due.IsZero() && len(attachment.ReadyNames(a.Files)) > 0 {
			s.refer(tx, a.ID, p) // of what was awaited one batch of mailboxes is remembered
		}
		for _, f := range attachment.Refused(p.Files, a.Files) {
			if _, _, out := outsideOf(p.From.ID); out {
				break // nobody of the school sent it
			}
			notify.Notify(tx, a.By, notify.FileRefused(a.ID, "/messages/lire/"+p.Discussion, f.SHA, f.Name, f.Problem))
		}
		return s.retell(ctx, tx, a.ID, p)
	})
}
