package minio

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	s3 "github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/s3utils"

	"preau/storage"
)

// retries is how often a request without a body is tried.
const retries = 4

var errURL = errors.New("the address should look like s3://KEY:SECRET@host:port/bucket/prefix?region=us-east-1&tls=1&presign=0, " +
	"with %2F for a / in the secret, %2B for a + and %40 for an @")

// place is what the address of a store says.
type place struct {
	host, bucket, prefix, region, key, secret string

	tls, lends bool
}

// Open opens the blobs at an address
// "s3://KEY:SECRET@host:port/bucket/prefix?region=…&tls=0|1&presign=0|1". The
// prefix may be missing; usual are region us-east-1, TLS, and that clients
// never fetch from the store themselves. It tries all that it needs of the
// server on an object that it deletes again, and says in a sentence what is
// wrong. No error holds the secret.
func Open(ctx context.Context, address string) (*Store, error) {
	p, err := parse(address)
	if err != nil {
		return nil, fmt.Errorf("open blobs: %w", err)
	}
	s, err := p.connect()
	if err != nil {
		return nil, fmt.Errorf("open blobs on %s: %w", p.host, err)
	}
	if err := s.probe(ctx); err != nil {
		s.idle()
		return nil, fmt.Errorf("open blobs on %s: %w", p.host, p.explain(err))
	}
	return s, nil
}

// Check says whether an address can be one, without going there.
func Check(address string) error {
	_, err := parse(address)
	return err
}

func parse(address string) (p place, err error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "s3" || u.Host == "" || u.User == nil || u.Fragment != "" {
		return p, errURL // not err: it holds the address
	}
	p = place{host: u.Host, key: u.User.Username(), region: "us-east-1", tls: true}
	p.secret, _ = u.User.Password()
	p.bucket, p.prefix, _ = strings.Cut(strings.Trim(u.Path, "/"), "/")
	if p.key == "" || p.secret == "" || p.bucket == "" {
		return p, errURL
	}
	if err := s3utils.CheckValidBucketNameStrict(p.bucket); err != nil {
		return p, fmt.Errorf("bucket %q: %w", p.bucket, err)
	}
	if p.prefix != "" && storage.CheckKey(p.prefix) != nil {
		return p, fmt.Errorf("prefix %q may hold a–z, 0–9, '-', '_', '.' and '/' only", p.prefix)
	}
	return p, p.options(u.RawQuery)
}

func (p *place) options(query string) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return errURL
	}
	for name, v := range values {
		switch value := v[0]; {
		case len(v) > 1:
			return fmt.Errorf("%s is said twice", name)
		case name == "region" && value != "":
			p.region = value
		case name == "tls" && isFlag(value):
			p.tls = value == "1"
		case name == "presign" && isFlag(value):
			p.lends = value == "1"
		default:
			return fmt.Errorf("%s=%q is not understood; there are region=…, tls=0|1 and presign=0|1", name, value)
		}
	}
	return nil
}

func isFlag(v string) bool { return v == "0" || v == "1" }

func (p *place) connect() (*Store, error) {
	transport, err := s3.DefaultTransport(p.tls)
	if err != nil {
		return nil, err
	}
	client, err := s3.NewCore(p.host, &s3.Options{
		Creds: credentials.NewStaticV4(p.key, p.secret, ""), Secure: p.tls, Region: p.region,
		Transport: transport, MaxRetries: retries,
	})
	if err != nil {
		return nil, err
	}
	s := &Store{
		client: client, idle: transport.CloseIdleConnections, bucket: p.bucket, lends: p.lends,
		single: maxSingle, part: minPart, silence: silence,
	}
	if p.prefix != "" {
		s.prefix = p.prefix + "/"
	}
	return s, nil
}

var errOverwrites = errors.New(`the server overwrites objects in spite of "If-None-Match: *", which would lose files`)

// probe tries what a store needs on an object that is no blob.
func (s *Store) probe(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*s.silence)
	defer cancel()
	if there, err := s.client.BucketExists(ctx, s.bucket); err == nil && !there {
		return s3.ErrorResponse{Code: s3.NoSuchBucket}
	}
	name := s.prefix + "probe-" + strings.ToLower(rand.Text())
	if err := s.sendProbe(ctx, name); err != nil {
		return err
	}
	defer func() {
		ctx, v := s.vigil(context.WithoutCancel(ctx))
		defer v.end()
		err = errors.Join(err, s.client.RemoveObject(ctx, s.bucket, name, s3.RemoveObjectOptions{}))
	}()
	err = s.sendProbe(ctx, name)
	if answer(err).StatusCode != http.StatusPreconditionFailed {
		return errors.Join(err, errOverwrites)
	}
	if _, err := s.client.StatObject(ctx, s.bucket, name, s3.StatObjectOptions{}); err != nil {
		return err
	}
	return s.probeList(ctx, name)
}

func (s *Store) sendProbe(ctx context.Context, name string) error {
	content := []byte("probe")
	sum := sha256.Sum256(content)
	return s.send(ctx, name, storage.NewExact(ctx, bytes.NewReader(content), int64(len(content)), sum[:]), int64(len(content)), sum[:])
}

func (s *Store) probeList(ctx context.Context, name string) error {
	for object := range s.client.ListObjectsIter(ctx, s.bucket, s3.ListObjectsOptions{Prefix: name, Recursive: true}) {
		return object.Err
	}
	return errors.New("the server does not list what it stores")
}

// explain says what to do about an error of the server.
func (p *place) explain(err error) error {
	var network net.Error
	switch said := answer(err); {
	case errors.Is(err, context.Canceled), errors.Is(err, errOverwrites):
		return err
	case said.Code == s3.NoSuchBucket:
		return fmt.Errorf("bucket %q does not exist; make it first", p.bucket)
	case said.Code == s3.InvalidAccessKeyID, said.Code == s3.SignatureDoesNotMatch:
		return errors.New("the server does not know the key, or the secret is wrong")
	case said.StatusCode == http.StatusForbidden || said.Code == s3.AccessDenied:
		return fmt.Errorf("the key may not put, get, list and delete objects in bucket %q", p.bucket)
	case errors.As(err, &network), errors.Is(err, storage.ErrUnavailable):
		return fmt.Errorf("the server does not answer: %w", err)
	}
	return err
}
