package transfer

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"preau/api/notify"
	"preau/storage"
	psync "preau/sync"
)

// Payloads of effects, and records that no device sees.
type (
	ended struct {
		ID string `json:"id"`
	}
	opened struct {
		ID     string `json:"id"`
		Secret string `json:"secret"`
		Owner  string `json:"owner"`
		From   int    `json:"from"`
		Parts  []Part `json:"parts"`
	}
	erased struct {
		ID     string `json:"id"`
		Secret string `json:"secret"`
	}
	taken struct {
		ID    string `json:"id"`
		Bytes int64  `json:"bytes"`
	}
	roomTaken struct {
		Bytes int64 `json:"bytes"`
		Epoch int64 `json:"epoch,omitempty"` // of the store, when this was written
	}
	linked struct { // without an owner: it has ended, and does not come back
		Owner string `json:"owner"`
		ID    string `json:"id"`
	}
	swept struct {
		ID   string `json:"id"`
		Last bool   `json:"last,omitempty"`
	}
	scanned struct {
		Part string `json:"part"`
	}
	seen struct {
		Owner string    `json:"owner"`
		At    time.Time `json:"at"`
	}
)

// link makes the parts of a transfer and its link, unless it has ended by now or
// its id is somebody else's.
func (s *Service) link(ctx context.Context, job *psync.Job) error {
	var o opened
	if err := job.Payload(&o); err != nil {
		return err
	}
	err := job.Commit(ctx, scopeOf(o.ID), func(ctx context.Context, tx *psync.Tx) error { return takeIn(ctx, tx, o) })
	if err != nil {
		return err
	}
	l, _, err := psync.Find[linked](ctx, s.engine, scopeOf(o.ID), kindLink, kindLink)
	if err != nil || l.Owner != o.Owner {
		return err
	}
	return job.Commit(ctx, "link:"+digest(o.Secret), func(ctx context.Context, tx *psync.Tx) error {
		seq, err := tx.Get(ctx, kindLink, kindLink, nil)
		if err == nil && seq == 0 { // whoever had a secret first keeps it
			tx.Put(kindLink, kindLink, linked{o.Owner, o.ID})
		}
		return err
	})
}

// takeIn makes the parts of a transfer. Whoever had its id first keeps it.
func takeIn(ctx context.Context, tx *psync.Tx, o opened) error {
	var l linked
	seq, err := tx.Get(ctx, kindLink, kindLink, &l)
	if err != nil || seq > 0 && l.Owner != o.Owner {
		return err
	}
	tx.PutIfChanged(kindLink, kindLink, linked{o.Owner, o.ID})
	for i, p := range o.Parts {
		tx.Put(kindPart, partID(o.From+i), p)
	}
	if slices.ContainsFunc(o.Parts, func(p Part) bool { return p.State == Ready }) {
		tx.Effect(effectCount, seen{Owner: o.Owner})
	}
	return nil
}

// partID orders parts as they were named.
func partID(n int) string { return fmt.Sprintf("%04d", n) }

// room counts what a school's transfers take.
func (s *Service) room(ctx context.Context, job *psync.Job) error {
	var t taken
	if err := job.Payload(&t); err != nil {
		return err
	}
	school := s.Directory.SchoolOf(psync.ScopeID(job.Source()))
	return job.Commit(ctx, roomScope(school), func(ctx context.Context, tx *psync.Tx) error {
		var r roomTaken
		if _, err := tx.Get(ctx, kindRoom, kindRoom, &r); err != nil {
			return err
		}
		tx.Put(kindRoom, kindRoom, roomTaken{max(0, r.Bytes+t.Bytes), s.epoch})
		return nil
	})
}

