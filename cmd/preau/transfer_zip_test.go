package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	psync "preau/sync"
)

// W8: a folder of 1,000 files of 1 to 2 MB is sent and comes down as one
// archive, for which the server takes no more memory than at rest.
func TestAThousandFilesAsOneArchive(t *testing.T) {
	if os.Getenv("PREAU_SOAK_TRANSFER") == "" {
		t.Skip("make soak-transfer")
	}
	s := newFreighter(t)
	begun, bytes := time.Now(), int64(0)
	for from := 0; from < 1000; from += 200 {
		bytes += s.folder(from)
	}
	sent := time.Since(begun)
	s.restart()
	begun = time.Now()
	file := filepath.Join(t.TempDir(), "all.zip")
	size := s.download("/t/"+strings.Repeat("z", 22)+"/all.zip", file)
	took := time.Since(begun)
	s.kill(s.p)
	s.watched()
	s.wantFolder(file)
	t.Logf("1,000 files of %.0f MB sent in %.1f s; an archive of %.0f MB in %.1f s (%.0f MB/s); the server took at most %.1f MB of memory, %.1f at rest",
		float64(bytes)/1e6, sent.Seconds(), float64(size)/1e6, took.Seconds(), float64(size)/1e6/took.Seconds(), float64(s.most)/(1<<20), float64(s.rest)/(1<<20))
	if s.most-s.rest > mostMemory {
		t.Errorf("the server grew from %d to %d bytes", s.rest, s.most)
	}
}

// ofFolder is one file of the folder.
func ofFolder(n int) cargo { return cargo{uint64(n), 1<<20 + int64(n)*1021} }

// folder names 200 files and sends them.
func (s *freighter) folder(from int) (bytes int64) {
	s.Helper()
	var named []string
	for n := from; n < from+200; n++ {
		named = append(named, fmt.Sprintf(`{"name":"Été/élève %d.jpg","type":"image/jpeg","size":%d}`, n%500, ofFolder(n).size))
	}
	name, args := "transfer.add@1", fmt.Sprintf(`{"id":"transfer-folder","from":%d,"files":[%s]}`, from, strings.Join(named, ","))
	if from == 0 {
		name, args = "transfer.open@1", fmt.Sprintf(`{"id":"transfer-folder","secret":%q,"title":"Été","days":7,"files":[%s]}`, strings.Repeat("z", 22), strings.Join(named, ","))
	}
	s.must(s.mutate(from/200+1, name, args))
	for n := from; n < from+200; n++ {
		s.deliver(n)
		bytes += ofFolder(n).size
	}
	return bytes
}

// deliver sends one file whole; its name may be under way.
func (s *freighter) deliver(n int) {
	s.Helper()
	file := ofFolder(n)
	body, err := io.ReadAll(io.NewSectionReader(file, 0, file.size))
	if err != nil {
		s.Fatal(err)
	}
	pair := func(name, value string) string { return name + " " + base64.StdEncoding.EncodeToString([]byte(value)) }
	for range 100 {
		res, answer, err := s.call("POST", "http://"+s.p.addr+"/api/uploads", http.Header{
			"Tus-Resumable": {"1.0.0"}, "Upload-Length": {strconv.Itoa(len(body))}, "Content-Type": {"application/offset+octet-stream"},
			"Upload-Metadata": {pair("use", "transfer") + "," + pair("transfer", "transfer-folder") + "," + pair("part", strconv.Itoa(n))},
		}, string(body))
		switch {
		case err != nil:
			s.Fatal(err)
		case res.StatusCode == http.StatusCreated:
			return
		case res.StatusCode != http.StatusServiceUnavailable:
			s.Fatalf("file %d: %d %s", n, res.StatusCode, answer)
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.Fatalf("file %d is not waited for", n)
}

func (s *freighter) download(path, to string) int64 {
	s.Helper()
	res, err := plainClient().Get("http://" + s.p.addr + path)
	if err != nil || res.StatusCode != http.StatusOK {
		s.Fatal(err, res)
	}
	defer res.Body.Close()
	f, err := os.Create(to)
	if err != nil {
		s.Fatal(err)
	}
	size, err := io.Copy(f, res.Body)
	if err := errors.Join(err, f.Close()); err != nil {
		s.Fatal(err)
	}
	return size
}

// wantFolder reads the archive with Go and with Info-ZIP.
func (s *freighter) wantFolder(file string) {
	s.Helper()
	z, err := zip.OpenReader(file)
	if err != nil {
		s.Fatal(err)
	}
	defer z.Close()
	names := map[string]bool{}
	for n, f := range z.File {
		names[f.Name] = true
		r, err := f.Open()
		if err != nil {
			s.Fatal(err)
		}
		got, err := io.ReadAll(r) // the checksum is looked at
		if want := make([]byte, len(got)); err != nil || int64(len(got)) != ofFolder(n).size {
			s.Fatalf("%s: %d bytes, %v", f.Name, len(got), err)
		} else if _, _ = ofFolder(n).ReadAt(want, 0); !bytes.Equal(got, want) {
			s.Fatalf("%s is not what was sent", f.Name)
		}
	}
	if len(names) != 1000 {
		s.Errorf("%d names", len(names))
	}
	if _, err := exec.LookPath("unzip"); err != nil {
		s.Log("NOT TESTED with unzip, which is not installed: apt-get install unzip")
	} else if out, err := exec.Command("unzip", "-tq", file).CombinedOutput(); err != nil {
		s.Errorf("unzip: %v\n%.1000s", err, out)
	}
}

// An archive of more than 4 GB, where an operator allows such transfers, has
// the longer numbers that it needs. The files are holes on the disk.
func TestAnArchiveBeyondFourGigabytes(t *testing.T) {
	if os.Getenv("PREAU_SOAK_TRANSFER") == "" {
		t.Skip("make soak-transfer")
	}
	const size = 4<<30 + 4096
	c := testConfig(t)
	c.Transfers.Most, c.Transfers.Person, c.Transfers.School = 10<<30, 20<<30, 20<<30
	d := newDepot(t, c)
	link := d.sends("h", 7)
	// Its one file grows where it lies.
	found, err := filepath.Glob(filepath.Join(c.Data, "blobs", "transfers*", "*", "*"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	if err := os.Truncate(found[0], size); err != nil {
		t.Fatal(err)
	}
	_, err = d.engine.Commit(t.Context(), psync.Actor{}, "transfer:transfer-h", func(_ context.Context, tx *psync.Tx) error {
		tx.Put("part", "0000", json.RawMessage(fmt.Sprintf(`{"name":"film.mp4","type":"","size":%d,"state":"ready"}`, int64(size))))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	res, err := plainClient().Get(d.url(link + "/all.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	end := &tail{}
	if _, err := io.Copy(end, res.Body); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(end, end.at)
	if err != nil || len(z.File) != 1 || z.File[0].UncompressedSize64 != size || z.File[0].Name != "film.mp4" {
		t.Errorf("%v %+v", err, z)
	}
}

// tail keeps the last bytes of what is written, where archives have their
// directory.
type tail struct {
	at   int64
	last []byte
}

func (w *tail) Write(p []byte) (int, error) {
	w.at += int64(len(p))
	w.last = append(w.last, p...)
	w.last = w.last[max(0, len(w.last)-1<<20):]
	return len(p), nil
}

// ReadAt implements [io.ReaderAt].
func (w *tail) ReadAt(p []byte, at int64) (int, error) {
	from := at - (w.at - int64(len(w.last)))
	if from < 0 {
		return 0, errors.New("not kept")
	}
	n := copy(p, w.last[min(from, int64(len(w.last))):])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
