package homework

import (
	"crypto/ed25519"
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"preau/api/directory"
)

var friday = time.Date(2026, 11, 27, 7, 0, 0, 0, time.UTC) // when work is due

func TestACopyWithItsPages(t *testing.T) {
	w := newWorld(t)
	w.give(nil)
	pages := []string{w.upload("ines", photo(t, 1)), w.upload("ines", photo(t, 2))}
	r := w.send(deed{user: "ines", scope: "student:ines", name: "homework.submit@1", args: copyArgs("copy-ines-1", pages...)})
	var answer submitAnswer
	if err := json.Unmarshal(r.Value, &answer); err != nil || answer.State != StateReceived || answer.Version != 1 || answer.Receipt == nil {
		t.Fatalf("answered %s", r.Value)
	}
	w.Settle()
	mine, theirs := w.submission("student:ines", "copy-ines-1"), w.submission(french, "copy-ines-1")
	if mine.State != StateReceived || mine.LateBy != 0 || len(mine.Pages) != 2 || mine.Pages[1].W != 62 || mine.By != "ines" || mine.Student != "" {
		t.Errorf("%+v", mine)
	}
	if theirs.Student != "ines" || theirs.Receipt.ID != mine.Receipt.ID {
		t.Errorf("%+v", theirs)
	}
	if got := w.Readers(pages[0]); !slices.Equal(got, []string{"garnier", "ines", "karim", "nadia", "roussel", "viard"}) {
		t.Errorf("read by %v", got)
	}
}

func TestACopyWaitsForItsPagesAndCompletesByItself(t *testing.T) {
	w := newWorld(t)
	w.give(nil)
	first, second := photo(t, 1), photo(t, 2)
	w.submit("ines", "copy-ines-1", shaOf(first), shaOf(second))
	if s := w.submission(french, "copy-ines-1"); s.State != StateWaiting || s.Receipt != nil {
		t.Fatalf("%+v", s)
	}
	w.upload("ines", second)
	if s := w.submission(french, "copy-ines-1"); s.State != StateWaiting || !s.Pages[1].Ready() || s.Pages[0].Ready() {
		t.Fatalf("%+v", s)
	}
	w.At(friday.Add(time.Hour))
	w.upload("ines", first)
	s := w.submission("student:ines", "copy-ines-1")
	if s.State != StateReceived || s.LateBy != 0 || !s.ReceivedAt.Equal(w.Now()) || w.submission(french, "copy-ines-1").State != StateReceived {
		t.Errorf("named in time: %+v", s)
	}
	if err := VerifyReceipt(w.public, "ines", "copy-ines-1", s); err != nil {
		t.Error(err)
	}
}

// Somebody else's upload completes nothing.
func TestOnlyOnesOwnPagesCount(t *testing.T) {
	w := newWorld(t)
	w.give(nil)
	sha := w.upload("malo", photo(t, 1))
	w.submit("ines", "copy-ines-1", sha)
	if s := w.submission("student:ines", "copy-ines-1"); s.State != StateWaiting {
		t.Errorf("%+v", s)
	}
	if got := w.Readers(sha); !slices.Equal(got, []string{"malo"}) {
		t.Errorf("read by %v", got)
	}
}

func TestAnUnreadablePageCanBeTakenAgain(t *testing.T) {
	w := newWorld(t)
	w.give(args{"late": LateRefuse})
	good, broken := photo(t, 1), photo(t, 2)[:400]
	w.submit("ines", "copy-ines-1", shaOf(good), shaOf(broken))
	w.upload("ines", good)
	w.upload("ines", broken)
	s := w.submission("student:ines", "copy-ines-1")
	if s.State != StateWaiting || s.Pages[1].Problem != "damaged_file" || s.Pages[0].Problem != "" {
		t.Fatalf("%+v", s)
	}
	if got := w.told("homework.problem"); len(got) != 1 || got["ines"][0] != "Une page de ta copie est illisible" {
		t.Errorf("told %v", got)
	}
	w.At(friday.Add(time.Hour))
	if got := w.submit("ines", "copy-ines-2", shaOf(good), w.upload("ines", photo(t, 3))); got != "" {
		t.Fatalf("mending refused: %s", got)
	}
	if s := w.submission(french, "copy-ines-2"); s.State != StateLate || s.Version != 2 || s.Replaces != "copy-ines-1" {
		t.Errorf("%+v", s)
	}
}

