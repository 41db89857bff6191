package storagetest

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"time"

	"preau/storage"
)

// Nodes opens a store n times and uses it as one: every call goes to the next
// of them, as the requests of a person go to any node. For stores that several
// processes may have open. What one acknowledged, the next must know.
func Nodes(open OpenRecords, n int) OpenRecords {
	return func(ctx context.Context, dir string) (storage.Records, error) {
		all := &nodes{open: func() (storage.Records, error) { return open(ctx, dir) }, records: make([]storage.Records, n)}
		if err := all.openAll(); err != nil {
			return nil, errors.Join(err, all.Close())
		}
		return all, nil
	}
}

// nodes is a storage.Records that asks a different one each time.
type nodes struct {
	open    func() (storage.Records, error)
	records []storage.Records
	turn    atomic.Int64
	closed  bool
}

func (n *nodes) openAll() error {
	for i := range n.records {
		r, err := n.open()
		if err != nil {
			return err
		}
		n.records[i] = r
	}
	return nil
}

func (n *nodes) next() storage.Records { return n.records[int(n.turn.Add(1))%len(n.records)] }

func (n *nodes) Append(ctx context.Context, e storage.Entry) error { return n.next().Append(ctx, e) }

func (n *nodes) Tails(ctx context.Context, at []storage.Position, limit int) ([]storage.Tail, error) {
	return n.next().Tails(ctx, at, limit)
}

func (n *nodes) Scan(ctx context.Context, p storage.Page) ([]storage.Record, int64, error) {
	return n.next().Scan(ctx, p)
}

func (n *nodes) Find(ctx context.Context, scope string, keys ...storage.Key) ([]storage.Record, error) {
	return n.next().Find(ctx, scope, keys...)
}

func (n *nodes) Lane(ctx context.Context, scope, lane string, k int64) (storage.Lane, error) {
	return n.next().Lane(ctx, scope, lane, k)
}

func (n *nodes) Claim(ctx context.Context, c storage.Claim) ([]storage.Task, error) {
	return n.next().Claim(ctx, c)
}

func (n *nodes) Settle(ctx context.Context, t storage.Task, next time.Time) error {
	return n.next().Settle(ctx, t, next)
}

// Trim comes long after what it trims, when no node has any of that in hand:
// so all are opened again.
func (n *nodes) Trim(ctx context.Context, scope string, before time.Time) error {
	if !n.closed {
		if err := errors.Join(n.closeAll(), n.openAll()); err != nil {
			return err
		}
	}
	return n.next().Trim(ctx, scope, before)
}

func (n *nodes) Scopes(ctx context.Context, prefix string) ([]string, error) {
	return n.next().Scopes(ctx, prefix)
}

func (n *nodes) Epoch(ctx context.Context, raise bool) (int64, error) {
	return n.next().Epoch(ctx, raise)
}

func (n *nodes) Watch(ctx context.Context) <-chan storage.Moved { return n.next().Watch(ctx) }

func (n *nodes) Snapshot(ctx context.Context) iter.Seq2[storage.Piece, error] {
	return n.next().(storage.Snapshotter).Snapshot(ctx)
}

// Fill fills a store that nobody else uses meanwhile, nor has looked into.
func (n *nodes) Fill(ctx context.Context, pieces iter.Seq2[storage.Piece, error]) error {
	return n.next().(storage.Filler).Fill(ctx, pieces)
}

func (n *nodes) Measure(ctx context.Context, now time.Time) (storage.Measures, error) {
	return n.next().(storage.Gauge).Measure(ctx, now)
}

func (n *nodes) Close() error {
	n.closed = true
	return n.closeAll()
}

func (n *nodes) closeAll() error {
	var errs []error
	for _, r := range n.records {
		if r != nil {
			errs = append(errs, r.Close())
		}
	}
	return errors.Join(errs...)
}
