package sqlite

import (
	"database/sql"
	"errors"

	"preau/storage"
)

// erase takes the content of a live record out of the entries before n, which
// is about to delete it.
func (b *batch) erase(scope, n int64, o storage.Op) error {
	const begun = "SELECT since FROM records WHERE scope = ? AND type = ? AND id = ? AND value IS NOT NULL"
	var since int64
	err := b.conn.row(b.ctx, begun, []any{scope, o.Type, o.ID}, &since)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	entries, err := b.mentions(scope, since, n, o.ID)
	if err != nil {
		return err
	}
	const query = "UPDATE entries SET body = ? WHERE scope = ? AND n = ?"
	for _, e := range entries {
		if blank(&e, o) {
			if err := b.exec(query, encode(&e), scope, e.N); err != nil {
				return err
			}
		}
	}
	return nil
}

// mentions reads the entries from since up to n whose body holds the id.
func (b *batch) mentions(scope, since, n int64, id string) (entries []storage.Entry, err error) {
	const query = "SELECT n, body FROM entries WHERE scope = ? AND n >= ? AND n < ? AND instr(body, ?) > 0"
	err = b.conn.each(b.ctx, query, []any{scope, since, n, []byte(id)}, func(scan func(...any) error) (bool, error) {
		var e storage.Entry
		var body []byte
		if err := scan(&e.N, &body); err != nil {
			return false, err
		}
		err := decode(body, &e)
		entries = append(entries, e)
		return true, err
	})
	return entries, err
}

// blank turns what an entry put under the record of o into its deletion.
func blank(e *storage.Entry, o storage.Op) (changed bool) {
	for i, old := range e.Ops {
		if old.Type == o.Type && old.ID == o.ID && old.Value != nil {
			e.Ops[i].Value, changed = nil, true
		}
	}
	return changed
}
