package directory

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	psync "preau/sync"
)

// batch is the most records that one commit of a directory carries.
const batch = 200

// Put is one record to write under an id.
type Put struct {
	ID     string
	Record Record
}

// StableID derives an id from what identifies something outside: equal keys
// give equal ids. It is 12 characters of [a-z2-7].
func StableID(key ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(key, "\x00")))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:12])
}

// Apply writes records to the directory of a school, in order, a few hundred
// per commit, and returns when memory holds them. It checks no right: it is
// for imports and for rules that did. Writing what is there already changes
// nothing. After an error some batches may have been written: run it again.
func (d *Directory) Apply(ctx context.Context, a psync.Actor, school string, puts []Put) error {
	for _, p := range puts {
		if err := p.check(); err != nil {
			return err
		}
	}
	for some := range slices.Chunk(puts, batch) {
		err := d.commit(ctx, a, school, func(ctx context.Context, tx *psync.Tx) error {
			return d.write(ctx, tx, school, some...)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// commit runs a rule on a school's directory and then refreshes memory.
func (d *Directory) commit(ctx context.Context, a psync.Actor, school string, r psync.Rule) error {
	if _, err := d.engine.Commit(ctx, a, Scope(school), r); err != nil {
		return fmt.Errorf("change directory of school %s: %w", school, err)
	}
	return d.refresh(ctx, school)
}

// write puts records within a commit, and says that the public records follow
// now and on every date at which one of these links begins or ends. Records
// that are there already are left alone; without any other, nothing follows.
func (d *Directory) write(ctx context.Context, tx *psync.Tx, school string, puts ...Put) error {
	puts, err := changed(ctx, tx, puts)
	if err != nil || len(puts) == 0 {
		return err
	}
	for _, p := range puts {
		tx.Put(p.Record.kind(), p.ID, p.Record)
	}
	d.followed(tx)
	for _, day := range boundaries(puts, d.Today(school)) {
		tx.EffectAt(effectTurn, struct{}{}, day.start(d.Location(school)))
	}
	return nil
}

// changed keeps the records that differ from what is stored.
func changed(ctx context.Context, tx *psync.Tx, puts []Put) ([]Put, error) {
	var kept []Put
	for _, p := range puts {
		var stored json.RawMessage
		if _, err := tx.Get(ctx, p.Record.kind(), p.ID, &stored); err != nil {
			return nil, err
		}
		if !bytes.Equal(stored, encode(p.Record)) {
			kept = append(kept, p)
		}
	}
	return kept, nil
}

// encode gives the canonical JSON of one of our own types: the bytes that the
// engine stores for it.
func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // none of them can fail
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// boundaries lists the coming days on which the records begin or end.
func boundaries(puts []Put, today Date) []Date {
	var days []Date
	for _, p := range puts {
		span := spanOf(p.Record)
		for _, day := range []Date{span.From, span.To} {
			if day > today {
				days = append(days, day)
			}
		}
	}
	slices.Sort(days)
	return slices.Compact(days)
}

func spanOf(r Record) Span {
	switch r := r.(type) {
	case Person:
		return r.Span
	case Class:
		return r.Span
	case Enrollment:
		return r.Span
	case Guardianship:
		return r.Span
	case CourseRecord:
		return r.Span
	case Teaching:
		return r.Span
	case Post:
		return r.Span
	case Space:
		return r.Span
	case Membership:
		return r.Span
	}
	return Span{}
}

// check refuses what must never be stored: no id, a date that is none, a zone
// that is none, an audience or a role of an unknown kind, a nameless space.
func (p Put) check() error {
	bad := ""
	switch r := p.Record.(type) {
	case nil:
		return fmt.Errorf("%s: no record: %w", p.ID, ErrInvalid)
	case School:
		if _, err := time.LoadLocation(r.Timezone); err != nil || r.Timezone == "" {
			bad = "timezone"
		}
	case Class:
		if r.Kind != KindClass && r.Kind != KindGroup {
			bad = "kind"
		}
	case Post:
		if !slices.Contains(AllRoles[2:], r.Role) {
			bad = "role"
		}
	case Space:
		if r.Name == "" {
			bad = "name"
		}
	}
	span := spanOf(p.Record)
	switch {
	case p.ID == "":
		bad = "id"
	case span.From != "" && !span.From.Valid():
		bad = "from"
	case span.To != "" && !span.To.Valid():
		bad = "to"
	}
	if bad != "" {
		return fmt.Errorf("%s %s: %s: %w", p.Record.kind(), p.ID, bad, ErrInvalid)
	}
	return nil
}
