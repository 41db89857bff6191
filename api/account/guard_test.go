package account_test

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"preau/api/account"
	"preau/api/directory"
)

// run runs a service until the returned function is called.
func run(t testing.TB, w *world) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = w.Run(ctx) })
	<-w.watching
	return func() { cancel(); wg.Wait() }
}

// many adds n pupils p0, p1, …
func (w *world) many(n int) {
	w.t.Helper()
	var puts []directory.Put
	for i := range n {
		puts = append(puts, directory.Put{ID: fmt.Sprint("p", i), Record: directory.Person{
			First: "P", Last: fmt.Sprint(i), Pupil: true, Span: directory.Span{From: "2026-09-01"},
		}})
	}
	w.people(puts...)
	for i := range n {
		w.account(fmt.Sprint("p", i))
	}
}

func TestASchoolBehindOneAddress(t *testing.T) {
	w := newWorld(t)
	w.many(1500)
	var wg sync.WaitGroup
	failed := make(chan string, 1500)
	for worker := range 30 {
		wg.Go(func() {
			for i := worker; i < 1500; i += 30 {
				if got := w.try(school, fmt.Sprint("p", i), password); got != "ok" {
					failed <- got
				}
			}
		})
	}
	wg.Wait()
	if len(failed) > 0 {
		t.Errorf("%d of 1500 correct logins from one address failed, one with %q", len(failed), <-failed)
	}
}

func TestABullyLocksNobodyOut(t *testing.T) {
	w := newWorld(t)
	w.person("ines", true)
	home := school
	home.Known = w.signIn(school, "ines").Known
	evaluated := 0
	for range 20_000 {
		if w.try(from("198.51.100.7"), "ines", "wrong wrong wrong") == "wrong_credentials" {
			evaluated++
		}
		w.clock.pass(2 * time.Second)
	}
	if evaluated > 200 { // less than half a day, but it may span midnight
		t.Errorf("%d guesses were checked", evaluated)
	}
	if got := w.try(from("203.0.113.9"), "ines", password); got != "wait" {
		t.Errorf("on a strange browser: %s", got)
	}
	if got := w.try(home, "ines", password); got != "ok" {
		t.Errorf("on her own browser: %s", got)
	}
	stranger := from("203.0.113.9")
	w.person("malik", true)
	stranger.Known = w.signIn(school, "malik").Known
	if got := w.try(stranger, "ines", password); got != "wait" {
		t.Errorf("on a browser known for somebody else: %s", got)
	}
}

func TestAKnownBrowserIsCountedToo(t *testing.T) {
	w := newWorld(t)
	w.person("ines", true)
	c := school
	c.Known = w.signIn(school, "ines").Known
	checked := 0
	for range 500 {
		if w.try(c, "ines", "wrong wrong wrong") == "wrong_credentials" {
			checked++
		}
	}
	if checked != 10 {
		t.Errorf("%d guesses at once from a stolen known cookie", checked)
	}
}

func TestGuessesPerDay(t *testing.T) {
	for _, login := range []string{"ines", "nobody.at.all"} {
		t.Run(login, func(t *testing.T) {
			w := newWorld(t)
			w.person("ines", true)
			w.clock.pass(16*time.Hour - time.Second) // just before midnight UTC
			w.clock.pass(time.Second)
			checked, step := 0, 30*time.Second
			for range int(24 * time.Hour / step) {
				if w.try(school, login, fmt.Sprint("wrong guess ", checked)) == "wrong_credentials" {
					checked++
				}
				w.clock.pass(step)
			}
			if checked < 50 || checked > 100 {
				t.Errorf("%d guesses checked in a day", checked)
			}
		})
	}
}

func TestGuessesAtOnce(t *testing.T) {
	w := newWorld(t)
	w.person("ines", true)
	var wg sync.WaitGroup
	checked := make(chan struct{}, 200)
	for i := range 200 {
		wg.Go(func() {
			if w.try(from(fmt.Sprint("198.51.100.", i)), "ines", fmt.Sprint("wrong guess ", i)) == "wrong_credentials" {
				checked <- struct{}{}
			}
		})
	}
	wg.Wait()
	if n := len(checked); n != 10 {
		t.Errorf("%d of 200 guesses made at once were checked", n)
	}
}

func TestGuessesAreCountedAcrossNodesAndRestarts(t *testing.T) {
	w := newWorld(t)
	w.person("ines", true)
	for range 10 {
		w.try(school, "ines", "wrong wrong wrong")
	}
	w.Flush(t.Context())
	other := newNode(t, w.records, w.clock, cheap)
	if got := other.try(school, "ines", password); got != "wait" {
		t.Errorf("on another node: %s", got)
	}
	w.clock.pass(24 * time.Hour)
	if got := other.try(school, "ines", password); got != "ok" {
		t.Errorf("the next day: %s", got)
	}
}

func TestSprayingIsStopped(t *testing.T) {
	w := newWorld(t)
	w.many(300)
	evaluated := 0
	for word := range 20 {
		guess := fmt.Sprintf("soleil %012d", word)
		for i := range 300 {
			addr := netip.AddrFrom4([4]byte{10, byte(word), byte(i / 250), byte(i % 250)})
			if w.spray(account.Client{Addr: addr}, fmt.Sprint("p", i), guess) {
				evaluated++
			}
		}
		w.clock.pass(time.Second)
	}
	if limit := 20 * 300 * 4 / 100; evaluated > limit {
		t.Errorf("%d of 6000 sprayed guesses were checked, want at most %d", evaluated, limit)
	}
}

// spray makes one guess and says whether the server checked it.
func (w *world) spray(c account.Client, login, guess string) bool {
	checks := w.Checks()
	w.try(c, login, guess)
	return w.Checks() > checks
}

func TestStuffingFromOneAddressIsSlowed(t *testing.T) {
	w := newWorld(t)
	w.many(10)
	checked := 0
	for i := range 3000 {
		if w.try(from("198.51.100.7"), fmt.Sprint("leaked.name.", i), fmt.Sprint("leaked password ", i)) != "wait" {
			checked++
		}
		w.clock.pass(10 * time.Millisecond)
	}
	if checked > 100+30*5+5 { // the line, then five a second
		t.Errorf("%d of 3000 stuffed pairs were checked in half a minute", checked)
	}
	for i := range 10 {
		w.clock.pass(time.Second)
		if got := w.try(from("198.51.100.7"), fmt.Sprint("p", i), password); got != "ok" {
			t.Errorf("somebody honest at that address: %s", got)
		}
	}
}

func TestANetworkIsOneAddress(t *testing.T) {
	w := newWorld(t)
	checked := 0
	for i := range 1000 {
		c := from(fmt.Sprintf("2001:db8:1:2:%x::%x", i, i))
		if w.try(c, fmt.Sprint("leaked.name.", i), fmt.Sprint("leaked password ", i)) != "wait" {
			checked++
		}
	}
	if checked != 101 { // the line, and then the first of the paced ones
		t.Errorf("%d pairs checked at once for one IPv6 network", checked)
	}
}
