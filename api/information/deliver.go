package information

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"preau/api/attachment"
	"preau/api/body"
	"preau/api/directory"
	"preau/api/notify"
	"preau/storage"
	psync "preau/sync"
)

const (
	// partSize is how many readers one record of reach holds.
	partSize = 100
	// partsAtOnce is how many of these one commit adds.
	partsAtOnce = 4
	// layAtOnce is how many readers' scopes are written to side by side.
	layAtOnce = 16
)

// Reach is a part of those whom an information went to.
type Reach struct {
	Information string   `json:"information"`
	People      []Reader `json:"people"`
}

// copied is what a reader's scope holds of an information; the engine joins the
// rest as it sends.
type copied struct {
	By       string            `json:"by"`
	Part     int               `json:"part"`
	Children []directory.Named `json:"children,omitempty"`
}

// Shown is an information as a reader gets it.
type Shown struct {
	Title       string            `json:"title"`
	Category    string            `json:"category"`
	Body        body.Text         `json:"body"`
	Files       []attachment.File `json:"files,omitempty"`
	From        directory.Date    `json:"from"`
	Until       directory.Date    `json:"until"`
	Acknowledge bool              `json:"acknowledge,omitempty"`
	Questions   []Question        `json:"questions,omitempty"`
	Anonymous   bool              `json:"anonymous,omitempty"`
	PerChild    bool              `json:"perChild,omitempty"`
	By          directory.Named   `json:"by"`
	At          time.Time         `json:"at"`
	Corrected   *time.Time        `json:"corrected,omitempty"`
	Children    []directory.Named `json:"children,omitempty"`
}

func (b Broadcast) shown(children []directory.Named) Shown {
	if b.Body == nil {
		b.Body = body.Text{} // devices look into it
	}
	return Shown{
		b.Title, b.Category, b.Body, b.Files, b.From, b.Until, b.Acknowledge, b.Questions, b.Anonymous, b.PerChild,
		b.By, b.At, b.Corrected, children,
	}
}

// join gives devices the informations that records of a reader stand for.
func (s *Service) join(ctx context.Context, scope string, stored []storage.Record) ([]json.RawMessage, error) {
	values := make([]json.RawMessage, len(stored))
	for i, r := range stored {
		var c copied
		if err := json.Unmarshal(r.Value, &c); err != nil {
			return nil, fmt.Errorf("information %s of %s: %w", r.ID, scope, err)
		}
		b, _, err := s.broadcast(ctx, c.By, r.ID)
		if err != nil {
			return nil, err
		}
		if values[i], err = json.Marshal(b.shown(c.Children)); err != nil {
			return nil, fmt.Errorf("information %s: %w", r.ID, err)
		}
	}
	return values, nil
}

func partID(id string, part int) string { return fmt.Sprintf("%s.%d", id, part) }

// reach reads the parts of those whom an information went to.
func (s *Service) reach(ctx context.Context, author, id string, parts int) ([]Reach, error) {
	all := make([]Reach, parts)
	for i := range all {
		r, _, err := psync.Find[Reach](ctx, s.engine, userScope(author), "reach", partID(id, i))
		if err != nil {
			return nil, err
		}
		all[i] = r
	}
	return all, nil
}

// live says whether an information is being shown, or soon will be.
func (s *Service) live(b Broadcast, now time.Time) bool {
	return b.Withdrawn == nil && !b.Forgotten && now.Before(s.ends(b))
}

// deliver notes whom an information is for by now, and has it laid to those to
// whom it is new. Whoever it is for no more, and has it, loses it.
func (s *Service) deliver(ctx context.Context, job *psync.Job) error {
	var d about
	if err := job.Payload(&d); err != nil {
		return err
	}
	author := psync.ScopeID(job.Source())
	b, there, err := s.broadcast(ctx, author, d.ID)
	if err != nil || !there || !s.live(b, s.now()) || s.now().Before(s.starts(b)) {
		return err
	}
	reached, err := s.reach(ctx, author, d.ID, b.Parts)
	if err != nil {
		return err
	}
	if err := s.list(ctx, job, b, d.ID); err != nil {
		return err
	}
	m := moves(reached, s.readers(b))
	return job.Commit(ctx, job.Source(), func(ctx context.Context, tx *psync.Tx) error { return m.note(ctx, tx, d.ID) })
}

// list notes that an information may still reach somebody who comes to the
// school, or to a class.
func (s *Service) list(ctx context.Context, job *psync.Job, b Broadcast, id string) error {
	return job.Commit(ctx, "information:"+b.School, func(_ context.Context, tx *psync.Tx) error {
		tx.PutIfChanged("shown", b.By.ID+"."+id, listed{b.By.ID, id, b.Until})
		return nil
	})
}

