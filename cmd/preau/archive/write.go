package archive

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"preau/storage"
)

// Write writes an archive while the server goes on. The records are copied
// first, as of one moment; the files after them, which outlive the records
// that name them by more than a copy takes.
func Write(ctx context.Context, out io.Writer, h Head, records storage.Snapshotter, blobs storage.Blobs) (Manifest, error) {
	h.Format = Format
	packed, err := zstd.NewWriter(out, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(true))
	if err != nil {
		return Manifest{}, err
	}
	w := &writer{tar: tar.NewWriter(packed), manifest: Manifest{Head: h}}
	if err := w.all(ctx, records, blobs); err != nil {
		return w.manifest, errors.Join(err, packed.Close())
	}
	return w.manifest, errors.Join(w.tar.Close(), packed.Close())
}

// writer writes the parts of an archive.
type writer struct {
	tar      *tar.Writer
	manifest Manifest
}

func (w *writer) all(ctx context.Context, records storage.Snapshotter, blobs storage.Blobs) error {
	if err := w.json(headName, w.manifest.Head); err != nil {
		return err
	}
	if err := w.records(ctx, records); err != nil {
		return fmt.Errorf("back up records: %w", err)
	}
	if err := w.blobs(ctx, blobs); err != nil {
		return fmt.Errorf("back up files: %w", err)
	}
	return w.json(manifestName, w.manifest)
}

func (w *writer) json(name string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return w.part(name, int64(len(body)), bytes.NewReader(body))
}

// part writes size bytes of r under a name.
func (w *writer) part(name string, size int64, r io.Reader) error {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: w.manifest.Begun, Format: tar.FormatPAX}
	if err := w.tar.WriteHeader(h); err != nil {
		return err
	}
	sum := sha256.New()
	if _, err := io.CopyN(io.MultiWriter(w.tar, sum), r, size); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	w.manifest.Parts = append(w.manifest.Parts, Part{name, size, hex.EncodeToString(sum.Sum(nil))})
	return nil
}

func (w *writer) records(ctx context.Context, records storage.Snapshotter) error {
	var lines bytes.Buffer
	n := 0
	flush := func() error {
		n++
		err := w.part(fmt.Sprintf("%s%06d", recordsDir, n), int64(lines.Len()), bytes.NewReader(lines.Bytes()))
		lines.Reset()
		return err
	}
	count := newCounter()
	for p, err := range withoutMark(records.Snapshot(ctx), ErrUnfinished) {
		if err != nil {
			return err
		}
		line, err := lineOf(p)
		if err != nil {
			return err
		}
		w.manifest.Epoch = max(w.manifest.Epoch, p.Epoch)
		count.add(p, line)
		lines.Write(line)
		if lines.Len() < partBytes {
			continue
		}
		if err := flush(); err != nil {
			return err
		}
	}
	w.manifest.Tally = count.tally()
	return flush()
}

func (w *writer) blobs(ctx context.Context, blobs storage.Blobs) error {
	var failed error
	err := blobs.List(ctx, "", func(b storage.Blob) bool {
		failed = w.blob(ctx, blobs, b.Key)
		return failed == nil
	})
	return errors.Join(failed, err)
}

// blob copies one file, unless it went since it was listed: no record of the
// archive names it then.
func (w *writer) blob(ctx context.Context, blobs storage.Blobs, key string) error {
	r, b, err := blobs.Open(ctx, key, 0, -1)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	defer r.Close()
	w.manifest.Blobs++
	w.manifest.BlobBytes += b.Size
	return w.part(blobsDir+key, b.Size, r)
}
