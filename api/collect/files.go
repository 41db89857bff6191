package collect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"preau/api/notify"
	"preau/api/transfer"
	"preau/storage"
	psync "preau/sync"
)

// Payloads of the effects of a collect.
type (
	carried struct {
		Owner string `json:"owner"`
		By    string `json:"by,omitempty"`
		Drop  string `json:"drop"`
	}
	roomed struct {
		School string `json:"school"`
		Bytes  int64  `json:"bytes"`
	}
	scanned struct {
		Drop string `json:"drop"`
		File int    `json:"file"`
	}
	wiped struct {
		Drop  string `json:"drop"`
		Files int    `json:"files"`
	}
	dropped struct {
		Drop string `json:"drop"`
	}
	told struct {
		Drops int `json:"drops"`
	}
)

// GuestUser is what uploads of a drop without an account are counted under: no
// person is called so.
func GuestUser(drop string) string { return "drop:" + drop }

// Arrived takes in a file that was uploaded whole; meta names the collect, the
// drop and the number of the file, and keep puts its bytes among the blobs. The
// same one may come twice; one that may have overtaken its name is to come
// again; one that nobody waits for, or of another size than was said, is
// refused.
func (s *Service) Arrived(ctx context.Context, a psync.Actor, meta map[string]string, size int64, keep func(ctx context.Context, key string) error) error {
	id, drop := meta["collect"], meta["drop"]
	d, n, err := s.Awaited(ctx, a, meta)
	if err != nil || d.Files[n].State != transfer.Waiting {
		return err
	}
	if f := d.Files[n]; f.Size != size {
		return psync.Refuse("invalid", "size", "%d bytes were named", f.Size)
	}
	if err := keep(ctx, blobKey(id, drop, n)); err != nil {
		return fmt.Errorf("keep file %d of %s in %s: %w", n, drop, id, err)
	}
	_, err = s.engine.Commit(ctx, psync.Actor{School: a.School}, scopeOf(id), func(ctx context.Context, tx *psync.Tx) error {
		return s.arrive(ctx, tx, drop, n)
	})
	if errors.Is(err, errGone) { // taken back meanwhile
		err = errors.Join(err, s.sends.Blobs.Delete(ctx, blobKey(id, drop, n)))
	}
	return err
}

var errGone = psync.Refuse("gone", "drop", "nobody waits for this file")

// Awaited finds the file of the actor's that the metadata of an upload names: a
// drop, and the number of the file in it.
func (s *Service) Awaited(ctx context.Context, a psync.Actor, meta map[string]string) (d Drop, n int, err error) {
	id, drop := meta["collect"], meta["drop"]
	n, err = strconv.Atoi(meta["file"])
	if err != nil || n < 0 || n >= MaxFiles {
		return d, 0, psync.Refuse("invalid", "file", "0 to %d", MaxFiles-1)
	}
	if err := psync.First(psync.CheckID("collect", id), psync.CheckID("drop", drop)); err != nil {
		return d, 0, err
	}
	d, there, err := s.dropOf(ctx, id, drop)
	if err != nil {
		return d, 0, err
	}
	if !there {
		return d, 0, s.early(ctx, a, id, drop)
	}
	mine := d.By != nil && d.By.ID == a.User || d.By == nil && a.User == GuestUser(drop)
	if !mine || n >= len(d.Files) || d.Files[n].State == Missing {
		return d, 0, errGone
	}
	return d, n, nil
}

// soon is when a file that came before its name comes again.
const soon = 5 * time.Second

// early says what becomes of a file that nobody has named: it may have overtaken
// the act that does, as long as its collect is open. Guests name theirs first.
func (s *Service) early(ctx context.Context, a psync.Actor, id, drop string) error {
	g, err := s.gateOf(ctx, id)
	if err == nil && g.open(s.sends.Now()) && a.User != GuestUser(drop) {
		return &psync.Wait{For: soon}
	}
	return cmp.Or(err, errGone)
}

