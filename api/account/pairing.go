package account

import (
	"context"
	"fmt"
	"slices"
	"time"

	"preau/api/notify"
	"preau/storage"
	psync "preau/sync"
)

// The limits of a pairing.
const (
	pairingLife    = 120 * time.Second
	pairingsAnHour = 5
	pairingTries   = 3
	proofWindow    = 60 * time.Second
	nonceBytes     = 16
	pointBytes     = 65 // an uncompressed P-256 point
)

// The states of a pairing. Expired is never stored, Done and Cancelled are
// never shown.
const (
	Open      = "open"
	Claimed   = "claimed"
	Confirmed = "confirmed"
	Conflict  = "conflict"
	Failed    = "failed"
	Expired   = "expired"
	done      = "done"
	cancelled = "cancelled"
)

// The secret S of a pairing is needed to draw its QR code, to verify the MAC
// of a claim and to compute the match code, on any node. It is derived from
// the server's key and the random id: nothing to store, to seal or to erase,
// and no copy of the database, of a backup or of a log holds it.

// pairing is the record of an account's one pairing.
type pairing struct {
	ID        string      `json:"id"`
	By        string      `json:"by"` // the device that shows the code
	Expires   time.Time   `json:"expires"`
	State     string      `json:"state"`
	Claim     *claim      `json:"claim,omitempty"`
	Tries     int         `json:"tries,omitempty"` // wrong match codes
	Confirmed time.Time   `json:"confirmed,omitzero"`
	Device    string      `json:"device,omitempty"` // what came of it
	Polled    int64       `json:"polled,omitempty"` // date of the proof that got the session
	Recent    []time.Time `json:"recent,omitempty"` // pairings of the last hour
}

// state is where the pairing stands now.
func (p pairing) state(now time.Time) string {
	switch {
	case p.State == cancelled:
		return Expired
	case (p.State == Open || p.State == Claimed) && !now.Before(p.Expires):
		return Expired
	case p.State == Confirmed && !now.Before(p.Confirmed.Add(pairingLife)):
		return Expired
	}
	return p.State
}

// Pairing is a pairing just created. URL and Code are secrets, shown on the
// screen of the person's own device.
type Pairing struct {
	ID      string    `json:"id"`
	URL     string    `json:"url"`
	Code    string    `json:"code"`
	Expires time.Time `json:"expires"`
}

// PairingState is what the creator of a pairing sees of it.
type PairingState struct {
	State   string    `json:"state"`
	Label   string    `json:"label,omitempty"` // of the device that wants in
	Tries   int       `json:"tries"`           // left
	Expires time.Time `json:"expires"`
}

func (p pairing) public(now time.Time) PairingState {
	ps := PairingState{State: p.state(now), Tries: pairingTries - p.Tries, Expires: p.Expires}
	if ps.State == done {
		ps.State = Confirmed
	}
	if p.Claim != nil {
		ps.Label = p.Claim.Label
	}
	return ps
}

func (s *Service) pairingSecret(id string) []byte { return derive(s.keys.pairing, id) }
func (s *Service) pairingCode(id string) string   { return codeFrom(derive(s.keys.code, "pairing", id)) }

func (s *Service) pairingURL(origin, id string) string {
	return origin + "/lier#1." + id + "." + encode64(s.pairingSecret(id))
}

// Why a pairing cannot go on.
var (
	errNoPairing = psync.Refuse("not_found", "", "no such pairing")
	errGone      = psync.Refuse("gone", "", "this pairing is over")
	errExpired   = psync.Refuse("expired", "", "this code is too old")
	errUsedCode  = psync.Refuse("used", "", "this code has been used")
	errTwice     = psync.Refuse("conflict", "", "somebody else read this code")
)

// over is why a pairing in this state cannot go on.
func over(state string) error {
	switch state {
	case Expired:
		return errExpired
	case Conflict:
		return errTwice
	case done:
		return errUsedCode
	}
	return errGone
}

// CreatePairing begins to add a device; the one begun before is cancelled.
func (s *Service) CreatePairing(ctx context.Context, session Session, origin string) (Pairing, error) {
	p := pairing{ID: ticketID(session.User), By: session.Device, State: Open}
	err := s.commit(ctx, session.Actor(), session.User, func(ctx context.Context, tx *psync.Tx) error {
		if err := trusted(ctx, tx, session.Device); err != nil {
			return err
		}
		var old pairing
		if _, err := tx.Get(ctx, kindPairing, current, &old); err != nil {
			return err
		}
		now := tx.Now().UTC()
		p.Recent = slices.DeleteFunc(old.Recent, func(t time.Time) bool { return now.Sub(t) >= time.Hour })
		if len(p.Recent) >= pairingsAnHour {
			return &Throttled{time.Hour - now.Sub(p.Recent[0])}
		}
		p.Recent = append(p.Recent, now)
		p.Expires = now.Add(pairingLife)
		tx.Put(kindPairing, current, p)
		return nil
	})
	if err == nil {
		err = s.indexCode(ctx, p)
	}
	if err != nil {
		return Pairing{}, fmt.Errorf("create pairing of %s: %w", session.User, err)
	}
	s.log.InfoContext(ctx, "pairing created", "user", session.User, "device", session.Device)
	return Pairing{p.ID, s.pairingURL(origin, p.ID), SpellCode(s.pairingCode(p.ID)), p.Expires}, nil
}