// expire ends a transfer whose time has come. One that was extended has another
// end; a clock that was set back, or another node's, may say that it is early.
func (s *Service) expire(ctx context.Context, job *psync.Job) error {
	var e ended
	if err := job.Payload(&e); err != nil {
		return err
	}
	return job.Commit(ctx, job.Source(), func(ctx context.Context, tx *psync.Tx) error {
		var t Transfer
		seq, err := tx.Get(ctx, kindTransfer, e.ID, &t)
		switch {
		case err != nil || seq == 0:
			return err
		case tx.Now().Before(t.Until):
			tx.EffectAt(effectExpire, e, t.Until)
		default:
			end(tx, e.ID, t)
		}
		return nil
	})
}

// shut takes the link of a transfer that has ended away, for good. It comes
// after all that named files, in order; the bytes are deleted by an effect that
// may wait for its store and holds up nothing else.
func (s *Service) shut(ctx context.Context, job *psync.Job) error {
	var e erased
	if err := job.Payload(&e); err != nil {
		return err
	}
	mine := linked{Owner: psync.ScopeID(job.Source()), ID: e.ID}
	err := job.Commit(ctx, "link:"+digest(e.Secret), func(ctx context.Context, tx *psync.Tx) error {
		_, err := unlink(ctx, tx, mine)
		return err
	})
	if err != nil {
		return err
	}
	return job.Commit(ctx, scopeOf(e.ID), func(ctx context.Context, tx *psync.Tx) error {
		was, err := unlink(ctx, tx, mine) // nothing is taken in from here on
		if was {
			tx.Effect(effectErase, swept{ID: e.ID})
		}
		return err
	})
}

// unlink ends a link if it is the one; its place stays taken.
func unlink(ctx context.Context, tx *psync.Tx, mine linked) (was bool, err error) {
	var l linked
	_, err = tx.Get(ctx, kindLink, kindLink, &l)
	if err != nil || l != mine {
		return false, err
	}
	tx.Put(kindLink, kindLink, linked{})
	return true, nil
}

// stragglers is how long after an end bytes may still come to rest: a file that
// was being taken in, maybe by a node that was killed.
const stragglers = 24 * time.Hour

// erase deletes the bytes of a transfer that has ended, then what was known of
// them, and looks again a day later.
func (s *Service) erase(ctx context.Context, job *psync.Job) error {
	var e swept
	if err := job.Payload(&e); err != nil {
		return err
	}
	if err := s.eraseBytes(ctx, e.ID); err != nil {
		return err
	}
	parts, err := s.parts(ctx, e.ID)
	if err != nil {
		return err
	}
	return job.Commit(ctx, scopeOf(e.ID), func(_ context.Context, tx *psync.Tx) error {
		for id := range parts {
			tx.Delete(kindPart, id)
		}
		if !e.Last {
			tx.EffectAt(effectErase, swept{ID: e.ID, Last: true}, tx.Now().Add(stragglers))
		}
		return nil
	})
}

func (s *Service) eraseBytes(ctx context.Context, id string) error {
	var keys []string
	err := s.Blobs.List(ctx, blobKey(id, ""), func(b storage.Blob) bool {
		keys = append(keys, b.Key)
		return true
	})
	for _, key := range keys {
		err = errors.Join(err, s.Blobs.Delete(ctx, key))
	}
	if err != nil {
		return fmt.Errorf("delete the files of %s: %w", id, err)
	}
	return nil
}

// blobKey names the bytes of a part. Ids have capitals, keys have none.
func blobKey(id, part string) string {
	return Files + hex.EncodeToString([]byte(id)) + "/" + part
}

// parts reads the files of a transfer by their ids.
func (s *Service) parts(ctx context.Context, id string) (map[string]Part, error) {
	recs, err := s.engine.Find(ctx, scopeOf(id), storage.Key{Type: kindPart})
	if err != nil {
		return nil, fmt.Errorf("parts of %s: %w", id, err)
	}
	all := make(map[string]Part, len(recs))
	for _, r := range recs {
		p, err := psync.Decode[Part](r)
		if err != nil {
			return nil, err
		}
		all[r.ID] = p
	}
	return all, nil
}

