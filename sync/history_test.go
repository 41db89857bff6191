package sync_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	psync "preau/sync"
)

// noteOp is what a device did with a note: append a text, or read it.
type noteOp struct {
	scope string
	text  string // "": read
}

// noteSaid is what it was told: how long the note is now, or what it holds.
type noteSaid struct {
	length int
	texts  string
	lost   bool // the answer never came
}

// notes is the one note of each scope, as a list of texts.
var notes = porcupine.Model{
	Partition: func(history []porcupine.Operation) (parts [][]porcupine.Operation) {
		by := map[string][]porcupine.Operation{}
		for _, o := range history {
			scope := o.Input.(noteOp).scope
			by[scope] = append(by[scope], o)
		}
		for _, part := range by {
			parts = append(parts, part)
		}
		return parts
	},
	Init: func() any { return "" },
	Step: func(state, input, output any) (bool, any) {
		texts, op, said := state.(string), input.(noteOp), output.(noteSaid)
		if op.text == "" {
			return texts == said.texts, texts
		}
		texts = strings.TrimPrefix(texts+","+op.text, ",")
		return said.lost || said.length == strings.Count(texts, ",")+1, texts
	},
	DescribeOperation: func(in, out any) string { return fmt.Sprintf("%+v → %+v", in, out) },
}

// TestHistoriesAreLinearizable has devices append to and read shared notes at
// the same time through two engines on one store, repeating requests as if
// their answers were lost.
func TestHistoriesAreLinearizable(t *testing.T) {
	store := newStore(t)
	engines := []*world{newWorld(t, store), newWorld(t, store)}
	scopes := []string{"class:5b", "class:4a"}
	h := &history{began: time.Now()}
	var all sync.WaitGroup
	for i := range 6 {
		user := fmt.Sprint("u", i)
		for _, w := range engines {
			w.access.grant(user, scopes...)
		}
		all.Go(func() { h.play(t, i, engines, scopes, actor(user)) })
	}
	all.Wait()
	if result := porcupine.CheckOperationsTimeout(notes, h.ops, 30*time.Second); result != porcupine.Ok {
		t.Errorf("the history of %d operations is %s", len(h.ops), result)
	}
}

type history struct {
	began time.Time
	mu    sync.Mutex
	ops   []porcupine.Operation
}

// play is the life of one device. Every third append is sent twice, to both
// engines at the same time.
func (h *history) play(t *testing.T, client int, engines []*world, scopes []string, a psync.Actor) {
	t.Helper()
	lanes := map[string]int64{}
	for i := range 30 {
		w, scope := engines[(client+i)%2], scopes[i/2%2]
		if i%4 == 3 {
			h.do(client, noteOp{scope: scope}, func() noteSaid { return readNote(t, w, a, scope) })
			continue
		}
		text := fmt.Sprint(a.User, "-", i)
		lanes[scope]++
		m := mutation(scope, lanes[scope], "note.append@1", fields{"id": "n", "text": text})
		h.do(client, noteOp{scope, text}, func() noteSaid {
			if i%3 == 0 {
				var twice sync.WaitGroup
				defer twice.Wait()
				twice.Go(func() { appendText(t, engines[(client+i+1)%2], a, m) })
			}
			return appendText(t, w, a, m)
		})
	}
}

func (h *history) do(client int, in noteOp, act func() noteSaid) {
	call := time.Since(h.began).Nanoseconds()
	out := act()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, porcupine.Operation{
		ClientId: client, Input: in, Call: call, Output: out, Return: time.Since(h.began).Nanoseconds(),
	})
}

func appendText(t *testing.T, w *world, a psync.Actor, m psync.Mutation) (said noteSaid) {
	t.Helper()
	res, err := w.try(a, psync.Request{Mutations: []psync.Mutation{m}})
	if err != nil || !res.Results[0].OK {
		t.Errorf("%s: %+v %v", a.User, res, err)
		return noteSaid{lost: true}
	}
	if err := json.Unmarshal(res.Results[0].Value, &said.length); err != nil {
		t.Error(err)
	}
	return said
}

// readNote begins the scope, as a device does that holds nothing.
func readNote(t *testing.T, w *world, a psync.Actor, scope string) noteSaid {
	t.Helper()
	d := newDevice(a)
	res, err := w.try(a, d.request(0))
	if err != nil {
		t.Error(err)
		return noteSaid{}
	}
	d.take(res)
	v, there := d.live(scope)["note n"]
	if !there {
		return noteSaid{}
	}
	var texts []string
	if err := json.Unmarshal([]byte(v.value), &texts); err != nil {
		t.Error(err)
	}
	return noteSaid{texts: strings.Join(texts, ",")}
}
