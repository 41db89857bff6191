package mail

import (
	"context"
	"fmt"
	"slices"

	psync "preau/sync"
)

// maxHushed is how many people somebody may have muted.
const maxHushed = 400

// hushed is a person whose messages arrive without a badge and an alert; the
// record is called after them.
type hushed struct {
	Name string `json:"name"`
}

// mute silences discussions, or lets them be heard again.
func (s *Service) mute(ctx context.Context, tx *psync.Tx) error {
	var args struct {
		IDs   []string `json:"ids"`
		Muted bool     `json:"muted"`
	}
	if err := s.begin(tx, &args); err != nil {
		return err
	}
	return s.eachThread(ctx, tx, args.IDs, func(_ string, t *Thread) { t.Muted = args.Muted })
}

// hush silences people, or lets them be heard again.
func (s *Service) hush(ctx context.Context, tx *psync.Tx) error {
	var args struct {
		People []string `json:"people"`
		Muted  bool     `json:"muted"`
	}
	if err := s.begin(tx, &args); err != nil {
		return err
	}
	if len(args.People) == 0 || len(args.People) > maxHushed {
		return psync.Refuse("invalid", "people", "1 to %d people", maxHushed)
	}
	if !args.Muted {
		return s.unhush(ctx, tx, args.People)
	}
	acquainted, err := s.acquainted(ctx, tx)
	if err != nil {
		return err
	}
	for i, id := range args.People {
		if !acquainted(id) {
			return psync.Refuse("not_found", fmt.Sprintf("people[%d]", i), "nobody who writes to you or to whom you write")
		}
		tx.PutIfChanged("muted", id, hushed{s.display(id)})
	}
	all, err := tx.List(ctx, "muted")
	if err == nil && len(all) > maxHushed {
		err = psync.Refuse("too_many", "people", "at most %d people", maxHushed)
	}
	return err
}

// unhush forgets that people were muted; those who were not are no error.
func (s *Service) unhush(ctx context.Context, tx *psync.Tx, people []string) error {
	all, err := tx.List(ctx, "muted")
	for _, r := range all {
		if slices.Contains(people, r.ID) {
			tx.Delete("muted", r.ID)
		}
	}
	return err
}

// acquainted knows whom the actor may write to and who wrote to them. Nobody
// else has a name here.
func (s *Service) acquainted(ctx context.Context, tx *psync.Tx) (func(id string) bool, error) {
	user := tx.Actor().User
	b, err := s.bookOf(ctx, user)
	if err != nil {
		return nil, err
	}
	recs, err := tx.List(ctx, "message")
	if err != nil {
		return nil, err
	}
	wrote := map[string]bool{}
	for _, r := range recs {
		e, err := decode[entry](r.Value)
		if err != nil {
			return nil, fmt.Errorf("entry %s: %w", r.ID, err)
		}
		wrote[e.by()] = true
	}
	return func(id string) bool { return id != user && (wrote[id] || b.reaches(id)) }, nil
}
