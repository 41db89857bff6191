package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// Params are the costs of one password hash.
type Params struct {
	Memory  uint32 // KiB
	Time    uint32
	Threads uint8
}

// DefaultParams is the smallest set that OWASP recommends: about 29 ms here,
// so that a whole school can sign in at eight o'clock.
var DefaultParams = Params{Memory: 19456, Time: 2, Threads: 1}

const (
	hashSlots = 2   // hashes under way: each takes a core and its memory
	hashQueue = 256 // callers waiting for one
	hashBytes = 32
	saltBytes = 16
)

// hasher turns passwords into what is stored, a few at a time.
type hasher struct {
	params Params
	pepper []byte
	slots  chan struct{}
	queue  chan struct{}
	dummy  string // checked for names that do not exist, to take as long
	done   atomic.Int64
}

func newHasher(p Params, pepper []byte) *hasher {
	h := &hasher{
		params: p, pepper: pepper,
		slots: make(chan struct{}, hashSlots), queue: make(chan struct{}, hashSlots+hashQueue),
	}
	h.dummy = h.format(p, make([]byte, saltBytes), make([]byte, hashBytes))
	return h
}

// hash makes the text to store for a password.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltBytes)
	rand.Read(salt)
	key, err := h.key(ctx, h.params, salt, password)
	return h.format(h.params, salt, key), err
}

// verify says whether stored is of this password, and whether it was made at
// other costs than today's. An empty or broken stored text takes as long and
// is never right.
func (h *hasher) verify(ctx context.Context, stored, password string) (ok, stale bool, err error) {
	p, salt, want, parseErr := parseHash(stored)
	if parseErr != nil {
		p, salt, want, _ = parseHash(h.dummy)
	}
	got, err := h.key(ctx, p, salt, password)
	same := subtle.ConstantTimeCompare(got, want) == 1
	return same && err == nil && parseErr == nil, p != h.params, err
}

// key waits for its turn and hashes. The password is taken in Unicode's
// composed form, so that every keyboard writes the same "é".
func (h *hasher) key(ctx context.Context, p Params, salt []byte, password string) ([]byte, error) {
	select {
	case h.queue <- struct{}{}:
		defer func() { <-h.queue }()
	default:
		return nil, ErrBusy
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	h.done.Add(1)
	peppered := derive(h.pepper, norm.NFC.String(password))
	return argon2.IDKey(peppered, salt, p.Time, p.Memory, p.Threads, hashBytes), nil
}

func (h *hasher) format(p Params, salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		p.Memory, p.Time, p.Threads, b64.EncodeToString(salt), b64.EncodeToString(key))
}

var errHash = errors.New("not a password hash")

func parseHash(s string) (p Params, salt, key []byte, err error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, nil, nil, errHash
	}
	if _, err = fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.Memory, &p.Time, &p.Threads); err != nil {
		return p, nil, nil, errHash
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	key, keyErr := base64.RawStdEncoding.DecodeString(parts[5])
	if saltErr != nil || keyErr != nil || len(key) != hashBytes || !p.sane() {
		return p, nil, nil, errHash
	}
	return p, salt, key, nil
}

// sane refuses costs that would stop the server.
func (p Params) sane() bool {
	return p.Time >= 1 && p.Time <= 16 && p.Threads >= 1 && p.Memory >= 8 && p.Memory <= 1<<20
}
