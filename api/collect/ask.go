package collect

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"preau/api/directory"
	"preau/api/transfer"
	psync "preau/sync"
)

// named is the payload of effects that concern one collect; Until is the end
// that they wait for.
type named struct {
	ID    string    `json:"id"`
	Until time.Time `json:"until,omitzero"`
}

// posted is the payload of post, which must find what is gone by then.
type posted struct {
	ID        string     `json:"id"`
	Secret    string     `json:"secret"`
	Audiences []Audience `json:"audiences"`
}

// open begins a collect.
func (s *Service) open(ctx context.Context, tx *psync.Tx) error {
	var a struct {
		ID        string   `json:"id"`
		Secret    string   `json:"secret"`
		Title     string   `json:"title"`
		Text      string   `json:"text"`
		Audiences []string `json:"audiences"`
		Days      int      `json:"days"`
		Limits
	}
	if err := s.begin(tx, directory.CollectFiles, &a); err != nil {
		return err
	}
	if err := psync.First(psync.CheckID("id", a.ID), checkSecret(a.Secret), checkTitle(a.Title), psync.CheckText("text", a.Text, maxText), checkDays(a.Days), s.checkLimits(a.Limits)); err != nil {
		return err
	}
	audiences, err := s.audiences(tx.Actor(), a.Audiences)
	if err != nil {
		return err
	}
	seq, err := tx.Get(ctx, kindCollect, a.ID, nil)
	if err != nil || seq > 0 {
		return err // it is there already
	}
	others, err := tx.List(ctx, kindCollect)
	if err == nil && len(others) >= maxOpen {
		err = psync.Refuse("too_many", "id", "at most %d collects", maxOpen)
	}
	if err != nil {
		return err
	}
	c := Collect{
		Title: strings.TrimSpace(a.Title), Text: strings.TrimSpace(a.Text), Secret: a.Secret, Audiences: audiences,
		Limits: a.Limits, At: tx.Now().UTC(),
	}
	put(tx, a.ID, c, after(tx.Now(), a.Days))
	tx.Effect(effectAsk, named{ID: a.ID})
	return nil
}

// put writes a collect with its end, and has all follow.
func put(tx *psync.Tx, id string, c Collect, until time.Time) {
	c.Until, c.Erased = until, after(until, KeptDays)
	tx.PutIfChanged(kindCollect, id, c)
	tx.Effect(effectPost, posted{id, c.Secret, c.Audiences})
	tx.EffectAt(effectErase, named{id, until}, c.Erased)
	if until.After(tx.Now()) {
		tx.EffectAt(effectEnd, named{id, until}, until)
	}
}

// extend lets a collect go on for so many days from now; one that has ended
// begins again.
func (s *Service) extend(ctx context.Context, tx *psync.Tx) error {
	var a struct {
		ID   string `json:"id"`
		Days int    `json:"days"`
	}
	if err := s.begin(tx, directory.CollectFiles, &a); err != nil {
		return err
	}
	if err := checkDays(a.Days); err != nil {
		return err
	}
	c, ok, err := own(ctx, tx, a.ID)
	if err == nil && !ok {
		err = psync.Refuse("gone", "id", "the collect was erased")
	}
	if err == nil {
		put(tx, a.ID, c, after(tx.Now(), a.Days))
	}
	return err
}

// close ends a collect now; what was dropped stays.
func (s *Service) close(ctx context.Context, tx *psync.Tx) error {
	var a named
	if err := s.begin(tx, directory.CollectFiles, &a); err != nil {
		return err
	}
	c, ok, err := own(ctx, tx, a.ID)
	if err == nil && ok && tx.Now().Before(c.Until) {
		put(tx, a.ID, c, tx.Now().UTC().Truncate(time.Second))
	}
	return err
}

// eraseNow deletes a collect with all that was dropped.
func (s *Service) eraseNow(ctx context.Context, tx *psync.Tx) error {
	var a named
	if err := s.begin(tx, directory.CollectFiles, &a); err != nil {
		return err
	}
	c, ok, err := own(ctx, tx, a.ID)
	if err != nil || !ok {
		return err
	}
	return forget(ctx, tx, a.ID, c)
}

// forget deletes what an owner has of a collect, and has the rest follow.
func forget(ctx context.Context, tx *psync.Tx, id string, c Collect) error {
	all, err := drops(ctx, tx)
	if err != nil {
		return err
	}
	for drop, d := range all {
		if d.Collect == id {
			tx.Delete(kindDrop, drop)
		}
	}
	tx.Delete(kindCollect, id)
	tx.Delete(kindExpected, id)
	tx.Effect(effectPost, posted{id, c.Secret, c.Audiences})
	return nil
}

// begin checks the right and reads the arguments of a person's act.
func (s *Service) begin(tx *psync.Tx, do directory.Action, args any) error {
	if err := s.dir.May(tx.Actor(), do, tx.Scope()); err != nil {
		return err
	}
	return tx.Args(args)
}

// own reads a collect of the actor's.
func own(ctx context.Context, tx *psync.Tx, id string) (c Collect, ok bool, err error) {
	if err := psync.CheckID("id", id); err != nil {
		return c, false, err
	}
	seq, err := tx.Get(ctx, kindCollect, id, &c)
	return c, seq > 0, err
}

// audiences checks whom somebody asks.
func (s *Service) audiences(a psync.Actor, scopes []string) ([]Audience, error) {
	if len(scopes) > maxAsked {
		return nil, psync.Refuse("too_large", "audiences", "at most %d", maxAsked)
	}
	all := []Audience{}
	for i, scope := range scopes {
		field := fmt.Sprintf("audiences[%d]", i)
		class, known := s.dir.Class(scope)
		if !known || s.dir.May(a, directory.AskFiles, scope) != nil {
			return nil, psync.Refuse("recipient_not_allowed", field, "%s may not ask %.100s", a.User, scope)
		}
		if slices.Contains(scopes[:i], scope) {
			return nil, psync.Refuse("invalid", field, "named twice")
		}
		all = append(all, Audience{scope, class.Name})
	}
	return all, nil
}

func checkSecret(secret string) error {
	if !transfer.ValidSecret(secret) {
		return psync.Refuse("invalid", "secret", "22 letters of base64url")
	}
	return nil
}

func checkTitle(title string) error {
	if strings.TrimSpace(title) == "" {
		return psync.Refuse("invalid", "title", "what is asked for?")
	}
	return psync.CheckText("title", title, maxTitle)
}

func checkDays(days int) error {
	if days < 1 || days > MaxDays {
		return psync.Refuse("invalid", "days", "1 to %d", MaxDays)
	}
	return nil
}

func (s *Service) checkLimits(l Limits) error {
	switch {
	case l.Files < 1 || l.Files > MaxFiles:
		return psync.Refuse("invalid", "files", "1 to %d", MaxFiles)
	case l.Bytes < leastBig || l.Bytes > s.sends.Rules.Most:
		return psync.Refuse("invalid", "bytes", "%d to %d", leastBig, s.sends.Rules.Most)
	case l.Drops < 1 || l.Drops > MaxDrops:
		return psync.Refuse("invalid", "drops", "1 to %d", MaxDrops)
	}
	return nil
}

func after(t time.Time, days int) time.Time {
	return t.Add(time.Duration(days) * 24 * time.Hour).UTC().Truncate(time.Second)
}
