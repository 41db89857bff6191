package notify

import (
	"context"
	"crypto/ecdh"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"preau/storage"
	psync "preau/sync"
)

// maxSubscriptions is how many browsers of one person may be rung.
const maxSubscriptions = 8

// Subscription is what a browser gives to be rung at.
type Subscription struct {
	Endpoint string `json:"endpoint"`
	Keys     struct {
		P256dh string `json:"p256dh"`
		Auth   string `json:"auth"`
	} `json:"keys"`
}

// subscription is a record "sub" of push:U. Vapid is the public key of the
// server with which the browser subscribed: with another, it cannot be rung.
type subscription struct {
	Endpoint string    `json:"endpoint"`
	P256dh   string    `json:"p256dh"`
	Auth     string    `json:"auth"`
	Vapid    string    `json:"vapid"`
	Device   string    `json:"device"`
	At       time.Time `json:"at"`
}

// Listed is a subscription as its person sees it. A stale one was made with
// another key: the browser must subscribe anew.
type Listed struct {
	Endpoint string    `json:"endpoint"`
	At       time.Time `json:"at"`
	Current  bool      `json:"current"`
	Stale    bool      `json:"stale,omitempty"`
}

func pushScope(user string) string { return "push:" + user }

// endpointScope knows whose a browser is: it rings for one person only.
func endpointScope(id string) string { return "endpoint:" + id }

const effectMoved = "notify.moved"

// PublicKey is the VAPID key with which browsers subscribe; "" when nothing
// can be pushed.
func (s *Service) PublicKey() string { return s.keys.public }

// Subscribe rings a browser of the actor from now on, and no longer for
// whoever used it before. The ninth takes the place of the oldest. A Refusal
// names the field that is wrong.
func (s *Service) Subscribe(ctx context.Context, a psync.Actor, sub Subscription) error {
	kept, err := s.checkSubscription(a, sub)
	if err != nil {
		return err
	}
	id := shortHash(kept.Endpoint)
	if err := s.claim(ctx, a, id); err != nil {
		return err
	}
	_, err = s.engine.Commit(ctx, a, pushScope(a.User), func(ctx context.Context, tx *psync.Tx) error {
		kept.At = tx.Now().UTC()
		all, err := subscriptions(ctx, tx)
		if err != nil {
			return err
		}
		if there, ok := all[id]; ok {
			kept.At = there.At
		}
		delete(all, id)
		for len(all) >= maxSubscriptions {
			old := oldest(all)
			delete(all, old)
			tx.Delete("sub", old)
		}
		tx.PutIfChanged("sub", id, kept)
		return nil
	})
	return err
}

func (s *Service) checkSubscription(a psync.Actor, sub Subscription) (subscription, error) {
	u, err := s.places.check(sub.Endpoint)
	if err != nil {
		return subscription{}, psync.Refuse("invalid", "endpoint", "not a push service that this server knows")
	}
	p256dh, err := decodeKey(sub.Keys.P256dh)
	if err == nil {
		_, err = ecdh.P256().NewPublicKey(p256dh)
	}
	if err != nil || len(p256dh) != 65 {
		return subscription{}, psync.Refuse("invalid", "keys.p256dh", "not a point of P-256")
	}
	auth, err := decodeKey(sub.Keys.Auth)
	if err != nil || len(auth) != 16 {
		return subscription{}, psync.Refuse("invalid", "keys.auth", "not 16 bytes")
	}
	return subscription{
		Endpoint: u.String(), P256dh: encodeKey(p256dh), Auth: encodeKey(auth),
		Vapid: s.keys.public, Device: a.Device,
	}, nil
}

func decodeKey(s string) ([]byte, error) {
	return base64.RawURLEncoding.Strict().DecodeString(strings.TrimRight(s, "="))
}

