package mail

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"preau/api/directory"
)

// TestGroups (E47, E48, E50, E76): a group counts as one recipient and is
// everybody in it, by then.
func TestGroups(t *testing.T) {
	w := newWorld(t)
	w.wantRefusal(w.send("viard", "m-group01", "class:5b/guardians", "class:5a/guardians", "user:malo"), "")
	w.wantHolders("m-group01", "viard", "nadia", "karim", "rozenn", "malo")
	m, _ := w.message("nadia", "m-group01")
	want := []Addressee{{"class:5b/guardians", "5e B", 3}, {"class:5a/guardians", "5e A", 1}, {"user:malo", "Malo Kerven", 0}}
	if !slices.Equal(m.To, want) || m.From != (directory.Named{ID: "viard", Name: "Mme Viard"}) || m.Subject != "Sortie au musée" {
		t.Errorf("Nadia reads %+v", m)
	}
	w.wantRefusal(w.send("ines", "m-group02", "class:5b/students"), "recipient_not_allowed to[0]")
	w.wantRefusal(w.send("petit", "m-group03", "user:ines", "class:5a/students"), "recipient_not_allowed to[1]") // E51
}

// TestCopies (E49): who is in blind copy is for the author to know.
func TestCopies(t *testing.T) {
	w := newWorld(t)
	w.must("garnier", "mail.send@1", letter("m-copies1", users("nadia"), args{"cc": users("petit"), "bcc": users("viard", "nadia")}))
	w.wantHolders("m-copies1", "garnier", "nadia", "petit", "viard")
	author, _ := w.message("garnier", "m-copies1")
	reader, _ := w.message("nadia", "m-copies1")
	blind, _ := w.message("viard", "m-copies1")
	if len(author.Bcc) != 2 || len(reader.Bcc) != 0 || len(blind.Bcc) != 0 || reader.Blind || !blind.Blind || len(reader.Cc) != 1 {
		t.Errorf("author %+v, reader %+v, blind %+v", author, reader, blind)
	}
	w.must("nadia", "mail.reply@1", args{"id": "m-copies2", "re": "m-copies1", "all": true, "body": text("Merci.")})
	w.wantHolders("m-copies2", "nadia", "garnier", "petit")
}

// TestWhatCannotBeSent (E45, E50, E58, E68–E70, E97) changes nothing.
func TestWhatCannotBeSent(t *testing.T) {
	w := newWorld(t)
	files := func(n, size int) (all []args) {
		for i := range n {
			all = append(all, args{"sha": fmt.Sprintf("sha256-%064x", i), "name": "a.pdf", "type": "application/pdf", "size": size})
		}
		return all
	}
	for want, a := range map[string]args{
		"invalid subject":             letter("m-refused", users("ines"), args{"subject": "  "}),
		"too_large subject":           letter("m-refused", users("ines"), args{"subject": strings.Repeat("é", MaxSubject+1)}),
		"invalid mode":                letter("m-refused", users("ines"), args{"mode": "none"}),
		"invalid to":                  letter("m-refused", nil, nil),
		"invalid body":                letter("m-refused", users("ines"), args{"body": text(" ")}),
		"too_large body":              letter("m-refused", users("ines"), args{"body": text(strings.Repeat("é", MaxBody+1))}),
		"too_many_recipients to":      letter("m-refused", slices.Repeat(users("ines"), 201), nil),
		"recipient_not_allowed to[1]": letter("m-refused", users("ines", "lucie"), nil),
		"recipient_not_allowed cc[0]": letter("m-refused", users("ines"), args{"cc": users("stranger")}),
		"too_large files":             letter("m-refused", users("ines"), args{"files": files(11, 1)}),
		"invalid id":                  letter("m", users("ines"), nil),
		"invalid body[0].kind":        letter("m-refused", users("ines"), args{"body": []args{{"kind": "h1", "runs": []args{}}}}),
		"invalid html":                letter("m-refused", users("ines"), args{"html": "<b>"}),
		"not_found quotes[0].message": letter("m-refused", users("ines"), args{"quotes": []args{{"message": "m-unknown"}}}),
	} {
		w.wantRefusal(w.do("garnier", "mail.send@1", a), want)
	}
	w.wantRefusal(w.do("garnier", "mail.send@1", letter("m-refused", users("ines"), args{"files": files(2, MaxFileBytes/2+1)})), "too_large files")
	w.wantRefusal(w.doIn("ines", "user:garnier", "mail.send@1", letter("m-refused", users("malo"), nil)), "forbidden scope")
	w.wantHolders("m-refused")
}

