package attachment

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"preau/storage"
	psync "preau/sync"
)

// The effects of this package. Names are taken up and given back in the order
// in which records did so; the others have no order.
const (
	effectRefer   = "attachment.ref"
	effectRelease = "attachment.unref"
	effectExamine = "attachment.examine"
	effectArrived = "attachment.arrived"
	effectSweep   = "attachment.sweep"
	effectErase   = "attachment.erase"
	effectForget  = "attachment.forget"
	effectDelete  = "attachment.delete"
)

// Reference says that a record shows files: record Kind ID of the scope being
// committed to, named by the account By, for the readers of Scopes. Known are
// those of Files whose contents the record holds already (from
// [Service.Owned]); for the others the Waiter of the kind is told.
type Reference struct {
	School string   `json:"school"`
	By     string   `json:"by"`
	Kind   string   `json:"kind"`
	ID     string   `json:"id"`
	Scopes []string `json:"scopes"`
	Files  []string `json:"files"`
	Known  []string `json:"known,omitempty"`
}

// Refer makes the files of a record readable in its scopes as soon as they are
// there, and tells the Waiter of the kind. Saying it twice is harmless.
func Refer(tx *psync.Tx, r Reference) { emit(tx, effectRefer, r) }

// Release takes back what Refer said, for these files and scopes.
func Release(tx *psync.Tx, r Reference) { emit(tx, effectRelease, r) }

func emit(tx *psync.Tx, effect string, r Reference) {
	if len(r.Files) > 0 && len(r.Scopes) > 0 {
		tx.Effect(effect, r)
	}
}

// shown is a record "ref" of file:SHA: a record that shows the file.
type shown struct {
	Scope string `json:"scope"`
	Kind  string `json:"kind"`
	ID    string `json:"id"`
}

// want is a record of files:U: a name that awaits its upload.
type want struct {
	SHA  string    `json:"sha"`
	Home string    `json:"home"` // scope of the record that waits
	Ref  Reference `json:"ref"`  // without files
	id   string
}

// awaiting lists the wants of an upload, in the files:U of a transaction.
func awaiting(ctx context.Context, tx *psync.Tx, sha string) (all []want, err error) {
	recs, err := tx.List(ctx, "want")
	for _, r := range recs {
		w := want{id: r.ID}
		if err := json.Unmarshal(r.Value, &w); err != nil {
			return nil, fmt.Errorf("want %s: %w", r.ID, err)
		}
		if w.SHA == sha {
			all = append(all, w)
		}
	}
	return all, err
}

// settled is the payload of effectArrived.
type settled struct {
	want
	File File `json:"file"`
}

func filesScope(user string) string { return "files:" + user }
func fileScope(sha string) string   { return "file:" + sha }

// recordID makes a short id out of what a record is about.
func recordID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:15]))
}

// refer takes up the names of a record: what the namer has, or may read, is
// shown at once; what he has not is waited for.
func (s *Service) refer(ctx context.Context, job *psync.Job) error {
	var r Reference
	if err := job.Payload(&r); err != nil {
		return err
	}
	there, missing, err := s.sort(ctx, r)
	if err != nil {
		return err
	}
	for _, f := range there {
		if err := s.show(ctx, job, r, f.SHA); err != nil {
			return err
		}
	}
	if err := s.await(ctx, job, r, missing); err != nil {
		return err
	}
	return s.tell(ctx, job, r, there)
}

// sort tells the named files that the namer has or may read from the others.
func (s *Service) sort(ctx context.Context, r Reference) (there []File, missing []string, err error) {
	owned, err := s.Owned(ctx, r.By, r.Files...)
	if err != nil {
		return nil, nil, err
	}
	for _, sha := range r.Files {
		f, ok := owned[sha]
		if !ok {
			f, ok, err = s.readable(ctx, psync.Actor{School: r.School, User: r.By}, sha)
		}
		switch {
		case err != nil:
			return nil, nil, err
		case ok:
			there = append(there, f)
		default:
			missing = append(missing, sha)
		}
	}
	return there, missing, nil
}

// errSwept says that a file is being swept: it will be missing in a moment.
var errSwept = errors.New("file is being swept")

// show records in file:SHA that readers of the scopes may read the file.
func (s *Service) show(ctx context.Context, job *psync.Job, r Reference, sha string) error {
	return job.Commit(ctx, fileScope(sha), func(ctx context.Context, tx *psync.Tx) error {
		if seq, err := tx.Get(ctx, "blob", "blob", nil); err != nil || seq == 0 {
			return cmp.Or(err, errSwept)
		}
		for _, scope := range r.Scopes {
			tx.PutIfChanged("ref", recordID(scope, r.Kind, r.ID), shown{scope, r.Kind, r.ID})
		}
		return nil
	})
}