// myPairing reads the pairing that a session asks about: its person's own, or
// none at all.
func (s *Service) myPairing(ctx context.Context, session Session, id string) (pairing, error) {
	p, err := s.findPairing(ctx, id)
	if owner, _ := ticketUser(id); err == nil && owner != session.User {
		err = errNoPairing
	}
	return p, err
}

// findPairing reads a pairing from the records, never from memory.
func (s *Service) findPairing(ctx context.Context, id string) (p pairing, err error) {
	user, ok := ticketUser(id)
	if !ok {
		return p, errNoPairing
	}
	records, err := s.engine.Find(ctx, scope(user), storage.Key{Type: kindPairing, ID: current})
	if err != nil {
		return p, fmt.Errorf("read pairing of %s: %w", user, err)
	}
	if len(records) > 0 {
		err = decodeRecord(records[0], &p)
	}
	if err == nil && p.ID != id {
		err = errNoPairing
	}
	return p, err
}

// PairingState tells a person how their pairing stands.
func (s *Service) PairingState(ctx context.Context, session Session, id string) (PairingState, error) {
	p, err := s.myPairing(ctx, session, id)
	return p.public(s.now()), err
}

// PairingQR draws the QR code of an open pairing for the device that made it.
func (s *Service) PairingQR(ctx context.Context, session Session, id, origin string) ([]byte, error) {
	p, err := s.myPairing(ctx, session, id)
	switch {
	case err != nil:
		return nil, err
	case p.By != session.Device:
		return nil, psync.Refuse("forbidden", "", "another device shows this code")
	case p.state(s.now()) != Open:
		return nil, errGone
	}
	return QR(s.pairingURL(origin, id))
}

// pairingRule runs a rule on the pairing with this id, if it still is the
// account's one, and writes it back unless the rule refused.
func (s *Service) pairingRule(ctx context.Context, a psync.Actor, id string, rule func(ctx context.Context, tx *psync.Tx, p *pairing) error) error {
	user, ok := ticketUser(id)
	if !ok {
		return errNoPairing
	}
	return s.commit(ctx, a, user, func(ctx context.Context, tx *psync.Tx) error {
		p, err := getPairing(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := rule(ctx, tx, &p); err != nil {
			return err
		}
		tx.PutIfChanged(kindPairing, current, p)
		return nil
	})
}

func getPairing(ctx context.Context, tx *psync.Tx, id string) (p pairing, err error) {
	if _, err = tx.Get(ctx, kindPairing, current, &p); err == nil && p.ID != id {
		err = errGone
	}
	return p, err
}

// CancelPairing ends a pairing at its person's wish.
func (s *Service) CancelPairing(ctx context.Context, session Session, id string) error {
	if _, err := s.myPairing(ctx, session, id); err != nil {
		return err
	}
	return s.pairingRule(ctx, session.Actor(), id, func(_ context.Context, tx *psync.Tx, p *pairing) error {
		switch p.state(tx.Now()) {
		case Open, Claimed, Confirmed:
			p.State = cancelled
		}
		return nil
	})
}

// ConfirmPairing lets the claimed device in if the person typed the code that
// it shows, on the device that made the pairing. A wrong code is counted and
// refused as "wrong_code"; the third one ends the pairing.
func (s *Service) ConfirmPairing(ctx context.Context, session Session, id, code string) (PairingState, error) {
	p, err := s.myPairing(ctx, session, id)
	if err != nil {
		return PairingState{}, err
	}
	if len(code) != 6 || !digits(code) {
		return PairingState{}, psync.Refuse("invalid", "code", "not six figures")
	}
	err = s.pairingRule(ctx, session.Actor(), id, func(ctx context.Context, tx *psync.Tx, q *pairing) error {
		if err := trusted(ctx, tx, session.Device); err != nil {
			return err
		}
		err := s.confirm(tx, session, q, code)
		p = *q
		return err
	})
	if err != nil {
		return PairingState{}, fmt.Errorf("confirm pairing of %s: %w", session.User, err)
	}
	if p.State != Confirmed {
		return p.public(s.now()), psync.Refuse("wrong_code", "code", "wrong code, %d tries left", pairingTries-p.Tries)
	}
	return p.public(s.now()), nil
}

// confirm is the rule of a typed code.
func (s *Service) confirm(tx *psync.Tx, session Session, p *pairing, code string) error {
	switch p.state(tx.Now()) {
	case Claimed:
	case Open:
		return psync.Refuse("conflict", "", "no device claimed this pairing yet")
	default:
		return over(p.state(tx.Now()))
	}
	if p.By != session.Device {
		return psync.Refuse("forbidden", "", "another device shows this code")
	}
	want, err := matchCode(s.pairingSecret(p.ID), p.ID, *p.Claim)
	if err != nil {
		return err
	}
	if sameText(code, want) {
		p.State, p.Confirmed = Confirmed, tx.Now().UTC()
		return nil
	}
	if p.Tries++; p.Tries >= pairingTries {
		p.State = Failed
		notify.Notify(tx, session.User, wrongCodes(tx.Now()))
	}
	return nil
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
