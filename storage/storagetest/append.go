package storagetest

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"preau/storage"
)

var appendCases = []recordsCase{
	{"an entry comes back as it was given", entryComesBack},
	{"an acknowledged entry is there after a restart", entrySurvivesRestart},
	{"numbers are taken once and without gaps", numbersAreTakenOnce},
	{"a conflict changes nothing", conflictChangesNothing},
	{"what breaks the rules is refused and changes nothing", badEntriesAreRefused},
	{"the largest entry is taken", largestEntryIsTaken},
	{"entries of many records replace them all, with as many tasks", manyAtOnce},
	{"values are kept byte for byte", valuesAreKept},
	{"a cancelled append changes nothing", cancelledAppend},
}

func (s *store) fullEntry(n int64) storage.Entry {
	e := s.entry("class:5B9", n,
		put("homework", "h1", `{"title":"Révolution"}`), del("homework", "h0"),
		storage.Step{Lane: "u1/d_1", K: 1, Result: []byte(`{"ok":true}`)}, storage.Step{Lane: "fx:course:k", K: 9},
		storage.Effect{Kind: "homework.publish", Payload: []byte(`{"a":1}`)},
		storage.Effect{Kind: "homework.due", Due: s.now.Add(time.Hour)})
	e.At = s.now.Add(1234 * time.Millisecond)
	return e
}

func entryComesBack(s *store) {
	want := s.fullEntry(1)
	s.must(s.Append(s.Context(), want))
	want.Effects = nil // which only Claim tells
	same(s, "tail", s.tail(want.Scope, 0, 10), storage.Tail{Scope: want.Scope, Head: 1, Entries: []storage.Entry{want}})
}

func entrySurvivesRestart(s *store) {
	want := s.fullEntry(1)
	s.must(s.Append(s.Context(), want))
	want.Effects = nil // which only Claim tells
	s.reopen()
	same(s, "tail", s.tail(want.Scope, 0, 10), storage.Tail{Scope: want.Scope, Head: 1, Entries: []storage.Entry{want}})
	same(s, "records", s.scan(storage.Page{Scope: want.Scope}), []storage.Record{record(1, "homework", "h1", `{"title":"Révolution"}`)})
	s.wantErr(s.Append(s.Context(), s.fullEntry(1)), storage.ErrConflict)
}

func numbersAreTakenOnce(s *store) {
	for _, try := range []struct {
		n    int64
		want error
	}{
		{2, storage.ErrConflict}, {1, nil}, {1, storage.ErrConflict}, {3, storage.ErrConflict}, {2, nil}, {3, nil},
	} {
		s.wantErr(s.Append(s.Context(), s.entry("user:1", try.n, put("a", "b", "1"))), try.want)
	}
	same(s, "head", s.head("user:1"), 3)
}

func conflictChangesNothing(s *store) {
	s.commit("user:1", put("tick", "t", "1"))
	late := s.entry("user:1", 1, put("tick", "t", "2"), put("tick", "u", "2"),
		storage.Step{Lane: "l", K: 1}, storage.Effect{Kind: "x"})
	s.wantErr(s.Append(s.Context(), late), storage.ErrConflict)
	s.nothingOf("user:1", 1)
	late.Scope, late.N = "user:2", 2
	s.wantErr(s.Append(s.Context(), late), storage.ErrConflict)
	s.nothingOf("user:2", 0)
}

// nothingOf checks that a scope is at head, with no trace of a refused entry.
func (s *store) nothingOf(scope string, head int64) {
	s.Helper()
	same(s, "head", s.head(scope), head)
	same(s, "records", len(s.scan(storage.Page{Scope: scope, Tombstones: true})), int(head))
	same(s, "lane", s.lane(scope, "l", 1), storage.Lane{})
	same(s, "tasks", len(s.claim(storage.Claim{Now: s.now.Add(time.Hour), Limit: 9})), 0)
}

