package disk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"preau/storage"
)

// What grows is a file in ".grow" that is only ever written at its end, and
// beside it a mark, "<name>+", of how much of it is on disk: after a power cut
// its length says nothing. The mark is a number of fixed width, which is less
// than a disk writes at once, so it is the old one or the new one. Whoever
// writes holds a lock on the mark. To settle is to give the file a second name.
const (
	growing  = ".grow"
	markSign = dirMark
	markForm = "%020d\n"
)

// stride is how much is written before it is synced, and as much may come in
// meanwhile.
const stride = 2 << 20

// copyBytes is what is read at once.
const copyBytes = 128 << 10

// growth is a file that grows, locked.
type growth struct {
	data, mark *os.File
	name       string
	marks      *marks
	stands     int64 // what the mark says
}

// marks are those that this process has brought to disk. Others may have been
// written by one that was killed before it could.
type marks struct {
	mu    sync.Mutex
	known map[string]int64 // by name
}

// read reads the mark of a name, and sees to it that it is on disk.
func (m *marks) read(name string, f *os.File) (int64, error) {
	stands, err := readMark(f)
	if err != nil || stands == 0 {
		return stands, err
	}
	m.mu.Lock()
	known := m.known[name]
	m.mu.Unlock()
	if known != stands {
		err = f.Sync()
	}
	if err == nil {
		m.note(name, stands)
	}
	return stands, err
}

func (m *marks) note(name string, stands int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known[name] = stands
}

func (m *marks) forget(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.known, name)
}

// Grown implements [storage.Grower].
func (s *Store) Grown(ctx context.Context, name string) (int64, error) {
	if err := errors.Join(ctx.Err(), storage.CheckName(name)); err != nil {
		return 0, err
	}
	f, err := s.root.Open(markFile(name))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fault("look after", name, err)
	}
	defer f.Close()
	stands, err := s.marks.read(name, f)
	return stands, fault("look after", name, err)
}

func growFile(name string) string { return path.Join(growing, name) }

func markFile(name string) string { return growFile(name) + markSign }

// readMark reads a mark; one that was not written yet is 0.
func readMark(f *os.File) (int64, error) {
	text := make([]byte, 21)
	n, err := f.ReadAt(text, 0)
	if n == 0 && errors.Is(err, io.EOF) {
		return 0, nil
	}
	if n < len(text) {
		return 0, fmt.Errorf("mark of %d bytes: %w", n, storage.ErrCorrupt)
	}
	stands, err := strconv.ParseInt(strings.TrimSuffix(string(text), "\n"), 10, 64)
	if err != nil || stands < 0 {
		return 0, fmt.Errorf("mark %q: %w", text, storage.ErrCorrupt)
	}
	return stands, nil
}

// Grow implements [storage.Grower].
func (s *Store) Grow(ctx context.Context, name string, at int64, r io.Reader, whole bool) (int64, error) {
	if err := errors.Join(ctx.Err(), storage.CheckName(name)); err != nil {
		return 0, err
	}
	g, err := s.growth(name, at)
	if err != nil {
		return 0, fault("grow", name, err)
	}
	defer g.close()
	err = g.take(r, whole)
	return g.stands - at, fault("grow", name, err)
}

// growth opens what stands at a place, or begins it at 0.
func (s *Store) growth(name string, at int64) (*growth, error) {
	if err := s.makeDir(growing); err != nil {
		return nil, err
	}
	g, err := s.openGrowth(name, os.O_CREATE, syscall.LOCK_EX)
	if err != nil {
		return nil, err
	}
	if g.stands == 0 {
		err = s.syncDir(growing) // the names, before anything is promised
	}
	if g.stands != at {
		err = fmt.Errorf("it stands at %d and not at %d: %w", g.stands, at, storage.ErrConflict)
	}
	if err != nil {
		g.close()
		return nil, err
	}
	return g, nil
}

// openGrowth opens and locks what grows under a name.
func (s *Store) openGrowth(name string, flags, lock int) (g *growth, err error) {
	g = &growth{name: name, marks: &s.marks}
	if g.mark, err = s.root.OpenFile(markFile(name), os.O_RDWR|flags, 0o600); err == nil {
		g.data, err = s.root.OpenFile(growFile(name), os.O_RDWR|flags, 0o600)
	}
	if err == nil && syscall.Flock(int(g.mark.Fd()), lock|syscall.LOCK_NB) != nil {
		err = fmt.Errorf("somebody else is at it: %w", storage.ErrConflict)
	}
	if err == nil {
		g.stands, err = s.marks.read(name, g.mark)
	}
	if err != nil {
		g.close()
		return nil, err
	}
	return g, nil
}

func (g *growth) close() {
	g.data.Close()
	g.mark.Close()
}

