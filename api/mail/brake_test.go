package mail

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"preau/api/directory"
)

// classmates enrolls so many more pupils in 5e B: "c00", "c01" …
func (w *world) classmates(n int) (ids []string) {
	w.t.Helper()
	var puts []directory.Put
	for i := range n {
		id := fmt.Sprintf("c%02d", i)
		ids = append(ids, id)
		puts = append(puts,
			directory.Put{ID: id, Record: directory.Person{First: "Camille", Last: fmt.Sprintf("Nom%02d", i), Pupil: true}},
			directory.Put{ID: "in-" + id, Record: directory.Enrollment{Student: id, Audience: "class:5b"}})
	}
	w.apply(puts...)
	return ids
}

// says sends a text with a subject of its own.
func (w *world) says(user, id, what string, to ...string) string {
	w.t.Helper()
	return w.do(user, "mail.send@1", letter(id, users(to...), args{"subject": "Mot " + id, "body": text(what)}))
}

func (w *world) brakes(b Brakes) {
	w.t.Helper()
	p := DefaultPolicy()
	p.Brakes = b
	w.wantRefusal(w.doIn("roussel", "school:x", "mail.policy@1", p), "")
}

// different are texts that are not alike.
func different(i int) string { return ordinary[i%len(ordinary)] }

// TestQuota: a pupil writes to so many people in 24 hours, and to each of them
// as often as they like; those who work in the school to everybody.
func TestQuota(t *testing.T) {
	w := newWorld(t)
	class := w.classmates(6)
	w.brakes(Brakes{Quota: 5, Alike: 30, Pair: 20})
	for i, id := range class[:5] {
		w.wantRefusal(w.says("ines", fmt.Sprintf("m-quota%02d", i), different(i), id), "")
	}
	w.wantRefusal(w.says("ines", "m-quota-one", different(6), class[5]), "quota")
	w.wantRefusal(w.says("ines", "m-quota-two", different(7), class[0], class[4]), "")
	w.wantRefusal(w.says("malo", "m-quota-all", different(8), class...), "quota")
	w.wantRefusal(w.says("garnier", "m-quota-staff", different(8), class...), "")
	w.wantRefusal(w.says("nadia", "m-quota-fam", different(9), "garnier", "petit", "viard", "roussel", "ines", "noe"), "")
	w.now = w.now.Add(24*time.Hour - time.Second)
	w.wantRefusal(w.says("ines", "m-quota-one", different(6), class[5]), "quota")
	w.now = w.now.Add(time.Second)
	w.wantRefusal(w.says("ines", "m-quota-one", different(6), class[5]), "") // c00 and c04 and they
}

