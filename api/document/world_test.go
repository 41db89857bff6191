package document

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"testing"

	"go.uber.org/goleak"

	"preau/api/areatest"
	"preau/api/attachment"
	"preau/storage"
	psync "preau/sync"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is the small school with its documents.
type world struct {
	*areatest.World
	letter int
}

type args = areatest.Args

var monday = areatest.Monday

func newWorld(t testing.TB) *world {
	t.Helper()
	return &world{World: areatest.New(t, func(s *areatest.World) areatest.Area { return areatest.Of(New(s.Dir, s.Files)) })}
}

// own is an act in a person's own scope.
func own(user, name string, a args) areatest.Act {
	return areatest.Act{User: user, Scope: "user:" + user, Name: name, Args: a}
}

func (w *world) must(user, name string, a args) {
	w.Helper()
	w.Must(own(user, name, a))
}

func (w *world) want(refusal, user, name string, a args) {
	w.Helper()
	w.Want(refusal, own(user, name, a))
}

// text is a file of so many bytes, another for each seed.
func text(seed string, size int) []byte {
	return append([]byte(seed), bytes.Repeat([]byte("a"), size-len(seed))...)
}

func shaOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256-" + hex.EncodeToString(sum[:])
}

func file(data []byte, name string) args {
	return args{"sha": shaOf(data), "name": name, "type": "text/plain", "size": len(data)}
}

func (w *world) upload(user string, data []byte) {
	w.Helper()
	w.Upload(user, "x.txt", "text/plain", data)
}

// show makes a record of somebody's, as a message would, show a file to another.
func (w *world) show(from, to string, data []byte) (hide func()) {
	w.Helper()
	w.upload(from, data)
	w.letter++
	ref := attachment.Reference{
		School: "x", By: from, Kind: "message", ID: fmt.Sprintf("letter-%d", w.letter),
		Scopes: []string{"user:" + to}, Files: []string{shaOf(data)},
	}
	commit := func(do func(*psync.Tx, attachment.Reference)) {
		_, err := w.Engine.Commit(w.Context(), areatest.Person(from), "user:"+from, func(_ context.Context, tx *psync.Tx) error {
			do(tx, ref)
			return nil
		})
		if err != nil {
			w.Fatal(err)
		}
		w.Settle()
	}
	commit(attachment.Refer)
	return func() { commit(attachment.Release) }
}

// documents are those of a person, by id.
func (w *world) documents(user string) map[string]Document {
	w.Helper()
	all := map[string]Document{}
	for _, r := range w.Find("user:"+user, kindDocument, "") {
		var d Document
		if err := json.Unmarshal(r.Value, &d); err != nil {
			w.Fatal(err)
		}
		all[r.ID] = d
	}
	return all
}

// stored counts the blobs there are.
func (w *world) stored() (n int) {
	w.Helper()
	err := w.Blobs.List(w.Context(), "", func(storage.Blob) bool { n++; return true })
	if err != nil {
		w.Fatal(err)
	}
	return n
}
