// Package archive writes backups of a server and restores them: the records of
// one moment, and the files that they name.
//
// An archive is one stream, a tar in Zstandard, with these parts in this order:
//
//	head.json          the format, the program and when it was begun
//	records/000001 …   pieces of [storage.Snapshotter], a line of JSON each
//	blobs/<key> …      the files
//	manifest.json      size and SHA-256 of each part, and what was counted
//
// The manifest is the end mark: an archive without it is not whole. Nothing in
// an archive depends on which store it was taken from.
//
// A store that is being restored holds a record in the scope server:restore,
// which goes when all is there: [Unfinished] sees it.
package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"time"

	"preau/storage"
)

// Format is the version of the layout above; an archive of a later one is
// refused.
const Format = 1

// The kinds of failure. Act on errors.Is.
var (
	// ErrDamaged says that an archive is not whole, or not an archive.
	ErrDamaged = errors.New("the archive is damaged or was cut off")
	// ErrNewer says that a later version of the program wrote the archive.
	ErrNewer = errors.New("the archive was written by a newer program: use that one")
	// ErrNotEmpty says that a store to restore into holds something.
	ErrNotEmpty = errors.New("not empty")
	// ErrUnfinished says that a restore into a store did not end.
	ErrUnfinished = errors.New("a restore into this database was begun and did not end: empty the database and the files, and run preau restore again")
)

const (
	headName     = "head.json"
	manifestName = "manifest.json"
	recordsDir   = "records/"
	blobsDir     = "blobs/"
	partBytes    = 1 << 20 // of a part of records, about
)

// Head says what an archive is.
type Head struct {
	Format  int       `json:"format"`
	Program string    `json:"program"`
	Begun   time.Time `json:"begun"`
}

// Manifest says what an archive holds.
type Manifest struct {
	Head
	Tally
	Epoch     int64  `json:"epoch"`
	Blobs     int    `json:"blobs"`
	BlobBytes int64  `json:"blobBytes"`
	Parts     []Part `json:"parts"`
}

// Part is one file of the tar.
type Part struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
	Sum  string `json:"sha256"`
}

// Tally counts the pieces of a store. Digest is a SHA-256 over its scopes and
// records: two stores that hold the same give the same.
type Tally struct {
	Scopes  int    `json:"scopes"`
	Entries int    `json:"entries"`
	Records int    `json:"records"`
	Steps   int    `json:"steps"`
	Tasks   int    `json:"tasks"`
	Digest  string `json:"digest"`
}

// counter makes a Tally.
type counter struct {
	Tally
	hash hash.Hash
}

func newCounter() *counter { return &counter{hash: sha256.New()} }

// add counts a piece, given with its line of JSON.
func (c *counter) add(p storage.Piece, line []byte) {
	switch {
	case p.Scope != nil:
		c.Scopes++
		c.hash.Write(line)
	case p.Entry != nil:
		c.Entries++
	case p.Record != nil:
		c.Records++
		c.hash.Write(line)
	case p.Step != nil:
		c.Steps++
	case p.Task != nil:
		c.Tasks++
	}
}

func (c *counter) tally() Tally {
	t := c.Tally
	t.Digest = hex.EncodeToString(c.hash.Sum(nil))
	return t
}

// lineOf writes a piece as a line.
func lineOf(p storage.Piece) ([]byte, error) {
	line, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("write a piece: %w", err)
	}
	return append(line, '\n'), nil
}
