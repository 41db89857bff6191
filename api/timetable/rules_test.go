package timetable

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-ical"
	"github.com/google/go-cmp/cmp"

	"preau/api/directory"
	"preau/storage"
	psync "preau/sync"
)

// A lesson reaches the class, and leaves it when it is given to another; a
// teacher who is named gets it in their own scope (P3).
func TestSlotReachesItsReaders(t *testing.T) {
	w := newWorld(t)
	w.do("timetable.slot@1", slots(with(french(), args{"teachers": []directory.Named{{ID: "lopez", Name: "made up"}}})))
	var s Slot
	recs, err := w.Engine.Find(t.Context(), "class:5b", storage.Key{Type: "slot", ID: "slot-french"})
	must(t, err)
	must(t, json.Unmarshal(recs[0].Value, &s))
	if s.Subject != "fr" || s.Teachers[0].Name != "M. Lopez" {
		t.Errorf("the class reads %+v", s)
	}
	if got := w.ids("user:lopez", "slot"); len(got) != 1 {
		t.Errorf("M. Lopez reads %v", got)
	}
	w.do("timetable.slot@1", slots(with(french(), args{"course": "fr5a"})))
	for scope, want := range map[string]int{"class:5b": 0, "class:5a": 1, "user:lopez": 0, home: 1} {
		if got := w.ids(scope, "slot"); len(got) != want {
			t.Errorf("%s has %v", scope, got)
		}
	}
	w.do("timetable.unslot@1", args{"ids": []string{"slot-french", "slot-unknown"}})
	if got := w.ids("class:5a", "slot"); len(got) != 0 {
		t.Errorf("5e A still has %v", got)
	}
}

// What a new lesson would overlap refuses it and is named; who knows of it may
// do it all the same.
func TestOverlaps(t *testing.T) {
	maths := args{"id": "slot-maths0", "course": "ma5b", "kind": "lesson", "weekday": 2, "start": "10:30", "end": "11:30", "rooms": []string{"B1"}}
	for name, c := range map[string]struct {
		slot  args
		field string
	}{
		"the class":               {maths, "audiences"},
		"a pupil of a group":      {with(maths, args{"course": "la5", "teachers": []directory.Named{{ID: "lopez"}}}), "audiences"},
		"the teacher":             {with(maths, args{"course": "fr5a"}), "teachers"},
		"the room, in other case": {with(maths, args{"course": "fr5a", "teachers": []directory.Named{{ID: "lopez"}}, "rooms": []string{"112"}}), "rooms"},
		"the hour before":         {with(maths, args{"start": "09:00", "end": "10:05"}), ""},
		"another day":             {with(maths, args{"weekday": 3}), ""},
		"after it ended":          {with(maths, args{"from": "2027-02-01"}), ""},
		"another class and room":  {with(maths, args{"course": "fr5a", "teachers": []directory.Named{{ID: "lopez"}}}), ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.do("timetable.slot@1", slots(with(french(), args{"until": "2027-01-31"})))
			r := w.send("timetable.slot@1", slots(c.slot))
			if c.field == "" {
				if r != nil {
					t.Fatalf("%s %s %s", r.Code, r.Field, r.Current)
				}
				return
			}
			var found []Overlap
			if r == nil || r.Code != "overlap" || r.Field != c.field || json.Unmarshal(r.Current, &found) != nil || found[0].Lesson != "slot-french" {
				t.Fatalf("%+v", r)
			}
			if got := w.ids(home, "slot"); len(got) != 1 {
				t.Errorf("something was written: %v", got)
			}
			w.do("timetable.slot@1", with(slots(c.slot), args{"despite": true}))
		})
	}
}

// Lessons of A and of B weeks share an hour.
func TestWeeksDoNotOverlap(t *testing.T) {
	w := newWorld(t)
	w.do("timetable.slot@1", slots(
		with(french(), args{"weeks": "A"}),
		with(french(), args{"id": "slot-maths0", "course": "ma5b", "weeks": "B"}),
	))
	if r := w.send("timetable.slot@1", slots(with(french(), args{"id": "slot-maths1", "course": "ma5b"}))); r == nil || r.Code != "overlap" {
		t.Errorf("%+v", r)
	}
}

