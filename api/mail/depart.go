package mail

import (
	"context"
	"errors"
	"slices"
	"time"

	"preau/api/attachment"
	"preau/api/directory"
	psync "preau/sync"
)

// Delays say which messages do not leave at once. Their authors see them, and
// may take them back until then.
type Delays struct {
	Night *Night `json:"night,omitempty"` // what pupils send then leaves in the morning; nil: never closed
	Large int    `json:"large"`           // people from which a message of who works here waits; 0: never
	Hold  int    `json:"hold"`            // for how many minutes
}

// Night is from when until when messaging is closed to pupils, by the clock of
// the school: "20:00" to "07:00".
type Night struct {
	From string `json:"from"`
	To   string `json:"to"`
}

func defaultDelays() Delays { return Delays{Large: 60, Hold: 10} }

// releasePatience is how late a message may leave: always.
const releasePatience = 10 * 365 * 24 * time.Hour

// frozenWait is when a message that cannot leave, because messaging is frozen,
// tries again.
const frozenWait = 5 * time.Minute

// Limits of delays.
const (
	maxLarge = 10_000
	maxHold  = 24 * 60 // minutes
)

func (d Delays) check() error {
	switch {
	case d.Large < 0 || d.Large > maxLarge:
		return psync.Refuse("invalid", "large", "0 to %d people", maxLarge)
	case d.Hold < 0 || d.Hold > maxHold:
		return psync.Refuse("invalid", "hold", "0 to %d minutes", maxHold)
	case d.Night == nil:
		return nil
	}
	if _, good := minuteOf(d.Night.From); !good {
		return psync.Refuse("invalid", "night.from", "a time like 20:00")
	}
	if _, good := minuteOf(d.Night.To); !good || d.Night.To == d.Night.From {
		return psync.Refuse("invalid", "night.to", "another time, like 07:00")
	}
	return nil
}

// minuteOf is the minute of the day of a time like "07:00".
func minuteOf(clock string) (minute int, good bool) {
	t, err := time.Parse("15:04", clock)
	return t.Hour()*60 + t.Minute(), err == nil && len(clock) == len("15:04")
}

// end is when the night is over that a moment lies in, by the clock of its
// location; zero by day.
func (n *Night) end(now time.Time) time.Time {
	if n == nil {
		return time.Time{}
	}
	from, _ := minuteOf(n.From)
	to, _ := minuteOf(n.To)
	at := now.Hour()*60 + now.Minute()
	late, early := at >= from, at < to
	closed := late || early
	if from < to {
		closed = late && early
	}
	if !closed {
		return time.Time{}
	}
	day := now.Day()
	if !early {
		day++
	}
	return time.Date(now.Year(), now.Month(), day, 0, to, 0, 0, now.Location())
}

// due is when a message leaves; zero: at once.
func (f *sender) due(p post, now time.Time) time.Time {
	if f.svc.works(f.user) {
		if f.delays.Large > 0 && p.people() >= f.delays.Large && f.delays.Hold > 0 {
			return now.Add(time.Duration(f.delays.Hold) * time.Minute)
		}
		return time.Time{}
	}
	if !isAny(f.svc.dir, f.user, directory.RoleStudent) {
		return time.Time{}
	}
	return f.delays.Night.end(now.In(f.svc.dir.Location(f.svc.dir.SchoolOf(f.user))))
}

// people is how many get a message.
func (p post) people() int { return p.readers() + len(p.Outside) }

// readers is how many of the school get a message.
func (p post) readers() int { return len(p.Readers) + len(p.Hidden) }

// depart sends a message that was stored on its way, or has it wait.
func (s *Service) depart(tx *psync.Tx, id string, p post) {
	if p.Large {
		tx.Effect(effectMailing, delivery{ID: id})
	}
	if !p.Due.IsZero() {
		tx.EffectAt(effectRelease, delivery{ID: id}, p.Due)
		attachment.Refer(tx, s.reference(id, p, p.home()))
		return
	}
	tx.Effect(effectDeliver, delivery{ID: id})
	sendOut(tx, id, p)
	s.refer(tx, id, p)
}

// release lets a message go that has waited, unless it was taken back. Who may
// get it is looked at once more.
func (s *Service) release(ctx context.Context, job *psync.Job) error {
	var d delivery
	if err := job.Payload(&d); err != nil {
		return err
	}
	return job.Commit(ctx, job.Source(), func(ctx context.Context, tx *psync.Tx) error {
		p, there, err := postIn(ctx, tx, d.ID)
		if err != nil || !there || p.Recalled || p.Due.IsZero() {
			return err
		}
		may, outside, err := s.still(ctx, tx, p)
		if r, ok := errors.AsType[*psync.Refusal](err); ok && r.Code == frozen {
			tx.EffectAt(effectRelease, d, tx.Now().Add(frozenWait))
			return nil
		}
		if err != nil {
			return err
		}
		refused, unsent := p.sift(may, outside)
		p.At, p.Due = tx.Now().UTC().Truncate(time.Millisecond), time.Time{}
		putPost(tx, d.ID, p)
		s.depart(tx, d.ID, p)
		if err := s.touch(ctx, tx, d.ID, p); err != nil || refused+unsent == 0 {
			return err
		}
		return s.need(ctx, tx, d.ID, -refused, -unsent)
	})
}

// sift keeps the readers who may be written to; the others are told to the
// author, and counted: of the school, and outside.
func (p *post) sift(may func(id string) (name string, ok bool), outside bool) (refused, unsent int) {
	out := func(id string) bool {
		name, ok := may(id)
		if !ok {
			p.Refused = append(p.Refused, Addressee{Key: userScope(id), Name: name})
		}
		return !ok
	}
	p.Readers = slices.DeleteFunc(p.Readers, out)
	p.Hidden = slices.DeleteFunc(p.Hidden, out)
	refused = len(p.Refused)
	if !outside {
		for _, o := range p.Outside {
			p.Refused = append(p.Refused, p.addressee(o.Address))
		}
		unsent, p.Outside = len(p.Outside), nil
	}
	return refused, unsent
}

