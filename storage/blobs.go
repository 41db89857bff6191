package storage

import (
	"context"
	"io"
	"time"
)

// Blob describes a stored file.
type Blob struct {
	Key  string
	Size int64
	At   time.Time // when it was stored
}

// Blobs keeps immutable files by key. A key is lower-case letters, digits,
// '-', '_', '.' and '/', never starting or ending with '/', no empty or dotted
// segment. Acknowledged means on disk; a half-written blob is never seen.
type Blobs interface {
	// Put stores size bytes from r under key. Their SHA-256 must be sum when
	// sum is not empty, else ErrCorrupt and nothing is stored. Putting a key
	// that exists is no error and keeps the first content.
	Put(ctx context.Context, key string, r io.Reader, size int64, sum []byte) error
	// Open reads length bytes from offset (length < 0: to the end). It returns
	// ErrNotFound for an unknown key. The caller closes.
	Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, Blob, error)
	// Stat describes a blob without reading it.
	Stat(ctx context.Context, key string) (Blob, error)
	// Delete removes a blob; deleting an unknown key is no error.
	Delete(ctx context.Context, key string) error
	// List calls yield for each blob whose key starts with prefix, ascending,
	// until it returns false.
	List(ctx context.Context, prefix string, yield func(Blob) bool) error
	Close() error
}