// Bad input is refused with the field, and changes nothing.
func TestRefusals(t *testing.T) {
	w := newWorld(t)
	w.do("timetable.slot@1", slots(french()))
	slot := func(more args) args { return slots(with(french(), more)) }
	change := func(more args) args { return with(args{"slot": "slot-french", "date": "2026-11-24"}, more) }
	for _, c := range []struct {
		name string
		args args
		want string
	}{
		{"timetable.slot@1", args{"slots": []args{}}, "invalid slots"},
		{"timetable.slot@1", slot(args{"id": "x"}), "invalid slots[0].id"},
		{"timetable.slot@1", slot(args{"weekday": 0}), "invalid slots[0].weekday"},
		{"timetable.slot@1", slot(args{"weekday": 8}), "invalid slots[0].weekday"},
		{"timetable.slot@1", slot(args{"start": "8h"}), "invalid slots[0].start"},
		{"timetable.slot@1", slot(args{"end": "09:00"}), "invalid slots[0].end"},
		{"timetable.slot@1", slot(args{"end": "25:00"}), "invalid slots[0].end"},
		{"timetable.slot@1", slot(args{"kind": "party"}), "invalid slots[0].kind"},
		{"timetable.slot@1", slot(args{"weeks": "C"}), "invalid slots[0].weeks"},
		{"timetable.slot@1", slot(args{"from": "2026-02-30"}), "invalid slots[0].from"},
		{"timetable.slot@1", slot(args{"from": "2026-12-01", "until": "2026-11-01"}), "invalid slots[0].until"},
		{"timetable.slot@1", slot(args{"course": "nope"}), "not_found slots[0].course"},
		{"timetable.slot@1", slot(args{"audiences": []string{"class:nope"}}), "not_found slots[0].audiences[0]"},
		{"timetable.slot@1", slot(args{"teachers": []directory.Named{{ID: "ines"}}}), "not_found slots[0].teachers[0]"},
		{"timetable.slot@1", slot(args{"teachers": []directory.Named{{ID: "nadia"}}}), "not_found slots[0].teachers[0]"},
		{"timetable.slot@1", slot(args{"rooms": []string{" 112"}}), "invalid slots[0].rooms[0]"},
		{"timetable.slot@1", slot(args{"rooms": []string{strings.Repeat("x", 41)}}), "invalid slots[0].rooms[0]"},
		{"timetable.slot@1", slot(args{"course": "", "subject": ""}), "invalid slots[0].title"},
		{"timetable.slot@1", slot(args{"colour": "red"}), "invalid colour"},
		{"timetable.change@1", change(nil), "invalid "},
		{"timetable.change@1", change(args{"slot": "slot-nothing", "cancelled": true}), "not_found slot"},
		{"timetable.change@1", change(args{"date": "2026-11-25", "cancelled": true}), "invalid date"},
		{"timetable.change@1", change(args{"date": "2026-12-22", "cancelled": true}), "invalid date"}, // in the holidays
		{"timetable.change@1", change(args{"date": "soon", "cancelled": true}), "invalid date"},
		{"timetable.change@1", change(args{"to": args{"date": "2030-01-01", "start": "08:00", "end": "09:00"}}), "invalid to.date"},
		{"timetable.change@1", change(args{"to": args{"date": "2026-11-24", "start": "08:00", "end": "07:00"}}), "invalid to.end"},
		{"timetable.change@1", change(args{"note": strings.Repeat("é", 501)}), "too_large note"},
		{"timetable.change@1", change(args{"id": "other-id", "cancelled": true}), "invalid id"},
		{"timetable.change@1", change(args{"subject": "nope"}), "not_found subject"},
		{"timetable.change@1", args{"id": "extra-0001", "slot": "slot-french", "date": "2026-11-24", "extra": args{"kind": "lesson", "course": "ma5b", "start": "08:00", "end": "09:00"}}, "invalid extra"},
		{"timetable.change@1", args{"id": "extra-0001", "date": "2026-11-24", "extra": args{"kind": "lesson", "course": "ma5b", "weekday": 2, "start": "08:00", "end": "09:00"}}, "invalid extra.weekday"},
		{"timetable.change@1", args{"date": "2026-11-24", "extra": args{"kind": "lesson", "course": "ma5b", "start": "08:00", "end": "09:00"}}, "invalid id"},
		{"timetable.unchange@1", args{"ids": []string{}}, "invalid ids"},
		{"timetable.absence@1", args{"id": "absence-1", "teacher": "ines", "from": "2026-11-24", "until": "2026-11-24"}, "not_found teacher[0]"},
		{"timetable.absence@1", args{"id": "absence-1", "teacher": "garnier", "from": "2026-11-24", "until": "2026-11-23"}, "invalid until"},
		{"timetable.absence@1", args{"id": "absence-1", "teacher": "garnier", "from": "2026-11-24", "until": "2027-03-01"}, "invalid until"},
		{"timetable.absence@1", args{"id": "absence-1", "teacher": "garnier", "from": "2026-11-24", "until": "2026-11-24", "start": "noon"}, "invalid start"},
		{"timetable.calendar@1", args{"holidays": nil}, "invalid holidays"},
		{"timetable.calendar@1", args{"holidays": []directory.Holiday{{Name: "Pont", Start: "2026-05-02", End: "2026-05-01"}}}, "invalid holidays[0].end"},
		{"timetable.calendar@1", args{"holidays": []directory.Holiday{}, "weeksA": []string{"2026-11-24"}}, "invalid weeksA[0]"},
	} {
		r := w.send(c.name, c.args)
		if r == nil {
			t.Errorf("%s %v: accepted", c.name, c.args)
		} else if got := r.Code + " " + r.Field; got != c.want {
			t.Errorf("%s %v: %q, want %q", c.name, c.args, got, c.want)
		}
	}
	if slots, changes := w.ids("class:5b", "slot"), w.ids("class:5b", "change"); len(slots) != 1 || len(changes) != 0 {
		t.Errorf("5e B has %v and %v", slots, changes)
	}
	if r := w.sendAs("garnier", "timetable.slot@1", slots(french()), 0); r == nil || r.Code != "forbidden" {
		t.Errorf("a teacher: %+v", r)
	}
}

