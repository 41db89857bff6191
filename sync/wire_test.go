package sync_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preau/storage"
	psync "preau/sync"
)

var update = flag.Bool("update", false, "rewrite testdata/wire")

// exchange is one file of testdata/wire: a request and its answer. The tests
// of the device read the same files.
type exchange struct {
	Name     string          `json:"name"`
	About    string          `json:"about"`
	Request  json.RawMessage `json:"request"`
	Status   int             `json:"status"`
	Retry    int             `json:"retryAfter,omitempty"` // header Retry-After, in seconds
	Response json.RawMessage `json:"response"`             // null: no body
}

// wireCase makes an exchange happen: prepare brings the world to where the
// request, sent by the pupil s1, has the answer that the case is about.
type wireCase struct {
	name, about string
	prepare     func(w *world)
	request     string
	fails       *psync.RequestError // made by the edge, not by this package
}

const (
	pullHead = `{"v":1,"schema":7,"device":"d_s1","cursors":`
	pushHead = `{"v":1,"schema":7,"device":"d_s1","mutations":[`
	copyArgs = `"name":"homework.submit@1","at":1795440000123,"args":{"id":"c1","homework":"h1","pages":["sha256-0a","sha256-0b"],"text":""}}`
	copyK1   = `{"scope":"student:s1","k":1,` + copyArgs
)

func (c wireCase) run(t *testing.T) exchange {
	t.Helper()
	w := newWorld(t, newStore(t))
	w.access.grant("s1", "user:s1", "class:5b", "student:s1")
	if c.prepare != nil {
		c.prepare(w)
	}
	out := exchange{Name: c.name, About: c.about, Request: json.RawMessage(c.request), Response: json.RawMessage("null")}
	if !json.Valid(out.Request) {
		out.Request = raw(c.request) // as a string: it is not JSON
	}
	res, err := send(w, c)
	failure, failed := errors.AsType[*psync.RequestError](err)
	switch {
	case failed:
		out.Status, out.Retry = failure.Status(), int(failure.RetryAfter/time.Second)
		out.Response = failure.AppendJSON(nil)
	case err != nil:
		t.Fatal(err)
	case res.Empty():
		out.Status = http.StatusNoContent
	default:
		out.Status, out.Response = http.StatusOK, res.AppendJSON(nil)
	}
	return out
}

func send(w *world, c wireCase) (*psync.Response, error) {
	if c.fails != nil {
		return nil, c.fails
	}
	return w.engine.Answer(w.t.Context(), actor("s1"), []byte(c.request))
}

func TestWire(t *testing.T) {
	seen := map[string]bool{"digest.json": true}
	for _, c := range wireCases {
		seen[c.name+".json"] = true
		t.Run(c.name, func(t *testing.T) { golden(t, c.name, c.run(t)) })
	}
	files, err := filepath.Glob("testdata/wire/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !seen[filepath.Base(file)] {
			t.Errorf("%s belongs to no case", file)
		}
	}
}