func TestWhatMayNotBeHandedIn(t *testing.T) {
	w := newWorld(t)
	w.give(nil)
	w.give(args{"id": "homework-p", "return": ReturnPaper})
	sha := shaOf([]byte("x"))
	many := ids("sha256-%064x", MaxPages+1)
	for want, a := range map[string]args{
		"invalid id":         {"id": "c"},
		"invalid homework":   {"homework": "homework-p"},
		"not_found homework": {"homework": "homework-9"},
		"invalid pages":      {"text": " "},
		"invalid pages[0]":   {"pages": []string{"abc"}},
		"invalid pages[1]":   {"pages": []string{sha, sha}},
		"too_large pages":    {"pages": many},
		"too_large text":     {"text": string(slices.Repeat([]rune{'é'}, MaxText+1))},
	} {
		all := copyArgs("copy-ines-9")
		maps.Copy(all, a)
		if got := w.do(deed{user: "ines", scope: "student:ines", name: "homework.submit@1", args: all}); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := w.do(deed{user: "noe", scope: "student:noe", name: "homework.submit@1", args: copyArgs("copy-noe-1")}); got != "not_found homework" {
		t.Errorf("a pupil of another class: %q", got)
	}
	w.give(args{"id": "homework-c", "students": []string{"malo"}})
	other := copyArgs("copy-ines-8")
	other["homework"] = "homework-c"
	if got := w.do(deed{user: "ines", scope: "student:ines", name: "homework.submit@1", args: other}); got != "not_found homework" {
		t.Errorf("work chosen for another: %q", got)
	}
}

func TestTheLateRule(t *testing.T) {
	for _, c := range []struct {
		name            string
		policy          string
		received, acted time.Duration // after the date
		refused, state  string
	}{
		{"in time", LateRefuse, -time.Hour, -time.Hour, "", StateReceived},
		{"to the second", LateRefuse, 0, 0, "", StateReceived},
		{"late, taken", LateAccept, time.Hour, time.Hour, "", StateLate},
		{"late, not taken", LateRefuse, time.Hour, time.Hour, "too_late homework", ""},
		{"from the tunnel", LateRefuse, time.Hour, -time.Minute, "", StateReceived},
		{"from the tunnel, a day", LateRefuse, grace, -time.Minute, "", StateReceived},
		{"from the tunnel, too long", LateRefuse, grace + time.Second, -time.Minute, "too_late homework", ""},
		{"from the tunnel, too long, taken", LateAccept, grace + time.Second, -time.Minute, "", StateLate},
		{"a clock that runs ahead", LateRefuse, -time.Hour, time.Hour, "", StateReceived},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.give(args{"late": c.policy})
			w.At(friday.Add(c.received))
			got := w.do(deed{user: "ines", scope: "student:ines", name: "homework.submit@1", args: copyArgs("copy-ines-1"), at: friday.Add(c.acted)})
			if got != c.refused {
				t.Fatalf("refused %q", got)
			}
			if c.state != "" {
				if s := w.submission(french, "copy-ines-1"); s.State != c.state || (s.State == StateLate) != (s.LateBy > 0) {
					t.Errorf("%+v", s)
				}
			}
		})
	}
}

// For every moment: taken in time up to the date, or up to a day later when
// handed in before; a later reception is never judged more kindly than an
// earlier one; what is taken late says by how much.
func TestTheLateRuleHoldsForEveryMoment(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		after := func(name string) time.Time {
			return friday.Add(time.Duration(rapid.Int64Range(-72*3600, 72*3600).Draw(r, name)) * time.Second)
		}
		received, acted, accepted := after("received"), after("acted"), rapid.Bool().Draw(r, "accepted")
		by, ok := late(friday, received, acted, accepted)
		inTime := !received.After(friday) || !acted.After(friday) && received.Sub(friday) <= grace
		switch {
		case inTime != (ok && by == 0):
			r.Fatalf("in time %v, judged %v %v", inTime, by, ok)
		case !inTime && ok != accepted:
			r.Fatalf("late, accepted %v, judged %v", accepted, ok)
		case !inTime && by != received.Sub(friday):
			r.Fatalf("late by %v", by)
		}
		sooner, okSooner := late(friday, received.Add(-time.Hour), acted, accepted)
		if ok && !okSooner || sooner > by {
			r.Fatalf("an hour sooner it is %v %v instead of %v %v", sooner, okSooner, by, ok)
		}
	})
}