// A change of the coming days tells pupils, guardians by the name of the child,
// and the teacher; not who made it, and not before it could be undone.
func TestChangesAreTold(t *testing.T) {
	w := newWorld(t)
	w.do("timetable.slot@1", slots(french()))
	w.do("timetable.change@1", args{"slot": "slot-french", "date": "2026-11-24", "cancelled": true})
	if got := w.titles("ines"); len(got) != 0 {
		t.Errorf("told at once: %v", got)
	}
	w.After(undoTime)
	for user, want := range map[string][]string{
		"ines":    {"Français : cours annulé | mardi 24 novembre, 10 h 05."},
		"nadia":   {"Inès : Français : cours annulé | mardi 24 novembre, 10 h 05."},
		"garnier": {"Français : cours annulé | mardi 24 novembre, 10 h 05."},
		"noe":     {}, "petit": {}, "viard": {},
	} {
		if diff := cmp.Diff(want, w.titles(user)); diff != "" {
			t.Errorf("%s: %s", user, diff)
		}
	}
	// Taking it back later is told as well, in the same line of that day.
	w.After(time.Hour)
	w.do("timetable.unchange@1", args{"ids": []string{"slot-french.2026-11-24"}})
	w.After(undoTime)
	if got := w.titles("malo"); len(got) != 1 || !strings.Contains(got[0], "2 changements") {
		t.Errorf("Malo is told %v", got)
	}
}

// What is undone at once, and what is far away, rings nobody.
func TestQuietChanges(t *testing.T) {
	w := newWorld(t)
	w.do("timetable.slot@1", slots(french()))
	w.do("timetable.change@1", args{"slot": "slot-french", "date": "2026-11-24", "cancelled": true})
	w.do("timetable.unchange@1", args{"ids": []string{"slot-french.2026-11-24"}})
	w.do("timetable.change@1", args{"slot": "slot-french", "date": "2026-12-15", "cancelled": true})
	w.After(time.Hour)
	if got := w.titles("ines"); len(got) != 0 {
		t.Errorf("told %v", got)
	}
}

