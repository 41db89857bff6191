package api

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"preau/storage"
	psync "preau/sync"
)

// uploadLife is how long an unfinished upload is kept.
const uploadLife = 7 * 24 * time.Hour

// shelf keeps uploads among the blobs, so that any node can go on with them:
//
//	uploads/<account>/<id>.at.<offset>             the bytes from that offset on
//	uploads/<account>/<id>.card.<size>.<expires>   what the upload is
//	uploads/<account>/<id>.done                    it was handed over
//
// Nothing of it changes once it is there. How far an upload has come is where
// its pieces end, one beginning where the one before it ends; of two writers
// at one offset, the first to finish its piece has it. All that must be known
// to go on, to count and to sweep is in the names.
//
// Where the store can let files grow, those of plain uses have no pieces: they
// grow where they will stay, under the name "<account>.<id>", and their card
// ends with ".grows".
type shelf struct {
	blobs  storage.Blobs
	grower storage.Grower // nil: nothing grows
	now    func() time.Time
}

func newShelf(blobs storage.Blobs, now func() time.Time) *shelf {
	grower, _ := blobs.(storage.Grower)
	return &shelf{blobs: blobs, grower: grower, now: now}
}

const shelfPrefix = "uploads/"

// HalfSent begins the keys of what is not whole yet. A backup leaves it out:
// what a restored server does not know, devices send again.
const HalfSent = shelfPrefix

// upload is what the names say of one upload.
type upload struct {
	account, id string
	size        int64
	expires     time.Time
	offset      int64  // how far it has come
	grows       bool   // and has no pieces
	done        bool   // handed over
	card        string // key; "" when there is none
	pieces      []storage.Blob
	stray       []storage.Blob // pieces that do not follow on another
}

var errTooLong = &Problem{Status: 413, Code: "too_large", Message: "more bytes than Upload-Length"}

// accountKey stands for an account in keys.
func accountKey(a psync.Actor) string {
	sum := sha256.Sum256([]byte(a.School + "\x00" + a.User))
	return hex.EncodeToString(sum[:16])
}

func (up *upload) key(parts ...string) string {
	return shelfPrefix + up.account + "/" + up.id + "." + strings.Join(parts, ".")
}

func (up *upload) pieceKey() string { return up.key("at", fmt.Sprintf("%013d", up.offset)) }

// growName is what its bytes grow under.
func (up *upload) growName() string { return up.account + "." + up.id }

const growsMark = "grows"

// create begins an upload, of a file that grows if it may and the store can.
func (s *shelf) create(ctx context.Context, a psync.Actor, size int64, meta map[string]string, mayGrow bool) (upload, error) {
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		return upload{}, err
	}
	up := upload{
		account: accountKey(a), id: hex.EncodeToString(id[:]),
		size: size, expires: s.now().Add(uploadLife).Truncate(time.Second), grows: mayGrow && s.grower != nil,
	}
	up.card = up.key("card", strconv.FormatInt(size, 10), strconv.FormatInt(up.expires.Unix(), 10))
	if up.grows {
		up.card += "." + growsMark
	}
	body, err := json.Marshal(meta)
	if err != nil {
		return upload{}, err
	}
	return up, s.put(ctx, up.card, body)
}

func (s *shelf) put(ctx context.Context, key string, content []byte) error {
	sum := sha256.Sum256(content)
	return s.blobs.Put(ctx, key, bytes.NewReader(content), int64(len(content)), sum[:])
}

// load finds an upload. An expired one is removed.
func (s *shelf) load(ctx context.Context, account, id string) (upload, error) {
	if !isUploadID(id) {
		return upload{}, errNoUpload
	}
	found := upload{}
	err := s.each(ctx, account+"/"+id+".", func(up upload) error {
		found = up
		return nil
	})
	switch {
	case err != nil:
		return upload{}, err
	case found.card == "":
		return upload{}, errNoUpload
	case !s.now().Before(found.expires):
		return upload{}, cmp.Or(s.remove(ctx, found), errNoUpload)
	}
	err = s.lookGrown(ctx, &found)
	if err == nil {
		err = s.lookDone(ctx, &found)
	}
	return found, err
}

// lookGrown looks how far what grows has come.
func (s *shelf) lookGrown(ctx context.Context, up *upload) (err error) {
	if up.grows && !up.done && s.grower != nil {
		up.offset, err = s.grower.Grown(ctx, up.growName())
	}
	return err
}

// lookDone looks again whether an upload that lacks bytes was handed over: a
// list is made over time, and may miss both the pieces that went and the note
// that came before they did.
func (s *shelf) lookDone(ctx context.Context, up *upload) error {
	if up.offset == up.size {
		return nil
	}
	_, err := s.blobs.Stat(ctx, up.key("done"))
	if err == nil {
		up.done, up.offset = true, up.size
	}
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	return err
}

func isUploadID(id string) bool {
	raw, err := hex.DecodeString(id)
	return err == nil && len(raw) == 16 && id == strings.ToLower(id)
}

// each calls do for every upload whose key begins so, one at a time.
func (s *shelf) each(ctx context.Context, prefix string, do func(upload) error) error {
	var up upload
	var failed error
	end := func() bool {
		if up.id != "" {
			failed = do(up)
		}
		return failed == nil
	}
	err := s.blobs.List(ctx, shelfPrefix+prefix, func(b storage.Blob) bool {
		account, rest, _ := strings.Cut(strings.TrimPrefix(b.Key, shelfPrefix), "/")
		id, what, _ := strings.Cut(rest, ".")
		if account != up.account || id != up.id {
			if !end() {
				return false
			}
			up = upload{account: account, id: id}
		}
		up.learn(b, what)
		return true
	})
	if err == nil && failed == nil {
		end()
	}
	return cmp.Or(err, failed)
}

