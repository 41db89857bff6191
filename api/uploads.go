package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	psync "preau/sync"
)

const (
	tusVersion    = "1.0.0"
	tusExtensions = "creation,creation-with-upload,termination,expiration,checksum"
	tusChecksum   = "sha256"
	tusBytes      = "application/offset+octet-stream"
)

// Uploads receives files in resumable pieces (tus 1.0.0), on disk, and hands
// each over when it is whole. An upload belongs to the account that began it.
type Uploads struct {
	// Dir holds what is not whole yet.
	Dir string
	// Uses gives the largest file for each declared use ("use" of
	// Upload-Metadata); an upload for another use is refused.
	Uses map[string]int64
	// Quota is how many bytes an account may have under way; Most, how many
	// uploads.
	Quota int64
	Most  int
	// Arrivals takes over what is whole.
	Arrivals Arrivals
	Now      func() time.Time

	shelf *shelf
}

// Arrivals takes over files that were uploaded whole. The file at path is
// removed afterwards: read or move it. A [psync.Refusal] drops the upload and
// is told to the client; after any other error the client comes again. The
// same file may be handed over twice.
type Arrivals interface {
	Arrived(ctx context.Context, a psync.Actor, f Arrival) error
}

// Arrival is a file that was uploaded whole.
type Arrival struct {
	Meta map[string]string // Upload-Metadata: use, name, type, sha256 …
	Path string
	Size int64
	Sum  string // "sha256-<hex>" of the bytes
}

func (u *Uploads) routes(s *Server) {
	u.shelf = &shelf{dir: u.Dir, now: u.Now}
	const one = "/api/uploads/:id"
	s.Route("OPTIONS", "/api/uploads", Public, NoBody, u.options)
	s.Route("POST", "/api/uploads", SignedIn, Streamed, u.versioned(u.create))
	s.Route("HEAD", one, SignedIn, NoBody, u.versioned(u.head))
	s.Route("PATCH", one, SignedIn, Streamed, u.versioned(u.patch))
	s.Route("DELETE", one, SignedIn, NoBody, u.versioned(u.remove))
}

func (u *Uploads) options(c *Call) error {
	c.SetHeader("Tus-Resumable", tusVersion)
	c.SetHeader("Tus-Version", tusVersion)
	c.SetHeader("Tus-Extension", tusExtensions)
	c.SetHeader("Tus-Checksum-Algorithm", tusChecksum)
	c.SetHeader("Tus-Max-Size", strconv.FormatInt(u.largest(), 10))
	return c.NoContent()
}

func (u *Uploads) largest() int64 {
	var most int64
	for _, size := range u.Uses {
		most = max(most, size)
	}
	return most
}

// versioned refuses other versions of the protocol.
func (u *Uploads) versioned(h Handler) Handler {
	return func(c *Call) error {
		c.SetHeader("Tus-Resumable", tusVersion)
		if c.Header("Tus-Resumable") != tusVersion {
			c.SetHeader("Tus-Version", tusVersion)
			return Fail(fiber.StatusPreconditionFailed, "malformed", "Tus-Resumable must be "+tusVersion)
		}
		return h(c)
	}
}

func (u *Uploads) create(c *Call) error {
	size, meta, err := u.declared(c)
	if err != nil {
		return err
	}
	if err := u.allow(c.Actor, size, meta["use"]); err != nil {
		return err
	}
	up, err := u.shelf.create(c.Actor, size, meta)
	if err != nil {
		return err
	}
	c.SetHeader(fiber.HeaderLocation, "/api/uploads/"+up.ID)
	if c.Header(fiber.HeaderContentType) == tusBytes || size == 0 {
		return u.receive(c, up.ID, 0, fiber.StatusCreated)
	}
	return u.answer(c, up, 0, fiber.StatusCreated)
}

// declared reads what the client says of a new upload.
func (u *Uploads) declared(c *Call) (size int64, meta map[string]string, err error) {
	size, err = strconv.ParseInt(c.Header("Upload-Length"), 10, 64)
	if err != nil || size < 0 {
		return 0, nil, malformed("Upload-Length must be a number of bytes")
	}
	meta, err = parseMetadata(c.Header("Upload-Metadata"))
	return size, meta, err
}

