package sqlite

import (
	"context"
	"fmt"
	"time"

	"preau/storage"
)

var _ storage.Gauge = (*Store)(nil)

// Measure implements [storage.Gauge].
func (s *Store) Measure(ctx context.Context, now time.Time) (m storage.Measures, err error) {
	const query = `SELECT (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size),
		(SELECT count(*) FROM scopes), count(*), count(*) FILTER (WHERE due <= ?1),
		ifnull(min(max(due, at)) FILTER (WHERE due <= ?1), 0) FROM tasks`
	var oldest int64
	err = s.reading(ctx, func(ctx context.Context, c *conn) error {
		return c.row(ctx, query, []any{millis(now)}, &m.Bytes, &m.Scopes, &m.Tasks, &m.Due, &oldest)
	})
	if err != nil {
		return m, fmt.Errorf("measure records: %w", err)
	}
	m.Oldest = moment(oldest)
	return m, nil
}
