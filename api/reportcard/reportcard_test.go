package reportcard_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preau/api/areatest"
	"preau/api/attendance"
	"preau/api/directory"
	"preau/api/reportcard"
)

// What a teacher writes and what marks come to are with the council at once
// (P8).
func TestCouncilSeesCourses(t *testing.T) {
	w := newWorld(t)
	w.marked("garnier", "fr5b", "assess-fr-01", map[string]string{"ines": "15", "malo": "12", "tom": "8", "zoe": "A"})
	w.Must(appraise("garnier", "fr5b", "ines", "Bon trimestre.", ""))
	got := w.proof("ines")
	want := reportcard.Line{Average: "15", Exact: "15/1", Text: "Bon trimestre.", By: &directory.Named{ID: "garnier", Name: "Mme Garnier"}}
	if diff := cmp.Diff(want, got.Lines["fr5b"]); diff != "" {
		t.Error(diff)
	}
	if got.First != "Inès" || got.Last != "Benali" {
		t.Errorf("the proof is of %s %s", got.First, got.Last)
	}
	col := areatest.Get[reportcard.Column](w.World, "council:5b", "column", term+".fr5b")
	if col.Figures == nil || col.Figures.Min != "8" || col.Figures.Max != "15" {
		t.Errorf("the council sees %+v", col.Figures)
	}
	if col.Shown == nil || col.Shown.Min != "" || col.Shown.Average == "" {
		t.Errorf("families shall see %+v", col.Shown)
	}
	if line := w.proof("zoe").Lines["fr5b"]; line.Average != "A" || line.Exact != "" {
		t.Errorf("an average of absences is %+v", line)
	}
	w.Must(areatest.Act{User: "garnier", Scope: "course:fr5b", Name: "reportcard.program@1", Args: areatest.Args{
		"period": term, "elements": []string{"Le conte"},
	}})
	col = areatest.Get[reportcard.Column](w.World, "council:5b", "column", term+".fr5b")
	if !slices.Equal(col.Elements, []string{"Le conte"}) {
		t.Errorf("elements %q", col.Elements)
	}
}

// A group's course goes to the council of each pupil's class.
func TestCouncilSeesGroups(t *testing.T) {
	w := newWorld(t)
	w.Must(appraise("garnier", "la5", "ines", "Latin : bien.", ""))
	w.Must(appraise("garnier", "la5", "noe", "Latin : à revoir.", ""))
	if got := w.proof("ines").Lines["la5"].Text; got != "Latin : bien." {
		t.Errorf("the council of 5e B reads %q", got)
	}
	noe := areatest.Get[reportcard.Proof](w.World, "council:5a", "proof", term+".noe")
	if got := noe.Lines["la5"].Text; got != "Latin : à revoir." {
		t.Errorf("the council of 5e A reads %q", got)
	}
	if w.Has("council:5a", "proof", term+".ines") {
		t.Error("the council of 5e A has a pupil of 5e B")
	}
}

// Two teachers who did not see each other's text: both are kept until one
// chooses.
func TestTwoTextsAreKept(t *testing.T) {
	w := newWorld(t)
	w.Apply(directory.Put{ID: "second", Record: directory.Teaching{Course: "fr5b", Teacher: "petit"}})
	w.Must(appraise("garnier", "fr5b", "ines", "Bien.", ""))
	w.Must(appraise("petit", "fr5b", "ines", "Très bien.", ""))
	read := func() reportcard.Appraisal {
		return areatest.Get[reportcard.Appraisal](w.World, "course:fr5b", "appraisal", term+".ines")
	}
	if a := read(); a.Text != "Bien." || len(a.Rivals) != 1 || a.Rivals[0].Text != "Très bien." {
		t.Fatalf("kept %+v", a)
	}
	if got := w.proof("ines").Lines["fr5b"].Rivals; got != 1 {
		t.Errorf("the council is told of %d others", got)
	}
	w.Must(appraise("garnier", "fr5b", "ines", "Très bien.", "Bien."))
	if a := read(); a.Text != "Très bien." || len(a.Rivals) != 0 {
		t.Errorf("chosen %+v", a)
	}
}

