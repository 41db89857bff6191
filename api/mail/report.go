package mail

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"preau/api/attachment"
	"preau/api/directory"
	"preau/storage"
	psync "preau/sync"
)

// Report is a message that somebody has shown to the office, as they see it.
type Report struct {
	Message    string    `json:"message"`
	Discussion string    `json:"discussion"`
	Reason     string    `json:"reason"` // one of reasons
	Text       string    `json:"text,omitempty"`
	At         time.Time `json:"at"`
	Decision
}

// Case is a report as the office sees it, with what it is about: the message
// that was reported, then what came before it, the latest first.
type Case struct {
	Discussion string           `json:"discussion"`
	Root       string           `json:"root"` // who began it
	Reason     string           `json:"reason"`
	Text       string           `json:"text,omitempty"`
	At         time.Time        `json:"at"`
	By         directory.Named  `json:"by"`
	Evidence   []Exhibit        `json:"evidence"`
	Note       string           `json:"note,omitempty"` // for the office alone
	DecidedBy  *directory.Named `json:"decidedBy,omitempty"`
	Decision
}

// Decision is what became of a report.
type Decision struct {
	State     string    `json:"state"`
	Withdrawn bool      `json:"withdrawn,omitempty"` // the message was taken away
	Closed    bool      `json:"closed,omitempty"`    // nobody answers in the discussion any more
	Answer    string    `json:"answer,omitempty"`    // to who reported it
	Decided   time.Time `json:"decided,omitzero"`
}

// The states of a report.
const (
	reportOpen      = "open"
	reportDismissed = "dismissed"
	reportActed     = "acted"
)

// Exhibit is a message as it was when it was reported, and as the reporter had
// it, with the digest of its JSON. Nothing changes it any more.
type Exhibit struct {
	ID      string  `json:"id"`
	SHA256  string  `json:"sha256"`
	Message Message `json:"message"`
}

var reasons = []string{"insult", "threat", "harassment", "intimate", "hate", "other"}

// Limits of reports.
const (
	maxReason   = 2_000     // characters
	maxOpen     = 50        // reports of one person that wait
	maxBefore   = 20        // exhibits beside the message itself
	maxEvidence = 150 << 10 // bytes of these
)

// kindReport is the kind of record that shows files to the office.
const kindReport = "report"

type reportArgs struct {
	ID      string `json:"id"`
	Message string `json:"message"`
	Reason  string `json:"reason"`
	Text    string `json:"text"`
}

