package notify

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
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
	choices
	Lang     *string            `json:"lang,omitempty"`
	Theme    *string            `json:"theme,omitempty"`
	Children map[string]choices `json:"children,omitempty"`
	Mail     *string            `json:"mail,omitempty"`
	Digest   *string            `json:"digest,omitempty"`
	Lock     *string            `json:"lock,omitempty"`
	Quiet    *quiet             `json:"quiet,omitempty"`
	GradesAt *string            `json:"gradesAt,omitempty"`
	Below    *int               `json:"below,omitempty"`
	LatesAt  *int               `json:"latesAt,omitempty"`
	Phrases  *[]string          `json:"phrases,omitempty"`
}

// Limits of thresholds, and of how many children have choices of their own.
const (
	maxBelow    = 20
	maxLates    = 30
	maxChildren = 30
)

func (c change) check() error {
	switch {
	case c.Lang != nil && *c.Lang != "fr" && *c.Lang != "en":
		return psync.Refuse("invalid", "lang", "fr or en")
	case c.Theme != nil && *c.Theme != "auto" && *c.Theme != "light" && *c.Theme != "dark":
		return psync.Refuse("invalid", "theme", "auto, light or dark")
	}
	return cmp.Or(c.checkAlerts(), c.checkPhrases())
}

func (c change) checkAlerts() error {
	outside := func(n *int, most int) bool { return n != nil && (*n < 0 || *n > most) }
	switch {
	case c.Mail != nil && !slices.Contains([]string{Each, Daily, Never}, *c.Mail):
		return psync.Refuse("invalid", "mail", "each, daily or never")
	case c.Digest != nil && !slices.Contains([]string{Weekly, Daily, Never}, *c.Digest):
		return psync.Refuse("invalid", "digest", "weekly, daily or never")
	case c.Lock != nil && *c.Lock != Less && *c.Lock != More:
		return psync.Refuse("invalid", "lock", "less or more")
	case c.Quiet != nil && !c.Quiet.valid():
		return psync.Refuse("invalid", "quiet", "from and to are times of day, 21:00")
	case c.GradesAt != nil && *c.GradesAt != "" && !timeOfDay(*c.GradesAt):
		return psync.Refuse("invalid", "gradesAt", "a time of day, 18:00, or nothing")
	case outside(c.Below, maxBelow):
		return psync.Refuse("invalid", "below", "0 to %d", maxBelow)
	case outside(c.LatesAt, maxLates):
		return psync.Refuse("invalid", "latesAt", "0 to %d", maxLates)
	case len(c.Children) > maxChildren:
		return psync.Refuse("too_large", "children", "at most %d", maxChildren)
	}
	for child, chosen := range c.Children {
		field := "children." + child
		if err := cmp.Or(psync.CheckKey(field, child, maxID), chosen.check(field+".")); err != nil {
			return err
		}
	}
	return c.choices.check("")
}

func (c change) checkPhrases() error {
	if c.Phrases == nil {
		return nil
	}
	if len(*c.Phrases) > maxPhrases {
		return psync.Refuse("too_large", "phrases", "at most %d", maxPhrases)
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

// merge lays the change over the settings as they are; choices one by one.
func (c change) merge(all map[string]json.RawMessage) error {
	var old struct {
		choices
		Children map[string]choices `json:"children"`
	}
	before, err := json.Marshal(all)
	if err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	if err := json.Unmarshal(before, &old); err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	c.choices = over(old.choices, c.choices)
	for child, chosen := range c.Children {
		old.Children = with(old.Children, child, over(old.Children[child], chosen))
	}
	c.Children = old.Children
	if len(c.Children) > maxChildren {
		return psync.Refuse("too_large", "children", "at most %d", maxChildren)
	}
	raw, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	return json.Unmarshal(raw, &all)
}

// over lays choices over others; null takes one back.
func over(old, c choices) choices {
	for a, on := range c.Alerts {
		old.Alerts = with(old.Alerts, a, on)
	}
	for a, how := range c.Mails {
		old.Mails = with(old.Mails, a, how)
	}
	return old
}

func with[K comparable, V any](m map[K]V, k K, v V) map[K]V {
	if m == nil {
		m = map[K]V{}
	}
	m[k] = v
	return m
}
