package mail

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"preau/api/directory"
	psync "preau/sync"
)

// Poll is a question to the readers of a message. Only its author learns the
// answers, and who gave them unless it is secret.
type Poll struct {
	ID       string   `json:"id"` // of its own in its message; 8 to 20 characters
	Question string   `json:"question"`
	Options  []string `json:"options"`
	Many     bool     `json:"many,omitempty"` // several may be chosen
	Secret   bool     `json:"secret,omitempty"`
}

// Limits of polls.
const (
	maxPolls    = 3 // of a message
	maxPollID   = 20
	maxQuestion = 250 // characters
	minOptions  = 2
	maxOptions  = 10
	maxOption   = 100 // characters
)

// Vote is what somebody answered to a poll.
type Vote struct {
	Choices []int     `json:"choices"` // indices of options, ascending
	At      time.Time `json:"at"`
}

// Tally is what the author of a poll learns. Names lists who chose each
// option; it is absent when the poll is secret.
type Tally struct {
	Counts []int               `json:"counts"`
	Voters int                 `json:"voters"`
	Names  [][]directory.Named `json:"names,omitempty"`
}

func (p *Poll) check(field string) error {
	if err := psync.CheckID(field+".id", p.ID); err != nil {
		return err
	}
	if len(p.ID) > maxPollID {
		return psync.Refuse("invalid", field+".id", "at most %d characters", maxPollID)
	}
	if err := checkLine(field+".question", p.Question, maxQuestion); err != nil {
		return err
	}
	if len(p.Options) < minOptions || len(p.Options) > maxOptions {
		return psync.Refuse("invalid", field+".options", "%d to %d", minOptions, maxOptions)
	}
	for i, option := range p.Options {
		if err := checkLine(fmt.Sprintf("%s.options[%d]", field, i), option, maxOption); err != nil {
			return err
		}
	}
	return nil
}

// checkLine refuses a text that is too long or says nothing.
func checkLine(field, text string, most int) error {
	if strings.TrimSpace(text) == "" {
		return psync.Refuse("invalid", field, "nothing was written")
	}
	return psync.CheckText(field, text, most)
}

func (p *Poll) text() string { return p.Question + "\n" + strings.Join(p.Options, "\n") }

func (p *Poll) equal(other *Poll) bool {
	if p == nil || other == nil {
		return p == other
	}
	return p.ID == other.ID && p.Question == other.Question && p.Many == other.Many && p.Secret == other.Secret &&
		slices.Equal(p.Options, other.Options)
}

// poll finds a question of a message.
func (b Body) poll(id string) (*Poll, bool) {
	for _, block := range b {
		if block.Poll != nil && block.Poll.ID == id {
			return block.Poll, true
		}
	}
	return nil, false
}

// checkPolls refuses too many polls, and two of one id.
func (b Body) checkPolls(field string) error {
	seen := map[string]bool{}
	for i, block := range b {
		if block.Poll == nil {
			continue
		}
		if seen[block.Poll.ID] {
			return psync.Refuse("invalid", fmt.Sprintf("%s[%d].poll.id", field, i), "another poll is called so")
		}
		seen[block.Poll.ID] = true
	}
	if len(seen) > maxPolls {
		return psync.Refuse("too_large", field, "at most %d polls", maxPolls)
	}
	return nil
}

// ballot is the payload of effectBallot, on its way to the author of a poll.
type ballot struct {
	Author  string          `json:"author"`
	Message string          `json:"message"`
	Poll    string          `json:"poll"`
	Voter   directory.Named `json:"voter"`
	Choices []int           `json:"choices"`
}

// vote answers a poll, in place of what the actor answered before; without
// choices it takes that back.
func (s *Service) vote(ctx context.Context, tx *psync.Tx) error {
	var args struct {
		Message string `json:"message"`
		Poll    string `json:"poll"`
		Choices []int  `json:"choices"`
	}
	if err := s.begin(tx, &args); err != nil {
		return err
	}
	p, err := s.held(ctx, tx, "message", args.Message)
	if err != nil {
		return err
	}
	poll, there := p.Body.poll(args.Poll)
	if !there {
		return psync.Refuse("not_found", "poll", "no such poll")
	}
	args.Choices = slices.Sorted(slices.Values(args.Choices))
	if err := poll.accepts(args.Choices); err != nil {
		return err
	}
	tx.Put("vote", pollKey(args.Message, args.Poll), Vote{args.Choices, tx.Now().UTC().Truncate(time.Second)})
	tx.Effect(effectBallot, ballot{p.From.ID, args.Message, args.Poll, s.dir.Named(tx.Actor().User), args.Choices})
	return nil
}

