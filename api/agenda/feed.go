package agenda

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"preau/api/directory"
	"preau/api/timetable/ical"
	"preau/storage"
	psync "preau/sync"
)

func (s *Service) find(ctx context.Context, scope, id string) (e Event, there bool, err error) {
	recs, err := s.engine.Find(ctx, scope, storage.Key{Type: kindEvent, ID: id})
	if err != nil || len(recs) == 0 {
		return e, false, err
	}
	return e, true, json.Unmarshal(recs[0].Value, &e)
}

// Feed gives the events that a person reads, from one day until another, for
// calendar programs: each time of an event of every week is one of its own.
func (s *Service) Feed(ctx context.Context, user string, from, until directory.Date) ([]ical.Event, error) {
	school := s.dir.SchoolOf(user)
	grants, _ := s.dir.Grants(psync.Actor{School: school, User: user})
	var all []ical.Event
	for _, g := range grants {
		kind, _, _ := strings.Cut(g.Scope, ":")
		if _, here := rights[kind]; !here || g.OnDemand {
			continue
		}
		recs, err := s.engine.Find(ctx, g.Scope, storage.Key{Type: kindEvent})
		if err != nil {
			return nil, fmt.Errorf("events of %s: %w", g.Scope, err)
		}
		for _, r := range recs {
			var e Event
			if err := json.Unmarshal(r.Value, &e); err != nil {
				return nil, fmt.Errorf("event %s: %w", r.ID, err)
			}
			for _, o := range e.Occurrences(from, until, from) {
				all = append(all, s.entry(school, r.ID, g.Title, e, o))
			}
		}
	}
	return all, nil
}

// entry is one time of an event in a calendar.
func (s *Service) entry(school, id, audience string, e Event, o Occurrence) ical.Event {
	words := sentencesOf()[0]
	entry := ical.Event{
		UID: id + "-" + string(o.Day()) + "@preau", Start: s.moment(school, o.Start), End: s.moment(school, o.End),
		Summary: e.Title, Location: e.Place, URL: e.Link, Category: "Agenda", Cancelled: o.Cancelled, Changed: e.At,
		Sequence: int(e.At.Sub(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)).Minutes()),
	}
	if e.Until == "" {
		entry.UID = id + "@preau" // wherever it is moved
	}
	if o.Cancelled {
		entry.Summary = strings.ReplaceAll(words["cancelled"], "{title}", e.Title)
	}
	if e.whole() {
		entry.Day = true
		entry.Start, _ = time.Parse(time.DateOnly, string(o.Day()))
		entry.End, _ = time.Parse(time.DateOnly, string(o.Last().AddDays(1)))
	}
	lines := []string{e.Text, e.Link, audience, strings.ReplaceAll(words["by"], "{name}", e.By.Name)}
	entry.Description = strings.Join(slices.DeleteFunc(lines, func(line string) bool { return line == "" }), "\n")
	return entry
}
