package mongo

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// spool keeps documents in a file without a name, which goes with the process.
type spool struct {
	file *os.File
	w    *bufio.Writer
	size int64
}

// span is where documents lie in a spool.
type span struct{ from, to int64 }

func newSpool() (*spool, error) {
	f, err := os.CreateTemp("", ".preau-copy-*") // mode 0600
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &spool{file: f, w: bufio.NewWriterSize(f, 1<<18)}, nil
}

func (s *spool) close() error { return s.file.Close() }

// add keeps a document at the end of a span, or begins one with it.
func (s *spool) add(at *span, doc bson.Raw) error {
	if at.to == 0 {
		at.from = s.size
	}
	_, err := s.w.Write(doc)
	s.size += int64(len(doc))
	at.to = s.size
	return err
}

// kept reads the documents of a span. The spool is flushed before.
func kept[D any](s *spool, at span, yield func(*D) error) error {
	r := bufio.NewReaderSize(io.NewSectionReader(s.file, at.from, at.to-at.from), 1<<16)
	for {
		doc, err := bson.ReadDocument(r)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var d D
		if err := bson.Unmarshal(doc, &d); err != nil {
			return err
		}
		if err := yield(&d); err != nil {
			return err
		}
	}
}

// whole reads a collection in the order of its names.
func whole[D any](ctx context.Context, c *mongo.Collection, yield func(D) error) (err error) {
	everything := bson.M{"_id": bson.M{"$gt": ""}}
	read := each(ctx, c, everything, func(d D) bool {
		err = yield(d)
		return err == nil
	}, sorted(upward))
	return errors.Join(err, read)
}
