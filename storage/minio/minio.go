// Package minio keeps blobs in a bucket of an S3 server, any server: for
// several nodes that share their files.
//
// It needs of S3 what [Open] checks: put, get, head, list (version 2, in the
// order of the keys), delete, and puts that fail where an object is already
// ("If-None-Match: *"). Sizes are known and the SHA-256 is sent along, so a
// blob is there whole, for ever, or not at all.
//
// The blob "pages/2026/x.jpg" is the object "prefix/pages/2026/x.jpg!". The
// sign keeps "a" and "a/b" apart on servers that store objects as files, and
// sorts before all that a key may hold, so objects are listed as blobs must
// be. Objects without it are not ours.
package minio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	s3 "github.com/minio/minio-go/v7"

	"preau/storage"
)

// mark ends the name of every object that is a blob.
const mark = "!"

// Store is a [storage.Blobs] in a bucket.
type Store struct {
	client *s3.Core
	idle   func() // closes idle connections
	bucket string
	prefix string // of all object names; empty, or ends with '/'
	lends  bool

	single int64 // bytes that go in one request
	part   int64 // bytes of a part of what does not

	silence time.Duration // how long the server may be silent

	closed atomic.Bool
}

var (
	_ storage.Blobs  = (*Store)(nil)
	_ storage.Lender = (*Store)(nil)
	_ storage.Joiner = (*Store)(nil)
)

// Close implements [storage.Blobs]. What is under way may end.
func (s *Store) Close() error {
	s.closed.Store(true)
	s.idle()
	return nil
}

// ready says whether a blob may be looked for at all.
func (s *Store) ready(ctx context.Context, key string) error {
	if s.closed.Load() {
		return storage.ErrClosed
	}
	return errors.Join(ctx.Err(), storage.CheckKey(key))
}

func (s *Store) name(key string) string { return s.prefix + key + mark }

// key is the blob that an object is; false if it is none.
func (s *Store) key(name string) (string, bool) {
	name, ours := strings.CutPrefix(name, s.prefix)
	key, marked := strings.CutSuffix(name, mark)
	return key, ours && marked && storage.CheckKey(key) == nil
}

// fault gives an error its kind and names the key.
func fault(do, key string, err error) error {
	switch {
	case err == nil:
		return nil
	case answer(err).Code == s3.NoSuchKey:
		err = storage.ErrNotFound
	}
	return fmt.Errorf("%s blob %.80q: %w", do, key, err)
}

// answer is what the server said; empty for an error that is none of its.
func answer(err error) s3.ErrorResponse {
	said, _ := errors.AsType[s3.ErrorResponse](err)
	return said
}

// Stat implements [storage.Blobs].
func (s *Store) Stat(ctx context.Context, key string) (storage.Blob, error) {
	if err := s.ready(ctx, key); err != nil {
		return storage.Blob{}, err
	}
	b, err := s.stat(ctx, key)
	return b, fault("stat", key, err)
}

func (s *Store) stat(ctx context.Context, key string) (storage.Blob, error) {
	ctx, v := s.vigil(ctx)
	defer v.end()
	info, err := s.client.StatObject(ctx, s.bucket, s.name(key), s3.StatObjectOptions{})
	if err != nil {
		return storage.Blob{}, unanswered(ctx, err)
	}
	return describe(key, info), nil
}

func describe(key string, info s3.ObjectInfo) storage.Blob {
	return storage.Blob{Key: key, Size: info.Size, At: info.LastModified.UTC()}
}

// Open implements [storage.Blobs].
func (s *Store) Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, storage.Blob, error) {
	if err := s.ready(ctx, key); err != nil {
		return nil, storage.Blob{}, err
	}
	r, b, err := s.open(ctx, key, offset, length)
	if answer(err).Code == s3.InvalidRange || length == 0 {
		r, b, err = s.edge(ctx, key, offset)
	}
	return r, b, fault("open", key, err)
}

func (s *Store) open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, storage.Blob, error) {
	if offset < 0 {
		return nil, storage.Blob{}, fmt.Errorf("offset %d: %w", offset, storage.ErrInvalid)
	}
	if length == 0 {
		return nil, storage.Blob{}, nil
	}
	var part s3.GetObjectOptions
	if offset > 0 || length > 0 {
		part.Set("Range", span(offset, length))
	}
	ctx, v := s.vigil(ctx)
	got, info, header, err := s.client.GetObject(ctx, s.bucket, s.name(key), part)
	if err != nil {
		defer v.end()
		return nil, storage.Blob{}, unanswered(ctx, err)
	}
	v.rest()
	var body io.ReadCloser = &watched{got, ctx, v}
	b := describe(key, info)
	if _, whole, parted := strings.Cut(header.Get("Content-Range"), "/"); parted {
		b.Size, err = strconv.ParseInt(whole, 10, 64)
	}
	if err != nil {
		body.Close()
		return nil, storage.Blob{}, fmt.Errorf("the server says %q: %w", header.Get("Content-Range"), err)
	}
	return body, b, nil
}

// span is a range of bytes as HTTP writes it.
func span(offset, length int64) string {
	from := "bytes=" + strconv.FormatInt(offset, 10) + "-"
	if last := offset + length - 1; length > 0 && last >= offset {
		return from + strconv.FormatInt(last, 10)
	}
	return from
}

// edge opens what holds no byte, and which S3 cannot name therefore.
func (s *Store) edge(ctx context.Context, key string, offset int64) (io.ReadCloser, storage.Blob, error) {
	b, err := s.stat(ctx, key)
	if err == nil && (offset < 0 || offset > b.Size) {
		err = fmt.Errorf("offset %d of %d bytes: %w", offset, b.Size, storage.ErrInvalid)
	}
	return http.NoBody, b, err
}

// Delete implements [storage.Blobs].
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := s.ready(ctx, key); err != nil {
		return err
	}
	ctx, v := s.vigil(ctx)
	defer v.end()
	err := unanswered(ctx, s.client.RemoveObject(ctx, s.bucket, s.name(key), s3.RemoveObjectOptions{}))
	if answer(err).Code == s3.NoSuchKey {
		return nil
	}
	return fault("delete", key, err)
}

// List implements [storage.Blobs].
func (s *Store) List(ctx context.Context, prefix string, yield func(storage.Blob) bool) error {
	if s.closed.Load() {
		return storage.ErrClosed
	}
	if !storage.BeginsKey(prefix) {
		return fault("list", prefix, ctx.Err())
	}
	ctx, v := s.vigil(ctx)
	defer v.end()
	all := s3.ListObjectsOptions{Prefix: s.prefix + prefix, Recursive: true, FetchOwner: new(bool)}
	for object := range s.client.ListObjectsIter(ctx, s.bucket, all) {
		if object.Err != nil {
			return fault("list", prefix, unanswered(ctx, object.Err))
		}
		v.rest()
		key, ours := s.key(object.Key)
		if ours && strings.HasPrefix(key, prefix) && !yield(describe(key, object)) {
			return nil
		}
		v.watch()
	}
	return fault("list", prefix, unanswered(ctx, ctx.Err()))
}
