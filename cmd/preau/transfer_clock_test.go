package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"preau/api/areatest"
	"preau/api/directory"
	"preau/api/transfer/transfertest"
	"preau/storage"
	"preau/storage/minio/miniotest"
	psync "preau/sync"
)

// depot is a server with a teacher who sends files, and a clock that jumps.
type depot struct {
	*running
	config Config
	ahead  atomic.Int64
	k      int64
}

func (d *depot) clock() time.Time { return time.Now().Add(time.Duration(d.ahead.Load())) }

func newDepot(t *testing.T, c Config) *depot {
	t.Helper()
	d := &depot{config: c}
	d.running = startAt(t, c, d.clock)
	school := directory.School{Name: "Collège", Timezone: "Europe/Paris", Year: directory.YearOf(directory.Date(time.Now().Format(time.DateOnly)))}
	err := d.directory.Apply(t.Context(), psync.Actor{}, "x", []directory.Put{
		{ID: "x", Record: school},
		{ID: "garnier", Record: directory.Person{First: "Claire", Last: "Garnier"}},
		{ID: "post", Record: directory.Post{Person: "garnier", Role: directory.RoleTeacher}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// jump stops the server, has the clock show another time, and starts it again.
func (d *depot) jump(to time.Duration) {
	d.t.Helper()
	if err := d.stop(); err != nil {
		d.t.Fatal(err)
	}
	d.ahead.Store(int64(to))
	d.running = startAt(d.t, d.config, d.clock)
}

var garnier = psync.Actor{School: "x", User: "garnier", Device: "d_garnier"}

func (d *depot) act(name, args string) {
	d.t.Helper()
	d.k++
	res, err := d.engine.Sync(d.t.Context(), garnier, &psync.Request{V: 1, Schema: 1, Device: garnier.Device, Mutations: []psync.Mutation{
		{Scope: "user:garnier", K: d.k, Name: name, Args: json.RawMessage(args), At: d.clock().UnixMilli()},
	}})
	if err != nil || !bytes.Contains(res.JSON(), []byte(`"ok":true`)) {
		d.t.Fatalf("%s: %v %s", name, err, res.JSON())
	}
}

// sends sends a transfer of one file; its link is "/t/" and the letter 22 times.
func (d *depot) sends(letter string, days int) (link string) {
	d.t.Helper()
	d.act("transfer.open@1", fmt.Sprintf(`{"id":"transfer-%s","secret":%q,"title":"T","days":%d,"files":[{"name":"a.txt","type":"","size":5}]}`, letter, strings.Repeat(letter, 22), days))
	meta := map[string]string{"transfer": "transfer-" + letter, "part": "0"}
	waitFor(d.t.(*testing.T), func() bool { // its name may be under way
		return d.transfers.Arrived(d.t.Context(), garnier, meta, 5, areatest.Sent(d.blobs, "alpha", "alpha")) == nil
	})
	d.want("/t/"+strings.Repeat(letter, 22), http.StatusOK)
	return "/t/" + strings.Repeat(letter, 22)
}

// want holds how a link is answered, for the page and the file.
func (d *depot) want(link string, status int) {
	d.t.Helper()
	for _, path := range []string{link, link + "/0"} {
		if got, _, body := get(d.t, plainClient(), d.url(path)); got != status {
			d.t.Errorf("%s: %d, want %d: %.80s", path, got, status, body)
		}
	}
}

// wantStored waits until so many files of transfers are in the store.
func (d *depot) wantStored(want int) {
	d.t.Helper()
	waitFor(d.t.(*testing.T), func() bool {
		n := 0
		err := d.blobs.List(d.t.Context(), "transfers/", func(storage.Blob) bool { n++; return true })
		return err == nil && n == want
	})
}

// sound waits until what is always true is true.
func (d *depot) sound() {
	d.t.Helper()
	var wrong []string
	defer func() {
		if d.t.Failed() {
			d.t.Log(wrong)
		}
	}()
	waitFor(d.t.(*testing.T), func() bool {
		var err error
		wrong, err = transfertest.Audit(context.Background(), d.records, d.blobs)
		return err == nil && len(wrong) == 0
	})
}

// counted is how often the room of the school was written.
func (d *depot) counted() (n int) {
	d.t.Helper()
	tails, err := d.records.Tails(d.t.Context(), []storage.Position{{Scope: "transfers:x"}}, 1<<20)
	if err != nil {
		d.t.Fatal(err)
	}
	return len(tails[0].Entries)
}

const day = 24 * time.Hour

// W14: a transfer ends to the minute, whatever the clock does and whenever the
// server is restarted; once, and for good. Its bytes are gone from the store.
func TestTransfersWhenTheClockJumps(t *testing.T) {
	t.Run("disk", func(t *testing.T) { clockJumps(t, testConfig(t)) })
	t.Run("minio", func(t *testing.T) {
		host := miniotest.Servers[0].Start(t)
		clockJumps(t, configOf(t, map[string]string{
			"PREAU_DATA": t.TempDir(), "PREAU_ADDR": "127.0.0.1:0", "PREAU_BLOBS": bucket(host, miniotest.Secret, miniotest.Bucket),
		}))
	})
}

func clockJumps(t *testing.T, c Config) {
	t.Helper()
	d := newDepot(t, c)
	week, month := d.sends("a", 7), d.sends("b", 30)
	d.jump(7*day - time.Minute)
	d.want(week, http.StatusOK)
	d.jump(7*day + time.Minute)
	d.want(week, http.StatusNotFound) // also before anything was deleted
	d.want(month, http.StatusOK)
	d.wantStored(1)
	d.sound()
	d.jump(0) // the clock had been wrong
	d.want(week, http.StatusNotFound)
	d.want(month, http.StatusOK)
	d.jump(-400 * day)
	d.want(month, http.StatusOK)
	d.jump(3650 * day)
	d.want(month, http.StatusNotFound)
	d.wantStored(0)
	d.sound()
	d.jump(0)
	d.want(month, http.StatusNotFound)
	d.sound()
	if n := d.counted(); n != 4 {
		t.Errorf("two transfers began and ended, and the room was counted %d times", n)
	}
}

// A restore revives no link: neither one that was closed after the backup, nor
// one whose files are in no archive. What is sent afterwards stays.
func TestARestoreEndsTransfers(t *testing.T) {
	d := newDepot(t, testConfig(t))
	closed, open := d.sends("a", 7), d.sends("b", 7)
	file := filepath.Join(t.TempDir(), "school.tar.zst")
	out, err := preau(t, d.config.Data, "backup", "-to", file)
	if err != nil || !strings.Contains(out, " 0 files") || !strings.Contains(out, "Files of transfers are not inside") {
		t.Fatalf("%v %s", err, out)
	}
	d.act("transfer.close@1", `{"id":"transfer-a"}`)
	elsewhere := testConfig(t)
	copyFile(t, filepath.Join(d.config.Data, "keys.json"), filepath.Join(elsewhere.Data, "keys.json"))
	if out, err := preau(t, elsewhere.Data, "restore", file); err != nil || !strings.Contains(out, "Transfers that were open end") {
		t.Fatalf("%v %s", err, out)
	}
	if err := d.stop(); err != nil {
		t.Fatal(err)
	}
	d.config = elsewhere
	d.running = startAt(t, elsewhere, d.clock)
	d.want(closed, http.StatusNotFound)
	d.want(open, http.StatusNotFound)
	d.sound()
	d.k = 2 // as the server was before it was backed up
	later := d.sends("c", 7)
	d.jump(time.Hour)
	d.want(later, http.StatusOK)
	d.want(open, http.StatusNotFound)
	d.sound()
}
