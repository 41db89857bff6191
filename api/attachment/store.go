package attachment

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"preau/storage"
	psync "preau/sync"
)

// The states of an upload.
const (
	stateExamining = "examining"
	stateHeld      = "held" // being examined, and the scanner does not answer
	stateReady     = "ready"
	stateRefused   = "refused"
)

// upload is a record "file <sha>" of files:U.
type upload struct {
	Name  string    `json:"name"`
	Type  string    `json:"type"` // as declared; as served once ready
	Size  int64     `json:"size"`
	State string    `json:"state"`
	Code  string    `json:"code,omitempty"` // why it was refused
	At    time.Time `json:"at"`
	Pages int       `json:"pages,omitempty"`
	W     int       `json:"w,omitempty"`
	H     int       `json:"h,omitempty"`
}

func (u upload) file(sha string) File {
	held := u.State == stateHeld
	return File{
		SHA: sha, Name: u.Name, Type: u.Type, Size: u.Size, Pages: u.Pages, W: u.W, H: u.H,
		Waiting: held, Checking: held, Problem: u.Code,
	}
}

// blob is the record "blob" of file:SHA: where the bytes are. Dir is new for
// each time that they are stored, so that sweeping an old copy never touches a
// new one.
type blob struct {
	Dir      string           `json:"dir"`
	Type     string           `json:"type"`
	Pages    int              `json:"pages,omitempty"`
	W        int              `json:"w,omitempty"`
	H        int              `json:"h,omitempty"`
	Variants map[Variant]form `json:"variants"`
	At       time.Time        `json:"at"`
}

// form is one variant of a blob.
type form struct {
	Type string `json:"type"`
	Size int64  `json:"size"`
	Sum  string `json:"sum"`
}

func (b blob) file(sha, name string) File {
	return File{SHA: sha, Name: CleanName(name, b.Type), Type: b.Type, Size: b.Variants[Original].Size, Pages: b.Pages, W: b.W, H: b.H}
}

func rawKey(user, sha string) string {
	return "arrivals/" + user + "/" + strings.TrimPrefix(sha, "sha256-")
}

func blobDir(sha, user string, seq int64) string {
	digits := strings.TrimPrefix(sha, "sha256-")
	return "files/" + digits[:2] + "/" + digits + "/" + user + "-" + strconv.FormatInt(seq, 10)
}

// Arrived takes over a file that was uploaded whole by the actor. When it
// returns nil, body was stored and will be examined; a Refusal says that it
// cannot be. Taking the same file over twice is harmless.
func (s *Service) Arrived(ctx context.Context, a psync.Actor, up Upload, body io.Reader) error {
	switch {
	case !ValidSHA(up.SHA):
		return psync.Refuse("invalid", "sha", "not a name of a file")
	case up.Size == 0:
		return psync.Refuse("damaged_file", "", "the file is empty")
	case up.Size > MaxSize:
		return psync.Refuse("too_large", "", "at most %d bytes", MaxSize)
	}
	err := s.blobs.Put(ctx, rawKey(a.User, up.SHA), body, up.Size, sumOf(up.SHA))
	if errors.Is(err, storage.ErrCorrupt) {
		return psync.Refuse("checksum_mismatch", "", "the bytes are not those of %s", up.SHA)
	}
	if err != nil {
		return fmt.Errorf("store upload: %w", err)
	}
	_, err = s.engine.Commit(ctx, a, filesScope(a.User), func(_ context.Context, tx *psync.Tx) error {
		tx.Put("file", up.SHA, upload{
			Name: cut(up.Name, 255), Type: cut(up.Type, 100), Size: up.Size,
			State: stateExamining, At: tx.Now().UTC(),
		})
		tx.Effect(effectExamine, examination{a.User, up.SHA})
		return nil
	})
	return err
}

// examination is the payload of effectExamine.
type examination struct {
	User string `json:"user"`
	SHA  string `json:"sha"`
}