// learn adds what the name of one blob says. Pieces come in their order.
func (up *upload) learn(b storage.Blob, what string) {
	kind, said, _ := strings.Cut(what, ".")
	first, rest, _ := strings.Cut(said, ".")
	second, more, _ := strings.Cut(rest, ".")
	number, _ := strconv.ParseInt(first, 10, 64)
	switch kind {
	case "at":
		if number != up.offset {
			up.stray = append(up.stray, b)
			return
		}
		up.pieces = append(up.pieces, b)
		up.offset += b.Size
	case "card":
		unix, _ := strconv.ParseInt(second, 10, 64)
		up.card, up.size, up.expires = b.Key, number, time.Unix(unix, 0).UTC()
		up.grows = more == growsMark
	case "done":
		up.done, up.offset = true, up.size
	}
}

// meta reads what the client said of an upload.
func (s *shelf) meta(ctx context.Context, up upload) (meta map[string]string, err error) {
	r, _, err := s.blobs.Open(ctx, up.card, 0, -1)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if err := json.NewDecoder(r).Decode(&meta); err != nil {
		return nil, fmt.Errorf("upload %s: %w", up.id, err)
	}
	return meta, nil
}

// remove forgets an upload. Removing an unknown one is no error.
func (s *shelf) remove(ctx context.Context, up upload) error {
	if up.card != "" { // first, as nothing finds the rest without it
		if err := s.blobs.Delete(ctx, up.card); err != nil {
			return err
		}
	}
	if err := s.free(ctx, up); err != nil {
		return err
	}
	return s.blobs.Delete(ctx, up.key("done"))
}

// free deletes the bytes of an upload, several pieces at once: stores that
// sync share the price.
func (s *shelf) free(ctx context.Context, up upload) error {
	if up.grows && s.grower != nil {
		return s.grower.Drop(ctx, up.growName())
	}
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(8)
	for _, p := range slices.Concat(up.pieces, up.stray) {
		all.Go(func() error { return s.blobs.Delete(ctx, p.Key) })
	}
	return all.Wait()
}

// done notes that an upload was handed over, so that a client that missed the
// answer learns it, and frees its bytes.
func (s *shelf) done(ctx context.Context, up upload) error {
	if err := s.put(ctx, up.key("done"), nil); err != nil {
		return err
	}
	return s.free(ctx, up)
}

// underWay counts the unfinished uploads of an account and their declared
// bytes. It sweeps them in passing.
func (s *shelf) underWay(ctx context.Context, a psync.Actor) (number int, size int64, err error) {
	err = s.each(ctx, accountKey(a)+"/", func(up upload) error {
		swept, err := s.sweep(ctx, up)
		if !swept && !up.done {
			number, size = number+1, size+up.size
		}
		return err
	})
	return number, size, err
}

// sweep removes an upload that has expired, what is left of one that was
// removed, and the bytes that are left of one that was handed over.
func (s *shelf) sweep(ctx context.Context, up upload) (gone bool, err error) {
	if up.card == "" || !s.now().Before(up.expires) {
		return true, s.remove(ctx, up)
	}
	if up.done {
		return false, s.free(ctx, up)
	}
	return false, nil
}

// sweepAll sweeps the uploads of everybody.
func (s *shelf) sweepAll(ctx context.Context) error {
	err := s.each(ctx, "", func(up upload) error {
		_, err := s.sweep(ctx, up)
		return err
	})
	if s.grower == nil || err != nil {
		return err
	}
	return s.sweepGrown(ctx)
}

// sweepGrown drops what grows and has no card: its node was killed while it
// removed it.
func (s *shelf) sweepGrown(ctx context.Context) error {
	var names []string
	err := s.grower.Growing(ctx, func(name string) bool {
		names = append(names, name)
		return true
	})
	for _, name := range names {
		account, id, _ := strings.Cut(name, ".")
		if _, gone := s.load(ctx, account, id); errors.Is(gone, errNoUpload) {
			err = errors.Join(err, s.grower.Drop(ctx, name))
		}
	}
	return err
}

// add puts a piece behind what there is. When somebody else was first, it is
// errOffset: the upload stands elsewhere now.
func (s *shelf) add(ctx context.Context, up *upload, p *piece) error {
	b := storage.Blob{Key: up.pieceKey(), Size: p.size}
	if err := s.blobs.Put(ctx, b.Key, p.reader(), p.size, nil); err != nil {
		return err
	}
	there, err := s.blobs.Stat(ctx, b.Key)
	if errors.Is(err, storage.ErrNotFound) {
		return errOffset // finished or removed meanwhile
	}
	if err != nil {
		return err
	}
	if there.Size != p.size {
		return errOffset
	}
	up.offset += p.size
	up.pieces = append(up.pieces, b)
	return nil
}

// sum is the SHA-256 of the bytes of a whole upload.
func (s *shelf) sum(ctx context.Context, up upload) ([]byte, error) {
	r := s.read(ctx, up)
	defer r.Close()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return nil, err
	}
	return h.Sum(nil), nil
}

// read gives the bytes of an upload. The caller closes.
func (s *shelf) read(ctx context.Context, up upload) io.ReadCloser {
	return storage.InTurn(ctx, s.blobs, up.pieces)
}
