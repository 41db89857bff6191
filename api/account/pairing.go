package account

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/big"
	"net/netip"
	"slices"
	"strconv"
	"sync"
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

// claim is what the new device said of itself, all in base64url.
type claim struct {
	Key         string `json:"key"`
	Nonce       string `json:"nonce"`
	ServerNonce string `json:"serverNonce"`
	Label       string `json:"label"`
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
		if err := stillIn(ctx, tx, session.Device); err != nil {
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

// Claim is a new device asking in, see sync/PROTOCOL.md.
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
// on the old one.
func matchCode(secret []byte, id string, c claim) (string, error) {
	info := "code|" + id + "|" + c.Key + "|" + c.Nonce + "|" + c.ServerNonce
	b, err := hkdf.Key(sha256.New, secret, []byte("preau-pairing"), info, 4)
	if err != nil {
		return "", fmt.Errorf("derive match code: %w", err)
	}
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(b)%1_000_000), nil
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
		if err := stillIn(ctx, tx, session.Device); err != nil {
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

// Proof shows that the new device holds the key that it claimed with, now.
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
	secret := newSecret()
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
	t.Token = token{user, t.Device, secret}.String()
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

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
