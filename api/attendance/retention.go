package attendance

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"
	"time"

	"preau/api/attachment"
	"preau/api/directory"
	"preau/storage"
	psync "preau/sync"
)

// What the office and the courses know of pupils is forgotten some days after
// the school year in which it happened. One dated effect a scope and a year
// sees to it; the hidden record "yearend", named after the last day of the
// year, says that it was ordered.
const (
	kindYearEnd   = "yearend"
	keptAfterYear = 30  // days
	forgetAtOnce  = 200 // records of one commit
)

// ended is the payload of effectForget: the last day of a school year.
type ended struct {
	Year directory.Date `json:"year"`
}

// keepForYear has what is written now forgotten after the school year.
func (s *Service) keepForYear(ctx context.Context, tx *psync.Tx) error {
	end := s.yearEnd(tx)
	seq, err := tx.Get(ctx, kindYearEnd, string(end), nil)
	if err != nil || seq > 0 {
		return err
	}
	tx.Put(kindYearEnd, string(end), struct{}{})
	due, err := time.Parse(time.DateOnly, string(end.AddDays(keptAfterYear)))
	tx.EffectAt(effectForget, ended{end}, due)
	return err
}

// yearEnd is the last day of the school year of today.
func (s *Service) yearEnd(tx *psync.Tx) directory.Date {
	id := psync.ScopeID(tx.Scope())
	if course, ok := s.dir.Course(id); ok {
		id = course.School
	}
	school, _ := s.dir.School(id)
	if today := s.today(id, tx.Now()); today > school.Year.End {
		return directory.YearOf(today).End
	}
	return school.Year.End
}

// old is what the records of all kinds have that says when something was.
type old struct {
	From   string          `json:"from"`
	To     string          `json:"to"`
	By     directory.Named `json:"by"`
	At     int64           `json:"at"`
	Files  []File          `json:"files"`
	Papers []File          `json:"papers"`
}

func (o old) day() directory.Date {
	if at := cmp.Or(o.To, o.From); len(at) >= len(time.DateOnly) {
		return directory.Date(at[:len(time.DateOnly)])
	}
	return directory.DateOf(time.UnixMilli(o.At).UTC())
}

// forget erases what happened until the end of a year, some at a time.
func (s *Service) forget(ctx context.Context, job *psync.Job) error {
	var e ended
	if err := job.Payload(&e); err != nil {
		return err
	}
	recs, err := s.past(ctx, job.Source(), e.Year)
	if err != nil {
		return err
	}
	return job.Commit(ctx, job.Source(), func(_ context.Context, tx *psync.Tx) error {
		for _, r := range recs[:min(len(recs), forgetAtOnce)] {
			tx.Delete(r.Type, r.ID)
			s.hideFiles(tx, r)
		}
		if len(recs) > forgetAtOnce {
			tx.Effect(effectForget, e)
		} else {
			tx.Delete(kindYearEnd, string(e.Year))
		}
		return nil
	})
}

// forgotten are the types of records that are.
var forgotten = append([]string{kindAbsence, kindLateness, kindJustification, "ruling", "acknowledgement"}, noteKinds...)

// past lists the records of a scope about days until one.
func (s *Service) past(ctx context.Context, scope string, last directory.Date) (all []storage.Record, err error) {
	var keys []storage.Key
	for _, typ := range forgotten {
		keys = append(keys, storage.Key{Type: typ})
	}
	recs, err := s.engine.Find(ctx, scope, keys...)
	for _, r := range recs {
		o, err := psync.Decode[old](r)
		if err != nil {
			return nil, err
		}
		if o.day() <= last {
			all = append(all, r)
		}
	}
	return all, err
}

// hideFiles takes the files of a forgotten record away from who read them here.
func (s *Service) hideFiles(tx *psync.Tx, r storage.Record) {
	var o old
	if json.Unmarshal(r.Value, &o) != nil {
		return
	}
	ref := attachment.Reference{
		School: s.dir.SchoolOf(o.By.ID), By: o.By.ID, Kind: kindPunishment, ID: r.Type + "." + bare(r.ID), Scopes: []string{tx.Scope()},
		Files: attachment.Names(o.Files),
	}
	if r.Type == kindJustification {
		ref.Kind, ref.ID = kindJustification, bare(r.ID)
	}
	attachment.Release(tx, ref)
	ref.Kind, ref.Files = kindPaper, attachment.Names(o.Papers)
	attachment.Release(tx, ref)
}

// bare is the id that something has in the scope that it came to the office
// from.
func bare(id string) string { return id[strings.Index(id, "~")+1:] }
