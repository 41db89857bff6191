package canteen

import (
	"context"
	"slices"

	"preau/api/directory"
	psync "preau/sync"
)

type watchArgs struct {
	Person    string   `json:"person"`
	Allergens []string `json:"allergens"`
}

// watch marks the allergens of which a person wants to be warned, for
// themselves or for a child; none forgets them.
func (s *Service) watch(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.WatchAllergens, tx.Scope()); err != nil {
		return err
	}
	var args watchArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	user := tx.Actor().User
	if args.Person != user && !slices.Contains(s.dir.Children(user), args.Person) {
		return psync.Refuse("not_found", "person", "neither oneself nor one's child")
	}
	if err := checkAll("allergens", args.Allergens, Allergens); err != nil {
		return err
	}
	seq, err := tx.Get(ctx, "watched", args.Person, nil)
	if err != nil {
		return err
	}
	switch {
	case len(args.Allergens) > 0:
		tx.Put("watched", args.Person, Watched{Allergens: args.Allergens})
	case seq > 0:
		tx.Delete("watched", args.Person)
	}
	return nil
}
