package sync_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"preau/storage"
	psync "preau/sync"
)

// joining is a world in which a letter is stored once, as a hidden "post" of
// its author, and the "letter" of each reader names it.
func joining(t *testing.T) (w *world, joined *int) {
	t.Helper()
	joined = new(int)
	mux := psync.NewMux()
	mux.Hide("post")
	mux.Join("letter", func(ctx context.Context, scope string, stored []storage.Record) ([]json.RawMessage, error) {
		values := make([]json.RawMessage, len(stored))
		for i, r := range stored {
			var by string
			if err := json.Unmarshal(r.Value, &by); err != nil {
				return nil, err
			}
			posts, err := w.records.Find(ctx, by, storage.Key{Type: "post", ID: r.ID})
			if err != nil || len(posts) != 1 {
				return nil, fmt.Errorf("%s of %s: %d posts, %w", r.ID, by, len(posts), err)
			}
			values[i] = posts[0].Value
			*joined++
		}
		return values, nil
	})
	w = newWorldOf(t, newStore(t), mux)
	w.access.grant("ines", "user:ines")
	w.access.grant("tom", "user:tom")
	return w, joined
}

// write commits a letter as its author and lays it down for a reader.
func (w *world) write(id, text string) {
	w.t.Helper()
	w.commit("user:ines", func(tx *psync.Tx) {
		tx.Put("post", id, text)
		tx.Put("letter", id, "user:ines")
	})
	w.put("user:tom", "letter", id, "user:ines")
}

func TestJoinedRecordsComeWhole(t *testing.T) {
	w, joined := joining(t)
	long := strings.Repeat("bonjour ", 100)
	for i := range 20 {
		w.write(fmt.Sprint("a", i), long)
	}
	ines, tom := newDevice(actor("ines")), newDevice(actor("tom"))
	for _, d := range []*device{ines, tom} {
		scope := "user:" + d.actor.User
		if requests := w.catchUp(d, 4096); requests < 4 {
			t.Errorf("%d letters of %d bytes in %d requests", len(d.live(scope)), len(long), requests)
		}
		if n := len(d.live(scope)); n != 20 || d.live(scope)["letter a7"].value != `"`+long+`"` {
			t.Errorf("%s has %d records, a7: %.60s", scope, n, d.live(scope)["letter a7"].value)
		}
	}
	*joined = 0
	w.write("b", "court")
	w.commit("user:tom", func(tx *psync.Tx) { tx.Delete("letter", "a3") })
	w.catchUp(tom, 0)
	if v := tom.live("user:tom"); v["letter b"].value != `"court"` || v["letter a3"].value != "" || *joined != 1 {
		t.Errorf("b: %q, a3: %q, %d joined", v["letter b"].value, v["letter a3"].value, *joined)
	}
}

// A device that never saw what is hidden has the same digest as the server.
func TestDigestWithoutWhatIsHidden(t *testing.T) {
	w, _ := joining(t)
	w.write("a", "bonjour")
	d := newDevice(actor("ines"))
	w.catchUp(d, 0)
	req := d.request(0)
	req.Digest = map[string]string{"user:ines": fmt.Sprintf("%08x", psync.Hash32("letter", "a", 1))}
	if res := w.sync(d.actor, req); res != nil && res.Scopes["user:ines"].Reset != "" {
		t.Errorf("reset: %+v", res.Scopes["user:ines"])
	}
	if n := w.engine.Mismatches(); n != 0 {
		t.Errorf("%d mismatches", n)
	}
}

// What cannot be completed is not sent half: the device comes again.
func TestAJoinThatFails(t *testing.T) {
	w, _ := joining(t)
	w.put("user:tom", "letter", "lost", "user:ines")
	if _, err := w.try(actor("tom"), psync.Request{Cursors: map[string]psync.Cursor{}}); err == nil {
		t.Error("answered")
	}
}
