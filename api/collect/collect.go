// Package collect asks people for files: pupils of some classes and their
// guardians, and whoever has a link, without an account. What they drop is read
// by whoever asked and by nobody else, for a while.
//
//	user:O       collect C    what its owner asks, a [Collect]
//	             expected C   the pupils of whom something is expected, an [Expected]
//	             drop D       what was dropped, a [Drop]
//	class:K      request C    the same as the class reads it, a [Request]; group:K too
//	user:U       deposit D    what this person dropped, a [Deposit]
//	collect:C    gate         whether anything may be dropped, and by whom; no device reads this scope
//	             drop D       as it came, a [Drop]
//	             news         drops of which the owner is not told yet
//	link:H       collect      where a link leads; H is the digest of its secret
//	transfers:X  collects     how many bytes of a school's room they take
//
// collect:C puts in order what is dropped and that nothing may be dropped any
// more; effects carry both sides to whoever reads them. Files come as uploads
// of their own and are blobs of their own, as those of package transfer, whose
// room, scanner and limits they share.
package collect

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"preau/api/directory"
	"preau/api/transfer"
	"preau/storage"
	psync "preau/sync"
)

// Limits of a collect.
const (
	MaxDays  = 60
	KeptDays = 30 // after its end
	MaxFiles = 50 // of one drop
	MaxDrops = 20 // of one person
	MaxAll   = 300
	MaxGuest = 200 // drops of people without an account
	maxOpen  = 50  // collects of one person
	maxAsked = 12  // classes and groups
	maxTitle = 120
	maxText  = 1000
	maxName  = 80
	leastBig = 1 << 20 // bytes that a drop may always have
)

// Limits are what a drop may be.
type Limits struct {
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
	Drops int   `json:"drops"` // of one person
}

// Audience is a class or group that is asked.
type Audience struct {
	Scope string `json:"scope"`
	Name  string `json:"name"`
}

// Collect is what its owner asks for. Nothing is dropped from Until on; at
// Erased it is gone, with all that was dropped.
type Collect struct {
	Title     string     `json:"title"`
	Text      string     `json:"text"`
	Secret    string     `json:"secret"`
	Audiences []Audience `json:"audiences"`
	Limits
	At     time.Time `json:"at"`
	Until  time.Time `json:"until"`
	Erased time.Time `json:"erased"`
}

// Request is a collect as the classes that are asked read it.
type Request struct {
	Title string          `json:"title"`
	Text  string          `json:"text"`
	By    directory.Named `json:"by"`
	Limits
	Until time.Time `json:"until"`
}

// Pupil is a pupil of whom something is expected.
type Pupil struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Class string `json:"class"`
}

// Expected are the pupils of the classes that are asked, as they are by now.
type Expected struct {
	Pupils []Pupil `json:"pupils"`
}

// Missing is a state of a file, besides those of a part of a transfer: it was
// named and never came.
const Missing = "missing"

// File is one file of a drop.
type File struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Size  int64  `json:"size"`
	State string `json:"state"`
}

// Drop is what somebody dropped. By is who did, for certain; without an account
// it is who they say that they are, Said. Student is whose it is: the person,
// the child of a guardian, or, as somebody without an account says, Child.
type Drop struct {
	Collect string           `json:"collect"`
	By      *directory.Named `json:"by,omitempty"`
	Student *Pupil           `json:"student,omitempty"`
	Said    string           `json:"said,omitempty"`
	Child   string           `json:"child,omitempty"`
	At      time.Time        `json:"at"`
	Files   []File           `json:"files"`
}

// Deposit is a drop as the person sees it who made it. Refused says why it is
// none, if something came in between.
type Deposit struct {
	Collect string          `json:"collect"`
	Title   string          `json:"title"`
	To      directory.Named `json:"to"`
	Until   time.Time       `json:"until"`
	Student *Pupil          `json:"student,omitempty"`
	At      time.Time       `json:"at"`
	Files   []File          `json:"files"`
	Refused string          `json:"refused,omitempty"`
}

// gate says what may be dropped in collect:C. It stays, Ended, when all is
// erased, so that nothing comes after.
type gate struct {
	Owner  string `json:"owner"`
	School string `json:"school"`
	Ended  bool   `json:"ended,omitempty"`
	Collect
}

// open says whether something may be dropped at a moment.
func (g gate) open(now time.Time) bool { return !g.Ended && g.Owner != "" && now.Before(g.Until) }

// The kinds of records.
const (
	kindCollect  = "collect"
	kindExpected = "expected"
	kindRequest  = "request"
	kindDeposit  = "deposit"
	kindDrop     = "drop"
	kindGate     = "gate"
	kindNews     = "news"
	roomName     = "collects"
)

