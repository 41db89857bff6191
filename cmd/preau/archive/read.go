package archive

import (
	"archive/tar"
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"preau/storage"
)

// Verify reads a whole archive and says what it holds; ErrDamaged when any
// byte of it is missing or wrong.
func Verify(in io.Reader) (Manifest, error) {
	r, err := newReader(in)
	if err != nil {
		return Manifest{}, err
	}
	defer r.close()
	count := newCounter()
	for p, err := range r.pieces() {
		if err != nil {
			return Manifest{}, err
		}
		line, err := lineOf(p)
		if err != nil {
			return Manifest{}, err
		}
		count.add(p, line)
	}
	err = r.blobs(func(string, int64, io.Reader) error { return nil }) // what is left of a part is read
	if err != nil {
		return Manifest{}, err
	}
	m, err := r.end()
	if err == nil && m.Tally != count.tally() {
		err = damaged("its records are not those that were counted")
	}
	return m, err
}

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

// reader goes through the parts of an archive, once.
type reader struct {
	packed *zstd.Decoder
	tar    *tar.Reader
	part   *tar.Header // begun and not yet asked for
	sum    hash.Hash
	seen   []Part
}

// newReader reads the head.
func newReader(in io.Reader) (*reader, error) {
	packed, err := zstd.NewReader(bufio.NewReaderSize(in, 1<<20))
	if err != nil {
		return nil, err
	}
	r := &reader{packed: packed, tar: tar.NewReader(packed), sum: sha256.New()}
	var h Head
	if err := r.json(headName, &h); err != nil {
		r.close()
		return nil, err
	}
	if h.Format > Format {
		r.close()
		return nil, ErrNewer
	}
	return r, nil
}

func (r *reader) close() { r.packed.Close() }

// next is the part to be read now.
func (r *reader) next() (*tar.Header, error) {
	if r.part != nil {
		return r.part, nil
	}
	h, err := r.tar.Next()
	if err != nil {
		return nil, damaged("no part after %d: %v", len(r.seen), err)
	}
	r.part = h
	r.sum.Reset()
	return h, nil
}

// body is what the part holds.
func (r *reader) body() io.Reader { return io.TeeReader(r.tar, r.sum) }

// done ends a part that was read.
func (r *reader) done() error {
	if _, err := io.Copy(io.Discard, r.body()); err != nil {
		return damaged("%s: %v", r.part.Name, err)
	}
	r.seen = append(r.seen, Part{r.part.Name, r.part.Size, hex.EncodeToString(r.sum.Sum(nil))})
	r.part = nil
	return nil
}

func (r *reader) json(name string, into any) error {
	h, err := r.next()
	if err != nil {
		return err
	}
	if h.Name != name {
		return damaged("%s where %s should be", h.Name, name)
	}
	if err := json.NewDecoder(r.body()).Decode(into); err != nil {
		return damaged("%s: %v", name, err)
	}
	return r.done()
}

// pieces gives the records.
func (r *reader) pieces() iter.Seq2[storage.Piece, error] {
	return func(yield func(storage.Piece, error) bool) {
		for {
			h, err := r.next()
			if err == nil && !strings.HasPrefix(h.Name, recordsDir) {
				return
			}
			if err == nil {
				err = r.lines(yield)
			}
			if errors.Is(err, errEnough) {
				return
			}
			if err != nil {
				yield(storage.Piece{}, err)
				return
			}
		}
	}
}

// errEnough says that the receiver wants no more.
var errEnough = errors.New("enough")

// lines gives the pieces of one part.
func (r *reader) lines(yield func(storage.Piece, error) bool) error {
	d := json.NewDecoder(r.body())
	for {
		var p storage.Piece
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return r.done()
		}
		if err != nil {
			return damaged("%s: %v", r.part.Name, err)
		}
		if !yield(p, nil) {
			return errEnough
		}
	}
}

// blobs calls take on every file, with its bytes.
func (r *reader) blobs(take func(key string, size int64, body io.Reader) error) error {
	for {
		h, err := r.next()
		if err != nil {
			return err
		}
		key, ok := strings.CutPrefix(h.Name, blobsDir)
		if !ok {
			return nil
		}
		if err := take(key, h.Size, r.body()); err != nil {
			return err
		}
		if err := r.done(); err != nil {
			return err
		}
	}
}

// end reads the manifest, sets it against the parts that came before, and
// makes sure that nothing follows.
func (r *reader) end() (m Manifest, err error) {
	seen := r.seen
	if err := r.json(manifestName, &m); err != nil {
		return m, err
	}
	if !slices.Equal(m.Parts, seen) {
		return m, damaged("its parts are not those that were written")
	}
	if _, err := r.tar.Next(); !errors.Is(err, io.EOF) {
		return m, damaged("something follows its end: %v", err)
	}
	if _, err := io.Copy(io.Discard, r.packed); err != nil {
		return m, damaged("%v", err)
	}
	return m, nil
}
