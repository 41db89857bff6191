// Package sync is the protocol engine: it commits what people did, in lanes,
// to the logs of scopes, carries out the effects that follow, and tells each
// device what changed. It knows scopes, cursors, mutations and effects; it
// knows nothing of mail or homework. Areas register with a [Mux].
//
// The package shares its name with the standard library: import it as psync.
// The wire format is described in PROTOCOL.md beside this file.
package sync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Actor is the person who acts, through one device.
type Actor struct {
	School string // id of the school
	User   string // id of the person
	Device string // id of the device, "d_…"
}

// Grant is one scope that a person may read now. The order of a person's
// grants is the order of the first sync.
type Grant struct {
	Scope string
	Title string // what the person calls it, e.g. "5e B"

	// OnDemand scopes may be read, and acted in, like any other, but are only
	// sent to devices that name them.
	OnDemand bool
}

// Access decides who reads what. It is the only way the engine learns of it.
type Access interface {
	// Grants lists the scopes that the actor may read now, most urgent first,
	// those on demand last, and a version that changes whenever the list may have changed. The
	// slice is shared: do not modify it.
	Grants(a Actor) (grants []Grant, version uint64)
}

// Rule carries out one named intent of a person in its home scope. It checks
// the right, validates, and calls tx.Put, tx.Delete, tx.Effect and tx.Answer;
// nothing is written when it returns an error. It may run several times for
// one mutation and must depend on nothing but its Tx. A *Refusal is final and
// remembered; a *Wait stops the lane for a while; any other error, and a panic,
// is a fault of ours: it is logged, the device keeps the mutation and sends it
// again after a while, and its other lanes go on.
type Rule func(ctx context.Context, tx *Tx) error

// EffectRule carries out one effect. It is retried with back-off until it
// returns nil, so it must be idempotent; Job.Commit is. ErrDrop ends the
// effect without success (it is logged); ErrLater is no failure to log.
type EffectRule func(ctx context.Context, job *Job) error

// ErrDrop ends an effect that can never succeed.
var ErrDrop = errors.New("effect dropped")

// ErrLater puts off an effect that waits for something outside, which the area
// tells of itself.
var ErrLater = errors.New("effect put off")

// Refusal tells a person why an action was not carried out. Code is stable
// and translated by the device; Message is for logs and other clients.
type Refusal struct {
	Code    string          `json:"code"`
	Field   string          `json:"field,omitempty"`
	Message string          `json:"message"`
	Current json.RawMessage `json:"current,omitempty"`
}

func (r *Refusal) Error() string { return r.Code + ": " + r.Message }

// Refuse makes a Refusal; field may be empty.
func Refuse(code, field, format string, args ...any) error {
	return &Refusal{Code: code, Field: field, Message: fmt.Sprintf(format, args...)}
}

// Wait asks the device to come again with this lane after a while.
type Wait struct{ For time.Duration }

func (w *Wait) Error() string { return "wait " + w.For.String() }

// Request is the body of POST /api/sync.
type Request struct {
	V         int               `json:"v"`
	Schema    int               `json:"schema"`
	Device    string            `json:"device"`
	Mutations []Mutation        `json:"mutations,omitempty"`
	Cursors   map[string]Cursor `json:"cursors,omitzero"` // nil: push only
	Digest    map[string]string `json:"digest,omitempty"`
	Budget    int               `json:"budget,omitempty"` // bytes
}

// Mutation is what a person did, k-th of this device in its home scope.
type Mutation struct {
	Scope string          `json:"scope"`
	K     int64           `json:"k"`
	Name  string          `json:"name"` // "homework.submit@1"
	At    int64           `json:"at"`   // device clock, Unix milliseconds; for display only
	Base  int64           `json:"base,omitempty"`
	Args  json.RawMessage `json:"args"`
}

// Cursor says that the device holds every live record of the scope whose seq
// is in (Lo, Hi]. On the wire: [epoch, hi, lo].
type Cursor struct{ Epoch, Hi, Lo int64 }
