package sync_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	psync "preau/sync"
)

func TestDecodeRequest(t *testing.T) {
	const body = ` { "v":1, "schema":7, "device":"d_é\u0041", "budget":4096,
		"mutations":[{"scope":"class:5b","k":4,"name":"note.append@1","at":12,"base":3,"args":{"id":"n\"}","deep":[{"a":[]}]}}],
		"cursors":{"class:5b":[1,9007199254740992,0],"user\u003ap":[1,2,1]}, "digest":{"class:5b":"0badcafe"} } `
	got, err := psync.DecodeRequest([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	want := &psync.Request{
		V: 1, Schema: 7, Device: "d_éA", Budget: 4096,
		Mutations: []psync.Mutation{{
			Scope: "class:5b", K: 4, Name: "note.append@1", At: 12, Base: 3,
			Args: json.RawMessage(`{"id":"n\"}","deep":[{"a":[]}]}`),
		}},
		Cursors: map[string]psync.Cursor{"class:5b": {1, 1 << 53, 0}, "user:p": {1, 2, 1}},
		Digest:  map[string]string{"class:5b": "0badcafe"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRequestRefused(t *testing.T) {
	const ok = `"v":1,"schema":2,"device":"d_p"`
	mutation := func(with string) string {
		return `{` + ok + `,"mutations":[{"scope":"class:5b","k":1,"name":"note.append@1","at":1,"args":{}` + with + `}]}`
	}
	repeat := func(n int, item string) string { return strings.TrimSuffix(strings.Repeat(item+",", n), ",") }
	for _, c := range []struct{ name, body, code, field string }{
		{"empty", ``, psync.Malformed, ""},
		{"null", `null`, psync.Malformed, ""},
		{"array", `[]`, psync.Malformed, ""},
		{"cut off", `{` + ok, psync.Malformed, ""},
		{"two bodies", `{` + ok + `}{}`, psync.Malformed, ""},
		{"comma at the end", `{` + ok + `,}`, psync.Malformed, ""},
		{"unknown field", `{` + ok + `,"x":1}`, psync.Malformed, "x"},
		{"other case", `{` + ok + `,"Budget":1}`, psync.Malformed, "Budget"},
		{"field twice", `{` + ok + `,"v":1}`, psync.Malformed, "v"},
		{"number as text", `{"v":"1"}`, psync.Malformed, "v"},
		{"fraction", `{"v":1.0}`, psync.Malformed, "v"},
		{"exponent", `{"v":1e0}`, psync.Malformed, "v"},
		{"leading zero", `{"v":01}`, psync.Malformed, "v"},
		{"number too long", `{"v":99999999999999999999}`, psync.Malformed, "v"},
		{"null value", `{"v":null}`, psync.Malformed, "v"},
		{"control character", "{\"device\":\"d_\n\"}", psync.Malformed, "device"},
		{"broken UTF-8", "{\"device\":\"d_\xff\"}", psync.Malformed, "device"},
		{"cursor too short", `{` + ok + `,"cursors":{"class:5b":[1,2]}}`, psync.Malformed, "cursors"},
		{"cursor too long", `{` + ok + `,"cursors":{"class:5b":[1,2,0,0]}}`, psync.Malformed, "cursors"},
		{"cursor twice", `{` + ok + `,"cursors":{"class:5b":[1,2,0],"class:5b":[1,2,0]}}`, psync.Malformed, "cursors"},
		{"args no object", strings.Replace(mutation(""), "{}", "[]", 1), psync.Malformed, "mutations[0].args"},
		{"args broken", strings.Replace(mutation(""), `{}`, `{"a":}`, 1), psync.Malformed, "mutations[0].args"},
		{"args broken UTF-8", strings.Replace(mutation(""), `{}`, "{\"a\":\"\xff\"}", 1), psync.Malformed, "mutations[0].args"},
		{"unknown member", mutation(`,"x":1`), psync.Malformed, "mutations[0].x"},
		{"member twice", mutation(`,"k":1`), psync.Malformed, "mutations[0].k"},

		{"no version", `{"schema":2,"device":"d_p"}`, psync.Invalid, "v"},
		{"later version", `{"v":2,"schema":2,"device":"d_p"}`, psync.Invalid, "v"},
		{"no schema", `{"v":1,"device":"d_p"}`, psync.Invalid, "schema"},
		{"no device", `{"v":1,"schema":2}`, psync.Invalid, "device"},
		{"badly named device", `{"v":1,"schema":2,"device":"d_a b"}`, psync.Invalid, "device"},
		{"negative budget", `{` + ok + `,"budget":-1}`, psync.Invalid, "budget"},
		{"k of zero", strings.Replace(mutation(""), `"k":1`, `"k":0`, 1), psync.Invalid, "mutations[0].k"},
		{"k too large", strings.Replace(mutation(""), `"k":1`, `"k":9007199254740993`, 1), psync.Invalid, "mutations[0].k"},
		{"no scope", strings.Replace(mutation(""), `"scope":"class:5b",`, ``, 1), psync.Invalid, "mutations[0].scope"},
		{"scope with a blank", strings.Replace(mutation(""), `class:5b`, `class: 5b`, 1), psync.Invalid, "mutations[0].scope"},
		{"scope climbing up", strings.Replace(mutation(""), `class:5b`, `class:5b/../x`, 1), psync.Invalid, "mutations[0].scope"},
		{"no name", strings.Replace(mutation(""), `note.append@1`, ``, 1), psync.Invalid, "mutations[0].name"},
		{"no args", strings.Replace(mutation(""), `,"args":{}`, ``, 1), psync.Invalid, "mutations[0].args"},
		{"negative time", strings.Replace(mutation(""), `"at":1`, `"at":-1`, 1), psync.Invalid, "mutations[0].at"},
		{"cursor of nonsense", `{` + ok + `,"cursors":{"":[1,2,0]}}`, psync.Invalid, "cursors"},
		{"lo above hi", `{` + ok + `,"cursors":{"class:5b":[1,2,3]}}`, psync.Invalid, "cursors"},
		{"negative epoch", `{` + ok + `,"cursors":{"class:5b":[-1,2,0]}}`, psync.Invalid, "cursors"},
		{"digest without cursor", `{` + ok + `,"cursors":{},"digest":{"class:5b":"00000000"}}`, psync.Invalid, "digest"},
		{"digest in capitals", `{` + ok + `,"cursors":{"class:5b":[1,0,0]},"digest":{"class:5b":"ABCDEF01"}}`, psync.Invalid, "digest"},

		{"other device", `{"v":1,"schema":2,"device":"d_q"}`, psync.UnknownDevice, "device"},

		{"too many mutations", `{` + ok + `,"mutations":[` + repeat(257, `{"args":{}}`) + `]}`, psync.TooLarge, "mutations"},
		{"too many cursors", `{` + ok + `,"cursors":{` + manyCursors(1025) + `}}`, psync.TooLarge, "cursors"},
		{"args too large", strings.Replace(mutation(""), `{}`, `{"a":"`+strings.Repeat("a", 256<<10)+`"}`, 1), psync.TooLarge, "mutations[0].args"},
		{"body too large", `{` + ok + strings.Repeat(" ", psync.MaxRequest) + `}`, psync.TooLarge, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, newMemory())
			err := answer(w, []byte(c.body))
			failure, ok := errors.AsType[*psync.RequestError](err)
			if !ok || failure.Code != c.code || failure.Field != c.field {
				t.Errorf("error %v, want %s %s", err, c.code, c.field)
			}
		})
	}
}

func manyCursors(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`"class:c%d":[1,0,0]`, i))
	}
	return strings.Join(all, ",")
}

