package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"preau/api/notify/courier"
	psync "preau/sync"
)

// Limits of the code that proves an address.
const (
	codeLife  = 30 * time.Minute
	codeTries = 5
	codesADay = 5 // mails with a code that one person may ask for
)

// mailbox is the record "address" of user:U, id "address": where mails go. The
// code that confirms it is not stored: it follows from the server's key, the
// address and Asked, which is the commit that asked.
type mailbox struct {
	Address   string    `json:"address"`
	Confirmed bool      `json:"confirmed"`
	Failing   bool      `json:"failing,omitempty"` // mails to it are refused, or come back
	Stopped   bool      `json:"stopped,omitempty"` // its person wants no mails for now
	Asked     int64     `json:"asked,omitempty"`
	Until     time.Time `json:"until,omitzero"` // the code is good for so long
	Left      int       `json:"left,omitempty"` // tries
}

// takes says whether mails go there.
func (b mailbox) takes() bool { return b.Confirmed && !b.Failing && !b.Stopped }

// asked is the hidden record "asked": when codes were sent lately.
type asked struct {
	At []time.Time `json:"at"`
}

// effectCode sends a code.
const effectCode = "notify.code"

// setAddress changes where mails go, "" for nowhere, and sends a code there.
func (s *Service) setAddress(ctx context.Context, tx *psync.Tx) error {
	var args struct {
		Address string `json:"address"`
	}
	if err := own(tx); err != nil {
		return err
	}
	if err := tx.Args(&args); err != nil {
		return err
	}
	if err := s.trusted(ctx, tx.Actor()); err != nil {
		return err
	}
	if args.Address == "" {
		tx.Delete("address", "address")
		return nil
	}
	if !courier.ValidAddress(args.Address) {
		return psync.Refuse("invalid", "address", "not an address, somebody@example.org")
	}
	if s.office == nil {
		return psync.Refuse("unavailable", "", "this server sends no mail")
	}
	if err := s.mayAsk(ctx, tx); err != nil {
		return err
	}
	b := mailbox{Address: args.Address, Asked: tx.Seq(), Until: tx.Now().Add(codeLife).UTC(), Left: codeTries}
	tx.Put("address", "address", b)
	tx.Effect(effectCode, b)
	return nil
}

// trusted refuses a device in quarantine.
func (s *Service) trusted(ctx context.Context, a psync.Actor) error {
	if s.devices == nil {
		return nil
	}
	doubted, err := s.devices.Quarantined(ctx, a)
	if err == nil && doubted {
		err = psync.Refuse("quarantine", "", "this device is new: one that is trusted has to vouch for it first")
	}
	return err
}

// mayAsk refuses whoever has many codes sent: the address may be a stranger's.
func (s *Service) mayAsk(ctx context.Context, tx *psync.Tx) error {
	var before asked
	if _, err := tx.Get(ctx, "asked", "asked", &before); err != nil {
		return err
	}
	day := tx.Now().Add(-24 * time.Hour)
	before.At = slices.DeleteFunc(before.At, func(t time.Time) bool { return t.Before(day) })
	if len(before.At) >= codesADay {
		return psync.Refuse("too_many", "address", "at most %d codes a day", codesADay)
	}
	tx.Put("asked", "asked", asked{append(before.At, tx.Now().UTC())})
	return nil
}

// code has six digits.
func (s *Service) code(user string, b mailbox) string {
	mac := hmac.New(sha256.New, s.key)
	fmt.Fprintf(mac, "notify.address\x00%s\x00%s\x00%d", user, b.Address, b.Asked)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint64(mac.Sum(nil))%1_000_000)
}

// confirm takes a code. A wrong one counts, so it is no refusal: the record
// says how many tries are left.
func (s *Service) confirm(ctx context.Context, tx *psync.Tx) error {
	var args struct {
		Code string `json:"code"`
	}
	if err := own(tx); err != nil {
		return err
	}
	if err := tx.Args(&args); err != nil {
		return err
	}
	var b mailbox
	seq, err := tx.Get(ctx, "address", "address", &b)
	if err != nil || b.Confirmed && !b.Failing {
		return err
	}
	if seq == 0 || b.Left == 0 || !tx.Now().Before(b.Until) {
		return psync.Refuse("gone", "code", "ask for another code")
	}
	if len(args.Code) != 6 {
		return psync.Refuse("invalid", "code", "six digits")
	}
	if hmac.Equal([]byte(args.Code), []byte(s.code(psync.ScopeID(tx.Scope()), b))) {
		b = mailbox{Address: b.Address, Confirmed: true}
	} else {
		b.Left--
	}
	tx.Put("address", "address", b)
	return nil
}

// sendCode mails a code, unless another address or code was asked for since.
func (s *Service) sendCode(ctx context.Context, job *psync.Job) error {
	var b mailbox
	if err := job.Payload(&b); err != nil {
		return err
	}
	user := psync.ScopeID(job.Source())
	now, err := s.mailboxOf(ctx, user)
	if err != nil || now.Asked != b.Asked || now.Confirmed || !s.now().Before(b.Until) || s.office == nil {
		return err
	}
	set, err := s.settingsOf(ctx, user)
	if err != nil {
		return err
	}
	l := codeLetter(s.code(user, b), set.Lang)
	l.ID, l.To, l.At = letterID(job), b.Address, s.now()
	return s.handOver(ctx, job, user, l, nil)
}

func (s *Service) mailboxOf(ctx context.Context, user string) (b mailbox, err error) {
	b, _, err = psync.Find[mailbox](ctx, s.engine, "user:"+user, "address", "address")
	return b, err
}

// handOver sends a mail and then notes what follows from it. An address that
// the server refuses is marked, and gets nothing more.
func (s *Service) handOver(ctx context.Context, job *psync.Job, user string, l courier.Letter, sent psync.Rule) error {
	err := s.office.Send(ctx, l)
	if err != nil && !errors.Is(err, courier.ErrRefused) {
		s.log.WarnContext(ctx, "a mail waits", "user", user, "tries", job.Tries(), "error", err)
		return err
	}
	if err == nil && sent == nil {
		return nil
	}
	return job.Commit(ctx, "user:"+user, func(ctx context.Context, tx *psync.Tx) error {
		if err == nil {
			return sent(ctx, tx)
		}
		return markFailing(ctx, tx, l.To)
	})
}

// markFailing notes that mails to an address of the person do not arrive.
func markFailing(ctx context.Context, tx *psync.Tx, address string) error {
	var b mailbox
	seq, err := tx.Get(ctx, "address", "address", &b)
	if err == nil && seq > 0 && b.Address == address && !b.Failing {
		b.Failing = true
		tx.Put("address", "address", b)
	}
	return err
}
