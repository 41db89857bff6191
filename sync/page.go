package sync

import (
	"context"
	"time"

	"preau/storage"
)

// page is what an answer says of one scope.
type page struct {
	scope   string
	title   string // of a scope begun
	reset   string // why the device starts over
	gone    string // why it may not read it any more
	begun   bool
	cursor  Cursor
	head    int64 // as known when the page was planned
	records []byte
	said    bool // there is something to send
	left    bool // there is more to fetch
}

// lease is how long a device may keep a scope that no pull renews.
const lease = 35 * 24 * time.Hour

// appendTo appends the member of "scopes".
func (p *page) appendTo(b []byte, now time.Time) []byte {
	if len(b) > 0 {
		b = append(b, ',')
	}
	b = append(appendString(b, p.scope), ':')
	if p.gone != "" {
		b = appendString(append(b, `{"gone":`...), p.gone)
		return append(b, '}')
	}
	b = append(b, '{')
	if p.reset != "" {
		b = append(appendString(append(b, `"reset":`...), p.reset), ',')
	}
	b = appendCursor(append(b, `"cursor":`...), p.cursor)
	if p.begun {
		b = p.appendLease(b, now)
	}
	b = append(append(b, `,"records":[`...), p.records...)
	return append(b, `]}`...)
}

func (p *page) appendLease(b []byte, now time.Time) []byte {
	if p.title != "" {
		b = appendString(append(b, `,"title":`...), p.title)
	}
	b = append(b, `,"lease":"`...)
	b = now.Add(lease).UTC().AppendFormat(b, time.RFC3339)
	return append(b, '"')
}

// Sizes of what is read at once.
const (
	tailEntries  = 256
	recordGuess  = 400 // bytes
	minPageCount = 32
)

// climb moves the cursor up through the entries of a tail.
func (p *page) climb(entries []storage.Entry, room int) {
	n := fitting(entries, room)
	p.add(fold(entries[:n]))
	p.cursor.Hi = entries[n-1].N
}

// climbRecords moves the cursor up through the records, where the log does
// not reach back to it.
func (p *page) climbRecords(ctx context.Context, e *Engine, room int) error {
	limit := pageCount(room)
	recs, head, err := e.scan(ctx, storage.Page{
		Scope: p.scope, After: p.cursor.Hi, Limit: limit, Tombstones: true,
	})
	if err != nil {
		return err
	}
	// Deletions may have been forgotten while we read.
	tails, err := e.records.Tails(ctx, []storage.Position{{Scope: p.scope}}, 0)
	if err != nil {
		return err
	}
	p.head = max(p.head, head)
	if tails[0].Floor > p.cursor.Hi {
		p.begin(p.cursor.Epoch, "floor")
		return nil
	}
	p.said = true
	if n := p.take(recs, room); n < len(recs) || n >= limit {
		p.cursor.Hi = recs[n-1].Seq
	} else {
		p.cursor.Hi = head
	}
	return nil
}

// descend moves the lower end of the cursor down, newest records first, until
// the room is used or everything is there. With force it brings at least one
// record.
func (p *page) descend(ctx context.Context, e *Engine, room int, force bool) error {
	for fresh := p.begun && len(p.records) == 0; p.cursor.Lo > 0 && (room > 0 || force); fresh, force = false, false {
		limit := pageCount(room)
		before := p.cursor.Lo + 1
		if fresh {
			before = 0
		}
		recs, head, err := e.scan(ctx, storage.Page{Scope: p.scope, Before: before, Down: true, Limit: limit})
		if err != nil {
			return err
		}
		if fresh {
			p.cursor.Hi, p.head = head, head
		}
		size := len(p.records)
		n := p.take(recs, room)
		room -= len(p.records) - size
		if n == len(recs) && len(recs) < limit {
			p.cursor.Lo = 0
		} else {
			p.cursor.Lo = recs[n-1].Seq - 1
		}
		p.said = true
	}
	return nil
}

// scan reads a page of records as devices get them.
func (e *Engine) scan(ctx context.Context, p storage.Page) (recs []storage.Record, head int64, err error) {
	if recs, head, err = e.records.Scan(ctx, p); err == nil {
		recs, err = e.outgoing(ctx, p.Scope, recs)
	}
	return recs, head, err
}

// take encodes records of a scan until the room is used, at least those of one
// commit, and never splits a commit. It returns how many it took.
func (p *page) take(recs []storage.Record, room int) (n int) {
	for n < len(recs) {
		if n > 0 && room < 0 && recs[n].Seq != recs[n-1].Seq {
			break
		}
		size := len(p.records)
		if recs[n].Type != "" {
			p.records = appendRecord(p.records, recs[n].Seq, recs[n].Type, recs[n].ID, recs[n].Value)
		}
		room -= len(p.records) - size
		n++
	}
	return n
}

func pageCount(room int) int { return max(room/recordGuess, minPageCount) }

// add takes encoded records into the page.
func (p *page) add(encoded []byte) {
	p.said = true
	if len(encoded) == 0 {
		return
	}
	if len(p.records) > 0 {
		p.records = append(p.records, ',')
	}
	p.records = append(p.records, encoded...)
}
