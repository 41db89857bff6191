package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"preau/api/account"
	"preau/api/directory"
	"preau/api/mail"
	"preau/api/mail/mailtest"
	psync "preau/sync"
)

// letter is one attempt to write, and the refusal that the oracle expects.
type letter struct {
	from, what string
	name       string
	args       map[string]any
	want       string
}

// post is a random school whose people try to write to each other.
type post struct {
	*world
	facts          mailtest.Facts
	puts           []directory.Put
	people         []string
	n              int
	cells, allowed int
}

// TestMailMatrix (E1, E9, E51, E73–E83, E96, E97) lets everybody of random schools
// write to everybody in every way there is, over HTTP, and compares what the
// server answers with the oracle.
func TestMailMatrix(t *testing.T) {
	cells, allowed := 0, 0
	schools := rapid.Custom(mailtest.School)
	for seed := 0; cells < 10_000; seed++ {
		p := newPost(t, schools.Example(seed))
		p.run(t)
		cells, allowed = cells+p.cells, allowed+p.allowed
	}
	t.Logf("%d cells, %d allowed", cells, allowed)
}

// open are the roles that write outside in these schools.
var open = []directory.Role{directory.RoleTeacher, directory.RoleGuardian, directory.RoleDirection}

func newPost(t *testing.T, puts []directory.Put) *post {
	p := &post{world: newWorld(t), puts: puts}
	p.move(t, append(puts, directory.Put{ID: "fr", Record: directory.Subject{Name: "Français"}}))
	rules := mail.DefaultPolicy()
	rules.External.External = open
	_, err := p.engine.Commit(t.Context(), psync.Actor{School: "m"}, "school:m", func(_ context.Context, tx *psync.Tx) error {
		tx.Put("mail", "mail", rules)
		return nil
	})
	check(t, err)
	for id := range p.facts.People {
		p.people = append(p.people, id)
	}
	slices.Sort(p.people)
	for _, id := range p.people {
		_, err := p.accounts.CreateAccount(t.Context(), account.NewAccount{User: id, School: "m", Login: id, Password: accountPassword})
		check(t, err)
		p.sessions[id], err = p.accounts.SignInAs(t.Context(), account.Client{Label: id}, id)
		check(t, err)
	}
	return p
}

// move changes the directory, and with it what the oracle knows.
func (p *post) move(t *testing.T, puts []directory.Put) {
	t.Helper()
	p.apply(t, "m", "Collège", puts)
	p.facts = mailtest.Facts{Contents: p.directory.Contents("m"), Day: directory.DateOf(morning())}
}

func (p *post) run(t *testing.T) {
	p.try(t, p.pairs("send", "to"))
	p.try(t, slices.Concat(p.pairs("cc", "cc"), p.pairs("bcc", "bcc"), p.among(), p.groups()))
	p.try(t, p.outside())
	p.try(t, slices.Concat(p.answers(), p.passed()))
	p.try(t, p.drafts())
	p.try(t, p.together(t))
	p.move(t, p.ended())
	p.try(t, p.pairs("queued before a right was lost", "to"))
}

// senders are those who can sign in.
func (p *post) senders() []string {
	return slices.DeleteFunc(slices.Clone(p.people), func(id string) bool { return !p.facts.Here(id) })
}

func (p *post) want(may bool) string {
	if may {
		return ""
	}
	return "recipient_not_allowed"
}

// letter makes a message of its own id.
func (p *post) letter(from, what string, may bool, args map[string]any) letter {
	p.n++
	all := map[string]any{
		"id": fmt.Sprintf("letter-%08d", p.n), "subject": what, "mode": "all",
		"body": []any{map[string]any{"runs": []any{map[string]any{"text": fmt.Sprint(what, " ", p.n)}}}},
	}
	maps.Copy(all, args)
	return letter{from, what, "mail.send@1", all, p.want(may)}
}