// scan has a part looked at. Until the scanner answers nobody gets it.
func (s *Service) scan(ctx context.Context, job *psync.Job) error {
	var sc scanned
	if err := job.Payload(&sc); err != nil {
		return err
	}
	id := psync.ScopeID(job.Source())
	state, finding, err := s.Examine(ctx, blobKey(id, sc.Part))
	if errors.Is(err, storage.ErrNotFound) {
		return nil // it has ended
	}
	if err != nil {
		return err
	}
	if finding != "" {
		s.Log.WarnContext(ctx, "virus found", "transfer", id, "part", sc.Part, "finding", finding)
	}
	// The verdict comes first: without its bytes a file is not looked at again.
	err = s.settle(ctx, job, sc.Part, state)
	if err == nil && state != Ready {
		err = s.Blobs.Delete(ctx, blobKey(id, sc.Part))
	}
	return err
}

func (s *Service) settle(ctx context.Context, job *psync.Job, part, state string) error {
	return job.Commit(ctx, job.Source(), func(ctx context.Context, tx *psync.Tx) error {
		var p Part
		seq, err := tx.Get(ctx, kindPart, part, &p)
		if err != nil || seq == 0 || p.State == state {
			return err
		}
		p.State = state
		tx.Put(kindPart, part, p)
		owner, err := ownerOf(ctx, tx)
		if owner != "" {
			tx.Effect(effectCount, seen{Owner: owner})
		}
		return err
	})
}

// count tells the owner how many of the files are there.
func (s *Service) count(ctx context.Context, job *psync.Job) error {
	var c seen
	if err := job.Payload(&c); err != nil {
		return err
	}
	id := psync.ScopeID(job.Source())
	parts, err := s.parts(ctx, id)
	if err != nil {
		return err
	}
	return job.Commit(ctx, "user:"+c.Owner, func(ctx context.Context, tx *psync.Tx) error {
		var t Transfer
		seq, err := tx.Get(ctx, kindTransfer, id, &t)
		if err != nil || seq == 0 {
			return err
		}
		t.Arrived, t.Bytes, t.Refused = 0, 0, 0
		for _, p := range parts {
			switch p.State {
			case Waiting:
				continue
			case Infected, Unsafe:
				t.Refused++
			}
			t.Arrived, t.Bytes = t.Arrived+1, t.Bytes+p.Size
		}
		tx.PutIfChanged(kindTransfer, id, t)
		return nil
	})
}

// seen counts a download, and tells the owner of the first of an hour.
func (s *Service) seen(ctx context.Context, job *psync.Job) error {
	var d seen
	if err := job.Payload(&d); err != nil {
		return err
	}
	id := psync.ScopeID(job.Source())
	return job.Commit(ctx, "user:"+d.Owner, func(ctx context.Context, tx *psync.Tx) error {
		var t Transfer
		seq, err := tx.Get(ctx, kindTransfer, id, &t)
		if err != nil || seq == 0 {
			return err
		}
		t.Downloads, t.Lately = t.Downloads+1, d.At
		tx.Put(kindTransfer, id, t)
		notify.Notify(tx, d.Owner, downloaded(id, t, d.At))
		return nil
	})
}

func downloaded(id string, t Transfer, at time.Time) notify.Notice {
	return notify.Notice{
		Kind: "transfer.downloaded", Alert: notify.Transfers, Path: "/transferts/" + id,
		Tag:   "transfer." + id + "." + at.UTC().Format("2006010215"),
		Title: notify.Text{FR: "Vos fichiers ont été téléchargés", EN: "Your files were downloaded"},
		Many:  notify.Text{FR: "Vos fichiers : {n} téléchargements", EN: "Your files: {n} downloads"},
		Body:  notify.Text{FR: t.Title, EN: t.Title},
	}
}

// ownerOf is whose transfer the scope of tx is of; "" of one that has ended.
func ownerOf(ctx context.Context, tx *psync.Tx) (string, error) {
	var l linked
	_, err := tx.Get(ctx, kindLink, kindLink, &l)
	return l.Owner, err
}
