package mail

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	psync "preau/sync"
)

// maxThreads is how many discussions one act may be about.
const maxThreads = 400

// restored is a thread that is in the bin no more.
func (t Thread) restored(now time.Time) Thread {
	t.Folder, t.Was, t.Purged = t.Was, "", false
	t.Binned, t.Moved = time.Time{}, now.UTC().Truncate(time.Second)
	return t
}

// binned is a thread that is in the bin, with where it was.
func (t Thread) binned(now time.Time) Thread {
	if t.Folder != Bin {
		t.Was, t.Folder, t.Binned, t.Moved = t.Folder, Bin, now.UTC(), time.Time{}
	}
	return t
}

// reached is a thread in which a message arrives: it is in the bin no more, and
// the message is unread even if a later one came before it and was read.
func (t Thread) reached(p post, now time.Time) Thread {
	if t.Folder == Bin {
		t = t.restored(now)
	}
	t.Read = min(t.Read, p.At.UnixMilli()-1)
	return t
}

// eachThread changes what the actor did with discussions.
func (s *Service) eachThread(ctx context.Context, tx *psync.Tx, ids []string, change func(id string, t *Thread)) error {
	if len(ids) == 0 || len(ids) > maxThreads {
		return psync.Refuse("invalid", "ids", "1 to %d discussions", maxThreads)
	}
	for i, id := range ids {
		if err := psync.CheckID(fmt.Sprintf("ids[%d]", i), id); err != nil {
			return err
		}
		var t Thread
		if _, err := tx.Get(ctx, "thread", id, &t); err != nil {
			return err
		}
		change(id, &t)
		tx.PutIfChanged("thread", id, t)
	}
	return nil
}

// read marks discussions as read up to a moment each; an earlier moment marks
// what came later as unread.
func (s *Service) read(ctx context.Context, tx *psync.Tx) error {
	var args struct {
		UpTo map[string]int64 `json:"upTo"`
	}
	if err := s.begin(tx, &args); err != nil {
		return err
	}
	var ids []string
	for id, at := range args.UpTo {
		if at < 0 || at > 1<<53 {
			return psync.Refuse("invalid", "upTo", "not a time in milliseconds")
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return s.eachThread(ctx, tx, ids, func(id string, t *Thread) { t.Read = args.UpTo[id] })
}

// file puts discussions into a folder: "" is the inbox.
func (s *Service) file(ctx context.Context, tx *psync.Tx) error {
	var args struct {
		IDs    []string `json:"ids"`
		Folder string   `json:"folder"`
	}
	if err := s.begin(tx, &args); err != nil {
		return err
	}
	if !slices.Contains([]string{"", Archive, Bin}, args.Folder) {
		if err := known(ctx, tx, "folder", "folder", args.Folder); err != nil {
			return err
		}
	}
	return s.eachThread(ctx, tx, args.IDs, func(_ string, t *Thread) {
		if args.Folder == Bin {
			*t = t.binned(tx.Now())
		} else if args.Folder != t.Folder {
			*t = t.restored(tx.Now())
			t.Folder = args.Folder
		}
	})
}

// restore takes discussions out of the bin, to where they were.
func (s *Service) restore(ctx context.Context, tx *psync.Tx) error {
	var args struct {
		IDs []string `json:"ids"`
	}
	if err := s.begin(tx, &args); err != nil {
		return err
	}
	return s.eachThread(ctx, tx, args.IDs, func(_ string, t *Thread) {
		if t.Folder == Bin && !t.Purged {
			*t = t.restored(tx.Now())
		}
	})
}

// known refuses to name what is not there.
func known(ctx context.Context, tx *psync.Tx, field, typ, id string) error {
	if err := psync.CheckID(field, id); err != nil {
		return err
	}
	seq, err := tx.Get(ctx, typ, id, nil)
	if err == nil && seq == 0 {
		err = psync.Refuse("not_found", field, "no such %s", typ)
	}
	return err
}

// categorize adds and takes away categories.
func (s *Service) categorize(ctx context.Context, tx *psync.Tx) error {
	var args struct {
		IDs    []string `json:"ids"`
		Add    []string `json:"add"`
		Remove []string `json:"remove"`
	}
	if err := s.begin(tx, &args); err != nil {
		return err
	}
	for i, c := range args.Add {
		if err := known(ctx, tx, fmt.Sprintf("add[%d]", i), "category", c); err != nil {
			return err
		}
	}
	return s.eachThread(ctx, tx, args.IDs, func(_ string, t *Thread) {
		t.Categories = slices.DeleteFunc(append(t.Categories, args.Add...), func(c string) bool { return slices.Contains(args.Remove, c) })
		slices.Sort(t.Categories)
		t.Categories = slices.Compact(t.Categories)
	})
}

// purge deletes for ever what is in the bin. The messages go one batch after
// the other.
func (s *Service) purge(ctx context.Context, tx *psync.Tx) error {
	var args struct {
		IDs []string `json:"ids"`
	}
	if err := s.begin(tx, &args); err != nil {
		return err
	}
	err := s.eachThread(ctx, tx, args.IDs, func(_ string, t *Thread) { t.Purged = t.Folder == Bin })
	if err == nil {
		tx.Effect(effectPurge, struct{}{})
	}
	return err
}

// purgeBatch is how many messages one commit deletes.
const purgeBatch = 400

// purgeMessages deletes the entries of purged discussions from a mailbox, and
// lets their messages go.
func (s *Service) purgeMessages(ctx context.Context, job *psync.Job) error {
	return job.Commit(ctx, job.Source(), func(ctx context.Context, tx *psync.Tx) error {
		purged, err := purgedThreads(ctx, tx)
		if err != nil || len(purged) == 0 {
			return err
		}
		all, err := entriesOf(ctx, tx, purged)
		if err != nil {
			return err
		}
		some := all[:min(len(all), purgeBatch)]
		ids := map[string][]string{} // by author
		for _, e := range some {
			tx.Delete("message", e.Message)
			ids[e.Author] = append(ids[e.Author], e.Message)
		}
		for _, author := range slices.Sorted(maps.Keys(ids)) {
			letGoOf(tx, author, ids[author])
		}
		if len(all) > len(some) {
			tx.Effect(effectPurge, struct{}{}) // the rest
			return nil
		}
		for _, id := range purged {
			tx.Delete("thread", id)
		}
		return nil
	})
}

// entriesOf lists what a mailbox has of some discussions.
func entriesOf(ctx context.Context, tx *psync.Tx, discussions []string) (all []located, err error) {
	recs, err := tx.List(ctx, "message")
	if err != nil {
		return nil, err
	}
	for _, r := range recs {
		e, err := decode[entry](r.Value)
		if err != nil {
			return nil, fmt.Errorf("entry %s: %w", r.ID, err)
		}
		if slices.Contains(discussions, e.discussion(r.ID)) {
			all = append(all, located{e.by(), r.ID})
		}
	}
	return all, nil
}

func purgedThreads(ctx context.Context, tx *psync.Tx) (ids []string, err error) {
	recs, err := tx.List(ctx, "thread")
	if err != nil {
		return nil, err
	}
	for _, r := range recs {
		t, err := decode[Thread](r.Value)
		if err != nil {
			return nil, err
		}
		if t.Purged && len(ids) < purgeBatch/4 {
			ids = append(ids, r.ID)
		}
	}
	return ids, nil
}