// arrive notes that the bytes of a file are there.
func (s *Service) arrive(ctx context.Context, tx *psync.Tx, drop string, n int) error {
	var d Drop
	seq, err := tx.Get(ctx, kindDrop, drop, &d)
	if err != nil {
		return err
	}
	if seq == 0 || d.Files[n].State == Missing {
		return errGone
	}
	if d.Files[n].State != transfer.Waiting {
		return nil
	}
	if d.By == nil && !d.begun() { // of a guest the owner hears now
		if err := tellOwner(ctx, tx); err != nil {
			return err
		}
	}
	d.Files[n].State = transfer.Ready
	if s.sends.Scanner != nil {
		d.Files[n].State = transfer.Checking
		tx.Effect(effectScan, scanned{drop, n})
	}
	return show(ctx, tx, drop, d)
}

// begun says whether anything of a drop has arrived.
func (d Drop) begun() bool {
	return slices.ContainsFunc(d.Files, func(f File) bool { return f.State != transfer.Waiting && f.State != Missing })
}

// show writes a drop and has it carried to both sides.
func show(ctx context.Context, tx *psync.Tx, drop string, d Drop) error {
	var g gate
	_, err := tx.Get(ctx, kindGate, kindGate, &g)
	tx.Put(kindDrop, drop, d)
	tx.Effect(effectCarry, carried{g.Owner, d.by(), drop})
	return err
}

func (d Drop) by() string {
	if d.By == nil {
		return ""
	}
	return d.By.ID
}

// remove takes a drop out of a collect, with its bytes and its room.
func remove(tx *psync.Tx, owner, drop string, d Drop) {
	tx.Delete(kindDrop, drop)
	tx.Effect(effectCarry, carried{owner, d.by(), drop})
	held := d.Size() - d.size(Missing)
	tx.Effect(effectRoom, roomed{"", -held})
	tx.Effect(effectWipe, wiped{drop, len(d.Files)})
}

