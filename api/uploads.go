package api

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/sync/errgroup"

	"preau/storage"
	psync "preau/sync"
)

const (
	tusVersion    = "1.0.0"
	tusExtensions = "creation,creation-with-upload,termination,expiration,checksum"
	tusChecksum   = "sha256"
	tusBytes      = "application/offset+octet-stream"
)

// Uploads receives files in resumable pieces (tus 1.0.0) and hands each over
// when it is whole. An upload belongs to the account that began it. Any node
// that shares the blobs can go on with it.
type Uploads struct {
	// Blobs holds what is not whole yet.
	Blobs storage.Blobs
	// Dir holds, on this node, the piece that is being received.
	Dir string
	// Uses gives the largest file for each declared use ("use" of
	// Upload-Metadata); an upload for another use is refused.
	Uses map[string]int64
	// Plain are the uses whose files are not named after their content: what is
	// sent without its SHA-256 is handed over without it, and read once.
	Plain []string
	// Quota is how many bytes an account may have under way; Most, how many
	// uploads.
	Quota int64
	Most  int
	// Arrivals takes over what is whole.
	Arrivals Arrivals
	Now      func() time.Time

	log     *slog.Logger
	shelf   *shelf
	writers writers
}

// Arrivals takes over files that were uploaded whole. A [psync.Refusal] drops
// the upload and is told to the client; after any other error the client comes
// again. The same file may be handed over twice, even at once.
type Arrivals interface {
	Arrived(ctx context.Context, a psync.Actor, f Arrival) error
}

// Arrival is a file that was uploaded whole.
type Arrival struct {
	Meta map[string]string // Upload-Metadata: use, name, type, sha256 …
	Size int64
	Sum  string    // "sha256-<hex>" of the bytes; "" if a plain use did not say it
	Body io.Reader // the bytes; it ends with an error if they are not those of Sum. nil: only Keep has them
	// Keep puts the bytes among the blobs, as [storage.Blobs] does, in place of
	// reading them.
	Keep func(ctx context.Context, key string) error
}

// open prepares for requests. What a node that was killed has left here of its
// last pieces is stored.
func (u *Uploads) open(ctx context.Context, log *slog.Logger) error {
	u.log = log
	u.shelf = newShelf(u.Blobs, u.Now)
	if err := u.shelf.recoverPieces(ctx, u.Dir); err != nil {
		return fmt.Errorf("store pieces of uploads left in %s: %w", u.Dir, err)
	}
	return nil
}

// sweepEvery is how often uploads of accounts that do not come back are swept.
const sweepEvery = 6 * time.Hour

