package sqlite

import (
	"context"
	"errors"
	"fmt"

	"preau/storage"
)

// Check reads the whole database and returns ErrCorrupt, with what it found,
// when it is damaged.
func (s *Store) Check(ctx context.Context) error { return s.reading(ctx, check) }

// Check is that of [Store.Check], while another process may be writing.
func (l Live) Check(ctx context.Context) (err error) {
	running := context.WithoutCancel(ctx)
	c, err := connect(running, string(l), Options{readOnly: true})
	if err != nil {
		return err
	}
	return errors.Join(check(running, c), c.close())
}

func check(ctx context.Context, c *conn) error {
	var found string
	if err := c.row(ctx, "PRAGMA integrity_check(1)", nil, &found); err != nil {
		return fmt.Errorf("check records: %w", err)
	}
	if found != "ok" {
		return fmt.Errorf("check records: %s: %w", found, storage.ErrCorrupt)
	}
	return nil
}