// Directory is what this package asks of the school's directory.
type Directory interface {
	May(a psync.Actor, do directory.Action, scope string) error
	SchoolOf(id string) string
	Named(id string) directory.Named
	Name(id string) string
	Class(audience string) (directory.Class, bool)
	ClassOf(student string) (directory.Class, bool)
	AudiencesOf(student string) []directory.Class
	Pupils(audience string) []string
	Guardians(student string) []string
	Children(guardian string) []string
	Location(school string) *time.Location
}

// Engine is what this package needs of the sync engine.
type Engine interface {
	Commit(ctx context.Context, a psync.Actor, scope string, r psync.Rule) (seq int64, err error)
	Find(ctx context.Context, scope string, keys ...storage.Key) ([]storage.Record, error)
}

// Service holds the rules of collects. Safe for concurrent use.
type Service struct {
	dir    Directory
	sends  *transfer.Service
	engine Engine
	brake  brake
}

// New returns a Service that shares rules, room, blobs and scanner with
// transfers. Before use: Register its rules and Bind the engine.
func New(dir Directory, sends *transfer.Service) *Service {
	return &Service{dir: dir, sends: sends, brake: brake{seen: map[string][]time.Time{}}}
}

// Bind gives the service the engine that it commits through.
func (s *Service) Bind(e Engine) { s.engine = e }

// The effects of this package. Of an owner: post carries what is asked to whom
// it is asked, ask tells them, end and erase have a date. Of a person: take and
// undo bring a drop to its collect, or take it back. Of a collect: carry shows a
// drop to both sides; the others look after its files.
const (
	effectPost  = "collect.post"
	effectAsk   = "collect.ask"
	effectEnd   = "collect.end"
	effectErase = "collect.erase"
	effectTake  = "collect.take"
	effectUndo  = "collect.undo"
	effectClear = "collect.clear"
	effectCarry = "collect.carry"
	effectRoom  = "collect.room"
	effectScan  = "collect.scan"
	effectWipe  = "collect.wipe"
	effectTidy  = "collect.tidy"
	effectNews  = "collect.news"
)

// How long effects are tried that wait for a date, a store or a scanner.
const (
	longLife  = 400 * 24 * time.Hour
	shortLife = 30 * 24 * time.Hour
)

// Register adds the rules of this package to the engine's mux.
func (s *Service) Register(mux *psync.Mux) {
	mux.Mutation("collect.open@1", "user:*", s.open)
	mux.Mutation("collect.extend@1", "user:*", s.extend)
	mux.Mutation("collect.close@1", "user:*", s.close)
	mux.Mutation("collect.erase@1", "user:*", s.eraseNow)
	mux.Mutation("collect.drop@1", "user:*", s.drop)
	mux.Mutation("collect.withdraw@1", "user:*", s.withdraw)
	mux.Effect(effectPost, s.post)
	mux.Effect(effectTake, s.take)
	mux.Effect(effectUndo, s.undo)
	mux.Effect(effectClear, s.clear)
	mux.Effect(effectCarry, s.carry)
	mux.Effect(effectRoom, s.room)
	mux.Later(effectAsk, 7*24*time.Hour, s.ask)
	mux.Later(effectEnd, longLife, s.end)
	mux.Later(effectErase, longLife, s.erase)
	mux.Later(effectScan, shortLife, s.scan)
	mux.Later(effectWipe, longLife, s.wipe)
	mux.Later(effectTidy, longLife, s.tidy)
	mux.Later(effectNews, shortLife, s.news)
}

// ErrNone says that nothing is to be had at a link, whatever the reason.
var ErrNone = errors.New("collect: nothing at this address")

func scopeOf(id string) string { return "collect:" + id }

func linkScope(secret string) string {
	sum := sha256.Sum256([]byte("collect\x00" + secret))
	return "link:" + hex.EncodeToString(sum[:16])
}

// blobKey names the bytes of a file. Ids have capitals, keys have none.
func blobKey(id, drop string, n int) string {
	return fmt.Sprintf("collects/%s/%s/%02d", hex.EncodeToString([]byte(id)), hex.EncodeToString([]byte(drop)), n)
}

// gateOf reads the gate of a collect; the zero gate is shut.
func (s *Service) gateOf(ctx context.Context, id string) (gate, error) {
	g, _, err := psync.Find[gate](ctx, s.engine, scopeOf(id), kindGate, kindGate)
	return g, err
}

// dropOf reads a drop as it came.
func (s *Service) dropOf(ctx context.Context, id, drop string) (Drop, bool, error) {
	return psync.Find[Drop](ctx, s.engine, scopeOf(id), kindDrop, drop)
}

// drops lists what was dropped, as it came, by id.
func drops(ctx context.Context, tx *psync.Tx) (map[string]Drop, error) {
	recs, err := tx.List(ctx, kindDrop)
	all := make(map[string]Drop, len(recs))
	for _, r := range recs {
		d, wrong := psync.Decode[Drop](r)
		err, all[r.ID] = cmp.Or(err, wrong), d
	}
	return all, err
}