func (a reportArgs) check() error {
	for _, err := range []error{
		psync.CheckID("id", a.ID), psync.CheckID("message", a.Message),
		psync.OneOf("reason", a.Reason, reasons...), psync.CheckText("text", a.Text, maxReason),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

// report shows a message to the office. The evidence is taken in the same
// commit, so that nothing its author does later comes before it. A message that
// was taken back may be reported by who got it.
func (s *Service) report(ctx context.Context, tx *psync.Tx) error {
	var args reportArgs
	if err := s.begin(tx, &args); err != nil {
		return err
	}
	if err := args.check(); err != nil {
		return err
	}
	if done, err := reported(ctx, tx, args); done || err != nil {
		return err
	}
	p, err := s.received(ctx, tx, args.Message)
	if err != nil {
		return err
	}
	evidence, err := s.evidence(ctx, tx, args.Message, p)
	if err != nil {
		return err
	}
	tx.Put("report", args.ID, Report{
		Message: args.Message, Discussion: p.Discussion, Reason: args.Reason, Text: args.Text,
		At: tx.Now().UTC().Truncate(time.Second), Decision: Decision{State: reportOpen},
	})
	tx.Put("evidence", args.ID, evidence)
	tx.Effect(effectReport, reporting{tx.Actor().User, args.ID, p.Root})
	s.referEvidence(tx, args.ID, evidence)
	return nil
}

// reported says whether exactly this was reported before. One person has one
// open report of a message, and not too many in all.
func reported(ctx context.Context, tx *psync.Tx, args reportArgs) (bool, error) {
	recs, err := tx.List(ctx, "report")
	open := 0
	for _, rec := range recs {
		r, err := decode[Report](rec.Value)
		switch {
		case err != nil:
			return false, err
		case rec.ID == args.ID && r.Message == args.Message:
			return true, nil
		case rec.ID == args.ID:
			return false, psync.Refuse("conflict", "id", "another report is called so")
		case r.State == reportOpen && r.Message == args.Message:
			return false, psync.Refuse("conflict", "message", "it was reported already")
		case r.State == reportOpen:
			open++
		}
	}
	if open >= maxOpen {
		return false, psync.Refuse("too_many", "message", "%d reports wait", open)
	}
	return false, err
}

// received is a message that somebody else sent to the actor, taken back or
// not.
func (s *Service) received(ctx context.Context, tx *psync.Tx, id string) (post, error) {
	e, err := entryOf(ctx, tx, "message", id)
	if err != nil {
		return post{}, err
	}
	if e.by() == tx.Actor().User {
		return post{}, psync.Refuse("invalid", "message", "one's own")
	}
	p, there, err := s.postOf(ctx, tx, e.by(), id)
	if err == nil && (!there || p.Erased) {
		err = psync.Refuse("gone", "message", "it is there no more")
	}
	return p, err
}

// evidence is a message and what came before it in its discussion, as far as
// the actor has it and there is room.
func (s *Service) evidence(ctx context.Context, tx *psync.Tx, id string, p post) ([]Exhibit, error) {
	first, _, err := newExhibit(tx.Actor().User, id, p)
	if err != nil {
		return nil, err
	}
	before, err := s.before(ctx, tx, id, p)
	if err != nil {
		return nil, err
	}
	all, room := []Exhibit{first}, maxEvidence
	for _, e := range before[:min(len(before), maxBefore)] {
		exhibit, size, err := newExhibit(tx.Actor().User, e.id, e.post)
		if err != nil {
			return nil, err
		}
		if room -= size; room < 0 {
			break
		}
		all = append(all, exhibit)
	}
	return all, nil
}

// newExhibit also tells the size, in bytes.
func newExhibit(user, id string, p post) (Exhibit, int, error) {
	m := p.as(user)
	sum, size, err := psync.Digest(m)
	if err != nil {
		return Exhibit{}, 0, fmt.Errorf("exhibit %s: %w", id, err)
	}
	return Exhibit{id, sum, m}, size, nil
}

// dated is a message with its id.
type dated struct {
	id string
	post
}

// before lists what the actor has of a discussion up to a message, the latest
// first.
func (s *Service) before(ctx context.Context, tx *psync.Tx, id string, p post) (all []dated, err error) {
	recs, err := tx.List(ctx, "message")
	if err != nil {
		return nil, err
	}
	ids := map[string][]string{} // by author
	for _, r := range recs {
		e, err := decode[entry](r.Value)
		if err != nil {
			return nil, fmt.Errorf("entry %s: %w", r.ID, err)
		}
		if e.discussion(r.ID) == p.Discussion && r.ID != id {
			ids[e.by()] = append(ids[e.by()], r.ID)
		}
	}
	for author, ids := range ids {
		posts, err := s.posts(ctx, author, ids...)
		if err != nil {
			return nil, err
		}
		for id, one := range posts {
			if !one.At.After(p.At) && one.Due.IsZero() {
				all = append(all, dated{id, one})
			}
		}
	}
	slices.SortFunc(all, func(a, b dated) int {
		if c := b.At.Compare(a.At); c != 0 {
			return c
		}
		return strings.Compare(a.id, b.id)
	})
	return all, nil
}

// referEvidence makes the files of exhibits readable for the office, for as
// long as the case is there.
func (s *Service) referEvidence(tx *psync.Tx, report string, evidence []Exhibit) {
	by := tx.Actor().User
	office := officeScope(s.dir.SchoolOf(by))
	for _, e := range evidence {
		attachment.Refer(tx, s.exhibited(officeID(by, report), office, e))
	}
}

func (s *Service) exhibited(report, office string, e Exhibit) attachment.Reference {
	by, names := e.Message.From.ID, attachment.ReadyNames(e.Message.Files)
	return attachment.Reference{
		School: s.schoolOf(by), By: accountOf(by), Kind: kindReport, ID: report, Scopes: []string{office}, Files: names, Known: names,
	}
}

// reporting names a report: the payload of effectReport, effectDecided and
// effectSettled. Root is who began the discussion.
type reporting struct {
	By   string `json:"by"`
	ID   string `json:"id"`
	Root string `json:"root,omitempty"`
}

// reporting names the report of which this is the case.
func (c Case) reporting(id string) reporting {
	return reporting{By: c.By.ID, ID: strings.TrimPrefix(id, officeID(c.By.ID, ""))}
}

// openCase lays a report before the office.
func (s *Service) openCase(ctx context.Context, job *psync.Job) error {
	var of reporting
	if err := job.Payload(&of); err != nil {
		return err
	}
	recs, err := s.engine.Find(ctx, userScope(of.By), storage.Key{Type: "report", ID: of.ID}, storage.Key{Type: "evidence", ID: of.ID})
	if err != nil || len(recs) < 2 {
		return err // the evidence was moved before
	}
	c, err := s.newCase(of.By, recs)
	c.Root = of.Root
	if err != nil {
		return err
	}
	err = job.Commit(ctx, officeScope(s.dir.SchoolOf(of.By)), func(_ context.Context, tx *psync.Tx) error {
		id := officeID(of.By, of.ID)
		tx.Put("report", id, c)
		s.tellOffice(tx, c.Evidence[0].Message.From.ID, reportNotice(id), directory.RoleStaff, directory.RoleDirection)
		return nil
	})
	if err != nil {
		return fmt.Errorf("report %s of %s: %w", of.ID, of.By, err)
	}
	return job.Commit(ctx, userScope(of.By), func(_ context.Context, tx *psync.Tx) error {
		tx.Delete("evidence", of.ID)
		return nil
	})
}

func (s *Service) newCase(by string, recs []storage.Record) (c Case, err error) {
	for _, rec := range recs {
		if rec.Type == "evidence" {
			c.Evidence, err = decode[[]Exhibit](rec.Value)
		} else {
			var r Report
			r, err = decode[Report](rec.Value)
			c.Discussion, c.Reason, c.Text, c.At, c.Decision = r.Discussion, r.Reason, r.Text, r.At, r.Decision
		}
		if err != nil {
			return Case{}, fmt.Errorf("%s %s of %s: %w", rec.Type, rec.ID, by, err)
		}
	}
	c.By = s.dir.Named(by)
	return c, nil
}
