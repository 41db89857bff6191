package archive

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"golang.org/x/sync/errgroup"

	"preau/storage"
)

// Stores are where a backup is restored to.
type Stores struct {
	Records storage.Records // a Filler and a Snapshotter
	Blobs   storage.Blobs
	Now     time.Time
}

// Restore fills empty stores with an archive that [Verify] has seen, and
// returns the epoch that the devices find: one that no store had before, so
// that every device starts over instead of missing what it believes to hold.
func Restore(ctx context.Context, in io.Reader, m Manifest, s Stores) (epoch int64, err error) {
	if err := s.wantEmpty(ctx); err != nil {
		return 0, err
	}
	if err := setMark(ctx, s.Records, s.Now); err != nil {
		return 0, err
	}
	epoch = max(m.Epoch+1, s.Now.Unix())
	if err := s.fill(ctx, in, m, epoch); err != nil {
		return 0, err
	}
	if err := s.compare(ctx, m); err != nil {
		return 0, err
	}
	return epoch, clearMark(ctx, s.Records, s.Now)
}

func (s Stores) wantEmpty(ctx context.Context) error {
	if err := Unfinished(ctx, s.Records); err != nil {
		return err
	}
	scopes, err := s.Records.Scopes(ctx, "")
	if err != nil {
		return err
	}
	if len(scopes) > 0 {
		return fmt.Errorf("the database holds something: a backup is restored only where nothing is: %w", ErrNotEmpty)
	}
	empty := true
	err = s.Blobs.List(ctx, "", func(storage.Blob) bool { empty = false; return false })
	if err == nil && !empty {
		err = fmt.Errorf("the folder of files holds something: a backup is restored only where nothing is: %w", ErrNotEmpty)
	}
	return err
}

func (s Stores) fill(ctx context.Context, in io.Reader, m Manifest, epoch int64) error {
	to, ok := s.Records.(storage.Filler)
	if !ok {
		return errors.New("this kind of database cannot be restored into")
	}
	r, err := newReader(in)
	if err != nil {
		return err
	}
	defer r.close()
	if err := to.Fill(ctx, inEpoch(epoch, r.pieces())); err != nil {
		return fmt.Errorf("restore records: %w", err)
	}
	if err := s.put(ctx, r, m); err != nil {
		return fmt.Errorf("restore files: %w", err)
	}
	_, err = r.end()
	return err
}

// inEpoch replaces the epoch of a snapshot.
func inEpoch(epoch int64, pieces iter.Seq2[storage.Piece, error]) iter.Seq2[storage.Piece, error] {
	return func(yield func(storage.Piece, error) bool) {
		for p, err := range pieces {
			if p.Epoch > 0 {
				p.Epoch = epoch
			}
			if !yield(p, err) {
				return
			}
		}
	}
}

// Files up to smallBlob are stored several at a time.
const (
	smallBlob = 2 << 20
	puts      = 8
)

// put stores the files; each is checked against the manifest as it is written.
func (s Stores) put(ctx context.Context, r *reader, m Manifest) error {
	sums := map[string][]byte{}
	for _, p := range m.Parts {
		sum, err := hex.DecodeString(p.Sum)
		if err != nil {
			return damaged("%s: %v", p.Name, err)
		}
		sums[p.Name] = sum
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(puts)
	err := r.blobs(func(key string, size int64, body io.Reader) error {
		sum := sums[blobsDir+key]
		if size > smallBlob {
			return s.Blobs.Put(ctx, key, body, size, sum)
		}
		small, err := io.ReadAll(body)
		if err != nil {
			return damaged("%s: %v", key, err)
		}
		g.Go(func() error { return s.Blobs.Put(ctx, key, bytes.NewReader(small), size, sum) })
		return ctx.Err()
	})
	return errors.Join(err, g.Wait())
}

// compare reads back what was restored.
func (s Stores) compare(ctx context.Context, m Manifest) error {
	from, ok := s.Records.(storage.Snapshotter)
	if !ok {
		return errors.New("this kind of database cannot be read back")
	}
	count := newCounter()
	for p, err := range withoutMark(from.Snapshot(ctx), nil) {
		if err != nil {
			return err
		}
		line, err := lineOf(p)
		if err != nil {
			return err
		}
		count.add(p, line)
	}
	if got := count.tally(); got != m.Tally {
		return fmt.Errorf("the database does not hold what was restored: %+v instead of %+v", got, m.Tally)
	}
	return s.countBlobs(ctx, m)
}

func (s Stores) countBlobs(ctx context.Context, m Manifest) error {
	var number int
	var size int64
	err := s.Blobs.List(ctx, "", func(b storage.Blob) bool { number++; size += b.Size; return true })
	if err == nil && (number != m.Blobs || size != m.BlobBytes) {
		err = fmt.Errorf("%d files of %d bytes instead of %d of %d", number, size, m.Blobs, m.BlobBytes)
	}
	return err
}
