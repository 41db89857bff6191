package mail

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestMutedDiscussions stay muted whatever is done with them, and whoever goes
// on with them; nobody else sees it.
func TestMutedDiscussions(t *testing.T) {
	w := newWorld(t)
	w.wantRefusal(w.send("garnier", "m-mute0001", "class:5b/guardians"), "")
	ids := []string{"m-mute0001"}
	w.must("nadia", "mail.mute@1", args{"ids": ids, "muted": true})
	w.must("nadia", "mail.file@1", args{"ids": ids, "folder": Bin})
	w.must("garnier", "mail.reply@1", args{"id": "m-mute0002", "re": "m-mute0001", "all": true, "body": text("Encore.")})
	if got := w.thread("nadia", "m-mute0001"); !got.Muted || got.Folder != "" {
		t.Errorf("Nadia's discussion: %+v", got)
	}
	if got := w.thread("karim", "m-mute0001"); got.Muted {
		t.Errorf("Karim's discussion: %+v", got)
	}
	w.must("nadia", "mail.mute@1", args{"ids": ids, "muted": false})
	if got := w.thread("nadia", "m-mute0001"); got.Muted {
		t.Errorf("heard again: %+v", got)
	}
}

// TestMutedPeople are those who write to somebody, or to whom they may write.
func TestMutedPeople(t *testing.T) {
	w := newWorld(t)
	w.must("ines", "mail.hush@1", args{"people": []string{"malo", "garnier"}, "muted": true})
	w.wantRefusal(w.do("ines", "mail.hush@1", args{"people": []string{"roussel"}, "muted": true}), "not_found people[0]")
	w.wantRefusal(w.send("roussel", "m-hush0001", "user:ines"), "")
	w.must("ines", "mail.hush@1", args{"people": []string{"roussel"}, "muted": true})
	got := mailbox[hushed](w, "ines", "muted")
	if who := slices.Sorted(maps.Keys(got)); !slices.Equal(who, []string{"garnier", "malo", "roussel"}) || got["malo"].Name != "Malo Kerven" {
		t.Errorf("muted: %+v", got)
	}
	w.wantRefusal(w.send("malo", "m-hush0002", "user:ines"), "")
	w.wantHolders("m-hush0002", "ines", "malo")
	w.must("ines", "mail.hush@1", args{"people": []string{"garnier", "malo", "noe"}, "muted": false})
	if got := mailbox[hushed](w, "ines", "muted"); len(got) != 1 {
		t.Errorf("muted still: %+v", got)
	}
}

// TestWhatCannotBeMuted changes nothing.
func TestWhatCannotBeMuted(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name string
		args args
		want string
	}{
		{"mail.mute@1", args{"ids": []string{}, "muted": true}, "invalid ids"},
		{"mail.mute@1", args{"ids": []string{"m"}, "muted": true}, "invalid ids[0]"},
		{"mail.mute@1", args{"ids": []string{"m-mute0001"}, "muted": "yes"}, "invalid muted"},
		{"mail.hush@1", args{"people": []string{}, "muted": true}, "invalid people"},
		{"mail.hush@1", args{"people": slices.Repeat([]string{"malo"}, maxHushed+1), "muted": true}, "invalid people"},
		{"mail.hush@1", args{"people": []string{"malo", "ines"}, "muted": true}, "not_found people[1]"},
		{"mail.hush@1", args{"people": []string{"malo", "no/body"}, "muted": true}, "not_found people[1]"},
		{"mail.hush@1", args{"people": []string{strings.Repeat("m", 1000)}, "muted": true}, "not_found people[0]"},
		{"mail.hush@1", args{"people": []string{"malo"}, "muted": true, "until": 1}, "invalid until"},
	} {
		if got := w.do("ines", c.name, c.args); got != c.want {
			t.Errorf("%s %v: %q, want %q", c.name, c.args, got, c.want)
		}
	}
	w.wantRefusal(w.doIn("ines", "user:malo", "mail.hush@1", args{"people": []string{"garnier"}, "muted": true}), "forbidden scope")
	if got := mailbox[hushed](w, "ines", "muted"); len(got) != 0 {
		t.Errorf("muted: %+v", got)
	}
}
