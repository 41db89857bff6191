package grades

import (
	"context"
	"slices"

	"preau/api/attachment"
	psync "preau/sync"
)

// all are the files of an outline.
func (o Outline) all() []attachment.File { return slices.Concat(o.Papers, o.Corrections) }

// redeclared is a new list of files; those that stay keep what is known of
// them.
func redeclared(field string, before, wanted []attachment.File) ([]attachment.File, error) {
	files, err := attachment.Declared(field, wanted, MaxFiles)
	if err != nil {
		return nil, err
	}
	for i, f := range files {
		at := slices.IndexFunc(before, func(k attachment.File) bool { return k.SHA == f.SHA })
		if at >= 0 {
			files[i] = before[at]
		}
	}
	return files, nil
}

// completeFiles says of files what they are, as far as they are there.
func (g *Gradebook) completeFiles(ctx context.Context, tx *psync.Tx, a *Assessment) (err error) {
	if a.Papers, err = g.files.Complete(ctx, tx.Actor().User, a.Papers); err != nil {
		return err
	}
	a.Corrections, err = g.files.Complete(ctx, tx.Actor().User, a.Corrections)
	return err
}

// showFiles lets the readers of the course read the files of an assessment.
func showFiles(tx *psync.Tx, id string, before, after Assessment) {
	ref := reference(tx, kindAssessment, id, after.Outline)
	attachment.Refer(tx, ref)
	ref.Files = dropped(before.Outline, after.Outline)
	attachment.Release(tx, ref)
}

// reference says that a record of the scope being committed to shows the
// files of an outline.
func reference(tx *psync.Tx, kind, id string, o Outline) attachment.Reference {
	by := tx.Actor()
	if by.User == "" {
		by.User = o.Teacher.ID
	}
	return attachment.Reference{
		School: by.School, By: by.User, Kind: kind, ID: id, Scopes: []string{tx.Scope()},
		Files: attachment.Names(o.all()), Known: attachment.ReadyNames(o.all()),
	}
}

// dropped lists the files that an outline has no more.
func dropped(before, after Outline) []string {
	kept := attachment.Names(after.all())
	return slices.DeleteFunc(attachment.Names(before.all()), func(sha string) bool { return slices.Contains(kept, sha) })
}

// filesArrived says of files of an assessment what they are, now that they are
// there.
func (g *Gradebook) filesArrived(ctx context.Context, job *psync.Job, a attachment.Arrival) error {
	return job.Commit(ctx, a.Scope, func(ctx context.Context, tx *psync.Tx) error {
		var as Assessment
		seq, err := tx.Get(ctx, "assessment", a.ID, &as)
		if err != nil || seq == 0 {
			return err
		}
		papers, corrections := attachment.Learn(as.Papers, a.Files), attachment.Learn(as.Corrections, a.Files)
		if papers || corrections {
			tx.Put("assessment", a.ID, as)
			g.carryOn(tx, as)
		}
		return nil
	})
}