// Whatever a pupil and a teacher do in whatever order: versions are 1, 2, 3 …
// without gaps, each names the one before, none ever changes but by its pages
// arriving, none is lost, and the course holds the same.
func TestVersionsAreOnlyAdded(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t)
		w.give(nil)
		var mine []string
		texts := map[string]string{}
		for range rapid.IntRange(1, 12).Draw(r, "steps") {
			switch rapid.SampledFrom([]string{"submit", "repeat", "again", "return", "move", "wait"}).Draw(r, "step") {
			case "submit":
				id := "copy-" + rapid.StringMatching(`[a-z0-9]{8}`).Draw(r, "id")
				a := copyArgs(id)
				a["text"] = rapid.StringMatching(`[a-z]{1,20}`).Draw(r, "text")
				if _, there := texts[id]; !there {
					mine = append(mine, id)
					texts[id] = a["text"].(string)
				}
				w.must(deed{user: "ines", scope: "student:ines", name: "homework.submit@1", args: a})
			case "repeat":
				if len(mine) > 0 {
					w.must(deed{user: "ines", scope: "student:ines", name: "homework.submit@1", args: copyArgs(mine[0])})
				}
			case "again":
				w.must(deed{user: "garnier", scope: french, name: "homework.again@1", args: args{"homework": work, "student": "ines", "comment": "Encore."}})
			case "return":
				w.must(deed{user: "garnier", scope: french, name: "homework.return@1", args: args{"homework": work, "student": "ines", "comment": "Bien.", "correction": []string{}}})
			case "move":
				due := w.Now().Add(time.Duration(rapid.IntRange(1, 100).Draw(r, "due")) * time.Hour)
				w.must(deed{user: "garnier", scope: french, name: "homework.edit@1", args: args{"id": work, "due": due.Format(time.RFC3339)}})
			case "wait":
				w.At(w.Now().Add(time.Duration(rapid.IntRange(1, 50).Draw(r, "hours")) * time.Hour))
			}
		}
		for i, id := range mine {
			s := w.submission("student:ines", id)
			if s.Version != i+1 || s.Text != texts[id] || i > 0 && s.Replaces != mine[i-1] || i == 0 && s.Replaces != "" {
				r.Fatalf("version %d: %+v", i+1, s)
			}
			if err := VerifyReceipt(w.public, "ines", id, s); err != nil {
				r.Fatalf("version %d: %v", i+1, err)
			}
			if c := w.submission(french, id); c.Version != s.Version || c.Text != s.Text || c.State != s.State || c.Student != "ines" {
				r.Fatalf("in the course: %+v, here %+v", c, s)
			}
		}
	})
}

func TestAskedAgain(t *testing.T) {
	w := newWorld(t)
	w.give(args{"late": LateRefuse})
	w.submit("ines", "copy-ines-1")
	w.At(friday.Add(48 * time.Hour))
	w.must(deed{user: "garnier", scope: french, name: "homework.again@1", args: args{"homework": work, "student": "ines", "comment": "Photo floue."}})
	if f, _ := get[Feedback](w, "student:ines", "feedback", work); f.State != StateAgain || f.Comment != "Photo floue." {
		t.Errorf("%+v", f)
	}
	w.At(w.Now().Add(48 * time.Hour))
	if got := w.submit("ines", "copy-ines-2"); got != "" {
		t.Fatalf("refused %s", got)
	}
	if s := w.submission(french, "copy-ines-2"); s.Version != 2 || s.State != StateReceived {
		t.Errorf("%+v", s)
	}
	if got := w.submit("malo", "copy-malo-1"); got != "too_late homework" {
		t.Errorf("the others: %q", got)
	}
}

