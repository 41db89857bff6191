package canteen

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"preau/api/attachment"
	"preau/api/directory"
	psync "preau/sync"
)

// MaxFiles are those of one week.
const MaxFiles = 4

type fileArgs struct {
	Week  directory.Date    `json:"week"` // its Monday
	Files []attachment.File `json:"files"`
}

// putFile shows the menu of a week as the kitchen made it; no files take it
// away.
func (s *Service) putFile(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.PlanMeals, tx.Scope()); err != nil {
		return err
	}
	var args fileArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	files, err := s.checkFiles(psync.ScopeID(tx.Scope()), args)
	if err != nil {
		return err
	}
	var before MenuFile
	seq, err := tx.Get(ctx, "menuFile", string(args.Week), &before)
	if err != nil {
		return err
	}
	if err := tx.CheckBase(seq, before); err != nil {
		return err
	}
	return s.showFiles(ctx, tx, args.Week, before, files, seq)
}

func (s *Service) checkFiles(school string, args fileArgs) ([]attachment.File, error) {
	if err := s.checkDay(school, "week", args.Week); err != nil {
		return nil, err
	}
	if Monday(args.Week) != args.Week {
		return nil, invalid("week", "not a Monday")
	}
	files, err := attachment.Declared("files", args.Files, MaxFiles)
	for i, f := range files {
		if !strings.HasPrefix(f.Type, "image/") && f.Type != "application/pdf" {
			return nil, invalid(fmt.Sprintf("files[%d].type", i), "a picture or a PDF")
		}
	}
	return files, err
}

func (s *Service) showFiles(ctx context.Context, tx *psync.Tx, week directory.Date, before MenuFile, files []attachment.File, seq int64) (err error) {
	after := MenuFile{By: s.dir.Named(tx.Actor().User), At: acted(tx)}
	if after.Files, err = s.files.Complete(ctx, tx.Actor().User, files); err != nil {
		return err
	}
	switch {
	case len(files) > 0:
		tx.Put("menuFile", string(week), after)
	case seq > 0:
		tx.Delete("menuFile", string(week))
	}
	refer(tx, string(week), tx.Actor().School, before, after)
	if seq == 0 && len(files) > 0 {
		return s.forgetAfter(tx, week)
	}
	return nil
}

// refer makes the files of a week readable in the school, and those that it no
// longer has, no longer.
func refer(tx *psync.Tx, id, school string, before, after MenuFile) {
	ref := attachment.Reference{School: school, Kind: kindFile, ID: id, Scopes: []string{tx.Scope()}}
	ref.By, ref.Files, ref.Known = after.By.ID, attachment.Names(after.Files), attachment.ReadyNames(after.Files)
	attachment.Refer(tx, ref)
	gone := slices.DeleteFunc(attachment.Names(before.Files), func(sha string) bool { return slices.Contains(ref.Files, sha) })
	ref.By, ref.Files, ref.Known = before.By.ID, gone, nil
	attachment.Release(tx, ref)
}

// arrived says of the files of a week what they are, now that they are there.
func (s *Service) arrived(ctx context.Context, job *psync.Job, a attachment.Arrival) error {
	return job.Commit(ctx, a.Scope, func(ctx context.Context, tx *psync.Tx) error {
		var m MenuFile
		seq, err := tx.Get(ctx, "menuFile", a.ID, &m)
		if err == nil && seq > 0 && attachment.Learn(m.Files, a.Files) {
			tx.Put("menuFile", a.ID, m)
		}
		return err
	})
}

// forgetFiles deletes those of weeks that are over.
func (s *Service) forgetFiles(ctx context.Context, tx *psync.Tx, school string, today directory.Date) error {
	all, err := tx.List(ctx, "menuFile")
	if err != nil {
		return err
	}
	for _, r := range all {
		if !over(directory.Date(r.ID), today) {
			continue
		}
		var m MenuFile
		if err := json.Unmarshal(r.Value, &m); err != nil {
			return fmt.Errorf("menu file %s: %w", r.ID, err)
		}
		tx.Delete("menuFile", r.ID)
		refer(tx, r.ID, school, m, MenuFile{})
	}
	return nil
}
