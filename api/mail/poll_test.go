package mail

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"preau/api/directory"
)

// asking is a body with one poll.
func asking(p Poll) Body {
	return Body{{Runs: []Run{{Text: "Bonjour."}}}, {Kind: kindPoll, Runs: []Run{}, Poll: &p}}
}

var outing = Poll{ID: "poll-001", Question: "Qui vient au musée ?", Options: []string{"Moi", "Pas moi", "Peut-être"}}

func (w *world) ask(id string, p Poll) {
	w.t.Helper()
	w.wantRefusal(w.do("garnier", "mail.send@1", letter(id, []string{"class:5b/guardians"}, args{"body": asking(p)})), "")
}

func (w *world) tally(user, id string) Tally {
	w.t.Helper()
	return mailbox[Tally](w, user, "tally")[id]
}

func vote(message string, choices ...int) args {
	return args{"message": message, "poll": "poll-001", "choices": choices}
}

// TestPoll (E66): readers answer, change their answer and take it back; the
// author alone learns it.
func TestPoll(t *testing.T) {
	w := newWorld(t)
	w.ask("m-poll001", outing)
	w.must("nadia", "mail.vote@1", vote("m-poll001", 0))
	w.must("karim", "mail.vote@1", vote("m-poll001", 0))
	w.must("nadia", "mail.vote@1", vote("m-poll001", 2))
	got := w.tally("garnier", "m-poll001.poll-001")
	if !slices.Equal(got.Counts, []int{1, 0, 1}) || got.Voters != 2 || got.Names[2][0].ID != "nadia" || got.Names[0][0].Name == "" {
		t.Errorf("the author learns %+v", got)
	}
	if got := mailbox[Vote](w, "nadia", "vote")["m-poll001.poll-001"]; !slices.Equal(got.Choices, []int{2}) || !got.At.Equal(w.now) {
		t.Errorf("her own answer: %+v", got)
	}
	w.must("nadia", "mail.vote@1", vote("m-poll001"))
	if got := w.tally("garnier", "m-poll001.poll-001"); got.Voters != 1 || !slices.Equal(got.Counts, []int{1, 0, 0}) {
		t.Errorf("taken back: %+v", got)
	}
	for _, user := range everyone {
		if n := len(mailbox[Tally](w, user, "tally")); user != "garnier" && n > 0 {
			t.Errorf("%s learns the answers", user)
		}
		if n := len(mailbox[[]int](w, user, "ballot")); n > 0 {
			t.Errorf("the device of %s gets ballots", user)
		}
	}
}

// TestSecretPoll (E66) tells its author how many, not who.
func TestSecretPoll(t *testing.T) {
	w := newWorld(t)
	secret := outing
	secret.Secret, secret.Many = true, true
	w.ask("m-secret1", secret)
	w.must("nadia", "mail.vote@1", vote("m-secret1", 1, 0))
	if got := w.tally("garnier", "m-secret1.poll-001"); got.Names != nil || !slices.Equal(got.Counts, []int{1, 1, 0}) {
		t.Errorf("the author learns %+v", got)
	}
}

// TestVoteIsRefused to whoever was not asked, and for what was not offered.
func TestVoteIsRefused(t *testing.T) {
	w := newWorld(t)
	w.ask("m-poll002", outing)
	for want, a := range map[string]args{
		"invalid choices[0]": vote("m-poll002", 3), "invalid choices[1]": vote("m-poll002", 1, 1), "invalid choices": vote("m-poll002", 0, 1),
		"not_found poll": {"message": "m-poll002", "poll": "poll-002", "choices": []int{}}, "not_found message": vote("m-poll003", 0),
	} {
		w.wantRefusal(w.do("nadia", "mail.vote@1", a), want)
	}
	w.wantRefusal(w.do("rozenn", "mail.vote@1", vote("m-poll002", 1)), "")
	w.wantRefusal(w.do("noe", "mail.vote@1", vote("m-poll002", 1)), "not_found message")
}

// TestPollIsRefused names the field of a poll that no editor makes.
func TestPollIsRefused(t *testing.T) {
	w := newWorld(t)
	for field, change := range map[string]func(*Poll){
		"id":         func(p *Poll) { p.ID = "a b" },
		"question":   func(p *Poll) { p.Question = " " },
		"options":    func(p *Poll) { p.Options = p.Options[:1] },
		"options[1]": func(p *Poll) { p.Options = []string{"x", ""} },
		"options[0]": func(p *Poll) { p.Options = []string{strings.Repeat("x", maxOption+1), "y"} },
	} {
		p := outing
		change(&p)
		got := w.do("garnier", "mail.send@1", letter("m-bad00001", []string{"user:nadia"}, args{"body": asking(p)}))
		if want := "body[1].poll." + field; !strings.HasSuffix(got, want) {
			t.Errorf("answered %q, want %s", got, want)
		}
	}
	for want, body := range map[string]Body{
		"invalid body[0].poll":    {{Kind: kindPoll, Runs: []Run{}}},
		"invalid body[2].poll.id": append(asking(outing), asking(outing)[1]),
	} {
		w.wantRefusal(w.do("garnier", "mail.send@1", letter("m-bad00002", []string{"user:nadia"}, args{"body": body})), want)
	}
}

// TestTallyCountsLastBallots: whatever people answer one after the other, a
// tally is what their last answers make.
func TestTallyCountsLastBallots(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		tally, last := newTally(&outing), map[string][]int{}
		for range rapid.IntRange(0, 30).Draw(rt, "ballots") {
			who := fmt.Sprint("u", rapid.IntRange(0, 4).Draw(rt, "voter"))
			choices := slices.Sorted(slices.Values(rapid.SliceOfNDistinct(rapid.IntRange(0, 2), 0, 3, rapid.ID[int]).Draw(rt, "choices")))
			tally.replace(directory.Named{ID: who}, last[who], choices)
			last[who] = choices
		}
		counts, voters := make([]int, 3), 0
		for _, choices := range last {
			for _, c := range choices {
				counts[c]++
			}
			voters += min(1, len(choices))
		}
		if !slices.Equal(tally.Counts, counts) || tally.Voters != voters {
			rt.Fatalf("tally %+v of %v", tally, last)
		}
		for i, names := range tally.Names {
			if len(names) != counts[i] {
				rt.Fatalf("%d names of %d", len(names), counts[i])
			}
		}
	})
}
