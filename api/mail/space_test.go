package mail

import (
	"testing"

	"preau/api/directory"
)

// TestSpaceList (E83): the members of a space write to it as a whole and to
// each other, whoever they are, for as long as they are members.
func TestSpaceList(t *testing.T) {
	w := newWorld(t)
	const club = "space:club/members"
	w.wantRefusal(w.send("ines", "letter-0001", "user:noe"), "recipient_not_allowed to[0]")
	w.wantRefusal(w.send("ines", "letter-0001", club), "recipient_not_allowed to[0]")
	w.apply(
		directory.Put{ID: "club", Record: directory.Space{Name: "Club théâtre", Owner: "petit"}},
		directory.Put{ID: "m1", Record: directory.Membership{Space: "club", Person: "petit", Lead: true}},
		directory.Put{ID: "m2", Record: directory.Membership{Space: "club", Person: "ines"}},
		directory.Put{ID: "m3", Record: directory.Membership{Space: "club", Person: "noe"}},
		directory.Put{ID: "m4", Record: directory.Membership{Space: "club", Person: "rozenn"}},
	)
	got := mailbox[List](w, "rozenn", "list")[club]
	if got.Kind != Collaborative || got.Title != "Club théâtre" || !got.Group || len(got.People) != 3 {
		t.Errorf("the list is %+v", got)
	}
	w.wantRefusal(w.send("ines", "letter-0001", club), "")
	w.wantHolders("letter-0001", "ines", "noe", "petit", "rozenn")
	w.wantRefusal(w.send("noe", "letter-0002", "user:rozenn"), "")
	w.wantRefusal(w.send("malo", "letter-0003", club), "recipient_not_allowed to[0]")

	if err := w.dir.EndMembership(t.Context(), person("noe"), "m3", ""); err != nil {
		t.Fatal(err)
	}
	w.wantRefusal(w.send("noe", "letter-0004", club), "recipient_not_allowed to[0]") // before any effect
	w.wantRefusal(w.send("ines", "letter-0004", "user:noe"), "recipient_not_allowed to[0]")
	if lists := mailbox[List](w, "noe", "list"); lists[club].Title != "" {
		t.Errorf("who left keeps the list %+v", lists[club])
	}
	w.wantRefusal(w.send("ines", "letter-0005", club), "")
	w.wantHolders("letter-0005", "ines", "petit", "rozenn")
	if err := w.dir.EndSpace(t.Context(), person("petit"), "club"); err != nil {
		t.Fatal(err)
	}
	w.wantRefusal(w.send("ines", "letter-0006", club), "recipient_not_allowed to[0]")
}