// TestSendingTwice answers as before; a lost answer costs nothing.
func TestSendingTwice(t *testing.T) {
	w := newWorld(t)
	for range 2 {
		w.wantRefusal(w.send("garnier", "m-twice01", "user:ines"), "")
	}
	if n := len(mailbox[Message](w, "ines", "message")); n != 1 {
		t.Errorf("%d messages", n)
	}
}

// TestNobodyTakesTheNameOfAMessage: an id that a mailbox knows stands for what
// it has stood for, whoever sends another message under it.
func TestNobodyTakesTheNameOfAMessage(t *testing.T) {
	w := newWorld(t)
	w.wantRefusal(w.send("garnier", "m-first001", "user:ines", "user:malo"), "")
	w.wantRefusal(w.send("malo", "m-first001", "user:ines"), "conflict id") // he has it
	w.wantRefusal(w.send("karim", "m-first001", "user:ines"), "")           // he knows no better
	w.must("malo", "mail.reply@1", args{"id": "m-reply001", "re": "m-first001", "body": text("Ok")})
	w.wantRefusal(w.do("garnier", "mail.reply@1", args{"id": "m-reply001", "re": "m-first001", "all": true, "body": text("?")}), "conflict id")
	for user, author := range map[string]string{"ines": "garnier", "malo": "garnier", "karim": "karim"} {
		if m, _ := w.message(user, "m-first001"); m.From.ID != author {
			t.Errorf("%s has a message of %s", user, m.From.ID)
		}
	}
}

// TestContacts (E52, E112–E116): the address book grows by itself, with groups
// as groups.
func TestContacts(t *testing.T) {
	w := newWorld(t)
	w.must("garnier", "mail.send@1", letter("m-contact", []string{"class:5b/guardians"}, args{"cc": users("petit")}))
	got := mailbox[contact](w, "garnier", "contact")
	if len(got) != 2 || got["class:5b/guardians"].Name != "5e B" || got["user:petit"].Name != "M. Petit" {
		t.Errorf("contacts %+v", got)
	}
	w.must("garnier", "mail.forget@1", args{"ids": []string{"user:petit", "class:5b/guardians", "user:never"}})
	if got := mailbox[contact](w, "garnier", "contact"); len(got) != 0 {
		t.Errorf("contacts %+v", got)
	}
}

// TestReplies (E55–E57, E74): the reply mode decides who gets answers.
func TestReplies(t *testing.T) {
	w := newWorld(t)
	w.wantRefusal(w.send("garnier", "m-toall01", "class:5b/guardians"), "")
	w.must("nadia", "mail.reply@1", args{"id": "m-answer1", "re": "m-toall01", "all": true, "body": text("D'accord.")})
	w.wantHolders("m-answer1", "nadia", "garnier", "karim", "rozenn")
	w.must("karim", "mail.reply@1", args{"id": "m-answer2", "re": "m-answer1", "body": text("Merci.")})
	w.wantHolders("m-answer2", "karim", "nadia")
	m, _ := w.message("rozenn", "m-answer1")
	if m.Discussion != "m-toall01" || m.Re != "m-toall01" || m.Subject != "Sortie au musée" || m.To[0].Name != "Mme Garnier" {
		t.Errorf("Rozenn reads %+v", m)
	}

	w.must("garnier", "mail.send@1", letter("m-tome001", []string{"class:5b/guardians"}, args{"mode": ModeSender}))
	w.wantRefusal(w.do("nadia", "mail.reply@1", args{"id": "m-answer3", "re": "m-tome001", "all": true, "body": text("Oui.")}), "forbidden all")
	w.must("nadia", "mail.reply@1", args{"id": "m-answer3", "re": "m-tome001", "body": text("Oui.")})
	w.wantHolders("m-answer3", "nadia", "garnier")

	// E74: M. Petit's message may be answered though nobody wrote to him first.
	w.wantRefusal(w.do("noe", "mail.reply@1", args{"id": "m-answer4", "re": "m-toall01", "body": text("?")}), "not_found re")
	w.wantRefusal(w.do("nadia", "mail.reply@1", args{"id": "m-answer5", "re": "m-toall01", "body": text("")}), "invalid body")
}

