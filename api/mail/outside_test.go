package mail

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"preau/api/attachment"
	"preau/api/directory"
	"preau/api/notify/courier/couriertest"
	"preau/storage"
)

const (
	museum = "mail:Accueil@Musee.example"
	clean  = "Accueil@musee.example"
)

// open lets roles write outside.
func (w *world) open(roles ...directory.Role) {
	w.t.Helper()
	p := DefaultPolicy()
	p.External.External = roles
	if refused := w.doIn("roussel", "school:x", "mail.policy@1", p); refused != "" {
		w.t.Fatal(refused)
	}
	if w.post == nil {
		w.connect()
	}
}

// out takes the mails that went outside, by address.
func (w *world) out() map[string]couriertest.Mail {
	w.t.Helper()
	all := map[string]couriertest.Mail{}
	for _, m := range w.post.Take() {
		if _, twice := all[m.To]; twice {
			w.t.Errorf("two mails to %s", m.To)
		}
		all[m.To] = m
	}
	return all
}

// answerAddress is the address at which a mail is answered.
func answerAddress(t testing.TB, m couriertest.Mail) string {
	t.Helper()
	to, err := m.Header.AddressList("Reply-To")
	if err != nil || len(to) != 1 {
		t.Fatal(to, err)
	}
	if m.From != to[0].Address {
		t.Errorf("what is not delivered goes to %s, answers to %s", m.From, to[0].Address)
	}
	return to[0].Address
}

func (w *world) take(to string, a Answer) error {
	w.t.Helper()
	if a.Body == nil {
		a.Body = text("Merci, à jeudi.")
	}
	if a.From == "" {
		a.From = clean
	}
	err := w.mail.Take(w.t.Context(), to, a)
	w.settle()
	return err
}

// TestExternalIsAnOption (E9): nobody writes outside unless the school says who,
// and a school can say so only where the server can do it.
func TestExternalIsAnOption(t *testing.T) {
	w := newWorld(t)
	w.wantRefusal(w.send("garnier", "message-1", museum), "forbidden to[0]")
	w.open(directory.RoleTeacher)
	w.wantRefusal(w.send("garnier", "message-1", museum), "")
	w.wantRefusal(w.send("nadia", "message-2", museum), "forbidden to[0]")
	w.wantRefusal(w.send("roussel", "message-2", museum), "forbidden to[0]")

	for _, bad := range []string{"mail:", "mail:x", "mail:x@y", "mail:a@b.example,c@d.example", "mail:é@b.example", "mail:a@b.example\r\nBcc: c@d.example", "mail:" + strings.Repeat("a", 120) + "@b.example", "mail:r-x@Reponse.ecole.example"} {
		if got := w.send("garnier", "message-3", bad); !strings.HasPrefix(got, "invalid") {
			t.Errorf("%q: %q", bad, got)
		}
	}
	for field, roles := range map[string][]directory.Role{"external[0]": {"nobody"}, "external[1]": {"teacher", "teacher"}} {
		p := DefaultPolicy()
		p.External.External = roles
		w.wantRefusal(w.doIn("roussel", "school:x", "mail.policy@1", p), "invalid "+field)
	}

	w.mail.outside = nil
	w.wantRefusal(w.send("garnier", "message-4", museum), "unavailable to[0]")
	p := DefaultPolicy()
	p.External.External = []directory.Role{directory.RoleTeacher}
	w.wantRefusal(w.doIn("roussel", "school:x", "mail.policy@1", p), "unavailable external")
}

// TestNothingMixed (E96): who has no external messaging is not written to
// together with somebody outside, in whatever field, alone or in a group.
func TestNothingMixed(t *testing.T) {
	w := newWorld(t)
	w.open(directory.RoleTeacher)
	for _, field := range []string{"to", "cc", "bcc"} {
		for _, other := range []string{"user:nadia", "class:5b/students", "user:viard"} {
			w.wantRefusal(w.do("garnier", "mail.send@1", letter("message-1", []string{museum}, args{field: []string{museum, other}})), "mixed to")
		}
	}
	w.wantRefusal(w.send("garnier", "message-1", museum, "user:petit"), "")
	w.wantHolders("message-1", "garnier", "petit")
}