func badEntriesAreRefused(s *store) {
	long := strings.Repeat("x", storage.MaxName+1)
	ops := make([]any, storage.MaxOps+1)
	effects := make([]any, storage.MaxOps+1)
	for i := range ops {
		ops[i], effects[i] = put("t", fmt.Sprint(i), "1"), storage.Effect{Kind: "k"}
	}
	half := put("t", "1", strings.Repeat("9", storage.MaxEntryBytes/2))
	for name, bad := range map[string]struct {
		entry storage.Entry
		want  error
	}{
		"empty scope":      {s.entry("", 1), storage.ErrInvalid},
		"long scope":       {s.entry(long, 1), storage.ErrInvalid},
		"control in scope": {s.entry("a\x1fb", 1), storage.ErrInvalid},
		"# in scope":       {s.entry("a#1", 1), storage.ErrInvalid},
		"not UTF-8":        {s.entry("a\xff", 1), storage.ErrInvalid},
		"number 0":         {s.entry("s", 0), storage.ErrInvalid},
		"number below 0":   {s.entry("s", -1), storage.ErrInvalid},
		"empty type":       {s.entry("s", 1, put("", "i", "1")), storage.ErrInvalid},
		"empty id":         {s.entry("s", 1, put("t", "", "1")), storage.ErrInvalid},
		"long id":          {s.entry("s", 1, put("t", long, "1")), storage.ErrInvalid},
		"empty value":      {s.entry("s", 1, put("t", "i", "")), storage.ErrInvalid},
		"a record twice":   {s.entry("s", 1, put("t", "i", "1"), put("u", "i", "1"), del("t", "i")), storage.ErrInvalid},
		"empty lane":       {s.entry("s", 1, storage.Step{K: 1}), storage.ErrInvalid},
		"step 0":           {s.entry("s", 1, storage.Step{Lane: "l"}), storage.ErrInvalid},
		"same step twice":  {s.entry("s", 1, storage.Step{Lane: "l", K: 2}, storage.Step{Lane: "l", K: 2}), storage.ErrInvalid},
		"empty kind":       {s.entry("s", 1, storage.Effect{}), storage.ErrInvalid},
		"too many ops":     {s.entry("s", 1, ops...), storage.ErrTooLarge},
		"too many effects": {s.entry("s", 1, effects...), storage.ErrTooLarge},
		"too many bytes":   {s.entry("s", 1, half, half), storage.ErrTooLarge},
	} {
		if err := s.Append(s.Context(), bad.entry); err == nil {
			s.Errorf("%s: taken", name)
		} else {
			s.wantErr(err, bad.want)
		}
	}
	s.nothingOf("s", 0)
	names, err := s.Scopes(s.Context(), "")
	s.must(err)
	same(s, "scopes", names, nil)
}

func largestEntryIsTaken(s *store) {
	ops := make([]any, storage.MaxOps)
	for i := range ops {
		ops[i] = put("t", fmt.Sprintf("%03d", i), `"`+strings.Repeat("é", 1000)+`"`)
	}
	e := s.commit("s", ops...)
	same(s, "entries", s.tail("s", 0, 1).Entries, []storage.Entry{e})
	same(s, "records", len(s.find("s", storage.Key{Type: "t"})), storage.MaxOps)
}

func valuesAreKept(s *store) {
	values := []string{`{"b":1,"a":2}`, `"  "`, `0`, `"\u2028é🙂"`, string([]byte{0, 1, 0xff, 0xfe}), strings.Repeat(" ", 70_000)}
	for i, v := range values {
		s.commit("s", put("t", fmt.Sprint(i), v))
	}
	for i, v := range values {
		got := s.find("s", storage.Key{Type: "t", ID: fmt.Sprint(i)})
		if len(got) != 1 || !bytes.Equal(got[0].Value, []byte(v)) {
			s.Errorf("value %d came back wrong", i)
		}
	}
}

func cancelledAppend(s *store) {
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	s.wantErr(s.Append(ctx, s.fullEntry(1)), context.Canceled)
	same(s, "head", s.head("class:5B9"), 0)
}

// many is more than a store may be tempted to do in one command.
const many = 150

func manyAtOnce(s *store) {
	for _, value := range []string{"a", "b"} {
		var parts []any
		for i := range many {
			parts = append(parts, put("t", fmt.Sprint(i), value), effect("x"))
		}
		s.commit("s", parts...)
	}
	for _, r := range s.find("s", storage.Key{Type: "t"}) {
		same(s, r.ID, string(r.Value), "b")
	}
	c := storage.Claim{Now: s.now, Lease: time.Minute, Limit: 3 * many}
	same(s, "tasks", len(s.claim(c)), 2*many)
	same(s, "tasks claimed again", len(s.claim(c)), 0)
}
