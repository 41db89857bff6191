package sync_test

import (
	"context"
	"errors"
	"sync"

	"preau/storage"
)

// flaky is a store that fails when it is told to, and remembers for ever what
// was committed.
type flaky struct {
	storage.Records

	mu      sync.Mutex
	before  int // appends to fail without a trace
	after   int // appends to carry out, then to fail all the same
	history map[string][]storage.Entry
}

var errDisk = errors.New("the disk went away")

func newFlaky(records storage.Records) *flaky {
	return &flaky{Records: records, history: map[string][]storage.Entry{}}
}

func (f *flaky) Append(ctx context.Context, e storage.Entry) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.before > 0 {
		f.before--
		return errDisk
	}
	if err := f.Records.Append(ctx, e); err != nil {
		return err
	}
	f.history[e.Scope] = append(f.history[e.Scope], e)
	if f.after > 0 {
		f.after--
		return errDisk
	}
	return nil
}

// state is what the records of a scope hold after its first n commits.
func (f *flaky) state(scope string, n int64) map[string]version {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := map[string]version{}
	for _, e := range f.history[scope][:n] {
		for _, op := range e.Ops {
			key := op.Type + " " + op.ID
			if op.Value == nil {
				delete(out, key)
			} else {
				out[key] = version{e.N, string(op.Value)}
			}
		}
	}
	return out
}

func (f *flaky) head(scope string) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return int64(len(f.history[scope]))
}