// examine scans and judges an upload and makes it ready, or refuses it. While
// the scanner does not answer the upload is held. Bytes that another account
// uploaded before are not judged again; scanners learn, and see them again.
func (s *Service) examine(ctx context.Context, job *psync.Job) error {
	var e examination
	if err := job.Payload(&e); err != nil {
		return err
	}
	up, waiting, err := s.waiting(ctx, e)
	if err != nil || !waiting {
		return err
	}
	kept, err := s.accept(ctx, job, e, up)
	code, refused := errors.AsType[problem](err)
	switch {
	case refused:
		s.log.Info("upload refused", "user", e.User, "sha", e.SHA, "code", string(code))
		up.State, up.Code = stateRefused, string(code)
	case errors.Is(err, errUnscanned):
		return s.hold(ctx, e, err)
	case err != nil:
		return err
	default:
		up = kept
	}
	if err := s.settle(ctx, job, e, up); err != nil || code != infected {
		return err
	}
	return s.drop(ctx, e)
}

// accept keeps an upload, if the scanner finds nothing.
func (s *Service) accept(ctx context.Context, job *psync.Job, e examination, up upload) (upload, error) {
	if err := s.scan(ctx, e); err != nil {
		return up, err
	}
	return s.keep(ctx, job, e, up)
}

// forget deletes an upload that was examined a while ago.
func (s *Service) forget(ctx context.Context, job *psync.Job) error {
	var e examination
	if err := job.Payload(&e); err != nil {
		return err
	}
	return s.drop(ctx, e)
}

// drop deletes the bytes of an upload, unless it came anew and waits for
// another examination.
func (s *Service) drop(ctx context.Context, e examination) error {
	_, waiting, err := s.waiting(ctx, e)
	if err != nil || waiting {
		return err
	}
	return s.blobs.Delete(ctx, rawKey(e.User, e.SHA))
}

// waiting reads an upload that is to be examined; false when it was already.
func (s *Service) waiting(ctx context.Context, e examination) (upload, bool, error) {
	recs, err := s.engine.Find(ctx, filesScope(e.User), storage.Key{Type: "file", ID: e.SHA})
	if err != nil {
		return upload{}, false, err
	}
	up, ok, err := find[upload](recs, "file", e.SHA)
	return up, ok && (up.State == stateExamining || up.State == stateHeld), err
}

// keep makes sure that the bytes are stored safe, and says what they are.
func (s *Service) keep(ctx context.Context, job *psync.Job, e examination, up upload) (upload, error) {
	b, stored, err := s.blob(ctx, e.SHA)
	if err != nil {
		return up, err
	}
	if !stored {
		if b, err = s.store(ctx, job, e, up); err != nil {
			return up, err
		}
	}
	if !compatible(up.Type, b.Type) {
		return up, problem("type_mismatch")
	}
	ours := b.Dir
	err = job.Commit(ctx, fileScope(e.SHA), func(ctx context.Context, tx *psync.Tx) error {
		var there blob
		seq, err := tx.Get(ctx, "blob", "blob", &there)
		if err != nil {
			return err
		}
		if seq > 0 {
			b = there
		} else if stored {
			return errSwept
		}
		b.At = tx.Now().UTC()
		tx.Put("blob", "blob", b)
		tx.Put("owner", e.User, struct {
			At time.Time `json:"at"`
		}{b.At})
		tx.EffectAt(effectSweep, struct{}{}, tx.Now().Add(keepUnused))
		return nil
	})
	if err == nil && b.Dir != ours {
		err = s.erase(ctx, ours)
	}
	f := b.file(e.SHA, up.Name)
	return upload{
		Name: f.Name, Type: f.Type, Size: f.Size, State: stateReady, At: up.At,
		Pages: f.Pages, W: f.W, H: f.H,
	}, err
}

// store judges the bytes as uploaded and stores what they become.
func (s *Service) store(ctx context.Context, job *psync.Job, e examination, up upload) (blob, error) {
	raw, err := s.raw(ctx, e, up.Size)
	if err != nil {
		return blob{}, err
	}
	made, err := s.judge(ctx, raw, up.Type)
	if err != nil {
		return blob{}, err
	}
	b := blob{
		Dir:  blobDir(e.SHA, e.User, job.Seq()),
		Type: made.kind, Pages: made.pages, W: made.w, H: made.h,
		Variants: map[Variant]form{},
	}
	for variant, img := range made.forms {
		sum := sha256.Sum256(img.data)
		key := b.Dir + "/" + string(variant)
		if err := s.blobs.Put(ctx, key, bytes.NewReader(img.data), int64(len(img.data)), sum[:]); err != nil {
			return blob{}, fmt.Errorf("store file: %w", err)
		}
		b.Variants[variant] = form{Type: img.kind, Size: int64(len(img.data)), Sum: hex.EncodeToString(sum[:16])}
	}
	return b, nil
}