// Nothing is with the family before the cards are out, and what comes out does
// not change with the marks (P31).
func TestPublishedCardsStand(t *testing.T) {
	w := filled(t)
	w.Must(conclude("garnier", "ines", "Un trimestre solide.", "compliments"))
	if who := w.Sees("card", "solide"); who != nil {
		t.Fatalf("before the council %q read a card", who)
	}
	w.Must(publish("roussel", false))
	card := w.card("ines")
	if card.Version != 1 || card.Text != "Un trimestre solide." || card.Mention == nil || card.Mention.ID != "compliments" {
		t.Errorf("the card says %+v", card)
	}
	if card.General == nil || card.General.Average != "14.5" || card.General.Class == "" {
		t.Errorf("the general average is %+v", card.General)
	}
	if len(card.Guardians) > 0 {
		t.Error("the card of a family lists its readers")
	}
	if s := card.Subjects[0]; s.Name != "Français" || s.Average != "15" || s.Class.Min != "" {
		t.Errorf("the first subject is %+v", s)
	}
	w.Must(areatest.Act{User: "garnier", Scope: "course:fr5b", Name: "grades.enter@1", Args: areatest.Args{
		"assessment": "assess-fr-01", "cells": []areatest.Args{{"student": "ines", "value": "4", "was": "15"}},
	}})
	if w.proof("ines").Lines["fr5b"].Average != "4" {
		t.Error("the council does not see the changed mark")
	}
	if diff := cmp.Diff(card, w.card("ines")); diff != "" {
		t.Errorf("a card changed with a mark: %s", diff)
	}
	council := areatest.Get[reportcard.Council](w.World, "school:x", "council", term+".5b")
	if council.PublishedAt.IsZero() {
		t.Error("the school does not say that the cards are out")
	}
}

// A correction is another version, for those whom it concerns alone; they are
// told.
func TestCorrections(t *testing.T) {
	w := filled(t)
	w.Must(publish("roussel", false))
	w.Must(publish("roussel", false))
	if v := w.card("ines").Version; v != 1 {
		t.Fatalf("publishing the same again makes version %d", v)
	}
	w.Must(conclude("roussel", "ines", "Corrigé.", ""))
	w.After(time.Hour)
	w.Must(publish("roussel", false))
	ines, malo := w.card("ines"), w.card("malo")
	if ines.Version != 2 || ines.Text != "Corrigé." || !ines.First.Before(ines.At) {
		t.Errorf("the corrected card is %+v", ines)
	}
	if malo.Version != 1 {
		t.Error("a card that says the same has another version")
	}
	want := []string{"Bulletin corrigé : Trimestre", "Bulletin en ligne : Trimestre"}
	for who, told := range map[string][]string{"karim": want, "ines": want, "tom": want[1:], "lucie": {}} {
		got := w.Told(who, "reportcard")
		slices.Sort(got)
		if diff := cmp.Diff(told, got); diff != "" {
			t.Errorf("%s: %s", who, diff)
		}
	}
}

// Figures of the class that the school hides are in no card.
func TestHiddenFiguresAreNotSent(t *testing.T) {
	w := filled(t)
	w.Must(areatest.Act{User: "roussel", Scope: "school:x", Name: "grades.policy@1", Args: areatest.Args{"average": false, "general": false, "window": 10}})
	w.Must(publish("roussel", false))
	card := w.card("ines")
	if card.General != nil {
		t.Errorf("a hidden general average is %+v", card.General)
	}
	for _, s := range card.Subjects {
		if s.Class != nil {
			t.Errorf("hidden figures of %s: %+v", s.Name, s.Class)
		}
	}
}

// What a pupil missed is counted when the card comes out.
func TestCardCountsAbsences(t *testing.T) {
	w := filled(t)
	w.Must(areatest.Act{User: "viard", Scope: "office:x", Name: "attendance.record@1", Args: areatest.Args{
		"id": "record-0001", "student": "ines", "kind": "absence", "from": "2026-11-17T08:00", "to": "2026-11-17T12:00",
	}})
	w.Must(publish("roussel", false))
	want := attendance.Totals{HalfDaysUnjustified: 1, HoursMissed: 4}
	if diff := cmp.Diff(want, w.card("ines").Life); diff != "" {
		t.Error(diff)
	}
	w.Must(areatest.Act{User: "garnier", Scope: "council:5b", Name: "reportcard.refresh@1", Args: areatest.Args{"period": term}})
	if life := w.proof("ines").Life; life == nil || *life != want {
		t.Errorf("the council sees %+v", life)
	}
}

// Each guardian takes note for themselves; the council sees who did.
func TestAcknowledgement(t *testing.T) {
	w := filled(t)
	w.Must(publish("roussel", false))
	note := func(user, student string, version int) areatest.Act {
		return areatest.Act{User: user, Scope: "student:" + student, Name: "reportcard.acknowledge@1", Args: areatest.Args{"period": term, "version": version}}
	}
	w.Must(note("karim", "ines", 1))
	w.Must(note("karim", "ines", 1))
	w.Want("not_found period", note("nadia", "ines", 2))
	w.Want("not_found period", note("nadia", "noe", 1))
	w.Want("forbidden", note("ines", "ines", 1))
	w.Want("forbidden scope", note("lucie", "malo", 1))
	w.Want("forbidden", note("roussel", "ines", 1))
	seen := w.Find("council:5b", "cardseen", "")
	if len(seen) != 1 || seen[0].ID != term+".ines.karim" || !strings.Contains(string(seen[0].Value), "Karim") && !strings.Contains(string(seen[0].Value), "M. Benali") {
		t.Errorf("the council sees %v", seen)
	}
}

