package sqlite

import (
	"context"
	"errors"
	"fmt"

	"preau/storage"
)

// Dump yields every live record of the database at path, by scope, type and
// id, as of one moment. It writes nothing to the database and needs no lock:
// another process may be serving it, or may have been killed. (SQLite may make
// the index of the write-ahead log, as every reader does.)
func Dump(ctx context.Context, path string, yield func(scope string, r storage.Record) error) error {
	if err := dump(ctx, path, yield); err != nil {
		return fmt.Errorf("dump %s: %w", path, err)
	}
	return nil
}

func dump(ctx context.Context, path string, yield func(scope string, r storage.Record) error) (err error) {
	running := context.WithoutCancel(ctx)
	c, err := connect(running, path, Options{readOnly: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if err := wantNewest(running, c); err != nil {
		return err
	}
	// One statement is one snapshot; the indexes give the order.
	const all = `SELECT s.name, r.seq, r.type, r.id, r.value FROM scopes s JOIN records r ON r.scope = s.id
		WHERE r.value IS NOT NULL ORDER BY s.name, r.type, r.id`
	return c.each(running, all, nil, func(scan func(...any) error) (bool, error) {
		var scope string
		var r storage.Record
		if err := errors.Join(ctx.Err(), scan(&scope, &r.Seq, &r.Type, &r.ID, &r.Value)); err != nil {
			return false, err
		}
		return true, yield(scope, r)
	})
}

// wantNewest refuses a schema that only a server may bring up to date.
func wantNewest(ctx context.Context, c *conn) error {
	var version int
	if err := c.row(ctx, "PRAGMA user_version", nil, &version); err != nil {
		return err
	}
	if version != len(migrations) {
		return fmt.Errorf("it has schema %d, not this program's %d: use the program that serves it", version, len(migrations))
	}
	return nil
}
