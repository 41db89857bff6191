package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"preau/storage"
	psync "preau/sync"
)

// News is one thing that came for a person and that another part of the app
// lists already, as a mailbox does its messages. It rings and is no notice:
// the same line would wait to be read in two places.
type News struct {
	ID    string    `json:"id"`
	About string    `json:"about"` // what it belongs to: a discussion
	By    string    `json:"by"`    // whose doing it is
	At    time.Time `json:"at"`
}

// Teller is an area whose news ring.
type Teller interface {
	// Unseen keeps of a person's news those that they have not seen yet and want
	// to be told of; r reads the scope of that person.
	Unseen(ctx context.Context, r Reader, news []News) ([]News, error)
	// Tell words news, oldest first, as one notice. One without a title says
	// that there is nothing left to tell.
	Tell(ctx context.Context, user string, news []News) (Notice, error)
}

// Reader reads the records of one scope: a [psync.Tx] is one.
type Reader interface {
	Get(ctx context.Context, typ, id string, into any) (seq int64, err error)
}

// MaxNews is how many news of a kind are remembered for a person; of more,
// only the last are told.
const MaxNews = 31

// ring is a record "ring" of user:U, by kind, which no device sees: what came
// and had not been seen when the last of it came.
type ring struct {
	News []News `json:"news"`
}

// OnRing registers who words the news of a kind.
func (s *Service) OnRing(kind string, t Teller) { s.tellers[kind] = t }

// Ring tells a person, whose scope tx is in, that something came, once this
// commit is durable, if there is a browser or an address to tell. What comes until the quiet hours end is told at once.
func (s *Service) Ring(ctx context.Context, tx *psync.Tx, kind string, n News) error {
	user := psync.ScopeID(tx.Scope())
	if heard, err := s.heard(ctx, tx, user); err != nil || !heard {
		return err
	}
	var r ring
	if _, err := tx.Get(ctx, "ring", kind, &r); err != nil {
		return err
	}
	unseen, err := s.tellers[kind].Unseen(ctx, tx, append(r.News, n))
	if err != nil || !slices.Contains(unseen, n) {
		return err
	}
	tx.Put("ring", kind, ring{unseen[max(0, len(unseen)-MaxNews):]})
	to := reader{user: user}
	if _, err := tx.Get(ctx, "settings", "settings", &to.set); err != nil {
		return err
	}
	if to.rules, err = s.rulesFor(ctx, user); err != nil {
		return err
	}
	at := s.when(to, Notice{}, tx.Now())
	p := push{User: user, Ring: kind, Seq: tx.Seq(), Tag: kind, Until: until(NewMessage, at, tx.Now())}
	tx.EffectAt(effectPush, p, at)
	return s.mailLater(ctx, tx, kind, to)
}

// heard says whether anything would ring: nothing is written for those who have
// no browser and no address that asked for it, which are most.
func (s *Service) heard(ctx context.Context, tx *psync.Tx, user string) (bool, error) {
	subs, err := s.subscribed(ctx, user)
	if err != nil || len(subs) > 0 {
		return err == nil, err
	}
	var b mailbox
	_, err = tx.Get(ctx, "address", "address", &b)
	return b.takes(), err
}

// unseen reads the news that a record "ring" of a person holds, as far as they
// are news still.
func (s *Service) unseen(ctx context.Context, user string, r storage.Record) ([]News, error) {
	var there ring
	if err := json.Unmarshal(r.Value, &there); err != nil {
		return nil, fmt.Errorf("news of %s: %w", user, err)
	}
	teller, known := s.tellers[r.ID]
	if !known {
		return nil, nil
	}
	return teller.Unseen(ctx, inScope{s.engine, "user:" + user}, there.News)
}

// worded fills in what a push of news says, in the language of its person. It
// is not wanted when there is nothing to tell, or when such alerts are off.
func (s *Service) worded(ctx context.Context, p push, news []News) (_ push, wanted bool, err error) {
	if len(news) == 0 {
		return p, false, nil
	}
	n, err := s.tellers[p.Ring].Tell(ctx, p.User, news)
	if err != nil || n.Title == (Text{}) {
		return p, false, err
	}
	set, err := s.settingsOf(ctx, p.User)
	if err != nil {
		return p, false, err
	}
	r, err := s.rulesFor(ctx, p.User)
	p.Title, p.Body, p.Lang, p.Path = n.Title.In(set.Lang), n.Lock.In(set.Lang), set.lang(), n.Path
	return p, set.wants(r, n.Alert, n.Student), err
}

// inScope reads a scope as it is by now.
type inScope struct {
	engine Engine
	scope  string
}

func (p inScope) Get(ctx context.Context, typ, id string, into any) (int64, error) {
	recs, err := p.engine.Find(ctx, p.scope, storage.Key{Type: typ, ID: id})
	if err != nil || len(recs) == 0 {
		return 0, err
	}
	if into != nil {
		err = json.Unmarshal(recs[0].Value, into)
	}
	if err != nil {
		return 0, fmt.Errorf("read %s %s of %s: %w", typ, id, p.scope, err)
	}
	return recs[0].Seq, nil
}
