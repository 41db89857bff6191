package account

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"preau/storage"
	psync "preau/sync"
)

// The kinds of record, see the package doc.
const (
	scopePrefix  = "account:"
	kindAccount  = "account"
	kindDevice   = "device"
	kindPairing  = "pairing"
	kindSheet    = "sheet"
	kindFailures = "failures"
	current      = "current" // id of the only record of its kind
	day          = "day"
)

func scope(user string) string { return scopePrefix + user }

// account is the record of a person's account. Opened is zero until somebody
// came in for the first time; a sheet opens it once.
type account struct {
	Login   string    `json:"login"`
	School  string    `json:"school"`
	Hash    string    `json:"hash,omitempty"` // "$argon2id$…"; empty: no password
	Created time.Time `json:"created"`
	Opened  time.Time `json:"opened,omitzero"`
	Change  bool      `json:"change,omitempty"` // the password is one that is tried everywhere
}

// open says whether somebody came in, or can with a password.
func (a account) open() bool { return !a.Opened.IsZero() || a.Hash != "" }

// device is the record of one browser. It is kept for a while after its end,
// so that the browser learns that it must delete what it holds, and so that
// its key never comes back.
type device struct {
	Label    string    `json:"label"`
	Secret   string    `json:"secret"` // SHA-256 of the session secret
	Created  time.Time `json:"created"`
	LastSeen time.Time `json:"lastSeen"`
	By       string    `json:"by,omitempty"`      // device that added this one
	Key      string    `json:"key,omitempty"`     // SHA-256 of the public key it paired with
	Replaced time.Time `json:"replaced,omitzero"` // when its browser asked for a fresh id
	Handed   time.Time `json:"handed,omitzero"`   // passes issued until then are used up
	Fresh    bool      `json:"fresh,omitempty"`   // given to a browser that had a session, not used yet
	Doubted  time.Time `json:"doubted,omitzero"`  // in quarantine until then
	Ended    time.Time `json:"ended,omitzero"`    // revoked, signed out or too many
}

// alive says whether the device may be used now.
func (d device) alive(now time.Time) bool {
	life := sessionIdle
	if d.Fresh {
		life = freshLife
	}
	return d.Ended.IsZero() && now.Sub(d.LastSeen) < life
}

// ahead says whether the device was last seen in the future: the clock ran
// ahead then, and is right now.
func (d device) ahead(now time.Time) bool { return d.LastSeen.After(now.Add(coarse)) }

// ghost says whether the browser of this device asked for a fresh id and did
// not use this one since.
func (d device) ghost() bool { return !d.Replaced.IsZero() && !d.LastSeen.After(d.Replaced) }

func (d device) public(id string) Device {
	return Device{ID: id, Label: d.Label, CreatedAt: d.Created, LastSeen: d.LastSeen, CreatedBy: d.By}
}

// failures counts wrong passwords of one day from devices not known.
type failures struct {
	Day  string    `json:"day"`
	N    int       `json:"n"`
	Last time.Time `json:"last"`
}

// state is everything about one person, as last read.
type state struct {
	account  account // zero: there is none
	devices  map[string]device
	sheet    sheet
	failures failures
}

// read reads the state of a person from the records.
func (s *Service) read(ctx context.Context, user string) (*state, error) {
	if !validUser(user) {
		return &state{}, nil
	}
	records, err := s.engine.Find(ctx, scope(user), storage.Key{Type: kindAccount, ID: current},
		storage.Key{Type: kindDevice}, storage.Key{Type: kindSheet, ID: current}, storage.Key{Type: kindFailures, ID: day})
	if err != nil {
		return nil, fmt.Errorf("read account %s: %w", user, err)
	}
	st := &state{devices: map[string]device{}}
	for _, r := range records {
		if err := st.take(r); err != nil {
			return nil, fmt.Errorf("read %s %s of account %s: %w", r.Type, r.ID, user, err)
		}
	}
	return st, nil
}

func (st *state) take(r storage.Record) (err error) {
	switch r.Type {
	case kindAccount:
		err = json.Unmarshal(r.Value, &st.account)
	case kindSheet:
		err = json.Unmarshal(r.Value, &st.sheet)
	case kindFailures:
		err = json.Unmarshal(r.Value, &st.failures)
	case kindDevice:
		var d device
		err = json.Unmarshal(r.Value, &d)
		st.devices[r.ID] = d
	}
	return err
}

// devicesOf lists the devices of the account that a rule works on, and drops
// those that ended long ago.
func devicesOf(ctx context.Context, tx *psync.Tx) (map[string]device, error) {
	records, err := tx.List(ctx, kindDevice)
	if err != nil {
		return nil, err
	}
	all := map[string]device{}
	for _, r := range records {
		var d device
		if err := json.Unmarshal(r.Value, &d); err != nil {
			return nil, fmt.Errorf("device %s: %w", r.ID, err)
		}
		if tx.Now().Sub(d.LastSeen) > keepEnded {
			tx.Delete(kindDevice, r.ID)
			continue
		}
		all[r.ID] = d
	}
	return all, nil
}

// commit runs a rule on a person's account and makes this node look again.
func (s *Service) commit(ctx context.Context, a psync.Actor, user string, rule psync.Rule) error {
	_, err := s.engine.Commit(ctx, a, scope(user), rule)
	s.states.forget(user) // even after an error, whose outcome may be unknown
	return err
}
