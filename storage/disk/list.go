package disk

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"preau/storage"
)

// List implements [storage.Blobs].
func (s *Store) List(ctx context.Context, prefix string, yield func(storage.Blob) bool) error {
	if !storage.BeginsKey(prefix) {
		return fault("list", prefix, s.open())
	}
	dir := prefix[:strings.LastIndex(prefix, "/")+1]
	w := walk{ctx: ctx, root: s.root.FS(), prefix: prefix, yield: yield}
	err := w.dir(cmp.Or(strings.TrimSuffix(file(dir), "/"), "."), dir)
	if errors.Is(err, fs.SkipAll) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return fault("list", prefix, err)
}

// open fails when the store was closed.
func (s *Store) open() error {
	_, err := s.root.Stat(".")
	return err
}

// walk goes through the directories in the order of the keys.
type walk struct {
	ctx    context.Context
	root   fs.FS
	prefix string
	yield  func(storage.Blob) bool
}

// entry is a file with its key, or a directory with the start of its keys,
// which ends with '/'.
type entry struct {
	fs.DirEntry
	key string
}

// dir lists the directory whose keys begin with above.
func (w *walk) dir(name, above string) error {
	list, err := fs.ReadDir(w.root, name)
	if err != nil {
		return err
	}
	entries := make([]entry, 0, len(list))
	for _, d := range list {
		if key, ok := keyOf(d); ok {
			entries = append(entries, entry{d, above + key})
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.key, b.key) })
	for _, e := range entries {
		if err := w.visit(e); err != nil {
			return err
		}
	}
	return nil
}

// keyOf is the last segment of a key; false for what is none of our blobs.
func keyOf(d fs.DirEntry) (string, bool) {
	segment, marked := strings.CutSuffix(d.Name(), dirMark)
	if storage.CheckKey(segment) != nil || marked != d.IsDir() {
		return "", false
	}
	if d.IsDir() {
		segment += "/"
	}
	return segment, true
}

func (w *walk) visit(e entry) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if e.IsDir() {
		if strings.HasPrefix(e.key, w.prefix) || strings.HasPrefix(w.prefix, e.key) {
			return w.dir(strings.TrimSuffix(file(e.key), "/"), e.key)
		}
		return nil
	}
	if !strings.HasPrefix(e.key, w.prefix) {
		return nil
	}
	info, err := e.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return nil // deleted meanwhile
	}
	if err == nil && !w.yield(describe(e.key, info)) {
		err = fs.SkipAll
	}
	return err
}
