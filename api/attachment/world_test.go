package attachment

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"preau/storage"
	"preau/storage/sqlite"
	psync "preau/sync"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is the service on a real engine and store, with a clock of its own.
type world struct {
	*Service
	t      testing.TB
	engine *psync.Engine
	blobs  *shelf

	mu     sync.Mutex
	now    time.Time
	grants map[string][]string
	told   []Arrival
}

func newWorld(t testing.TB) *world {
	t.Helper()
	records, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = records.Close() })
	w := &world{t: t, blobs: &shelf{files: map[string][]byte{}}, now: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC), grants: map[string][]string{}}
	log := slog.New(slog.DiscardHandler)
	w.Service = New(Config{Blobs: w.blobs, Access: w, Log: log, Now: w.clock})
	mux := psync.NewMux()
	w.Register(mux)
	w.engine = psync.New(psync.Config{Records: records, Mux: mux, Access: w, Log: log, Now: w.clock})
	w.Bind(w.engine)
	w.OnArrived("note", func(_ context.Context, _ *psync.Job, a Arrival) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.told = append(w.told, a)
		return nil
	})
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	w.now = w.now.Add(d)
	w.mu.Unlock()
	w.settle()
}

// Grants makes the world its own Access.
func (w *world) Grants(a psync.Actor) ([]psync.Grant, uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []psync.Grant
	for _, scope := range append([]string{"user:" + a.User}, w.grants[a.User]...) {
		all = append(all, psync.Grant{Scope: scope})
	}
	return all, 0
}

func (w *world) settle() {
	w.t.Helper()
	if err := w.engine.Drain(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func person(id string) psync.Actor { return psync.Actor{School: "x", User: id, Device: "d_" + id} }

func shaOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256-" + hex.EncodeToString(sum[:])
}

func (w *world) upload(user string, data []byte, name, kind string) string {
	w.t.Helper()
	sha := shaOf(data)
	err := w.Arrived(w.t.Context(), person(user), Upload{SHA: sha, Name: name, Type: kind, Size: int64(len(data))}, bytes.NewReader(data))
	if err != nil {
		w.t.Fatal(err)
	}
	return sha
}

// name makes a record of a scope show files.
func (w *world) name(user, scope, id string, scopes []string, files ...string) {
	w.t.Helper()
	w.commit(user, scope, func(tx *psync.Tx) {
		Refer(tx, Reference{School: "x", By: user, Kind: "note", ID: id, Scopes: scopes, Files: files})
	})
}

func (w *world) unname(user, scope, id string, scopes []string, files ...string) {
	w.t.Helper()
	w.commit(user, scope, func(tx *psync.Tx) {
		Release(tx, Reference{School: "x", By: user, Kind: "note", ID: id, Scopes: scopes, Files: files})
	})
}

func (w *world) commit(user, scope string, do func(tx *psync.Tx)) {
	w.t.Helper()
	_, err := w.engine.Commit(w.t.Context(), person(user), scope, func(_ context.Context, tx *psync.Tx) error {
		do(tx)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) readableBy(sha string, users ...string) {
	w.t.Helper()
	for _, user := range []string{"ines", "malo", "prof", "parent"} {
		got, err := w.Readable(w.t.Context(), person(user), sha)
		if err != nil {
			w.t.Fatal(err)
		}
		if want := slices.Contains(users, user); got != want {
			w.t.Errorf("%s reads it: %v", user, got)
		}
	}
}

// shelf is a storage.Blobs in memory.
type shelf struct {
	mu    sync.Mutex
	files map[string][]byte
	fail  error // answered to every Put
}

func (s *shelf) Put(_ context.Context, key string, r io.Reader, size int64, sum []byte) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if got := sha256.Sum256(data); sum != nil && !bytes.Equal(got[:], sum) || int64(len(data)) != size {
		return storage.ErrCorrupt
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.files[key]; !there && s.fail == nil {
		s.files[key] = data
	}
	return s.fail
}

func (s *shelf) Open(_ context.Context, key string, offset, length int64) (io.ReadCloser, storage.Blob, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, ok := s.files[key]
	if !ok {
		return nil, storage.Blob{}, storage.ErrNotFound
	}
	part := data[min(offset, int64(len(data))):]
	if length >= 0 {
		part = part[:min(length, int64(len(part)))]
	}
	return io.NopCloser(bytes.NewReader(part)), storage.Blob{Key: key, Size: int64(len(data))}, nil
}

func (s *shelf) Stat(_ context.Context, key string) (storage.Blob, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, ok := s.files[key]
	if !ok {
		return storage.Blob{}, storage.ErrNotFound
	}
	return storage.Blob{Key: key, Size: int64(len(data))}, nil
}

func (s *shelf) Delete(_ context.Context, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.files, key)
	return nil
}

func (s *shelf) List(_ context.Context, prefix string, yield func(storage.Blob) bool) error {
	for _, key := range s.keys() {
		if strings.HasPrefix(key, prefix) && !yield(storage.Blob{Key: key}) {
			break
		}
	}
	return nil
}

func (s *shelf) Close() error { return nil }

func (s *shelf) keys() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for key := range s.files {
		all = append(all, key)
	}
	slices.Sort(all)
	return all
}
