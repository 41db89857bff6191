package main

import (
	"bufio"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A node that is asked to stop is not ready from then on, so that a proxy
// sends nobody any more, and answers those who come meanwhile.
func TestNodeDrains(t *testing.T) {
	t.Setenv("PREAU_DRAIN", "2s")
	p := startProcess(t, t.TempDir(), strings.Fields(demoArgs)...)
	session := p.signIn()
	live := p.listen(session)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return p.send("GET", "/readyz", "", http.Header{}).StatusCode == 503 })
	proxy := &http.Client{Transport: &http.Transport{}} // which keeps its connections
	for range 10 {
		req, err := http.NewRequest("GET", "http://"+p.addr+"/api/session", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header = session
		res, err := proxy.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 200 || !res.Close {
			t.Errorf("while it drains: %d, connection to be closed: %v", res.StatusCode, res.Close)
		}
		time.Sleep(50 * time.Millisecond)
	}
	if last := live(); last != "event: bye" {
		t.Errorf("the last event of a live connection is %q", last)
	}
	if err := <-p.done; err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// listen opens a live connection; rest reads it to its end and gives the last
// event.
func (p *process) listen(session http.Header) (rest func() string) {
	p.t.Helper()
	req, err := http.NewRequest("GET", "http://"+p.addr+"/api/live", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header = session
	res, err := plainClient().Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { res.Body.Close() })
	events := bufio.NewScanner(res.Body)
	if !events.Scan() || events.Text() != "event: hello" {
		p.t.Fatalf("live: %d %q", res.StatusCode, events.Text())
	}
	return func() (last string) {
		for events.Scan() {
			if strings.HasPrefix(events.Text(), "event: ") {
				last = events.Text()
			}
		}
		return last
	}
}
