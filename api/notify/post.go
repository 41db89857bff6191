package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"preau/storage"
	psync "preau/sync"
)

// The effects that tell of notices by mail.
const (
	effectPost   = "notify.post"
	effectDigest = "notify.digest"
)

// readFirst is how long a notice waits for being read before a mail tells of
// it: who saw the push gets none. What is urgent does not wait.
const readFirst = 30 * time.Minute

// posted is the payload of effectPost: a notice as it was when the mail was
// ordered. Another Seq means that it was read, or that a newer one follows.
type posted struct {
	Notice string `json:"notice"`
	Seq    int64  `json:"seq"`
}

// gathering is the hidden record "digest" of user:U: a digest is under way, of
// what came from Since on.
type gathering struct {
	Since time.Time `json:"since"`
	Due   time.Time `json:"due"`
}

// mailNotice says how mails tell of the notice that tx puts.
func (s *Service) mailNotice(ctx context.Context, tx *psync.Tx, to reader, id string, n Notice) error {
	var b mailbox
	if _, err := tx.Get(ctx, "address", "address", &b); err != nil || !b.takes() || s.office == nil {
		return err
	}
	switch to.set.mails(n.Alert, n.Student) {
	case Each:
		due := s.when(to, n, tx.Now())
		if !n.Urgent {
			due = later(due, tx.Now().Add(readFirst))
		}
		tx.EffectAt(effectPost, posted{id, tx.Seq()}, due)
	case Digest:
		return s.gather(ctx, tx, to)
	}
	return nil
}

// gather orders the next digest, if none is under way.
func (s *Service) gather(ctx context.Context, tx *psync.Tx, to reader) error {
	if to.set.Digest == Never {
		return nil
	}
	seq, err := tx.Get(ctx, "digest", "digest", nil)
	if err != nil || seq > 0 {
		return err
	}
	due := digestDue(to, tx.Now().In(s.zone(to.user)))
	tx.Put("digest", "digest", gathering{tx.Now().UTC(), due.UTC()})
	tx.EffectAt(effectDigest, struct{}{}, due)
	return nil
}

// digestDue is when the next digest of somebody comes.
func digestDue(to reader, now time.Time) time.Time {
	at := to.rules.DigestAt
	if at == "" {
		at = usualDigestAt
	}
	due := next(now, at)
	if to.set.Digest == Daily {
		return due
	}
	day := to.rules.DigestDay
	if day == 0 {
		day = usualDigestDay
	}
	ahead := (day - int(due.Weekday()) + 7) % 7
	return next(due.AddDate(0, 0, ahead), at)
}

// mailOne mails a notice, unless it was read meanwhile.
func (s *Service) mailOne(ctx context.Context, job *psync.Job) error {
	var p posted
	if err := job.Payload(&p); err != nil {
		return err
	}
	user := psync.ScopeID(job.Source())
	b, set, err := s.mailable(ctx, user)
	if err != nil || !b.takes() {
		return err
	}
	var n record
	seq, err := inScope{s.engine, job.Source()}.Get(ctx, "notice", p.Notice, &n)
	if err != nil || seq != p.Seq || n.Read || set.mails(n.Alert, n.Student) != Each {
		return err
	}
	l := mailWords(set.Lang).letter(n.Title, nil, s.origin+n.Path, s.origin+settingsPath)
	s.address(&l, job, user, b)
	return s.handOver(ctx, job, user, l, nil)
}

// mailable reads where mails of a person go, and what they chose.
func (s *Service) mailable(ctx context.Context, user string) (b mailbox, set settings, err error) {
	if s.office == nil {
		return b, set, nil
	}
	if b, err = s.mailboxOf(ctx, user); err != nil {
		return b, set, err
	}
	set, err = s.settingsOf(ctx, user)
	return b, set, err
}

// sendDigest mails what is unread of a week, or a day, in one mail.
func (s *Service) sendDigest(ctx context.Context, job *psync.Job) error {
	user := psync.ScopeID(job.Source())
	var g gathering
	seq, err := inScope{s.engine, job.Source()}.Get(ctx, "digest", "digest", &g)
	if err != nil || seq == 0 {
		return err
	}
	b, set, err := s.mailable(ctx, user)
	if err != nil {
		return err
	}
	over := func(_ context.Context, tx *psync.Tx) error {
		tx.Delete("digest", "digest")
		return nil
	}
	lines, err := s.gathered(ctx, user, set, g.Since)
	if err != nil {
		return err
	}
	if !b.takes() || set.Digest == Never || len(lines) == 0 {
		return job.Commit(ctx, job.Source(), over)
	}
	w := mailWords(set.Lang)
	w.Link = w.DigestLink
	l := w.letter(fmt.Sprintf("%s %d", w.Digest, len(lines)), lines[:min(len(lines), maxLines)], s.origin+"/", s.origin+settingsPath)
	s.address(&l, job, user, b)
	return s.handOver(ctx, job, user, l, over)
}

// maxLines of a digest are read; more are counted only.
const maxLines = 40

// gathered are the titles of what came since then, is unread, and belongs into
// a digest, oldest first.
func (s *Service) gathered(ctx context.Context, user string, set settings, since time.Time) ([]string, error) {
	recs, err := s.engine.Find(ctx, "user:"+user, storage.Key{Type: "notice"})
	if err != nil {
		return nil, fmt.Errorf("notices of %s: %w", user, err)
	}
	var all []record
	for _, r := range recs {
		var n record
		if err := json.Unmarshal(r.Value, &n); err != nil {
			return nil, fmt.Errorf("notice %s of %s: %w", r.ID, user, err)
		}
		if !n.Read && !n.At.Before(since) && set.mails(n.Alert, n.Student) == Digest {
			all = append(all, n)
		}
	}
	slices.SortFunc(all, func(a, b record) int { return a.At.Compare(b.At) })
	lines := make([]string, len(all))
	for i, n := range all {
		lines[i] = n.Title
	}
	return lines, nil
}
