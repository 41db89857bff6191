package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"preau/api/areatest"
	"preau/api/transfer/transfertest"
	"preau/storage"
	psync "preau/sync"
)

// sound holds what is always true of transfers, as soon as what has ended was
// swept.
func (w *world) sound() {
	w.Helper()
	w.Settle()
	wrong, err := transfertest.Audit(w.Context(), w.Store, w.blobs)
	if err != nil {
		w.Fatal(err)
	}
	for _, what := range wrong {
		w.Error(what)
	}
}

// nothing is in the store of files.
func (w *world) nothing() {
	w.Helper()
	if n := w.stored(); n != 0 {
		w.Errorf("%d files are left", n)
	}
}

// Whoever was given a link knows the id of the transfer. It opens nothing: not
// the files behind the password, not the place of new ones, not the end.
func TestAnIDBelongsToWhoHadItFirst(t *testing.T) {
	w := newWorld(t)
	w.Must(act("garnier", "open", opening(args{"password": "tulipe"}, "a.txt")))
	if err := w.send("garnier", 0, "a.txt"); err != nil {
		t.Fatal(err)
	}
	theirs := args{"secret": strings.Repeat("m", 22), "files": files("mine1")}
	w.Want("gone id", act("malo", "open", opening(theirs)))

	// Both at once, and neither has seen the other's: one has it, alone.
	both := map[string]string{"garnier": strings.Repeat("g", 22), "petit": strings.Repeat("p", 22)}
	for user, link := range both {
		w.Send(act(user, "open", opening(args{"id": "transfer-2", "secret": link}, user)))
	}
	w.Settle()
	first, second := "garnier", "petit"
	if _, err := w.Look(t.Context(), both[first]); err != nil {
		first, second = second, first
	}
	if v, err := w.Look(t.Context(), both[second]); err == nil {
		t.Errorf("both links lead somewhere: %+v", v)
	}
	w.Must(act(second, "close", args{"id": "transfer-2"}))
	if v, err := w.Look(t.Context(), both[first]); err != nil || v.owner != first || len(v.Files) != 1 || v.Files[0].Name != first {
		t.Errorf("of %s: %+v, %v", first, v, err)
	}
	if got := w.read(0); got != "a.txt" {
		t.Errorf("the file is %q", got)
	}
	w.sound()
}

// W14: what has ended does not come back, neither its id nor its link, whoever
// tries.
func TestTheEndIsForGood(t *testing.T) {
	w := newWorld(t)
	w.Must(act("garnier", "open", opening(nil, "a.txt")))
	if err := w.send("garnier", 0, "a.txt"); err != nil {
		t.Fatal(err)
	}
	w.Must(act("garnier", "close", args{"id": trip}))
	w.Want("gone id", act("garnier", "open", opening(nil, "b.txt")))
	w.Must(act("malo", "open", opening(args{"id": "transfer-2"}, "x.txt"))) // the same secret
	w.Must(act("garnier", "open", opening(args{"id": "transfer-3"}, "x.txt")))
	if v, err := w.Look(t.Context(), secret); !errors.Is(err, ErrNone) {
		t.Errorf("the link leads to %+v, %v", v, err)
	}
	w.Send(act("garnier", "open", opening(args{"id": "transfer-4", "secret": strings.Repeat("d", 22)}, "x.txt")))
	w.Send(act("garnier", "close", args{"id": "transfer-4"}))
	w.Send(act("garnier", "open", opening(args{"id": "transfer-4", "secret": strings.Repeat("e", 22)}, "x.txt")))
	w.Settle()
	if v, err := w.Look(t.Context(), strings.Repeat("e", 22)); !errors.Is(err, ErrNone) {
		t.Errorf("a second life: %+v, %v", v, err)
	}
	w.nothing()
}

// slow is a store of files in which something happens while bytes come in.
type slow struct {
	storage.Blobs
	meanwhile func()
}

func (s *slow) Put(ctx context.Context, key string, r io.Reader, size int64, sum []byte) error {
	if do := s.meanwhile; do != nil {
		s.meanwhile = nil
		do()
	}
	return s.Blobs.Put(ctx, key, r, size, sum)
}

// A transfer ends while its file is taken in: the bytes go as well, a day later
// at most.
func TestEndingWhileAFileArrives(t *testing.T) {
	store := &slow{}
	w := newWorld(t, func(c *Config) { store.Blobs, c.Blobs = c.Blobs, store })
	w.Must(act("garnier", "open", opening(nil, "a.txt")))
	store.meanwhile = func() { w.Must(act("garnier", "close", args{"id": trip})) }
	if err := w.send("garnier", 0, "a.txt"); err != nil {
		t.Fatal(err)
	}
	w.After(25 * time.Hour)
	w.nothing()
	w.sound()
}

// The clock that finds an end due may be ahead of the one that carries it out:
// clocks are set right, and nodes differ. It ends all the same, once it is time.
func TestAnEndThatComesTooEarly(t *testing.T) {
	w := newWorld(t)
	week := areatest.Monday.Add(7 * 24 * time.Hour)
	w.Must(act("garnier", "open", opening(nil, "a.txt")))
	if err := w.send("garnier", 0, "a.txt"); err != nil {
		t.Fatal(err)
	}
	sent := areatest.Get[Transfer](w.World, "user:garnier", kindTransfer, trip)
	sent.Until = week.Add(time.Second)
	w.commit("user:garnier", func(tx *psync.Tx) { tx.Put(kindTransfer, trip, sent) })
	w.At(week)
	w.look()
	w.At(week.Add(time.Second))
	w.gone(t)
	w.sound()
}

