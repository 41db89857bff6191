package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"preau/api/homework"
)

// drillTime is how long the drill loads the server before and after its
// backup: PREAU_TEST_DRILL, such as "30s".
func drillTime(t *testing.T) time.Duration {
	text := or(os.Getenv("PREAU_TEST_DRILL"), "1s")
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestDrill loses a server and brings it back: a server under load is backed
// up, goes on, and is restored elsewhere. Everything it had acknowledged before
// the backup began is there, and a backup of a quiet server gives the same
// dump byte for byte.
func TestDrill(t *testing.T) {
	d := newDrill(t)
	stop := d.load(4)
	time.Sleep(drillTime(t))
	acked := d.acked()
	began := time.Now()
	busy := d.backup("busy")
	took := time.Since(began)
	time.Sleep(drillTime(t))
	stop()
	if len(acked) == 0 || len(d.acked()) == len(acked) {
		t.Fatalf("%d actions before the backup, %d in all", len(acked), len(d.acked()))
	}
	d.rest()
	if err := d.p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-d.p.done
	quiet := d.backup("quiet")
	want := d.dump(d.home)

	began = time.Now()
	restored := d.restore(busy)
	back := time.Since(began)
	d.wantAll(restored, acked)
	if got := d.dump(d.restore(quiet)); got != want {
		t.Errorf("a quiet backup is not what was backed up: %d and %d bytes", len(got), len(want))
	}
	info, err := os.Stat(busy)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("drill %s, %s: %d actions and %d uploads acknowledged before the backup, %d lost; backup of %.1f MB under load in %.2f s, restored and verified in %.2f s",
		time.Now().UTC().Format(time.DateOnly), version(), len(acked), countPages(acked), d.lost, float64(info.Size())/1e6, took.Seconds(), back.Seconds())
}

type drill struct {
	t    *testing.T
	home string
	p    *process
	lost int

	mu   sync.Mutex
	done []handedIn
}

// handedIn is a copy that the server acknowledged.
type handedIn struct{ id, sha string }

func countPages(all []handedIn) (n int) {
	for _, h := range all {
		if h.sha != "" {
			n++
		}
	}
	return n
}

func newDrill(t *testing.T) *drill {
	t.Helper()
	d := &drill{t: t, home: t.TempDir()}
	d.p = startProcess(t, d.home, strings.Fields(demoArgs)...)
	return d
}

func (d *drill) acked() []handedIn {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.done)
}

// load has several phones of a pupil hand in copies until stop is called; every
// fourth has a page.
func (d *drill) load(phones int) (stop func()) {
	d.t.Helper()
	var ended atomic.Bool
	var all sync.WaitGroup
	for range phones {
		ph := d.handset(d.p)
		all.Go(func() {
			for n := 0; !ended.Load(); n++ {
				h, err := ph.handIn(n%4 == 0)
				if err != nil {
					d.t.Error(err)
					return
				}
				d.mu.Lock()
				d.done = append(d.done, h)
				d.mu.Unlock()
			}
		})
	}
	return func() { ended.Store(true); all.Wait() }
}

// run runs a command in a process of its own.
func (d *drill) run(data string, args ...string) string {
	d.t.Helper()
	child := exec.Command(os.Args[0], args...)
	child.Env = append(os.Environ(), "PREAU_TEST_MAIN=1", "PREAU_DATA="+data)
	var out, errOut bytes.Buffer
	child.Stdout, child.Stderr = &out, &errOut
	if err := child.Run(); err != nil {
		d.t.Fatalf("%v: %v\n%s%s", args, err, out.String(), errOut.String())
	}
	return out.String()
}

func (d *drill) backup(name string) string {
	d.t.Helper()
	file := filepath.Join(d.t.TempDir(), name+".tar.zst")
	d.run(d.home, "backup", "-to", file)
	return file
}

func (d *drill) restore(file string) (data string) {
	d.t.Helper()
	data = d.t.TempDir()
	d.run(data, "restore", file)
	copyFile(d.t, filepath.Join(d.home, "keys.json"), filepath.Join(data, "keys.json"))
	d.run(data, "doctor", "-offline")
	return data
}

func (d *drill) dump(data string) string { d.t.Helper(); return d.run(data, "dump") }

// rest waits until no effect is due.
func (d *drill) rest() {
	d.t.Helper()
	waitFor(d.t, func() bool {
		_, _, text := get(d.t, plainClient(), "http://"+d.p.addr+"/metrics")
		return strings.Contains(text, "\npreau_effects_due 0\n")
	})
}

// wantAll starts the restored server and looks for what was acknowledged: each
// copy once, each page with its bytes.
func (d *drill) wantAll(data string, acked []handedIn) {
	d.t.Helper()
	text := d.dump(data)
	p := startProcess(d.t, data, strings.Fields(demoArgs)...)
	ph := d.handset(p)
	for _, h := range acked {
		if strings.Count(text, `{"id":"`+h.id+`","scope":"student:`) != 1 {
			d.lost++
			d.t.Errorf("copy %s was acknowledged and is lost", h.id)
		}
		if h.sha == "" {
			continue
		}
		patience := time.Now().Add(30 * time.Second)
		for status := 0; status != 200; time.Sleep(10 * time.Millisecond) {
			if status, _, _, _ = ph.call("GET", "/api/files/"+h.sha, "", nil); status != 200 && time.Now().After(patience) {
				d.lost++
				d.t.Errorf("page %s was acknowledged and is lost: %d", h.sha, status)
				break
			}
		}
	}
	if _, err := ph.handIn(true); err != nil {
		d.t.Errorf("the restored server: %v", err)
	}
}