// moving is what changes in the readers of an information.
type moving struct {
	come []Reader
	lost map[int][]string // by part
	news map[int][]Reader // whose children changed, by part
}

// moves compares those whom an information went to with those whom it is for.
func moves(reached []Reach, wanted []Reader) moving {
	m := moving{lost: map[int][]string{}, news: map[int][]Reader{}}
	left := map[string]Reader{}
	for _, r := range wanted {
		left[r.ID] = r
	}
	for part, reach := range reached {
		for _, r := range reach.People {
			now, still := left[r.ID]
			delete(left, r.ID)
			switch {
			case !still:
				m.lost[part] = append(m.lost[part], r.ID)
			case !slices.Equal(now.Children, r.Children):
				m.news[part] = append(m.news[part], now)
			}
		}
	}
	for _, r := range wanted {
		if _, is := left[r.ID]; is {
			m.come = append(m.come, r)
		}
	}
	return m
}

func (m moving) none() bool { return len(m.come)+len(m.lost)+len(m.news) == 0 }

// note writes who reads an information now, and has it laid to them.
func (m moving) note(ctx context.Context, tx *psync.Tx, id string) error {
	var b Broadcast
	if seq, err := tx.Get(ctx, "broadcast", id, &b); err != nil || seq == 0 {
		return err
	}
	if err := m.amend(ctx, tx, id, &b); err != nil {
		return err
	}
	come := m.come
	for n := 0; len(come) > 0 && n < partsAtOnce; n++ {
		some := come[:min(partSize, len(come))]
		come = come[len(some):]
		tx.Put("reach", partID(id, b.Parts), Reach{id, some})
		tx.Effect(effectLay, laying{ID: id, Part: b.Parts})
		attachment.Refer(tx, b.reference(id, scopesOf(some)...))
		b.Parts++
	}
	if len(come) > 0 {
		tx.Effect(effectDeliver, about{id})
	}
	people, err := count(ctx, tx, id, b.Parts)
	if err != nil {
		return err
	}
	b.People = people + len(come)
	tx.PutIfChanged("broadcast", id, b)
	return nil
}

// amend takes readers out of the parts they are in, and changes others.
func (m moving) amend(ctx context.Context, tx *psync.Tx, id string, b *Broadcast) error {
	for part := range b.Parts {
		gone, news := m.lost[part], m.news[part]
		if len(gone)+len(news) == 0 {
			continue
		}
		var r Reach
		if _, err := tx.Get(ctx, "reach", partID(id, part), &r); err != nil {
			return err
		}
		r.People = slices.DeleteFunc(r.People, func(p Reader) bool { return slices.Contains(gone, p.ID) })
		for i := range r.People {
			if at := slices.IndexFunc(news, func(n Reader) bool { return n.ID == r.People[i].ID }); at >= 0 {
				r.People[i].Children = news[at].Children
			}
		}
		tx.Put("reach", partID(id, part), r)
		tx.Effect(effectLay, laying{ID: id, Part: part, Gone: gone, Again: true})
	}
	return nil
}

func count(ctx context.Context, tx *psync.Tx, id string, parts int) (n int, err error) {
	for part := range parts {
		var r Reach
		if _, err := tx.Get(ctx, "reach", partID(id, part), &r); err != nil {
			return 0, err
		}
		n += len(r.People)
	}
	return n, nil
}

func scopesOf(all []Reader) (scopes []string) {
	for _, r := range all {
		scopes = append(scopes, userScope(r.ID))
	}
	return scopes
}

// laying is the payload of effectLay and effectNudge: a part of the readers of
// an information. Gone are those who lose it, Release the names of files that
// it no longer has; Again, it is news to nobody.
type laying struct {
	ID      string   `json:"id"`
	Part    int      `json:"part"`
	Gone    []string `json:"gone,omitempty"`
	Release []string `json:"release,omitempty"`
	Again   bool     `json:"again,omitempty"`
}

// lay makes an information for the readers of a part what it is by now.
func (s *Service) lay(ctx context.Context, job *psync.Job) error {
	var l laying
	if err := job.Payload(&l); err != nil {
		return err
	}
	author := psync.ScopeID(job.Source())
	b, there, err := s.broadcast(ctx, author, l.ID)
	if err != nil || !there {
		return err
	}
	r, _, err := psync.Find[Reach](ctx, s.engine, job.Source(), "reach", partID(l.ID, l.Part))
	if err != nil {
		return err
	}
	shown := b.Withdrawn == nil && !b.Forgotten
	if err := s.showFiles(ctx, job, b, l, r, shown); err != nil {
		return err
	}
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(layAtOnce)
	for _, to := range r.People {
		all.Go(func() error { return s.layTo(ctx, job, b, l, to, shown) })
	}
	for _, user := range l.Gone {
		all.Go(func() error { return s.takeFrom(ctx, job, author, l.ID, user) })
	}
	if err := all.Wait(); err != nil {
		return fmt.Errorf("lay %s of %s: %w", l.ID, author, err)
	}
	return nil
}

