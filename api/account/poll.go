package account

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"fmt"
	"math/big"
	"strconv"
	"sync"
	"time"

	psync "preau/sync"
)

// Proof shows that the new device holds the key that it claimed with, now:
// ECDSA with SHA-256 over "poll|" id "|" at, the two numbers side by side (64
// bytes), in base64url.
type Proof struct {
	At  int64  `json:"at"` // Unix milliseconds
	Sig string `json:"sig"`
}

// PollPairing gives the claimed device its session once it is confirmed;
// before that, ok is false. If the answer is lost, a later proof gets another
// secret for the same device.
func (s *Service) PollPairing(ctx context.Context, c Client, id string, proof Proof) (t Ticket, ok bool, err error) {
	p, err := s.findPairing(ctx, id)
	if err != nil {
		return t, false, err
	}
	if err := s.checkProof(p, proof); err != nil {
		return t, false, err
	}
	switch p.state(s.now()) {
	case Claimed:
		return t, false, nil
	case Confirmed:
		t, err = s.deliver(ctx, c, p, proof)
	case done:
		t, err = s.deliverAgain(ctx, c, p, proof)
	default:
		err = over(p.state(s.now()))
	}
	return t, err == nil, err
}

var errProof = psync.Refuse("forbidden", "proof", "not a fresh proof of the claimed key")

// checkProof verifies that a proof is by the claimed key, fresh, and newer
// than every one this node has seen.
func (s *Service) checkProof(p pairing, proof Proof) error {
	if p.Claim == nil {
		return errProof
	}
	if age := s.now().Sub(time.UnixMilli(proof.At)).Abs(); age > proofWindow {
		return errProof
	}
	key, err := publicKey(p.Claim.Key)
	if err != nil {
		return err
	}
	sig, ok := decode64(proof.Sig, 64)
	digest := sha256.Sum256([]byte("poll|" + p.ID + "|" + strconv.FormatInt(proof.At, 10)))
	if !ok || !ecdsa.Verify(key, digest[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])) {
		return errProof
	}
	if proof.At <= p.Polled || !s.polls.newer(p.ID, proof.At, s.now()) {
		return errProof
	}
	return nil
}

// deliver opens the session of a confirmed device and ends the pairing, in
// one commit, which also tells every other device.
func (s *Service) deliver(ctx context.Context, c Client, p pairing, proof Proof) (Ticket, error) {
	user, _ := ticketUser(p.ID)
	c.Label = p.Claim.Label
	id := newDeviceID()
	t, err := s.open(ctx, opening{
		user: user, client: c, by: p.By, key: keyID(p.Claim.Key), id: id, makeRoom: true, notice: true,
		rule: func(ctx context.Context, tx *psync.Tx) error {
			q, err := getPairing(ctx, tx, p.ID)
			if err != nil || q.state(tx.Now()) != Confirmed {
				return cmpErr(err, errGone)
			}
			if stillIn(ctx, tx, p.By) != nil {
				return errGone
			}
			q.State, q.Device, q.Polled = done, id, proof.At
			tx.Put(kindPairing, current, q)
			return nil
		},
	})
	if err == nil {
		s.kick(user)
	}
	return t, err
}

// deliverAgain gives a device that never got its answer another secret.
func (s *Service) deliverAgain(ctx context.Context, c Client, p pairing, proof Proof) (t Ticket, err error) {
	user, _ := ticketUser(p.ID)
	secret := newSessionSecret()
	err = s.pairingRule(ctx, psync.Actor{}, p.ID, func(ctx context.Context, tx *psync.Tx, q *pairing) error {
		var d device
		seq, err := tx.Get(ctx, kindDevice, q.Device, &d)
		if err != nil {
			return err
		}
		late := !tx.Now().Before(q.Confirmed.Add(pairingLife))
		if seq == 0 || late || !d.alive(tx.Now()) || proof.At <= q.Polled {
			return errGone
		}
		q.Polled, d.Secret = proof.At, sum(secret)
		tx.Put(kindDevice, q.Device, d)
		t.Session = newSession(user, "", q.Device, d)
		return nil
	})
	if err != nil {
		return Ticket{}, fmt.Errorf("deliver session of %s again: %w", user, err)
	}
	st, err := s.state(ctx, user)
	if err != nil {
		return Ticket{}, err
	}
	t.School = st.account.School
	t.Token = token{user: user, secret: secret}.String()
	t.Known = s.remember(parseKnown(c.Known), user).String()
	return t, nil
}

// polls remembers the newest proof of each live pairing, so that one that was
// overheard is of no use.
type polls struct {
	mu     sync.Mutex
	newest map[string]poll
}

type poll struct {
	at    int64
	until time.Time
}

const maxPolls = 10_000

func (p *polls) newer(id string, at int64, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if last := p.newest[id]; at <= last.at {
		return false
	}
	for old, last := range p.newest {
		if len(p.newest) >= maxPolls || now.After(last.until) {
			delete(p.newest, old)
		}
	}
	p.newest[id] = poll{at, now.Add(2 * pairingLife)}
	return true
}
