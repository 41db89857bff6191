package storage

import (
	"context"
	"time"
)

// Gauge is a store that can tell what an operator watches. It may take some
// milliseconds: for a question asked every few seconds.
type Gauge interface {
	Measure(ctx context.Context, now time.Time) (Measures, error)
}

// Measures are the figures of a store at one moment.
type Measures struct {
	Bytes  int64     // on disk
	Scopes int       // that hold something
	Tasks  int       // not settled, those with a later date included
	Due    int       // of these, those that fell due
	Oldest time.Time // when the oldest of the due ones fell due; zero: none is
}
