package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"net/url"

	_ "modernc.org/sqlite" // the driver
)

// conn is one connection with its prepared statements. It is used by one
// goroutine at a time. Contexts given to it never end: a statement that has
// begun is let finish.
type conn struct {
	db    *sql.DB
	only  *sql.Conn
	stmts map[string]stmt
}

// stmt is a prepared statement, closed with its connection.
type stmt struct{ *sql.Stmt }

// connect opens one connection to the database at path.
func connect(ctx context.Context, path string, o Options) (*conn, error) {
	db, err := sql.Open("sqlite", dsn(path, o))
	if err != nil {
		return nil, err
	}
	only, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &conn{db: db, only: only, stmts: map[string]stmt{}}, nil
}

func dsn(path string, o Options) string {
	q := url.Values{"_pragma": {"busy_timeout(10000)", "cache_size(-32768)", "temp_store(MEMORY)"}}
	if o.readOnly {
		q.Set("mode", "ro")
	} else {
		q["_pragma"] = append(q["_pragma"], writing(o)...)
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

// writing is what a connection needs that may write.
func writing(o Options) []string {
	sync := "synchronous(FULL)"
	if o.Unsynced {
		sync = "synchronous(OFF)"
	}
	return []string{"journal_mode(WAL)", sync, "secure_delete(FAST)", "journal_size_limit(67108864)"}
}

// stmt prepares a statement once.
func (c *conn) stmt(ctx context.Context, query string) (stmt, error) {
	if s, ok := c.stmts[query]; ok {
		return s, nil
	}
	s, err := c.only.PrepareContext(ctx, query)
	if err != nil {
		return stmt{}, err
	}
	c.stmts[query] = stmt{s}
	return stmt{s}, nil
}

func (c *conn) exec(ctx context.Context, query string, args ...any) error {
	_, err := c.change(ctx, query, args...)
	return err
}

// change runs a statement and tells how many rows it changed.
func (c *conn) change(ctx context.Context, query string, args ...any) (int64, error) {
	s, err := c.stmt(ctx, query)
	if err != nil {
		return 0, err
	}
	r, err := s.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// row reads one row; sql.ErrNoRows if there is none.
func (c *conn) row(ctx context.Context, query string, args []any, into ...any) error {
	s, err := c.stmt(ctx, query)
	if err != nil {
		return err
	}
	return s.QueryRowContext(ctx, args...).Scan(into...)
}

// each calls yield on every row, until it returns false.
func (c *conn) each(ctx context.Context, query string, args []any, yield func(scan func(...any) error) (bool, error)) (err error) {
	s, err := c.stmt(ctx, query)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if more, err := yield(rows.Scan); err != nil || !more {
			return err
		}
	}
	return rows.Err()
}

// script runs several statements that nobody runs again.
func (c *conn) script(ctx context.Context, statements string) error {
	_, err := c.only.ExecContext(ctx, statements)
	return err
}

func (c *conn) close() error {
	var errs []error
	for _, s := range c.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.only.Close(), c.db.Close())...)
}

// snapshot runs f within one read transaction.
func (c *conn) snapshot(ctx context.Context, f func() error) error {
	if err := c.exec(ctx, "BEGIN"); err != nil {
		return err
	}
	return errors.Join(f(), c.exec(ctx, "COMMIT"))
}
