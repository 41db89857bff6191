package main

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	psync "preau/sync"
)

// program is the server as it is, built once.
var program = sync.OnceValues(func() (string, error) {
	dir, err := filepath.Abs("../../tmp")
	if err != nil {
		return "", err
	}
	at := filepath.Join(dir, "preau-load-test", "preau")
	out, err := exec.Command("go", "build", "-o", at, "preau/cmd/preau").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, out)
	}
	return at, err
})

// few are the arguments of a morning that takes seconds.
var few = strings.Fields("-accounts 66 -live 25 -rate 60 -storm 2s -for 4s -passwords 20 -works 2 -patience 1s")

// load runs the program and gives what it says.
func load(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(t.Context(), slices.Concat(few, args), &out, &out)
	t.Log(out.String())
	return out.String(), err
}

var verified = regexp.MustCompile(`(\d+) devices pulled anew, (\d+) acknowledged records, (\d+) copies and (\d+) messages .*; 0 lost`)

func TestMorning(t *testing.T) {
	preau, err := program()
	if err != nil {
		t.Fatal(err)
	}
	said, err := load(t, "-server", preau)
	if err != nil {
		t.Fatal(err)
	}
	found := verified.FindStringSubmatch(said)
	if found == nil || found[1] == "0" || found[2] == "0" {
		t.Errorf("nothing was verified: %v", found)
	}
	for _, want := range []string{"no error", "live connections held: 25 to 25 of 25", "homework.tick", "first pull", "sign in", "pull after poke", "server: "} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q", want)
		}
	}
}

// school is a server with the school in it, and what opens its administrator's
// account.
func school(t *testing.T) (address string, key sheet) {
	t.Helper()
	preau, err := program()
	if err != nil {
		t.Fatal(err)
	}
	op := &operator{program: preau, data: t.TempDir()}
	if key, err = op.found(t.Context(), 66); err != nil {
		t.Fatal(err)
	}
	n, err := op.serve(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.stop(); err != nil {
			t.Error(err)
		}
	})
	return n.url, key
}

// One server may be loaded again and again: accounts of an earlier run are
// taken back.
func TestAgainstAServerThatRuns(t *testing.T) {
	t.Setenv("PREAU_LOAD_PASSWORD", "violon tortue marée lampion")
	address, key := school(t)
	if _, err := load(t, "-url", address, "-admin", key.URL, "-code", key.Code); err != nil {
		t.Fatal(err)
	}
	if _, err := load(t, "-url", address, "-admin", "alix.charge"); err != nil {
		t.Error(err)
	}
}

func TestRefusesOtherSchools(t *testing.T) {
	preau, err := program()
	if err != nil {
		t.Fatal(err)
	}
	op := &operator{program: preau, data: t.TempDir()}
	register := t.TempDir()
	if err := writeSchool(register, sizesOf(8)); err != nil {
		t.Fatal(err)
	}
	if _, err := op.run(t.Context(), "import", "onde", register, "-name", "École Émile-Zola"); err != nil {
		t.Fatal(err)
	}
	said, err := op.run(t.Context(), "admin", "Alix", "Charge", "-new")
	if err != nil {
		t.Fatal(err)
	}
	n, err := op.serve(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer n.stop()
	printed := printedSheet.FindStringSubmatch(said)
	if _, err = load(t, "-url", n.url, "-admin", printed[1], "-code", printed[2]); err == nil || !strings.Contains(err.Error(), "Émile-Zola") {
		t.Errorf("it went on: %v", err)
	}
}

// between is a server behind one that may answer instead: before says so.
func between(t *testing.T, address string, before func(w http.ResponseWriter, path string, body []byte) bool) string {
	t.Helper()
	to, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(to); r.Out.Host = r.In.Host },
		FlushInterval: -1,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if r.Header.Get("Content-Encoding") == "deflate" {
			body = inflated(t, body)
		}
		if !before(w, r.URL.Path, body) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func inflated(t *testing.T, body []byte) []byte {
	r, err := zlib.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Error(err)
		return nil
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Error(err)
	}
	return plain
}

func TestAnErrorFails(t *testing.T) {
	address, key := school(t)
	var asked atomic.Int32
	through := between(t, address, func(w http.ResponseWriter, path string, _ []byte) bool {
		if path != "/api/sync" || asked.Add(1) != 150 {
			return false
		}
		http.Error(w, `{"error":{"code":"broken","message":"it broke"}}`, http.StatusInternalServerError)
		return true
	})
	said, err := load(t, "-url", through, "-admin", key.URL, "-code", key.Code)
	if err == nil || !strings.Contains(said, `ERROR 500 broken: 1 times, first: POST /api/sync: 500 {"error":{"code":"broken","message":"it broke"}}`) {
		t.Errorf("it ended with %v", err)
	}
}

// An action that is acknowledged and never arrives is found at the end.
func TestALostActionFails(t *testing.T) {
	address, key := school(t)
	var swallowed atomic.Pointer[string] // the lane of whoever ticked first, of which nothing arrives any more
	through := between(t, address, func(w http.ResponseWriter, path string, body []byte) bool {
		var req psync.Request
		if path != "/api/sync" || json.Unmarshal(body, &req) != nil || len(req.Mutations) != 1 {
			return false
		}
		m := req.Mutations[0]
		lane := req.Device + " " + m.Scope
		if m.Name == "homework.tick@1" {
			swallowed.CompareAndSwap(nil, &lane)
		}
		if first := swallowed.Load(); first == nil || *first != lane {
			return false
		}
		fmt.Fprintf(w, `{"results":[{"scope":%q,"k":%d,"ok":true,"seq":%d}],"now":"2026-11-23T18:41:08Z"}`, m.Scope, m.K, req.Cursors[m.Scope].Hi+1)
		return true
	})
	said, err := load(t, "-url", through, "-admin", key.URL, "-code", key.Code)
	if swallowed.Load() == nil {
		t.Fatal("nobody ticked")
	}
	if err == nil || !strings.Contains(said, "ERROR lost:") {
		t.Errorf("it ended with %v", err)
	}
}
