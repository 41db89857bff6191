package minio

import (
	"context"
	"net/url"
	"time"
)

// loan is how long after it was asked for a download may begin.
const loan = time.Minute

// Lend implements [storage.Lender].
func (s *Store) Lend(ctx context.Context, key, mediaType, disposition string) (string, error) {
	if !s.lends {
		return "", nil
	}
	if err := s.ready(ctx, key); err != nil {
		return "", err
	}
	as := url.Values{
		"response-content-type":        {mediaType},
		"response-content-disposition": {disposition},
		"response-cache-control":       {"no-store"},
	}
	u, err := s.client.PresignedGetObject(ctx, s.bucket, s.name(key), loan, as)
	if err != nil {
		return "", fault("lend", key, err)
	}
	return u.String(), nil
}
