package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"net/url"
	"strings"

	psync "preau/sync"
)

// StopPath is where a mail program posts to stop the mails of a person, named
// "u", with the proof "t" that it has one of them (RFC 8058).
const StopPath = "/api/mails/stop"

// proof is known to whoever got a mail at an address: it stops mails, or says
// that one came back, and can do nothing else.
func (s *Service) proof(what, user, address string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte("notify." + what + "\x00" + user + "\x00" + address))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

func (s *Service) stopAddress(user, address string) string {
	return s.origin + StopPath + "?" + url.Values{"u": {user}, "t": {s.proof("stop", user, address)}}.Encode()
}

// Stop ends the mails of a person, given the proof of one of them. It is no
// secret who has an account: a wrong proof and a wrong person are answered
// alike, and both change nothing.
func (s *Service) Stop(ctx context.Context, user, proof string) error {
	b, err := s.proven(ctx, "stop", user, proof)
	if err != nil || b.Stopped {
		return err
	}
	return s.amend(ctx, user, func(ctx context.Context, tx *psync.Tx) error { return setStopped(ctx, tx, true) })
}

// proven reads where a person's mails go if the proof is of one of them.
func (s *Service) proven(ctx context.Context, what, user, proof string) (mailbox, error) {
	wrong := psync.Refuse("not_found", "", "no such mail")
	if psync.CheckKey("u", user, maxID) != nil {
		return mailbox{}, wrong
	}
	b, err := s.mailboxOf(ctx, user)
	if err != nil {
		return b, err
	}
	if b.Address == "" || !hmac.Equal([]byte(proof), []byte(s.proof(what, user, b.Address))) {
		return mailbox{}, wrong
	}
	return b, nil
}

func (s *Service) amend(ctx context.Context, user string, r psync.Rule) error {
	_, err := s.engine.Commit(ctx, psync.Actor{User: user}, "user:"+user, r)
	return err
}

func setStopped(ctx context.Context, tx *psync.Tx, stopped bool) error {
	var b mailbox
	seq, err := tx.Get(ctx, "address", "address", &b)
	if err != nil || seq == 0 {
		return err
	}
	b.Stopped = stopped
	tx.PutIfChanged("address", "address", b)
	return nil
}

// setMails stops the mails of a person, or lets them come again.
func (s *Service) setMails(ctx context.Context, tx *psync.Tx) error {
	var args struct {
		On bool `json:"on"`
	}
	if err := own(tx); err != nil {
		return err
	}
	if err := tx.Args(&args); err != nil {
		return err
	}
	return setStopped(ctx, tx, !args.On)
}

// Mails that cannot be delivered come back to "avis-PERSON-PROOF@domain".
const bounceName = "avis-"

var inAddress = base32.HexEncoding.WithPadding(base32.NoPadding)

// maxLocal is how long the part before the @ may be (RFC 5321).
const maxLocal = 64

// bounceAddress is where a mail to a person comes back to; "" if nowhere.
func (s *Service) bounceAddress(user, address string) string {
	local := bounceName + strings.ToLower(inAddress.EncodeToString([]byte(user))) + "-" + s.proof("bounce", user, address)
	if s.domain == "" || len(local) > maxLocal {
		return ""
	}
	return local + "@" + s.domain
}

// Awaits says whether an address is one to which mails of this server come
// back. Nothing else is taken there.
func (s *Service) Awaits(address string) bool {
	_, _, ours := s.bounceOf(address)
	return ours
}

// Bounced notes that a mail of this server came back, if it went out with this
// address as its envelope; ok says whether it did. Mails stop then, and the
// person sees why.
func (s *Service) Bounced(ctx context.Context, address string) (ok bool, err error) {
	user, proof, ours := s.bounceOf(address)
	if !ours {
		return false, nil
	}
	b, err := s.proven(ctx, "bounce", user, proof)
	if _, refused := errors.AsType[*psync.Refusal](err); refused {
		return true, nil // of an address that is not the person's any more
	}
	if err != nil {
		return true, err
	}
	return true, s.amend(ctx, user, func(ctx context.Context, tx *psync.Tx) error { return markFailing(ctx, tx, b.Address) })
}

func (s *Service) bounceOf(address string) (user, proof string, ours bool) {
	local, domain, _ := strings.Cut(address, "@")
	rest, named := strings.CutPrefix(strings.ToLower(local), bounceName)
	encoded, proof, cut := strings.Cut(rest, "-")
	raw, err := inAddress.DecodeString(strings.ToUpper(encoded))
	ours = s.domain != "" && strings.EqualFold(domain, s.domain) && named && cut && err == nil
	return string(raw), proof, ours
}