// accepts refuses choices, in ascending order, that the poll does not offer.
func (p *Poll) accepts(choices []int) error {
	for i, c := range choices {
		if c < 0 || c >= len(p.Options) || i > 0 && c == choices[i-1] {
			return psync.Refuse("invalid", fmt.Sprintf("choices[%d]", i), "an option, once")
		}
	}
	if len(choices) > 1 && !p.Many {
		return psync.Refuse("invalid", "choices", "one option")
	}
	return nil
}

func pollKey(message, poll string) string { return message + "." + poll }

// count puts a ballot, of choices that the poll offers, in the place of the
// voter's earlier one. Ballots of one person arrive in their order.
func (s *Service) count(ctx context.Context, job *psync.Job) error {
	var b ballot
	if err := job.Payload(&b); err != nil {
		return err
	}
	return job.Commit(ctx, userScope(b.Author), func(ctx context.Context, tx *psync.Tx) error {
		p, there, err := postIn(ctx, tx, b.Message)
		if err != nil || !there {
			return err
		}
		poll, there := p.Body.poll(b.Poll)
		if !there {
			return nil
		}
		key := pollKey(b.Message, b.Poll)
		var before []int
		if _, err := tx.Get(ctx, "ballot", key+"."+b.Voter.ID, &before); err != nil {
			return err
		}
		tally := newTally(poll)
		if _, err := tx.Get(ctx, "tally", key, &tally); err != nil {
			return err
		}
		tally.replace(b.Voter, before, b.Choices)
		tx.Put("ballot", key+"."+b.Voter.ID, b.Choices)
		tx.Put("tally", key, tally)
		return nil
	})
}

// asks says whether there is a poll in a body.
func (b Body) asks() bool {
	return slices.ContainsFunc(b, func(block Block) bool { return block.Poll != nil })
}

// unpollBatch is how many records of a poll one commit deletes.
const unpollBatch = 400

// unpoll deletes what was answered to a message that nobody reads any more.
func (s *Service) unpoll(ctx context.Context, job *psync.Job) error {
	var d delivery
	if err := job.Payload(&d); err != nil {
		return err
	}
	return job.Commit(ctx, job.Source(), func(ctx context.Context, tx *psync.Tx) error {
		left := unpollBatch
		for _, typ := range []string{"ballot", "tally"} {
			recs, err := tx.List(ctx, typ)
			if err != nil {
				return err
			}
			for _, r := range recs {
				if left > 0 && strings.HasPrefix(r.ID, pollKey(d.ID, "")) {
					tx.Delete(typ, r.ID)
					left--
				}
			}
		}
		if left == 0 {
			tx.Effect(effectUnpoll, d) // the rest
		}
		return nil
	})
}

func newTally(p *Poll) Tally {
	t := Tally{Counts: make([]int, len(p.Options))}
	if !p.Secret {
		t.Names = make([][]directory.Named, len(p.Options))
		for i := range t.Names {
			t.Names[i] = []directory.Named{}
		}
	}
	return t
}

// replace counts choices of somebody in place of others.
func (t *Tally) replace(who directory.Named, before, after []int) {
	if len(before) > 0 {
		t.Voters--
	}
	if len(after) > 0 {
		t.Voters++
	}
	for _, c := range before {
		t.Counts[c]--
		if t.Names != nil {
			t.Names[c] = slices.DeleteFunc(t.Names[c], func(n directory.Named) bool { return n.ID == who.ID })
		}
	}
	for _, c := range after {
		t.Counts[c]++
		if t.Names != nil {
			t.Names[c] = append(t.Names[c], who)
		}
	}
}
