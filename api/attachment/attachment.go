// Package attachment keeps the files that people give and hand in. A file is
// named by the SHA-256 of the bytes that were uploaded, "sha256-<hex>"; what is
// stored under that name is what those bytes become once they are safe: an
// image upright and without metadata, or the same bytes.
//
// Two server-only kinds of scope hold what is known:
//
//	files:U    one account: "file <sha>" for each upload, being examined, held
//	           until a scanner answers, ready or refused; "want" for each name that awaits its upload
//	file:SHA   one content: "blob", where its bytes are; "owner U" for whoever
//	           uploaded it; "ref" for each record that shows it, with the scope
//
// A record may name a file before it has arrived ([Refer]): naming and upload
// meet in files:U, and whichever comes second tells the area that waits
// ([Service.OnArrived]), once. Knowing a name gives nothing: a name counts only
// for an account that uploaded these bytes itself or may read them already,
// and a file may be read by its owners and by whoever now reads a scope with a
// record that shows it.
package attachment

import (
	"context"
	"encoding/hex"
	"io"
	"log/slog"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"

	"preau/storage"
	psync "preau/sync"
)

// Limits of a file.
const (
	MaxSize   = 25 << 20   // bytes as uploaded
	MaxPixels = 40_000_000 // of an image
	MaxSide   = 12_000     // pixels
	PageSide  = 2_000      // pixels, of what is shown as a page
	ThumbSide = 320
)

// keepUnused is how long a file is kept that no record shows.
const keepUnused = 7 * 24 * time.Hour

// keepGivenUp is how long bytes outlive the records that name them: a backup
// copies the records first and has so much time to copy what they name.
const keepGivenUp = 24 * time.Hour

// File is a file as records and devices see it. Size, Type and dimensions are
// those of what is served; while the file is Waiting for its upload they are
// what the namer said. Checking is a Waiting one that has arrived and is held
// until the scanner has looked at it. Problem is the code of the refusal when
// the upload turned out to be no usable file, or one that does harm.
type File struct {
	SHA      string `json:"sha"`
	Name     string `json:"name"`
	Type     string `json:"type"`
	Size     int64  `json:"size"`
	Pages    int    `json:"pages,omitempty"`
	W        int    `json:"w,omitempty"`
	H        int    `json:"h,omitempty"`
	Waiting  bool   `json:"waiting,omitempty"`
	Checking bool   `json:"checking,omitempty"`
	Problem  string `json:"problem,omitempty"`
}

// Ready says whether the file is there.
func (f File) Ready() bool { return !f.Waiting && f.Problem == "" }

// Image says whether the file is shown as a picture.
func (f File) Image() bool { return strings.HasPrefix(f.Type, "image/") }

// Engine is what this package needs of the sync engine.
type Engine interface {
	Commit(ctx context.Context, a psync.Actor, scope string, r psync.Rule) (seq int64, err error)
	Find(ctx context.Context, scope string, keys ...storage.Key) ([]storage.Record, error)
}

// Config is what a Service stands on. All fields are required, but for Scanner,
// which sees every upload before anybody reads it (nil: none does), and Memory:
// the bytes that images being decoded may take together (0: 256 MiB).
type Config struct {
	Blobs   storage.Blobs
	Access  psync.Access
	Scanner Scanner
	Log     *slog.Logger
	Now     func() time.Time
	Memory  int64
}

// Service examines, keeps and hands out files. Safe for concurrent use.
type Service struct {
	blobs   storage.Blobs
	access  psync.Access
	engine  Engine
	log     *slog.Logger
	now     func() time.Time
	waiters map[string]Waiter
	guard   guard
	memory  *semaphore.Weighted
	budget  int64
}

// New returns a Service. Before use: Register its effects, let areas call
// OnArrived, and Bind the engine.
func New(c Config) *Service {
	if c.Memory == 0 {
		c.Memory = 256 << 20
	}
	return &Service{
		blobs: c.Blobs, access: c.Access, log: c.Log, now: c.Now,
		waiters: map[string]Waiter{},
		guard:   guard{scanner: c.Scanner, slots: semaphore.NewWeighted(scansAtOnce)},
		memory:  semaphore.NewWeighted(c.Memory), budget: c.Memory,
	}
}

// Bind gives the service the engine that it commits through.
func (s *Service) Bind(e Engine) { s.engine = e }

// Register adds the effects of this package to the engine's mux.
func (s *Service) Register(mux *psync.Mux) {
	mux.Effect(effectRefer, s.refer)
	mux.Effect(effectRelease, s.release)
	mux.Later(effectExamine, 400*24*time.Hour, s.examine)
	mux.Later(effectArrived, 30*24*time.Hour, s.arrived)
	mux.Later(effectSweep, 400*24*time.Hour, s.sweep)
	mux.Later(effectErase, 400*24*time.Hour, s.eraseSwept)
	mux.Later(effectForget, 400*24*time.Hour, s.forget)
	mux.Later(effectDelete, 400*24*time.Hour, s.deleteSwept)
}

// Waiter is told that files which a record named have arrived, or that they
// never can (File.Problem), or are being held (File.Checking): then it is told
// again. It commits through the job.
type Waiter func(ctx context.Context, job *psync.Job, a Arrival) error

// Arrival says what has become of files that a record was waiting for.
type Arrival struct {
	Scope string // of the record
	ID    string // of the record
	By    string // who named the files
	Files []File
}

// OnArrived registers who waits for the files of records of a kind.
func (s *Service) OnArrived(kind string, w Waiter) { s.waiters[kind] = w }

// Upload is a file that has arrived whole. SHA names its bytes; Name and Type
// are what the device says.
type Upload struct {
	SHA  string
	Name string
	Type string
	Size int64
}

// ValidSHA says whether s has the form "sha256-<64 hex digits>".
func ValidSHA(s string) bool {
	digits, ok := strings.CutPrefix(s, "sha256-")
	sum, err := hex.DecodeString(digits)
	return ok && err == nil && len(sum) == 32 && strings.ToLower(digits) == digits
}

func sumOf(sha string) []byte {
	sum, _ := hex.DecodeString(strings.TrimPrefix(sha, "sha256-")) // ValidSHA was asked
	return sum
}

// Variant is one of the forms in which an image is served. Files of other
// types have the original only.
type Variant string

// The variants of a file.
const (
	Original Variant = "original"
	Page     Variant = "page"  // at most PageSide on a side
	Thumb    Variant = "thumb" // at most ThumbSide on a side
)

// Content is a file ready to be read.
type Content struct {
	Name string // of the upload, cleaned, with the right ending
	Type string
	Size int64
	ETag string // of exactly these bytes, without quotes
	At   time.Time
	open func(ctx context.Context, offset, length int64) (io.ReadCloser, error)
	lend func(ctx context.Context, disposition string) (string, error)
}

// Inline says whether a browser may show the file itself.
func (c *Content) Inline() bool {
	switch c.Type {
	case typeJPEG, typePNG, typeWebP:
		return true
	}
	return false
}

// Read returns length bytes from offset (length < 0: to the end). The caller
// closes.
func (c *Content) Read(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	return c.open(ctx, offset, length)
}

// Lend returns an address outside this server under which the file may be
// fetched, for a minute, by whoever has it; "" if there is none. Only for what
// a browser keeps as a file or shows inline: no other header goes with it.
func (c *Content) Lend(ctx context.Context, disposition string) (string, error) {
	return c.lend(ctx, disposition)
}
