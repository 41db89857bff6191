package attendance

import (
	"fmt"
	"testing"
	"time"
)

// What the office and the courses know of a school year is forgotten after it,
// in their logs too; the pupils keep theirs.
func TestTheYearIsForgotten(t *testing.T) {
	w := newWorld(t)
	sha := w.upload("viard", photo(t, 1))
	w.take("garnier", french, nil, call("ines", Absent))
	w.Must(deed{User: "nadia", Scope: "student:ines", Name: "attendance.justify@1", Args: excuseArgs(args{"reason": "personal", "text": "SECRET-EXCUSE"})})
	w.Must(deed{User: "viard", Scope: office, Name: "attendance.settle@1", Args: ruling(args{"comment": "SECRET-RULING"})})
	w.Must(deed{User: "viard", Scope: office, Name: "attendance.note@1", Args: args{
		"type": kindPunishment, "id": "note-0001", "student": "ines", "kind": "work", "from": "2026-11-23T10:00", "private": "SECRET-NOTE",
		"acknowledge": true, "papers": []args{declaredFile(photo(t, 1))},
	}})
	w.Must(deed{User: "nadia", Scope: "student:ines", Name: "attendance.acknowledge@1", Args: args{"type": kindPunishment, "id": "note-0001"}})
	w.Must(deed{User: "garnier", Scope: french, Name: "attendance.observe@1", Args: args{
		"type": kindObservation, "id": "note-0002", "student": "ines", "kind": "other", "from": "2026-11-23T10:00", "text": "SECRET-OBSERVATION",
	}})
	secrets := map[string]string{"SECRET-EXCUSE": office, "SECRET-RULING": office, "SECRET-NOTE": office, "SECRET-OBSERVATION": french}

	w.At(time.Date(2027, 8, 3, 0, 0, 0, 0, time.UTC)) // 29 days after the year
	for secret, scope := range secrets {
		if !w.Logged(scope, secret) {
			t.Errorf("%s is gone too early", secret)
		}
	}
	w.Must(deed{User: "viard", Scope: office, Name: "attendance.note@1", Args: args{
		"type": kindObservation, "id": "note-0003", "student": "malo", "kind": "other", "from": "2027-08-03T10:00", "text": "NEXT-YEAR",
	}})
	w.At(time.Date(2027, 8, 5, 0, 0, 0, 0, time.UTC))
	for secret, scope := range secrets {
		if w.Logged(scope, secret) {
			t.Errorf("%s is still in the log of %s", secret, scope)
		}
	}
	for _, typ := range forgotten {
		if recs := w.Find(office, typ, ""); len(recs) > 0 && typ != kindObservation {
			t.Errorf("%d %s are left", len(recs), typ)
		}
	}
	w.reads(sha, []string{"viard"}) // whose upload it is, for a week
	equal(t, w.spans("ines", kindAbsence), []string{"10:00–11:00"})
	if !w.Logged(office, "NEXT-YEAR") {
		t.Error("what is of the new year is gone")
	}
	w.At(time.Date(2028, 8, 5, 0, 0, 0, 0, time.UTC))
	if w.Logged(office, "NEXT-YEAR") {
		t.Error("the new year stays")
	}
	w.reads(sha)
}

// A year of many is forgotten some at a time.
func TestAFullYearIsForgotten(t *testing.T) {
	w := newWorld(t)
	for i := range forgetAtOnce + 50 {
		w.Send(deed{User: "viard", Scope: office, Name: "attendance.note@1", Args: args{
			"type": kindExit, "id": fmt.Sprintf("note-%04d", i), "student": "ines", "from": "2026-11-23T10:00",
		}})
	}
	w.Settle()
	w.At(time.Date(2027, 8, 5, 0, 0, 0, 0, time.UTC))
	if n := len(w.Find(office, kindExit, "")); n > 0 {
		t.Errorf("%d are left", n)
	}
}

// Rolls are forgotten where they were taken as well.
func TestRollsFadeInTheirCourse(t *testing.T) {
	w := newWorld(t)
	w.take("garnier", french, nil, call("ines", Absent))
	w.Must(deed{User: "viard", Scope: office, Name: "attendance.correct@1", Args: roll(args{"course": "ma5b"}, call("ines", Absent))})
	w.At(monday.AddDate(0, 0, rollKept+3))
	for _, scope := range []string{french, maths, office} {
		if recs := w.Find(scope, "roll", ""); len(recs) > 0 {
			t.Errorf("%s has %d rolls", scope, len(recs))
		}
	}
}
