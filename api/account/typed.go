package account

import (
	"context"
	"encoding/hex"
	"net/netip"
	"time"

	"preau/storage"
	psync "preau/sync"
)

// The index of the codes that people type where they cannot scan.
const (
	codeScope = "pairing:codes"
	kindCode  = "code"
)

// codeEntry is the record of a code, under its keyed hash.
type codeEntry struct {
	Pairing string    `json:"pairing"`
	Expires time.Time `json:"expires"`
}

func (s *Service) codeName(code string) string {
	return hex.EncodeToString(derive(s.keys.code, "name", code)[:16])
}

// indexCode makes a pairing found by its code, and drops the codes of those
// that are over.
func (s *Service) indexCode(ctx context.Context, p pairing) error {
	_, err := s.engine.Commit(ctx, psync.Actor{}, codeScope, func(ctx context.Context, tx *psync.Tx) error {
		records, err := tx.List(ctx, kindCode)
		if err != nil {
			return err
		}
		for _, r := range records[:min(len(records), storage.MaxOps/2)] {
			var e codeEntry
			if err := decodeRecord(r, &e); err != nil {
				return err
			}
			if tx.Now().After(e.Expires) {
				tx.Delete(kindCode, r.ID)
			}
		}
		tx.Put(kindCode, s.codeName(s.pairingCode(p.ID)), codeEntry{p.ID, p.Expires})
		return nil
	})
	return err
}

// Link is what a typed code leads to: the same as what scanning gives.
type Link struct {
	ID     string `json:"id"`
	Secret string `json:"secret"`
}

// PairingByCode finds the open pairing of a typed code. Wrong codes are
// counted per address and in all.
func (s *Service) PairingByCode(ctx context.Context, addr netip.Addr, typed string) (Link, error) {
	if wait := s.codes.full(addr, s.now()); wait > 0 {
		return Link{}, &Throttled{wait}
	}
	id, err := s.pairingOf(ctx, typed)
	if err != nil {
		return Link{}, err
	}
	if id == "" {
		s.codes.count(addr, s.now())
		return Link{}, psync.Refuse("not_found", "code", "no pairing has this code now")
	}
	return Link{id, encode64(s.pairingSecret(id))}, nil
}

func (s *Service) pairingOf(ctx context.Context, typed string) (id string, err error) {
	code, ok := parseCode(typed)
	if !ok {
		return "", nil
	}
	records, err := s.engine.Find(ctx, codeScope, storage.Key{Type: kindCode, ID: s.codeName(code)})
	if err != nil || len(records) == 0 {
		return "", err
	}
	var e codeEntry
	if err := decodeRecord(records[0], &e); err != nil {
		return "", err
	}
	p, err := s.findPairing(ctx, e.Pairing)
	if refusedAs(err, "not_found") || p.state(s.now()) != Open {
		return "", nil
	}
	return e.Pairing, err
}
