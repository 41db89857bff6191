package mail

import (
	"context"
	"maps"
	"slices"

	"preau/storage"
	psync "preau/sync"
)

// kindCited is the hidden record of who wrote a message that says which others
// pass it on, directly or through each other. It outlives the message: it is
// there as long as one of these is.
const kindCited = "cited"

// cited lists where a message is passed on.
type cited struct {
	In        []located `json:"in"`
	Withdrawn bool      `json:"withdrawn,omitempty"` // what comes to it loses its text at once
	Moderated bool      `json:"moderated,omitempty"`
}

// maxCited bounds the record to 400 KB: a whole school may pass a message on.
const maxCited = 4_000

// located names a message by whose posts lie where it does, and its id.
type located struct {
	Author  string `json:"author"`
	Message string `json:"message"`
}

func locate(author, id string) located { return located{authorOf(homeOf(author)), id} }

// citing is the payload of effectCite and effectUncite: a message and those
// that it passes on.
type citing struct {
	In located   `json:"in"`
	Of []located `json:"of"`
}

// grouped sorts places by author: one job commits once to a scope.
func grouped(all []located) map[string][]string {
	by := map[string][]string{}
	for _, p := range all {
		if !slices.Contains(by[p.Author], p.Message) {
			by[p.Author] = append(by[p.Author], p.Message)
		}
	}
	return by
}

// cite notes in messages that another passes them on.
func (s *Service) cite(ctx context.Context, job *psync.Job) error {
	return s.eachCited(ctx, job, func(ctx context.Context, tx *psync.Tx, id string, c *cited, in located) error {
		if len(c.In) >= maxCited {
			s.log.WarnContext(ctx, "a message is passed on too often to follow it", "scope", tx.Scope(), "id", id, "in", in.Message)
		} else if !slices.Contains(c.In, in) {
			c.In = append(c.In, in)
		}
		p, there, err := postIn(ctx, tx, id)
		if there && p.Recalled {
			c.Withdrawn, c.Moderated = true, c.Moderated || p.Moderated
		}
		if c.Withdrawn {
			tx.Effect(effectUnquote, unquoting{located{authorOf(tx.Scope()), id}, []located{in}, c.Moderated})
		}
		return err
	})
}

// uncite notes that a message passes others on no more.
func (s *Service) uncite(ctx context.Context, job *psync.Job) error {
	return s.eachCited(ctx, job, func(_ context.Context, _ *psync.Tx, _ string, c *cited, in located) error {
		c.In = slices.DeleteFunc(c.In, func(p located) bool { return p == in })
		return nil
	})
}

func (s *Service) eachCited(ctx context.Context, job *psync.Job, change func(context.Context, *psync.Tx, string, *cited, located) error) error {
	var c citing
	if err := job.Payload(&c); err != nil {
		return err
	}
	for author, ids := range grouped(c.Of) {
		err := job.Commit(ctx, homeOf(author), func(ctx context.Context, tx *psync.Tx) error {
			for _, id := range ids {
				if err := changeCited(ctx, tx, id, func(of *cited) error { return change(ctx, tx, id, of, c.In) }); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// changeCited changes where a message is passed on; a record of nothing goes.
func changeCited(ctx context.Context, tx *psync.Tx, id string, change func(*cited) error) error {
	var c cited
	seq, err := tx.Get(ctx, kindCited, id, &c)
	if err != nil {
		return err
	}
	if err := change(&c); err != nil {
		return err
	}
	if len(c.In) > 0 {
		tx.PutIfChanged(kindCited, id, c)
	} else if seq > 0 {
		tx.Delete(kindCited, id)
	}
	return nil
}

// unquoting is the payload of effectUnquote: a message that was withdrawn, and
// which others lose its text; none are named: all that pass it on.
type unquoting struct {
	Of        located   `json:"of"`
	In        []located `json:"in,omitempty"`
	Moderated bool      `json:"moderated,omitempty"`
}

// withdrawQuotes takes a message out of those that pass it on, in a commit to
// the scope of its author.
func withdrawQuotes(ctx context.Context, tx *psync.Tx, id string, moderated bool) error {
	return changeCited(ctx, tx, id, func(c *cited) error {
		c.Withdrawn, c.Moderated = true, c.Moderated || moderated
		if len(c.In) > 0 {
			tx.Effect(effectUnquote, unquoting{Of: located{authorOf(tx.Scope()), id}, Moderated: c.Moderated})
		}
		return nil
	})
}

// unquote takes the text of a message out of others.
func (s *Service) unquote(ctx context.Context, job *psync.Job) error {
	var u unquoting
	if err := job.Payload(&u); err != nil {
		return err
	}
	in := u.In
	if in == nil {
		all, err := s.citedIn(ctx, u.Of)
		if err != nil {
			return err
		}
		in = all
	}
	by := grouped(in)
	for _, author := range slices.Sorted(maps.Keys(by)) {
		if err := s.unquoteIn(ctx, job, author, by[author], u); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) citedIn(ctx context.Context, of located) ([]located, error) {
	recs, err := s.engine.Find(ctx, homeOf(of.Author), storage.Key{Type: kindCited, ID: of.Message})
	if err != nil || len(recs) == 0 {
		return nil, err
	}
	c, err := decode[cited](recs[0].Value)
	return c.In, err
}

// unquoteIn takes a text out of the first of an author's messages, which may be
// as large as one commit allows; the others follow.
func (s *Service) unquoteIn(ctx context.Context, job *psync.Job, author string, ids []string, u unquoting) error {
	return job.Commit(ctx, homeOf(author), func(ctx context.Context, tx *psync.Tx) error {
		var rest []located
		for _, id := range ids[1:] {
			rest = append(rest, located{author, id})
		}
		if len(rest) > 0 {
			tx.Effect(effectUnquote, unquoting{u.Of, rest, u.Moderated})
		}
		p, there, err := postIn(ctx, tx, ids[0])
		if err != nil || !there || !p.unquote(u.Of, u.Moderated) {
			return err
		}
		return s.retell(ctx, tx, ids[0], movePost(tx, ids[0], p))
	})
}

// unquote empties the quotes that are one message.
func (p *post) unquote(of located, moderated bool) (changed bool) {
	for i, c := range p.Cites {
		if c != of || i >= len(p.Quotes) || p.Quotes[i].Withdrawn {
			continue
		}
		q := &p.Quotes[i]
		q.Body, q.Altered, q.Withdrawn, changed = Body{}, false, true, true
		if moderated {
			q.Subject = ""
		}
	}
	return changed
}