// arrival opens an upload. It may be missing from a server that was restored:
// one with a virus is deleted at once, perhaps before a backup got there.
func (s *Service) arrival(ctx context.Context, e examination) (io.ReadCloser, error) {
	r, _, err := s.blobs.Open(ctx, rawKey(e.User, e.SHA), 0, -1)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, damaged
	}
	if err != nil {
		return nil, fmt.Errorf("read upload: %w", err)
	}
	return r, nil
}

func (s *Service) raw(ctx context.Context, e examination, size int64) ([]byte, error) {
	r, err := s.arrival(ctx, e)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, size))
}

// settle writes down what became of an upload, and tells whoever waits.
func (s *Service) settle(ctx context.Context, job *psync.Job, e examination, up upload) error {
	return job.Commit(ctx, filesScope(e.User), func(ctx context.Context, tx *psync.Tx) error {
		tx.Put("file", e.SHA, up)
		tx.EffectAt(effectForget, e, tx.Now().Add(keepGivenUp))
		wants, err := awaiting(ctx, tx, e.SHA)
		for _, w := range wants {
			tx.Delete("want", w.id)
			tx.Effect(effectArrived, settled{w, up.file(e.SHA)})
		}
		return err
	})
}

// Owned returns those of the named files that a person uploaded and that are
// ready.
func (s *Service) Owned(ctx context.Context, user string, shas ...string) (map[string]File, error) {
	var keys []storage.Key
	for _, name := range shas {
		keys = append(keys, storage.Key{Type: "file", ID: name})
	}
	if len(keys) == 0 {
		return nil, nil
	}
	recs, err := s.engine.Find(ctx, filesScope(user), keys...)
	if err != nil {
		return nil, fmt.Errorf("files of %s: %w", user, err)
	}
	owned := map[string]File{}
	for _, r := range recs {
		var u upload
		if err := json.Unmarshal(r.Value, &u); err != nil {
			return nil, fmt.Errorf("file %s of %s: %w", r.ID, user, err)
		}
		if u.State == stateReady {
			owned[r.ID] = u.file(r.ID)
		}
	}
	return owned, nil
}

// Readable says whether a person may read a file now: as its owner, or
// through a scope with a record that shows it.
func (s *Service) Readable(ctx context.Context, a psync.Actor, sha string) (bool, error) {
	_, ok, err := s.readable(ctx, a, sha)
	return ok, err
}

// Held says what a person gets of a file that they may read now, under the
// name that they give it; false if they may not.
func (s *Service) Held(ctx context.Context, a psync.Actor, f File) (File, bool, error) {
	there, ok, err := s.readable(ctx, a, f.SHA)
	there.Name = f.Name
	return there, ok, err
}

func (s *Service) readable(ctx context.Context, a psync.Actor, sha string) (File, bool, error) {
	b, ok, err := s.opened(ctx, a, sha)
	return b.file(sha, ""), ok, err
}

// opened finds the bytes of a file that the actor may read.
func (s *Service) opened(ctx context.Context, a psync.Actor, sha string) (blob, bool, error) {
	grants, _ := s.access.Grants(a)
	if !ValidSHA(sha) || len(grants) == 0 {
		return blob{}, false, nil
	}
	recs, err := s.engine.Find(ctx, fileScope(sha),
		storage.Key{Type: "blob", ID: "blob"}, storage.Key{Type: "owner", ID: a.User}, storage.Key{Type: "ref"})
	if err != nil {
		return blob{}, false, fmt.Errorf("look up %s: %w", sha, err)
	}
	b, there, err := find[blob](recs, "blob", "blob")
	return b, there && reads(a.User, grants, recs), err
}

// reads decides who may read a file, given its records.
func reads(user string, grants []psync.Grant, recs []storage.Record) bool {
	return slices.ContainsFunc(recs, func(r storage.Record) bool {
		if r.Type == "owner" {
			return r.ID == user
		}
		var ref shown
		if r.Type != "ref" || json.Unmarshal(r.Value, &ref) != nil {
			return false
		}
		return slices.ContainsFunc(grants, func(g psync.Grant) bool { return g.Scope == ref.Scope })
	})
}