// take writes what r holds. What is written is synced behind, while more comes.
func (g *growth) take(r io.Reader, whole bool) error {
	end := &end{file: g.data, at: g.stands, synced: g.stands, ripe: make(chan int64)}
	var behind sync.WaitGroup
	var failed error
	behind.Go(func() { failed = g.follow(end.ripe, !whole) })
	_, err := io.CopyBuffer(end, onlyReader{r}, make([]byte, copyBytes))
	close(end.ripe)
	behind.Wait()
	switch {
	case failed != nil:
		return failed
	case end.failed, err != nil && (whole || errors.Is(err, storage.ErrCorrupt)):
		return err
	}
	return cmp.Or(g.stand(end.at, true), err)
}

// onlyReader hides all that would copy in another way.
type onlyReader struct{ io.Reader }

// follow syncs what was written up to each place that it is told.
func (g *growth) follow(ripe <-chan int64, mark bool) (err error) {
	for at := range ripe {
		if err == nil {
			err = g.stand(at, mark)
		}
	}
	return err
}

// stand brings what was written up to a place to disk, and then says so.
func (g *growth) stand(at int64, mark bool) error {
	if at == g.stands {
		return nil
	}
	if err := g.data.Sync(); err != nil || !mark {
		return err
	}
	if err := g.write(at); err != nil {
		_ = g.write(g.stands) // what is not on disk is not to be read either
		return err
	}
	g.stands = at
	g.marks.note(g.name, at)
	return nil
}

// write writes the mark.
func (g *growth) write(stands int64) error {
	if _, err := g.mark.WriteAt(fmt.Appendf(nil, markForm, stands), 0); err != nil {
		return err
	}
	return g.mark.Sync()
}

// end writes at the end of a file, and tells now and then how far it has come.
type end struct {
	file       *os.File
	at, synced int64
	ripe       chan int64
	failed     bool
}

// Write implements [io.Writer].
func (e *end) Write(p []byte) (int, error) {
	n, err := e.file.WriteAt(p, e.at)
	e.at, e.failed = e.at+int64(n), err != nil
	if err == nil && e.at-e.synced >= stride {
		e.ripe <- e.at
		e.synced = e.at
	}
	return n, err
}

// Settle implements [storage.Grower].
func (s *Store) Settle(ctx context.Context, name, key string, size int64) error {
	if err := errors.Join(ctx.Err(), storage.CheckName(name), storage.CheckKey(key)); err != nil {
		return err
	}
	return fault("settle", key, s.settleGrowth(ctx, name, file(key), size))
}

func (s *Store) settleGrowth(ctx context.Context, name, to string, size int64) error {
	g, err := s.openGrowth(name, 0, syscall.LOCK_SH)
	if err != nil {
		return err
	}
	defer g.close()
	if g.stands != size {
		return fmt.Errorf("%d bytes have grown, not %d: %w", g.stands, size, storage.ErrNotFound)
	}
	if err := g.cut(size); err != nil {
		return err
	}
	dir := path.Dir(to)
	if err := s.makeDir(dir); err != nil {
		return err
	}
	err = s.root.Link(growFile(name), to)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return s.syncDir(dir)
	}
	// Not every file system gives a file a second name.
	return s.put(ctx, to, io.NewSectionReader(g.data, 0, size), size, nil)
}

// cut takes off what came to disk and was never acknowledged.
func (g *growth) cut(size int64) error {
	info, err := g.data.Stat()
	if err != nil || info.Size() == size {
		return err
	}
	if info.Size() < size {
		return fmt.Errorf("%d bytes of %d: %w", info.Size(), size, storage.ErrCorrupt)
	}
	return errors.Join(g.data.Truncate(size), g.data.Sync())
}

// Drop implements [storage.Grower].
func (s *Store) Drop(ctx context.Context, name string) error {
	if err := errors.Join(ctx.Err(), storage.CheckName(name)); err != nil {
		return err
	}
	s.marks.forget(name)
	return fault("drop", name, errors.Join(s.drop(growFile(name)), s.drop(markFile(name))))
}

// Growing implements [storage.Grower].
func (s *Store) Growing(ctx context.Context, yield func(string) bool) error {
	entries, err := fs.ReadDir(s.root.FS(), growing)
	if errors.Is(err, fs.ErrNotExist) {
		return s.open()
	}
	last := ""
	for _, e := range entries { // a name, and its mark behind it
		name := strings.TrimSuffix(e.Name(), markSign)
		if name == last || storage.CheckName(name) != nil {
			continue
		}
		if last = name; ctx.Err() != nil || !yield(name) {
			break
		}
	}
	return fault("list", growing, cmp.Or(err, ctx.Err()))
}
