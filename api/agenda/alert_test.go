package agenda_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preau/api/areatest"
)

// An event of the coming days is told once, after two minutes, to all whom it
// concerns but its author.
func TestToldOnce(t *testing.T) {
	for _, c := range []struct {
		user, scope string
		told        []string
	}{
		{"viard", "school:x", []string{"garnier", "ines", "karim", "lucie", "malo", "nadia", "noe", "petit", "roussel", "tom", "zoe"}},
		{"garnier", "class:5b", []string{"ines", "karim", "malo", "nadia", "petit", "tom", "zoe"}},
		{"viard", "group:latin", []string{"garnier", "ines", "karim", "nadia", "noe"}},
		{"petit", "class:5b/staff", []string{"garnier", "roussel", "viard"}},
		{"ines", "user:ines", nil},
	} {
		w := newWorld(t)
		w.Must(put(c.user, c.scope, meeting(nil)))
		w.After(time.Minute)
		w.Must(put(c.user, c.scope, meeting(areatest.Args{"title": "Réunion de rentrée"})))
		w.After(90 * time.Second)
		var told []string
		for _, user := range areatest.Everybody {
			if n := len(w.Told(user, "agenda.")); n > 1 {
				t.Errorf("%s is told %d times", user, n)
			} else if n == 1 {
				told = append(told, user)
			}
		}
		if diff := cmp.Diff(c.told, told); diff != "" {
			t.Errorf("%s: %s", c.scope, diff)
		}
	}
}

// What becomes of an event is told in a line, as it is by then.
func TestNews(t *testing.T) {
	moved := meeting(areatest.Args{"start": "2026-11-27T18:00", "end": "2026-11-27T19:00"})
	cancel := func(on bool) areatest.Act {
		return act("garnier", "class:5b", "cancel", areatest.Args{"id": "event-01", "cancelled": on})
	}
	remove := act("garnier", "class:5b", "remove", areatest.Args{"id": "event-01"})
	restore := act("garnier", "class:5b", "restore", areatest.Args{"id": "event-01"})
	for name, c := range map[string]struct {
		first areatest.Args
		then  []areatest.Act
		want  []string
	}{
		"moved":             {meeting(nil), []areatest.Act{put("garnier", "class:5b", moved)}, []string{"Changement à l’agenda"}},
		"another text":      {meeting(nil), []areatest.Act{put("garnier", "class:5b", meeting(areatest.Args{"text": "T"}))}, []string{}},
		"moved twice":       {meeting(nil), []areatest.Act{put("garnier", "class:5b", moved), put("garnier", "class:5b", meeting(nil))}, []string{"Changement à l’agenda"}},
		"cancelled":         {meeting(nil), []areatest.Act{cancel(true)}, []string{"Annulé à l’agenda"}},
		"a slip":            {meeting(nil), []areatest.Act{cancel(true), cancel(false)}, []string{}},
		"taken out":         {meeting(nil), []areatest.Act{remove}, []string{"Annulé à l’agenda"}},
		"taken out, undone": {meeting(nil), []areatest.Act{remove, restore}, []string{}},
		"far away": {
			meeting(areatest.Args{"start": "2026-12-26", "end": "2026-12-27"}), []areatest.Act{cancel(true)}, []string{},
		},
		"put off": {
			meeting(nil),
			[]areatest.Act{put("garnier", "class:5b", meeting(areatest.Args{"start": "2026-12-26", "end": "2026-12-27"}))},
			[]string{"Changement à l’agenda"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.Must(put("garnier", "class:5b", c.first))
			w.After(3 * time.Minute)
			for _, r := range w.Find("user:malo", "notice", "") {
				w.Must(areatest.Act{User: "malo", Scope: "user:malo", Name: "notice.dismiss@1", Args: areatest.Args{"ids": []string{r.ID}}})
			}
			for _, a := range c.then {
				w.Must(a)
				w.After(time.Second)
			}
			w.After(3 * time.Minute)
			if diff := cmp.Diff(c.want, w.Told("malo", "agenda.")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Before anybody is told, an event may be taken out or cancelled in silence.
func TestSlips(t *testing.T) {
	for _, name := range []string{"cancel", "remove"} {
		w := newWorld(t)
		w.Must(put("garnier", "class:5b", meeting(nil)))
		args := areatest.Args{"id": "event-01"}
		if name == "cancel" {
			args["cancelled"] = true
		}
		w.Must(act("garnier", "class:5b", name, args))
		w.After(time.Hour)
		if got := w.Told("malo", ""); len(got) > 0 {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// A guardian of several children is told whom it concerns; one day is one line.
func TestFamilyIsTold(t *testing.T) {
	w := newWorld(t)
	w.Must(put("garnier", "class:5b", meeting(nil)))
	w.Must(put("garnier", "group:latin", meeting(areatest.Args{"id": "event-latin", "title": "Sortie"})))
	w.After(3 * time.Minute)
	if diff := cmp.Diff([]string{"2 nouveautés à l’agenda, jeudi 26 novembre"}, w.Told("karim", "agenda.")); diff != "" {
		t.Error(diff)
	}
	w.Must(put("garnier", "class:5a", meeting(areatest.Args{"id": "event-5a"})))
	w.After(3 * time.Minute)
	if got := w.Told("nadia", "agenda."); !slices.Contains(got, "Noé : Nouveau à l’agenda") {
		t.Errorf("%q", got)
	}
}

// P9: the events of a person stand in their feed beside the lessons.
func TestFeed(t *testing.T) {
	w := newWorld(t)
	w.Must(put("garnier", "class:5b", weekly(areatest.Args{"link": "https://visio.example/5b?x=1,2", "text": "Salle de musique; bas"})))
	w.Must(put("viard", "school:x", meeting(areatest.Args{"id": "event-open", "title": "Portes ouvertes", "start": "2026-12-04", "end": "2026-12-05"})))
	w.Must(put("ines", "user:ines", meeting(areatest.Args{"id": "event-own", "title": "Dentiste"})))
	w.Must(put("petit", "class:5b/staff", meeting(areatest.Args{"id": "event-team", "title": "Conseil"})))
	w.After(3 * time.Minute)
	w.Must(act("garnier", "class:5b", "cancel", areatest.Args{"id": "event-02", "day": "2026-12-08", "cancelled": true}))
	token, err := w.timetable.OpenFeed(t.Context(), areatest.Person("ines"))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := w.timetable.Feed(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	events := decode(t, raw)
	got := map[string]string{}
	for _, e := range events {
		if e["CATEGORIES"] == "Agenda" {
			got[e["UID"]] = e["SUMMARY"] + " " + e["DTSTART"] + " " + e["STATUS"] + " " + e["URL"]
		}
	}
	if diff := cmp.Diff(11-2+2, len(got)); diff != "" {
		t.Errorf("%d events: %v", len(got), got)
	}
	for uid, want := range map[string]string{
		"event-02-2026-12-01@preau": "Chorale 20261201T113000Z CONFIRMED https://visio.example/5b?x=1,2",
		"event-02-2026-12-08@preau": "Annulé : Chorale 20261208T113000Z CANCELLED https://visio.example/5b?x=1,2",
		"event-open@preau":          "Portes ouvertes 20261204 CONFIRMED ",
		"event-own@preau":           "Dentiste 20261126T170000Z CONFIRMED ",
	} {
		if got[uid] != want {
			t.Errorf("%s: %q, want %q", uid, got[uid], want)
		}
	}
}
