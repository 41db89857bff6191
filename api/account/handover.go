package account

import (
	"context"
	"crypto/hmac"
	"errors"
	"strconv"
	"strings"
	"time"

	psync "preau/sync"
)

const passLife = 24 * time.Hour

// ErrNoPass says that a pass opens nothing: used up, expired or made up. An
// iPhone keeps the address with its pass for ever, so this is no failure.
var ErrNoPass = errors.New("pass of no use")

// Pass makes a hand-over pass for the app that is about to be installed from
// a session. It is bound to the device, lasts a day and is used once; nothing
// is written until then.
func (s *Service) Pass(session Session) string {
	issued := strconv.FormatInt(s.now().Unix(), 10)
	return strings.Join([]string{"1", session.User, session.Device, issued, s.passMAC(session.User, session.Device, issued)}, ".")
}

func (s *Service) passMAC(user, device, issued string) string {
	return encode64(derive(s.keys.pass, user, device, issued)[:16])
}

// pass is a pass that the server made.
type pass struct {
	user, device string
	issued       time.Time
}

func (s *Service) parsePass(text string) (p pass, ok bool) {
	parts := strings.Split(text, ".")
	if len(text) > 256 || len(parts) != 5 || parts[0] != "1" || !validUser(parts[1]) || !validDevice(parts[2]) {
		return p, false
	}
	if !hmac.Equal([]byte(parts[4]), []byte(s.passMAC(parts[1], parts[2], parts[3]))) {
		return p, false
	}
	issued, err := strconv.ParseInt(parts[3], 10, 64)
	return pass{parts[1], parts[2], time.Unix(issued, 0).UTC()}, err == nil
}

// RedeemPass opens a session for the installed app. All older passes of the
// device are used up with this one. ErrNoPass changes nothing.
func (s *Service) RedeemPass(ctx context.Context, c Client, text string) (Ticket, error) {
	p, ok := s.parsePass(text)
	if age := s.now().Sub(p.issued); !ok || age > passLife {
		return Ticket{}, ErrNoPass
	}
	return s.open(ctx, opening{
		user: p.user, client: c, by: p.device, makeRoom: true, notice: true,
		rule: func(ctx context.Context, tx *psync.Tx) error {
			var d device
			seq, err := tx.Get(ctx, kindDevice, p.device, &d)
			if err != nil || seq == 0 || !d.alive(tx.Now()) || !p.issued.After(d.Handed) {
				return cmpErr(err, ErrNoPass)
			}
			d.Handed = p.issued
			tx.Put(kindDevice, p.device, d)
			return nil
		},
	})
}
