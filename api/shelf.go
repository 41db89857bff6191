package api

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	psync "preau/sync"
)

// uploadLife is how long an unfinished upload is kept.
const uploadLife = 7 * 24 * time.Hour

// shelf keeps uploads in a folder: "<id>.json" says what an upload is,
// "<id>.part" holds the bytes received. How far an upload has come is the
// length of its bytes, so nothing else has to survive a crash.
type shelf struct {
	dir string
	now func() time.Time

	mu      sync.Mutex
	writers map[string]*writer
}

// upload is what is known of one upload.
type upload struct {
	ID      string            `json:"id"`
	School  string            `json:"school"`
	User    string            `json:"user"`
	Size    int64             `json:"size"`
	Meta    map[string]string `json:"meta"`
	Expires time.Time         `json:"expires"`
	Done    bool              `json:"done,omitempty"` // handed over; the bytes are gone
}

var errTooLong = &Problem{Status: 413, Code: "too_large", Message: "more bytes than Upload-Length"}

func (s *shelf) bytes(id string) string { return filepath.Join(s.dir, id+".part") }
func (s *shelf) card(id string) string  { return filepath.Join(s.dir, id+".json") }

func (s *shelf) create(a psync.Actor, size int64, meta map[string]string) (upload, error) {
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		return upload{}, err
	}
	up := upload{
		ID: hex.EncodeToString(id[:]), School: a.School, User: a.User,
		Size: size, Meta: meta, Expires: s.now().Add(uploadLife),
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return upload{}, err
	}
	if err := os.WriteFile(s.bytes(up.ID), nil, 0o600); err != nil {
		return upload{}, err
	}
	return up, s.save(up)
}

// save writes the card of an upload, whole or not at all.
func (s *shelf) save(up upload) error {
	body, err := json.Marshal(up)
	if err != nil {
		return err
	}
	fresh := s.card(up.ID) + ".new"
	if err := writeSynced(fresh, bytes.NewReader(body)); err != nil {
		return err
	}
	return os.Rename(fresh, s.card(up.ID))
}

func writeSynced(path string, r io.Reader) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return cmp.Or(err, f.Sync(), f.Close())
}

// load reads the card of an upload. An expired one is removed.
func (s *shelf) load(id string) (upload, error) {
	if !isUploadID(id) {
		return upload{}, errNoUpload
	}
	body, err := os.ReadFile(s.card(id))
	if errors.Is(err, fs.ErrNotExist) {
		return upload{}, errNoUpload
	}
	if err != nil {
		return upload{}, err
	}
	var up upload
	if err := json.Unmarshal(body, &up); err != nil {
		return upload{}, fmt.Errorf("upload %s: %w", id, err)
	}
	if !s.now().Before(up.Expires) {
		return upload{}, cmp.Or(s.remove(id), errNoUpload)
	}
	return up, nil
}

func isUploadID(id string) bool {
	raw, err := hex.DecodeString(id)
	return err == nil && len(raw) == 16 && id == strings.ToLower(id)
}

// remove forgets an upload. Removing an unknown one is no error.
func (s *shelf) remove(id string) error {
	for _, path := range []string{s.card(id), s.bytes(id)} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// done notes that an upload was handed over, so that a client that missed the
// answer learns it, and frees its bytes.
func (s *shelf) done(up upload) error {
	up.Done = true
	if err := s.save(up); err != nil {
		return err
	}
	if err := os.Remove(s.bytes(up.ID)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// underWay counts the unfinished uploads of an account and their declared
// bytes. It removes, in passing, those of anybody that have expired.
func (s *shelf) underWay(a psync.Actor) (number int, size int64, err error) {
	cards, err := filepath.Glob(filepath.Join(s.dir, "*.json"))
	if err != nil {
		return 0, 0, err
	}
	for _, card := range cards {
		up, err := s.load(strings.TrimSuffix(filepath.Base(card), ".json"))
		if errors.Is(err, errNoUpload) {
			continue
		}
		if err != nil {
			return 0, 0, err
		}
		if up.User == a.User && up.School == a.School && !up.Done {
			number, size = number+1, size+up.Size
		}
	}
	return number, size, nil
}

// offset is how far an upload has come.
func (s *shelf) offset(up upload) (int64, error) {
	if up.Done {
		return up.Size, nil
	}
	info, err := os.Stat(s.bytes(up.ID))
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// write appends what arrives, up to the declared size, and says how much of
// it is on disk. When the reader fails, what came before is kept.
func (s *shelf) write(up upload, offset int64, r io.Reader) (int64, error) {
	f, err := os.OpenFile(s.bytes(up.ID), os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return 0, err
	}
	left := up.Size - offset
	n, err := io.Copy(f, io.LimitReader(r, left))
	if err == nil && n == left {
		err = nothingMore(r)
	}
	if stop := cmp.Or(f.Sync(), f.Close()); stop != nil {
		return n, stop
	}
	return n, interrupted(err)
}

// interrupted is what a client that lost its connection would be told.
func interrupted(err error) error {
	var known *Problem
	if err == nil || errors.As(err, &known) {
		return err
	}
	return &Problem{Status: 408, Code: "timeout", Message: "the upload was interrupted"}
}

// cut takes an upload back to an earlier offset.
func (s *shelf) cut(up upload, offset int64) error {
	return os.Truncate(s.bytes(up.ID), offset)
}

func (s *shelf) sum(up upload) (string, error) {
	f, err := os.Open(s.bytes(up.ID))
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return "sha256-" + hex.EncodeToString(h.Sum(nil)), nil
}

// writer is a request that is writing to an upload.
type writer struct {
	interrupt func() // nil: not to be interrupted
	left      chan struct{}
}

// lockPatience is how long a request waits for an interrupted one to leave.
const lockPatience = 3 * time.Second

var errBusy = errors.New("upload is being written")

// lock makes the caller the only writer of an upload until release. A writer
// already there is interrupted: phones come back on a new connection long
// before the old one is known to be dead.
func (s *shelf) lock(id string, interrupt func()) (release func(), err error) {
	deadline := time.After(lockPatience)
	for {
		before, release := s.tryLock(id, interrupt)
		if release != nil {
			return release, nil
		}
		select {
		case <-before:
		case <-deadline:
			return nil, errBusy
		}
	}
}

// tryLock takes the lock, or interrupts its holder and gives what is closed
// when that has left.
func (s *shelf) tryLock(id string, interrupt func()) (left <-chan struct{}, release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w := s.writers[id]; w != nil {
		if w.interrupt != nil {
			w.interrupt()
			w.interrupt = nil
		}
		return w.left, nil
	}
	if s.writers == nil {
		s.writers = map[string]*writer{}
	}
	mine := &writer{interrupt: interrupt, left: make(chan struct{})}
	s.writers[id] = mine
	return nil, func() { s.unlock(id, mine) }
}

func (s *shelf) unlock(id string, w *writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.writers, id)
	w.interrupt = nil
	close(w.left)
}