// TestAMailGoesOut: what somebody outside gets, and what not.
func TestAMailGoesOut(t *testing.T) {
	w := newWorld(t)
	w.open(directory.RoleTeacher)
	body := Body{
		{Runs: []Run{{Text: "Bonjour <b>, "}, {Text: "merci", Marks: "b"}, {Text: " et ", Link: "https://ecole.example/a?b&c"}}},
		{Kind: "bullet", Runs: []Run{{Text: "lundi"}}},
	}
	w.must("garnier", "mail.send@1", letter("message-1", []string{museum, "mail:maire@ville.example", "user:petit"}, args{
		"bcc": []string{"mail:secret@ville.example"}, "body": body, "names": args{"mail:Accueil@musee.example": "Le musée"},
	}))
	got := w.out()
	if who := slices.Sorted(maps.Keys(got)); !slices.Equal(who, []string{clean, "maire@ville.example", "secret@ville.example"}) {
		t.Fatal(who)
	}
	m := got["maire@ville.example"]
	from, err := m.Header.AddressList("From")
	if err != nil || from[0].Name != "Claire Garnier (Collège Joseph-Collard)" || from[0].Address != "nepasrepondre@ecole.example" {
		t.Error(from, err)
	}
	if m.Subject != "Sortie au musée" || m.Header.Has("Auto-Submitted") || m.Header.Has("Cc") || m.Header.Has("Bcc") {
		t.Errorf("%q %+v", m.Subject, m.Header)
	}
	for _, part := range []string{"Bonjour <b>, merci et  <https://ecole.example/a?b&c>", "- lundi", "Ce message va aussi à : Le musée, M. Petit.", "répondez simplement"} {
		if !strings.Contains(m.Text, part) {
			t.Errorf("%q is missing in\n%s", part, m.Text)
		}
	}
	for _, part := range []string{"Bonjour &lt;b&gt;, <b>merci</b>", `<a href="https://ecole.example/a?b&amp;c"> et </a>`, "• lundi"} {
		if !strings.Contains(m.HTML, part) {
			t.Errorf("%q is missing in\n%s", part, m.HTML)
		}
	}
	for _, m := range got {
		for _, other := range []string{clean, "maire@ville.example", "secret@ville.example"} {
			if other != m.To && strings.Contains(m.Text+m.HTML, other) {
				t.Errorf("%s learns of %s", m.To, other)
			}
		}
	}
	if answerAddress(t, m) == answerAddress(t, got[clean]) {
		t.Error("two people answer at one address")
	}
	if mine, _ := w.message("garnier", "message-1"); len(mine.Bcc) != 1 || mine.To[0].Name != "Le musée" {
		t.Errorf("%+v", mine)
	}
	if his, _ := w.message("petit", "message-1"); len(his.Bcc) != 0 || his.To[0].Key != "mail:"+clean {
		t.Errorf("%+v", his)
	}
	if again := w.do("garnier", "mail.send@1", letter("message-1", []string{museum}, nil)); again != "" || len(w.out()) != 0 {
		t.Error("the same message goes out twice", again)
	}
}

