package collect

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"preau/api/notify"
	psync "preau/sync"
)

// post carries a collect, as it is by now, to whoever is asked, or takes it
// away from everywhere once its owner has it no more.
func (s *Service) post(ctx context.Context, job *psync.Job) error {
	var p posted
	if err := job.Payload(&p); err != nil {
		return err
	}
	owner := psync.ScopeID(job.Source())
	c, there, err := psync.Find[Collect](ctx, s.engine, job.Source(), kindCollect, p.ID)
	if err != nil {
		return err
	}
	if err := s.setGate(ctx, job, owner, p.ID, c, !there); err != nil || errors.Is(err, errForeign) {
		return ignore(err)
	}
	if err := s.setLink(ctx, job, p, there); err != nil {
		return err
	}
	for _, a := range p.Audiences {
		if err := s.setRequest(ctx, job, a.Scope, p.ID, c, there); err != nil {
			return err
		}
	}
	if !there {
		return nil
	}
	return job.Commit(ctx, job.Source(), func(_ context.Context, tx *psync.Tx) error {
		tx.PutIfChanged(kindExpected, p.ID, s.expected(c))
		return nil
	})
}

// errForeign says that somebody else has a collect of that id.
var errForeign = errors.New("collect: the id is another's")

func ignore(err error) error {
	if errors.Is(err, errForeign) {
		return nil
	}
	return err
}

// setGate opens or shuts a collect: from here on it is in order with all that
// is dropped.
func (s *Service) setGate(ctx context.Context, job *psync.Job, owner, id string, c Collect, ended bool) error {
	return job.Commit(ctx, scopeOf(id), func(ctx context.Context, tx *psync.Tx) error {
		var g gate
		seq, err := tx.Get(ctx, kindGate, kindGate, &g)
		if err != nil {
			return err
		}
		if seq > 0 && (g.Owner != owner || g.Ended) {
			return errForeign
		}
		if !ended {
			tx.PutIfChanged(kindGate, kindGate, gate{Owner: owner, School: s.dir.SchoolOf(owner), Collect: c})
			return nil
		}
		if seq == 0 {
			return nil
		}
		tx.Put(kindGate, kindGate, gate{Owner: owner, School: g.School, Ended: true})
		tx.Delete(kindNews, kindNews)
		tx.Effect(effectClear, named{ID: id})
		return nil
	})
}

// atOnce is how many drops one commit takes out.
const atOnce = 100

// clear takes the drops out of a collect that is erased.
func (s *Service) clear(ctx context.Context, job *psync.Job) error {
	return job.Commit(ctx, job.Source(), func(ctx context.Context, tx *psync.Tx) error {
		var g gate
		if _, err := tx.Get(ctx, kindGate, kindGate, &g); err != nil {
			return err
		}
		all, err := drops(ctx, tx)
		ids := ordered(all)
		for _, drop := range ids[:min(atOnce, len(ids))] {
			remove(tx, g.Owner, drop, all[drop])
		}
		if len(ids) > atOnce {
			tx.Effect(effectClear, named{ID: psync.ScopeID(tx.Scope())})
		}
		return err
	})
}

func (s *Service) setLink(ctx context.Context, job *psync.Job, p posted, there bool) error {
	return job.Commit(ctx, linkScope(p.Secret), func(ctx context.Context, tx *psync.Tx) error {
		var l named
		seq, err := tx.Get(ctx, kindCollect, kindCollect, &l)
		switch {
		case err != nil:
			return err
		case there && seq == 0: // whoever had a secret first keeps it
			tx.Put(kindCollect, kindCollect, named{ID: p.ID})
		case !there && l.ID == p.ID:
			tx.Delete(kindCollect, kindCollect)
		}
		return nil
	})
}

// setRequest shows a class what it is asked, for as long as it may answer.
func (s *Service) setRequest(ctx context.Context, job *psync.Job, scope, id string, c Collect, there bool) error {
	owner := psync.ScopeID(job.Source())
	return job.Commit(ctx, scope, func(ctx context.Context, tx *psync.Tx) error {
		if there && tx.Now().Before(c.Until) {
			tx.PutIfChanged(kindRequest, id, Request{c.Title, c.Text, s.dir.Named(owner), c.Limits, c.Until})
			return nil
		}
		seq, err := tx.Get(ctx, kindRequest, id, nil)
		if seq > 0 {
			tx.Delete(kindRequest, id)
		}
		return err
	})
}

// expected lists the pupils of the classes that are asked, each once.
func (s *Service) expected(c Collect) Expected {
	e := Expected{Pupils: []Pupil{}}
	for _, a := range c.Audiences {
		for _, id := range s.dir.Pupils(a.Scope) {
			if p := s.pupil(id); !slices.Contains(e.Pupils, p) {
				e.Pupils = append(e.Pupils, p)
			}
		}
	}
	return e
}

func (s *Service) pupil(id string) Pupil {
	class, _ := s.dir.ClassOf(id)
	return Pupil{id, s.dir.Name(id), class.Name}
}

// ask tells the pupils of the classes that are asked, and their guardians.
func (s *Service) ask(ctx context.Context, job *psync.Job) error {
	var p named
	if err := job.Payload(&p); err != nil {
		return err
	}
	c, there, err := psync.Find[Collect](ctx, s.engine, job.Source(), kindCollect, p.ID)
	if err != nil || !there || !s.sends.Now().Before(c.Until) {
		return err
	}
	owner := psync.ScopeID(job.Source())
	n := asked(p.ID, c, s.dir.Named(owner))
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(8) // so that the store commits in groups
	for _, user := range s.readers(c) {
		if user != owner {
			all.Go(func() error { return s.sends.Notices.Deliver(ctx, job, user, n) })
		}
	}
	return all.Wait()
}

// readers lists pupils and guardians of the classes that are asked, each once.
func (s *Service) readers(c Collect) (all []string) {
	for _, p := range s.expected(c).Pupils {
		for _, user := range append([]string{p.ID}, s.dir.Guardians(p.ID)...) {
			if !slices.Contains(all, user) {
				all = append(all, user)
			}
		}
	}
	return all
}

// end tells the owner that a collect has ended by itself, and takes the request
// from the classes; one that was extended or closed has another end.
func (s *Service) end(ctx context.Context, job *psync.Job) error {
	return s.due(ctx, job, func(_ context.Context, tx *psync.Tx, id string, c Collect) error {
		tx.Effect(effectPost, posted{id, c.Secret, c.Audiences})
		notify.Notify(tx, psync.ScopeID(tx.Scope()), ended(id, c, s.dir.Location(s.dir.SchoolOf(psync.ScopeID(tx.Scope())))))
		return nil
	})
}

// erase deletes a collect whose time is over, and says so.
func (s *Service) erase(ctx context.Context, job *psync.Job) error {
	return s.due(ctx, job, func(ctx context.Context, tx *psync.Tx, id string, c Collect) error {
		notify.Notify(tx, psync.ScopeID(tx.Scope()), gone(id, c))
		return forget(ctx, tx, id, c)
	})
}

// due does what an end was awaited for, if it is still that end.
func (s *Service) due(ctx context.Context, job *psync.Job, do func(context.Context, *psync.Tx, string, Collect) error) error {
	var p named
	if err := job.Payload(&p); err != nil {
		return err
	}
	return job.Commit(ctx, job.Source(), func(ctx context.Context, tx *psync.Tx) error {
		var c Collect
		seq, err := tx.Get(ctx, kindCollect, p.ID, &c)
		if err != nil || seq == 0 || !c.Until.Equal(p.Until) {
			return err
		}
		return do(ctx, tx, p.ID, c)
	})
}