// still says to whom a message may go that was written before, and whether it
// may go outside; it is refused as frozen while nobody may write.
func (s *Service) still(ctx context.Context, tx *psync.Tx, p post) (may func(id string) (name string, ok bool), outside bool, err error) {
	reach, outside, err := s.reachOf(ctx, tx, p)
	if r, refused := errors.AsType[*psync.Refusal](err); refused && r.Code != frozen {
		reach, outside, err = func(string) bool { return false }, false, nil
	}
	return func(id string) (string, bool) { return s.dir.Display(id), reach(id) }, outside, err
}

// reachOf is whom the author of a message may send it to now.
func (s *Service) reachOf(ctx context.Context, tx *psync.Tx, p post) (reach func(id string) bool, outside bool, err error) {
	from, err := s.sender(ctx, psync.Actor{School: s.dir.SchoolOf(p.From.ID), User: p.From.ID})
	if err != nil {
		return nil, false, err
	}
	outside = from.outside(p.From.ID)
	if p.Re == "" {
		return func(id string) bool { return from.book.reaches(id) }, outside, nil
	}
	re, err := s.held(ctx, tx, "re", p.Re)
	if err != nil {
		return nil, false, err
	}
	root, err := s.root(ctx, tx, p.Re, re)
	return from.answering(root, re), outside, err
}

// Mailing is a message of somebody who works in the school to many people, as
// the office sees it: it may be stopped while it waits.
type Mailing struct {
	By      directory.Named `json:"by"`
	Subject string          `json:"subject"`
	People  int             `json:"people"`
	Due     time.Time       `json:"due"`
	State   string          `json:"state"`
	Message string          `json:"message"` // its id
}

// The states of a mailing.
const (
	mailingWaiting = "waiting"
	mailingSent    = "sent"
	mailingStopped = "stopped"
)

// keepMailings is for how long the office sees what was sent to many.
const keepMailings = 30 * 24 * time.Hour

// mailing tells the office how it stands with a message to many.
func (s *Service) mailing(ctx context.Context, job *psync.Job) error {
	var d delivery
	if err := job.Payload(&d); err != nil {
		return err
	}
	author := psync.ScopeID(job.Source())
	posts, err := s.posts(ctx, author, d.ID)
	if err != nil {
		return err
	}
	p, there := posts[d.ID]
	return job.Commit(ctx, officeScope(s.dir.SchoolOf(author)), func(ctx context.Context, tx *psync.Tx) error {
		id, m := officeID(author, d.ID), Mailing{Due: tx.Now().UTC()}
		seq, err := tx.Get(ctx, "mailing", id, &m)
		if err != nil {
			return err
		}
		if !there {
			return m.lost(tx, id, seq)
		}
		m = m.of(d.ID, p)
		tx.PutIfChanged("mailing", id, m)
		if seq == 0 && m.State == mailingWaiting {
			s.tellOffice(tx, author, mailingNotice(id, m), directory.RoleDirection)
		}
		return forgetMailings(ctx, tx)
	})
}

// of is a mailing as its message stands.
func (m Mailing) of(id string, p post) Mailing {
	m.Message, m.By, m.Subject, m.People, m.State = id, p.From, p.Subject, p.people(), mailingSent
	if !p.Due.IsZero() {
		m.Due, m.State = p.Due, mailingWaiting
		if p.Recalled {
			m.State = mailingStopped
		}
	}
	return m
}

// lost notes that a message to many is gone before it left: nobody kept it.
func (m Mailing) lost(tx *psync.Tx, id string, seq int64) error {
	if seq > 0 && m.State == mailingWaiting {
		m.State = mailingStopped
		tx.Put("mailing", id, m)
	}
	return nil
}

func forgetMailings(ctx context.Context, tx *psync.Tx) error {
	all, err := tx.List(ctx, "mailing")
	for _, r := range all {
		m, err := decode[Mailing](r.Value)
		if err != nil {
			return err
		}
		if m.Due.Before(tx.Now().Add(-keepMailings)) {
			tx.Delete("mailing", r.ID)
		}
	}
	return err
}

// stop keeps a message to many from leaving.
func (s *Service) stop(ctx context.Context, tx *psync.Tx) error {
	var args struct {
		ID string `json:"id"`
	}
	if err := s.moderating(tx, &args); err != nil {
		return err
	}
	if err := checkOfficeID(args.ID); err != nil {
		return err
	}
	var m Mailing
	seq, err := tx.Get(ctx, "mailing", args.ID, &m)
	switch {
	case err != nil || m.State == mailingStopped:
		return err
	case seq == 0:
		return psync.Refuse("not_found", "id", "no such mailing")
	case m.State == mailingSent:
		return psync.Refuse("gone", "id", "it has left")
	}
	m.State = mailingStopped
	tx.Put("mailing", args.ID, m)
	tx.Effect(effectStop, subject{Author: m.By.ID, Message: m.Message})
	return nil
}

// draft is a message to be written once more.
func (p post) draft(now time.Time) Draft {
	return Draft{
		Subject: p.Subject, Mode: p.Mode, To: p.To, Cc: p.Cc, Bcc: p.Bcc, Body: p.Body, Files: p.Files,
		Re: p.Re, All: p.Re != "" && len(p.To) > 1, Quotes: p.Quotes, At: now.UTC().Truncate(time.Second),
	}
}
