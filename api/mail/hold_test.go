package mail

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"preau/api/directory"
	"preau/storage"
	"preau/storage/sqlite"
)

// forgetful is a store that loses, every so often, that an effect was carried
// out: it is carried out again.
type forgetful struct {
	storage.Records
	settled, lost atomic.Int64
}

func (f *forgetful) Settle(ctx context.Context, t storage.Task, next time.Time) error {
	if f.settled.Add(1)%3 == 0 {
		f.lost.Add(1)
		return errors.New("lost")
	}
	return f.Records.Settle(ctx, t, next)
}

// correspondence is what some people did with messages, at random.
type correspondence struct {
	*world
	r     *rapid.T
	store *forgetful
	ids   map[string]string    // author of each message
	taken map[string]time.Time // when messages were last taken back
	n     int
}

var correspondents = []string{"garnier", "nadia", "karim", "viard"}

func (c *correspondence) id(kind string) string {
	c.n++
	return fmt.Sprintf("%s-%06d", kind, c.n)
}

func (c *correspondence) some(of []string, what string) []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(of), 1, 3, rapid.ID).Draw(c.r, what)
}

// mine lists the messages that a person has.
func (c *correspondence) mine(user string) (ids []string) {
	for _, r := range c.found(user, "message", "") {
		ids = append(ids, r.ID)
	}
	return ids
}

// act has somebody do something; what is refused changes nothing.
func (c *correspondence) act(user string) {
	what := rapid.SampledFrom([]string{"send", "reply", "reply", "forward", "purge", "purge", "purge", "purge", "recall", "report", "rest"}).Draw(c.r, "what")
	mine := c.mine(user)
	if what == "send" || len(mine) == 0 {
		c.written(user, "mail.send@1", letter(c.id("letter"), users(c.some(correspondents, "to")...), args{"bcc": users(c.some(correspondents, "bcc")...)}))
		return
	}
	held := rapid.SampledFrom(mine).Draw(c.r, "message")
	switch what {
	case "reply":
		c.written(user, "mail.reply@1", args{"id": c.id("answer"), "re": held, "all": rapid.Bool().Draw(c.r, "all")})
	case "forward":
		c.written(user, "mail.send@1", letter(c.id("passed"), users(c.some(correspondents, "to")...), args{"quotes": []args{{"message": held}}}))
	case "purge":
		in := mailbox[Message](c.world, user, "message")[held].Discussion
		c.do(user, "mail.file@1", args{"ids": []string{in}, "folder": Bin})
		c.do(user, "mail.purge@1", args{"ids": []string{in}})
	case "recall":
		c.do(user, "mail.recall@1", args{"message": held})
		c.taken[held] = c.now
	case "report":
		id := c.id("report")
		c.do(user, "mail.report@1", accuse(id, held))
		c.doIn("roussel", "office:x", "mail.moderate@1", args{"id": officeID(user, id), "withdraw": true, "close": rapid.Bool().Draw(c.r, "close")})
		c.taken[held] = c.now
	case "rest":
		c.done()
		c.now = c.now.Add(time.Duration(rapid.IntRange(1, 20).Draw(c.r, "days")) * aDay)
	}
}

// written sends a message whose text is found nowhere else.
func (c *correspondence) written(user, name string, a args) {
	id := a["id"].(string)
	a["body"] = text("text of " + id + ".")
	if c.do(user, name, a) == "" {
		c.ids[id] = user
	}
}

// done carries out effects until none was forgotten.
func (c *correspondence) done() {
	for lost := int64(-1); lost < c.store.lost.Load(); {
		lost = c.store.lost.Load()
		c.now = c.now.Add(3 * time.Minute)
		c.settle()
	}
}

// stored is a message as its author's scope has it, with the mailboxes that it
// is in.
func (c *correspondence) stored(id string) (p post, there bool, boxes int) {
	posts, err := c.mail.posts(c.t.Context(), c.ids[id], id)
	if err != nil {
		c.r.Fatal(err)
	}
	p, there = posts[id]
	return p, there, len(c.holders(id))
}