// TestAnAnswerComesIn: it enters the discussion of those who take part, in the
// name of its author, and is answered like any other message.
func TestAnAnswerComesIn(t *testing.T) {
	w := newWorld(t)
	w.open(directory.RoleTeacher)
	w.must("garnier", "mail.send@1", letter("message-1", []string{museum, "user:petit"}, nil))
	out := w.out()[clean]
	to := answerAddress(t, out)
	a := Answer{From: "accueil@MUSEE.example", MailID: "<one@musee.example>"}
	for range 2 { // the other server says it twice
		if err := w.take(to, a); err != nil {
			t.Fatal(err)
		}
	}
	for _, user := range []string{"garnier", "petit"} {
		in := w.foreign(user)
		if len(in) != 1 {
			t.Fatalf("%s has %v", user, in)
		}
		m := slices.Collect(maps.Values(in))[0]
		if m.From.ID != "outside:x/"+clean || m.From.Name != clean || m.Discussion != "message-1" || m.Re != "message-1" || m.Subject != "Sortie au musée" || m.Body.Text() != "Merci, à jeudi." || len(m.To) != 2 || m.To[0] != (Addressee{Key: "user:garnier", Name: "Mme Garnier"}) {
			t.Errorf("%+v", m)
		}
	}

	id := slices.Collect(maps.Keys(w.foreign("petit")))[0]
	w.must("petit", "mail.reply@1", args{"id": "message-2", "re": id, "all": true, "body": text("Parfait.")})
	w.wantHolders("message-2", "garnier", "petit")
	next := w.out()[clean]
	if next.Subject != "Re : Sortie au musée" || !slices.Equal(refs(next), []string{msgID(out), "one@musee.example"}) {
		t.Errorf("%q follows %v", next.Subject, refs(next))
	}
	if answerAddress(t, next) == to {
		t.Error("answers to two messages go to one address")
	}
	w.must("garnier", "mail.reply@1", args{"id": "message-3", "re": id, "body": text("À vous seul.")})
	w.wantHolders("message-3", "garnier")
	if m, _ := w.message("garnier", "message-3"); len(m.To) != 1 || m.To[0].Key != "mail:"+clean {
		t.Errorf("%+v", m.To)
	}
	if got := w.out(); len(got) != 1 || !strings.Contains(got[clean].Text, "À vous seul.") {
		t.Error(got)
	}
}

func refs(m couriertest.Mail) []string {
	ids, _ := m.Header.MsgIDList("References")
	return ids
}

func msgID(m couriertest.Mail) string {
	id, _ := m.Header.MessageID()
	return id
}

// foreign are the messages from outside in a mailbox.
func (w *world) foreign(user string) map[string]Message {
	w.t.Helper()
	all := mailbox[Message](w, user, "message")
	maps.DeleteFunc(all, func(_ string, m Message) bool { return !strings.HasPrefix(m.From.ID, outsideAuthor) })
	return all
}

// TestOutlook: what is quoted without marks is left out when it is nothing but
// what was sent; an answer below it, or between, keeps all.
func TestOutlook(t *testing.T) {
	w := newWorld(t)
	w.open(directory.RoleTeacher)
	body := Body{{Runs: []Run{{Text: "Bonjour, voici "}, {Text: "le programme", Link: "https://ecole.example/p"}}}, {Kind: "bullet", Runs: []Run{{Text: "lundi à 9 h"}}}}
	w.must("garnier", "mail.send@1", letter("message-1", []string{museum}, args{"body": body}))
	out := w.out()[clean]
	to := answerAddress(t, out)
	head := "\nDe : Claire Garnier (Collège Joseph-Collard) <nepasrepondre@ecole.example>\nEnvoyé : lundi 23 novembre 2026 11:00\nÀ : Accueil\nObjet : Sortie au musée\n\n"
	for name, c := range map[string]struct{ said, want string }{
		"its text":   {"Oui.\n________________________________" + head + out.Text, "Oui."},
		"its page":   {"Oui.\n" + head + "Bonjour, voici le programme\n\n• lundi à\n9 h\n\n" + strings.SplitN(out.Text, "-- \n", 2)[1], "Oui."},
		"part of it": {"Oui.\n" + head + "Bonjour, voici le programme\n", "Oui."},
		"below":      {"Oui.\n" + head + "Bonjour, voici le programme\nMoi aussi.", ""},
		"between":    {"Oui.\n" + head + "Bonjour, voici\nnon\nle programme", ""},
		"nothing":    {head + "Bonjour, voici le programme", ""},
		"no head":    {"Oui.\nDe : moi\nBonjour, voici le programme", ""},
	} {
		var said Body
		for line := range strings.SplitSeq(c.said, "\n") {
			said = append(said, Block{Runs: []Run{{Text: line}}})
		}
		if err := w.take(to, Answer{MailID: "<" + name + "@x>", Body: said}); err != nil {
			t.Fatal(err)
		}
		want := c.want
		if want == "" {
			want = c.said
		}
		if !slices.ContainsFunc(slices.Collect(maps.Values(w.foreign("garnier"))), func(m Message) bool { return m.Body.Text() == want }) {
			t.Errorf("%s: no message says %q", name, want)
		}
	}
}

