package minio

import (
	"context"
	"fmt"

	s3 "github.com/minio/minio-go/v7"
	"golang.org/x/sync/errgroup"

	"preau/storage"
)

// leastPart is what S3 wants of every part of an object but the last.
const leastPart = 5 << 20

// joining is how many parts are copied at a time.
const joining = 4

// Join implements [storage.Joiner]. The server copies blobs that can be parts;
// smaller ones are read and sent together.
func (s *Store) Join(ctx context.Context, key string, blobs []storage.Blob) error {
	if err := s.ready(ctx, key); err != nil {
		return err
	}
	ctx, v := s.vigil(ctx)
	defer v.end()
	var failed error
	err := s.inParts(ctx, s.name(key), func(id string) (parts []s3.CompletePart, err error) {
		v.rest() // each part has its own
		parts, failed = s.joinParts(ctx, s.name(key), id, grouped(blobs, leastPart))
		return parts, failed
	})
	if failed == nil {
		err = unanswered(ctx, err)
	}
	return fault("join", key, s.unlessThere(ctx, key, err))
}

// grouped puts neighbours together that are too small to be parts, and leaves
// out those that hold nothing.
func grouped(blobs []storage.Blob, least int64) (groups [][]storage.Blob) {
	var size int64
	for _, b := range blobs {
		if b.Size == 0 {
			continue
		}
		if len(groups) == 0 || size >= least {
			groups, size = append(groups, nil), 0
		}
		last := len(groups) - 1
		groups[last] = append(groups[last], b)
		size += b.Size
	}
	return groups
}

func (s *Store) joinParts(ctx context.Context, name, id string, groups [][]storage.Blob) ([]s3.CompletePart, error) {
	if len(groups) == 0 || len(groups) > maxParts {
		return nil, fmt.Errorf("%d parts: %w", len(groups), storage.ErrInvalid)
	}
	parts := make([]s3.CompletePart, len(groups))
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(joining)
	for i, group := range groups {
		all.Go(func() (err error) {
			parts[i], err = s.joinPart(ctx, name, id, i+1, group)
			return err
		})
	}
	return parts, all.Wait()
}

func (s *Store) joinPart(ctx context.Context, name, id string, n int, group []storage.Blob) (s3.CompletePart, error) {
	ctx, v := s.vigil(ctx)
	defer v.end()
	if len(group) == 1 {
		part, err := s.client.CopyObjectPart(ctx, s.bucket, s.name(group[0].Key), s.bucket, name, id, n, 0, -1, nil)
		return part, unanswered(ctx, err)
	}
	var size int64
	for _, b := range group {
		size += b.Size
	}
	all := storage.InTurn(ctx, s, group)
	defer all.Close()
	body := &body{r: storage.NewExact(ctx, all, size, nil), vigil: v}
	part, err := s.client.PutObjectPart(ctx, s.bucket, name, id, n, body, size, s3.PutObjectPartOptions{})
	if cause := body.end(); cause != nil {
		return s3.CompletePart{}, cause
	}
	return s3.CompletePart{PartNumber: n, ETag: part.ETag}, unanswered(ctx, err)
}
