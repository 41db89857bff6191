package account

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"preau/api/notify"
	psync "preau/sync"
)

// claim is what the new device said of itself, all in base64url.
type claim struct {
	Key         string `json:"key"`
	Nonce       string `json:"nonce"`
	ServerNonce string `json:"serverNonce"`
	Label       string `json:"label"`
}

// Claim is a new device asking in. S being the secret of the code, and all
// parts in base64url:
//
//	key    the device's P-256 public key, uncompressed (65 bytes)
//	nonce  16 random bytes
//	mac    HMAC-SHA256(S, "claim|" id "|" key "|" nonce)
type Claim struct {
	MAC   string `json:"mac"`
	Key   string `json:"key"`
	Nonce string `json:"nonce"`
	Label string `json:"label"`
}

// Claimant is what the new device learns: the server's part of the match
// code, and whose account it is.
type Claimant struct {
	ServerNonce string `json:"serverNonce"`
	Name        string `json:"name"`
	School      string `json:"school"`
	Class       string `json:"class,omitempty"`
}

// ClaimPairing takes the claim of a new device that knows the secret. The
// first claim wins; a second one, by another key, ends the pairing for both
// and warns every device. The same claim again gets the same answer.
func (s *Service) ClaimPairing(ctx context.Context, id string, c Claim) (Claimant, error) {
	user, ok := ticketUser(id)
	if !ok {
		return Claimant{}, errNoPairing
	}
	if err := s.checkClaim(id, c); err != nil {
		return Claimant{}, err
	}
	var clash bool
	mine := claim{Key: c.Key, Nonce: c.Nonce, Label: Client{Label: c.Label}.label(), ServerNonce: encode64(newSecret()[:nonceBytes])}
	err := s.pairingRule(ctx, psync.Actor{}, id, func(ctx context.Context, tx *psync.Tx, p *pairing) (err error) {
		clash, err = s.claim(ctx, tx, user, p, mine)
		return err
	})
	if err != nil {
		return Claimant{}, fmt.Errorf("claim pairing of %s: %w", user, err)
	}
	if clash {
		s.log.WarnContext(ctx, "pairing claimed twice", "user", user)
		s.kick(user)
		return Claimant{}, errTwice
	}
	return s.claimant(ctx, user, id)
}

// checkClaim verifies the form of a claim and that it knows the secret.
func (s *Service) checkClaim(id string, c Claim) error {
	if _, err := publicKey(c.Key); err != nil {
		return psync.Refuse("invalid", "key", "not a P-256 point")
	}
	if _, ok := decode64(c.Nonce, nonceBytes); !ok {
		return psync.Refuse("invalid", "nonce", "not %d bytes in base64url", nonceBytes)
	}
	got, ok := decode64(c.MAC, sha256.Size)
	if want := claimMAC(s.pairingSecret(id), id, c.Key, c.Nonce); !ok || !hmac.Equal(got, want) {
		return psync.Refuse("forbidden", "mac", "this is not the code's secret")
	}
	return nil
}

func claimMAC(secret []byte, id, key, nonce string) []byte {
	return derive(secret, "claim", id, key, nonce)
}

// claim is the rule of a valid claim.
func (s *Service) claim(ctx context.Context, tx *psync.Tx, user string, p *pairing, mine claim) (clash bool, err error) {
	switch p.state(tx.Now()) {
	case Open:
		all, err := devicesOf(ctx, tx)
		if err != nil {
			return false, err
		}
		p.State, p.Claim = Claimed, &mine
		return false, checkKey(all, keyID(mine.Key))
	case Claimed, Confirmed:
		if p.Claim.Key == mine.Key && p.Claim.Nonce == mine.Nonce {
			return false, nil
		}
		p.State = Conflict
		notify.Notify(tx, user, twoClaims(tx.Now()))
		return true, nil
	}
	return false, over(p.state(tx.Now()))
}

func (s *Service) claimant(ctx context.Context, user, id string) (Claimant, error) {
	p, err := s.findPairing(ctx, id)
	if err != nil || p.Claim == nil {
		return Claimant{}, cmpErr(err, errGone)
	}
	c := Claimant{ServerNonce: p.Claim.ServerNonce, Name: s.directory.Display(user)}
	if st, err := s.state(ctx, user); err == nil {
		school, _ := s.directory.School(st.account.School)
		c.School = school.Name
	}
	if class, ok := s.directory.ClassOf(user); ok {
		c.Class = class.Name
	}
	return c, nil
}

// matchCode is the six figures that the new device shows and the person types
// on the old one: four bytes of HKDF-SHA256(S, salt "preau-pairing",
// "code|" id "|" key "|" nonce "|" serverNonce), big endian, modulo a million.
func matchCode(secret []byte, id string, c claim) (string, error) {
	info := "code|" + id + "|" + c.Key + "|" + c.Nonce + "|" + c.ServerNonce
	b, err := hkdf.Key(sha256.New, secret, []byte("preau-pairing"), info, 4)
	if err != nil {
		return "", fmt.Errorf("derive match code: %w", err)
	}
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(b)%1_000_000), nil
}

// publicKey reads an uncompressed P-256 point in base64url.
func publicKey(s string) (*ecdsa.PublicKey, error) {
	point, ok := decode64(s, pointBytes)
	if !ok {
		return nil, errProof
	}
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
}

// keyID is how the key of a device is remembered.
func keyID(key string) string { return sum([]byte(key)) }
