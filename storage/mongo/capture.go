package mongo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// A copy shows one moment without any transaction:
//
//   - First everything is read into a spool: marks, then what was derived, then
//     the log. While that takes, the store moves on; but each scope of the spool
//     can be brought to any later entry with the log from its mark on.
//   - Then the server is asked the time, by the stamp of a document, and the
//     log is read from where the spool ends. What is stamped up to that time was
//     there at that moment: an entry that was acknowledged before another was
//     sent has the lower stamp, so nothing is in the copy without what came
//     before it. What is stamped later is left out.
//
// Values that were put and then erased between the two are lost to the second
// step, which is short: it is done again, for a later moment.

// errTorn says that a copy has to be begun again.
var errTorn = errors.New("the store was changed under a copy")

// errNoStamps is for servers that do not stamp.
var errNoStamps = errors.New("this server, which is not MongoDB, does not tell in which order entries came: stop what writes to it, then make the copy")

// scopeCopy is a scope in the spool, and what followed.
type scopeCopy struct {
	mark        int64 // what was derived holds all entries up to here, maybe more
	first, last int64 // entries in the spool
	holed       bool  // entries after last were not kept
	log         span
	records     span
	steps       span
	tasks       span

	later []entryDoc // entries after last, up to head
	head  int64      // at the moment of the copy
	floor int64
}

// capture is a copy of the store in the making.
type capture struct {
	store  *Store
	spool  *spool
	scopes map[string]*scopeCopy
	tasks  map[string]bool // those in the spool
	gone   map[string]bool // tasks that were settled at the moment
	epoch  int64
	moment stamp
}

// captured copies the store into a spool, as of one moment.
func (s *Store) captured(ctx context.Context) (*capture, error) {
	over, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer over()
	for range 5 {
		c := &capture{store: s, scopes: map[string]*scopeCopy{}, tasks: map[string]bool{}}
		if c.spool, err = newSpool(); err != nil {
			return nil, err
		}
		if err = c.take(ctx); err == nil {
			return c, nil
		}
		if err = errors.Join(err, c.spool.close()); !errors.Is(err, errTorn) {
			return nil, err
		}
	}
	return nil, err
}

func (c *capture) take(ctx context.Context) (err error) {
	for _, part := range []func(context.Context) error{c.marks, c.derived, c.entries} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	if err := c.spool.w.Flush(); err != nil {
		return err
	}
	for range 100 {
		if err = c.settle(ctx); !errors.Is(err, errErased) {
			return err
		}
	}
	return errors.Join(errTorn, err)
}

func (c *capture) scope(name string) *scopeCopy {
	sc := c.scopes[name]
	if sc == nil {
		sc = &scopeCopy{}
		c.scopes[name] = sc
	}
	return sc
}

func (c *capture) marks(ctx context.Context) error {
	return whole(ctx, c.store.coll.scopes, func(d scopeDoc) error {
		c.scope(scopeOf(d.ID)).mark = max(c.scope(scopeOf(d.ID)).mark, d.Applied)
		return nil
	})
}