func (w *world) commit(scope string, do func(tx *psync.Tx)) {
	w.Helper()
	_, err := w.Engine.Commit(w.Context(), psync.Actor{School: "x"}, scope, func(_ context.Context, tx *psync.Tx) error {
		do(tx)
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
}

// A file that overtakes its name waits for it, sent once; one of a transfer that
// has ended, or of another person, is told so for good.
func TestFilesThatOvertakeTheirNames(t *testing.T) {
	w := newWorld(t)
	var wait *psync.Wait
	if err := w.send("garnier", 0, "a.txt"); !errors.As(err, &wait) {
		t.Errorf("before its transfer: %v", err)
	}
	w.Must(act("garnier", "open", opening(nil, "a.txt")))
	if err := w.send("garnier", 1, "b.txt"); !errors.As(err, &wait) {
		t.Errorf("before its name: %v", err)
	}
	if err := w.send("malo", 0, "a.txt"); !refusal(err) {
		t.Errorf("of somebody else: %v", err)
	}
	if err := w.send("garnier", 0, "a.txt"); err != nil {
		t.Error(err)
	}
	if got := w.read(0); got != "a.txt" {
		t.Errorf("arrived as %q", got)
	}
	w.Must(act("garnier", "close", args{"id": trip}))
	if err := w.send("garnier", 1, "b.txt"); !refusal(err) {
		t.Errorf("after the end: %v", err)
	}
}

// W14: a transfer of which nothing ever arrived ends as others do.
func TestATransferThatNeverArrived(t *testing.T) {
	w := newWorld(t)
	w.Must(act("garnier", "open", opening(nil, "a.txt", "b.txt")))
	w.After(7 * 24 * time.Hour)
	w.gone(t)
	if err := w.send("garnier", 0, "a.txt"); !refusal(err) {
		t.Errorf("a file that comes later: %v", err)
	}
	w.After(25 * time.Hour)
	w.sound()
}

// killed is a store of files whose node dies after a deletion.
type killed struct {
	storage.Blobs
	dies bool
}

var errKilled = errors.New("killed")

func (k *killed) Delete(ctx context.Context, key string) error {
	err := k.Blobs.Delete(ctx, key)
	if k.dies && err == nil {
		k.dies = false
		return errKilled
	}
	return err
}

// The node dies after it has deleted what the scanner refused: the part is
// refused all the same, and not looked at for ever.
func TestKilledWhileRefusing(t *testing.T) {
	store := &killed{dies: true}
	w := newWorld(t, func(c *Config) { store.Blobs, c.Blobs, c.Scanner = c.Blobs, store, &scanner{} })
	w.Must(act("garnier", "open", opening(nil, "VIRUS")))
	if err := w.send("garnier", 0, "VIRUS"); err != nil {
		t.Fatal(err)
	}
	w.After(time.Hour)
	if got := w.look().Files[0].State; got != Infected {
		t.Errorf("the part is %s", got)
	}
	w.sound()
}

// W3, W8: whatever people do, at whatever time, in whatever order, however
// often it comes: what is always true stays true, and at the end nothing is
// left.
func TestTransfersAtRandom(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 1))
			w := newWorld(t, func(c *Config) {
				c.Scanner = &scanner{}
				c.Rules = Rules{Most: 60, Person: 150, Pupil: 40, School: 250}
			})
			for range 100 {
				w.anything(rnd)
				if rnd.IntN(20) == 0 {
					w.sound()
				}
			}
			w.After(60 * 24 * time.Hour)
			w.After(48 * time.Hour)
			w.sound()
			w.nothing()
			if room, err := w.roomOf(t.Context(), "x"); room != 0 || err != nil {
				t.Errorf("%d bytes of room are taken by nothing, %v", room, err)
			}
		})
	}
}

// anything is one act, arrival or lapse of time.
func (w *world) anything(rnd *rand.Rand) {
	w.Helper()
	user := []string{"garnier", "malo", "petit"}[rnd.IntN(3)]
	n := rnd.IntN(12)
	id, link := fmt.Sprintf("transfer-%s-%d", user, n), fmt.Sprintf("%s%0*d", user, 22-len(user), n)
	named := slices.Repeat([]string{"a/one.txt", "VIRUS", "BOMB"}, 3)[rnd.IntN(3):][:1+rnd.IntN(3)]
	switch rnd.IntN(9) {
	case 0, 1:
		w.Do(act(user, "open", opening(args{"id": id, "secret": link, "days": 1 + rnd.IntN(3)}, named...)))
	case 2:
		w.Do(act(user, "add", args{"id": id, "from": rnd.IntN(4), "files": files(named...)}))
	case 3:
		w.Do(act(user, "extend", args{"id": id, "days": 1 + rnd.IntN(30)}))
	case 4:
		w.Send(act(user, "close", args{"id": id}))
	case 5:
		w.After(time.Duration(rnd.IntN(40)) * time.Hour)
	default:
		w.arriving(user, id, rnd.IntN(4))
	}
}

// arriving has the bytes of a part arrive, if it is waited for.
func (w *world) arriving(user, id string, n int) {
	w.Helper()
	p, named, err := psync.Find[Part](w.Context(), w.Engine, scopeOf(id), kindPart, partID(n))
	if err != nil || !named {
		return
	}
	if err := w.arrives(user, id, n, p.Name, p.Name); err != nil && !refusal(err) { // it may have ended
		w.Error(err)
	}
}

func refusal(err error) bool {
	_, is := errors.AsType[*psync.Refusal](err)
	return is
}
