package attachment

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"preau/storage"
	psync "preau/sync"
)

var (
	page    = func(t testing.TB) []byte { return jpegOf(t, quarters(300, 200)) }
	theirs  = []string{"student:ines", "course:fr"}
	student = "student:ines"
)

func granted(t testing.TB) *world {
	w := newWorld(t)
	w.grants["ines"] = []string{student}
	w.grants["parent"] = []string{student}
	w.grants["prof"] = []string{"course:fr"}
	w.grants["malo"] = []string{"student:malo"}
	return w
}

func TestNamedBeforeItArrives(t *testing.T) {
	w := granted(t)
	sha := shaOf(page(t))
	w.name("ines", student, "copy", theirs, sha)
	w.settle()
	w.readableBy(sha)
	if len(w.told) != 0 {
		t.Fatalf("told too early: %+v", w.told)
	}
	w.upload("ines", page(t), "p1.jpg", "image/jpeg")
	w.settle()
	w.readableBy(sha, "ines", "parent", "prof")
	if len(w.told) != 1 || w.told[0].Scope != student || w.told[0].ID != "copy" || w.told[0].Files[0].W != 300 || !w.told[0].Files[0].Ready() {
		t.Errorf("told %+v", w.told)
	}
}

func TestNamedAfterItArrived(t *testing.T) {
	w := granted(t)
	sha := w.upload("ines", page(t), "p1.jpg", "image/jpeg")
	w.settle()
	w.readableBy(sha, "ines")
	w.name("ines", student, "copy", theirs, sha)
	w.settle()
	w.readableBy(sha, "ines", "parent", "prof")
	if len(w.told) != 1 {
		t.Errorf("told %+v", w.told)
	}
}

func TestWhatIsKnownIsNotToldAgain(t *testing.T) {
	w := granted(t)
	sha := w.upload("ines", page(t), "p1.jpg", "image/jpeg")
	w.settle()
	owned, err := w.Owned(t.Context(), "ines", sha)
	if err != nil || owned[sha].H != 200 || owned[sha].Type != typeJPEG {
		t.Fatalf("owned %+v, %v", owned, err)
	}
	w.commit("ines", student, func(tx *psync.Tx) {
		Refer(tx, Reference{School: "x", By: "ines", Kind: "note", ID: "copy", Scopes: theirs, Files: []string{sha}, Known: []string{sha}})
	})
	w.settle()
	w.readableBy(sha, "ines", "parent", "prof")
	if len(w.told) != 0 {
		t.Errorf("told %+v", w.told)
	}
}

// Knowing the name of somebody's file opens nothing: not by asking, not by
// naming it in a record of one's own, not by claiming to upload it.
func TestKnowingANameGivesNothing(t *testing.T) {
	w := granted(t)
	sha := w.upload("ines", page(t), "p1.jpg", "image/jpeg")
	w.name("ines", student, "copy", theirs, sha)
	w.settle()
	w.name("malo", "student:malo", "stolen", []string{"student:malo"}, sha)
	w.settle()
	w.readableBy(sha, "ines", "parent", "prof")
	if _, err := w.Open(t.Context(), person("malo"), sha, Page); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("opened: %v", err)
	}
	err := w.Arrived(t.Context(), person("malo"), Upload{SHA: sha, Size: 3}, strings.NewReader("abc"))
	if r := new(psync.Refusal); !errors.As(err, &r) || r.Code != "checksum_mismatch" {
		t.Errorf("uploading something else as it: %v", err)
	}
	w.settle()
	w.readableBy(sha, "ines", "parent", "prof")

	// Who has the same bytes may have them, and the other's right is not touched.
	w.upload("malo", page(t), "mine.jpg", "image/jpeg")
	w.settle()
	w.readableBy(sha, "ines", "parent", "prof", "malo")
	if n := len(w.told); n != 2 || w.told[1].By != "malo" {
		t.Errorf("told %+v", w.told)
	}
}

// A teacher may show anew what she reads, without uploading it.
func TestNamingWhatOneMayRead(t *testing.T) {
	w := granted(t)
	sha := w.upload("ines", page(t), "p1.jpg", "image/jpeg")
	w.name("ines", student, "copy", theirs, sha)
	w.settle()
	w.grants["malo"] = append(w.grants["malo"], "class:5b")
	w.name("prof", "course:fr", "example", []string{"class:5b"}, sha)
	w.settle()
	w.readableBy(sha, "ines", "parent", "prof", "malo")
}

func TestAFileGoesWithTheScope(t *testing.T) {
	w := granted(t)
	sha := w.upload("ines", page(t), "p1.jpg", "image/jpeg")
	w.name("ines", student, "copy", theirs, sha)
	w.settle()
	w.grants["parent"] = nil
	w.readableBy(sha, "ines", "prof")
	w.unname("ines", student, "copy", []string{"course:fr"}, sha)
	w.settle()
	w.readableBy(sha, "ines")
}

