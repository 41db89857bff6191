package sync_test

import (
	"iter"
	"maps"
	"testing"

	"preau/storage"
	psync "preau/sync"
)

// TestDevicesAfterARestore takes a backup in the middle of an evening. The
// devices that went on meanwhile, the one that sleeps and the one with actions
// waiting all end equal to the restored server, and what waited is done once.
func TestDevicesAfterARestore(t *testing.T) {
	w := newWorld(t, newStore(t))
	scopes := []string{"course:k1", "class:k1", "class:5b"}
	for _, user := range []string{"p", "q"} {
		w.access.grant(user, scopes...)
	}
	ahead, waiting := newDevice(actor("p")), newDevice(actor("q"))
	round := func(d *device, text string) {
		t.Helper()
		d.act("course:k1", "homework.give@1", fields{"id": text, "title": text})
		d.act("class:5b", "note.append@1", fields{"id": "n", "text": text})
		w.catchUp(d, 0)
		psync.Settle(t.Context(), w.engine)
		w.catchUp(d, 0)
	}
	round(ahead, "before-p")
	round(waiting, "before-q")

	var backup []storage.Piece
	for p, err := range w.records.(storage.Snapshotter).Snapshot(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		backup = append(backup, p)
	}
	round(ahead, "after-p")
	round(ahead, "after-p-again")
	// Its person did two things; the first arrived, its answer was lost.
	waiting.act("course:k1", "homework.give@1", fields{"id": "arrived", "title": "arrived"})
	w.sync(waiting.actor, waiting.request(0))
	waiting.act("class:5b", "note.append@1", fields{"id": "n", "text": "waits"})

	restored := newStore(t)
	if err := restored.(storage.Filler).Fill(t.Context(), inEpoch(1_795_440_000, backup)); err != nil {
		t.Fatal(err)
	}
	before := w
	w = newWorld(t, restored)
	w.access = before.access
	w.engine = psync.New(psync.Config{Records: restored, Mux: school(), Access: before.access, Now: before.clock.Now, MinSchema: 2})
	psync.Settle(t.Context(), w.engine)
	for _, d := range []*device{ahead, waiting} {
		d.cursors["class:5b"] = psync.Cursor{Epoch: d.cursors["class:5b"].Epoch, Hi: d.cursors["class:5b"].Hi}
		w.catchUp(d, 0)
	}
	round(ahead, "new-p")
	round(waiting, "new-q")
	w.catchUp(ahead, 0)
	server := newDevice(actor("q"))
	w.catchUp(server, 0)
	for _, d := range []*device{ahead, waiting} {
		if len(d.outbox) > 0 {
			t.Errorf("%s: %d actions wait for ever", d.actor.User, len(d.outbox))
		}
		for _, scope := range scopes {
			if !maps.Equal(d.live(scope), server.live(scope)) {
				t.Errorf("%s: %s\ngot  %v\nwant %v", d.actor.User, scope, d.live(scope), server.live(scope))
			}
		}
	}
	w.wantOnce(server, "before-p", "before-q", "arrived", "new-p", "new-q")
	if res := waiting.answered["waits"]; !res.OK || res.Duplicate {
		t.Errorf("what waited was answered %+v", res)
	}
}

// wantOnce checks that homework was given and published, each once.
func (w *world) wantOnce(d *device, titles ...string) {
	w.t.Helper()
	for _, scope := range []string{"course:k1", "class:k1"} {
		given := 0
		for key := range d.live(scope) {
			if len(key) > 9 && key[:9] == "homework " {
				given++
			}
		}
		for _, title := range titles {
			if d.live(scope)["homework "+title].value != `{"title":"`+title+`"}` {
				w.t.Errorf("%s lacks %q", scope, title)
			}
		}
		if given != len(titles) {
			w.t.Errorf("%s holds %d homeworks, want %d", scope, given, len(titles))
		}
	}
}

// inEpoch gives pieces under another epoch.
func inEpoch(epoch int64, pieces []storage.Piece) iter.Seq2[storage.Piece, error] {
	return func(yield func(storage.Piece, error) bool) {
		for _, p := range pieces {
			if p.Epoch > 0 {
				p.Epoch = epoch
			}
			if !yield(p, nil) {
				return
			}
		}
	}
}
