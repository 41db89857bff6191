// Package disk keeps blobs as files in a directory: the default, for one
// machine.
//
// A blob is written to a temporary file, synced, and renamed to its place;
// then the directory is synced. So it is there whole, for ever, or not at all.
// All access goes through one [os.Root]: no key leads out of the directory.
//
// The blob "pages/2026/x.jpg" lies in "pages+/2026+/x.jpg": the sign keeps the
// directory of "a/b" apart from the blob "a". Unfinished files lie in ".new",
// and in ".grow" what grows.
package disk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"syscall"

	"preau/storage"
)

const (
	unfinished = ".new"
	dirMark    = "+"
)

// Store is a [storage.Blobs] in a directory.
type Store struct {
	root *os.Root
	lock *os.File // on the unfinished files, shared by all who may make some

	place sync.Mutex // held to rename a blob to where there is none
	marks marks

	mu    sync.Mutex
	known map[string]bool // directories that are there and on disk
}

var (
	_ storage.Blobs  = (*Store)(nil)
	_ storage.Grower = (*Store)(nil)
)

// Open opens the blobs in dir, making the directory if need be. What a killed
// process left unfinished is removed.
func Open(dir string) (*Store, error) {
	if err := MakeDir(dir); err != nil {
		return nil, fmt.Errorf("open blobs: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open blobs: %w", err)
	}
	s := &Store{root: root, known: map[string]bool{".": true}, marks: marks{known: map[string]int64{}}}
	if err := s.sweep(); err != nil {
		return nil, errors.Join(fmt.Errorf("open blobs: %w", err), s.Close())
	}
	return s, nil
}

// sweep removes unfinished files, unless another process may be at work on
// them.
func (s *Store) sweep() (err error) {
	if err := s.root.MkdirAll(unfinished, 0o700); err != nil {
		return err
	}
	if s.lock, err = s.root.Open(unfinished); err != nil {
		return err
	}
	fd := int(s.lock.Fd())
	if syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB) == nil {
		names, err := s.lock.Readdirnames(-1)
		if err != nil {
			return err
		}
		for _, n := range names {
			if err := s.root.Remove(path.Join(unfinished, n)); err != nil {
				return err
			}
		}
	}
	return syscall.Flock(fd, syscall.LOCK_SH)
}

// Close implements [storage.Blobs].
func (s *Store) Close() error {
	if s.lock != nil {
		s.lock.Close()
	}
	return s.root.Close()
}

// file is where the blob of a key lies.
func file(key string) string { return strings.ReplaceAll(key, "/", dirMark+"/") }

// fault gives an error its kind and names the key.
func fault(do, key string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		err = storage.ErrNotFound
	case errors.Is(err, fs.ErrClosed):
		err = storage.ErrClosed
	}
	return fmt.Errorf("%s blob %.80q: %w", do, key, err)
}

// Stat implements [storage.Blobs].
func (s *Store) Stat(ctx context.Context, key string) (storage.Blob, error) {
	if err := errors.Join(ctx.Err(), storage.CheckKey(key)); err != nil {
		return storage.Blob{}, err
	}
	info, err := s.root.Stat(file(key))
	if err != nil {
		return storage.Blob{}, fault("stat", key, err)
	}
	return describe(key, info), nil
}

func describe(key string, info fs.FileInfo) storage.Blob {
	return storage.Blob{Key: key, Size: info.Size(), At: info.ModTime().UTC()}
}

// Open implements [storage.Blobs].
func (s *Store) Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, storage.Blob, error) {
	if err := errors.Join(ctx.Err(), storage.CheckKey(key)); err != nil {
		return nil, storage.Blob{}, err
	}
	f, err := s.root.Open(file(key))
	if err != nil {
		return nil, storage.Blob{}, fault("open", key, err)
	}
	info, err := f.Stat()
	if err == nil && (offset < 0 || offset > info.Size()) {
		err = fmt.Errorf("offset %d of %d bytes: %w", offset, info.Size(), storage.ErrInvalid)
	}
	if err != nil {
		f.Close()
		return nil, storage.Blob{}, fault("open", key, err)
	}
	rest := info.Size() - offset
	if length < 0 || length > rest {
		length = rest
	}
	return part{io.NewSectionReader(f, offset, length), f}, describe(key, info), nil
}

// part is a piece of a file; it can seek within.
type part struct {
	*io.SectionReader
	io.Closer
}

// Delete implements [storage.Blobs].
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := errors.Join(ctx.Err(), storage.CheckKey(key)); err != nil {
		return err
	}
	err := s.root.Remove(file(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = s.syncDir(path.Dir(file(key)))
	}
	return fault("delete", key, err)
}

// tempName is the name of a file nobody else writes.
func tempName() string { return path.Join(unfinished, rand.Text()) }
