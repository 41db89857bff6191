package api_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"preau/api/account"
	"preau/api/directory"
	"preau/storage"
)

// threat is a text of the kind that was sent to whole schools, made up; it is
// varied a little from message to message.
func threat(i int) string {
	return []string{
		"Je vais venir au collège demain et vous allez tous le regretter.",
		"JE VAIS VENIR AU COLLÈGE DEMAIN, ET VOUS ALLEZ TOUS LE REGRETTER !!",
		"Salut. Je vais venir au collège demain et vous allez tous le regretter",
		"je vais venir au college lundi et vous allez tous le regretter…",
	}[i%4] + fmt.Sprintf(" %d", i)
}

// TestStolenPupilAccount (goal 8 of security.md): somebody who knows a pupil's
// password sends a threat to everybody, in every way there is. From a device in
// quarantine it reaches 5 people and no group; from one that is trusted, as
// many as may get the same text.
func TestStolenPupilAccount(t *testing.T) {
	w := newWorld(t)
	class := w.fullClass(t, 60)
	for i, id := range class[:8] { // she has friends
		w.must(t, "self", "user:ines", "mail.send@1", message(fmt.Sprintf("friend-%04d", i), "Salut "+id, "Tu viens au club numéro "+id, "user:"+id))
	}
	w.must(t, "teacher", "user:garnier", "mail.send@1", message("class-0001", "Sortie", "Rendez-vous à 8 h.", "class:5b/students"))
	w.settle(t)
	thief, err := w.accounts.SignIn(context.Background(), account.Client{Label: "PC"}, account.Credentials{Login: "ines", Password: accountPassword})
	check(t, err)
	w.sessions["thief"] = thief

	reached := w.attack(t, "q", class)
	t.Logf("from quarantine: %d of %d mailboxes", len(reached), len(class)+2)
	if len(reached) > 5 {
		t.Errorf("from quarantine: %q", reached)
	}
	trust := "/api/devices/" + thief.Device + "/trust"
	w.as("thief").send("POST", trust, "{}").want(t, 403, "quarantine")
	w.as("self").send("POST", trust, "{}").want(t, 204, "")
	all := w.attack(t, "t", class)
	t.Logf("from a trusted device: %d of %d mailboxes", len(all), len(class)+2)
	if len(all) > 40 || len(all) <= len(reached) {
		t.Errorf("from a trusted device: %d mailboxes, after %d", len(all), len(reached))
	}
	// Who is at work in the school is not held back.
	w.must(t, "teacher", "user:garnier", "mail.send@1", message("class-0002", "Sortie", threat(0), "class:5b/students"))
	for i, id := range class {
		w.must(t, "teacher", "user:garnier", "mail.send@1", message(fmt.Sprintf("each-%04d", i), "Sortie", threat(i), "user:"+id))
	}
}

// fullClass puts so many more pupils into Inès's class.
func (w *world) fullClass(t *testing.T, n int) (ids []string) {
	t.Helper()
	year := directory.Span{From: "2026-09-01"}
	var puts []directory.Put
	for i := range n {
		id := fmt.Sprintf("pupil%02d", i)
		ids = append(ids, id)
		puts = append(puts,
			directory.Put{ID: id, Record: directory.Person{First: "Camille", Last: id, Pupil: true, Span: year}},
			directory.Put{ID: "in-" + id, Record: directory.Enrollment{Student: id, Audience: "class:5b", Span: year}})
	}
	w.apply(t, "collard", "Collège Joseph-Collard", puts)
	return ids
}

func message(id, subject, text string, to ...string) string {
	return fmt.Sprintf(`{"id":%q,"subject":%q,"mode":"all","to":["%s"],"body":[{"runs":[{"text":%q}]}]}`, id, subject, strings.Join(to, `","`), text)
}

// word is another for every number.
func word(i int) string { return string([]rune{'a' + rune(i/26), 'a' + rune(i%26)}) }

// attack sends the threat in every way and lists whose mailboxes hold it.
func (w *world) attack(t *testing.T, name string, class []string) (reached []string) {
	t.Helper()
	sends, ids := 0, []string{}
	try := func(mutation, format string, args ...any) {
		id := fmt.Sprintf("threat-%s%03d", name, sends)
		sends++
		ids = append(ids, id)
		w.act(t, "thief", "user:ines", mutation, fmt.Sprintf(format, append([]any{id}, args...)...))
	}
	send := func(i int, text string, to ...string) {
		try("mail.send@1", `{"id":%q,"subject":%q,"mode":"all","to":["%s"],"body":[{"runs":[{"text":%q}]}]}`, word(i), strings.Join(to, `","`), text)
	}
	var everybody []string
	for _, id := range class {
		everybody = append(everybody, "user:"+id)
	}
	send(0, threat(0), everybody...)
	send(0, threat(0), "class:5b/students")
	try("mail.reply@1", `{"id":%q,"re":"class-0001","all":true,"body":[{"runs":[{"text":%q}]}]}`, threat(1))
	try("mail.reply@1", `{"id":%q,"re":"class-0001","body":[{"runs":[{"text":%q}]}]}`, threat(1))
	try("mail.send@1", `{"id":%q,"subject":%q,"mode":"all","to":["user:garnier"],"bcc":["%s"],"body":[{"runs":[{"text":"."}]}]}`, threat(2), strings.Join(everybody, `","`))
	for i, to := range everybody {
		send(i, threat(i), to)
	}
	for i, to := range everybody { // the threat as what is passed on
		try("mail.send@1", `{"id":%q,"subject":%q,"mode":"all","to":[%q],"body":[],"quotes":[{"message":%q}]}`, word(i), to, ids[3])
	}
	for i := 0; i+3 <= len(everybody); i += 3 {
		send(i, threat(i), everybody[i:i+3]...)
	}
	w.settle(t)
	return w.holdersOf(t, append(class, "garnier", "malik"))
}

// holdersOf lists who of people holds a threat of Inès's.
func (w *world) holdersOf(t *testing.T, people []string) (who []string) {
	t.Helper()
	for _, user := range people {
		recs, err := w.engine.Find(context.Background(), "user:"+user, storage.Key{Type: "message"})
		check(t, err)
		if slices.ContainsFunc(recs, func(r storage.Record) bool { return strings.HasPrefix(r.ID, "threat-") }) {
			who = append(who, user)
		}
	}
	return who
}
