package sqlite

import (
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"

	"preau/storage"
)

// The past of an entry tells, for each of its operations, which entry touched
// the record before, as varints; 0: it was not there, or deleted. So the
// versions of a record form a chain through the log, and when it is deleted
// they are found without searching.

// past looks up where the records of operations stand, and takes what is about
// to be deleted out of the log.
func (b *batch) past(scope int64, ops []storage.Op) (past []byte, err error) {
	const query = "SELECT seq FROM records WHERE scope = ? AND type = ? AND id = ? AND value IS NOT NULL"
	for _, o := range ops {
		var seq int64
		err := b.conn.row(b.ctx, query, []any{scope, o.Type, o.ID}, &seq)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, err
		}
		if o.Value == nil {
			if err := b.erase(scope, seq, o); err != nil {
				return nil, fmt.Errorf("erase %s %s: %w", o.Type, o.ID, err)
			}
		}
		past = binary.AppendVarint(past, seq)
	}
	return past, nil
}

// erase takes the content of a record out of entry n and those before.
func (b *batch) erase(scope, n int64, o storage.Op) error {
	for n > 0 {
		e := storage.Entry{N: n}
		var past, body []byte
		err := b.conn.row(b.ctx, "SELECT past, body FROM entries WHERE scope = ? AND n = ?", []any{scope, n}, &past, &body)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // trimmed, and so are those before
		}
		if err == nil {
			err = decode(body, &e)
		}
		if err == nil {
			n, err = blank(&e, past, o)
		}
		if err == nil {
			err = b.exec("UPDATE entries SET body = ? WHERE scope = ? AND n = ?", encode(&e), scope, e.N)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// blank turns what an entry put under a record into its deletion, and tells
// which entry touched the record before.
func blank(e *storage.Entry, past []byte, o storage.Op) (before int64, err error) {
	r := reader{rest: past}
	for i := range e.Ops {
		before = r.number()
		if old := &e.Ops[i]; old.Type == o.Type && old.ID == o.ID && !r.short && before < e.N {
			old.Value = nil
			return before, nil
		}
	}
	return 0, fmt.Errorf("entry %d does not touch it: %w", e.N, storage.ErrCorrupt)
}
