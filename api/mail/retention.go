package mail

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"preau/api/directory"
	"preau/storage"
	psync "preau/sync"
)

// Retention is how long discussions stay where they are, in days; 0: for ever.
// Those in the archive and in a person's own folders stay until their owner
// moves them.
type Retention struct {
	KeepInbox int `json:"keepInbox"` // without a new message, then the bin
	KeepIdle  int `json:"keepIdle"`  // the same, of those that nobody answered too
	KeepBin   int `json:"keepBin"`   // then they are deleted
	KeepCases int `json:"keepCases"` // of moderation, with their evidence, once decided
}

func defaultRetention() Retention { return Retention{KeepInbox: 90, KeepBin: 30, KeepCases: 365} }

// maxKeep is ten years.
const maxKeep = 3650

func (r Retention) check() error {
	for _, days := range []struct {
		field string
		n     int
	}{{"keepInbox", r.KeepInbox}, {"keepIdle", r.KeepIdle}, {"keepBin", r.KeepBin}, {"keepCases", r.KeepCases}} {
		if days.n < 0 || days.n > maxKeep {
			return psync.Refuse("invalid", days.field, "0 to %d days", maxKeep)
		}
	}
	return nil
}

// dayOf counts days since 1970, by UTC.
func dayOf(t time.Time) int { return int(t.Unix() / (24 * 60 * 60)) }

// over says whether what was last touched on a day has been kept for so long.
func over(keep, day, today int) bool { return keep > 0 && today-day >= keep }

// sweptAt is the hour of a school's day at which discussions go.
const sweptAt = 3

// sweepPatience is how late a sweep may come: always.
const sweepPatience = 10 * 365 * 24 * time.Hour

// nightly is the record of the server-only scope mail:X that says when its
// mailboxes are swept next.
type nightly struct {
	Due time.Time `json:"due"`
}

// beginSweeping has the mailboxes of a school swept every night from now on.
func (s *Service) beginSweeping(ctx context.Context, job *psync.Job, school string) error {
	return job.Commit(ctx, mailScope(school), func(ctx context.Context, tx *psync.Tx) error {
		seq, err := tx.Get(ctx, "sweep", "sweep", nil)
		if err == nil && seq == 0 {
			s.sweepNext(tx, school)
		}
		return err
	})
}

// sweepNext orders the sweep of the coming night.
func (s *Service) sweepNext(tx *psync.Tx, school string) {
	now := tx.Now().In(s.dir.Location(school))
	due := time.Date(now.Year(), now.Month(), now.Day(), sweptAt, 0, 0, 0, now.Location())
	if !due.After(now) {
		due = time.Date(now.Year(), now.Month(), now.Day()+1, sweptAt, 0, 0, 0, now.Location())
	}
	tx.Put("sweep", "sweep", nightly{due.UTC()})
	tx.EffectAt(effectSweep, struct{}{}, due)
}

// sweep moves discussions that have been kept long enough to the bin, and
// deletes those that were long enough in it. A mailbox that cannot be swept
// waits for the next night.
func (s *Service) sweep(ctx context.Context, job *psync.Job) error {
	school := psync.ScopeID(job.Source())
	p, err := s.policy(ctx, school)
	if err != nil {
		return err
	}
	going := map[string]int{}
	for _, user := range s.dir.People(school) {
		n, err := s.tidy(ctx, job, user, p.Retention)
		if ctx.Err() != nil {
			return fmt.Errorf("sweep mailboxes of school %s: %w", school, ctx.Err())
		} else if err != nil {
			s.log.ErrorContext(ctx, "a mailbox is not swept", "user", user, "err", err)
		}
		if n > 0 && s.weekly(school) {
			going[user] = n
		}
	}
	return job.Commit(ctx, job.Source(), func(_ context.Context, tx *psync.Tx) error {
		for some := range slices.Chunk(slices.Sorted(maps.Keys(going)), warnedAtOnce) {
			w := warning{Day: dayOf(tx.Now()), Going: map[string]int{}}
			for _, user := range some {
				w.Going[user] = going[user]
			}
			tx.Effect(effectWarn, w)
		}
		if s.weekly(school) {
			tx.Effect(effectForget, struct{}{})
		}
		s.sweepNext(tx, school)
		return nil
	})
}

// warnedAhead is how long before discussions go their owners are told, once a
// week.
const (
	warnedAhead  = 7 * 24 * time.Hour
	weeklyOn     = time.Monday
	warnedAtOnce = 200 // people in one commit
)

// weekly says whether today is the day of what happens once a week.
func (s *Service) weekly(school string) bool {
	return s.now().In(s.dir.Location(school)).Weekday() == weeklyOn
}

// warning is the payload of effectWarn: how many discussions of whom leave the
// inbox in the week after a day.
type warning struct {
	Day   int            `json:"day"`
	Going map[string]int `json:"going"`
}