// What is refused changes nothing.
func TestRefusals(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("é", 401)
	with := func(a areatest.Act, key string, v any) areatest.Act {
		args := areatest.Args{}
		maps.Copy(args, a.Args.(areatest.Args))
		args[key] = v
		a.Args = args
		return a
	}
	council := areatest.Act{User: "roussel", Scope: "school:x", Name: "reportcard.council@1", Args: areatest.Args{"class": "5b", "period": term, "until": ""}}
	rules := areatest.Act{User: "roussel", Scope: "school:x", Name: "reportcard.rules@1", Args: areatest.Args{"limit": 300, "overall": 600, "mentions": []areatest.Args{{"id": "honours"}}}}
	program := areatest.Act{User: "garnier", Scope: "course:fr5b", Name: "reportcard.program@1", Args: areatest.Args{"period": term, "elements": []string{}}}
	for name, c := range map[string]struct {
		want string
		act  areatest.Act
	}{
		"an appraisal that is too long":     {"too_large text", appraise("garnier", "fr5b", "ines", long, "")},
		"a control character":               {"invalid text", appraise("garnier", "fr5b", "ines", "a\x00b", "")},
		"a pupil of another class":          {"not_found student", appraise("garnier", "fr5b", "noe", "Bien.", "")},
		"a teacher of another course":       {"forbidden scope", appraise("petit", "fr5b", "ines", "Bien.", "")},
		"a pupil who appraises":             {"forbidden scope", appraise("ines", "fr5b", "ines", "Bien.", "")},
		"the direction in a course":         {"forbidden scope", appraise("roussel", "fr5b", "ines", "Bien.", "")},
		"a period that is none":             {"not_found period", with(appraise("garnier", "fr5b", "ines", "Bien.", ""), "period", "period-0009")},
		"too many elements":                 {"too_large elements", with(program, "elements", slices.Repeat([]string{"x"}, 21))},
		"an empty element":                  {"invalid elements[0]", with(program, "elements", []string{""})},
		"a mention that is none":            {"invalid mention", conclude("garnier", "ines", "", "bravo")},
		"a teacher who is not the main one": {"forbidden", conclude("petit", "ines", "", "")},
		"vie scolaire that concludes":       {"forbidden", conclude("viard", "ines", "", "")},
		"a council of a pupil elsewhere":    {"not_found student", conclude("garnier", "noe", "", "")},
		"a conclusion that is too long":     {"too_large text", conclude("garnier", "ines", strings.Repeat("x", 601), "")},
		"a decision that is too long":       {"too_large decision", with(conclude("garnier", "ines", "", ""), "decision", strings.Repeat("x", 201))},
		"a main teacher who publishes":      {"forbidden", publish("garnier", false)},
		"cards before any council":          {"before_council early", publish("roussel", false)},
		"a council of a group":              {"not_found class", with(council, "class", "latin")},
		"a last day before the period":      {"invalid until", with(council, "until", "2026-08-01")},
		"a last day that is none":           {"invalid until", with(council, "until", "tomorrow")},
		"a teacher who dates a council":     {"forbidden", areatest.Act{User: "garnier", Scope: "school:x", Name: council.Name, Args: council.Args}},
		"a limit of nothing":                {"invalid limit", with(rules, "limit", 0)},
		"a mention twice":                   {"invalid mentions[1].id", with(rules, "mentions", []areatest.Args{{"id": "honours"}, {"id": "honours"}})},
		"a mention without a name":          {"invalid mentions[0].label", with(rules, "mentions", []areatest.Args{{"id": "bravo"}})},
		"a council of a class that is none": {"forbidden scope", areatest.Act{User: "roussel", Scope: "council:9z", Name: "reportcard.publish@1", Args: publish("roussel", true).Args}},
		"a publication without its period":  {"not_found period", with(publish("roussel", true), "period", "")},
		"an acknowledgement of nothing":     {"not_found period", areatest.Act{User: "nadia", Scope: "student:ines", Name: "reportcard.acknowledge@1", Args: areatest.Args{"period": term, "version": 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := w.Do(c.act); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
	for scope, types := range map[string][]string{"course:fr5b": {"appraisal", "program"}, "council:5b": {"summary", "card"}, "school:x": {"council", "cards"}} {
		for _, typ := range types {
			if recs := w.Find(scope, typ, ""); len(recs) > 0 {
				t.Errorf("%s has %s %s", scope, typ, recs[0].ID)
			}
		}
	}
}

// After the last day, once the cards are out, and in a closed period teachers
// write no more.
func TestClosing(t *testing.T) {
	w := newWorld(t)
	write := appraise("garnier", "fr5b", "ines", "Bien.", "")
	w.dated("2026-12-03", "2026-11-23")
	w.Must(write)
	w.After(24 * time.Hour)
	w.Want("cards_closed period", appraise("garnier", "fr5b", "ines", "Mieux.", "Bien."))
	w.Must(conclude("garnier", "ines", "Bon trimestre.", ""))
	w.dated("2026-12-03", "")
	w.Must(appraise("garnier", "fr5b", "ines", "Mieux.", "Bien."))
	w.Want("before_council early", publish("roussel", false))
	w.Must(publish("roussel", true))
	w.Want("cards_closed period", appraise("garnier", "fr5b", "ines", "Bien.", "Mieux."))
	w.Must(areatest.Act{User: "roussel", Scope: "school:x", Name: "grades.period@1", Args: areatest.Args{
		"id": term, "name": "Trimestre", "kind": "trimester", "start": "2026-09-01", "end": "2026-11-30", "seals": areatest.Args{"appraisals": "2026-11-24"},
	}})
	w.Must(appraise("garnier", "fr5b", "malo", "Bien.", "")) // until the last day of the period
	w.dated("2026-12-03", "2026-12-05")                      // opened again, to be corrected
	w.Must(appraise("garnier", "fr5b", "ines", "Bien.", "Mieux."))
	w.Must(areatest.Act{User: "roussel", Scope: "school:x", Name: "grades.period@1", Args: areatest.Args{
		"id": term, "name": "Trimestre", "kind": "trimester", "start": "2026-09-01", "end": "2026-11-30", "closed": true,
	}})
	w.Want("period_closed period", appraise("garnier", "fr5b", "ines", "Mieux.", "Bien."))
	w.Want("period_closed period", conclude("roussel", "ines", "Autre.", ""))
	w.Must(publish("roussel", true))
	if v := w.card("ines").Version; v != 2 {
		t.Errorf("the corrected card is version %d", v)
	}
}

// Somebody else's conclusion is not written over unseen.
func TestConclusionsDoNotOverwrite(t *testing.T) {
	w := newWorld(t)
	first := w.Send(conclude("garnier", "ines", "Bien.", ""))
	w.Must(conclude("roussel", "ines", "Très bien.", "honours"))
	later := conclude("garnier", "ines", "Assez bien.", "")
	later.Base = first.Seq
	w.Want("conflict", later)
	if got := areatest.Get[reportcard.Summary](w.World, "council:5b", "summary", term+".ines"); got.Text != "Très bien." {
		t.Errorf("the council says %q", got.Text)
	}
}

// Everybody who reads what a council sees.
func TestWhoSeesWhat(t *testing.T) {
	w := filled(t)
	w.Must(publish("roussel", false))
	for typ, want := range map[string][]string{
		"proof":   {"garnier", "petit", "roussel", "viard"},
		"summary": nil,
		"card":    {"garnier", "ines", "karim", "malo", "nadia", "petit", "roussel", "tom", "viard", "zoe"},
	} {
		if got := w.Sees(typ, ""); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", typ, got, want)
		}
	}
	if got := w.Sees("card", "Le Goff"); !slices.Equal(got, []string{"garnier", "malo", "petit", "roussel", "viard"}) {
		t.Errorf("the card of Malo is read by %q", got)
	}
}

// What a school's export reads is what came out, by name.
func TestCards(t *testing.T) {
	w := filled(t)
	if cards, err := w.cards.Cards(t.Context(), "5b", term); err != nil || len(cards) > 0 {
		t.Fatalf("before they are out there are %d cards, %v", len(cards), err)
	}
	w.Must(publish("roussel", false))
	cards, err := w.cards.Cards(t.Context(), "5b", term)
	if err != nil {
		t.Fatal(err)
	}
	var who []string
	for _, c := range cards {
		who = append(who, c.Student)
	}
	if !slices.Equal(who, []string{"ines", "zoe", "malo", "tom"}) {
		t.Errorf("cards of %q", who)
	}
	if cards[0].Guardians == nil {
		t.Error("the school's card does not say who shall read it")
	}
	if _, err := json.Marshal(cards); err != nil {
		t.Error(err)
	}
}