// blob finds where the bytes of a file are.
func (s *Service) blob(ctx context.Context, sha string) (blob, bool, error) {
	recs, err := s.engine.Find(ctx, fileScope(sha), storage.Key{Type: "blob", ID: "blob"})
	if err != nil {
		return blob{}, false, fmt.Errorf("look up %s: %w", sha, err)
	}
	return find[blob](recs, "blob", "blob")
}

// Open opens a file for a person who may read it now; for everybody else it
// is storage.ErrNotFound. An image has all variants, another file only the
// original.
func (s *Service) Open(ctx context.Context, a psync.Actor, sha string, v Variant) (*Content, error) {
	b, ok, err := s.opened(ctx, a, sha)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, storage.ErrNotFound
	}
	name := ""
	if owned, err := s.Owned(ctx, a.User, sha); err == nil {
		name = owned[sha].Name
	}
	return s.content(b, v, name)
}

// content is a variant of a stored file; a small image is its own page.
func (s *Service) content(b blob, v Variant, name string) (*Content, error) {
	f, ok := b.Variants[v]
	if !ok && v == Page {
		v = Original
		f, ok = b.Variants[v]
	}
	if !ok {
		return nil, storage.ErrNotFound
	}
	key := b.Dir + "/" + string(v)
	return &Content{
		Name: CleanName(name, f.Type), Type: f.Type, Size: f.Size, ETag: f.Sum, At: b.At,
		open: func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
			r, _, err := s.blobs.Open(ctx, key, offset, length)
			return r, err
		},
		lend: func(ctx context.Context, disposition string) (string, error) {
			if lender, ok := s.blobs.(storage.Lender); ok {
				return lender.Lend(ctx, key, f.Type, disposition)
			}
			return "", nil
		},
	}, nil
}

// sweep gives up a file that no record has shown for a week.
func (s *Service) sweep(ctx context.Context, job *psync.Job) error {
	return job.Commit(ctx, job.Source(), func(ctx context.Context, tx *psync.Tx) error {
		var gone blob
		seq, err := tx.Get(ctx, "blob", "blob", &gone)
		refs, err2 := tx.List(ctx, "ref")
		owners, err3 := tx.List(ctx, "owner")
		if err := cmp.Or(err, err2, err3); err != nil {
			return err
		}
		if seq == 0 || len(refs) > 0 || tx.Now().Before(gone.At.Add(keepUnused)) {
			return nil
		}
		e := erasure{Dir: gone.Dir, SHA: strings.TrimPrefix(tx.Scope(), "file:"), At: gone.At}
		tx.Delete("blob", "blob")
		for _, r := range owners {
			e.Owners = append(e.Owners, r.ID)
			tx.Delete("owner", r.ID)
		}
		tx.Effect(effectErase, e)
		tx.EffectAt(effectDelete, e.Dir, tx.Now().Add(keepGivenUp))
		return nil
	})
}

// erasure is the payload of effectErase: bytes that were given up, and the
// accounts that had uploaded them.
type erasure struct {
	Dir    string    `json:"dir"`
	SHA    string    `json:"sha"`
	Owners []string  `json:"owners"`
	At     time.Time `json:"at"`
}

// eraseSwept deletes what the owners' accounts say of bytes that were given up,
// but for uploads that came since.
func (s *Service) eraseSwept(ctx context.Context, job *psync.Job) error {
	var e erasure
	if err := job.Payload(&e); err != nil {
		return err
	}
	for _, user := range e.Owners {
		err := job.Commit(ctx, filesScope(user), func(ctx context.Context, tx *psync.Tx) error {
			var u upload
			seq, err := tx.Get(ctx, "file", e.SHA, &u)
			if err == nil && seq > 0 && !u.At.After(e.At) {
				tx.Delete("file", e.SHA)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// deleteSwept deletes the bytes themselves.
func (s *Service) deleteSwept(ctx context.Context, job *psync.Job) error {
	var dir string
	if err := job.Payload(&dir); err != nil {
		return err
	}
	return s.erase(ctx, dir)
}

// erase deletes all variants of a stored file.
func (s *Service) erase(ctx context.Context, dir string) error {
	for _, v := range []Variant{Original, Page, Thumb} {
		if err := s.blobs.Delete(ctx, dir+"/"+string(v)); err != nil {
			return fmt.Errorf("delete %s: %w", dir, err)
		}
	}
	return nil
}
