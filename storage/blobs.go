package storage

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// Blob describes a stored file.
type Blob struct {
	Key  string
	Size int64
	At   time.Time // when it was stored
}

// Blobs keeps immutable files by key; [CheckKey] tells what a key may be.
// Acknowledged means on disk; a half-written blob is never seen. All methods
// are safe for concurrent use.
type Blobs interface {
	// Put stores size bytes from r under key; io.ErrUnexpectedEOF if there
	// are fewer, and what follows them is not read. Their SHA-256 must be sum
	// when sum is not empty, else ErrCorrupt. Nothing is stored on an error.
	// Putting a key that exists is no error and keeps the first content.
	Put(ctx context.Context, key string, r io.Reader, size int64, sum []byte) error
	// Open reads length bytes from offset (length < 0: to the end), fewer if
	// the blob ends before. It returns ErrNotFound for an unknown key and
	// ErrInvalid for an offset outside the blob. The caller closes.
	Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, Blob, error)
	// Stat describes a blob without reading it.
	Stat(ctx context.Context, key string) (Blob, error)
	// Delete removes a blob, for good once it is acknowledged; deleting an
	// unknown key is no error.
	Delete(ctx context.Context, key string) error
	// List calls yield for each blob whose key starts with prefix, ascending,
	// until it returns false.
	List(ctx context.Context, prefix string, yield func(Blob) bool) error
	Close() error
}

// Lender is what Blobs may be besides: a store from which clients can fetch a
// blob themselves.
type Lender interface {
	// Lend returns an address under which whoever has it may begin, for a
	// minute, to read the blob, shown as of a media type and with a
	// Content-Disposition; "" if clients are not to fetch themselves. The
	// caller has checked that they may read it, and that it is harmless
	// without any other header.
	Lend(ctx context.Context, key, mediaType, disposition string) (string, error)
}

// Joiner is what Blobs may be besides: a store that makes a blob of others
// without their bytes leaving it.
type Joiner interface {
	// Join puts under key what the blobs hold, one after the other; what is
	// said of their sizes must be right. It is ErrNotFound when one is unknown.
	// As with Put, the first content of a key stays.
	Join(ctx context.Context, key string, blobs []Blob) error
}

// Grower is what Blobs may be besides: a store in which something grows where
// it is to stay, and becomes a blob once it is whole. It has a name, which is a
// key of one segment, and nothing else of the store shows it. All methods are
// safe for concurrent use, also by several processes.
type Grower interface {
	// Grown is how much has grown under a name and is on disk; 0 if nothing
	// has.
	Grown(ctx context.Context, name string) (int64, error)
	// Grow adds what r holds behind the first at bytes and returns how many of
	// it are on disk. It is ErrConflict, and nothing changes, when as many have
	// not grown, or somebody else is at it. What came before an error of r is
	// kept, but nothing when whole, or when the error is ErrCorrupt: then what r
	// gave was wrong.
	Grow(ctx context.Context, name string, at int64, r io.Reader, whole bool) (int64, error)
	// Settle makes what has grown under a name the blob of a key as well; from
	// then on nothing may be added. It is ErrNotFound when not just size bytes
	// have grown. As with Put, the first content of a key stays.
	Settle(ctx context.Context, name, key string, size int64) error
	// Drop forgets a name, and no blob that was made of it. Dropping an unknown
	// one is no error.
	Drop(ctx context.Context, name string) error
	// Growing calls yield for each name until it returns false.
	Growing(ctx context.Context, yield func(name string) bool) error
}

// CheckName refuses with ErrInvalid what cannot be the name of what grows.
func CheckName(name string) error {
	if strings.Contains(name, "/") {
		return fmt.Errorf("name %.80q: %w", name, ErrInvalid)
	}
	return CheckKey(name)
}

// CheckKey refuses with ErrInvalid what cannot name a blob. A key is one or
// more segments joined by '/', 512 bytes at most; a segment is 1–200 of a–z,
// 0–9, '-', '_' and '.', and begins with no '.'.
func CheckKey(key string) error {
	if len(key) > 512 {
		return fmt.Errorf("blob key of %d bytes: %w", len(key), ErrInvalid)
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "" || len(segment) > 200 || segment[0] == '.' || strings.ContainsFunc(segment, foreign) {
			return fmt.Errorf("blob key %.80q: %w", key, ErrInvalid)
		}
	}
	return nil
}

// BeginsKey says whether a key can begin with prefix.
func BeginsKey(prefix string) bool {
	return CheckKey(prefix) == nil || CheckKey(prefix+"x") == nil
}

// foreign tells whether a rune may not be part of a key.
func foreign(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
}
