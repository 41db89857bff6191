package areatest_test

import (
	"slices"
	"testing"

	"preau/api/areatest"
)

// Whoever tests against the school must be able to rely on who reads what.
func TestWhoReadsTheClass(t *testing.T) {
	w := areatest.New(t)
	var who []string
	for _, user := range areatest.Everybody {
		grants, _ := w.Dir.Grants(areatest.Person(user))
		for _, g := range grants {
			if g.Scope == "class:5a" {
				who = append(who, user)
			}
		}
	}
	if want := []string{"garnier", "nadia", "noe", "roussel", "viard"}; !slices.Equal(who, want) {
		t.Errorf("read the class: %q, want %q", who, want)
	}
}
