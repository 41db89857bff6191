package mongo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"golang.org/x/sync/errgroup"
)

// named is all that is asked of a document whose name says enough.
type named struct {
	ID string `bson:"_id"`
}

var (
	onlyName = bson.M{"_id": 1}
	upward   = bson.M{"_id": 1}
	downward = bson.M{"_id": -1}
)

func sorted(by any) *options.FindOptionsBuilder { return options.Find().SetSort(by) }

// all reads every document of a query.
func all[D any](ctx context.Context, c *mongo.Collection, filter bson.M, o ...*options.FindOptionsBuilder) (docs []D, err error) {
	err = each(ctx, c, filter, func(d D) bool {
		docs = append(docs, d)
		return true
	}, o...)
	return docs, err
}

// errSilent says that a server that was asked does not answer.
var errSilent = fmt.Errorf("no answer within %v", patience)

// each reads documents until yield returns false. The server may be silent for
// as long as patience lasts, even when ctx has no end.
func each[D any](ctx context.Context, c *mongo.Collection, filter bson.M, yield func(D) bool, o ...*options.FindOptionsBuilder) (err error) {
	opts := make([]options.Lister[options.FindOptions], len(o))
	for i := range o {
		opts[i] = o[i]
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(patience, func() { cancel(errSilent) })
	defer silence.Stop()
	cur, err := c.Find(ctx, filter, opts...)
	if err != nil {
		return unavailable(silent(ctx, err))
	}
	defer closeCursor(ctx, cur)
	for cur.Next(ctx) {
		silence.Reset(patience)
		var d D
		if err := cur.Decode(&d); err != nil {
			return fmt.Errorf("decode: %w", err)
		}
		if !yield(d) {
			return nil
		}
	}
	return unavailable(silent(ctx, cur.Err()))
}

// silent is an error with the reason why its context was ended.
func silent(ctx context.Context, err error) error {
	if err != nil && errors.Is(context.Cause(ctx), errSilent) {
		return fmt.Errorf("%w: %w", errSilent, err)
	}
	return err
}

// closeCursor frees what a query takes of the server, which would do so itself
// after a while: of what was read nothing is lost when it cannot be told.
func closeCursor(ctx context.Context, c *mongo.Cursor) {
	ctx, cancel := finishing(ctx)
	defer cancel()
	_ = c.Close(ctx)
}

// last reads the one document of a range that comes last.
func last[D any](ctx context.Context, c *mongo.Collection, filter bson.M) (d D, found bool, err error) {
	docs, err := all[D](ctx, c, filter, sorted(downward).SetLimit(1))
	if err != nil || len(docs) == 0 {
		return d, false, err
	}
	return docs[0], true, nil
}

// insertOnce inserts a document that may be there already.
func (s *Store) insertOnce(ctx context.Context, c *mongo.Collection, doc any) error {
	if _, err := c.InsertOne(ctx, doc); err != nil && !mongo.IsDuplicateKeyError(err) {
		return unavailable(err)
	}
	return nil
}

// insertNew inserts independent documents, and tells which names were taken.
func insertNew(ctx context.Context, c *mongo.Collection, docs []any) (taken map[int]bool, err error) {
	if len(docs) == 0 {
		return nil, nil
	}
	_, err = c.InsertMany(ctx, docs, options.InsertMany().SetOrdered(false))
	var many mongo.BulkWriteException
	if !errors.As(err, &many) || many.WriteConcernError != nil {
		return nil, unavailable(err)
	}
	taken = map[int]bool{}
	for _, e := range many.WriteErrors {
		if !e.HasErrorCode(duplicate) {
			return nil, unavailable(err)
		}
		taken[e.Index] = true
	}
	return taken, nil
}

// bulkSize is how many changes go into one command. FerretDB keeps a connection
// to its SQLite for each until the command ends, and has a hundred: with more
// it waits for itself.
const bulkSize = 50

// bulk makes independent changes.
func bulk(ctx context.Context, c *mongo.Collection, changes []mongo.WriteModel) error {
	for some := range slices.Chunk(changes, bulkSize) {
		if _, err := c.BulkWrite(ctx, some, options.BulkWrite().SetOrdered(false)); err != nil {
			return unavailable(err)
		}
	}
	return nil
}

// duplicate is the server's code for a name that is taken.
const duplicate = 11000

// together runs f for each of n, a few at a time.
func together(ctx context.Context, n int, f func(ctx context.Context, i int) error) error {
	if n == 1 {
		return f(ctx, 0)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for i := range n {
		g.Go(func() error { return f(ctx, i) })
	}
	return g.Wait()
}