// allow checks the limits of a use and of an account.
func (u *Uploads) allow(a psync.Actor, size int64, use string) error {
	limit, known := u.Uses[use]
	if !known {
		return invalid("use", "Upload-Metadata must name a known use")
	}
	if size > limit {
		return &Problem{Status: 413, Code: "too_large", Field: use, Message: fmt.Sprintf("at most %d bytes", limit)}
	}
	number, bytes, err := u.shelf.underWay(a)
	if err != nil {
		return err
	}
	if number >= u.Most || bytes+size > u.Quota {
		return &Problem{Status: 429, Code: "too_many_requests", Message: "too many uploads under way", Retry: time.Minute}
	}
	return nil
}

func (u *Uploads) head(c *Call) error {
	up, release, err := u.hold(c, c.Param("id"), nil)
	if err != nil {
		return err
	}
	defer release()
	offset, err := u.shelf.offset(up)
	if err != nil {
		return err
	}
	c.SetHeader("Upload-Length", strconv.FormatInt(up.Size, 10))
	return u.stand(c, up, offset, fiber.StatusOK)
}

func (u *Uploads) patch(c *Call) error {
	if c.Header(fiber.HeaderContentType) != tusBytes {
		return Fail(fiber.StatusUnsupportedMediaType, "malformed", "the body must be "+tusBytes)
	}
	offset, err := strconv.ParseInt(c.Header("Upload-Offset"), 10, 64)
	if err != nil || offset < 0 {
		return malformed("Upload-Offset must be a number of bytes")
	}
	return u.receive(c, c.Param("id"), offset, fiber.StatusNoContent)
}

func (u *Uploads) remove(c *Call) error {
	up, release, err := u.hold(c, c.Param("id"), nil)
	if err != nil {
		return err
	}
	defer release()
	if err := u.shelf.remove(up.ID); err != nil {
		return err
	}
	return c.NoContent()
}

// hold finds an upload of the caller's own and makes the caller its only user
// until release. Another request that writes to it is interrupted.
func (u *Uploads) hold(c *Call, id string, interrupt func()) (up upload, release func(), err error) {
	if _, err := u.own(c, id); err != nil {
		return upload{}, nil, err
	}
	release, err = u.shelf.lock(id, interrupt)
	if err != nil {
		return upload{}, nil, errLocked
	}
	up, err = u.own(c, id) // it may have moved meanwhile
	if err != nil {
		release()
		return upload{}, nil, err
	}
	return up, release, nil
}

func (u *Uploads) own(c *Call, id string) (upload, error) {
	up, err := u.shelf.load(id)
	if err != nil {
		return upload{}, err
	}
	if up.User != c.Actor.User || up.School != c.Actor.School {
		return upload{}, errNoUpload
	}
	return up, nil
}

var (
	errNoUpload = Fail(fiber.StatusNotFound, "not_found", "no such upload")
	errLocked   = &Problem{Status: fiber.StatusLocked, Code: "locked", Message: "another request is writing", Retry: time.Second}
	errOffset   = Fail(fiber.StatusConflict, "conflict", "Upload-Offset is not where the upload stands")
	errChecksum = Fail(460, "checksum_mismatch", "the bytes do not match Upload-Checksum")
)

// receive appends the request's body to an upload and, when that completes
// it, hands it over.
func (u *Uploads) receive(c *Call, id string, offset int64, status int) error {
	want, err := parseChecksum(c.Header("Upload-Checksum"))
	if err != nil {
		return err
	}
	body := c.patient()
	up, release, err := u.hold(c, id, body.interrupt)
	if err != nil {
		return err
	}
	defer release()
	offset, err = u.append(up, offset, body, want)
	if err != nil {
		return err
	}
	return u.stand(c, up, offset, status)
}

// stand answers where an upload stands, and hands it over first if it is whole.
func (u *Uploads) stand(c *Call, up upload, offset int64, status int) error {
	if offset == up.Size {
		if err := u.finish(c, up); err != nil {
			return err
		}
	}
	return u.answer(c, up, offset, status)
}

