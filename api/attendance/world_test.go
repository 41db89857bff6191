package attendance

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"image"
	"image/color"
	"image/jpeg"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"preau/api/areatest"
	"preau/api/notify"
	"preau/storage"
	"preau/storage/sqlite"
	psync "preau/sync"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is the small school with attendance.
type world struct {
	*areatest.World
	attendance *Service
}

type (
	deed = areatest.Act
	args = areatest.Args
)

var monday = areatest.Monday

const (
	french = "course:fr5b"
	maths  = "course:ma5b"
	office = "office:x"
)

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldOn(t, sqlite.Memory, notify.Config{})
}

// newWorldOn is a world on a database, with alerts sent as c says.
func newWorldOn(t testing.TB, database string, c notify.Config) *world {
	t.Helper()
	w := &world{}
	w.World = areatest.NewOn(t, database, c, func(s *areatest.World) areatest.Area {
		w.attendance = New(Config{Directory: s.Dir, Files: s.Files, Notices: s.Notices, Now: s.Now})
		return areatest.Of(w.attendance)
	})
	return w
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

// all reads the records of a type.
func all[T any](w *world, scope, typ string) map[string]T {
	w.Helper()
	recs, err := w.Engine.Find(context.Background(), scope, storage.Key{Type: typ})
	if err != nil {
		w.Fatal(err)
	}
	out := map[string]T{}
	for _, r := range recs {
		if out[r.ID], err = psync.Decode[T](r); err != nil {
			w.Fatal(err)
		}
	}
	return out
}

// notices lists the titles of a person.
func (w *world) notices(user string) []string {
	w.Helper()
	return slices.Sorted(slices.Values(w.Told(user, "")))
}

// hides fails if a text stands anywhere in a scope.
func (w *world) hides(scope string, secrets ...string) {
	w.Helper()
	for _, typ := range append(slices.Clone(noteKinds), kindAbsence, kindLateness, kindJustification, "ruling", "called") {
		for id, raw := range all[json.RawMessage](w, scope, typ) {
			for _, secret := range secrets {
				if bytes.Contains(raw, []byte(secret)) {
					w.Errorf("%s %s of %s holds %s: %s", typ, id, scope, secret, raw)
				}
			}
		}
	}
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
