// Package storage defines the two ports that Préau stands on: [Records], an
// append-only log per scope with the latest version of each record derived
// from it, and [Blobs], immutable files named by their content.
//
// The port knows no product and no protocol. Every promise written here is a
// case of package storagetest, which every implementation runs.
package storage

import (
	"context"
	"errors"
	"io"
	"time"
)

// The kinds of failure an implementation reports. Act on errors.Is.
var (
	// ErrConflict says that the sequence number is taken: somebody else
	// committed first. Look at the scope again and retry.
	ErrConflict = errors.New("sequence number taken")
	// ErrNotFound says that the thing asked for does not exist.
	ErrNotFound = errors.New("not found")
	// ErrInvalid says that an entry or key breaks the rules of the port: a
	// mistake of the program, never worth a retry.
	ErrInvalid = errors.New("invalid")
	// ErrTooLarge says that an entry or blob is over the port's limit.
	ErrTooLarge = errors.New("too large")
	// ErrCorrupt says that stored bytes do not match their checksum.
	ErrCorrupt = errors.New("stored data is damaged")
	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("store closed")
	// ErrUnavailable says that the server which keeps the data does not answer,
	// not in time, or not now. Whether it made a change that was asked for is
	// not known. Try again.
	ErrUnavailable = errors.New("the store does not answer")
)

// Limits of one entry.
const (
	MaxOps        = 512     // operations; as many steps, as many effects
	MaxEntryBytes = 1 << 20 // names, values, results and payloads together
	MaxName       = 255     // bytes of a scope, type, id, lane or kind
)

// Entry is one commit of a scope: an atomic, durable step. It is seen whole
// or not at all, and entry n is visible only when all before it are. Times are
// kept to the millisecond. [Entry.Check] tells what an entry may hold.
type Entry struct {
	Scope   string
	N       int64 // 1, 2, 3 … without gaps
	At      time.Time
	Ops     []Op
	Steps   []Step
	Effects []Effect
}

// Op puts or deletes one record, which an entry touches once. A nil Value
// deletes: the id stays as a tombstone, the content goes at once, from the log
// as well, whose earlier entries then read as if they had deleted.
type Op struct {
	Type, ID string
	Value    []byte // canonical JSON, never re-encoded
}

// Step records that action K of a lane was carried out, with the answer that
// every repetition of it must receive. K only grows within a lane of a scope.
// A lane whose steps have no Result remembers only the last.
type Step struct {
	Lane   string
	K      int64
	Result []byte
}

// Effect is what must follow a commit, in another scope or outside, now or at
// a later date (an expiry is an effect with a date). It is stored with its
// entry, is claimed as a Task, and is forgotten when it is settled.
type Effect struct {
	Kind    string
	Payload []byte
	Due     time.Time // not before; zero: at once
}

// Record is the latest version of one thing in a scope. Seq is the number of
// the last entry that touched it. A nil Value is a tombstone.
type Record struct {
	Seq      int64
	Type, ID string
	Value    []byte
}

// Key names a record within a scope; an empty ID names all live records of
// the type.
type Key struct{ Type, ID string }

// Position asks for what follows entry After of a scope.
type Position struct {
	Scope string
	After int64
}

// Tail is what a scope holds after a position.
type Tail struct {
	Scope string
	Head  int64 // number of the newest entry; 0: the scope is empty
	Floor int64 // deletions up to here are forgotten
	// Entries follow the position, ascending and consecutive, without their
	// effects. Empty with Head > After when the log no longer reaches back so
	// far (use Scan) or when the caller asked for heads only.
	Entries []Entry
}

// Page asks for records of a scope by sequence number, newest first when
// Down. Bounds are exclusive; zero Before means no upper bound. Records with
// equal Seq are never split between pages.
type Page struct {
	Scope         string
	After, Before int64
	Down          bool
	Limit         int // at least this many records are returned if there are as many; 0: all
	Tombstones    bool
}

// Lane is how far a lane has come in a scope.
type Lane struct {
	K      int64  // last action carried out; 0: none
	Result []byte // the stored answer to the action asked for; nil if it is not known any more
}

// Task is an effect waiting to be carried out. ID is unique and stable.
type Task struct {
	ID      string // "<scope>#<n>#<index>"
	Scope   string
	N       int64
	Index   int
	At      time.Time // when it was committed
	Kind    string
	Payload []byte
	Due     time.Time
	Tries   int // earlier attempts that were claimed
}

// Claim asks for due tasks, by due time and then as committed, to be leased to
// this process. Of a scope's tasks of ordered kinds only the oldest is handed
// out: later ones wait for it to be settled for ever, whatever their kind.
type Claim struct {
	Now     time.Time
	Lease   time.Duration
	Limit   int
	Ordered func(kind string) bool // nil: none
}

// Records is the log of scopes and what is derived from it.
//
// Acknowledged means on disk. All methods are safe for concurrent use; one
// scope's traffic does not slow another's reads; a scope's contents never
// appear in another's answers. Reading after an acknowledged Append sees it.
type Records interface {
	// Append commits an entry with N one above the scope's head. It returns
	// ErrConflict when N is taken (or not the next), or when a step is not
	// above its lane, and changes nothing then.
	Append(ctx context.Context, e Entry) error
	// Tails answers many positions in one round trip, in their order. With
	// limit 0 only heads and floors are filled.
	Tails(ctx context.Context, at []Position, limit int) ([]Tail, error)
	// Scan reads records by sequence number, as of one moment not before the
	// call, and the head at that moment. Whoever counts on the tombstones
	// looks at the floor after the scan: a Trim may have come in between.
	Scan(ctx context.Context, p Page) (recs []Record, head int64, err error)
	// Find reads the latest version of each key, in the order of the keys,
	// skipping absent and deleted ones, as of one moment. Records of one key
	// are ordered by id.
	Find(ctx context.Context, scope string, keys ...Key) ([]Record, error)
	// Lane tells how far a lane has come, with the answer to action k.
	Lane(ctx context.Context, scope, lane string, k int64) (Lane, error)
	// Claim leases due tasks; Settle ends one: done for ever when next is
	// zero, else due again then. Settling a task whose lease was lost is
	// harmless.
	Claim(ctx context.Context, c Claim) ([]Task, error)
	Settle(ctx context.Context, t Task, next time.Time) error
	// Trim deletes from the beginning of a scope's log the entries older than
	// the cut (the newest always stays), and the tombstones and steps older
	// than it, raising the floor first. Unsettled tasks stay, and a lane that
	// gave results keeps its K for ever.
	Trim(ctx context.Context, scope string, before time.Time) error
	// Scopes lists scope names with a prefix, ascending.
	Scopes(ctx context.Context, prefix string) ([]string, error)
	// Epoch is the generation of this store; raise starts a new one, after a
	// restored backup: every cursor of an older one starts over.
	Epoch(ctx context.Context, raise bool) (int64, error)
	// Watch reports scopes that moved, on any node, until ctx ends. It may
	// lose reports: a hint only.
	Watch(ctx context.Context) <-chan Moved
	io.Closer
}

// Moved says that a scope has a new head.
type Moved struct {
	Scope string
	Head  int64
	Tasks bool // the entry carried effects
}
