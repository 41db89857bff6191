package mail

import (
	"slices"
	"testing"
)

// TestRecall: a message is taken back from every mailbox, with its files; what
// its readers did with it stays, and whoever deleted it does not get it again.
func TestRecall(t *testing.T) {
	w := newWorld(t)
	file, arrive := w.photo("garnier")
	arrive()
	w.must("garnier", "mail.send@1", letter("m-recall1", users("nadia", "karim", "rozenn"), args{"files": []args{file}}))
	w.must("nadia", "mail.reply@1", args{"id": "m-recall2", "re": "m-recall1", "all": true, "body": text("Merci.")})
	w.must("rozenn", "mail.file@1", args{"ids": []string{"m-recall1"}, "folder": Bin})
	w.must("rozenn", "mail.purge@1", args{"ids": []string{"m-recall1"}})
	w.wantReadable(file, "garnier", "karim", "nadia", "rozenn")

	w.must("garnier", "mail.recall@1", args{"message": "m-recall1"})
	w.wantHolders("m-recall1", "garnier", "karim", "nadia")
	for _, user := range []string{"garnier", "karim", "nadia"} {
		m, _ := w.message(user, "m-recall1")
		if !m.Recalled || m.Moderated || len(m.Body) != 0 || len(m.Files) != 0 || m.Subject == "" {
			t.Errorf("%s reads %+v", user, m)
		}
	}
	w.wantReadable(file, "garnier")
	if m, _ := w.message("karim", "m-recall2"); m.Recalled || m.Body.Text() != "Merci." {
		t.Errorf("the answer is %+v", m)
	}
	w.wantRefusal(w.do("nadia", "mail.reply@1", args{"id": "m-recall3", "re": "m-recall1", "body": text("?")}), "gone re")
	forward := letter("m-recall4", users("viard"), args{"quotes": []args{{"message": "m-recall1"}}})
	w.wantRefusal(w.do("nadia", "mail.send@1", forward), "gone quotes[0].message")
	w.wantRefusal(w.do("garnier", "mail.send@1", forward), "gone quotes[0].message")
	w.must("garnier", "mail.recall@1", args{"message": "m-recall1"}) // once more is no mistake
}

// TestRecallBeforeTheFile: a file that arrives after its message was taken back
// is its author's alone.
func TestRecallBeforeTheFile(t *testing.T) {
	w := newWorld(t)
	file, arrive := w.photo("garnier")
	w.must("garnier", "mail.send@1", letter("m-recall1", users("nadia"), args{"files": []args{file}}))
	w.must("garnier", "mail.recall@1", args{"message": "m-recall1"})
	arrive()
	w.wantReadable(file, "garnier")
	if m, _ := w.message("nadia", "m-recall1"); !m.Recalled || len(m.Files) > 0 {
		t.Errorf("Nadia reads %+v", m)
	}
}

// TestRecallIsRefused for what is not one's own.
func TestRecallIsRefused(t *testing.T) {
	w := newWorld(t)
	w.wantRefusal(w.send("garnier", "m-recall1", "user:nadia"), "")
	for want, a := range map[string]args{
		"not_found message": {"message": "m-recall1"},
		"invalid message":   {"message": "m"},
		"invalid id":        {"message": "m-recall1", "id": "m-recall1"},
	} {
		w.wantRefusal(w.do("nadia", "mail.recall@1", a), want)
	}
	w.wantRefusal(w.doIn("nadia", "user:garnier", "mail.recall@1", args{"message": "m-recall1"}), "forbidden scope")
	if m, _ := w.message("nadia", "m-recall1"); m.Recalled {
		t.Error("it was taken back")
	}
}

// wantReadable wants a file to be readable by these people and nobody else.
func (w *world) wantReadable(file args, who ...string) {
	w.t.Helper()
	for _, user := range everyone {
		got, err := w.files.Readable(w.t.Context(), person(user), file["sha"].(string))
		if err != nil {
			w.t.Fatal(err)
		}
		if want := slices.Contains(who, user); got != want {
			w.t.Errorf("readable by %s: %v", user, got)
		}
	}
}