func TestARefusedFileIsToldWithItsReason(t *testing.T) {
	w := granted(t)
	broken := page(t)[:1500]
	first := shaOf(broken)
	w.name("ines", student, "copy", theirs, first)
	w.upload("ines", broken, "p1.jpg", "image/jpeg")
	w.settle()
	w.name("ines", student, "copy2", theirs, first) // named after the verdict
	w.settle()
	w.readableBy(first)
	if len(w.told) != 2 {
		t.Fatalf("told %+v", w.told)
	}
	for _, a := range w.told {
		if f := a.Files[0]; f.Problem != "damaged_file" || f.Ready() || f.SHA != first {
			t.Errorf("told %+v", a)
		}
	}
	w.pass(keepGivenUp + time.Minute)
	if left := w.blobs.keys(); len(left) != 0 {
		t.Errorf("bytes left: %v", left)
	}
}

func TestGivenUpNamesAreNotWaitedFor(t *testing.T) {
	w := granted(t)
	sha := shaOf(page(t))
	w.name("ines", student, "copy", theirs, sha)
	w.unname("ines", student, "copy", theirs, sha)
	w.settle()
	w.upload("ines", page(t), "p1.jpg", "")
	w.settle()
	w.readableBy(sha, "ines")
	if len(w.told) != 0 {
		t.Errorf("told %+v", w.told)
	}
}

func TestUnusedFilesAreSwept(t *testing.T) {
	w := granted(t)
	unused := w.upload("ines", page(t), "p1.jpg", "")
	used := w.upload("ines", smallPNG(t), "p2.png", "")
	w.name("ines", student, "copy", theirs, used)
	w.settle()
	w.pass(keepUnused - time.Minute)
	w.readableBy(unused, "ines")
	w.pass(2 * time.Minute)
	w.readableBy(unused)
	w.readableBy(used, "ines", "parent", "prof")
	if owned, _ := w.Owned(t.Context(), "ines", unused, used); len(owned) != 1 {
		t.Errorf("owned %v", owned)
	}
	w.unname("ines", student, "copy", theirs, used)
	w.settle()
	w.pass(keepUnused + time.Minute)
	w.pass(keepGivenUp + time.Minute)
	if left := w.blobs.keys(); len(left) != 0 {
		t.Errorf("bytes left: %v", left)
	}
}

// Bytes outlive the records that name them, by the time a backup may take:
// those of an upload that was examined, and those of a file that was swept.
func TestBytesOutliveTheirNames(t *testing.T) {
	w := granted(t)
	sha := w.upload("ines", page(t), "p1.jpg", "")
	named := w.blobs.keys()
	w.settle()
	w.pass(keepGivenUp - time.Minute)
	w.wantKept(named)
	w.pass(2 * time.Minute)
	if slices.Contains(w.blobs.keys(), named[0]) {
		t.Error("the upload is kept for ever")
	}
	named = w.blobs.keys()
	w.pass(keepUnused)
	w.readableBy(sha)
	w.wantKept(named)
	w.pass(keepGivenUp)
	if left := w.blobs.keys(); len(left) != 0 {
		t.Errorf("bytes left: %v", left)
	}
}

func (w *world) wantKept(keys []string) {
	w.t.Helper()
	for _, key := range keys {
		if !slices.Contains(w.blobs.keys(), key) {
			w.t.Errorf("%s is gone", key)
		}
	}
}

// An upload that comes anew while the old one is about to go is examined.
func TestUploadedAnewBeforeItIsForgotten(t *testing.T) {
	w := granted(t)
	w.upload("ines", []byte("no image"), "p1.jpg", "image/jpeg")
	w.settle()
	w.now = w.now.Add(keepGivenUp + time.Minute)
	sha := w.upload("ines", []byte("no image"), "p1.txt", "text/plain")
	w.settle()
	w.name("ines", student, "copy", theirs, sha)
	w.settle()
	if len(w.told) != 1 {
		t.Errorf("told %+v", w.told)
	}
}

func TestUploadingAnewProlongs(t *testing.T) {
	w := granted(t)
	sha := w.upload("ines", page(t), "p1.jpg", "")
	w.settle()
	w.pass(keepUnused - 24*time.Hour)
	w.upload("ines", page(t), "p1.jpg", "")
	w.settle()
	w.pass(48 * time.Hour)
	w.readableBy(sha, "ines")
	w.pass(keepUnused)
	w.readableBy(sha)
}

func TestUploadedAnewAfterTheSweep(t *testing.T) {
	w := granted(t)
	sha := w.upload("ines", page(t), "p1.jpg", "")
	w.settle()
	w.pass(keepUnused + time.Minute)
	w.upload("ines", page(t), "p1.jpg", "")
	w.name("ines", student, "copy", theirs, sha)
	w.settle()
	w.readableBy(sha, "ines", "parent", "prof")
	w.pass(400 * 24 * time.Hour)
	w.readableBy(sha, "ines", "parent", "prof")
	c, err := w.Open(t.Context(), person("prof"), sha, Original)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, c, 0, -1); !bytes.Equal(got, w.blobs.files[w.blobs.keys()[0]]) {
		t.Errorf("%d bytes", len(got))
	}
}