// What was begun in a class goes with the pupil who leaves it, and the answer
// finds the pupil.
func TestAPupilChangesClass(t *testing.T) {
	w := newWorld(t)
	w.give(nil)
	w.give(args{"id": "homework-2"})
	sha := w.upload("ines", photo(t, 1))
	w.submit("ines", "copy-ines-1", sha)
	w.At(w.Now().Add(24 * time.Hour))
	w.Apply(
		directory.Put{ID: "in-ines", Record: directory.Enrollment{Student: "ines", Audience: "class:5b", Span: directory.Span{To: "2026-11-24"}}},
		directory.Put{ID: "e9", Record: directory.Enrollment{Student: "ines", Audience: "class:5a", Span: directory.Span{From: "2026-11-24"}}},
	)
	if !w.has("student:ines", "submission", "copy-ines-1") || !w.has(french, "submission", "copy-ines-1") {
		t.Fatal("the copy is gone")
	}
	if got := w.Readers(sha); !slices.Equal(got, []string{"garnier", "ines", "karim", "nadia", "roussel", "viard"}) {
		t.Errorf("read by %v", got)
	}
	w.must(deed{user: "garnier", scope: french, name: "homework.again@1", args: args{"homework": work, "student": "ines", "comment": "Encore."}})
	if got := w.submit("ines", "copy-ines-2", sha); got != "" {
		t.Errorf("the next version: %q", got)
	}
	fresh := copyArgs("copy-ines-3")
	fresh["homework"] = "homework-2"
	if got := w.do(deed{user: "garnier", scope: french, name: "homework.return@1", args: args{"homework": "homework-2", "student": "ines", "comment": "x", "correction": []string{}}}); got != "not_found student" {
		t.Errorf("answering without a copy: %q", got)
	}
	w.give(args{"id": "homework-3"})
	later := maps.Clone(fresh)
	later["homework"] = "homework-3"
	if got := w.do(deed{user: "ines", scope: "student:ines", name: "homework.submit@1", args: later}); got != "not_found homework" {
		t.Errorf("work given after she left: %q", got)
	}
	if got := w.do(deed{user: "ines", scope: "student:ines", name: "homework.submit@1", args: fresh}); got != "" {
		t.Errorf("work of the old class: %q", got)
	}
	if !w.has(french, "submission", "copy-ines-3") {
		t.Error("the course has no copy")
	}
}

// A copy made without network arrives after its pupil has changed class. It is
// taken for two weeks, and is as late as anybody's.
func TestACopyArrivesAfterThePupilLeft(t *testing.T) {
	for name, c := range map[string]struct {
		to   string // the first day out of 5e B
		now  time.Time
		late string
		want string
	}{
		"the same day":        {"2026-11-24", monday.AddDate(0, 0, 1), LateAccept, ""},
		"on the last day":     {"2026-11-24", monday.AddDate(0, 0, 14), LateAccept, ""},
		"a day too late":      {"2026-11-24", monday.AddDate(0, 0, 15), LateAccept, "not_found homework"},
		"after the date":      {"2026-11-24", monday.AddDate(0, 0, 10), LateRefuse, "too_late homework"},
		"not yet gone":        {"2026-11-30", monday.AddDate(0, 0, 1), LateAccept, ""},
		"gone before it came": {"2026-11-23", monday.AddDate(0, 0, 1), LateAccept, "not_found homework"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.give(args{"late": c.late})
			w.Apply(
				directory.Put{ID: "in-ines", Record: directory.Enrollment{Student: "ines", Audience: "class:5b", Span: directory.Span{To: directory.Date(c.to)}}},
				directory.Put{ID: "e9", Record: directory.Enrollment{Student: "ines", Audience: "class:5a", Span: directory.Span{From: directory.Date(c.to)}}},
			)
			w.At(c.now)
			if got := w.do(deed{user: "ines", scope: "student:ines", name: "homework.submit@1", args: copyArgs("copy-ines-1"), at: monday}); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if w.has(french, "submission", "copy-ines-1") != (c.want == "") {
				t.Error("the course holds something else")
			}
			if got := w.do(deed{user: "noe", scope: "student:noe", name: "homework.submit@1", args: copyArgs("copy-noe-1"), at: monday}); got != "not_found homework" {
				t.Errorf("one who never was in the class: %q", got)
			}
		})
	}
}

