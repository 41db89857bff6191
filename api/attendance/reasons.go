package attendance

import (
	"context"
	_ "embed" // the usual reasons
	"encoding/json"
	"strings"
	"sync"

	"preau/api/directory"
	psync "preau/sync"
)

// Reason is why somebody misses lessons. One that is not published is seen by
// the office alone; everybody else reads that there is one.
type Reason struct {
	Label     string `json:"label"`
	Health    bool   `json:"health,omitempty"`
	Counts    bool   `json:"counts"`    // in the report card
	Published bool   `json:"published"` // readable by the family
	Families  bool   `json:"families"`  // guardians may give it
	Order     int    `json:"order"`
	Gone      bool   `json:"gone,omitempty"` // not to be chosen any more
}

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
func (s *Service) reason(_ context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.SetReasons, tx.Scope()); err != nil {
		return err
	}
	var args reasonArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	if err := first(checkCode(args.Code), psync.CheckText("label", args.Label, MaxShort)); err != nil {
		return err
	}
	if strings.TrimSpace(args.Label) == "" {
		return invalid("label", "a name")
	}
	tx.PutIfChanged("reason", args.Code, args.Reason)
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

// reasonOf finds a reason of a school. The empty code is no reason yet.
func (s *Service) reasonOf(ctx context.Context, school, code string) (Reason, error) {
	if code == "" {
		return Reason{Counts: true, Published: true}, nil
	}
	if err := checkCode(code); err != nil {
		return Reason{}, invalid("reason", "not a code")
	}
	r, ok, err := find[Reason](ctx, s.engine, "school:"+school, "reason", code)
	if err != nil || ok {
		return r, err
	}
	if r, ok = Reasons()[code]; !ok {
		return r, psync.Refuse("not_found", "reason", "no such reason")
	}
	return r, nil
}
