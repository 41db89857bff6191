package directory

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	psync "preau/sync"
)

// TestSpaceIsProjected (E83): the members of a space read its name and each
// other's, until it ends.
func TestSpaceIsProjected(t *testing.T) {
	c := &clock{today}
	n := school(t, c)
	about := func() map[string]string {
		n.settle(t)
		all := map[string]string{}
		for key, value := range n.dump(t) {
			if len(key) > 10 && key[:10] == "space:club" {
				all[key[11:]] = value
			}
		}
		return all
	}
	want := map[string]string{
		"space club":     `{"name":"Club théâtre"}`,
		"member garnier": `{"name":"Mme Garnier","link":"m1","lead":true,"works":true}`,
		"member ines":    `{"name":"Inès Benali","link":"m2"}`,
		"member karim":   `{"name":"M. Benali","link":"m3"}`,
	}
	if diff := cmp.Diff(want, about()); diff != "" {
		t.Error(diff)
	}
	if err := n.EndMembership(t.Context(), actor("collard", "garnier"), "m3", ""); err != nil {
		t.Fatal(err)
	}
	delete(want, "member karim")
	if diff := cmp.Diff(want, about()); diff != "" {
		t.Error(diff)
	}
	if err := n.EndMembership(t.Context(), actor("collard", "garnier"), "m2", "2026-11-25"); err != nil {
		t.Fatal(err)
	}
	if !n.Reads(actor("collard", "ines"), "space:club") {
		t.Error("a membership ends before its day")
	}
	c.Time = c.AddDate(0, 0, 2)
	if n.Reads(actor("collard", "ines"), "space:club") {
		t.Error("a membership outlives its last day")
	}
	if err := n.EndSpace(t.Context(), actor("collard", "garnier"), "club"); err != nil {
		t.Fatal(err)
	}
	if left := about(); len(left) != 0 {
		t.Errorf("a space that ended holds %v", left)
	}
}

// An end that is past stays where it is.
func TestMembershipEndsOnce(t *testing.T) {
	n := school(t, &clock{today})
	if err := n.EndMembership(t.Context(), actor("collard", "roux"), "m4", ""); err != nil {
		t.Fatal(err)
	}
	if to := n.Contents("collard").Memberships["m4"].To; to != "2026-11-20" {
		t.Errorf("a membership that was over ends on %s", to)
	}
}

// Two leads who add the same person at once make one member.
func TestMemberIsAddedOnce(t *testing.T) {
	n := school(t, &clock{today})
	var g errgroup.Group
	refused := make([]error, 8)
	for i := range refused {
		g.Go(func() error {
			refused[i] = n.AddMembers(t.Context(), actor("collard", "garnier"), "club", []string{"nadia"}, false)
			return nil
		})
	}
	_ = g.Wait()
	added := 0
	for _, err := range refused {
		var refusal *psync.Refusal
		switch {
		case err == nil:
			added++
		case !errors.As(err, &refusal) || refusal.Code != "conflict" || refusal.Field != "people[0]":
			t.Error(err)
		}
	}
	if added != 1 || len(n.MembersOf("collard", "club")) != 4 {
		t.Errorf("added %d times; members %v", added, n.MembersOf("collard", "club"))
	}
}