// showFiles lets the readers of a part open the files, or no longer.
func (s *Service) showFiles(ctx context.Context, job *psync.Job, b Broadcast, l laying, r Reach, shown bool) error {
	if !l.Again || len(b.Files)+len(l.Release) == 0 {
		return nil // said with the part itself
	}
	return job.Commit(ctx, job.Source(), func(_ context.Context, tx *psync.Tx) error {
		all, old := b.reference(l.ID, scopesOf(r.People)...), b.reference(l.ID, scopesOf(r.People)...)
		old.Files, old.Known = l.Release, nil
		attachment.Release(tx, old)
		if shown {
			attachment.Refer(tx, all)
		} else {
			attachment.Release(tx, all)
		}
		for _, user := range l.Gone {
			attachment.Release(tx, b.reference(l.ID, userScope(user)))
		}
		return nil
	})
}

// layTo puts an information before a reader, or takes it away.
func (s *Service) layTo(ctx context.Context, job *psync.Job, b Broadcast, l laying, to Reader, shown bool) error {
	if !shown {
		return s.takeFrom(ctx, job, b.By.ID, l.ID, to.ID)
	}
	return job.Commit(ctx, userScope(to.ID), func(ctx context.Context, tx *psync.Tx) error {
		var there copied
		seq, err := tx.Get(ctx, kind, l.ID, &there)
		switch {
		case err != nil:
			return err
		case seq > 0 && there.By != b.By.ID: // authors choose ids: another's stays
			s.log.WarnContext(ctx, "an information under the id of another is not laid", "author", b.By.ID, "reader", to.ID, "id", l.ID)
			return nil
		}
		tx.Put(kind, l.ID, copied{b.By.ID, l.Part, to.Children})
		if seq == 0 && !l.Again {
			notify.Notify(tx, to.ID, newNotice(l.ID, b))
		}
		return nil
	})
}

// takeFrom takes an information of an author away from a reader.
func (s *Service) takeFrom(ctx context.Context, job *psync.Job, author, id, user string) error {
	return job.Commit(ctx, userScope(user), func(ctx context.Context, tx *psync.Tx) error {
		var there copied
		seq, err := tx.Get(ctx, kind, id, &there)
		if err == nil && seq > 0 && there.By == author {
			tx.Delete(kind, id)
		}
		return err
	})
}

// nudge reminds those of a part who were asked for something and did not do it.
func (s *Service) nudge(ctx context.Context, job *psync.Job) error {
	var l laying
	if err := job.Payload(&l); err != nil {
		return err
	}
	b, there, err := s.broadcast(ctx, psync.ScopeID(job.Source()), l.ID)
	if err != nil || !there || !s.live(b, s.now()) || b.Reminded == nil {
		return err
	}
	r, _, err := psync.Find[Reach](ctx, s.engine, job.Source(), "reach", partID(l.ID, l.Part))
	if err != nil {
		return err
	}
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(layAtOnce)
	for _, to := range r.People {
		all.Go(func() error { return s.nudgeOne(ctx, job, b, l.ID, to) })
	}
	return all.Wait()
}

func (s *Service) nudgeOne(ctx context.Context, job *psync.Job, b Broadcast, id string, to Reader) error {
	return job.Commit(ctx, userScope(to.ID), func(ctx context.Context, tx *psync.Tx) error {
		var there copied
		if seq, err := tx.Get(ctx, kind, id, &there); err != nil || seq == 0 {
			return err
		}
		var r Response
		if _, err := tx.Get(ctx, "response", id, &r); err != nil {
			return err
		}
		if r.owes(b, there.Children) {
			notify.Notify(tx, to.ID, reminder(id, b))
		}
		return nil
	})
}

// listed is a record "shown" of information:X.
type listed struct {
	By    string         `json:"by"`
	ID    string         `json:"id"`
	Until directory.Date `json:"until"`
}