// warn tells people that discussions are about to leave their inbox.
func (s *Service) warn(ctx context.Context, job *psync.Job) error {
	var w warning
	if err := job.Payload(&w); err != nil {
		return err
	}
	var all []notice
	for user, n := range w.Going {
		english, err := s.english(ctx, user)
		if err != nil {
			return err
		}
		subject, text := leavingWords(n, english)
		all = append(all, notice{directory.StableID("leaving", user, strconv.Itoa(w.Day)), user, subject, text})
	}
	return s.announce(ctx, job, psync.ScopeID(job.Source()), all)
}

func leavingWords(n int, english bool) (subject, text string) {
	switch {
	case english && n == 1:
		return "A discussion is about to leave your inbox", "One discussion without a new message leaves the inbox for the bin within seven days. If you archive it or put it into a folder, it stays."
	case english:
		return "Discussions are about to leave your inbox", fmt.Sprintf("%d discussions without a new message leave the inbox for the bin within seven days. Those that you archive or put into a folder stay.", n)
	case n == 1:
		return "Une discussion va quitter la boîte de réception", "Une discussion sans nouveau message part à la corbeille dans les sept jours. Archivée ou rangée dans un dossier, elle reste."
	}
	return "Des discussions vont quitter la boîte de réception", fmt.Sprintf("%d discussions sans nouveau message partent à la corbeille dans les sept jours. Celles qui sont archivées ou rangées dans un dossier restent.", n)
}

// tidy sweeps one mailbox, if there is anything to sweep, and counts what leaves
// its inbox in the coming week.
func (s *Service) tidy(ctx context.Context, job *psync.Job, user string, keep Retention) (going int, err error) {
	all, err := lyingIn(user, func(typ string) ([]storage.Record, error) {
		return s.engine.Find(ctx, userScope(user), storage.Key{Type: typ})
	})
	if err != nil {
		return 0, err
	}
	now := s.now()
	bin, purge := keep.leaving(all, now)
	ahead, _ := keep.leaving(all, now.Add(warnedAhead))
	if len(bin)+len(purge) == 0 {
		return len(ahead), nil
	}
	return len(ahead) - len(bin), job.Commit(ctx, userScope(user), func(ctx context.Context, tx *psync.Tx) error {
		all, err := lyingIn(user, func(typ string) ([]storage.Record, error) { return tx.List(ctx, typ) })
		if err != nil {
			return err
		}
		bin, purge := keep.leaving(all, tx.Now())
		for id, t := range bin {
			tx.Put("thread", id, t.binned(tx.Now()))
		}
		for id, t := range purge {
			t.Purged = true
			tx.Put("thread", id, t)
		}
		if len(purge) > 0 {
			tx.Effect(effectPurge, struct{}{})
		}
		return nil
	})
}

// lying is a discussion in a mailbox: what its owner did with it, the day of
// its last message, and whether somebody else wrote in it.
type lying struct {
	Thread
	last int
	got  bool
}

// leaving finds which discussions of a mailbox go to the bin by a moment and
// which for ever.
func (r Retention) leaving(all map[string]lying, by time.Time) (bin, purge map[string]Thread) {
	bin, purge = map[string]Thread{}, map[string]Thread{}
	for id, l := range all {
		switch {
		case l.Purged:
		case l.Folder == Bin && over(r.KeepBin, dayOf(l.Binned), dayOf(by)):
			purge[id] = l.Thread
		case l.Folder == "" && (l.got && over(r.KeepInbox, l.since(), dayOf(by)) || over(r.KeepIdle, l.since(), dayOf(by))):
			bin[id] = l.Thread
		}
	}
	return bin, purge
}

// since is the day from which a discussion counts as left alone.
func (l lying) since() int { return max(l.last, dayOf(l.Moved)) }

func lyingIn(user string, list func(typ string) ([]storage.Record, error)) (map[string]lying, error) {
	messages, err := list("message")
	if err != nil {
		return nil, err
	}
	all := map[string]lying{}
	for _, r := range messages {
		e, err := decode[entry](r.Value)
		if err != nil {
			return nil, fmt.Errorf("entry %s: %w", r.ID, err)
		}
		day, err := e.day()
		if err != nil {
			return nil, fmt.Errorf("entry %s: %w", r.ID, err)
		}
		l := all[e.discussion(r.ID)]
		l.last, l.got = max(l.last, day), l.got || e.by() != user
		all[e.discussion(r.ID)] = l
	}
	threads, err := list("thread")
	for _, r := range threads {
		t, err := decode[Thread](r.Value)
		if err != nil {
			return nil, fmt.Errorf("thread %s: %w", r.ID, err)
		}
		if l, there := all[r.ID]; there {
			l.Thread = t
			all[r.ID] = l
		}
	}
	return all, err
}
