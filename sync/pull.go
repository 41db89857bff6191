package sync

import (
	"context"
	"maps"
	"slices"
	"time"

	"preau/storage"
)

// pull is one answer being planned: deltas of all scopes first, then what the
// device does not hold yet, in the order of the grants.
type pull struct {
	engine *Engine
	actor  Actor
	req    *Request
	out    *answer
	epoch  int64
	pages  []*page
	used   int
}

func (e *Engine) pull(ctx context.Context, a Actor, req *Request, s *sight, out *answer) (err error) {
	if s == nil {
		if s, err = e.look(ctx, a, req); err != nil {
			return err
		}
	}
	p := &pull{engine: e, actor: a, req: req, out: out, epoch: s.epoch, used: len(out.results)}
	if err := p.plan(ctx, s); err != nil {
		return err
	}
	if err := p.fill(ctx); err != nil {
		return unavailable(err)
	}
	p.encode()
	return nil
}

// plan decides for each scope what the device must be told.
func (p *pull) plan(ctx context.Context, s *sight) error {
	for i, g := range s.grants {
		page := &page{scope: g.Scope, title: g.Title, head: s.tails[i].Head}
		c, held := p.req.Cursors[g.Scope]
		if held && c.Epoch == p.epoch && c.Hi > page.head {
			return &RequestError{Code: Behind, Message: g.Scope + " is ahead of this server", RetryAfter: time.Second}
		}
		reset, err := p.reset(ctx, c, s.tails[i])
		if err != nil {
			return unavailable(err)
		}
		switch {
		case !held || c == Cursor{} || c.Epoch == p.epoch && emptyLongAgo(c, s.tails[i]):
			page.begin(p.epoch, "")
		case reset != "":
			page.begin(p.epoch, reset)
		default:
			page.cursor = c
		}
		p.pages = append(p.pages, page)
	}
	p.planGone(s.readable)
	return nil
}

// emptyLongAgo tells whether a device holds a scope as it was before its first
// commit, and too much has happened since: it begins the scope, as if it did
// not hold it.
func emptyLongAgo(c Cursor, t storage.Tail) bool {
	return c.Hi == 0 && (t.Floor > 0 || t.Head > tailEntries)
}

// begin starts a scope from nothing.
func (p *page) begin(epoch int64, reset string) {
	p.begun, p.said, p.reset = true, true, reset
	p.cursor = Cursor{Epoch: epoch, Hi: p.head, Lo: p.head}
}

// reset tells why a cursor is of no use any more; "" when it is.
func (p *pull) reset(ctx context.Context, c Cursor, t storage.Tail) (string, error) {
	sum, checked := p.req.Digest[t.Scope]
	switch {
	case c.Epoch != p.epoch:
		return "epoch", nil
	case c.Hi < t.Floor:
		return "floor", nil
	case checked && c.Hi == t.Head && c.Lo == 0:
		return p.engine.checkDigest(ctx, p.actor, t, sum)
	}
	return "", nil
}

// planGone names the scopes that the device holds and may not read.
func (p *pull) planGone(readable []Grant) {
	if len(p.pages) == len(p.req.Cursors) && !slices.ContainsFunc(p.pages, p.unheld) {
		return
	}
	for _, scope := range slices.Sorted(maps.Keys(p.req.Cursors)) {
		if !granted(readable, scope) {
			p.pages = append(p.pages, &page{scope: scope, gone: "revoked", said: true})
		}
	}
}

func (p *pull) unheld(page *page) bool {
	_, held := p.req.Cursors[page.scope]
	return !held
}

// fill reads what the pages are to bring, within the budget.
func (p *pull) fill(ctx context.Context) error {
	if err := p.fillDeltas(ctx); err != nil {
		return err
	}
	for _, page := range p.pages {
		if page.gone != "" {
			continue
		}
		if page.cursor.Lo > 0 {
			size := len(page.records)
			err := page.descend(ctx, p.engine, p.room(), p.empty())
			if err != nil {
				return err
			}
			p.used += len(page.records) - size
		}
		page.left = page.cursor.Lo > 0 || page.cursor.Hi < page.head
	}
	return nil
}

func (p *pull) room() int { return p.req.budget() - p.used }

// empty tells that no record was found yet: the next page must bring some, or
// the device would ask for ever.
func (p *pull) empty() bool { return p.used == len(p.out.results) }

// fillDeltas brings the changes of the scopes that the device holds.
func (p *pull) fillDeltas(ctx context.Context) error {
	var missing []*page
	var at []storage.Position
	for _, page := range p.pages {
		if page.gone != "" || page.begun || page.cursor.Hi == page.head {
			continue
		}
		if p.cached(page) {
			continue
		}
		missing = append(missing, page)
		at = append(at, storage.Position{Scope: page.scope, After: page.cursor.Hi})
	}
	if len(missing) == 0 {
		return nil
	}
	tails, err := p.engine.records.Tails(ctx, at, tailEntries)
	if err != nil {
		return err
	}
	for i, page := range missing {
		if err := p.climb(ctx, page, tails[i]); err != nil {
			return err
		}
	}
	return nil
}

// cached fills a page from the folds shared between readers.
func (p *pull) cached(page *page) bool {
	b, ok := p.engine.folds.get(foldKey{page.scope, page.cursor.Hi, page.head})
	if !ok || len(b) > p.room() && !p.empty() {
		return false
	}
	page.add(b)
	page.cursor.Hi = page.head
	p.used += len(b)
	return true
}

// climb fills a page from the log, or from the records where the log does not
// reach back to the cursor.
func (p *pull) climb(ctx context.Context, page *page, t storage.Tail) error {
	if p.room() <= 0 && !p.empty() {
		return nil
	}
	from := page.cursor.Hi
	page.head = max(page.head, t.Head)
	if !follow(t.Entries, from) {
		err := page.climbRecords(ctx, p.engine, p.room())
		p.used += len(page.records)
		return err
	}
	entries, err := p.engine.outgoingEntries(ctx, page.scope, t.Entries)
	if err != nil {
		return err
	}
	page.climb(entries, p.room())
	p.used += len(page.records)
	if page.cursor.Hi == page.head && page.scope != ownScope(p.actor) {
		p.engine.folds.put(foldKey{page.scope, from, page.head}, page.records)
	}
	return nil
}

// follow tells whether the entries are those after a position, without gaps.
func follow(entries []storage.Entry, after int64) bool {
	for i, e := range entries {
		if e.N != after+int64(i)+1 {
			return false
		}
	}
	return len(entries) > 0
}

func (p *pull) encode() {
	now := p.engine.now()
	for _, page := range p.pages {
		if page.said {
			p.out.scopes = page.appendTo(p.out.scopes, now)
		}
		if page.left {
			p.out.more = append(p.out.more, page.scope)
		}
	}
}