func (c *capture) derived(ctx context.Context) error {
	coll := &c.store.coll
	for _, part := range []struct {
		from *mongo.Collection
		at   func(*scopeCopy) *span
	}{
		{coll.records, func(sc *scopeCopy) *span { return &sc.records }},
		{coll.steps, func(sc *scopeCopy) *span { return &sc.steps }},
		{coll.tasks, func(sc *scopeCopy) *span { return &sc.tasks }},
	} {
		err := whole(ctx, part.from, func(doc bson.Raw) error {
			id := doc.Lookup("_id").StringValue()
			if part.from == coll.tasks {
				c.tasks[id] = true
			}
			return c.spool.add(part.at(c.scope(scopeOf(id))), doc)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// entries keeps the log, of each scope up to the first hole: an entry that was
// not there yet when its successor was seen.
func (c *capture) entries(ctx context.Context) error {
	err := whole(ctx, c.store.coll.log, func(doc bson.Raw) error {
		id := doc.Lookup("_id").StringValue()
		sc, n := c.scope(scopeOf(id)), numberOf(id)
		if sc.holed = sc.holed || sc.last > 0 && n != sc.last+1; sc.holed {
			return nil
		}
		if sc.last = n; sc.first == 0 {
			sc.first = n
		}
		return c.spool.add(&sc.log, doc)
	})
	if err != nil {
		return err
	}
	for name, sc := range c.scopes {
		if sc.last < sc.mark || sc.first > sc.mark+1 {
			return fmt.Errorf("%q was trimmed: %w", name, errTorn)
		}
	}
	return nil
}

// errErased says that a value of the moment is not there any more.
var errErased = errors.New("erased meanwhile")

// settle takes a moment, and brings all scopes there.
func (c *capture) settle(ctx context.Context) (err error) {
	if c.epoch, err = c.store.reached(ctx, "epoch"); err != nil {
		return err
	}
	if c.moment, err = c.store.moment(ctx); err != nil {
		return err
	}
	if err := whole(ctx, c.store.coll.scopes, func(d scopeDoc) error {
		c.scope(scopeOf(d.ID)).floor = max(c.scope(scopeOf(d.ID)).floor, d.Floor)
		return nil
	}); err != nil {
		return err
	}
	moved, err := c.moved(ctx)
	if err != nil {
		return err
	}
	if c.moment.IsZero() && len(moved) > 0 {
		return errNoStamps
	}
	if err := together(ctx, len(moved), func(ctx context.Context, i int) error {
		return c.follow(ctx, moved[i])
	}); err != nil {
		return err
	}
	return c.settled(ctx)
}

// moment is the time of the server: later than the stamps of all that was
// acknowledged before, earlier than those of what is sent after.
func (s *Store) moment(ctx context.Context) (stamp, error) {
	type clock struct {
		ID    string `bson:"_id"`
		Stamp stamp  `bson:"stamp"`
	}
	now := clock{ID: "moment" + hash + rand.Text()}
	if _, err := s.coll.meta.InsertOne(ctx, now); err != nil {
		return stamp{}, unavailable(err)
	}
	mine := bson.M{"_id": now.ID}
	err := s.coll.meta.FindOne(ctx, mine).Decode(&now)
	if _, gone := s.coll.meta.DeleteOne(context.WithoutCancel(ctx), mine); err == nil {
		err = gone
	}
	return now.Stamp, unavailable(err)
}

// moved are the scopes that have entries after those of the spool.
func (c *capture) moved(ctx context.Context) (names []string, err error) {
	var next []string
	for name, sc := range c.scopes {
		sc.head, sc.later = sc.last, nil
		next = append(next, entryKey(name, sc.last+1))
	}
	for part := range slices.Chunk(next, 1000) {
		err := each(ctx, c.store.coll.log, bson.M{"_id": bson.M{"$in": part}}, func(d named) bool {
			names = append(names, scopeOf(d.ID))
			return true
		}, options.Find().SetProjection(onlyName))
		if err != nil {
			return nil, err
		}
	}
	return names, nil
}

// follow reads what came after the spool, up to the moment.
func (c *capture) follow(ctx context.Context, name string) error {
	sc := c.scopes[name]
	docs, err := all[entryDoc](ctx, c.store.coll.log, entriesAfter(name, sc.last), sorted(upward))
	if err != nil {
		return err
	}
	if !unbroken(docs, sc.last) {
		return fmt.Errorf("%q was trimmed: %w", name, errTorn)
	}
	then := slices.IndexFunc(docs, func(d entryDoc) bool { return d.Stamp.After(c.moment) })
	if then < 0 {
		then = len(docs)
	}
	sc.later = docs[:then:then]
	sc.head += int64(then)
	if erased(name, sc.later, docs[then:]) {
		return errErased
	}
	return nil
}

// erased tells whether later entries delete what entries touched, and have no
// value of any more.
func erased(scope string, entries, later []entryDoc) bool {
	deleted := map[string]bool{}
	for i := range later {
		for _, o := range later[i].Ops {
			if len(o.Value) == 0 {
				deleted[recordKey(scope, o.Type, o.ID)] = true
			}
		}
	}
	for i := range entries {
		for _, o := range entries[i].Ops {
			if len(o.Value) == 0 && deleted[recordKey(scope, o.Type, o.ID)] {
				return true
			}
		}
	}
	return false
}

// rolled are the entries that bring what was derived to the moment.
func (c *capture) rolled(sc *scopeCopy) (docs []entryDoc, err error) {
	if sc.mark < sc.last {
		err = kept(c.spool, sc.log, func(d *entryDoc) error {
			if d.n() > sc.mark {
				docs = append(docs, *d)
			}
			return nil
		})
	}
	return append(docs, sc.later...), err
}

// settled finds out which tasks were settled at the moment, among those that
// are not there now.
func (c *capture) settled(ctx context.Context) error {
	still := map[string]bool{}
	err := whole(ctx, c.store.coll.tasks, func(d named) error {
		still[d.ID] = true
		return nil
	})
	if err != nil {
		return err
	}
	c.gone = map[string]bool{}
	for id := range c.tasks {
		if err := c.look(ctx, id, still); err != nil {
			return err
		}
	}
	for name, sc := range c.scopes {
		docs, err := c.rolled(sc)
		if err != nil {
			return err
		}
		for i := range docs {
			for _, t := range newTasks(name, &docs[i]) {
				if err := c.look(ctx, t.ID, still); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// look looks at the last turn of a task that is not there. One that has none
// is not made yet, or was settled and trimmed since it was kept.
func (c *capture) look(ctx context.Context, task string, still map[string]bool) error {
	if still[task] {
		return nil
	}
	t, found, err := last[turnDoc](ctx, c.store.coll.turns, turnsOf(task))
	if found {
		c.gone[task] = t.Done && !t.Stamp.After(c.moment)
	} else {
		c.gone[task] = c.tasks[task]
	}
	return err
}