func encodeKey(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// claim writes down whose browser this is. Somebody else's subscription to it
// ends.
func (s *Service) claim(ctx context.Context, a psync.Actor, id string) error {
	type owner struct {
		User string `json:"user"`
	}
	_, err := s.engine.Commit(ctx, a, endpointScope(id), func(ctx context.Context, tx *psync.Tx) error {
		var before owner
		seq, err := tx.Get(ctx, "owner", "owner", &before)
		if err != nil || before.User == a.User {
			return err
		}
		tx.Put("owner", "owner", owner{a.User})
		if seq > 0 {
			tx.Effect(effectMoved, moved{User: before.User, ID: id})
		}
		return nil
	})
	return err
}

// moved is the payload of effectMoved: a browser that is no longer a person's.
type moved struct {
	User string `json:"user"`
	ID   string `json:"id"`
}

func (s *Service) movedAway(ctx context.Context, job *psync.Job) error {
	var m moved
	if err := job.Payload(&m); err != nil {
		return err
	}
	return job.Commit(ctx, pushScope(m.User), func(ctx context.Context, tx *psync.Tx) error {
		return remove(ctx, tx, func(id string, _ subscription) bool { return id == m.ID })
	})
}

// Unsubscribe rings a browser no more. It is no error if it was not rung.
func (s *Service) Unsubscribe(ctx context.Context, a psync.Actor, endpoint string) error {
	return s.forget(ctx, a, a.User, func(id string, _ subscription) bool { return id == shortHash(endpoint) })
}

// Forget rings a device no more, because it signed out or was revoked.
func (s *Service) Forget(ctx context.Context, user, device string) error {
	return s.forget(ctx, psync.Actor{}, user, func(_ string, sub subscription) bool { return sub.Device == device })
}

func (s *Service) forget(ctx context.Context, a psync.Actor, user string, which func(string, subscription) bool) error {
	_, err := s.engine.Commit(ctx, a, pushScope(user), func(ctx context.Context, tx *psync.Tx) error {
		return remove(ctx, tx, which)
	})
	return err
}

func remove(ctx context.Context, tx *psync.Tx, which func(string, subscription) bool) error {
	all, err := subscriptions(ctx, tx)
	for id, sub := range all {
		if which(id, sub) {
			tx.Delete("sub", id)
		}
	}
	return err
}

// Subscriptions lists the browsers at which a person is rung, oldest first.
func (s *Service) Subscriptions(ctx context.Context, a psync.Actor) ([]Listed, error) {
	all, err := s.subscribed(ctx, a.User)
	if err != nil {
		return nil, err
	}
	list := []Listed{}
	for _, sub := range all {
		list = append(list, Listed{Endpoint: sub.Endpoint, At: sub.At, Current: sub.Device == a.Device, Stale: sub.Vapid != s.keys.public})
	}
	slices.SortFunc(list, func(a, b Listed) int { return a.At.Compare(b.At) })
	return list, nil
}

func (s *Service) subscribed(ctx context.Context, user string) (map[string]subscription, error) {
	recs, err := s.engine.Find(ctx, pushScope(user), storage.Key{Type: "sub"})
	if err != nil {
		return nil, fmt.Errorf("subscriptions of %s: %w", user, err)
	}
	return decodeSubscriptions(recs)
}

func subscriptions(ctx context.Context, tx *psync.Tx) (map[string]subscription, error) {
	recs, err := tx.List(ctx, "sub")
	if err != nil {
		return nil, err
	}
	return decodeSubscriptions(recs)
}

func decodeSubscriptions(recs []storage.Record) (map[string]subscription, error) {
	all := map[string]subscription{}
	for _, r := range recs {
		var sub subscription
		if err := json.Unmarshal(r.Value, &sub); err != nil {
			return nil, fmt.Errorf("subscription %s: %w", r.ID, err)
		}
		all[r.ID] = sub
	}
	return all, nil
}

func oldest(all map[string]subscription) string {
	first := ""
	for id, sub := range all {
		if first == "" || sub.At.Before(all[first].At) || sub.At.Equal(all[first].At) && id < first {
			first = id
		}
	}
	return first
}