// answer does with a body what the edge does.
func answer(w *world, body []byte) error {
	_, err := w.engine.Answer(w.t.Context(), actor("p"), body)
	return err
}

// FuzzDecodeRequest holds that whatever is accepted means the same to
// encoding/json, and that no body makes the engine panic.
func FuzzDecodeRequest(f *testing.F) {
	for _, c := range wireCases {
		f.Add([]byte(c.request))
	}
	f.Add([]byte(`{"v":1,"schema":2,"device":"d_p","cursors":{"class:5b":[1,0,0],"class:4a":[0,9,3]},"digest":{"class:5b":"00000000"}}`))
	f.Add([]byte(`{"v":1,"schema":2,"device":"d_p","mutations":[{"scope":"class:5b","k":1,"name":"note.append@1","at":0,"args":{"id":"n","text":"\u0000"}}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := psync.DecodeRequest(body)
		if _, ok := errors.AsType[*psync.RequestError](err); err != nil && !ok {
			t.Fatalf("error %v", err)
		}
		if err != nil {
			return
		}
		var want psync.Request
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&want); err != nil {
			t.Fatalf("accepted %q: %v", body, err)
		}
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Fatalf("%q: -want +got\n%s", body, diff)
		}
		w := newWorld(t, newMemory())
		w.access.grant("p", "class:5b", "class:4a")
		w.put("class:5b", "note", "n", []string{})
		if err := answer(w, body); err != nil {
			if _, ok := errors.AsType[*psync.RequestError](err); !ok {
				t.Fatalf("%q: error %v", body, err)
			}
		}
	})
}

// FuzzCursor holds that a device with any cursor ends up with everything.
func FuzzCursor(f *testing.F) {
	f.Add(int64(1), int64(3), int64(0))
	f.Add(int64(1), int64(0), int64(0))
	f.Add(int64(0), int64(9), int64(4))
	f.Fuzz(func(t *testing.T, epoch, hi, lo int64) {
		w := newWorld(t, newMemory())
		w.access.grant("p", "class:5b")
		for i := range 6 {
			w.put("class:5b", "homework", fmt.Sprint("h", i%4), strings.Repeat("lire ", 300))
		}
		d := newDevice(actor("p"))
		d.cursors["class:5b"] = psync.Cursor{Epoch: epoch, Hi: hi, Lo: lo}
		if _, err := w.try(d.actor, d.request(4096)); err != nil {
			if _, ok := errors.AsType[*psync.RequestError](err); !ok {
				t.Fatal(err)
			}
			return
		}
		w.catchUp(d, 4096)
		if c := d.cursors["class:5b"]; c != (psync.Cursor{Epoch: 1, Hi: 6}) {
			t.Fatalf("from [%d %d %d] to %v", epoch, hi, lo, c)
		}
	})
}

func TestArgsAreStrict(t *testing.T) {
	w := newWorld(t, newStore(t))
	w.access.grant("p", "class:5b")
	for k, c := range []struct{ args, want string }{
		{`{"id":"n","text":"a"}`, "ok 1"},
		{`{"id":"n","text":"deux\nlignes"}`, "ok 2"},
		{`{"id":"n","text":1}`, "invalid text"},
		{`{"id":"n","text":"a","x":1}`, "invalid x"},
		{`{"id":"n","text":"a","text":"b"}`, "invalid text"},
		{`{"id":"n","text":"a","Text":"b"}`, "invalid Text"},
		{`{"id":"n","text":"\u0000"}`, "invalid text"},
		{`{"id":"n","text":"\u001b[2J"}`, "invalid text"},
		{`{"id":"n","text":["a"]}`, "invalid text"},
		{`{"id":"n","text":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, "invalid text" + strings.Repeat("[0]", 16)},
	} {
		m := psync.Mutation{Scope: "class:5b", K: int64(k + 1), Name: "note.append@1", At: 1, Args: json.RawMessage(c.args)}
		r := w.push(actor("p"), m)[0]
		got := inWords([]reResult{r})
		if r.Error != nil {
			got += " " + r.Error.Field
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.args, got, c.want)
		}
	}
}