// pairs has everybody write to everybody alone.
func (p *post) pairs(what, field string) (all []letter) {
	for _, from := range p.senders() {
		for _, to := range p.people {
			l := p.letter(from, what+" to "+to, p.facts.May(from, to), map[string]any{field: []string{"user:" + to}})
			if what == "send" {
				l.args["id"] = first(from, to)
			}
			all = append(all, l)
		}
	}
	return all
}

// first is the id of the message that somebody wrote to somebody.
func first(from, to string) string { return "first-" + from + "-" + to }

// among hides a recipient among one who is allowed.
func (p *post) among() (all []letter) {
	for _, from := range p.senders() {
		i := slices.IndexFunc(p.people, func(id string) bool { return p.facts.May(from, id) })
		if i < 0 {
			continue
		}
		for _, to := range p.people {
			keys := []string{"user:" + p.people[i], "user:" + to}
			all = append(all, p.letter(from, "among others to "+to, p.facts.May(from, to), map[string]any{"to": keys}))
		}
	}
	return all
}

// outside has everybody write to somebody outside, alone and together with
// everybody.
func (p *post) outside() (all []letter) {
	for _, from := range p.senders() {
		may := p.facts.MayOutside(from, open...)
		alone := p.letter(from, "outside", true, map[string]any{"to": []string{"mail:a@b.example"}})
		if !may {
			alone.want = "forbidden"
		}
		all = append(all, alone)
		for _, to := range p.people {
			l := p.letter(from, "outside and to "+to, p.facts.May(from, to), map[string]any{"cc": []string{"user:" + to}, "bcc": []string{"mail:a@b.example"}})
			switch {
			case l.want == "" && !may:
				l.want = "forbidden"
			case l.want == "" && !p.facts.MayOutside(to, open...):
				l.want = "mixed"
			}
			all = append(all, l)
		}
	}
	return all
}

// groups has everybody write to every class, group and space as a whole.
func (p *post) groups() (all []letter) {
	for _, from := range p.senders() {
		for audience := range p.facts.Classes {
			for _, part := range []string{"students", "guardians", "teachers"} {
				all = append(all, p.group(from, audience, part))
			}
		}
		for space := range p.facts.Spaces {
			all = append(all, p.group(from, "space:"+space, "members"))
		}
	}
	return all
}

func (p *post) group(from, audience, part string) letter {
	key := audience + "/" + part
	return p.letter(from, "to "+key, p.facts.MayAddress(from, audience, part), map[string]any{"to": []string{key}})
}

// answers has everybody answer whoever wrote to them: that is always allowed.
func (p *post) answers() (all []letter) {
	for _, from := range p.senders() {
		for _, to := range p.senders() {
			if p.facts.May(from, to) {
				l := p.letter(to, "answer to "+from, true, nil)
				all = append(all, l.answering(first(from, to), false))
			}
		}
	}
	return all
}

func (l letter) answering(re string, all bool) letter {
	l.name = "mail.reply@1"
	l.args = map[string]any{"id": l.args["id"], "body": l.args["body"], "re": re, "all": all}
	return l
}

// passed has everybody pass a message of their mailbox on to everybody.
func (p *post) passed() (all []letter) {
	for _, from := range p.senders() {
		held := ""
		for _, other := range p.senders() {
			switch {
			case p.facts.May(from, other):
				held = first(from, other)
			case p.facts.May(other, from):
				held = first(other, from)
			}
		}
		for _, to := range p.people {
			if held != "" {
				quotes := []any{map[string]any{"message": held}}
				all = append(all, p.letter(from, "passed on to "+to, p.facts.May(from, to), map[string]any{"to": []string{"user:" + to}, "quotes": quotes}))
			}
		}
	}
	return all
}

