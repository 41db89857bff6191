package notify

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	psync "preau/sync"
)

// Limits of what a person sends.
const (
	maxIDs        = 200
	maxID         = 128 // bytes; a notice about a homework and a pupil takes about 70
	maxPhrases    = 50
	maxPhraseSize = 500 // characters
)

// place finds the record that a notice goes to, and how many things it then
// stands for. A notice with an ID that is there already is known.
func (s *Service) place(ctx context.Context, tx *psync.Tx, n Notice) (id string, count int, known bool, err error) {
	if n.Tag == "" {
		seq, err := tx.Get(ctx, "notice", n.ID, nil)
		return n.ID, 1, seq > 0, err
	}
	id = shortHash(n.Tag)
	var there record
	seq, err := tx.Get(ctx, "notice", id, &there)
	if err != nil || seq == 0 || there.Read {
		return id, 1, false, err
	}
	return id, max(there.Count, 1) + 1, false, nil
}

// shortHash is 24 characters of base64url.
func shortHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.RawURLEncoding.EncodeToString(sum[:18])
}

// own refuses to act in somebody else's scope.
func own(tx *psync.Tx) error {
	if user := tx.Actor().User; user == "" || tx.Scope() != "user:"+user {
		return psync.Refuse("forbidden", "", "only the person may do this")
	}
	return nil
}

// named reads the ids that a mutation is about.
func named(tx *psync.Tx) ([]string, error) {
	var args struct {
		IDs []string `json:"ids"`
	}
	if err := own(tx); err != nil {
		return nil, err
	}
	if err := tx.Args(&args); err != nil {
		return nil, err
	}
	if len(args.IDs) == 0 || len(args.IDs) > maxIDs {
		return nil, psync.Refuse("invalid", "ids", "name 1 to %d notices", maxIDs)
	}
	for i, id := range args.IDs {
		if err := psync.CheckKey(fmt.Sprintf("ids[%d]", i), id, maxID); err != nil {
			return nil, err
		}
	}
	return args.IDs, nil
}

// read marks notices as read; those that are gone are no error.
func (s *Service) read(ctx context.Context, tx *psync.Tx) error {
	ids, err := named(tx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		var r record
		seq, err := tx.Get(ctx, "notice", id, &r)
		if err != nil {
			return err
		}
		if seq > 0 && !r.Read {
			r.Read = true
			tx.Put("notice", id, r)
		}
	}
	return nil
}

// dismiss deletes notices.
func (s *Service) dismiss(ctx context.Context, tx *psync.Tx) error {
	ids, err := named(tx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		seq, err := tx.Get(ctx, "notice", id, nil)
		if err != nil {
			return err
		}
		if seq > 0 {
			tx.Delete("notice", id)
		}
	}
	return nil
}

// change is what a person changes of the settings; the rest stays.
type change struct {
	Lang    *string         `json:"lang,omitempty"`
	Theme   *string         `json:"theme,omitempty"`
	Mail    *string         `json:"mail,omitempty"`
	Alerts  map[Alert]*bool `json:"alerts,omitempty"`
	Quiet   *quiet          `json:"quiet,omitempty"`
	Phrases *[]string       `json:"phrases,omitempty"`
}

func (c change) check() error {
	switch {
	case c.Lang != nil && *c.Lang != "fr" && *c.Lang != "en":
		return psync.Refuse("invalid", "lang", "fr or en")
	case c.Theme != nil && *c.Theme != "auto" && *c.Theme != "light" && *c.Theme != "dark":
		return psync.Refuse("invalid", "theme", "auto, light or dark")
	case c.Mail != nil && !slices.Contains([]string{Each, Daily, Never}, *c.Mail):
		return psync.Refuse("invalid", "mail", "each, daily or never")
	case c.Quiet != nil && !c.Quiet.valid():
		return psync.Refuse("invalid", "quiet", "from and to are times of day, 21:00")
	case c.Phrases != nil && len(*c.Phrases) > maxPhrases:
		return psync.Refuse("too_large", "phrases", "at most %d", maxPhrases)
	}
	for a := range c.Alerts {
		if !slices.Contains(alerts, a) {
			return psync.Refuse("invalid", "alerts."+string(a), "no such alert")
		}
	}
	if c.Phrases == nil {
		return nil
	}
	for i, p := range *c.Phrases {
		if p == "" || utf8.RuneCountInString(p) > maxPhraseSize {
			return psync.Refuse("invalid", fmt.Sprintf("phrases[%d]", i), "1 to %d characters", maxPhraseSize)
		}
	}
	return nil
}

// set changes some settings.
func (s *Service) set(ctx context.Context, tx *psync.Tx) error {
	var c change
	if err := own(tx); err != nil {
		return err
	}
	if err := tx.Args(&c); err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	all := map[string]json.RawMessage{}
	if _, err := tx.Get(ctx, "settings", "settings", &all); err != nil {
		return err
	}
	if err := c.merge(all); err != nil {
		return err
	}
	tx.PutIfChanged("settings", "settings", all)
	return nil
}

// merge lays the change over the settings as they are; alerts one by one.
func (c change) merge(all map[string]json.RawMessage) error {
	alerts := map[Alert]*bool{}
	if old, ok := all["alerts"]; ok {
		if err := json.Unmarshal(old, &alerts); err != nil {
			return fmt.Errorf("settings: %w", err)
		}
	}
	maps.Copy(alerts, c.Alerts)
	if len(alerts) > 0 {
		c.Alerts = alerts
	}
	raw, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	return json.Unmarshal(raw, &all)
}
