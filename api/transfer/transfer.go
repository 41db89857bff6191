// Package transfer sends large files by a link that needs no account and ends
// by itself.
//
//	user:U       transfer T   what its owner sees, a [Transfer]
//	transfer:T   part N       one file of it, a [Part]; no device reads this scope
//	link:H       link         whose it is; H is the digest of the link's secret
//	transfers:X  room         how many bytes a school's transfers take
//
// The secret is made by the device that sends, so that the link is known before
// anything has arrived. Files come as uploads of their own and are stored as
// they are, one blob each; a file is what its owner said that it would be, or
// it is refused. When a transfer ends its records and bytes are deleted.
//
// A sealed transfer is one whose files the device has encrypted: they are called
// "0", "1", "2", …, the first one names the others, and nobody here can read or
// examine any of them. How they are sealed is written in
// pwa/src/transfers/seal.ts.
package transfer

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"regexp"
	"time"

	"preau/api/attachment"
	"preau/api/directory"
	"preau/api/notify"
	"preau/storage"
	psync "preau/sync"
)

// Limits of a transfer.
const (
	MaxFiles = 1000 // in all
	maxAdded = 200  // that one act names
	MaxDays  = 30
	maxName  = 240 // characters, folders included
	maxTitle = 120
	maxWord  = 200 // characters of a password
)

// Transfer is what its owner sees. Arrived counts files that are there, however
// the scanner finds them.
type Transfer struct {
	Title     string    `json:"title"`
	Secret    string    `json:"secret"`
	Files     int       `json:"files"`
	Size      int64     `json:"size"`
	Arrived   int       `json:"arrived"`
	Bytes     int64     `json:"bytes"` // of those that arrived
	Refused   int       `json:"refused,omitempty"`
	Downloads int       `json:"downloads,omitempty"`
	Lately    time.Time `json:"lately,omitzero"` // the last download
	Lock      string    `json:"lock,omitempty"`  // of the password; "" without one
	Sealed    bool      `json:"sealed,omitempty"`
	At        time.Time `json:"at"`
	Until     time.Time `json:"until"`
}

// The states of a part.
const (
	Waiting  = "waiting"
	Checking = "checking" // arrived, and held until the scanner answers
	Ready    = "ready"
	Infected = "infected" // its bytes are gone
	Unsafe   = "unsafe"   // the scanner never looks at all of it; its bytes are gone
)

// Part is one file. Name may have folders, "sortie/photos/1.jpg".
type Part struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Size   int64  `json:"size"`
	State  string `json:"state"`
	Sealed bool   `json:"sealed,omitempty"` // nobody can examine it
}

// The kinds of records.
const (
	kindTransfer = "transfer"
	kindPart     = "part"
	kindLink     = "link"
	kindRoom     = "room"
)

// Rules are what an operator sets: limits in bytes, and whether files may come
// sealed.
type Rules struct {
	Most   int64 // one transfer
	Person int64 // all that one person sends at a time
	Pupil  int64 // the same of a pupil
	School int64 // all of a school
	Sealed bool
}

// usual are the rules where none are set.
var usual = Rules{Most: 2 << 30, Person: 10 << 30, Pupil: 2 << 30, School: 200 << 30, Sealed: true}

// Directory is what this package asks of the school's directory.
type Directory interface {
	May(a psync.Actor, do directory.Action, scope string) error
	Roles(id string) []directory.Role
	SchoolOf(id string) string
	Named(id string) directory.Named
}

// Engine is what this package needs of the sync engine.
type Engine interface {
	Commit(ctx context.Context, a psync.Actor, scope string, r psync.Rule) (seq int64, err error)
	Find(ctx context.Context, scope string, keys ...storage.Key) ([]storage.Record, error)
}

// Config is what a Service stands on. Scanner may be nil: then nothing is
// scanned. Key makes what proves a password.
type Config struct {
	Directory Directory
	Blobs     storage.Blobs
	Scanner   attachment.Scanner
	Notices   *notify.Service
	Rules     Rules
	Key       []byte
	Log       *slog.Logger
	Now       func() time.Time
}

// Service holds the rules of transfers. Safe for concurrent use.
type Service struct {
	Config
	engine Engine
	epoch  int64 // of the store; see Begin
	wrong  guesses
}

// New returns a Service. Before use: Register its rules, Bind the engine, Begin.
func New(c Config) *Service {
	c.Rules = cmp.Or(c.Rules, usual)
	return &Service{Config: c, wrong: guesses{last: map[string][]time.Time{}}}
}

// Bind gives the service the engine that it commits through.
func (s *Service) Bind(e Engine) { s.engine = e }

// The effects of this package.
const (
	effectLink   = "transfer.link"
	effectExpire = "transfer.expire"
	effectShut   = "transfer.shut"
	effectErase  = "transfer.erase"
	effectCount  = "transfer.count"
	effectScan   = "transfer.scan"
	effectRoom   = "transfer.room"
	effectSeen   = "transfer.seen"
)

// eraseLife is how long an end is tried.
const eraseLife = 400 * 24 * time.Hour

// Register adds the rules of this package to the engine's mux.
func (s *Service) Register(mux *psync.Mux) {
	mux.Mutation("transfer.open@1", "user:*", s.open)
	mux.Mutation("transfer.add@1", "user:*", s.add)
	mux.Mutation("transfer.extend@1", "user:*", s.extend)
	mux.Mutation("transfer.protect@1", "user:*", s.protect)
	mux.Mutation("transfer.close@1", "user:*", s.close)
	mux.Effect(effectLink, s.link)
	mux.Effect(effectRoom, s.room)
	mux.Effect(effectShut, s.shut)
	mux.Later(effectExpire, eraseLife, s.expire)
	mux.Later(effectErase, eraseLife, s.erase)
	mux.Later(effectScan, 30*24*time.Hour, s.scan)
	mux.Later(effectCount, 30*24*time.Hour, s.count)
	mux.Later(effectSeen, 7*24*time.Hour, s.seen)
}

// secrets are 132 bits, as devices draw them.
var secrets = regexp.MustCompile(`^[A-Za-z0-9_-]{22}$`)

// ValidSecret says whether s has the form of a link's secret.
func ValidSecret(s string) bool { return secrets.MatchString(s) }

func digest(secret string) string {
	sum := sha256.Sum256([]byte("transfer\x00" + secret))
	return hex.EncodeToString(sum[:16])
}

func scopeOf(id string) string { return "transfer:" + id }

func roomScope(school string) string { return "transfers:" + school }

func (s *Service) lock(id, password string) string {
	if password == "" {
		return ""
	}
	mac := hmac.New(sha256.New, s.Key)
	mac.Write([]byte("transfer.lock\x00" + id + "\x00" + password))
	return hex.EncodeToString(mac.Sum(nil))
}

// errNone is what is said of a transfer that is not there, has ended or never
// was: all the same.
var errNone = errors.New("transfer: no such transfer")

// ErrNone says that nothing is to be had at a link.
var ErrNone = errNone
