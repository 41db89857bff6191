// Package sqlite keeps the records of a school in one SQLite database: the
// default, for one process.
//
// One goroutine writes. It takes what is waiting, up to 256 requests, into one
// transaction, so that a single fsync makes all of them durable; an entry that
// lost its number is answered without disturbing the others. Reads run beside
// it on four connections, each on a snapshot of its own. What everybody asks
// all the time, "is there anything new?", is answered from memory.
//
// The tables hold:
//
//	scopes   id, name, floor           a small number for each scope's name
//	entries  scope, n, at, past, body  the log; the body as in codec.go, the past as in past.go
//	records  scope, type, id, seq      the latest version, value NULL: a tombstone
//	steps    scope, lane, k, result    what each lane has done
//	tasks    scope, n, idx, ready, …   effects not yet settled, nowhere else
//	meta     name, value               the epoch
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"

	"preau/storage"
	"preau/storage/watch"
)

// Memory is the path of a store for tests: a directory of its own that goes
// with Close, and no fsync.
const Memory = ":memory:"

// readers is how many reads run at a time.
const readers = 4

// Options change how a store is opened. The zero value is right for a school.
type Options struct {
	// Unsynced leaves the moment of writing to the operating system: fast,
	// and lossy when the power fails. For tests and throw-away imports.
	Unsynced bool

	readOnly bool
}

// Store is a [storage.Records] in a SQLite database.
type Store struct {
	path  string
	lock  *os.File
	temp  string // directory to remove on Close; "": none
	heads *heads
	epoch atomic.Int64
	watch watch.Set
	write *writer
	read  chan *conn // connections that nobody uses
	size  int        // how many of them there are in all
}

var _ storage.Records = (*Store)(nil)

// Open opens the database at path, making it if need be. It belongs to this
// process until Close: any other is refused.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	s := &Store{read: make(chan *conn, readers)}
	if path == Memory {
		dir, err := os.MkdirTemp("", "preau-records-")
		if err != nil {
			return nil, fmt.Errorf("open records: %w", err)
		}
		s.temp, path, o.Unsynced = dir, filepath.Join(dir, "preau.db"), true
	}
	if err := s.open(context.WithoutCancel(ctx), path, o); err != nil {
		return nil, errors.Join(fmt.Errorf("open records: %w", err), s.release())
	}
	go s.write.run()
	return s, nil
}

func (s *Store) open(ctx context.Context, path string, o Options) (err error) {
	s.path = path
	if s.lock, err = lock(path + ".lock"); err != nil {
		return err
	}
	c, err := connect(ctx, path, o)
	if err != nil {
		return err
	}
	s.write = newWriter(ctx, s, c)
	if err := migrate(ctx, c, path); err != nil {
		return err
	}
	if err := s.load(ctx, c); err != nil {
		return err
	}
	for range readers {
		if c, err = connect(ctx, path, o); err != nil {
			return err
		}
		s.read <- c
		s.size++
	}
	return nil
}

// load fills what is kept in memory, and gives back what the process before
// this one had leased.
func (s *Store) load(ctx context.Context, c *conn) (err error) {
	if s.heads, err = loadHeads(ctx, c); err != nil {
		return err
	}
	var epoch int64
	if err := c.row(ctx, "SELECT value FROM meta WHERE name = 'epoch'", nil, &epoch); err != nil {
		return err
	}
	s.epoch.Store(epoch)
	return c.exec(ctx, "UPDATE tasks SET lease = 0, parked = 0, ready = min(ready, due) WHERE lease OR parked")
}

// Watch implements [storage.Records].
func (s *Store) Watch(ctx context.Context) <-chan storage.Moved { return s.watch.Add(ctx) }

// Close ends all work and releases the database. What was acknowledged stays;
// what comes later gets ErrClosed.
func (s *Store) Close() error {
	if !s.write.stop() {
		return nil
	}
	s.watch.Close()
	return s.release()
}

// release gives back whatever was opened, each connection when its reading is
// over.
func (s *Store) release() error {
	var errs []error
	for range s.size {
		errs = append(errs, (<-s.read).close())
	}
	if s.write != nil {
		errs = append(errs, s.write.conn.close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	if s.temp != "" {
		errs = append(errs, os.RemoveAll(s.temp))
	}
	return errors.Join(errs...)
}
