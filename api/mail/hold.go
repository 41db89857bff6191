package mail

import (
	"context"
	"slices"

	"preau/api/attachment"
	psync "preau/sync"
)

// kindHold is the hidden record of who wrote a message that says what still
// needs it. There is none while nothing has changed: then everybody has it who
// got it, and nobody answered.
const kindHold = "hold"

// holds counts what needs a message.
type holds struct {
	Boxes   int `json:"boxes"`             // mailboxes that have it, or will
	Answers int `json:"answers,omitempty"` // messages of the discussion that it began, and outsiders who may answer
}

// boxes is in how many mailboxes a message was to be at first.
func (p post) boxes() int {
	n := p.readers() + len(p.home())
	for _, a := range p.Refused {
		if !isOutside(a) {
			n++
		}
	}
	return n
}

// hold says, before a message leaves, what it needs itself: the one that began
// its discussion, and to be known by those that it passes on. Whoever answers
// or passes on has the message, so it cannot have gone before this is heard.
func hold(tx *psync.Tx, id string, p post) {
	if id != p.Discussion {
		tx.Effect(effectHold, letting{Author: p.Root, Messages: []string{p.Discussion}})
	}
	if len(p.Outside) > 0 {
		tx.Put(kindHold, id, holds{Boxes: p.boxes(), Answers: len(p.Outside)})
	}
	if len(p.Cites) > 0 {
		tx.Effect(effectCite, citing{In: locate(p.From.ID, id), Of: p.Cites})
	}
}

// letting is the payload of effectHold and effectLetGo: messages of one author
// that something needs, or needs no more.
type letting struct {
	Author   string   `json:"author"`
	Messages []string `json:"messages"`
	Answer   bool     `json:"answer,omitempty"` // an answer let go, and no mailbox
}

// lettingAtOnce is how many messages one commit lets go: what follows of each
// fits into it.
const lettingAtOnce = 8

// letGoOf says that the mailbox tx is in has messages of an author no more.
func letGoOf(tx *psync.Tx, author string, ids []string) {
	for some := range slices.Chunk(ids, lettingAtOnce) {
		tx.Effect(effectLetGo, letting{Author: author, Messages: some})
	}
}

// holdRoot counts one more answer in a discussion.
func (s *Service) holdRoot(ctx context.Context, job *psync.Job) error {
	return s.eachLet(ctx, job, func(letting) (boxes, answers int) { return 0, 1 })
}

// letGo counts a mailbox, or an answer, that does not need a message any more.
func (s *Service) letGo(ctx context.Context, job *psync.Job) error {
	return s.eachLet(ctx, job, func(l letting) (boxes, answers int) {
		if l.Answer {
			return 0, -1
		}
		return -1, 0
	})
}

func (s *Service) eachLet(ctx context.Context, job *psync.Job, by func(letting) (boxes, answers int)) error {
	var l letting
	if err := job.Payload(&l); err != nil {
		return err
	}
	boxes, answers := by(l)
	return job.Commit(ctx, homeOf(l.Author), func(ctx context.Context, tx *psync.Tx) error {
		for _, id := range l.Messages {
			if err := s.need(ctx, tx, id, boxes, answers); err != nil {
				return err
			}
		}
		return nil
	})
}

// need counts anew what needs a message. One that no mailbox has loses its
// text; one that nothing needs is gone.
func (s *Service) need(ctx context.Context, tx *psync.Tx, id string, boxes, answers int) error {
	p, there, err := postIn(ctx, tx, id)
	if err != nil || !there {
		return err
	}
	h := holds{Boxes: p.boxes()}
	seq, err := tx.Get(ctx, kindHold, id, &h)
	if err != nil {
		return err
	}
	h.Boxes, h.Answers = h.Boxes+boxes, h.Answers+answers
	switch {
	case h.Boxes > 0 || h.Answers > 0:
		tx.Put(kindHold, id, h)
	case seq > 0:
		tx.Delete(kindHold, id)
	}
	if h.Boxes <= 0 && h.Answers <= 0 {
		s.free(tx, id, p)
	} else if h.Boxes <= 0 && !p.Erased {
		movePost(tx, id, s.emptied(tx, id, p))
	}
	return nil
}

// free erases a message that nothing needs.
func (s *Service) free(tx *psync.Tx, id string, p post) {
	s.emptied(tx, id, p)
	tx.Delete(p.stands, id)
	if id != p.Discussion {
		tx.Effect(effectLetGo, letting{Author: p.Root, Messages: []string{p.Discussion}, Answer: true})
	}
}

// emptied is a message without what there was to read in it. Its files are
// nobody's any more, and it passes nothing on.
func (s *Service) emptied(tx *psync.Tx, id string, p post) post {
	for some := range slices.Chunk(p.scopes(), shownAtOnce) {
		attachment.Release(tx, s.reference(id, p, some))
	}
	if len(p.Cites) > 0 {
		tx.Effect(effectUncite, citing{In: locate(p.From.ID, id), Of: p.Cites})
	}
	if p.Body.asks() {
		tx.Effect(effectUnpoll, delivery{ID: id})
	}
	p.Body, p.Files, p.Quotes, p.Cites, p.Erased = Body{}, nil, nil, nil, true
	return p
}