// golden compares a value with its file, or writes it.
func golden(t *testing.T, name string, v any) {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "wire", name+".json")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestWireDigest holds the values by which other programs check their hash.
func TestWireDigest(t *testing.T) {
	w := newWorld(t, newStore(t))
	w.access.grant("s1", "class:5b")
	w.put("class:5b", "class", "5b", fields{"name": "5e B"})
	w.put("class:5b", "homework", "h1", fields{"title": "Fables"})
	w.commit("class:5b", func(tx *psync.Tx) {
		tx.Put("homework", "h2", fields{"title": "Fractions"})
		tx.Delete("homework", "h1")
	})
	recs, _, err := w.records.Scan(t.Context(), storage.Page{Scope: "class:5b", Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	var records [][]any
	var sum uint32
	for _, r := range recs {
		hash := psync.Hash32(r.Type, r.ID, r.Seq)
		sum ^= hash
		records = append(records, []any{r.Seq, r.Type, r.ID, fmt.Sprintf("%08x", hash)})
	}
	golden(t, "digest", fields{
		"name":    "digest",
		"about":   "The hash of each live record [seq, type, id, hash], and their XOR, the digest of the scope.",
		"records": records,
		"digest":  fmt.Sprintf("%08x", sum),
	})
}

// someClass puts three homeworks into the class, at 1, 2 and 3.
func someClass(w *world) {
	w.put("class:5b", "class", "5b", fields{"name": "5e B", "kind": "class"})
	w.put("class:5b", "homework", "h1", fields{"title": "Fables", "due": "2026-11-27T07:00:00Z"})
	w.put("class:5b", "homework", "h2", fields{"title": "Fractions", "due": "2026-11-30T07:00:00Z"})
}

// everything puts something into each scope of the pupil.
func everything(w *world) {
	someClass(w)
	w.put("user:s1", "user", "s1", fields{"first": "Inès", "last": "Benali"})
	w.put("student:s1", "student", "s1", fields{"first": "Inès", "last": "Benali"})
}

// office lets the person open a pupil.
func office(w *world) {
	w.access.grant("s1", "user:s1", "class:5b", "student:s1")
	w.access.open("s1", "student:s2")
	w.put("student:s2", "student", "s2", fields{"first": "Sami", "last": "Benali"})
}

// longClass puts more into the class than an answer of the smallest budget
// takes.
func longClass(w *world) {
	for i := range 6 {
		w.put("class:5b", "homework", fmt.Sprint("h", i+1), fields{"title": strings.Repeat("lire ", 250)})
	}
}

func submitted(w *world) {
	w.sync(actor("s1"), psync.Request{Mutations: []psync.Mutation{
		mutation("student:s1", 1, "homework.submit@1", fields{
			"id": "c1", "homework": "h1", "pages": []string{"sha256-0a", "sha256-0b"}, "text": "",
		}),
	}})
}

// trimmed makes the server forget what happened before the last commit.
func trimmed(w *world) {
	someClass(w)
	w.commit("class:5b", func(tx *psync.Tx) { tx.Delete("homework", "h1") })
	w.clock.pass(401 * 24 * time.Hour)
	w.put("class:5b", "homework", "h3", fields{"title": "Volcans"})
	if err := w.records.Trim(w.t.Context(), "class:5b", w.clock.Now().Add(-400*24*time.Hour)); err != nil {
		w.t.Fatal(err)
	}
}

var wireCases = []wireCase{
	{
		name: "first-sync", about: "A device that holds nothing: every scope is begun, newest records first, with its title and lease.",
		prepare: everything, request: pullHead + `{}}`,
	},
	{
		name: "first-sync-more", about: "The budget ends within the class: its cursor keeps lo above 0, what follows is named with nothing, both are in more.",
		prepare: func(w *world) {
			longClass(w)
			w.put("student:s1", "student", "s1", fields{"first": "Inès", "last": "Benali"})
		},
		request: pullHead + `{},"budget":4096}`,
	},
	{
		name: "back-fill", about: "The device asks again with its cursors: older records come, lo falls to 0.",
		prepare: longClass, request: pullHead + `{"user:s1":[1,0,0],"class:5b":[1,6,3],"student:s1":[1,0,0]},"budget":4096}`,
	},
	{
		name: "nothing", about: "Nothing new in any scope: no body at all.",
		prepare: everything, request: pullHead + `{"user:s1":[1,1,0],"class:5b":[1,3,0],"student:s1":[1,1,0]}}`,
	},
	{
		name: "delta", about: "One scope has moved by two commits; the others are absent.",
		prepare: everything, request: pullHead + `{"user:s1":[1,1,0],"class:5b":[1,1,0],"student:s1":[1,1,0]}}`,
	},
	{
		name: "delta-folded", about: "A record touched twice comes once, with the seq of the later commit.",
		prepare: func(w *world) {
			someClass(w)
			w.put("class:5b", "homework", "h1", fields{"title": "Fables, livre II"})
			w.put("class:5b", "homework", "h1", fields{"title": "Fables, livre III"})
		},
		request: pullHead + `{"user:s1":[1,0,0],"class:5b":[1,2,0],"student:s1":[1,0,0]}}`,
	},
	{
		name: "deletion", about: "A deleted record comes with the value 0.",
		prepare: func(w *world) {
			someClass(w)
			w.commit("class:5b", func(tx *psync.Tx) { tx.Delete("homework", "h1") })
		},
		request: pullHead + `{"user:s1":[1,0,0],"class:5b":[1,3,0],"student:s1":[1,0,0]}}`,
	},
	{
		name: "delta-before-back-fill", about: "A scope not yet complete has moved: the change comes, then older records, under one cursor.",
		prepare: func(w *world) {
			someClass(w)
			w.put("class:5b", "homework", "h3", fields{"title": "Volcans"})
		},
		request: pullHead + `{"user:s1":[1,0,0],"class:5b":[1,3,2],"student:s1":[1,0,0]}}`,
	},
	{
		name: "more", about: "A long catch-up goes upward, as far as the budget reaches; the scope is in more.",
		prepare: longClass, request: pullHead + `{"user:s1":[1,0,0],"class:5b":[1,1,0],"student:s1":[1,0,0]},"budget":4096}`,
	},
	{
		name: "scope-gained", about: "A scope that the device does not hold is begun without being asked for.",
		prepare: everything, request: pullHead + `{"user:s1":[1,1,0],"student:s1":[1,1,0]}}`,
	},
	{
		name: "on-demand", about: "A scope that the person may read on demand is not begun by itself.",
		prepare: office, request: pullHead + `{}}`,
	},
	{
		name: "on-demand-named", about: "A scope on demand is begun when the device names it, with [0,0,0].",
		prepare: office, request: pullHead + `{"user:s1":[1,0,0],"class:5b":[1,0,0],"student:s2":[0,0,0],"student:s1":[1,0,0]}}`,
	},
	{
		name: "gone", about: "A scope that the person may not read any more: the device deletes it.",
		prepare: everything, request: pullHead + `{"user:s1":[1,1,0],"class:5b":[1,3,0],"class:6c":[1,88,0],"student:s1":[1,1,0]}}`,
	},
	{
		name: "reset-floor", about: "The cursor is older than what the server remembers of deletions: start over.",
		prepare: trimmed, request: pullHead + `{"user:s1":[1,0,0],"class:5b":[1,2,0],"student:s1":[1,0,0]}}`,
	},
	{
		name: "reset-epoch", about: "The store was restored from a backup: start over, whatever the numbers.",
		prepare: func(w *world) {
			someClass(w)
			if _, err := w.records.Epoch(w.t.Context(), true); err != nil {
				w.t.Fatal(err)
			}
		},
		request: pullHead + `{"user:s1":[2,0,0],"class:5b":[1,900,0],"student:s1":[2,0,0]}}`,
	},
	{
		name: "reset-digest", about: "The device's copy differs from the server's: this scope starts over.",
		prepare: someClass, request: pullHead + `{"user:s1":[1,0,0],"class:5b":[1,3,0],"student:s1":[1,0,0]},"digest":{"class:5b":"00000000"}}`,
	},
	{
		name: "push-ok", about: "A mutation carried out, with the rule's answer; no cursors, so nothing else.",
		request: pushHead + copyK1 + `]}`,
	},
	{
		name: "push-and-pull", about: "One request for both directions: the result, and the commit itself with the device's _lane record.",
		request: pushHead + copyK1 + `],"cursors":{"user:s1":[1,0,0],"class:5b":[1,0,0],"student:s1":[1,0,0]}}`,
	},
	{
		name: "push-duplicate", about: "The same mutation again, its answer having been lost: the first answer, nothing done twice.",
		prepare: submitted, request: pushHead + copyK1 + `]}`,
	},
	{
		name: "push-error", about: "Refused by the rule, finally. The lane goes on.",
		request: pushHead + `{"scope":"student:s1","k":1,"name":"homework.submit@1","at":1795440000123,"args":{"id":"c1","homework":"h-late","pages":[],"text":""}},` +
			`{"scope":"student:s1","k":2,` + copyArgs + `]}`,
	},
	{
		name: "push-error-duplicate", about: "A refused mutation sent again is refused again in the same words.",
		prepare: func(w *world) {
			w.sync(actor("s1"), psync.Request{Mutations: []psync.Mutation{
				mutation("student:s1", 1, "homework.submit@1", fields{"id": "c1", "homework": "h-late"}),
			}})
		},
		request: pushHead + `{"scope":"student:s1","k":1,"name":"homework.submit@1","at":1795440000123,"args":{"id":"c1","homework":"h-late"}}]}`,
	},
	{
		name: "push-conflict", about: "The record has moved since the person saw it (base): refused with what it holds now.",
		prepare: func(w *world) {
			w.access.grant("s1", "course:k1")
			w.put("course:k1", "homework", "h1", homework{"Fables"})
			w.put("course:k1", "homework", "h1", homework{"Fables, livre II"})
		},
		request: pushHead + `{"scope":"course:k1","k":1,"name":"homework.edit@1","at":1795440000123,"base":1,"args":{"id":"h1","title":"Contes"}}]}`,
	},
	{
		name: "push-invalid", about: "Arguments that the rule does not know are refused with the field.",
		request: pushHead + `{"scope":"student:s1","k":1,"name":"homework.submit@1","at":1795440000123,"args":{"id":"c1","mark":20}}]}`,
	},
	{
		name: "push-unknown-mutation", about: "A name that the server does not know is refused like any mutation: its number is used up.",
		request: pushHead + `{"scope":"student:s1","k":1,"name":"homework.burn@1","at":1795440000123,"args":{}}]}`,
	},
	{
		name: "push-wrong-scope", about: "A mutation that does not belong to such a scope.",
		request: pushHead + `{"scope":"class:5b","k":1,` + copyArgs + `]}`,
	},
	{
		name: "push-forbidden", about: "A scope that the person may not read: refused, and no number is used up.",
		request: pushHead + `{"scope":"student:s2","k":1,` + copyArgs + `]}`,
	},
	{
		name: "push-wait", about: "Not now: those behind it in the lane wait as well, other lanes go on.",
		request: pushHead + `{"scope":"class:5b","k":1,"name":"note.wait@1","at":1795440000123,"args":{}},` +
			`{"scope":"class:5b","k":2,"name":"note.append@1","at":1795440000123,"args":{"id":"n1","text":"a"}},` + copyK1 + `]}`,
	},
	{
		name: "push-gap", about: "The server has nothing of this lane: number what waits from 1 and send it again.",
		request: pushHead + `{"scope":"student:s1","k":3,` + copyArgs + `]}`,
	},
	{
		name: "error-malformed", about: "Not JSON. The request is given here as a string.",
		request: `{"v":1,"schema":7,`,
	},
	{
		name: "error-unknown-field", about: "The server refuses what it does not know.",
		request: `{"v":1,"schema":7,"device":"d_s1","cursors":{},"token":"x"}`,
	},
	{
		name: "error-repeated-field", about: "A field given twice.",
		request: `{"v":1,"schema":7,"schema":8,"device":"d_s1","cursors":{}}`,
	},
	{
		name: "error-invalid", about: "Well formed, but a scope has no such name.",
		request: pushHead + `{"scope":"student","k":1,` + copyArgs + `]}`,
	},
	{
		name: "error-invalid-cursor", about: "lo is above hi.",
		request: pullHead + `{"class:5b":[1,3,4]}}`,
	},
	{
		name: "error-too-large", about: "More than one request may carry: send less at once.",
		request: pushHead + copyK1 + `]}`,
		fails:   &psync.RequestError{Code: psync.TooLarge, Field: "mutations", Message: "more than 256"},
	},
	{
		name: "error-unknown-device", about: "The session belongs to another device: take a new id.",
		request: `{"v":1,"schema":7,"device":"d_other","cursors":{}}`,
	},
	{
		name: "error-upgrade-required", about: "The schema is too old to pull. Without cursors the request would be answered.",
		request: `{"v":1,"schema":1,"device":"d_s1","cursors":{}}`,
	},
	{
		name: "error-behind", about: "The cursor is ahead of this server within its epoch: wait, change nothing.",
		prepare: everything, request: pullHead + `{"user:s1":[1,1,0],"class:5b":[1,4,0],"student:s1":[1,1,0]}}`,
	},
	{
		name: "error-signed-out", about: "No session.", request: pullHead + `{}}`,
		fails: &psync.RequestError{Code: psync.SignedOut, Message: "sign in first"},
	},
	{
		name: "error-wipe", about: "The device was revoked: it deletes everything.", request: pullHead + `{}}`,
		fails: &psync.RequestError{Code: psync.SignedOut, Message: "this device was revoked", Wipe: true},
	},
	{
		name: "error-too-many", about: "Too many requests.", request: pullHead + `{}}`,
		fails: &psync.RequestError{Code: psync.TooMany, Message: "slow down", RetryAfter: 5 * time.Second},
	},
	{
		name: "error-unavailable", about: "A fault of the server's own.", request: pullHead + `{}}`,
		fails: &psync.RequestError{Code: psync.Unavailable, Message: "come again", RetryAfter: 2 * time.Second},
	},
}
