package mail

import (
	"context"
	"fmt"
	"time"

	"preau/api/directory"
	"preau/storage"
	psync "preau/sync"
)

func officeScope(school string) string { return "office:" + school }

// officeID tells records of the office apart that people have named. It stands
// in the addresses of screens, where a dot would make it a file.
func officeID(person, id string) string { return person + "~" + id }

const maxOfficeID = 200 // bytes

func checkOfficeID(id string) error {
	if id == "" || len(id) > maxOfficeID {
		return psync.Refuse("invalid", "id", "not an id")
	}
	return nil
}

// moderating checks the right and reads the arguments of an act of the office.
func (s *Service) moderating(tx *psync.Tx, args any) error {
	if err := s.dir.May(tx.Actor(), directory.ModerateMail, tx.Scope()); err != nil {
		return err
	}
	return tx.Args(args)
}

// moderate decides on a report: the message is taken away, its discussion
// closed, both, or neither. A later decision adds to what was done.
func (s *Service) moderate(ctx context.Context, tx *psync.Tx) error {
	var args struct {
		ID       string `json:"id"`
		Withdraw bool   `json:"withdraw"`
		Close    bool   `json:"close"`
		Answer   string `json:"answer"`
		Note     string `json:"note"`
	}
	if err := s.moderating(tx, &args); err != nil {
		return err
	}
	for _, err := range []error{psync.CheckText("answer", args.Answer, maxReason), psync.CheckText("note", args.Note, maxReason)} {
		if err != nil {
			return err
		}
	}
	c, err := s.openedCase(ctx, tx, args.ID)
	if err != nil {
		return err
	}
	if args.Withdraw {
		c.Withdrawn = true
		tx.Effect(effectWithdraw, c.reported())
	}
	if args.Close {
		c.Closed = true
		tx.Effect(effectClose, c.began(true))
	}
	c.Answer, c.Note = args.Answer, args.Note
	s.decide(tx, args.ID, c)
	return nil
}

// reopen lets a discussion go on that was closed.
func (s *Service) reopen(ctx context.Context, tx *psync.Tx) error {
	var args struct {
		ID string `json:"id"`
	}
	if err := s.moderating(tx, &args); err != nil {
		return err
	}
	c, err := s.openedCase(ctx, tx, args.ID)
	if err != nil || !c.Closed {
		return err
	}
	c.Closed = false
	tx.Effect(effectClose, c.began(false))
	s.decide(tx, args.ID, c)
	return nil
}

// openedCase reads the case that the actor is about to decide on, unless it
// moved since they saw it. Nobody decides on a message of their own.
func (s *Service) openedCase(ctx context.Context, tx *psync.Tx, id string) (Case, error) {
	var c Case
	if err := checkOfficeID(id); err != nil {
		return c, err
	}
	seq, err := tx.Get(ctx, "report", id, &c)
	switch {
	case err != nil:
		return c, err
	case seq == 0:
		return c, psync.Refuse("not_found", "id", "no such report")
	case c.Evidence[0].Message.From.ID == tx.Actor().User:
		return c, psync.Refuse("forbidden", "id", "somebody else decides on a message of yours")
	}
	return c, tx.CheckBase(seq, c)
}

// decide writes a decision down and has its reporter told.
func (s *Service) decide(tx *psync.Tx, id string, c Case) {
	by := s.dir.Named(tx.Actor().User)
	c.State, c.Decided, c.DecidedBy = reportDismissed, tx.Now().UTC().Truncate(time.Second), &by
	if c.Withdrawn || c.Closed {
		c.State = reportActed
	}
	tx.Put("report", id, c)
	tx.Effect(effectDecided, c.reporting(id))
}

// subject is the message that a decision is about: the payload of
// effectWithdraw, effectClose and effectStop.
type subject struct {
	Author  string `json:"author"`
	Message string `json:"message"`
	Closed  bool   `json:"closed,omitempty"`
}

// reported is the message that a case is about.
func (c Case) reported() subject {
	return subject{Author: c.Evidence[0].Message.From.ID, Message: c.Evidence[0].ID}
}

// began is the message that began its discussion.
func (c Case) began(closed bool) subject { return subject{c.Root, c.Discussion, closed} }

// takeAway takes a message away from everybody.
func (s *Service) takeAway(ctx context.Context, job *psync.Job) error {
	return s.takeFrom(ctx, job, func(*psync.Tx, string, post) {})
}

// stopped takes back a message that the office stopped, even if it left in the
// meantime. Its author keeps the text, as a draft.
func (s *Service) stopped(ctx context.Context, job *psync.Job) error {
	return s.takeFrom(ctx, job, func(tx *psync.Tx, id string, p post) { tx.Put("draft", id, p.draft(tx.Now())) })
}

// takeFrom takes a message away, once, after something else is done with it.
func (s *Service) takeFrom(ctx context.Context, job *psync.Job, first func(tx *psync.Tx, id string, p post)) error {
	var of subject
	if err := job.Payload(&of); err != nil {
		return err
	}
	return job.Commit(ctx, homeOf(of.Author), func(ctx context.Context, tx *psync.Tx) error {
		p, there, err := postIn(ctx, tx, of.Message)
		if err != nil || p.Recalled {
			return err
		}
		if !there { // others may still pass it on
			return withdrawQuotes(ctx, tx, of.Message, true)
		}
		first(tx, of.Message, p)
		p.Moderated = true
		return s.withdraw(ctx, tx, of.Message, p)
	})
}

// closeDiscussion marks the message that began a discussion: nobody answers there any
// more, or everybody may again.
func (s *Service) closeDiscussion(ctx context.Context, job *psync.Job) error {
	var of subject
	if err := job.Payload(&of); err != nil {
		return err
	}
	return s.repost(ctx, job, of.Author, of.Message, func(ctx context.Context, tx *psync.Tx, p post) error {
		p.Closed = of.Closed
		return s.retell(ctx, tx, of.Message, p)
	})
}

// repost changes a message that is stored, in a commit to where it is.
func (s *Service) repost(ctx context.Context, job *psync.Job, author, id string, change func(context.Context, *psync.Tx, post) error) error {
	return job.Commit(ctx, homeOf(author), func(ctx context.Context, tx *psync.Tx) error {
		p, there, err := postIn(ctx, tx, id)
		if err != nil || !there {
			return err
		}
		return change(ctx, tx, p)
	})
}

// tellReporter shows a decision to whoever reported the message.
func (s *Service) tellReporter(ctx context.Context, job *psync.Job) error {
	var of reporting
	if err := job.Payload(&of); err != nil {
		return err
	}
	recs, err := s.engine.Find(ctx, job.Source(), storage.Key{Type: "report", ID: officeID(of.By, of.ID)})
	if err != nil || len(recs) == 0 {
		return err
	}
	c, err := decode[Case](recs[0].Value)
	if err != nil {
		return fmt.Errorf("report %s of %s: %w", of.ID, job.Source(), err)
	}
	return job.Commit(ctx, userScope(of.By), func(ctx context.Context, tx *psync.Tx) error {
		var r Report
		seq, err := tx.Get(ctx, "report", of.ID, &r)
		if err == nil && seq > 0 {
			r.Decision = c.Decision
			tx.PutIfChanged("report", of.ID, r)
		}
		return err
	})
}
