package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// pieceMost is how much is received before it is put among the blobs: what a
// node that dies for good can lose of one request.
const pieceMost = 8 << 20

// piece is a part of an upload on its way from a request to the blobs, in a
// file of this node. Its size must be known before it is stored, and half of
// it counts if the other half never comes.
//
// The file of a piece that came without a checksum is named after its place,
// "<account>.<id>.<offset>.<random>": what a killed node left is kept by the
// next. The others have no name any more, and are hashed. No piece is stored by
// its SHA-256: the whole file is looked at when it is handed over.
type piece struct {
	file *os.File
	size int64
	hash hash.Hash // nil: it came without a checksum
}

// newPiece makes an empty piece in dir for where an upload stands.
func newPiece(dir string, up upload, keep bool) (*piece, error) {
	name := strings.TrimPrefix(up.pieceKey(), shelfPrefix+up.account+"/")
	f, err := os.CreateTemp(dir, up.account+"."+name+".*")
	if err != nil {
		return nil, err
	}
	p := &piece{file: f}
	if !keep {
		p.hash = sha256.New()
		err = os.Remove(f.Name())
	}
	return p, err
}

// fill receives the piece.
func (p *piece) fill(r io.Reader) (err error) {
	var to io.Writer = onDisk{p.file}
	if p.hash != nil {
		to = io.MultiWriter(to, p.hash)
	}
	p.size, err = io.CopyBuffer(to, r, make([]byte, fillBytes))
	return err
}

// fillBytes is what is received at once.
const fillBytes = 128 << 10

func (p *piece) sum() []byte { return p.hash.Sum(nil) }

func (p *piece) reader() io.Reader { return io.NewSectionReader(p.file, 0, p.size) }

// drop forgets the piece.
func (p *piece) drop() {
	p.file.Close()
	_ = os.Remove(p.file.Name()) // it may have no name
}

// onDisk marks the errors of a file, as against those of who sends.
type onDisk struct{ file *os.File }

func (d onDisk) Write(p []byte) (int, error) {
	n, err := d.file.Write(p)
	if err != nil {
		err = diskError{err}
	}
	return n, err
}

type diskError struct{ error }

func (e diskError) Unwrap() error { return e.error }

// interrupted is what a client that lost its connection would be told.
func interrupted(err error) error {
	var known *Problem
	if err == nil || errors.As(err, &known) {
		return err
	}
	return &Problem{Status: 408, Code: "timeout", Message: "the upload was interrupted"}
}

// recoverPieces stores what a node that was killed left in dir.
func (s *shelf) recoverPieces(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	left, err := filepath.Glob(filepath.Join(dir, "*.*.at.*.*"))
	for _, path := range left {
		err = errors.Join(err, s.recoverPiece(ctx, path))
	}
	return err
}

// recoverPiece stores one piece, if its upload still stands where it begins.
func (s *shelf) recoverPiece(ctx context.Context, path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // its node lives, and is done with it
	}
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return err
	}
	p := &piece{file: f, size: info.Size()}
	account, rest, _ := strings.Cut(filepath.Base(path), ".")
	id, _, _ := strings.Cut(rest, ".")
	up, err := s.load(ctx, account, id)
	if err == nil && p.size > 0 && strings.HasPrefix(filepath.Base(path), strings.ReplaceAll(strings.TrimPrefix(up.pieceKey(), shelfPrefix), "/", ".")+".") {
		err = s.add(ctx, &up, p)
	}
	if err == nil || errors.Is(err, errNoUpload) || errors.Is(err, errOffset) {
		p.drop()
		return nil
	}
	f.Close()
	return err
}
