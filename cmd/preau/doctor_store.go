package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"preau/cmd/preau/archive"
	"preau/storage"
)

// Limits of a data folder.
const (
	littleSpace = 2 << 30
	noSpace     = 256 << 20
	slowSync    = 50 * time.Millisecond
	inMemory    = 0x01021994 // a file system that a restart empties
)

// folder writes to the data folder, reads it back, and times the disk.
func (d *doctor) folder(context.Context) (all []finding) {
	path := d.config.Data
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return []finding{{note, path + " does not exist", "it is made at the first start; if a server ran here before, PREAU_DATA points elsewhere"}}
	}
	took, err := writeBack(path)
	switch {
	case err != nil:
		return []finding{{mend, fmt.Sprintf("cannot be written: %v", err), "give " + path + " to the user that runs preau, on a disk with room and without faults"}}
	case took > slowSync:
		all = append(all, finding{note, fmt.Sprintf("a write takes %v to be safe", took.Round(time.Millisecond)), "every action waits so long: use a local SSD, not a network disk"})
	default:
		all = append(all, good("written and read back; a write is safe after %.1f ms", float64(took.Microseconds())/1000))
	}
	return append(all, space(path)...)
}

// writeBack writes a few blocks, each synced, and reads them again. It tells
// the median time of a sync.
func writeBack(path string) (time.Duration, error) {
	f, err := os.CreateTemp(path, ".doctor-*")
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // nothing to be done about it
	defer f.Close()
	block := make([]byte, 4096)
	var times []time.Duration
	for range 15 {
		_, _ = rand.Read(block) // never fails
		begun := time.Now()
		if _, err := f.WriteAt(block, 0); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		times = append(times, time.Since(begun))
	}
	back := make([]byte, len(block))
	if _, err := f.ReadAt(back, 0); err != nil {
		return 0, err
	}
	if !bytes.Equal(back, block) {
		return 0, errors.New("other bytes came back than were written")
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}

func space(path string) []finding {
	var s syscall.Statfs_t
	if err := syscall.Statfs(path, &s); err != nil {
		return []finding{{note, fmt.Sprintf("free space is not known: %v", err), ""}}
	}
	free := s.Bavail * uint64(s.Bsize)
	const todo = "make room: a full disk stops every action"
	var all []finding
	switch text := fmt.Sprintf("%.1f GB free", float64(free)/1e9); {
	case free < noSpace:
		all = append(all, finding{mend, text, todo})
	case free < littleSpace:
		all = append(all, finding{note, text, todo})
	default:
		all = append(all, good("%s", text))
	}
	if s.Type == inMemory {
		all = append(all, finding{mend, path + " lies in memory", "put it on a disk: a restart of the machine empties it"})
	}
	return all
}

// database reads all records as a backup does, and has the database check
// itself. It takes no lock.
func (d *doctor) database(ctx context.Context) []finding {
	p := d.config.Records
	if p.kind == "sqlite" {
		info, err := os.Stat(p.at)
		if errors.Is(err, fs.ErrNotExist) {
			return []finding{{note, "there is none yet at " + p.at, "it is made at the first start; if a server ran here before, PREAU_DATA or PREAU_RECORDS points elsewhere"}}
		}
		if err == nil {
			d.saw(info.ModTime())
		}
	}
	live, done, err := liveRecords(ctx, p)
	if errors.Is(err, storage.ErrNotFound) {
		return []finding{{note, p.hide(err).Error(), "it is made at the first start; if a server ran here before, PREAU_RECORDS points elsewhere"}}
	}
	if err != nil {
		return []finding{broken(p.hide(err))}
	}
	scopes, err := d.read(ctx, live)
	if c, ok := live.(interface{ Check(context.Context) error }); ok && err == nil {
		err = c.Check(ctx)
	}
	if err = errors.Join(err, done()); err != nil {
		return []finding{broken(p.hide(err))}
	}
	return []finding{good("whole: %d scopes", scopes)}
}

// broken says what to do about a database that cannot be read.
func broken(err error) finding {
	switch {
	case errors.Is(err, archive.ErrUnfinished):
		return finding{mend, "half restored", err.Error()}
	case errors.Is(err, storage.ErrCorrupt):
		return finding{mend, err.Error(), "stop the server, keep a copy of the data folder, and restore the last backup (preau restore) into an empty one"}
	}
	return finding{mend, err.Error(), "see deploy/README.md; preau restore brings back the last backup"}
}

// read goes through all pieces, and keeps what the other checks ask for.
func (d *doctor) read(ctx context.Context, from storage.Snapshotter) (scopes int, err error) {
	scope := ""
	for p, err := range from.Snapshot(ctx) {
		switch {
		case err != nil:
			return 0, err
		case p.Scope != nil:
			scope = p.Scope.Name
			scopes++
		case p.Entry != nil:
			d.saw(p.Entry.At)
		case p.Record != nil && p.Record.Value != nil:
			if err := d.mark(scope, p.Record.Record); err != nil {
				return 0, err
			}
		}
	}
	return scopes, nil
}

// mark looks at the records that a server keeps of itself.
func (d *doctor) mark(scope string, r storage.Record) (err error) {
	if archive.Mark(scope) {
		return archive.ErrUnfinished
	}
	if scope == keysScope {
		d.prints, err = printOf(r)
	}
	return err
}

func (d *doctor) saw(at time.Time) {
	if at.After(d.seen) {
		d.seen = at
	}
}

// files puts a file into the store of files, reads it back and removes it.
func (d *doctor) files(ctx context.Context) []finding {
	p := d.config.Blobs
	if _, err := os.Stat(p.at); p.kind == "file" && errors.Is(err, fs.ErrNotExist) {
		return []finding{{note, "there is no folder yet at " + p.at, "it is made at the first start"}}
	}
	blobs, err := openBlobs(ctx, p)
	if err == nil {
		err = errors.Join(putBack(ctx, blobs), blobs.Close())
	}
	if err != nil {
		return []finding{{mend, p.hide(err).Error(), "copies that pupils hand in cannot be kept: mend the store or correct PREAU_BLOBS"}}
	}
	return []finding{good("written, read back and removed")}
}

func putBack(ctx context.Context, blobs storage.Blobs) (err error) {
	body := []byte(rand.Text())
	key := "doctor/" + time.Now().UTC().Format("20060102t150405.000000000")
	if err := blobs.Put(ctx, key, bytes.NewReader(body), int64(len(body)), nil); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, blobs.Delete(ctx, key)) }()
	r, _, err := blobs.Open(ctx, key, 0, -1)
	if err != nil {
		return err
	}
	defer r.Close()
	back, err := io.ReadAll(r)
	if err == nil && !bytes.Equal(back, body) {
		err = errors.New("other bytes came back than were written")
	}
	return err
}

// keys sets the keys against the database.
func (d *doctor) keys(context.Context) []finding {
	path := filepath.Join(d.config.Data, "keys.json")
	k, err := readKeys(path)
	const todo = "put the keys.json there that was kept beside the backups, or that of the other node, and chmod 600 it"
	switch {
	case errors.Is(err, fs.ErrNotExist) && d.prints == "":
		return []finding{{note, "there are none yet", "they are made at the first start: keep a copy of " + path}}
	case err != nil:
		return []finding{{mend, err.Error(), todo}}
	case d.prints != "" && d.prints != k.fingerprint():
		return []finding{{mend, path + " does not belong to this database", todo}}
	}
	return []finding{good("those of this database, readable by their owner only")}
}