// carry makes what both sides have of a drop what it is by now. Of a guest the
// owner sees nothing until something has arrived.
func (s *Service) carry(ctx context.Context, job *psync.Job) error {
	var c carried
	if err := job.Payload(&c); err != nil {
		return err
	}
	id := psync.ScopeID(job.Source())
	d, there, err := s.dropOf(ctx, id, c.Drop)
	if err != nil {
		return err
	}
	g, err := s.gateOf(ctx, id)
	if err != nil {
		return err
	}
	for _, user := range slices.Compact([]string{c.Owner, c.By}) {
		if user == "" {
			continue
		}
		err := job.Commit(ctx, "user:"+user, func(ctx context.Context, tx *psync.Tx) error {
			if user == c.Owner {
				if err := s.showOwner(ctx, tx, id, c.Drop, d, there); err != nil {
					return err
				}
			}
			if user == c.By {
				lay(tx, there, kindDeposit, c.Drop, s.deposit(g, d))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) showOwner(ctx context.Context, tx *psync.Tx, id, drop string, d Drop, there bool) error {
	var c Collect
	seq, err := tx.Get(ctx, kindCollect, id, &c)
	if err != nil {
		return err
	}
	lay(tx, there && seq > 0 && (d.By != nil || d.begun()), kindDrop, drop, d)
	if seq > 0 {
		tx.PutIfChanged(kindExpected, id, s.expected(c))
	}
	return nil
}

// lay writes a record that is to be there, or deletes it.
func lay(tx *psync.Tx, there bool, kind, id string, v any) {
	if there {
		tx.PutIfChanged(kind, id, v)
	} else {
		tx.Delete(kind, id)
	}
}

// room counts what a collect takes of its school's room.
func (s *Service) room(ctx context.Context, job *psync.Job) error {
	var r roomed
	if err := job.Payload(&r); err != nil {
		return err
	}
	if r.School == "" {
		g, err := s.gateOf(ctx, psync.ScopeID(job.Source()))
		if err != nil {
			return err
		}
		r.School = g.School
	}
	return s.sends.Hold(ctx, job, r.School, roomName, r.Bytes)
}

// scan has a file looked at. Until the scanner answers its owner does not get it.
func (s *Service) scan(ctx context.Context, job *psync.Job) error {
	var sc scanned
	if err := job.Payload(&sc); err != nil {
		return err
	}
	id := psync.ScopeID(job.Source())
	state, finding, err := s.sends.Examine(ctx, blobKey(id, sc.Drop, sc.File))
	if errors.Is(err, storage.ErrNotFound) {
		return nil // it was taken back
	}
	if err != nil {
		return err
	}
	if finding != "" {
		s.sends.Log.WarnContext(ctx, "virus found", "collect", id, "drop", sc.Drop, "file", sc.File, "finding", finding)
	}
	err = job.Commit(ctx, job.Source(), func(ctx context.Context, tx *psync.Tx) error {
		var d Drop
		seq, err := tx.Get(ctx, kindDrop, sc.Drop, &d)
		if err != nil || seq == 0 {
			return err
		}
		d.Files[sc.File].State = state
		return show(ctx, tx, sc.Drop, d)
	})
	// The verdict comes first: without its bytes a file is not looked at again.
	if err == nil && state != transfer.Ready {
		err = s.sends.Blobs.Delete(ctx, blobKey(id, sc.Drop, sc.File))
	}
	return err
}

// wipe deletes the bytes of a drop that is no more.
func (s *Service) wipe(ctx context.Context, job *psync.Job) error {
	var w wiped
	if err := job.Payload(&w); err != nil {
		return err
	}
	for n := range w.Files {
		if err := s.sends.Blobs.Delete(ctx, blobKey(psync.ScopeID(job.Source()), w.Drop, n)); err != nil {
			return fmt.Errorf("delete file %d of %s: %w", n, w.Drop, err)
		}
	}
	return nil
}

// tidy gives up what was named and never came: all of a drop, or what is
// missing of it.
func (s *Service) tidy(ctx context.Context, job *psync.Job) error {
	var p dropped
	if err := job.Payload(&p); err != nil {
		return err
	}
	return job.Commit(ctx, job.Source(), func(ctx context.Context, tx *psync.Tx) error {
		var d Drop
		seq, err := tx.Get(ctx, kindDrop, p.Drop, &d)
		late := d.size(transfer.Waiting)
		if err != nil || seq == 0 || late == 0 {
			return err
		}
		var g gate
		if _, err := tx.Get(ctx, kindGate, kindGate, &g); err != nil {
			return err
		}
		if !d.begun() {
			remove(tx, g.Owner, p.Drop, d)
			return nil
		}
		for i, f := range d.Files {
			if f.State == transfer.Waiting {
				d.Files[i].State = Missing
			}
		}
		tx.Effect(effectRoom, roomed{g.School, -late})
		return show(ctx, tx, p.Drop, d)
	})
}

// gather is for how long drops are gathered into one notice.
const gather = 15 * time.Minute

// tellOwner notes that the owner has something to hear: the first drop orders a
// notice, and those that follow until then are counted in it.
func tellOwner(ctx context.Context, tx *psync.Tx) error {
	var n told
	seq, err := tx.Get(ctx, kindNews, kindNews, &n)
	if err != nil {
		return err
	}
	if seq == 0 {
		tx.EffectAt(effectNews, struct{}{}, tx.Now().Add(gather))
	}
	tx.Put(kindNews, kindNews, told{n.Drops + 1})
	return nil
}

// news tells the owner of the drops since the last notice.
func (s *Service) news(ctx context.Context, job *psync.Job) error {
	return job.Commit(ctx, job.Source(), func(ctx context.Context, tx *psync.Tx) error {
		var n told
		seq, err := tx.Get(ctx, kindNews, kindNews, &n)
		if err != nil || seq == 0 {
			return err
		}
		tx.Delete(kindNews, kindNews)
		var g gate
		if _, err := tx.Get(ctx, kindGate, kindGate, &g); err != nil || g.Ended {
			return err
		}
		notify.Notify(tx, g.Owner, came(psync.ScopeID(job.Source()), g, n.Drops))
		return nil
	})
}

// ordered lists drops as they came.
func ordered(all map[string]Drop) []string {
	return slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		if c := all[a].At.Compare(all[b].At); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
}