// Run sweeps what has expired, until ctx ends. Any number of nodes may.
func (u *Uploads) Run(ctx context.Context) error {
	for {
		if err := u.shelf.sweepAll(ctx); err != nil && ctx.Err() == nil {
			u.log.Warn("uploads were not swept", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(sweepEvery):
		}
	}
}

func (u *Uploads) routes(s *Server) {
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
	if err := u.allow(c.Context(), c.Actor, size, meta["use"]); err != nil {
		return err
	}
	up, err := u.shelf.create(c.Context(), c.Actor, size, meta, u.unnamed(meta))
	if err != nil {
		return err
	}
	c.SetHeader(fiber.HeaderLocation, "/api/uploads/"+up.id)
	if c.Header(fiber.HeaderContentType) == tusBytes || size == 0 {
		return u.receive(c, up.id, 0, fiber.StatusCreated)
	}
	return u.answer(c, up, fiber.StatusCreated)
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
func (u *Uploads) allow(ctx context.Context, a psync.Actor, size int64, use string) error {
	limit, known := u.Uses[use]
	if !known {
		return invalid("use", "Upload-Metadata must name a known use")
	}
	if size > limit {
		return &Problem{Status: 413, Code: "too_large", Field: use, Message: fmt.Sprintf("at most %d bytes", limit)}
	}
	number, bytes, err := u.shelf.underWay(ctx, a)
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
	c.SetHeader("Upload-Length", strconv.FormatInt(up.size, 10))
	return u.stand(c, up, fiber.StatusOK)
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
	if err := u.shelf.remove(c.Context(), up); err != nil {
		return err
	}
	return c.NoContent()
}

// hold finds an upload of the caller's own and makes the caller its only user
// on this node until release. Another request that writes to it is interrupted.
func (u *Uploads) hold(c *Call, id string, interrupt func()) (up upload, release func(), err error) {
	account := accountKey(c.Actor) // in all keys: nobody finds another's uploads
	release, err = u.writers.lock(account+id, interrupt)
	if err != nil {
		return upload{}, nil, errLocked
	}
	up, err = u.shelf.load(c.Context(), account, id)
	if err != nil {
		release()
		return upload{}, nil, err
	}
	return up, release, nil
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
	if up.offset != offset {
		return errOffset
	}
	// A server that stops keeps what has come.
	if err := u.append(context.WithoutCancel(c.Context()), &up, body, want); err != nil {
		return err
	}
	return u.stand(c, up, status)
}

// stand answers where an upload stands, and hands it over first if it is whole.
func (u *Uploads) stand(c *Call, up upload, status int) error {
	if up.offset == up.size {
		if err := u.finish(c, up); err != nil {
			return err
		}
	}
	return u.answer(c, up, status)
}

// append puts what arrives behind what there is. A body cut short is kept,
// unless it came with a checksum, which it then cannot match.
func (u *Uploads) append(ctx context.Context, up *upload, body io.Reader, want []byte) error {
	switch {
	case up.offset == up.size:
		return nothingMore(body)
	case up.grows:
		return u.grow(ctx, up, body, want)
	}
	return u.appendPieces(ctx, up, body, want)
}

// appendPieces receives a piece while the one before it is being stored.
func (u *Uploads) appendPieces(ctx context.Context, up *upload, body io.Reader, want []byte) error {
	next := *up // where it stands once all that came is stored
	var behind errgroup.Group
	var err error
	for ended := false; err == nil && !ended && next.offset < next.size; {
		most := next.size - next.offset
		if want == nil {
			most = min(most, pieceMost)
		}
		var p *piece
		if p, err = u.receivePiece(next, body, most, want); p == nil {
			break
		}
		if failed := behind.Wait(); failed != nil {
			p.drop()
			return failed
		}
		ended = p.size < most
		next.offset += p.size
		behind.Go(func() error {
			defer p.drop()
			return u.shelf.add(ctx, up, p)
		})
	}
	return cmp.Or(behind.Wait(), err)
}

// receivePiece receives a piece of at most so many bytes; nil if nothing came
// that counts. An error beside a piece is that of what did not come.
func (u *Uploads) receivePiece(up upload, body io.Reader, most int64, want []byte) (*piece, error) {
	p, err := newPiece(u.Dir, up, want == nil)
	if err != nil {
		return nil, err
	}
	counts, err := u.fillPiece(p, up, body, most, want)
	if !counts {
		p.drop()
		return nil, err
	}
	return p, err
}

func (u *Uploads) fillPiece(p *piece, up upload, body io.Reader, most int64, want []byte) (counts bool, err error) {
	err = p.fill(io.LimitReader(body, most))
	if err == nil && up.offset+p.size == up.size {
		if err := nothingMore(body); err != nil {
			return false, err
		}
	}
	var disk diskError
	switch {
	case errors.As(err, &disk):
		return false, err
	case want != nil && !bytes.Equal(p.sum(), want):
		return false, errChecksum
	}
	return p.size > 0, interrupted(err)
}

// nothingMore refuses bytes behind the declared end.
func nothingMore(body io.Reader) error {
	if n, _ := io.ReadFull(body, make([]byte, 1)); n > 0 {
		return errTooLong
	}
	return nil
}

// finish hands a whole upload over, once, but for nodes that do so together.
func (u *Uploads) finish(c *Call, up upload) error {
	if up.done {
		return nil
	}
	err := u.handOver(c, up)
	if _, refused := errors.AsType[*psync.Refusal](err); refused || errors.Is(err, errChecksum) {
		return errors.Join(err, u.shelf.remove(c.Context(), up))
	}
	if err != nil {
		return u.overtaken(c.Context(), up, err)
	}
	return u.shelf.done(c.Context(), up)
}

func (u *Uploads) handOver(c *Call, up upload) error {
	ctx := c.Context()
	meta, err := u.shelf.meta(ctx, up)
	if err != nil {
		return err
	}
	if up.grows {
		return u.Arrivals.Arrived(ctx, c.Actor, Arrival{Meta: meta, Size: up.size, Keep: u.shelf.settle(up)})
	}
	sum, err := u.sum(ctx, up, meta)
	if err != nil {
		return err
	}
	stored := u.shelf.read(ctx, up)
	defer stored.Close()
	body := storage.NewExact(ctx, stored, up.size, sum)
	arrival := Arrival{Meta: meta, Size: up.size, Body: body}
	arrival.Keep = func(ctx context.Context, key string) error {
		if joiner, can := u.Blobs.(storage.Joiner); can && len(sum) == 0 && up.size > 0 {
			return joiner.Join(ctx, key, up.pieces)
		}
		return u.Blobs.Put(ctx, key, body, up.size, sum)
	}
	if len(sum) > 0 {
		arrival.Sum = "sha256-" + hex.EncodeToString(sum)
	}
	err = u.Arrivals.Arrived(ctx, c.Actor, arrival)
	if errors.Is(body.Err(), storage.ErrCorrupt) {
		return errChecksum
	}
	return err
}

// declaredSum is the SHA-256 that the client said, as "sha256" or as the name
// "sha".
func declaredSum(meta map[string]string) string {
	return cmp.Or(meta["sha256"], strings.TrimPrefix(meta["sha"], "sha256-"))
}

// unnamed says whether nobody is to know the SHA-256 of an upload.
func (u *Uploads) unnamed(meta map[string]string) bool {
	return declaredSum(meta) == "" && slices.Contains(u.Plain, meta["use"])
}

// sum is the SHA-256 that the client declared, or else that of the bytes; none
// of a plain use.
func (u *Uploads) sum(ctx context.Context, up upload, meta map[string]string) ([]byte, error) {
	if u.unnamed(meta) {
		return nil, nil
	}
	said := declaredSum(meta)
	if said == "" {
		return u.shelf.sum(ctx, up)
	}
	sum, err := hex.DecodeString(said)
	if err != nil || len(sum) != sha256.Size {
		return nil, errChecksum
	}
	return sum, nil
}

// overtaken is what an error means when another node handed over, or dropped,
// the same upload meanwhile.
func (u *Uploads) overtaken(ctx context.Context, up upload, err error) error {
	now, gone := u.shelf.load(ctx, up.account, up.id)
	switch {
	case errors.Is(gone, errNoUpload):
		return gone
	case gone == nil && now.done:
		return nil
	}
	return err
}

func (u *Uploads) answer(c *Call, up upload, status int) error {
	c.SetHeader("Upload-Offset", strconv.FormatInt(up.offset, 10))
	c.SetHeader("Upload-Expires", up.expires.UTC().Format(time.RFC1123))
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
