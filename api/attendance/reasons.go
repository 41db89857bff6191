package attendance

import (
	"context"
	_ "embed" // the usual reasons
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"preau/api/directory"
	psync "preau/sync"
)

// Reason is why somebody misses lessons. One that is not published is seen by
// the office alone; everybody else reads that there is one.
type Reason struct {
	Label     string   `json:"label"`
	Kinds     []string `json:"kinds,omitempty"` // absence, lateness; none: both
	Health    bool     `json:"health,omitempty"`
	Counts    bool     `json:"counts"`    // in the report card
	Published bool     `json:"published"` // readable by the family
	Families  bool     `json:"families"`  // guardians may give it
	Order     int      `json:"order"`
	Gone      bool     `json:"gone,omitempty"` // not to be chosen any more
}

// fits says whether the reason is one for an absence, or for a lateness.
func (r Reason) fits(kind string) bool { return len(r.Kinds) == 0 || slices.Contains(r.Kinds, kind) }

//go:embed reasons.json
var usualReasons []byte

// Reasons are those of a school that has decided nothing, by code. A school's
// own take the place of those with the same code.
var Reasons = sync.OnceValue(func() map[string]Reason {
	all := map[string]Reason{}
	if err := json.Unmarshal(usualReasons, &all); err != nil {
		panic(err) // they are part of the program
	}
	return all
})

type reasonArgs struct {
	Code string `json:"code"`
	Reason
}

// reason adds or changes a reason of the school.
func (s *Service) reason(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.SetReasons, tx.Scope()); err != nil {
		return err
	}
	var args reasonArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	if err := args.check(); err != nil {
		return err
	}
	all, err := held[Reason](ctx, tx, "reason")
	if err != nil {
		return err
	}
	if _, known := all[args.Code]; !known && len(all) >= maxCodes {
		return psync.Refuse("too_many", "code", "at most %d reasons", maxCodes)
	}
	tx.PutIfChanged("reason", args.Code, args.Reason)
	return nil
}

func (a reasonArgs) check() error {
	err := psync.First(checkCode(a.Code), psync.CheckText("label", a.Label, MaxShort))
	switch {
	case err != nil:
		return err
	case strings.TrimSpace(a.Label) == "":
		return invalid("label", "a name")
	case a.Order < 0 || a.Order > maxOrder:
		return invalid("order", "0 to %d", maxOrder)
	}
	for i, kind := range a.Kinds {
		if slices.Contains(a.Kinds[:i], kind) {
			return invalid(each("kinds", i), "named twice")
		}
		if err := psync.OneOf(each("kinds", i), kind, kindAbsence, kindLateness); err != nil {
			return err
		}
	}
	return nil
}

// checkCode refuses what is no code of a reason.
func checkCode(code string) error {
	odd := func(r rune) bool { return r != '-' && (r < 'a' || r > 'z') && (r < '0' || r > '9') }
	if len(code) < 2 || len(code) > 32 || strings.ContainsFunc(code, odd) {
		return invalid("code", "not a code")
	}
	return nil
}

// reasonFor finds a reason of a school for an absence or a lateness.
func (s *Service) reasonFor(ctx context.Context, school, code, kind string) (Reason, error) {
	r, err := s.reasonOf(ctx, school, code)
	if err == nil && !r.fits(kind) {
		err = invalid("reason", "not one of %s", kind)
	}
	return r, err
}

// reasonOf finds a reason of a school. The empty code is no reason yet.
func (s *Service) reasonOf(ctx context.Context, school, code string) (Reason, error) {
	if code == "" {
		return Reason{Counts: true, Published: true}, nil
	}
	if err := checkCode(code); err != nil {
		return Reason{}, invalid("reason", "not a code")
	}
	r, ok, err := psync.Find[Reason](ctx, s.engine, "school:"+school, "reason", code)
	if err != nil || ok {
		return r, err
	}
	if r, ok = Reasons()[code]; !ok {
		return r, psync.Refuse("not_found", "reason", "no such reason")
	}
	return r, nil
}
