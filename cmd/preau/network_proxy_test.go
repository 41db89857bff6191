package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os/exec"
	"testing"
	"time"

	"preau/storage/storagetest/programs"
)

// toxiproxy is a program that stands between others and spoils their talk.
type toxiproxy struct {
	t    *testing.T
	addr string // where it takes orders
}

func startToxiproxy(t *testing.T) *toxiproxy {
	t.Helper()
	p := &toxiproxy{t, programs.FreeAddr(t)}
	host, port := splitPort(t, p.addr)
	cmd := exec.Command(programs.Find(t, "toxiproxy"), "-host", host, "-port", port)
	ended := programs.Launch(t, cmd)
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it keeps nothing
		<-ended
	})
	waitFor(t, func() bool {
		res, err := plainClient().Get("http://" + p.addr + "/version")
		if err == nil {
			res.Body.Close()
		}
		return err == nil
	})
	return p
}

func splitPort(t *testing.T, addr string) (host, port string) {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	return host, port
}

func (p *toxiproxy) order(method, path string, body, into any) {
	p.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	req, err := http.NewRequest(method, "http://"+p.addr+path, bytes.NewReader(text))
	if err != nil {
		p.t.Fatal(err)
	}
	res, err := plainClient().Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 {
		p.t.Fatalf("%s %s: %d %s %v", method, path, res.StatusCode, answer, err)
	}
	if into != nil && json.Unmarshal(answer, into) != nil {
		p.t.Fatalf("%s %s: %s", method, path, answer)
	}
}

// to leads to a server: whoever talks to addr talks to it.
func (p *toxiproxy) to(name, server string) (addr string) {
	p.t.Helper()
	var made struct{ Listen string }
	p.order("POST", "/proxies", map[string]any{"name": name, "listen": "127.0.0.1:0", "upstream": server, "enabled": true}, &made)
	return made.Listen
}

// heal ends all faults.
func (p *toxiproxy) heal() { p.t.Helper(); p.order("POST", "/reset", struct{}{}, nil) }

// networkFault is a way in which a line is bad.
type networkFault struct {
	name  string
	spoil func(p *toxiproxy, line string)
}

// toxic is a fault of toxiproxy, of what a server answers, on some of the
// connections.
func toxic(kind string, share float64, attributes map[string]any) func(p *toxiproxy, line string) {
	return func(p *toxiproxy, line string) {
		p.order("POST", "/proxies/"+line+"/toxics", map[string]any{
			"type": kind, "stream": "downstream", "toxicity": share, "attributes": attributes,
		}, nil)
	}
}

var networkFaults = []networkFault{
	{"refused", func(p *toxiproxy, line string) {
		p.order("POST", "/proxies/"+line, map[string]any{"enabled": false}, nil)
	}},
	{"silent", toxic("timeout", 1, map[string]any{"timeout": 0})},
	{"slow", toxic("latency", 1, map[string]any{"latency": 300, "jitter": 200})},
	{"cut in the middle of an answer", toxic("limit_data", 1, map[string]any{"bytes": 700})},
	{"reset at random", toxic("reset_peer", 0.5, map[string]any{"timeout": 100})},
}

// spell is how long a fault lasts.
const spell = 3 * time.Second