func read(t testing.TB, c *Content, offset, length int64) []byte {
	t.Helper()
	r, err := c.Read(t.Context(), offset, length)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestOpenGivesVariants(t *testing.T) {
	w := granted(t)
	sha := w.upload("ines", jpegOf(t, quarters(2400, 300)), "IMG.JPG", "image/jpeg")
	w.settle()
	sizes := map[Variant]int64{}
	for _, v := range []Variant{Original, Page, Thumb} {
		c, err := w.Open(t.Context(), person("ines"), sha, v)
		if err != nil {
			t.Fatal(err)
		}
		sizes[v] = c.Size
		if c.Name != "IMG.JPG" || c.Type != typeJPEG || !c.Inline() || c.ETag == "" || int64(len(read(t, c, 0, -1))) != c.Size {
			t.Errorf("%s: %+v", v, c)
		}
		if got := read(t, c, 2, 5); len(got) != 5 {
			t.Errorf("%s: range of %d bytes", v, len(got))
		}
	}
	if sizes[Original] <= sizes[Page] || sizes[Page] <= sizes[Thumb] {
		t.Errorf("sizes %v", sizes)
	}
	doc := w.upload("ines", []byte(onePage), "leçon.pdf", "application/pdf")
	w.settle()
	c, err := w.Open(t.Context(), person("ines"), doc, Original)
	if err != nil || c.Inline() || c.Type != typePDF {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := w.Open(t.Context(), person("ines"), doc, Thumb); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("thumb of a PDF: %v", err)
	}
}

func TestUploadsThatAreRefusedAtOnce(t *testing.T) {
	w := newWorld(t)
	for code, up := range map[string]Upload{
		"invalid":      {SHA: "sha256-abc", Size: 1},
		"damaged_file": {SHA: shaOf(nil), Size: 0},
		"too_large":    {SHA: shaOf([]byte("x")), Size: MaxSize + 1},
	} {
		err := w.Arrived(t.Context(), person("ines"), up, strings.NewReader("x"))
		if r := new(psync.Refusal); !errors.As(err, &r) || r.Code != code {
			t.Errorf("want %s: %v", code, err)
		}
	}
}

// A store that fails for a while delays a file; it is neither lost nor told of
// twice.
func TestAFailingShelfDelaysOnly(t *testing.T) {
	w := granted(t)
	sha := w.upload("ines", page(t), "p1.jpg", "")
	w.name("ines", student, "copy", theirs, sha)
	w.blobs.fail = errors.New("disk full")
	w.settle()
	w.readableBy(sha)
	w.blobs.fail = nil
	w.pass(10 * time.Minute)
	w.readableBy(sha, "ines", "parent", "prof")
	if len(w.told) != 1 {
		t.Errorf("told %+v", w.told)
	}
}

// However naming, uploading, giving up and carrying out effects interleave, in
// the end a record is told of its file exactly as often as it waited for it,
// and the readers are those of the names that stand.
func TestRendezvousInAnyOrder(t *testing.T) {
	data := jpegOf(t, quarters(24, 16))
	sha := shaOf(data)
	rapid.Check(t, func(r *rapid.T) {
		w := granted(t)
		waiting, told, stands, there := false, 0, false, false
		for range rapid.IntRange(1, 12).Draw(r, "steps") {
			switch rapid.SampledFrom([]string{"name", "upload", "unname", "settle"}).Draw(r, "step") {
			case "name":
				w.name("ines", student, "copy", theirs, sha)
				w.settle()
				stands = true
				if there {
					told++
				} else {
					waiting = true
				}
			case "upload":
				w.upload("ines", data, "p.jpg", "")
				if w.settle(); waiting {
					told++
				}
				waiting, there = false, true
			case "unname":
				w.unname("ines", student, "copy", theirs, sha)
				w.settle()
				waiting, stands = false, false
			}
		}
		w.settle()
		if len(w.told) != told {
			r.Fatalf("told %d times, want %d", len(w.told), told)
		}
		got, err := w.Readable(t.Context(), person("prof"), sha)
		if err != nil || got != (stands && there) {
			r.Fatalf("teacher reads: %v, %v; stands %v, there %v", got, err, stands, there)
		}
	})
}

// The same with everything at once: named and uploaded by several people, all
// effects in parallel.
func TestRendezvousAllAtOnce(t *testing.T) {
	w := granted(t)
	data := page(t)
	sha := shaOf(data)
	done := make(chan struct{})
	for _, user := range []string{"ines", "malo"} {
		go func() {
			defer func() { done <- struct{}{} }()
			w.upload(user, data, "p.jpg", "")
			w.settle()
		}()
		go func() {
			defer func() { done <- struct{}{} }()
			w.name(user, "student:"+user, "copy", []string{"student:" + user}, sha)
			w.settle()
		}()
	}
	for range 4 {
		<-done
	}
	w.settle()
	w.readableBy(sha, "ines", "malo", "parent")
	if len(w.told) != 2 {
		t.Errorf("told %d times", len(w.told))
	}
	w.pass(keepGivenUp + time.Minute)
	if left := w.blobs.keys(); len(left) != 2 {
		t.Errorf("stored %v", left)
	}
}