// drafts has everybody write a draft to everybody and send it.
func (p *post) drafts() (all []letter) {
	for _, l := range p.pairs("draft", "to") {
		key := l.args["to"].([]string)[0]
		draft := map[string]any{"subject": "S", "to": []any{map[string]any{"key": key, "name": "N"}}, "body": l.args["body"], "at": morning()}
		l.args["draft"] = fmt.Sprint("draft-", l.args["id"])
		all = append(all, letter{l.from, "draft", "mail.draft@1", map[string]any{"id": l.args["draft"], "draft": draft}, ""}, l)
	}
	return all
}

// together has everybody answer to all where somebody wrote to two. Whoever
// works in the school may bring people together; others only those who may
// write to each other.
func (p *post) together(t *testing.T) (all []letter) {
	var begun []letter
	for _, from := range p.senders() {
		reached := slices.DeleteFunc(p.senders(), func(id string) bool { return !p.facts.May(from, id) })
		for i := range len(reached) - 1 {
			one, two := reached[i], reached[i+1]
			l := p.letter(from, "to two", true, map[string]any{"to": []string{"user:" + one, "user:" + two}})
			begun = append(begun, l)
			id := l.args["id"].(string)
			all = append(all,
				p.letter(one, "answer to all", p.facts.Works(from) || p.facts.May(one, two), nil).answering(id, true),
				p.letter(two, "answer to all", p.facts.Works(from) || p.facts.May(two, one), nil).answering(id, true),
			)
		}
	}
	p.try(t, begun)
	return all
}

// ended are the links of the school, every other one of which ended yesterday.
func (p *post) ended() (puts []directory.Put) {
	span := directory.Span{To: "2026-11-23"}
	for i, put := range p.puts {
		switch r := put.Record.(type) {
		case directory.Guardianship:
			r.Span, put.Record = span, r
		case directory.Enrollment:
			r.Span, put.Record = span, r
		case directory.Teaching:
			r.Span, put.Record = span, r
		case directory.Membership:
			r.Span, put.Record = span, r
		default:
			continue
		}
		if i%2 == 0 {
			puts = append(puts, put)
		}
	}
	return puts
}

// try sends letters, those of one person in a few requests, and compares.
func (p *post) try(t *testing.T, all []letter) {
	t.Helper()
	by := map[string][]letter{}
	for _, l := range all {
		by[l.from] = append(by[l.from], l)
	}
	for _, from := range p.senders() {
		for some := range slices.Chunk(by[from], 50) {
			for i, got := range p.post(t, from, some) {
				p.cells++
				if got == "" {
					p.allowed++
				}
				if got != some[i].want {
					t.Errorf("%s, %s: %q, want %q", from, some[i].what, got, some[i].want)
				}
			}
		}
	}
	p.settle(t)
}

// post sends the letters of one person, written an hour ago, and returns the
// codes of the refusals.
func (p *post) post(t *testing.T, from string, some []letter) (codes []string) {
	t.Helper()
	scope := "user:" + from
	lane := from + " " + scope
	req := psync.Request{V: 1, Schema: 1, Device: p.sessions[from].Device}
	for _, l := range some {
		raw, err := json.Marshal(l.args)
		check(t, err)
		p.k[lane]++
		req.Mutations = append(req.Mutations, psync.Mutation{
			Scope: scope, K: p.k[lane], Name: l.name, At: morning().Add(-time.Hour).UnixMilli(), Args: raw,
		})
	}
	body, err := json.Marshal(req)
	check(t, err)
	got := p.as(from).send("POST", "/api/sync", string(body))
	got.want(t, 200, "")
	var answer struct {
		Results []struct {
			OK    bool
			Error struct{ Code string }
		}
	}
	check(t, json.Unmarshal([]byte(got.text), &answer))
	if len(answer.Results) != len(some) {
		t.Fatalf("%d answers to %d letters: %.300s", len(answer.Results), len(some), got.text)
	}
	for _, r := range answer.Results {
		codes = append(codes, r.Error.Code)
	}
	return codes
}
