package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"preau/storage"
)

// Put implements [storage.Blobs].
func (s *Store) Put(ctx context.Context, key string, r io.Reader, size int64, sum []byte) error {
	if err := errors.Join(ctx.Err(), storage.CheckKey(key)); err != nil {
		return err
	}
	if size < 0 {
		return fault("put", key, fmt.Errorf("size %d: %w", size, storage.ErrInvalid))
	}
	to := file(key)
	if _, err := s.root.Stat(to); err == nil {
		return fault("put", key, s.syncDir(path.Dir(to))) // its writer may not have come so far
	}
	return fault("put", key, s.put(ctx, to, r, size, sum))
}

func (s *Store) put(ctx context.Context, to string, r io.Reader, size int64, sum []byte) error {
	temp := tempName()
	if err := s.write(ctx, temp, r, size, sum); err != nil {
		return errors.Join(err, s.drop(temp))
	}
	dir := path.Dir(to)
	if err := s.makeDir(dir); err != nil {
		return errors.Join(err, s.drop(temp))
	}
	if err := s.settle(temp, to); err != nil {
		return errors.Join(err, s.drop(temp))
	}
	return s.syncDir(dir)
}

// write makes a synced file of size bytes whose hash is sum.
func (s *Store) write(ctx context.Context, name string, r io.Reader, size int64, sum []byte) error {
	f, err := s.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.Copy(f, storage.NewExact(ctx, r, size, sum)); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

// settle renames a file to its place, unless a blob is there: the first stays.
func (s *Store) settle(temp, to string) error {
	s.place.Lock()
	defer s.place.Unlock()
	_, err := s.root.Stat(to)
	switch {
	case err == nil:
		return s.drop(temp)
	case errors.Is(err, fs.ErrNotExist):
		return s.root.Rename(temp, to)
	default:
		return err
	}
}

func (s *Store) drop(temp string) error {
	if err := s.root.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// makeDir makes a directory and those above it, each entered on disk.
func (s *Store) makeDir(dir string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.makeDirs(dir)
}

func (s *Store) makeDirs(dir string) error {
	if s.known[dir] {
		return nil
	}
	above := path.Dir(dir)
	if err := s.makeDirs(above); err != nil {
		return err
	}
	if err := s.root.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := s.syncDir(above); err != nil {
		return err
	}
	s.known[dir] = true
	return nil
}

func (s *Store) syncDir(dir string) error {
	d, err := s.root.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
