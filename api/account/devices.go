package account

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	psync "preau/sync"
)

// Device is one browser on which a person is signed in.
type Device struct {
	ID        string    `json:"id"`
	Label     string    `json:"label"`
	CreatedAt time.Time `json:"createdAt"`
	LastSeen  time.Time `json:"lastSeen"` // to the hour
	CreatedBy string    `json:"createdBy,omitempty"`
	Current   bool      `json:"current"`

	Quarantine bool `json:"quarantine,omitempty"` // see [Service.Quarantined]
}

// TooManyDevices refuses a new session. The person picks one of the devices
// to end, and asks again with it.
type TooManyDevices struct{ Devices []Device }

func (*TooManyDevices) Error() string { return "too many devices" }

// checkKey refuses the key of a device that was paired before.
func checkKey(all map[string]device, key string) error {
	for _, d := range all {
		if key != "" && d.Key == key {
			return psync.Refuse("forbidden", "key", "this key was used before")
		}
	}
	return nil
}

// room ends a device when there are as many as the person may have: the
// one that was named, or the one not seen for longest if that is long enough.
// D is the one that needs room.
func (s *Service) room(tx *psync.Tx, all map[string]device, o opening, d device) (*Device, error) {
	if o.fresh {
		return nil, s.spare(all, tx.Now(), o.user)
	}
	live := listed(all, tx.Now(), o.by)
	if len(live) < s.maxDevices(o.user) {
		return nil, nil
	}
	if live = d.mayEnd(live, tx.Now()); len(live) == 0 {
		return nil, errQuarantine
	}
	oldest := live[len(live)-1]
	for _, d := range live {
		if d.ID == o.end {
			oldest = d
		}
	}
	if oldest.ID != o.end && !o.makeRoom && tx.Now().Sub(oldest.LastSeen) < idleEnough {
		return nil, &TooManyDevices{live}
	}
	end(tx, oldest.ID, all[oldest.ID])
	return &oldest, nil
}

// spare bounds the ids that browsers of one person took and did not use.
func (s *Service) spare(all map[string]device, now time.Time, user string) error {
	n := 0
	for _, d := range all {
		if d.alive(now) {
			n++
		}
	}
	if n >= s.maxDevices(user)+maxSpare {
		return &Throttled{time.Hour}
	}
	return nil
}

func (s *Service) maxDevices(user string) int {
	if s.pupil(user) {
		return maxPupil
	}
	return maxAdult
}

// listed shows the devices in use, the last seen first, keep before all.
func listed(all map[string]device, now time.Time, keep string) []Device {
	var live []Device
	for id, d := range all {
		if d.alive(now) && !d.ghost() && !d.Fresh {
			shown := d.public(id)
			shown.Quarantine = d.doubted(now)
			live = append(live, shown)
		}
	}
	slices.SortFunc(live, func(a, b Device) int {
		if (a.ID == keep) != (b.ID == keep) {
			return map[bool]int{true: -1, false: 1}[a.ID == keep]
		}
		return cmpLatest(a, b)
	})
	return live
}

func cmpLatest(a, b Device) int {
	if c := b.LastSeen.Compare(a.LastSeen); c != 0 {
		return c
	}
	if c := b.CreatedAt.Compare(a.CreatedAt); c != 0 {
		return c
	}
	return strings.Compare(a.ID, b.ID)
}

// end marks a device as ended; its record stays for a while.
func end(tx *psync.Tx, id string, d device) {
	d.Ended = tx.Now().UTC().Truncate(time.Second)
	tx.Put(kindDevice, id, d)
}

// ended tells everybody on this node that a device id is not valid any more.
func (s *Service) ended(user, id string) {
	for _, f := range s.revoked {
		f(user, id)
	}
	s.kick(user)
}

// Devices lists the devices of the session's person, the last seen first.
func (s *Service) Devices(ctx context.Context, session Session) ([]Device, error) {
	st, err := s.state(ctx, session.User)
	if err != nil {
		return nil, err
	}
	all := maps.Clone(st.devices)
	if d, ok := all[session.Device]; ok {
		d.LastSeen, d.Fresh, d.Replaced = s.now().UTC().Truncate(coarse), false, time.Time{}
		all[session.Device] = d
	}
	live := listed(all, s.now(), "")
	for i := range live {
		live[i].Current = live[i].ID == session.Device
	}
	return live, nil
}

// Revoke ends a device of the session's person. Ending it twice is no error. A
// device in quarantine ends none but itself.
func (s *Service) Revoke(ctx context.Context, session Session, id string) error {
	err := s.commit(ctx, session.Actor(), session.User, func(ctx context.Context, tx *psync.Tx) error {
		if id != session.Device {
			if err := trusted(ctx, tx, session.Device); err != nil {
				return err
			}
		}
		var d device
		seq, err := tx.Get(ctx, kindDevice, id, &d)
		if err != nil || seq == 0 {
			return cmpErr(err, errNoDevice)
		}
		if d.Ended.IsZero() {
			end(tx, id, d)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("revoke device %s of %s: %w", id, session.User, err)
	}
	s.ended(session.User, id)
	s.log.InfoContext(ctx, "device revoked", "user", session.User, "device", id, "by", session.Device)
	return nil
}

func cmpErr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// FreshDevice gives the browser of a session a new device id, with a ticket
// of its own: its database is lost, so its lanes must begin again. The old id
// stays valid, because an answer may get lost and because an iPhone copies
// cookies once into the installed app; it is not listed until it is used
// again, and neither is the new one.
func (s *Service) FreshDevice(ctx context.Context, c Client, session Session) (Ticket, error) {
	st, err := s.state(ctx, session.User)
	if err != nil {
		return Ticket{}, err
	}
	c.Label = st.devices[session.Device].Label
	return s.open(ctx, opening{
		user: session.User, client: c, by: session.Device, fresh: true, instead: session.Device,
		rule: func(ctx context.Context, tx *psync.Tx) error { return stillIn(ctx, tx, session.Device) },
	})
}

// stillIn refuses when a device was ended since its request was let in.
func stillIn(ctx context.Context, tx *psync.Tx, id string) error {
	var d device
	seq, err := tx.Get(ctx, kindDevice, id, &d)
	if err == nil && (seq == 0 || !d.alive(tx.Now())) {
		err = ErrRevoked
	}
	return err
}

// replace marks the device of a browser that is getting another id.
func replace(ctx context.Context, tx *psync.Tx, id string) error {
	if id == "" {
		return nil
	}
	var d device
	seq, err := tx.Get(ctx, kindDevice, id, &d)
	if err == nil && seq > 0 && d.alive(tx.Now()) {
		d.Replaced = tx.Now().UTC().Truncate(time.Second)
		tx.Put(kindDevice, id, d)
	}
	return err
}
