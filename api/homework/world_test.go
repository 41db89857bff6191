package homework

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"preau/api/areatest"
	"preau/api/attachment"
	"preau/storage"
	psync "preau/sync"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is the small school with its homework.
type world struct {
	*areatest.World
	homework *Service
	public   ed25519.PublicKey
}

var monday = areatest.Monday

const (
	french = "course:fr5b"
	maths  = "course:ma5b"
	work   = "homework-1"
)

func newWorld(t testing.TB) *world {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{public: public}
	w.World = areatest.New(t, func(of *areatest.World) areatest.Area {
		w.homework = New(Config{Directory: of.Dir, Files: of.Files, Notices: of.Notices, Key: private, Log: of.Log, Now: of.Now})
		return areatest.Of(w.homework)
	})
	return w
}

// deed is one mutation; the zero At is now.
type deed struct {
	user, scope, name string
	args              any
	at                time.Time
	base              int64
}

func (d deed) act() areatest.Act {
	return areatest.Act{User: d.user, Scope: d.scope, Name: d.name, Args: d.args, At: d.at, Base: d.base}
}

// send commits a deed without carrying out what follows.
func (w *world) send(d deed) areatest.Result {
	w.Helper()
	return w.Send(d.act())
}

// do commits a deed and what follows; it returns "code field" of a refusal.
func (w *world) do(d deed) string {
	w.Helper()
	return w.Do(d.act())
}

func (w *world) must(d deed) {
	w.Helper()
	if refused := w.do(d); refused != "" {
		w.Fatalf("%s refused: %s", d.name, refused)
	}
}

type args = map[string]any

// given are the arguments of a homework due on Friday at 8:00 in Paris,
// changed by more.
func given(more args) args {
	a := args{
		"id": work, "title": "Rédaction", "text": "Décrire un lieu.", "due": "2026-11-27T07:00:00Z",
		"return": ReturnFile, "late": LateAccept, "attachments": []attachment.File{},
	}
	maps.Copy(a, more)
	return a
}

func (w *world) give(more args) {
	w.Helper()
	w.must(deed{user: "garnier", scope: french, name: "homework.give@1", args: given(more)})
}

func (w *world) submit(user, id string, pages ...string) string {
	w.Helper()
	return w.do(deed{user: user, scope: "student:" + user, name: "homework.submit@1", args: copyArgs(id, pages...)})
}

func copyArgs(id string, pages ...string) args {
	if pages == nil {
		pages = []string{}
	}
	return args{"id": id, "homework": work, "pages": pages, "text": "Il était une fois."}
}

// get reads a record; false when it is not there.
func get[T any](w *world, scope, typ, id string) (v T, ok bool) {
	w.Helper()
	v, ok, err := psync.Find[T](w.Context(), w.Engine, scope, typ, id)
	if err != nil {
		w.Fatal(err)
	}
	return v, ok
}

func (w *world) has(scope, typ, id string) bool {
	_, ok := get[json.RawMessage](w, scope, typ, id)
	return ok
}

func (w *world) seq(scope, typ, id string) int64 {
	w.Helper()
	recs, err := w.Engine.Find(w.Context(), scope, storage.Key{Type: typ, ID: id})
	if err != nil || len(recs) != 1 {
		w.Fatal(recs, err)
	}
	return recs[0].Seq
}

func (w *world) submission(scope, id string) Submission {
	w.Helper()
	s, ok := get[Submission](w, scope, "submission", id)
	if !ok {
		w.Fatalf("no submission %s in %s", id, scope)
	}
	return s
}

// notices lists "kind: title / body" of a person.
func (w *world) notices(user string) []string {
	w.Helper()
	recs, err := w.Engine.Find(w.Context(), "user:"+user, storage.Key{Type: "notice"})
	if err != nil {
		w.Fatal(err)
	}
	all := []string{}
	for _, r := range recs {
		var n struct{ Kind, Title string }
		if err := json.Unmarshal(r.Value, &n); err != nil {
			w.Fatal(err)
		}
		all = append(all, n.Kind+": "+n.Title)
	}
	slices.Sort(all)
	return all
}

// told is the notices of those around Inès and Malo, of one kind; people with none are
// left out.
func (w *world) told(kind string) map[string][]string {
	w.Helper()
	all := map[string][]string{}
	for _, user := range []string{"ines", "malo", "noe", "nadia", "karim", "lucie", "garnier", "petit", "viard"} {
		for _, n := range w.notices(user) {
			if title, ok := strings.CutPrefix(n, kind+": "); ok {
				all[user] = append(all[user], title)
			}
		}
	}
	return all
}

// photo is a page of its own.
func photo(t testing.TB, n int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 60+n, 80))
	for i := range img.Pix {
		img.Pix[i] = uint8(i * n)
	}
	img.Set(0, 0, color.White)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func shaOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256-" + hex.EncodeToString(sum[:])
}

func (w *world) upload(user string, data []byte) string {
	w.Helper()
	return w.Upload(user, "photo.jpg", "image/jpeg", data)
}

func ids(format string, n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(format, i))
	}
	return all
}
