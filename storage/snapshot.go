package storage

import (
	"context"
	"iter"
	"time"
)

// Snapshotter is a store that can be copied while others write to it.
type Snapshotter interface {
	// Snapshot gives all that the store holds as of one moment, not before the
	// call: an entry is in it only with everything that was acknowledged
	// before that entry was begun. First comes the epoch; then, scope by scope
	// in the order of their names, the scope, its entries ascending, its
	// records by type and id, its steps by lane and number, its tasks as
	// committed. An error ends it.
	Snapshot(ctx context.Context) iter.Seq2[Piece, error]
}

// Filler is a store that can take in what a [Snapshotter] gave, of whichever
// implementation.
type Filler interface {
	// Fill takes the pieces of a snapshot into a store that holds none of
	// their scopes, else ErrConflict; ErrInvalid when they are in disorder.
	// When it returns nil all is on disk, and the store answers as the one
	// that was copied did; leases are given back. After an error some scopes
	// may be there, whole or not. Nobody else may use the store meanwhile.
	Fill(ctx context.Context, pieces iter.Seq2[Piece, error]) error
}

// Piece is a part of a snapshot: exactly one field is set. What follows a
// Scope belongs to it, and does not repeat its name.
type Piece struct {
	Epoch  int64    `json:"epoch,omitempty"`
	Scope  *Extent  `json:"scope,omitempty"`
	Entry  *Entry   `json:"entry,omitempty"` // without Scope and Effects
	Record *Version `json:"record,omitempty"`
	Step   *Taken   `json:"step,omitempty"`
	Task   *Task    `json:"task,omitempty"` // without ID and Scope
}

// Extent is a scope and how far its log has come.
type Extent struct {
	Name        string
	Head, Floor int64
}

// Version is a record, and when it was touched last.
type Version struct {
	Record
	At time.Time
}

// Taken is a step of a lane, and when it was taken.
type Taken struct {
	Step
	At time.Time
}