// Work that was withdrawn says so to a pupil who left as well.
func TestWithdrawnAfterThePupilLeft(t *testing.T) {
	w := newWorld(t)
	w.give(nil)
	w.must(deed{user: "garnier", scope: french, name: "homework.withdraw@1", args: args{"id": work}})
	w.Apply(directory.Put{ID: "in-ines", Record: directory.Enrollment{Student: "ines", Audience: "class:5b", Span: directory.Span{To: "2026-11-24"}}})
	w.At(monday.AddDate(0, 0, 2))
	if got := w.submit("ines", "copy-ines-1"); got != "withdrawn homework" {
		t.Errorf("got %q", got)
	}
}

func TestReceipts(t *testing.T) {
	w := newWorld(t)
	w.give(nil)
	w.submit("ines", "copy-ines-1", w.upload("ines", photo(t, 1)), w.upload("ines", photo(t, 2)))
	good := w.submission("student:ines", "copy-ines-1")
	if err := VerifyReceipt(w.public, "ines", "copy-ines-1", good); err != nil {
		t.Fatal(err)
	}
	stranger, _, _ := ed25519.GenerateKey(nil)
	if VerifyReceipt(stranger, "ines", "copy-ines-1", good) == nil || VerifyReceipt(w.public, "malo", "copy-ines-1", good) == nil ||
		VerifyReceipt(w.public, "ines", "copy-ines-2", good) == nil {
		t.Error("another key, pupil or copy was taken")
	}
	for name, change := range map[string]func(*Submission){
		"text":       func(s *Submission) { s.Text += "." },
		"a page":     func(s *Submission) { s.Pages[0].SHA = shaOf(nil) },
		"order":      func(s *Submission) { slices.Reverse(s.Pages) },
		"fewer":      func(s *Submission) { s.Pages = s.Pages[:1] },
		"version":    func(s *Submission) { s.Version++ },
		"homework":   func(s *Submission) { s.Homework = "homework-2" },
		"time":       func(s *Submission) { s.ReceivedAt = s.ReceivedAt.Add(-time.Hour) },
		"both times": func(s *Submission) { s.ReceivedAt = s.ReceivedAt.Add(-time.Hour); s.Receipt.At = s.ReceivedAt },
		"late":       func(s *Submission) { s.LateBy = 5 },
		"signature":  func(s *Submission) { s.Receipt.Sig = "AAAA" },
		"id":         func(s *Submission) { s.Receipt.ID = "aaaaaaaaaaaa" },
		"none":       func(s *Submission) { s.Receipt = nil },
	} {
		raw, _ := json.Marshal(good)
		var forged Submission
		if err := json.Unmarshal(raw, &forged); err != nil {
			t.Fatal(err)
		}
		change(&forged)
		if VerifyReceipt(w.public, "ines", "copy-ines-1", forged) == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestTicksArePrivateUnlessShared(t *testing.T) {
	w := newWorld(t)
	w.give(args{"return": ReturnNone})
	tickAs := func(done, shared bool) {
		w.must(deed{user: "ines", scope: "user:ines", name: "homework.tick@1", args: args{"homework": work, "student": "ines", "done": done, "shared": shared}})
	}
	shown := func() bool { return w.has(french, "done", work+".ines") }
	tickAs(true, false)
	if shown() || !w.has("user:ines", "tick", work) {
		t.Error("a private tick is shown")
	}
	tickAs(true, true)
	if !shown() {
		t.Error("a shared tick is not shown")
	}
	tickAs(true, false)
	if shown() {
		t.Error("it is no longer shared")
	}
	tickAs(true, true)
	tickAs(false, true)
	if shown() {
		t.Error("it is not done after all")
	}
	for want, a := range map[string]args{
		"forbidden student":  {"homework": work, "student": "malo", "done": true, "shared": false},
		"not_found homework": {"homework": "homework-9", "student": "ines", "done": true, "shared": false},
		"invalid homework":   {"homework": "h", "student": "ines", "done": true, "shared": false},
	} {
		if got := w.do(deed{user: "ines", scope: "user:ines", name: "homework.tick@1", args: a}); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
