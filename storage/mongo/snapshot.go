package mongo

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"preau/storage"
)

var _ storage.Snapshotter = (*Store)(nil)

// Snapshot implements [storage.Snapshotter]. Until it ends it takes as much
// room in the folder for temporary files as the records take.
func (s *Store) Snapshot(ctx context.Context) iter.Seq2[storage.Piece, error] {
	return func(yield func(storage.Piece, error) bool) {
		if err := s.snapshot(ctx, yield); err != nil && !errors.Is(err, errEnough) {
			yield(storage.Piece{}, fmt.Errorf("copy records: %w", err))
		}
	}
}

func (s *Store) snapshot(ctx context.Context, yield func(storage.Piece, error) bool) (err error) {
	c, err := s.captured(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.spool.close()) }()
	return (&pieces{capture: c, ctx: ctx, yield: yield}).all()
}

// errEnough says that the receiver wants no more.
var errEnough = errors.New("enough")

// pieces gives what was captured.
type pieces struct {
	*capture
	ctx   context.Context
	yield func(storage.Piece, error) bool
}

func (p *pieces) give(piece storage.Piece) error {
	if err := p.ctx.Err(); err != nil {
		return err
	}
	if !p.yield(piece, nil) {
		return errEnough
	}
	return nil
}

func (p *pieces) all() error {
	if err := p.give(storage.Piece{Epoch: p.epoch}); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(p.scopes)) {
		sc := p.scopes[name]
		if sc.head == 0 {
			continue // it has no entry, or had none yet
		}
		if err := p.giveScope(name, sc); err != nil {
			return fmt.Errorf("scope %q: %w", name, err)
		}
	}
	return nil
}

func (p *pieces) giveScope(name string, sc *scopeCopy) error {
	rolled, err := p.rolled(sc)
	if err != nil {
		return err
	}
	x := storage.Extent{Name: name, Head: sc.head, Floor: min(sc.floor, sc.head)}
	if err := p.give(storage.Piece{Scope: &x}); err != nil {
		return err
	}
	for _, part := range []func(string, *scopeCopy, []entryDoc) error{p.giveLog, p.giveRecords, p.giveSteps, p.giveTasks} {
		if err := part(name, sc, rolled); err != nil {
			return err
		}
	}
	return nil
}

// giveLog gives entries without what later ones delete: up to the mark it is
// erased already.
func (p *pieces) giveLog(name string, sc *scopeCopy, rolled []entryDoc) error {
	deleted := map[storage.Key]int64{}
	for i := range rolled {
		for _, o := range rolled[i].Ops {
			if len(o.Value) == 0 {
				deleted[storage.Key{Type: o.Type, ID: o.ID}] = rolled[i].n()
			}
		}
	}
	give := func(d *entryDoc) error {
		e := d.entry()
		e.Scope = ""
		for i, o := range e.Ops {
			if e.N < deleted[storage.Key{Type: o.Type, ID: o.ID}] {
				e.Ops[i].Value = nil
			}
		}
		return p.give(storage.Piece{Entry: &e})
	}
	return merge(p.spool, sc.log, sc.later, func(d *entryDoc) string { return d.ID }, give)
}

func (p *pieces) giveRecords(name string, sc *scopeCopy, rolled []entryDoc) error {
	id := func(d *recordDoc) string { return d.ID }
	return merge(p.spool, sc.records, lastRecords(name, rolled), id, func(d *recordDoc) error {
		return p.give(storage.Piece{Record: &storage.Version{Record: d.version().Record, At: moment(d.At)}})
	})
}

func (p *pieces) giveSteps(name string, sc *scopeCopy, rolled []entryDoc) error {
	steps, mute := lastSteps(name, rolled)
	id := func(d *stepDoc) string { return d.ID }
	return merge(p.spool, sc.steps, steps, id, func(d *stepDoc) error {
		lane := laneOf(d.ID)
		lane = lane[len(name)+len(hash) : len(lane)-len(sep)]
		if d.Result == nil && d.ID < mute[lane].ID {
			return nil
		}
		step := storage.Step{Lane: lane, K: numberOf(d.ID), Result: d.Result}
		return p.give(storage.Piece{Step: &storage.Taken{Step: step, At: moment(d.At)}})
	})
}

func (p *pieces) giveTasks(name string, sc *scopeCopy, rolled []entryDoc) error {
	var made []taskDoc
	for i := range rolled {
		made = append(made, newTasks(name, &rolled[i])...)
	}
	made = slices.DeleteFunc(made, func(d taskDoc) bool { return p.tasks[d.ID] })
	return merge(p.spool, sc.tasks, made, func(d *taskDoc) string { return d.ID }, func(d *taskDoc) error {
		if p.gone[d.ID] {
			return nil
		}
		t := d.task()
		t.ID, t.Scope = "", ""
		return p.give(storage.Piece{Task: &t})
	})
}

// merge gives what is in a span and what came later, in the order of names; of
// two with one name that which came later.
func merge[D any](s *spool, at span, later []D, name func(*D) string, give func(*D) error) error {
	slices.SortFunc(later, func(a, b D) int { return strings.Compare(name(&a), name(&b)) })
	next := func() error {
		d := &later[0]
		later = later[1:]
		return give(d)
	}
	err := kept(s, at, func(d *D) error {
		for len(later) > 0 && name(&later[0]) < name(d) {
			if err := next(); err != nil {
				return err
			}
		}
		if len(later) > 0 && name(&later[0]) == name(d) {
			return next()
		}
		return give(d)
	})
	for err == nil && len(later) > 0 {
		err = next()
	}
	return err
}