// append writes what arrives behind offset, which must be where the upload
// stands, and returns where it stands now. A piece cut short is kept, unless
// it came with a checksum, which it then cannot match.
func (u *Uploads) append(up upload, offset int64, body io.Reader, want []byte) (int64, error) {
	stands, err := u.shelf.offset(up)
	if err != nil {
		return 0, err
	}
	if stands != offset {
		return 0, errOffset
	}
	if offset == up.Size {
		return offset, nothingMore(body)
	}
	sum := sha256.New()
	n, err := u.shelf.write(up, offset, io.TeeReader(body, sum))
	switch {
	case want != nil && string(sum.Sum(nil)) != string(want):
		return 0, errors.Join(errChecksum, u.shelf.cut(up, offset))
	case err != nil:
		return 0, err
	}
	return offset + n, nil
}

// nothingMore refuses bytes behind the declared end.
func nothingMore(body io.Reader) error {
	if n, _ := io.ReadFull(body, make([]byte, 1)); n > 0 {
		return errTooLong
	}
	return nil
}

// finish hands a whole upload over, once.
func (u *Uploads) finish(c *Call, up upload) error {
	if up.Done {
		return nil
	}
	sum, err := u.shelf.sum(up)
	if err != nil {
		return err
	}
	if declared := up.Meta["sha256"]; declared != "" && "sha256-"+declared != sum {
		return errors.Join(errChecksum, u.shelf.remove(up.ID))
	}
	err = u.Arrivals.Arrived(c.Context(), c.Actor, Arrival{Meta: up.Meta, Path: u.shelf.bytes(up.ID), Size: up.Size, Sum: sum})
	if refusal, ok := errors.AsType[*psync.Refusal](err); ok {
		return errors.Join(refusal, u.shelf.remove(up.ID))
	}
	if err != nil {
		return err
	}
	return u.shelf.done(up)
}

func (u *Uploads) answer(c *Call, up upload, offset int64, status int) error {
	c.SetHeader("Upload-Offset", strconv.FormatInt(offset, 10))
	c.SetHeader("Upload-Expires", up.Expires.UTC().Format(time.RFC1123))
	return c.Empty(status)
}

// parseMetadata reads "key base64, key base64 …".
func parseMetadata(header string) (map[string]string, error) {
	meta := map[string]string{}
	if header == "" {
		return meta, nil
	}
	for pair := range strings.SplitSeq(header, ",") {
		key, coded, _ := strings.Cut(strings.TrimSpace(pair), " ")
		value, err := base64.StdEncoding.DecodeString(coded)
		_, twice := meta[key]
		if err != nil || twice || !isToken(key) {
			return nil, malformed("Upload-Metadata cannot be read")
		}
		meta[key] = string(value)
	}
	return meta, nil
}

// parseChecksum reads "sha256 base64"; absent is nil.
func parseChecksum(header string) ([]byte, error) {
	if header == "" {
		return nil, nil
	}
	algorithm, coded, _ := strings.Cut(header, " ")
	sum, err := base64.StdEncoding.DecodeString(coded)
	if algorithm != tusChecksum || err != nil || len(sum) != sha256.Size {
		return nil, malformed("Upload-Checksum must be sha256")
	}
	return sum, nil
}

// patientBody is a body that may take as long as bytes keep coming.
type patientBody struct {
	io.Reader
	wait     func(time.Time) error // sets the deadline of the next read
	patience time.Duration
	gone     chan struct{}
}

// patient is the body of an upload.
func (c *Call) patient() *patientBody {
	return &patientBody{
		Reader: c.Body(), wait: c.fc.Context().SetReadDeadline, patience: 2 * c.server.Timeouts.Read, gone: make(chan struct{}),
	}
}

// Read waits for bytes, but not for ever.
func (b *patientBody) Read(p []byte) (int, error) {
	if err := b.wait(deadline(b.patience)); err != nil {
		return 0, err
	}
	select {
	case <-b.gone:
		return 0, errLocked
	default:
		return b.Reader.Read(p)
	}
}

// interrupt makes the reader give up: its client has come back on another
// connection.
func (b *patientBody) interrupt() {
	close(b.gone)
	_ = b.wait(time.Unix(1, 0))
}
