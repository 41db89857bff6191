package mail

import (
	"slices"
	"strings"
	"testing"

	"preau/api/directory"
)

// mayWrite is E73–E82 written out for the small school: who may begin a
// discussion with whom when its rules were not changed.
var mayWrite = map[string]string{
	"ines":    "garnier petit malo nadia karim",       // E79 E80 E82
	"malo":    "garnier petit ines rozenn",            //
	"noe":     "garnier nadia",                        // his father here has no rights
	"nadia":   "ines noe garnier petit viard roussel", // E75 E81 E82
	"karim":   "ines garnier petit viard roussel",     //
	"rozenn":  "malo garnier petit viard roussel",     //
	"lucie":   "",                                     // a contact has no rights
	"garnier": "ines malo noe nadia karim rozenn petit viard roussel",
	"petit":   "ines malo nadia karim rozenn garnier viard roussel",     // E74: not Noé
	"viard":   "ines malo noe nadia karim rozenn garnier petit roussel", // E76
	"roussel": "ines malo noe nadia karim rozenn garnier petit viard",
	"legoff":  "garnier petit viard roussel",
}

// TestWhoMayWriteToWhom (E1, E73–E82, E97) sends a message for each pair of
// people.
func TestWhoMayWriteToWhom(t *testing.T) {
	w := newWorld(t)
	for _, from := range everyone {
		for _, to := range everyone {
			want := "recipient_not_allowed to[0]"
			if slices.Contains(strings.Fields(mayWrite[from]), to) {
				want = ""
			}
			if got := w.send(from, "from-"+from+"-to-"+to, "user:"+to); got != want {
				t.Errorf("%s to %s: %q, want %q", from, to, got, want)
			}
		}
	}
}

// TestListsShowWhoMayBeWrittenTo (E47, E73): the lists that a device gets are
// exactly the people that the server lets through.
func TestListsShowWhoMayBeWrittenTo(t *testing.T) {
	w := newWorld(t)
	for _, user := range everyone {
		var people []string
		for _, l := range mailbox[List](w, user, "list") {
			for _, m := range l.People {
				people = append(people, m.ID)
			}
		}
		slices.Sort(people)
		want := strings.Fields(mayWrite[user])
		slices.Sort(want)
		if got := slices.Compact(people); !slices.Equal(got, want) {
			t.Errorf("%s may write to %v, want %v", user, got, want)
		}
	}
	main := mailbox[List](w, "ines", "list")["class:5b/teachers"].People
	if len(main) != 2 || !main[0].Main || main[0].Name != "Mme Garnier" || main[1].Main {
		t.Errorf("the teachers of 5e B: %+v", main) // E79
	}
	if l := mailbox[List](w, "garnier", "list")["class:5b/guardians"]; len(l.People) != 3 || l.People[0].Detail == "" || !l.Group {
		t.Errorf("the guardians of 5e B: %+v", l)
	}
}

// TestSubstitutes (E77, E78) write to the class during the replacement, and
// are written to.
func TestSubstitutes(t *testing.T) {
	w := newWorld(t)
	w.apply(
		directory.Put{ID: "duval", Record: directory.Person{First: "Ève", Last: "Duval", Civility: "Mme"}},
		directory.Put{ID: "t9", Record: directory.Teaching{
			Course: "ma5b", Teacher: "duval", For: "petit", Span: directory.Span{From: "2026-11-24", To: "2026-12-01"},
		}},
	)
	w.wantRefusal(w.send("duval", "m-before1", "user:ines"), "recipient_not_allowed to[0]")
	w.now = w.now.AddDate(0, 0, 2)
	w.settle()
	w.wantRefusal(w.send("duval", "m-during1", "class:5b/guardians", "user:ines"), "")
	w.wantRefusal(w.send("ines", "m-during2", "user:duval"), "")
	if _, ok := mailbox[List](w, "duval", "list")["class:5b/students"]; !ok {
		t.Error("the substitute's device has no list of the class")
	}
	w.now = w.now.AddDate(0, 0, 14)
	w.settle()
	w.wantRefusal(w.send("duval", "m-after01", "user:ines"), "recipient_not_allowed to[0]")
	w.wantRefusal(w.send("ines", "m-after02", "user:duval"), "recipient_not_allowed to[0]")
}

// TestRulesOfTheSchool are what its direction decides, for everybody at once.
func TestRulesOfTheSchool(t *testing.T) {
	w := newWorld(t)
	p := DefaultPolicy()
	p.StudentToStudent, p.StudentToStaff, p.TeacherToGuardian, p.Most = false, true, false, 2
	w.wantRefusal(w.doIn("garnier", "school:x", "mail.policy@1", p), "forbidden")
	w.wantRefusal(w.doIn("roussel", "school:x", "mail.policy@1", Policy{Most: 201}), "invalid most")
	w.wantRefusal(w.doIn("roussel", "school:x", "mail.policy@1", p), "")
	w.wantRefusal(w.send("ines", "m-pupil01", "user:malo"), "recipient_not_allowed to[0]")
	w.wantRefusal(w.send("ines", "m-pupil02", "user:viard"), "")
	w.wantRefusal(w.send("garnier", "m-teach01", "user:nadia"), "recipient_not_allowed to[0]")
	w.wantRefusal(w.send("viard", "m-staff01", "user:nadia"), "")
	w.wantRefusal(w.send("viard", "m-staff02", users("nadia", "karim", "ines")...), "too_many_recipients to")
	if lists := mailbox[List](w, "ines", "list"); len(lists["class:5b/students"].People) > 0 || len(lists["school:x/staff"].People) != 1 {
		t.Errorf("Inès's lists: %+v", lists)
	}
	p.Frozen = true
	w.wantRefusal(w.doIn("roussel", "school:x", "mail.policy@1", p), "")
	w.wantRefusal(w.send("ines", "m-frozen1", "user:garnier"), "frozen")
	w.wantRefusal(w.send("viard", "m-frozen2", "user:garnier"), "")
}