// await notes names without upload. One that arrived in the meantime is
// settled at once.
func (s *Service) await(ctx context.Context, job *psync.Job, r Reference, missing []string) error {
	if len(missing) == 0 {
		return nil
	}
	ref := r
	ref.Files, ref.Known = nil, nil
	return job.Commit(ctx, filesScope(r.By), func(ctx context.Context, tx *psync.Tx) error {
		for _, sha := range missing {
			w := want{SHA: sha, Home: job.Source(), Ref: ref}
			var u upload
			if _, err := tx.Get(ctx, "file", sha, &u); err != nil {
				return err
			}
			switch u.State {
			case stateReady, stateRefused:
				tx.Effect(effectArrived, settled{w, u.file(sha)})
				continue
			case stateHeld:
				tx.Effect(effectArrived, settled{w, u.file(sha)})
			}
			tx.PutIfChanged("want", recordID(sha, w.Home, r.Kind, r.ID), w)
		}
		return nil
	})
}

// tell passes files that are there on to the area that waits for them.
func (s *Service) tell(ctx context.Context, job *psync.Job, r Reference, files []File) error {
	unknown := slices.DeleteFunc(slices.Clone(files), func(f File) bool { return slices.Contains(r.Known, f.SHA) })
	waiter, ok := s.waiters[r.Kind]
	if !ok || len(unknown) == 0 {
		return nil
	}
	return waiter(ctx, job, Arrival{Scope: job.Source(), ID: r.ID, By: r.By, Files: unknown})
}

// arrived carries a file that was waited for, or word of one that is held, to
// the record that named it.
func (s *Service) arrived(ctx context.Context, job *psync.Job) error {
	var e settled
	if err := job.Payload(&e); err != nil {
		return err
	}
	if e.File.Ready() {
		if err := s.show(ctx, job, e.Ref, e.SHA); err != nil {
			return err
		}
	}
	waiter, ok := s.waiters[e.Ref.Kind]
	if !ok {
		return nil
	}
	return waiter(ctx, job, Arrival{Scope: e.Home, ID: e.Ref.ID, By: e.Ref.By, Files: []File{e.File}})
}

// release gives names back. A file that nothing shows any more is swept later.
func (s *Service) release(ctx context.Context, job *psync.Job) error {
	var r Reference
	if err := job.Payload(&r); err != nil {
		return err
	}
	for _, sha := range r.Files {
		if err := s.hide(ctx, job, r, sha); err != nil {
			return err
		}
	}
	return s.forgo(ctx, job, r)
}

// forgo stops waiting for names that are given back where the record is.
func (s *Service) forgo(ctx context.Context, job *psync.Job, r Reference) error {
	if !slices.Contains(r.Scopes, job.Source()) {
		return nil
	}
	return job.Commit(ctx, filesScope(r.By), func(ctx context.Context, tx *psync.Tx) error {
		for _, sha := range r.Files {
			id := recordID(sha, job.Source(), r.Kind, r.ID)
			seq, err := tx.Get(ctx, "want", id, nil)
			if err != nil {
				return err
			}
			if seq > 0 {
				tx.Delete("want", id)
			}
		}
		return nil
	})
}

func (s *Service) hide(ctx context.Context, job *psync.Job, r Reference, sha string) error {
	return job.Commit(ctx, fileScope(sha), func(ctx context.Context, tx *psync.Tx) error {
		for _, scope := range r.Scopes {
			id := recordID(scope, r.Kind, r.ID)
			if seq, err := tx.Get(ctx, "ref", id, nil); err != nil {
				return err
			} else if seq > 0 {
				tx.Delete("ref", id)
			}
		}
		left, err := tx.List(ctx, "ref")
		if err == nil && len(left) == 0 {
			tx.EffectAt(effectSweep, struct{}{}, tx.Now().Add(keepUnused))
		}
		return err
	})
}

// find reads one record, absent as false.
func find[T any](records []storage.Record, typ, id string) (v T, ok bool, err error) {
	for _, r := range records {
		if r.Type == typ && r.ID == id {
			if err := json.Unmarshal(r.Value, &v); err != nil {
				return v, false, fmt.Errorf("%s %s: %w", typ, id, err)
			}
			return v, true, nil
		}
	}
	return v, false, nil
}
