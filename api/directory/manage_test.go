package directory

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	psync "preau/sync"
)

func TestMoveAPupil(t *testing.T) {
	n := school(t, &clock{today})
	if _, err := n.EnrollPupil(t.Context(), actor("collard", "admin"), Enrollment{Student: "ines", Audience: "class:4a"}); err != nil {
		t.Fatal(err)
	}
	if c, _ := n.ClassOf("ines"); c.Name != "4e A" {
		t.Errorf("the pupil is in %q", c.Name)
	}
	if n.Reads(actor("collard", "nadia"), "class:5b") || !n.Reads(actor("collard", "ines"), "group:lat") {
		t.Error("the old class is still read, or the group was lost")
	}
	if len(n.Pupils("class:5b")) != 0 || len(n.Pupils("class:4a")) != 2 {
		t.Errorf("classes hold %v and %v", n.Pupils("class:5b"), n.Pupils("class:4a"))
	}
}

func TestMoveAPupilLater(t *testing.T) {
	c := &clock{today}
	n := school(t, c)
	e := Enrollment{Student: "ines", Audience: "class:4a", Span: from("2026-11-30")}
	if _, err := n.EnrollPupil(t.Context(), actor("collard", "admin"), e); err != nil {
		t.Fatal(err)
	}
	if class, _ := n.ClassOf("ines"); class.ID != "5b" {
		t.Errorf("the pupil moved before the day, to %q", class.Name)
	}
	c.Time = c.AddDate(0, 0, 7)
	if class, _ := n.ClassOf("ines"); class.ID != "4a" {
		t.Errorf("the pupil did not move on the day, but is in %q", class.Name)
	}
}

func TestAGuardianBeginsAndEnds(t *testing.T) {
	n := school(t, &clock{today})
	lucie, admin := actor("collard", "lucie"), actor("collard", "admin")
	id, err := n.AddGuardian(t.Context(), admin, Guardianship{Guardian: "lucie", Student: "sami", Level: 2, Reads: true})
	if err != nil {
		t.Fatal(err)
	}
	if !n.Reads(lucie, "student:sami") {
		t.Error("the new guardian does not read")
	}
	if err := n.EndGuardian(t.Context(), admin, id, ""); err != nil {
		t.Fatal(err)
	}
	if n.Reads(lucie, "student:sami") {
		t.Error("the former guardian still reads")
	}
}

func TestManagingIsRefused(t *testing.T) {
	n := school(t, &clock{today})
	admin := actor("collard", "admin")
	enroll := func(a psync.Actor, e Enrollment) error { _, err := n.EnrollPupil(t.Context(), a, e); return err }
	guard := func(a psync.Actor, g Guardianship) error { _, err := n.AddGuardian(t.Context(), a, g); return err }
	before := n.Contents("collard")
	for name, c := range map[string]struct {
		err         error
		code, field string
	}{
		"a principal moves":     {enroll(actor("collard", "roux"), Enrollment{Student: "ines", Audience: "class:4a"}), "forbidden", ""},
		"a guardian links":      {guard(actor("collard", "karim"), Guardianship{Guardian: "karim", Student: "ines", Reads: true}), "forbidden", ""},
		"no such pupil":         {enroll(admin, Enrollment{Student: "nadia", Audience: "class:4a"}), "not_found", "student"},
		"no such class":         {enroll(admin, Enrollment{Student: "ines", Audience: "class:4z"}), "not_found", "audience"},
		"no such day":           {enroll(admin, Enrollment{Student: "ines", Audience: "class:4a", Span: from("2026-13-01")}), "invalid", "from"},
		"the end before":        {enroll(admin, Enrollment{Student: "ines", Audience: "class:4a", Span: between("2026-12-02", "2026-12-01")}), "invalid", "to"},
		"a pupil as guardian":   {guard(admin, Guardianship{Guardian: "sami", Student: "ines"}), "not_found", "guardian"},
		"no such level":         {guard(admin, Guardianship{Guardian: "lucie", Student: "ines", Level: 3}), "invalid", "level"},
		"no such relation":      {guard(admin, Guardianship{Guardian: "lucie", Student: "ines", Relation: "fan"}), "invalid", "relation"},
		"no such link":          {n.EndGuardian(t.Context(), admin, "g99", ""), "not_found", "id"},
		"an end that is no day": {n.EndEnrollment(t.Context(), admin, "e1", "soon"), "invalid", "to"},
		"ending by a teacher":   {n.EndEnrollment(t.Context(), actor("collard", "garnier"), "e1", ""), "forbidden", ""},
	} {
		var refusal *psync.Refusal
		if !errors.As(c.err, &refusal) || refusal.Code != c.code || refusal.Field != c.field {
			t.Errorf("%s: %v", name, c.err)
		}
	}
	if diff := cmp.Diff(before, n.Contents("collard")); diff != "" {
		t.Errorf("a refusal changed something: %s", diff)
	}
}

func TestRosterForTheOffice(t *testing.T) {
	n := school(t, &clock{today})
	r, err := n.RosterFor(actor("collard", "viard"), "5b")
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Pupils) != 1 || len(r.Pupils[0].Guardians) != 3 || r.Pupils[0].Guardians[0].Adult.First != "Nadia" || len(r.Teachers) != 2 {
		t.Errorf("got %+v", r)
	}
	if _, err := n.RosterFor(actor("collard", "garnier"), "5b"); err == nil {
		t.Error("a teacher reads the guardians of a class")
	}
	if _, err := n.FindAdults(actor("collard", "viard"), "benali"); err == nil {
		t.Error("vie scolaire searches like an administrator")
	}
	found, err := n.FindAdults(actor("collard", "admin"), " NAD ben ")
	if err != nil || len(found) != 1 || found[0].ID != "nadia" {
		t.Errorf("found %v, %v", found, err)
	}
}