// TestPupilsBringNobodyTogether: in a discussion that a pupil began, an answer
// to all goes only where its author may write.
func TestPupilsBringNobodyTogether(t *testing.T) {
	w := newWorld(t)
	w.wantRefusal(w.send("ines", "m-pupils1", "user:malo", "user:karim"), "")
	w.wantRefusal(w.do("malo", "mail.reply@1", args{"id": "m-pupils2", "re": "m-pupils1", "all": true, "body": text("Ok")}), "recipient_not_allowed all")
	w.must("malo", "mail.reply@1", args{"id": "m-pupils3", "re": "m-pupils1", "body": text("Ok")})
	w.wantHolders("m-pupils3", "ines", "malo")
}

// TestForwarding (E84–E100): the new message holds the old ones, the newest
// first, and says what was altered.
func TestForwarding(t *testing.T) {
	w := newWorld(t)
	w.wantRefusal(w.send("nadia", "m-first01", "user:garnier"), "")
	w.now = w.now.Add(1e9)
	w.must("garnier", "mail.reply@1", args{"id": "m-second1", "re": "m-first01", "body": text("Je demande.")})
	quotes := []args{{"message": "m-first01"}, {"message": "m-second1", "body": text("Je demande demain.")}}
	w.must("garnier", "mail.send@1", letter("m-forward", users("viard"), args{"subject": "TR : Sortie au musée", "body": Body{}, "quotes": quotes}))
	m, _ := w.message("viard", "m-forward")
	if len(m.Quotes) != 2 || m.Quotes[0].From != "Mme Garnier" || !m.Quotes[0].Altered || m.Quotes[1].Altered || m.Quotes[1].Body.Text() != "Bonjour." {
		t.Errorf("Mme Viard reads %+v", m.Quotes)
	}
	again := letter("m-forward3", users("roussel"), args{"body": Body{}, "quotes": []args{{"message": "m-forward"}}})
	w.must("viard", "mail.send@1", again)
	if m, _ := w.message("roussel", "m-forward3"); len(m.Quotes) != 3 || m.Quotes[0].From != "Mme Garnier" || m.Quotes[2].From != "Mme Benali" {
		t.Errorf("Mme Roussel reads %+v", m.Quotes) // E98
	}
	w.wantRefusal(w.do("petit", "mail.send@1", letter("m-forward2", users("viard"), args{"quotes": quotes})), "not_found quotes[0].message")
}

// TestRightsAreThoseOfTheArrival: what was written before a right was lost and
// arrives after is refused.
func TestRightsAreThoseOfTheArrival(t *testing.T) {
	w := newWorld(t)
	w.wantRefusal(w.send("petit", "m-while01", "user:nadia"), "")
	w.apply(taught("t2", "ma5b", "petit", "2026-11-22"))
	w.wantRefusal(w.send("petit", "m-later01", "user:nadia"), "recipient_not_allowed to[0]")
	w.must("nadia", "mail.reply@1", args{"id": "m-answer1", "re": "m-while01", "body": text("Merci.")})
}

// A message for people in copy alone has an empty list of recipients: devices
// go through it.
func TestOnlyCopies(t *testing.T) {
	w := newWorld(t)
	w.must("garnier", "mail.send@1", letter("message-1", nil, args{"to": []string{}, "cc": users("petit")}))
	if m, _ := w.message("petit", "message-1"); m.To == nil || len(m.Cc) != 1 {
		t.Errorf("%+v", m)
	}
}