// Each kind of change has its own words.
func TestWordsOfChanges(t *testing.T) {
	for name, c := range map[string]struct {
		change args
		want   string
	}{
		"moved":    {args{"to": Place{"2026-11-26", "14:20", "15:15"}}, "Français : cours déplacé | mardi 24 novembre, 10 h 05 → jeudi 26 novembre, 14 h 20."},
		"room":     {args{"rooms": []string{"CDI"}, "note": "Apporter le livre."}, "Français : changement de salle | mardi 24 novembre, 10 h 05 : CDI. Apporter le livre."},
		"replaced": {args{"absent": true, "teachers": []directory.Named{{ID: "lopez"}}}, "Français : remplacement | mardi 24 novembre, 10 h 05 : M. Lopez."},
		"subject":  {args{"subject": "ma"}, "Français : remplacement | mardi 24 novembre, 10 h 05 : Mathématiques."},
		"absent":   {args{"absent": true}, "Français : professeur absent | mardi 24 novembre, 10 h 05."},
		"note":     {args{"note": "Contrôle."}, "Français : à savoir | mardi 24 novembre, 10 h 05. Contrôle."},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.do("timetable.slot@1", slots(french()))
			w.do("timetable.change@1", with(c.change, args{"slot": "slot-french", "date": "2026-11-24"}))
			w.After(undoTime)
			if diff := cmp.Diff([]string{c.want}, w.titles("malo")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A substitute of another class gets the lesson of that day, and no longer once
// it is taken back.
func TestSubstitute(t *testing.T) {
	w := newWorld(t)
	w.do("timetable.slot@1", slots(french()))
	w.do("timetable.change@1", args{"slot": "slot-french", "date": "2026-11-24", "teachers": []directory.Named{{ID: "lopez"}}})
	if s, c := w.ids("user:lopez", "slot"), w.ids("user:lopez", "change"); len(s) != 1 || len(c) != 1 {
		t.Errorf("M. Lopez has %v and %v", s, c)
	}
	w.do("timetable.unchange@1", args{"ids": []string{"slot-french.2026-11-24"}})
	if s, c := w.ids("user:lopez", "slot"), w.ids("user:lopez", "change"); len(s)+len(c) != 0 {
		t.Errorf("M. Lopez keeps %v and %v", s, c)
	}
}

// A change is checked like a lesson: its new room, hour and teacher.
func TestChangesOverlap(t *testing.T) {
	w := newWorld(t)
	w.do("timetable.slot@1", slots(french(), with(french(), args{"id": "slot-maths0", "course": "ma5b", "start": "11:00", "end": "11:55", "rooms": []string{"B1"}})))
	move := args{"slot": "slot-french", "date": "2026-11-24", "to": Place{"2026-11-24", "11:30", "12:00"}}
	if r := w.send("timetable.change@1", move); r == nil || r.Code != "overlap" || r.Field != "audiences" {
		t.Fatalf("%+v", r)
	}
	w.do("timetable.change@1", args{"slot": "slot-maths0", "date": "2026-11-24", "cancelled": true})
	w.do("timetable.change@1", move) // the hour is free now
	extra := args{"id": "extra-0001", "date": "2026-11-24", "extra": args{"course": "fr5a", "kind": "lesson", "start": "11:30", "end": "12:00"}}
	if r := w.send("timetable.change@1", extra); r == nil || r.Code != "overlap" || r.Field != "teachers" {
		t.Fatalf("%+v", r)
	}
	w.do("timetable.change@1", with(extra, args{"despite": true}))
	if got := w.ids("class:5a", "change"); len(got) != 1 {
		t.Errorf("5e A has %v", got)
	}
}

// An absence marks the lessons of its hours, cancels none by itself, and takes
// back what it did and nothing else.
func TestAbsence(t *testing.T) {
	w := newWorld(t)
	w.do("timetable.slot@1", slots(
		french(),
		with(french(), args{"id": "slot-french5a", "course": "fr5a", "weekday": 3, "rooms": nil}),
		with(french(), args{"id": "slot-maths0", "course": "ma5b", "weekday": 3, "rooms": nil}),
	))
	w.do("timetable.change@1", args{"slot": "slot-french", "date": "2026-11-24", "rooms": []string{"CDI"}})
	away := args{"id": "absence-1", "teacher": "garnier", "from": "2026-11-24", "until": "2026-11-25", "end": "10:05"}
	w.do("timetable.absence@1", away)
	w.do("timetable.absence@1", away) // twice is once
	if diff := cmp.Diff([]string{"slot-french.2026-11-24"}, w.ids(home, "change")); diff != "" {
		t.Error(diff)
	}
	var c Change
	recs, err := w.Engine.Find(t.Context(), "class:5b", storage.Key{Type: "change", ID: "slot-french.2026-11-24"})
	must(t, err)
	must(t, json.Unmarshal(recs[0].Value, &c))
	if !c.Absent || c.Cancelled || len(c.Rooms) != 1 {
		t.Errorf("%+v", c)
	}
	w.do("timetable.unabsence@1", args{"id": "absence-1"})
	w.do("timetable.absence@1", with(away, args{"id": "absence-2", "end": "", "cancels": true}))
	if got := w.ids(home, "change"); len(got) != 2 {
		t.Errorf("%v", got)
	}
	w.do("timetable.unabsence@1", args{"id": "absence-2"})
	w.do("timetable.unabsence@1", args{"id": "absence-2"})
	if diff := cmp.Diff([]string{"slot-french.2026-11-24"}, w.ids(home, "change")); diff != "" {
		t.Error(diff)
	}
	if got := w.ids("class:5a", "change"); len(got) != 0 {
		t.Errorf("5e A keeps %v", got)
	}
}

// Two who change one lesson do not overwrite each other unseen.
func TestChangeOnAnOldView(t *testing.T) {
	w := newWorld(t)
	w.do("timetable.slot@1", slots(french()))
	cancel := args{"slot": "slot-french", "date": "2026-11-24", "cancelled": true}
	w.do("timetable.change@1", cancel)
	w.do("timetable.change@1", with(cancel, args{"note": "Sortie"}))
	if r := w.sendAs("lopez", "timetable.change@1", with(cancel, args{"note": "Autre"}), 2); r == nil || r.Code != "conflict" {
		t.Errorf("on an old view: %+v", r)
	}
	if r := w.sendAs("viard", "timetable.change@1", cancel, 1); r != nil {
		t.Errorf("one's own changes are no conflict: %+v", r)
	}
}

// The calendar reaches the whole school.
func TestCalendar(t *testing.T) {
	w := newWorld(t)
	w.do("timetable.calendar@1", args{"holidays": []directory.Holiday{{Name: "Pont", Start: "2026-11-24", End: "2026-11-24"}}, "weeksA": []string{"2026-11-23"}})
	if got := w.ids("school:x", "calendar"); len(got) != 1 {
		t.Errorf("the school has %v", got)
	}
	w.do("timetable.slot@1", slots(french()))
	if r := w.send("timetable.change@1", args{"slot": "slot-french", "date": "2026-11-24", "cancelled": true}); r == nil || r.Field != "date" {
		t.Errorf("a lesson on a day off: %+v", r)
	}
}

// The feed is a calendar that another program reads; it is refused to others,
// and once it was closed.
func TestFeed(t *testing.T) {
	w := newWorld(t)
	w.do("timetable.slot@1", slots(
		with(french(), args{"title": "Français ; théâtre, " + strings.Repeat("très long ", 8)}),
		with(french(), args{"id": "slot-latin0", "course": "la5", "weekday": 4, "rooms": nil}),
		with(french(), args{"id": "slot-maths0", "course": "ma5b", "start": "14:20", "end": "15:15", "rooms": nil}),
	))
	w.do("timetable.change@1", args{"slot": "slot-maths0", "date": "2026-11-24", "cancelled": true, "note": "Sortie"})
	w.do("timetable.change@1", args{"slot": "slot-french", "date": "2026-11-24", "to": Place{"2026-11-25", "08:00", "08:55"}})
	nadia := psync.Actor{School: "x", User: "nadia"}
	token, err := w.table.OpenFeed(t.Context(), nadia)
	must(t, err)
	events := feedOf(t, w, token)
	for uid, want := range map[string]string{
		// Winter and summer time; the moved lesson stands where it is now.
		"slot-maths0.2026-11-24-Inès-x@preau": "20261124T132000Z CANCELLED Annulé : Inès : Mathématiques",
		"slot-french.2026-11-24-Inès-x@preau": "20261125T070000Z CONFIRMED Inès : Français ; théâtre, très",
		"slot-latin0.2027-04-15-Noé-x@preau":  "20270415T080500Z CONFIRMED Noé : Latin",
		"slot-latin0.2026-11-26-Inès-x@preau": "20261126T090500Z CONFIRMED Inès : Latin",
	} {
		got := events[uid]
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s is %q, want %q", uid, got, want)
		}
	}
	if _, there := events["slot-latin0.2026-12-24-Inès-x@preau"]; there {
		t.Error("there is Latin in the holidays")
	}
	again, err := w.table.Feed(t.Context(), token)
	must(t, err)
	same, err := w.table.Feed(t.Context(), token)
	must(t, err)
	if !bytes.Equal(again, same) {
		t.Error("the same timetable makes two files")
	}
	for _, wrong := range []string{"", "nadia", "nadia.", token + "x", "ines." + strings.TrimPrefix(token, "nadia."), "../x." + token, strings.Repeat("a", 500)} {
		if _, err := w.table.Feed(t.Context(), wrong); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	newer, err := w.table.OpenFeed(t.Context(), nadia)
	must(t, err)
	if _, err := w.table.Feed(t.Context(), token); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("the old address: %v", err)
	}
	must(t, w.table.CloseFeed(t.Context(), nadia))
	if _, err := w.table.Feed(t.Context(), newer); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("the closed address: %v", err)
	}
}

// A feed speaks the language that its person reads.
func TestFeedSpeaksTheLanguage(t *testing.T) {
	w := newWorld(t)
	w.do("timetable.slot@1", slots(french(), with(french(), args{"id": "slot-study0", "course": "", "kind": "permanence", "audiences": []string{"class:5b"}, "start": "14:00", "end": "15:00"})))
	w.do("timetable.change@1", args{"slot": "slot-french", "date": "2026-11-24", "cancelled": true})
	nadia := psync.Actor{School: "x", User: "nadia"}
	token, err := w.table.OpenFeed(t.Context(), nadia)
	must(t, err)
	_, err = w.Engine.Commit(t.Context(), nadia, "user:nadia", func(_ context.Context, tx *psync.Tx) error {
		tx.Put("settings", "settings", map[string]string{"lang": "en"})
		return nil
	})
	must(t, err)
	events := feedOf(t, w, token)
	for uid, want := range map[string]string{
		"slot-french.2026-11-24-Inès-x@preau": "Cancelled: Inès: Français",
		"slot-study0.2026-11-24-Inès-x@preau": "Inès: Supervised study",
	} {
		if !strings.HasSuffix(events[uid], want) {
			t.Errorf("%s is %q, want %q", uid, events[uid], want)
		}
	}
}

// feedOf reads a feed as another program does: "start status summary", by UID.
func feedOf(t *testing.T, w *world, token string) map[string]string {
	t.Helper()
	raw, err := w.table.Feed(t.Context(), token)
	must(t, err)
	for line := range bytes.SplitSeq(bytes.TrimSuffix(raw, []byte("\r\n")), []byte("\r\n")) {
		if len(line) > 75 || bytes.ContainsAny(line, "\r\n") {
			t.Errorf("a line of %d bytes: %s", len(line), line)
		}
	}
	cal, err := ical.NewDecoder(bytes.NewReader(raw)).Decode()
	must(t, err)
	events := map[string]string{}
	for _, e := range cal.Events() {
		uid, err := e.Props.Text(ical.PropUID)
		must(t, err)
		if events[uid] != "" {
			t.Errorf("%s is there twice", uid)
		}
		summary, err := e.Props.Text(ical.PropSummary)
		must(t, err)
		status, err := e.Status()
		must(t, err)
		start, err := e.DateTimeStart(time.UTC)
		must(t, err)
		events[uid] = start.UTC().Format("20060102T150405Z") + " " + string(status) + " " + summary
	}
	return events
}

// A teacher's feed has the lessons of all classes; a substitute's that of the
// day.
func TestFeedOfTeachers(t *testing.T) {
	w := newWorld(t)
	w.do("timetable.slot@1", slots(french(), with(french(), args{"id": "slot-french5a", "course": "fr5a", "weekday": 3, "rooms": nil})))
	w.do("timetable.change@1", args{"slot": "slot-french", "date": "2026-11-24", "teachers": []directory.Named{{ID: "lopez"}}})
	count := func(user string) (n int) {
		token, err := w.table.OpenFeed(t.Context(), psync.Actor{School: "x", User: user})
		must(t, err)
		for uid := range feedOf(t, w, token) {
			if strings.HasPrefix(uid, "slot-") {
				n++
			}
		}
		return n
	}
	if n := count("lopez"); n != 1 {
		t.Errorf("M. Lopez has %d lessons", n)
	}
	if n := count("garnier"); n < 40 {
		t.Errorf("Mme Garnier has %d lessons", n)
	}
	if n := count("viard"); n != 0 {
		t.Errorf("vie scolaire has %d lessons", n)
	}
}