// follow looks, when the directory changed, whether what is being shown is now
// for others as well, or for some no more.
func (s *Service) follow(ctx context.Context, job *psync.Job) error {
	school := psync.ScopeID(job.Source())
	recs, err := s.engine.Find(ctx, "information:"+school, storage.Key{Type: "shown"})
	if err != nil || len(recs) == 0 {
		return err
	}
	var over []string
	moved := map[string][]string{} // ids by author
	for _, r := range recs {
		var l listed
		if err := json.Unmarshal(r.Value, &l); err != nil {
			return fmt.Errorf("shown %s of %s: %w", r.ID, school, err)
		}
		state, err := s.look(ctx, l)
		switch {
		case err != nil:
			return err
		case state == ended:
			over = append(over, r.ID)
		case state == others:
			moved[l.By] = append(moved[l.By], l.ID)
		}
	}
	return s.followUp(ctx, job, school, over, moved)
}

type state int

const (
	same state = iota
	others
	ended
)

// look says whether an information has other readers than it was laid to.
func (s *Service) look(ctx context.Context, l listed) (state, error) {
	b, there, err := s.broadcast(ctx, l.By, l.ID)
	if err != nil {
		return same, err
	}
	if !there || !s.live(b, s.now()) {
		return ended, nil
	}
	reached, err := s.reach(ctx, l.By, l.ID, b.Parts)
	if err != nil || moves(reached, s.readers(b)).none() {
		return same, err
	}
	return others, nil
}

func (s *Service) followUp(ctx context.Context, job *psync.Job, school string, over []string, moved map[string][]string) error {
	for author, ids := range moved {
		err := job.Commit(ctx, userScope(author), func(_ context.Context, tx *psync.Tx) error {
			for _, id := range ids {
				tx.Effect(effectDeliver, about{id})
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return job.Commit(ctx, "information:"+school, func(_ context.Context, tx *psync.Tx) error {
		for _, id := range over {
			tx.Delete("shown", id)
		}
		return nil
	})
}

// forget takes from readers what has been over for a while, and from its
// author who they were and what each answered.
func (s *Service) forget(ctx context.Context, job *psync.Job) error {
	var f about
	if err := job.Payload(&f); err != nil {
		return err
	}
	author := psync.ScopeID(job.Source())
	b, there, err := s.broadcast(ctx, author, f.ID)
	if err != nil || !there || b.Forgotten || b.Withdrawn == nil && s.now().Before(s.ends(b).Add(kept)) {
		return err
	}
	reached, err := s.reach(ctx, author, f.ID, b.Parts)
	if err != nil {
		return err
	}
	all, each := errgroup.WithContext(ctx)
	all.SetLimit(layAtOnce)
	for _, part := range reached {
		for _, to := range part.People {
			all.Go(func() error { return s.forgetFor(each, job, author, f.ID, to.ID) })
		}
	}
	if err := all.Wait(); err != nil {
		return fmt.Errorf("forget %s of %s: %w", f.ID, author, err)
	}
	return job.Commit(ctx, job.Source(), func(ctx context.Context, tx *psync.Tx) error { return s.forgetOwn(ctx, tx, f.ID) })
}

func (s *Service) forgetFor(ctx context.Context, job *psync.Job, author, id, user string) error {
	return job.Commit(ctx, userScope(user), func(ctx context.Context, tx *psync.Tx) error {
		var there copied
		seq, err := tx.Get(ctx, kind, id, &there)
		if err != nil || seq > 0 && there.By != author {
			return err
		}
		for _, typ := range []string{kind, "response"} {
			if seq, err := tx.Get(ctx, typ, id, nil); err != nil {
				return err
			} else if seq > 0 {
				tx.Delete(typ, id)
			}
		}
		return nil
	})
}

// readersOf lists the scopes of a record of reach; none of any other.
func readersOf(r storage.Record) []string {
	var reach Reach
	if r.Type != "reach" || json.Unmarshal(r.Value, &reach) != nil {
		return nil
	}
	return scopesOf(reach.People)
}

// forgetOwn leaves an author the text and the counted answers.
func (s *Service) forgetOwn(ctx context.Context, tx *psync.Tx, id string) error {
	var b Broadcast
	if seq, err := tx.Get(ctx, "broadcast", id, &b); err != nil || seq == 0 || b.Forgotten {
		return err
	}
	left := storage.MaxOps / 2
	for _, typ := range []string{"surveyAnswer", "reach"} {
		recs, err := tx.List(ctx, typ)
		if err != nil {
			return err
		}
		for _, r := range recs {
			if left > 0 && strings.HasPrefix(r.ID, id+".") {
				attachment.Release(tx, b.reference(id, readersOf(r)...))
				tx.Delete(typ, r.ID)
				left--
			}
		}
	}
	if left == 0 {
		tx.Effect(effectForget, about{id}) // the rest
		return nil
	}
	b.Forgotten, b.Parts = true, 0
	attachment.Release(tx, b.reference(id, tx.Scope()))
	tx.Put("broadcast", id, b)
	return nil
}