// TestTheSameTextToMany: so many people get nearly the same text of one pupil,
// whether one by one, together, as an answer, passed on, as a file or as a
// subject.
func TestTheSameTextToMany(t *testing.T) {
	const threat = "Je vais venir au collège demain et vous allez tous le regretter."
	file := func(i int) args {
		sha := "sha256-" + strings.Repeat("ab", 32)
		return args{"body": text(different(i)), "subject": "Mot " + fmt.Sprint(i), "files": []args{{"sha": sha, "name": "a.pdf", "type": "application/pdf", "size": 9}}}
	}
	for name, vary := range map[string]func(i int) args{
		"the text": func(i int) args { return args{"subject": different(i), "body": text(fmt.Sprintf("%d %s", i, threat))} },
		"the names": func(i int) args {
			return args{"subject": "a" + fmt.Sprint(i), "body": text(fmt.Sprintf("Hé %s ! %s", []string{"Malo", "Zoé", "Camille"}[i%3], threat))}
		},
		"a subject": func(i int) args { return args{"subject": threat + fmt.Sprint(i), "body": text(different(i))} },
		"few words": func(i int) args { return args{"subject": different(i), "body": text(fmt.Sprint("Crève ! ", i))} },
		"a file":    file,
		"passing on": func(i int) args {
			return args{"subject": "TR " + different(i), "body": Body{}, "quotes": []args{{"message": "m-threat001"}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			class := w.classmates(50)
			w.must("garnier", "mail.send@1", letter("m-threat001", users("ines"), args{"body": text(threat)}))
			reached := 0
			for i, id := range class {
				switch got := w.do("ines", "mail.send@1", letter(fmt.Sprintf("m-alike%02d", i), users(id), vary(i))); got {
				case "":
					reached++
				case "alike":
				default:
					t.Fatalf("answered %q", got)
				}
			}
			if reached != 40 {
				t.Errorf("reached %d people, want 40", reached)
			}
			w.wantRefusal(w.do("malo", "mail.send@1", letter("m-alike-01", users(class...), args{"body": text(threat)})), "alike")
			w.wantRefusal(w.do("garnier", "mail.send@1", letter("m-alike-02", users(class...), args{"body": text(threat)})), "")
		})
	}
}

// TestAnswersToMany: in a discussion that brings many together a pupil answers
// all with a word, or the author with as many as they like.
func TestAnswersToMany(t *testing.T) {
	w := newWorld(t)
	w.classmates(40)
	w.wantRefusal(w.send("garnier", "m-class-001", "class:5b/students", "class:5b/guardians"), "")
	answer := func(id, what string, all bool) string {
		return w.do("ines", "mail.reply@1", args{"id": id, "re": "m-class-001", "all": all, "body": text(what)})
	}
	w.wantRefusal(answer("m-answer-01", "Est-ce que tout le monde peut venir à la sortie de jeudi ?", true), "alike")
	w.wantRefusal(answer("m-answer-02", "Est-ce que tout le monde peut venir à la sortie de jeudi ?", false), "")
	w.wantRefusal(answer("m-answer-03", "Ok merci !", true), "")
	if n := len(mailbox[Message](w, "c39", "message")); n != 2 {
		t.Errorf("a classmate has %d messages", n)
	}
}

// TestPair: a family writes to one person so many times in 24 hours.
func TestPair(t *testing.T) {
	w := newWorld(t)
	for i := range 20 {
		w.wantRefusal(w.says("nadia", fmt.Sprintf("m-pair%02d", i), different(i), "garnier"), "")
	}
	w.wantRefusal(w.says("nadia", "m-pair-one", "Répondez !", "garnier"), "pair")
	w.wantRefusal(w.says("nadia", "m-pair-two", "Répondez !", "petit", "garnier"), "pair")
	w.wantRefusal(w.says("nadia", "m-pair-three", "Répondez !", "petit"), "")
	w.wantRefusal(w.says("karim", "m-pair-four", "Répondez !", "garnier"), "")
	for i := range 25 {
		w.wantRefusal(w.says("garnier", fmt.Sprintf("m-back%02d", i), different(i), "nadia"), "")
	}
	w.wantRefusal(w.do("nadia", "mail.reply@1", args{"id": "m-pair-five", "re": "m-back00", "body": text("Non.")}), "pair")
	w.now = w.now.Add(24 * time.Hour)
	w.wantRefusal(w.do("nadia", "mail.reply@1", args{"id": "m-pair-five", "re": "m-back00", "body": text("Non.")}), "")
}

// TestPairOfPupils: a pupil is held back before those who work in the school,
// and chats with friends.
func TestPairOfPupils(t *testing.T) {
	w := newWorld(t)
	for i := range 25 {
		w.wantRefusal(w.says("ines", fmt.Sprintf("m-chat%02d", i), different(i), "malo"), "")
	}
	for i := range 20 {
		w.wantRefusal(w.says("ines", fmt.Sprintf("m-asks%02d", i), different(i), "garnier"), "")
	}
	w.wantRefusal(w.says("ines", "m-asks-one", "Alors ?", "malo", "garnier"), "pair")
}

// TestBrakesCountOnce: a message that arrives twice, or was refused, counts as
// what it is, and the record of it all stays small and on the server.
func TestBrakesCountOnce(t *testing.T) {
	w := newWorld(t)
	w.brakes(Brakes{Quota: 2, Alike: 1000, Pair: 1000})
	for range 3 {
		w.wantRefusal(w.says("ines", "m-twice-01", different(1), "malo"), "")
		w.wantRefusal(w.says("ines", "m-twice-02", different(1), "malo", "garnier", "petit"), "quota")
	}
	w.wantRefusal(w.says("ines", "m-twice-03", different(1), "garnier"), "")
	w.brakes(Brakes{Quota: 1000, Alike: 1000, Pair: 1000})
	refused := false
	for i := 0; !refused && i < maxDeparted; i++ {
		refused = w.says("ines", fmt.Sprintf("m-flood-%04d", i), different(i), "malo", "garnier") == "quota"
	}
	recs := w.found("ines", kindDepartures, "day")
	if !refused || len(recs) != 1 || len(recs[0].Value) > 100_000 {
		t.Errorf("refused: %v, %d bytes", refused, len(recs[0].Value))
	}
	if got := mailbox[any](w, "ines", kindDepartures); len(got) != 0 {
		t.Errorf("a device gets %v", got)
	}
}

// TestRulesOfBrakes: there is no way to do without them, and those who do not
// speak of them keep those of everybody.
func TestRulesOfBrakes(t *testing.T) {
	w := newWorld(t)
	for field, b := range map[string]Brakes{
		"quota": {0, 1, 1}, "alike": {1, maxBrake + 1, 1}, "pair": {1, 1, -1},
	} {
		p := DefaultPolicy()
		p.Brakes = b
		w.wantRefusal(w.doIn("roussel", "school:x", "mail.policy@1", p), "invalid "+field)
	}
	w.wantRefusal(w.doIn("roussel", "school:x", "mail.policy@1", args{"most": 200, "studentToStudent": true}), "")
	p, err := w.mail.policy(t.Context(), "x")
	if err != nil || p.Brakes != defaultBrakes() {
		t.Errorf("%+v, %v", p.Brakes, err)
	}
	if !slices.Equal([]int{p.Quota, p.Alike, p.Pair}, []int{100, 40, 20}) {
		t.Errorf("%+v", p.Brakes)
	}
}
