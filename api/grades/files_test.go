package grades_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"preau/api/areatest"
)

func inFrench(name string, a args) areatest.Act {
	return areatest.Act{User: "garnier", Scope: "course:fr5b", Name: "grades." + name + "@1", Args: a}
}

func dictation(more args) args {
	a := args{
		"id": "assessment-1", "title": "Dictée", "date": "2026-11-20", "type": "test", "coefficient": "1", "outOf": "20",
		"papers": []args{}, "corrections": []args{},
	}
	maps.Copy(a, more)
	return a
}

// The subject and the correction of an assessment are the teachers' alone
// until the mark is published: then the pupil's, and the guardians' from their
// own date on. Who has no mark gets neither (P5).
func TestWhoReadsTheFilesOfAnAssessment(t *testing.T) {
	w, _ := newSchool(t)

	file := func(name string, data []byte) args {
		return args{"sha": w.Upload("garnier", name, "text/plain", data), "name": name, "type": "text/plain", "size": len(data)}
	}
	subject, correction := file("sujet.txt", []byte("Sujet.")), file("corrige.txt", []byte("Corrigé."))
	want := func(step string, f args, who ...string) {
		t.Helper()
		slices.Sort(who)
		if got := w.Readers(f["sha"].(string)); !slices.Equal(got, who) {
			t.Errorf("%s: %s is read by %q, want %q", step, f["name"], got, who)
		}
	}
	w.Must(inFrench("assess", dictation(args{"papers": []args{subject}, "corrections": []args{correction}})))
	w.Must(inFrench("enter", args{"assessment": "assessment-1", "cells": []args{{"student": "ines", "value": "12", "was": ""}, {"student": "malo", "value": "14", "was": ""}}}))
	for _, f := range []args{subject, correction} {
		want("entered", f, "garnier")
	}
	w.Must(inFrench("publish", args{"id": "assessment-1", "at": "2026-11-24T17:00:00Z", "guardiansAt": "2026-11-25T17:00:00Z"}))
	w.At(time.Date(2026, 11, 24, 16, 59, 59, 0, time.UTC))
	for _, f := range []args{subject, correction} {
		want("a second before", f, "garnier")
	}
	w.At(time.Date(2026, 11, 24, 17, 0, 0, 0, time.UTC))
	for _, f := range []args{subject, correction} {
		want("the pupils' date", f, "garnier", "ines", "malo")
	}
	w.At(time.Date(2026, 11, 25, 17, 0, 0, 0, time.UTC))
	family := []string{"garnier", "ines", "karim", "malo", "nadia", "roussel", "viard"}
	for _, f := range []args{subject, correction} {
		want("the guardians' date", f, family...)
	}
	w.Must(inFrench("amend", args{"id": "assessment-1", "corrections": []args{}}))
	want("taken out", correction, "garnier") // who brought it keeps it
	want("taken out", subject, family...)
	w.Must(inFrench("hide", args{"id": "assessment-1"}))
	want("hidden", subject, "garnier")
	w.Must(inFrench("cancel", args{"id": "assessment-1"}))
	want("cancelled", subject, "garnier")
}