// handset is one device of the demo's pupil.
type handset struct {
	base, cookie, device, scope, homework string
	k                                     int
	client                                *http.Client
}

func (d *drill) handset(p *process) *handset {
	d.t.Helper()
	ph := &handset{base: "http://" + p.addr, client: &http.Client{Timeout: 30 * time.Second}}
	_, header, body, err := ph.call("POST", "/api/session", `{"demo":"student"}`, http.Header{"Content-Type": {"application/json"}})
	if err != nil {
		d.t.Fatal(err)
	}
	for _, c := range (&http.Response{Header: header}).Cookies() {
		if c.Name == "__Host-preau" {
			ph.cookie = c.Name + "=" + c.Value
		}
	}
	var session struct{ User, Device string }
	if err := json.Unmarshal(body, &session); err != nil {
		d.t.Fatalf("%s: %v", body, err)
	}
	ph.device, ph.scope = session.Device, "student:"+session.User
	if ph.homework, err = ph.someHomework(); err != nil {
		d.t.Fatal(err)
	}
	return ph
}

func (ph *handset) call(method, path, body string, header http.Header) (status int, answer http.Header, text []byte, err error) {
	req, err := http.NewRequest(method, ph.base+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	if header != nil {
		req.Header = header.Clone()
	}
	req.Header.Set("Cookie", ph.cookie)
	res, err := ph.client.Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	defer res.Body.Close()
	text, err = io.ReadAll(res.Body)
	return res.StatusCode, res.Header, text, err
}

// round sends a request of the protocol.
func (ph *handset) round(fields string, into any) error {
	body := `{"v":1,"schema":7,"device":"` + ph.device + `",` + fields + `}`
	status, _, text, err := ph.call("POST", "/api/sync", body, http.Header{"Content-Type": {"application/json"}})
	if err == nil && status != 200 {
		err = fmt.Errorf("sync: %d %s", status, text)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// someHomework finds one that the pupil's class was given.
func (ph *handset) someHomework() (string, error) {
	var r struct {
		Scopes map[string]struct{ Records [][]json.RawMessage }
	}
	if err := ph.round(`"cursors":{},"budget":1048576`, &r); err != nil {
		return "", err
	}
	for scope, s := range r.Scopes {
		for _, record := range s.Records {
			var given struct {
				Return string
				Due    time.Time
			}
			if strings.HasPrefix(scope, "class:") && string(record[1]) == `"homework"` && json.Unmarshal(record[3], &given) == nil &&
				given.Return == homework.ReturnFile && given.Due.After(time.Now().Add(time.Hour)) {
				return strings.Trim(string(record[2]), `"`), nil
			}
		}
	}
	return "", fmt.Errorf("the class of %s has no homework", ph.scope)
}

// handIn hands in one copy and returns when the server has acknowledged it.
func (ph *handset) handIn(withPage bool) (h handedIn, err error) {
	h.id = "drill" + strings.ToLower(rand.Text())[:12]
	pages := "[]"
	if withPage {
		if h.sha, err = ph.upload(picture()); err != nil {
			return h, err
		}
		pages = `["` + h.sha + `"]`
	}
	ph.k++
	var r struct {
		Results []struct {
			OK    bool
			Error struct{ Code, Field, Message string }
		}
	}
	err = ph.round(fmt.Sprintf(`"mutations":[{"scope":%q,"k":%d,"name":"homework.submit@1","at":%d,"args":{"id":%q,"homework":%q,"pages":%s,"text":"lu"}}]`,
		ph.scope, ph.k, time.Now().UnixMilli(), h.id, ph.homework, pages), &r)
	if err == nil && (len(r.Results) != 1 || !r.Results[0].OK) {
		err = fmt.Errorf("hand in: %+v", r.Results)
	}
	return h, err
}

// upload sends a file whole and returns its name.
func (ph *handset) upload(body []byte) (sha string, err error) {
	meta := "use " + base64.StdEncoding.EncodeToString([]byte("submission")) + ",type " + base64.StdEncoding.EncodeToString([]byte("image/png"))
	status, _, text, err := ph.call("POST", "/api/uploads", string(body), http.Header{
		"Tus-Resumable": {"1.0.0"}, "Upload-Length": {fmt.Sprint(len(body))}, "Upload-Metadata": {meta},
		"Content-Type": {"application/offset+octet-stream"},
	})
	if err == nil && status != 201 {
		err = fmt.Errorf("upload: %d %s", status, text)
	}
	sum := sha256.Sum256(body)
	return "sha256-" + hex.EncodeToString(sum[:]), err
}

// picture is a small photo like no other.
func picture() []byte {
	img := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for y := range 64 {
		var row [64]byte
		_, _ = rand.Read(row[:]) // never fails
		for x, c := range row {
			img.Set(x, y, color.Gray{c})
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		panic(err)
	}
	return out.Bytes()
}