// TestAMessageIsThereForWhoHasIt (E107): after anything that people do, and
// effects that are carried out twice, a message is stored if and only if it is
// in a mailbox, or began a discussion of which an answer is; its text is in no
// log if nobody may read it, nor in a message that passes it on.
func TestAMessageIsThereForWhoHasIt(t *testing.T) {
	freed, emptied, unquoted := 0, 0, 0
	rapid.Check(t, func(r *rapid.T) {
		c := newCorrespondence(t, r)
		defer c.close()
		for range rapid.IntRange(15, 35).Draw(r, "acts") {
			c.act(rapid.SampledFrom(correspondents).Draw(r, "who"))
		}
		c.done()
		answers := map[string]int{}
		for _, id := range slices.Sorted(maps.Keys(c.ids)) {
			if p, there, _ := c.stored(id); there && id != p.Discussion {
				answers[p.Discussion]++
			}
		}
		for _, id := range slices.Sorted(maps.Keys(c.ids)) {
			p, there, boxes := c.stored(id)
			if want := boxes > 0 || answers[id] > 0; there != want {
				r.Fatalf("%s is there: %v, with %d mailboxes and %d answers", id, there, boxes, answers[id])
			}
			gone := !there || p.Erased
			old := p.Recalled && c.now.Sub(c.taken[id]) > keepWithdrawn
			if there && (boxes == 0 || old) && !p.Erased || p.Erased && boxes > 0 && !p.Recalled {
				r.Fatalf("%s in %d mailboxes: %+v", id, boxes, p)
			}
			if in := c.logged(id); gone && in != "" {
				r.Fatalf("the text of %s is still in %s", id, in)
			}
			unquoted += c.checkQuotes(p)
			if !there {
				freed++
			} else if p.Erased {
				emptied++
			}
		}
		c.checkLeftovers()
	})
	t.Logf("%d messages were freed, %d emptied, %d quotes taken out", freed, emptied, unquoted)
	if freed == 0 || emptied == 0 || unquoted == 0 {
		t.Error("nothing was tried")
	}
}

func newCorrespondence(t *testing.T, r *rapid.T) *correspondence {
	records, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	store := &forgetful{Records: records}
	w := newWorldOn(t, store)
	w.close = func() { records.Close() }
	w.apply(school()...)
	w.apply(
		directory.Put{ID: "club", Record: directory.Space{Name: "Club", Owner: "garnier"}},
		directory.Put{ID: "c1", Record: directory.Membership{Space: "club", Person: "garnier", Lead: true}},
		directory.Put{ID: "c2", Record: directory.Membership{Space: "club", Person: "nadia"}},
		directory.Put{ID: "c3", Record: directory.Membership{Space: "club", Person: "karim"}},
		directory.Put{ID: "c4", Record: directory.Membership{Space: "club", Person: "ines"}},
		directory.Put{ID: "c5", Record: directory.Membership{Space: "club", Person: "viard"}},
	)
	return &correspondence{world: w, r: r, store: store, ids: map[string]string{}, taken: map[string]time.Time{}}
}

// logged says where the text of a message is, as its own.
func (c *correspondence) logged(id string) (where string) {
	home := userScope(c.ids[id])
	tails, err := c.store.Tails(c.t.Context(), []storage.Position{{Scope: home}}, 1<<20)
	if err != nil {
		c.r.Fatal(err)
	}
	for _, e := range tails[0].Entries {
		for _, op := range e.Ops {
			if op.ID == id && strings.Contains(string(op.Value), "text of "+id+".") {
				return fmt.Sprintf("entry %d, %s", e.N, op.Type)
			}
		}
	}
	return ""
}

// checkQuotes wants what was withdrawn to be gone where it is passed on, and
// counts it.
func (c *correspondence) checkQuotes(p post) (gone int) {
	for i, q := range p.Quotes {
		of, there, _ := c.stored(p.Cites[i].Message)
		if there && of.Recalled != q.Withdrawn || q.Withdrawn != q.Body.empty() {
			c.r.Fatalf("%s passes on %+v of %+v", p.From.ID, q, of)
		}
		if q.Withdrawn {
			gone++
		}
	}
	return gone
}

// checkLeftovers wants nothing to be noted about messages that are gone.
func (c *correspondence) checkLeftovers() {
	passing := map[string]bool{}
	for id := range c.ids {
		p, _, _ := c.stored(id)
		for _, of := range p.Cites {
			passing[of.Message] = true
		}
	}
	for _, user := range correspondents {
		for _, r := range c.found(user, kindHold, "") {
			if _, there, _ := c.stored(r.ID); !there {
				c.r.Fatalf("%s is held and gone: %s", r.ID, r.Value)
			}
		}
		for _, r := range c.found(user, kindCited, "") {
			if !passing[r.ID] {
				c.r.Fatalf("nobody passes on %s: %s", r.ID, r.Value)
			}
		}
	}
}

