package archive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"

	"preau/cmd/preau/archive"
	"preau/storage"
	"preau/storage/disk"
	"preau/storage/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)

// stores are empty stores that go with the test.
func stores(tb testing.TB) archive.Stores {
	tb.Helper()
	records, err := sqlite.Open(tb.Context(), filepath.Join(tb.TempDir(), "preau.db"), sqlite.Options{Unsynced: true})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { records.Close() })
	blobs, err := disk.Open(tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { blobs.Close() })
	return archive.Stores{Records: records, Blobs: blobs, Now: now}
}

// full are stores that hold something, with files of these sizes as well.
func full(tb testing.TB, more ...int) archive.Stores {
	tb.Helper()
	s := stores(tb)
	for n := int64(1); n <= 300; n++ {
		err := s.Records.Append(context.Background(), storage.Entry{
			Scope: fmt.Sprint("class:", n%3), N: (n + 2) / 3, At: now,
			Ops:     []storage.Op{{Type: "t", ID: fmt.Sprint(n), Value: fmt.Appendf(nil, `{"n":%d}`, n)}},
			Steps:   []storage.Step{{Lane: "p/d", K: (n + 2) / 3, Result: []byte(`{"ok":true}`)}},
			Effects: []storage.Effect{{Kind: "x", Payload: []byte("{}")}},
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	for i, size := range append([]int{0, 1, 5000, 2000}, more...) {
		body := make([]byte, size)
		for j := range body {
			body[j] = byte(rand.Uint32())
		}
		if err := s.Blobs.Put(context.Background(), fmt.Sprintf("files/%d/original", i), bytes.NewReader(body), int64(size), nil); err != nil {
			tb.Fatal(err)
		}
	}
	return s
}

func write(tb testing.TB, s archive.Stores) ([]byte, archive.Manifest) {
	tb.Helper()
	var out bytes.Buffer
	m, err := archive.Write(context.Background(), &out, archive.Head{Program: "test", Begun: now}, s.Records.(storage.Snapshotter), s.Blobs)
	if err != nil {
		tb.Fatal(err)
	}
	return out.Bytes(), m
}

func restore(tb testing.TB, packed []byte, to archive.Stores) (epoch int64, err error) {
	tb.Helper()
	m, err := archive.Verify(bytes.NewReader(packed))
	if err != nil {
		tb.Fatal(err)
	}
	return archive.Restore(context.Background(), bytes.NewReader(packed), m, to)
}

func TestRestoredIsWhatWasBackedUp(t *testing.T) {
	from, to := full(t, 3<<20), stores(t)
	packed, m := write(t, from)
	if m.Scopes != 3 || m.Entries != 300 || m.Records != 300 || m.Steps != 300 || m.Tasks != 300 || m.Blobs != 5 || m.BlobBytes != 7001+3<<20 {
		t.Errorf("counted %+v", m.Tally)
	}
	epoch, err := restore(t, packed, to)
	if err != nil || epoch != now.Unix() {
		t.Fatalf("epoch %d, %v", epoch, err)
	}
	if got, err := to.Records.Epoch(t.Context(), false); err != nil || got != epoch {
		t.Errorf("the store is in epoch %d, %v", got, err)
	}
	if err := archive.Unfinished(t.Context(), to.Records); err != nil {
		t.Error(err)
	}
	again, twice := write(t, to)
	if twice.Tally != m.Tally {
		t.Errorf("a backup of what was restored holds %+v, want %+v", twice.Tally, m.Tally)
	}
	wantBlobs(t, from.Blobs, to.Blobs)
	third := stores(t)
	third.Now = now.Add(-time.Hour) // even when a clock goes wrong
	if later, err := restore(t, again, third); err != nil || later != epoch+1 {
		t.Errorf("restored again in epoch %d, %v; want %d", later, err, epoch+1)
	}
}

func wantBlobs(t *testing.T, from, to storage.Blobs) {
	t.Helper()
	n := 0
	err := from.List(t.Context(), "", func(b storage.Blob) bool {
		n++
		if !bytes.Equal(read(t, from, b.Key), read(t, to, b.Key)) {
			t.Errorf("%s differs", b.Key)
		}
		return true
	})
	if err != nil || n == 0 {
		t.Errorf("%d files, %v", n, err)
	}
}

func read(t *testing.T, s storage.Blobs, key string) []byte {
	t.Helper()
	r, _, err := s.Open(t.Context(), key, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	body, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func wantDamaged(t *testing.T, what string, packed []byte) {
	t.Helper()
	if _, err := archive.Verify(bytes.NewReader(packed)); !errors.Is(err, archive.ErrDamaged) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%s: %v", what, err)
	}
}

func TestDamageIsSeen(t *testing.T) {
	packed, _ := write(t, full(t))
	if _, err := archive.Verify(bytes.NewReader(packed)); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		n := rand.IntN(len(packed))
		wantDamaged(t, fmt.Sprint("cut off at ", n), packed[:n])
		bad := bytes.Clone(packed)
		bad[n] ^= 1 << rand.IntN(8)
		wantDamaged(t, fmt.Sprint("wrong at ", n), bad)
	}
	wantDamaged(t, "without its last byte", packed[:len(packed)-1])
	wantDamaged(t, "empty", nil)
	wantDamaged(t, "with something behind", append(bytes.Clone(packed), "more"...))
	wantDamaged(t, "another file", []byte(strings.Repeat("no archive ", 100)))
}

// A part that was exchanged, in an archive whose checksums of compression are
// right, is seen by the manifest.
func TestForgeryIsSeen(t *testing.T) {
	packed, _ := write(t, full(t))
	d, err := zstd.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	plain, err := io.ReadAll(d)
	if err != nil {
		t.Fatal(err)
	}
	repack := func(plain []byte) []byte {
		var out bytes.Buffer
		w, _ := zstd.NewWriter(&out)
		if _, err := w.Write(plain); err != nil {
			t.Fatal(err)
		}
		w.Close()
		return out.Bytes()
	}
	if _, err := archive.Verify(bytes.NewReader(repack(plain))); err != nil {
		t.Fatal(err)
	}
	value := bytes.Index(plain, []byte(`"Value":"e`))
	forged := bytes.Clone(plain)
	forged[value+10]++
	wantDamaged(t, "another value", repack(forged))
	newer := bytes.Replace(plain, []byte(`"format":1`), []byte(`"format":2`), 1)
	if _, err := archive.Verify(bytes.NewReader(repack(newer))); !errors.Is(err, archive.ErrNewer) {
		t.Errorf("a later format: %v", err)
	}
}

func TestOnlyEmptyStoresAreRestoredInto(t *testing.T) {
	packed, _ := write(t, full(t))
	taken := full(t)
	if _, err := restore(t, packed, taken); !errors.Is(err, archive.ErrNotEmpty) {
		t.Errorf("into a database in use: %v", err)
	}
	if err := archive.Unfinished(t.Context(), taken.Records); err != nil {
		t.Errorf("it was marked: %v", err)
	}
	taken.Records = stores(t).Records
	if _, err := restore(t, packed, taken); !errors.Is(err, archive.ErrNotEmpty) {
		t.Errorf("into files in use: %v", err)
	}
}

// failing is a store of files on a disk that fills up.
type failing struct {
	storage.Blobs
	after int
}

var errFull = errors.New("no space left on device")

func (f *failing) Put(ctx context.Context, key string, r io.Reader, size int64, sum []byte) error {
	if strings.HasPrefix(key, fmt.Sprint("files/", f.after)) {
		return errFull
	}
	return f.Blobs.Put(ctx, key, r, size, sum)
}

func TestHalfRestoredIsRecognised(t *testing.T) {
	packed, _ := write(t, full(t))
	for after := range 4 {
		half := stores(t)
		half.Blobs = &failing{half.Blobs, after}
		if _, err := restore(t, packed, half); !errors.Is(err, errFull) {
			t.Fatalf("a disk that is full: %v", err)
		}
		for what, err := range map[string]error{
			"at a start":   archive.Unfinished(t.Context(), half.Records),
			"once more":    func() error { _, err := restore(t, packed, half); return err }(),
			"for a backup": func() error { return backup(half) }(),
		} {
			if !errors.Is(err, archive.ErrUnfinished) {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
}

func backup(s archive.Stores) error {
	_, err := archive.Write(context.Background(), io.Discard, archive.Head{}, s.Records.(storage.Snapshotter), s.Blobs)
	return err
}

func BenchmarkVerify(b *testing.B) {
	packed, m := write(b, full(b, 3<<20))
	b.SetBytes(m.BlobBytes)
	for b.Loop() {
		if _, err := archive.Verify(bytes.NewReader(packed)); err != nil {
			b.Fatal(err)
		}
	}
}
