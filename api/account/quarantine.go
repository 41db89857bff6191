package account

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"preau/api/directory"
	psync "preau/sync"
)

// quarantine is for how long a pupil's device that came in with a password
// alone is doubted. A password is what is stolen; a device that was paired, an
// activation sheet and the first device of an account prove more.
const quarantine = 7 * 24 * time.Hour

// doubted says whether a device is in quarantine.
func (d device) doubted(now time.Time) bool { return now.Before(d.Doubted) }

// doubt says until when a device about to be added is in quarantine: as long
// as the one that lets it in, or whose browser it is.
func (s *Service) doubt(all map[string]device, acc account, o opening, now time.Time) time.Time {
	for _, id := range []string{o.instead, o.by} {
		if d, known := all[id]; known && d.alive(now) {
			return d.Doubted
		}
	}
	if o.password && !acc.Opened.IsZero() && s.pupil(o.user) {
		return now.Add(quarantine)
	}
	return time.Time{}
}

// mayEnd leaves of devices those that may be ended to make room: for one that
// comes in with a password, none that is trusted and in use.
func (d device) mayEnd(live []Device, now time.Time) []Device {
	if !d.doubted(now) {
		return live
	}
	return slices.DeleteFunc(live, func(one Device) bool { return !one.Quarantine && now.Sub(one.LastSeen) < idleEnough })
}

func (s *Service) pupil(user string) bool {
	p, ok := s.directory.Person(user)
	return ok && p.Pupil
}

// Quarantined says whether a device is so new to a pupil's account that it may
// not write to many people or to somebody new, nor decide about other devices,
// the password and where mails go. It reads the record itself: what another
// node was told holds at once.
func (s *Service) Quarantined(ctx context.Context, a psync.Actor) (bool, error) {
	if !s.pupil(a.User) {
		return false, nil
	}
	st, err := s.read(ctx, a.User)
	if err != nil {
		return false, err
	}
	return st.devices[a.Device].doubted(s.now()), nil
}

// Trust ends the quarantine of a device: a device of the same person that is
// not in quarantine itself says so or, of a pupil, vie scolaire and direction.
// User "" is the person of the session. A device that is trusted already is no
// error.
func (s *Service) Trust(ctx context.Context, session Session, user, id string) error {
	user = cmp.Or(user, session.User)
	if user != session.User && s.directory.May(session.Actor(), directory.TrustDevices, "student:"+user) != nil {
		return errNoDevice
	}
	err := s.commit(ctx, session.Actor(), user, func(ctx context.Context, tx *psync.Tx) error {
		if user == session.User {
			if err := trusted(ctx, tx, session.Device); err != nil {
				return err
			}
		}
		return trust(ctx, tx, id)
	})
	if err != nil {
		return fmt.Errorf("trust device %s of %s: %w", id, user, err)
	}
	s.kick(user)
	s.log.InfoContext(ctx, "device trusted", "user", user, "device", id, "by", session.User, "on", session.Device)
	return nil
}

var errNoDevice = psync.Refuse("not_found", "", "no such device")

// trusted refuses when a device may not decide about others.
func trusted(ctx context.Context, tx *psync.Tx, id string) error {
	if err := stillIn(ctx, tx, id); err != nil {
		return err
	}
	var d device
	_, err := tx.Get(ctx, kindDevice, id, &d)
	if err == nil && d.doubted(tx.Now()) {
		err = errQuarantine
	}
	return err
}

// errQuarantine is what a device in quarantine hears that would let others in,
// put them out or lock them out.
var errQuarantine = psync.Refuse("quarantine", "", "this device is new: one that is trusted has to vouch for it first")

// trust is the rule that ends a quarantine.
func trust(ctx context.Context, tx *psync.Tx, id string) error {
	var d device
	seq, err := tx.Get(ctx, kindDevice, id, &d)
	if err != nil || seq == 0 || !d.alive(tx.Now()) {
		return cmpErr(err, errNoDevice)
	}
	d.Doubted = time.Time{}
	tx.PutIfChanged(kindDevice, id, d)
	return nil
}

// Doubted lists the devices of a pupil that are in quarantine, for vie scolaire
// and direction, the last seen first.
func (s *Service) Doubted(ctx context.Context, session Session, student string) ([]Device, error) {
	if s.directory.May(session.Actor(), directory.TrustDevices, "student:"+student) != nil {
		return nil, errNoDevice
	}
	st, err := s.read(ctx, student)
	if err != nil {
		return nil, err
	}
	all := listed(st.devices, s.now(), "")
	return slices.DeleteFunc(all, func(d Device) bool { return !d.Quarantine }), nil
}
