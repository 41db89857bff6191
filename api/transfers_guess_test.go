package api_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"preau/api/transfer"
	psync "preau/sync"
)

// Links that lead nowhere.
const (
	neverWas   = "aaaaaaaaaaaaaaaaaaaaaa"
	closedLink = "garniergarniergarniera" // of sending
	pastLink   = "garniergarniergarnierb"
)

// end has a link closed, and another come to its end.
func (w *world) end(t *testing.T) {
	t.Helper()
	w.must(t, "teacher", "user:garnier", "transfer.close@1", `{"id":"transfer-9"}`)
	w.must(t, "teacher", "user:garnier", "transfer.open@1", `{"id":"transfer-8","secret":"`+pastLink+`","title":"T","days":1,"files":[{"name":"a","type":"","size":0}]}`)
	w.settle(t)
	_, err := w.engine.Commit(t.Context(), psync.Actor{}, "user:garnier", func(ctx context.Context, tx *psync.Tx) error {
		var sent transfer.Transfer
		if _, err := tx.Get(ctx, "transfer", "transfer-8", &sent); err != nil {
			return err
		}
		sent.Until = morning() // its effect has not come yet
		tx.Put("transfer", "transfer-8", sent)
		return nil
	})
	check(t, err)
}

// W14: what never was, was closed, has ended or is malformed is answered with
// the same bytes, status and headers, at every address and by every method.
func TestDeadLinksAreAlike(t *testing.T) {
	w, link := sending(t, `,"password":"tulipe"`, "alpha", "beta")
	e := w.as("anonymous")
	for _, below := range []string{"/0", "/all.zip", "/about"} { // of a locked transfer there is no file either
		locked, none := e.send("GET", link+below, ""), e.send("GET", "/t/"+neverWas+below, "")
		if told(locked) != told(none) {
			t.Errorf("%s\n%s", told(locked), told(none))
		}
	}
	w.end(t)
	links := []string{neverWas, closedLink, pastLink, "x", strings.Repeat("a", 21), strings.Repeat("a", 23), "aaaaaaaaaaaaaaaaaaaaa.", strings.Repeat("a", 400), "%00", "%ff", "..%2f..", "%E2%80%AEa"}
	for _, c := range []struct{ method, below, body string }{
		{"GET", "", ""},
		{"HEAD", "", ""},
		{"POST", "", "password=tulipe"},
		{"GET", "/0", ""},
		{"HEAD", "/0", ""},
		{"GET", "/0?show=1", ""},
		{"GET", "/7", ""},
		{"GET", "/-1", ""},
		{"GET", "/x", ""},
		{"GET", "/all.zip", ""},
		{"HEAD", "/all.zip", ""},
		{"GET", "/about", ""},
		{"HEAD", "/about", ""},
	} {
		first := ""
		for _, link := range links {
			got := e.send(c.method, "/t/"+link+c.below, c.body, "Content-Type: application/x-www-form-urlencoded", "Range: bytes=0-1")
			said := told(got)
			if first == "" {
				first = said
			}
			if got.StatusCode != 404 || said != first {
				t.Errorf("%s %s%s is told from others:\n%s\n%s", c.method, link, c.below, said, first)
			}
		}
	}
	e.guess(500)
	e.sameTime()
}

// told is all that an answer tells, but for the time.
func told(a *answer) string {
	h := a.Header.Clone()
	h.Del("Date")
	lines := []string{}
	for name, values := range h {
		lines = append(lines, name+": "+strings.Join(values, "|"))
	}
	slices.Sort(lines)
	return fmt.Sprintf("%d %s\n%s", a.StatusCode, strings.Join(lines, "\n"), a.text)
}

// guess tries links at random, and says how fast that goes.
func (e *edge) guess(most int) {
	e.t.Helper()
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	rnd, begun := rand.New(rand.NewPCG(1, 2)), time.Now()
	for range most {
		link := []byte(neverWas)
		for n := range link {
			link[n] = letters[rnd.IntN(64)]
		}
		if got := e.send("GET", "/t/"+string(link), ""); got.StatusCode != 404 {
			e.t.Fatalf("%s: %d", link, got.StatusCode)
		}
	}
	e.t.Logf("%.0f guesses a second over HTTP", float64(most)/time.Since(begun).Seconds())
}

// sameTime holds that the clock does not tell a link that was closed from one
// that never was: medians of requests that take turns.
func (e *edge) sameTime() {
	e.t.Helper()
	took := map[string][]time.Duration{}
	for range 150 {
		for _, link := range []string{neverWas, closedLink} {
			begun := time.Now()
			e.send("GET", "/t/"+link, "")
			took[link] = append(took[link], time.Since(begun))
		}
	}
	median := func(link string) time.Duration {
		slices.Sort(took[link])
		return took[link][75]
	}
	never, closed := median(neverWas), median(closedLink)
	e.t.Logf("never was %v, closed %v", never, closed)
	if closed > 2*never+200*time.Microsecond {
		e.t.Error("the clock tells a dead link from one that never was")
	}
}