// TestPassedOnOutside (E98): what is passed on to somebody outside says who
// wrote it, and no address.
func TestPassedOnOutside(t *testing.T) {
	w := newWorld(t)
	w.open(directory.RoleTeacher)
	w.must("garnier", "mail.send@1", letter("message-1", []string{museum}, nil))
	if err := w.take(answerAddress(t, w.out()[clean]), Answer{}); err != nil {
		t.Fatal(err)
	}
	in := slices.Collect(maps.Keys(w.foreign("garnier")))[0]
	w.must("garnier", "mail.send@1", letter("message-2", []string{"mail:maire@ville.example"}, args{"quotes": []args{{"message": in}, {"message": "message-1"}}}))
	m := w.out()["maire@ville.example"]
	if !strings.Contains(m.Text, "De : Mme Garnier\nObjet : Sortie au musée\n\nBonjour.") || !strings.Contains(m.Text, "Merci, à jeudi.") || strings.Contains(m.Text+m.HTML, clean) {
		t.Errorf("%s\n%s", m.Text, m.HTML)
	}
}

// TestWhoGetsAnAnswer: the mode of the discussion decides, a blind copy answers
// the author alone, and nobody gets it who lost external messaging.
func TestWhoGetsAnAnswer(t *testing.T) {
	for _, c := range []struct {
		name, mode, field string
		then              func(w *world)
		want              []string
	}{
		{"all", ModeAll, "to", nil, []string{"garnier", "petit", "viard"}},
		{"its author", ModeSender, "to", nil, []string{"garnier"}},
		{"blind", ModeAll, "bcc", nil, []string{"garnier"}},
		{"one lost it", ModeAll, "to", func(w *world) { w.open(directory.RoleTeacher) }, []string{"garnier", "petit"}},
	} {
		w := newWorld(t)
		w.open(directory.RoleTeacher, directory.RoleStaff)
		more := args{"mode": c.mode, c.field: []string{museum}}
		if c.field == "to" {
			more["to"] = append(users("petit", "viard"), museum)
		}
		w.must("garnier", "mail.send@1", letter("message-1", users("petit", "viard"), more))
		if c.then != nil {
			c.then(w)
		}
		if err := w.take(answerAddress(t, w.out()[clean]), Answer{}); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		var got []string
		for _, user := range everyone {
			if len(w.foreign(user)) > 0 {
				got = append(got, user)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestAnswersNotTaken: what does not come from who was written to, or to nobody
// any more, changes nothing.
func TestAnswersNotTaken(t *testing.T) {
	w := newWorld(t)
	w.open(directory.RoleTeacher)
	w.must("garnier", "mail.send@1", letter("message-1", []string{museum, "user:petit"}, nil))
	to := answerAddress(t, w.out()[clean])
	want := func(name string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
		if got := w.foreign("garnier"); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
	want("another sender", w.take(to, Answer{From: "eve@musee.example"}), ErrSender)
	for _, wrong := range []string{"", "garnier@reponse.ecole.example", "r-@reponse.ecole.example", "r-" + strings.Repeat("a", 32) + "@reponse.ecole.example", to + ".example", strings.Replace(to, "@", "@x.", 1)} {
		want(wrong, w.take(wrong, Answer{}), ErrNobody)
		want(wrong, w.mail.Expects(t.Context(), wrong), ErrNobody)
	}
	want("nothing said", w.take(to, Answer{Body: text("  ")}), ErrUnreadable)
	want("too long", w.take(to, Answer{Body: text(strings.Repeat("a", MaxBody+1))}), ErrUnreadable)
	want("many files", w.take(to, Answer{Files: make([]AnsweredFile, MaxFiles+1)}), ErrUnreadable)
	want("large files", w.take(to, Answer{Files: []AnsweredFile{{Size: MaxFileBytes + 1}}}), ErrUnreadable)

	freeze := DefaultPolicy()
	freeze.Frozen, freeze.External.External = true, []directory.Role{directory.RoleTeacher}
	w.doIn("roussel", "school:x", "mail.policy@1", freeze)
	want("frozen", w.take(to, Answer{}), ErrLater)
	w.open()
	want("switched off", w.take(to, Answer{}), ErrNobody)
	w.open(directory.RoleTeacher)
	w.now = w.now.Add(answerLife + time.Hour)
	want("a year later", w.take(to, Answer{}), ErrNobody)
	w.now = monday.Add(time.Hour)
	w.must("garnier", "mail.recall@1", args{"message": "message-1"})
	want("taken back", w.take(to, Answer{}), ErrNobody)
}

// TestModerationOutside: a message from outside is reported and taken away like
// any other, and in a closed discussion none comes in.
func TestModerationOutside(t *testing.T) {
	w := newWorld(t)
	w.open(directory.RoleTeacher)
	w.must("garnier", "mail.send@1", letter("message-1", []string{museum, "user:petit"}, nil))
	to := answerAddress(t, w.out()[clean])
	data := []byte("Le plan du musée.")
	if err := w.take(to, Answer{Files: []AnsweredFile{NewAnsweredFile("plan.txt", data)}}); err != nil {
		t.Fatal(err)
	}
	id := slices.Collect(maps.Keys(w.foreign("petit")))[0]
	file := w.foreign("petit")[id].Files[0]
	if !w.readable("petit", file.SHA) || !w.readable("garnier", file.SHA) || w.readable("viard", file.SHA) {
		t.Errorf("%+v", file)
	}
	w.must("petit", "mail.report@1", args{"id": "report-01", "message": id, "reason": "insult"})
	if !w.readable("viard", file.SHA) {
		t.Error("vie scolaire cannot read the evidence")
	}
	if refused := w.doIn("viard", "office:x", "mail.moderate@1", args{"id": "petit~report-01", "withdraw": true, "close": true}); refused != "" {
		t.Fatal(refused)
	}
	if m := w.foreign("garnier")[id]; !m.Recalled || len(m.Files) > 0 || len(m.Body) > 0 {
		t.Errorf("%+v", m)
	}
	if w.readable("petit", file.SHA) || w.readable("garnier", file.SHA) {
		t.Error("a file of what was taken away can be read")
	}
	if err := w.take(to, Answer{MailID: "<two@musee.example>"}); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if got := w.foreign("garnier"); len(got) != 1 {
		t.Error(got)
	}
}

func (w *world) readable(user, sha string) bool {
	w.t.Helper()
	ok, err := w.files.Readable(w.t.Context(), person(user), sha)
	if err != nil {
		w.t.Fatal(err)
	}
	return ok
}

// TestFilesGoOut: a mail waits for its files, and carries all of them; what
// comes to nothing is named.
func TestFilesGoOut(t *testing.T) {
	w := newWorld(t)
	w.open(directory.RoleTeacher)
	data := []byte("Le programme de la sortie.")
	sha, lost := NewAnsweredFile("", data).SHA, NewAnsweredFile("", program).SHA
	w.must("garnier", "mail.send@1", letter("message-1", []string{museum}, args{"files": []args{
		{"sha": sha, "name": "Programme.txt", "type": "text/plain", "size": len(data)},
	}}))
	if got := w.out(); len(got) != 0 {
		t.Fatal("it did not wait", got)
	}
	w.upload("garnier", sha, "text/plain", data)
	got := w.out()[clean]
	if string(got.Files["Programme.txt"]) != string(data) {
		t.Errorf("%+v", got)
	}
	w.must("garnier", "mail.send@1", letter("message-2", []string{museum}, args{"files": []args{
		{"sha": sha, "name": "Programme.txt", "type": "text/plain", "size": len(data)},
		{"sha": lost, "name": "perdu.exe", "type": "application/octet-stream", "size": len(program)},
	}}))
	if got := w.out(); len(got) != 0 {
		t.Fatal("it did not wait", got)
	}
	w.upload("garnier", lost, "application/octet-stream", program)
	got = w.out()[clean]
	if len(got.Files) != 1 || !strings.Contains(got.Text, "Pièce jointe supprimée : perdu.exe") {
		t.Errorf("%+v", got)
	}
}

// program is no file that is taken.
var program = []byte("MZ\x90\x00\x03\x00\x00\x00")

func (w *world) upload(user, sha, kind string, data []byte) {
	w.t.Helper()
	up := attachment.Upload{SHA: sha, Name: "x", Type: kind, Size: int64(len(data))}
	if err := w.files.Arrived(w.t.Context(), person(user), up, strings.NewReader(string(data))); err != nil {
		w.t.Fatal(err)
	}
	w.settle()
}

// TestWhatDoesNotArrive is told to the author: what the server refuses at once,
// what comes back, and what cannot be handed over for days.
func TestWhatDoesNotArrive(t *testing.T) {
	w := newWorld(t)
	w.open(directory.RoleTeacher)
	reason := func(id string) string {
		m, _ := w.message("garnier", id)
		if len(m.Returned) != 1 || m.Returned[0].Key != "mail:"+clean {
			return ""
		}
		return m.Returned[0].Reason
	}
	notices := func() int { return len(mailbox[any](w, "garnier", "notice")) }

	w.post.Refuse(clean, 550)
	w.must("garnier", "mail.send@1", letter("message-1", []string{museum, "user:petit"}, nil))
	if reason("message-1") != outRefused || notices() != 1 {
		t.Errorf("%q, %d notices", reason("message-1"), notices())
	}
	if m, _ := w.message("petit", "message-1"); len(m.Returned) != 0 {
		t.Error("others are told")
	}

	w.post.Refuse(clean, 450)
	w.must("garnier", "mail.send@1", letter("message-2", []string{museum}, nil))
	for range 40 {
		w.now = w.now.Add(2 * time.Hour)
		w.settle()
	}
	if reason("message-2") != outLate || notices() != 2 {
		t.Errorf("%q, %d notices", reason("message-2"), notices())
	}

	w.post.Refuse(clean, 0)
	w.must("garnier", "mail.send@1", letter("message-3", []string{museum}, nil))
	to := answerAddress(t, w.out()[clean])
	for range 2 {
		if err := w.mail.Bounce(t.Context(), to); err != nil {
			t.Fatal(err)
		}
		w.settle()
	}
	if reason("message-3") != outBounced || notices() != 3 {
		t.Errorf("%q, %d notices", reason("message-3"), notices())
	}
}

// TestServerComesBack: a mail that cannot be handed over goes once it can.
func TestServerComesBack(t *testing.T) {
	w := newWorld(t)
	w.open(directory.RoleTeacher)
	w.post.Stop()
	w.must("garnier", "mail.send@1", letter("message-1", []string{museum}, nil))
	w.post.Start()
	w.now = w.now.Add(time.Hour)
	w.settle()
	if got := w.out(); len(got) != 1 {
		t.Error(got)
	}
	if m, _ := w.message("garnier", "message-1"); len(m.Returned) != 0 {
		t.Errorf("%+v", m)
	}
}

// TestContactsOutside (E113, E115): an address that was typed enters the book
// under the name that it was typed with first.
func TestContactsOutside(t *testing.T) {
	w := newWorld(t)
	w.open(directory.RoleTeacher)
	w.must("garnier", "mail.send@1", letter("message-1", []string{museum}, args{"names": args{museum: " Le \u202e musée\n"}}))
	w.must("garnier", "mail.send@1", letter("message-2", []string{museum, "mail:a@b.example"}, args{"names": args{museum: "Autre"}}))
	got := mailbox[contact](w, "garnier", "contact")
	if len(got) != 2 || got["mail:"+clean].Name != "Le musée" || got["mail:a@b.example"].Name != "a@b.example" {
		t.Errorf("%+v", got)
	}
	long := "mail:" + strings.Repeat("a", 108) + "@b.example"
	w.must("garnier", "mail.send@1", letter("message-3", []string{long}, nil))
	w.must("garnier", "mail.forget@1", args{"ids": []string{"mail:" + clean, long}})
	if got := mailbox[contact](w, "garnier", "contact"); len(got) != 1 {
		t.Errorf("%+v", got)
	}
}

// TestBrakesOutside: people outside count like all others, for pupils too where
// a school lets them write there.
func TestBrakesOutside(t *testing.T) {
	w := newWorld(t)
	p := DefaultPolicy()
	p.External.External, p.Quota, p.Pair, p.Most = []directory.Role{directory.RoleStudent, directory.RoleGuardian}, 2, 1, 3
	if refused := w.doIn("roussel", "school:x", "mail.policy@1", p); refused != "" {
		t.Fatal(refused)
	}
	w.wantRefusal(w.send("ines", "message-1", "mail:a@b.example", "mail:b@b.example", "mail:c@b.example"), "quota")
	w.wantRefusal(w.send("ines", "message-1", "mail:a@b.example", "mail:b@b.example", "mail:c@b.example", "mail:d@b.example"), "too_many_recipients to")
	w.wantRefusal(w.send("ines", "message-1", "mail:a@b.example"), "")
	w.wantRefusal(w.send("ines", "message-2", "mail:a@b.example"), "pair")
	w.doubted["d_ines"] = true
	w.wantRefusal(w.send("ines", "message-3", "mail:new@b.example"), "quarantine")
}

// TestRightsAtDeparture: who may no longer write outside when a message leaves
// is told so.
func TestRightsAtDeparture(t *testing.T) {
	w := newWorld(t)
	p := DefaultPolicy()
	p.External.External, p.Large = []directory.Role{directory.RoleTeacher}, 1
	if refused := w.doIn("roussel", "school:x", "mail.policy@1", p); refused != "" {
		t.Fatal(refused)
	}
	w.connect()
	w.must("garnier", "mail.send@1", letter("message-1", []string{museum, "user:petit"}, nil))
	w.open()
	w.now = w.now.Add(time.Hour)
	w.settle()
	m, _ := w.message("garnier", "message-1")
	if got := w.out(); len(got) != 0 || len(m.Refused) != 1 || m.Refused[0].Key != "mail:"+clean {
		t.Errorf("%v %+v", got, m)
	}
	w.wantHolders("message-1", "garnier", "petit")
}

// TestAnswersAfterItsAuthorForgot (E107): a message is there for as long as
// somebody outside may answer it, without its text once nobody has it, and then
// it is gone.
func TestAnswersAfterItsAuthorForgot(t *testing.T) {
	w := newWorld(t)
	w.open(directory.RoleTeacher)
	w.must("garnier", "mail.send@1", letter("message-1", []string{museum}, nil))
	to := answerAddress(t, w.out()[clean])
	w.throwAway("garnier", "message-1")
	if p := w.postOf("garnier", "message-1"); !p.Erased || len(p.Body) != 0 {
		t.Fatalf("%+v", p)
	}
	if err := w.take(to, Answer{}); err != nil {
		t.Fatal(err)
	}
	if in := w.foreign("garnier"); len(in) != 1 {
		t.Fatalf("%+v", in)
	}
	w.throwAway("garnier", "message-1")
	w.now = w.now.Add(answerLife + time.Hour)
	w.settle()
	if posts, err := w.mail.posts(t.Context(), "garnier", "message-1"); err != nil || len(posts) != 0 {
		t.Error("it is there for nobody", posts, err)
	}
	if posts, err := w.engine.Find(t.Context(), "mail:x", storage.Key{Type: "post"}, storage.Key{Type: "rest"}); err != nil || len(posts) != 0 {
		t.Error("the answer is there for nobody", posts, err)
	}
}

// TestModeratedFromOutside (E39, E93): what came from outside is taken out of
// the messages that pass it on, as anybody's.
func TestModeratedFromOutside(t *testing.T) {
	w := newWorld(t)
	w.open(directory.RoleTeacher)
	w.must("garnier", "mail.send@1", letter("message-1", []string{museum}, nil))
	if err := w.take(answerAddress(t, w.out()[clean]), Answer{}); err != nil {
		t.Fatal(err)
	}
	id := slices.Collect(maps.Keys(w.foreign("garnier")))[0]
	w.wantRefusal(w.passOn("garnier", "message-2", id, "viard"), "")
	w.wantQuotes("viard", "message-2", "Merci, à jeudi.")
	w.must("garnier", "mail.report@1", accuse("report-001", id))
	w.wantRefusal(w.doIn("roussel", "office:x", "mail.moderate@1", args{"id": officeID("garnier", "report-001"), "withdraw": true}), "")
	w.wantQuotes("viard", "message-2", "")
}