// TestNobodyHasIt (E107): the files of a message go with it, for its author
// too, and the votes with a poll.
func TestNobodyHasIt(t *testing.T) {
	w := newWorld(t)
	file, arrive := w.photo("garnier")
	arrive()
	w.must("garnier", "mail.send@1", letter("m-poll0001", users("nadia", "karim"), args{"files": []args{file}, "body": asking(outing)}))
	w.must("nadia", "mail.vote@1", vote("m-poll0001", 0))
	w.throwAway("nadia", "m-poll0001")
	w.throwAway("garnier", "m-poll0001")
	w.wantReadable(file, "garnier", "karim", "nadia")
	if m, _ := w.message("karim", "m-poll0001"); len(m.Files) != 1 || m.Recalled {
		t.Errorf("Karim reads %+v", m)
	}
	w.throwAway("karim", "m-poll0001")
	w.wantReadable(file, "garnier") // as what she uploaded and may still send
	w.pass(10)
	w.wantReadable(file)
	for _, typ := range []string{kindPost, kindRest, kindHold, "ballot", "tally"} {
		if left := w.found("garnier", typ, ""); len(left) > 0 {
			t.Errorf("left of type %s: %s", typ, left[0].Value)
		}
	}
}

// TestNoticesOfTheSchoolGo (E13, E107): a message of the school is one person's;
// without it, it is nobody's.
func TestNoticesOfTheSchoolGo(t *testing.T) {
	w := newWorld(t)
	w.wantRefusal(w.send("garnier", "m-goes001", "user:nadia"), "")
	w.pass(91)
	written := func() (n int) {
		recs, err := w.engine.Find(t.Context(), "mail:x", storage.Key{Type: kindPost}, storage.Key{Type: kindRest}, storage.Key{Type: kindHold})
		if err != nil {
			t.Fatal(err)
		}
		return len(recs)
	}
	if written() == 0 {
		t.Fatal("the school wrote nothing")
	}
	for id, m := range mailbox[Message](w, "nadia", "message") {
		if m.From.ID == "school:x" {
			w.throwAway("nadia", id)
		}
	}
	if n := written(); n > 0 {
		t.Errorf("%d are left", n)
	}
}

// TestAnAnswerNeedsWhatBegan: who threw a discussion away and got a late
// answer may go on with it, though nobody has its first message any more.
func TestAnAnswerNeedsWhatBegan(t *testing.T) {
	w := newWorld(t)
	w.wantRefusal(w.do("garnier", "mail.send@1", letter("m-began001", users("nadia", "karim"), nil)), "")
	w.throwAway("garnier", "m-began001")
	w.throwAway("karim", "m-began001")
	w.must("nadia", "mail.reply@1", args{"id": "m-late0001", "re": "m-began001", "all": true, "body": text("Et moi ?")})
	w.throwAway("nadia", "m-began001")
	w.wantHolders("m-began001")
	if p := w.postOf("garnier", "m-began001"); !p.Erased || len(p.Body) > 0 || p.Subject == "" {
		t.Errorf("what began it is %+v", p)
	}
	w.must("garnier", "mail.reply@1", args{"id": "m-late0002", "re": "m-late0001", "all": true, "body": text("À vous deux.")})
	w.wantHolders("m-late0002", "garnier", "karim", "nadia")
	for _, user := range []string{"garnier", "nadia", "karim"} {
		w.throwAway(user, "m-began001")
	}
	for _, typ := range []string{kindPost, kindRest, kindHold} {
		for _, user := range []string{"garnier", "nadia", "karim"} {
			if left := w.found(user, typ, ""); len(left) > 0 {
				t.Errorf("left of type %s with %s: %s", typ, user, left[0].Value)
			}
		}
	}
}

func (w *world) postOf(author, id string) post {
	w.t.Helper()
	posts, err := w.mail.posts(w.t.Context(), author, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return posts[id]
}

// TestWhatNeverLeftGoes (E107): a message that was taken back, or refused to
// all, before it left is its author's alone.
func TestWhatNeverLeftGoes(t *testing.T) {
	w := newWorld(t)
	w.rule(func(p *Policy) { p.Large, p.Hold = 1, 10 })
	for _, id := range []string{"m-waits001", "m-waits002", "m-waits003"} {
		w.wantRefusal(w.send("garnier", id, "user:nadia", "user:karim"), "")
	}
	w.must("garnier", "mail.recall@1", args{"message": "m-waits001"})
	w.throwAway("garnier", "m-waits001", "m-waits002")
	w.must("garnier", "mail.recall@1", args{"message": "m-waits002"})
	w.apply(directory.Put{ID: "t1", Record: directory.Teaching{Course: "fr5b", Teacher: "petit"}}, directory.Put{ID: "t3", Record: directory.Teaching{Course: "fr5a", Teacher: "petit"}})
	w.now = w.now.Add(11 * time.Minute)
	w.settle()
	w.wantHolders("m-waits003", "garnier")
	if p := w.postOf("garnier", "m-waits003"); len(p.Refused) != 2 {
		t.Errorf("it went to some: %+v", p)
	}
	w.throwAway("garnier", "m-waits003")
	for _, typ := range []string{kindPost, kindRest, kindHold} {
		if left := w.found("garnier", typ, ""); len(left) > 0 {
			t.Errorf("left of type %s: %s", typ, left[0].Value)
		}
	}
}
