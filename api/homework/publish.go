package homework

import (
	"context"
	"slices"
	"time"

	"preau/api/attachment"
	"preau/api/notify"
	psync "preau/sync"
)

// What an audience is told when a piece of work is published.
const (
	newsNone      = ""
	newsNew       = "new" // only to those who did not have it
	newsWithdrawn = "withdrawn"
)

// publication is the payload of effectPublish: a homework that changed, and
// the scopes in which it was or shall be.
type publication struct {
	Homework string   `json:"homework"`
	Scopes   []string `json:"scopes"`
	News     string   `json:"news,omitempty"`
}

// targets lists the scopes in which a piece of work is read, besides its
// course; none for one that is not there.
func (g Given) targets() []string {
	if g.Course == "" {
		return nil
	}
	if len(g.Students) == 0 {
		return []string{g.Audience}
	}
	var scopes []string
	for _, id := range g.Students {
		scopes = append(scopes, studentScope(id))
	}
	return scopes
}

// follow says what must follow when a homework of a course changes: it is
// published, its files become readable where it is, and no longer where it is
// not, and the alert of the eve moves.
func (s *Service) follow(tx *psync.Tx, id string, before, after Given, news string) {
	was, is := before.targets(), after.targets()
	tx.Effect(effectPublish, publication{id, union(was, is), news})
	ref := func(scopes []string, files []attachment.File) attachment.Reference {
		return attachment.Reference{
			School: tx.Actor().School, By: tx.Actor().User, Kind: kindHomework, ID: id,
			Scopes: scopes, Files: attachment.Names(files), Known: attachment.ReadyNames(files),
		}
	}
	attachment.Refer(tx, ref(append([]string{tx.Scope()}, is...), after.Attachments))
	attachment.Release(tx, ref(without(was, is), before.Attachments))
	if after.Course != "" {
		dropped := withoutFiles(before.Attachments, after.Attachments)
		attachment.Release(tx, ref(append([]string{tx.Scope()}, was...), dropped))
	}
	if after.Return == ReturnFile && (before.Return != ReturnFile || !after.Due.Equal(before.Due)) {
		s.schedule(tx, id, after)
	}
}

func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(v string) bool { return slices.Contains(b, v) })
}

func withoutFiles(a, b []attachment.File) []attachment.File {
	return slices.DeleteFunc(slices.Clone(a), func(f attachment.File) bool {
		return slices.ContainsFunc(b, func(k attachment.File) bool { return k.SHA == f.SHA })
	})
}

// publish makes a homework in the scopes of its audience what it is in its
// course by now.
func (s *Service) publish(ctx context.Context, job *psync.Job) error {
	var p publication
	if err := job.Payload(&p); err != nil {
		return err
	}
	g, _, err := psync.Find[Given](ctx, s.engine, job.Source(), "homework", p.Homework)
	if err != nil {
		return err
	}
	here := g.targets()
	for _, scope := range p.Scopes {
		err := job.Commit(ctx, scope, func(ctx context.Context, tx *psync.Tx) error {
			return place(ctx, tx, p, g, slices.Contains(here, scope), psync.ScopeID(job.Source()))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// place writes or deletes a homework in one scope of its audience, and says
// what is to be told there.
func place(ctx context.Context, tx *psync.Tx, p publication, g Given, here bool, course string) error {
	seq, err := tx.Get(ctx, "homework", p.Homework, nil)
	if err != nil {
		return err
	}
	if !here {
		if seq > 0 {
			tx.Delete("homework", p.Homework)
		}
		if seq > 0 && p.News == newsWithdrawn {
			// Not before it could have been restored.
			tx.EffectAt(effectAlert, news{Kind: newsWithdrawn, Homework: p.Homework, Course: course}, tx.Now().Add(undoTime))
		}
		return nil
	}
	if len(g.Students) > 0 {
		tx.PutIfChanged("homework", p.Homework, chosen{g.Homework, true})
	} else {
		tx.PutIfChanged("homework", p.Homework, g.Homework)
	}
	if seq == 0 && p.News == newsNew {
		tx.Effect(effectAlert, news{Kind: newsNew, Homework: p.Homework, Course: course})
	}
	return nil
}

// undoTime is how long a withdrawal is not told of, since it may be undone.
const undoTime = 2 * time.Minute

// attachmentsArrived says of files of a homework what they are, now that they
// are there.
func (s *Service) attachmentsArrived(ctx context.Context, job *psync.Job, a attachment.Arrival) error {
	return job.Commit(ctx, a.Scope, func(ctx context.Context, tx *psync.Tx) error {
		var g Given
		seq, err := tx.Get(ctx, "homework", a.ID, &g)
		if err != nil || seq == 0 {
			return err
		}
		if attachment.Learn(g.Attachments, a.Files) {
			tx.Put("homework", a.ID, g)
			tx.Effect(effectPublish, publication{a.ID, g.targets(), newsNone})
			tellRefused(tx, a, "/travail/"+a.ID, g.Attachments)
		}
		return nil
	})
}

// tellRefused tells whoever gave files which of them nobody gets.
func tellRefused(tx *psync.Tx, a attachment.Arrival, screen string, files []attachment.File) {
	for _, f := range attachment.Refused(files, a.Files) {
		notify.Notify(tx, a.By, notify.FileRefused(a.ID, screen, f.SHA, f.Name, f.Problem))
	}
}
