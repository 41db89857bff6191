package api_test

import (
	"context"
	"strings"
	"testing"

	"preau/api/directory"
	"preau/api/lsu"
	"preau/api/lsu/export"
	psync "preau/sync"
)

// deck gives the cards of 5e B for the first trimester.
type deck struct{}

func (deck) Published(_ context.Context, school, class, period string) (export.Deck, error) {
	if school != "collard" || class != "5b" || period != "t1" {
		return export.Deck{}, psync.Refuse("not_found", "period", "no cards")
	}
	card := func(student string) export.Card {
		return export.Card{Student: student, Published: morning(), Advice: "Un bon trimestre.", Lines: []export.Line{
			{Subject: "francais", Teachers: []string{"garnier"}, Average: "15.5", Class: "12", Appraisal: "SECRET-COPY"},
		}}
	}
	return export.Deck{
		Period: lsu.Period{Index: 1, Count: 3}, Council: "2026-12-01",
		Cards: []export.Card{card("ines"), card("malik")},
	}, nil
}

// The direction gets a file to keep, or reads what is missing for it (P8).
func TestFileForTheLivret(t *testing.T) {
	w := newWorld(t)
	direction := w.as("direction")
	got := direction.send("GET", "/api/lsu?class=5b&period=t1", "")
	if got.StatusCode != 200 || got.Header.Get("Content-Type") != "application/xml; charset=utf-8" ||
		got.Header.Get("Content-Disposition") != `attachment; filename="LSU 5e B.xml"; filename*=UTF-8''LSU%205e%20B.xml` ||
		got.Header.Get("Cache-Control") != "no-store" || strings.Count(got.text, "<bilan-periodique ") != 2 {
		t.Errorf("%d %v\n%s", got.StatusCode, got.Header, got.text)
	}
	direction.send("GET", "/api/lsu?class=6a&period=t1", "").want(t, 404, "not_found")
	direction.send("GET", "/api/lsu?class=5b&period=t2", "").want(t, 404, "not_found")
	direction.send("GET", "/api/lsu", "").want(t, 404, "not_found")

	malik, _ := w.directory.Person("malik")
	malik.Number = 0
	check(t, w.directory.Apply(t.Context(), psync.Actor{}, "collard", []directory.Put{{ID: "malik", Record: malik}}))
	got = direction.send("GET", "/api/lsu?class=5b&period=t1", "")
	got.want(t, 409, "incomplete")
	if !strings.Contains(got.text, `"id":"malik","name":"Malik Oury","class":"5e B","field":"number"`) ||
		!strings.Contains(got.text, "Malik Oury (5e B) : le numéro de l’élève dans SIECLE (ELEVE_ID) manque.") {
		t.Error(got.text)
	}
	got = direction.send("GET", "/api/lsu?class=5b&period=t1&partial=1", "")
	if got.StatusCode != 200 || strings.Contains(got.text, "Oury") || !strings.Contains(got.text, "Benali") {
		t.Errorf("%d %s", got.StatusCode, got.text)
	}
}
