package main

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	s3 "github.com/minio/minio-go/v7"

	"preau/storage/minio/miniotest"
	"preau/storage/storagetest/programs"
)

// TestTransferThroughput sends one file to this server and to tusd (the
// reference implementation of tus, which neither hashes nor syncs what it
// takes), in turns, and prints the medians. PREAU_BENCH_TRANSFER is the size in
// MB.
func TestTransferThroughput(t *testing.T) {
	file := ware(t)
	onDisk, peer := newTusSide(t, file, nil), newPeer(t, file)
	inTurns(t, len(file), []side{
		{"Préau, disk, one request", func() { onDisk.whole() }},
		{"tusd, one request", func() { peer.whole() }},
		{"tusd, one request, then hashed and synced by us", func() { peer.settle(peer.whole()) }},
		{"Préau, disk, pieces of 4 MB with their sums", func() { onDisk.pieces(4<<20, true) }},
		{"tusd, pieces of 4 MB", func() { peer.pieces(4<<20, false) }},
	})
}

// TestTransferThroughputInABucket does the same with a bucket of MinIO, beside
// putting the file there.
func TestTransferThroughputInABucket(t *testing.T) {
	file := ware(t)
	host := miniotest.Servers[0].Start(t)
	onS3 := newTusSide(t, file, []string{"PREAU_BLOBS=" + bucket(host, miniotest.Secret, miniotest.Bucket)})
	inTurns(t, len(file), []side{
		{"Préau, MinIO, one request", func() { onS3.whole() }},
		{"Préau, MinIO, pieces of 4 MB with their sums", func() { onS3.pieces(4<<20, true) }},
		{"MinIO, one put", func() { putBare(t, host, file) }},
	})
}

// ware is the file that is sent.
func ware(t *testing.T) []byte {
	t.Helper()
	mb, err := strconv.ParseInt(os.Getenv("PREAU_BENCH_TRANSFER"), 10, 32)
	if err != nil {
		t.Skip("make bench-transfer")
	}
	file := make([]byte, mb<<20)
	if _, err := (cargo{9, mb << 20}).ReadAt(file, 0); err != nil {
		t.Fatal(err)
	}
	return file
}

// side is a way to send it.
type side struct {
	name string
	send func()
}

func inTurns(t *testing.T, size int, sides []side) {
	t.Helper()
	took := make([][]float64, len(sides))
	for range 3 {
		for n, side := range sides {
			begun := time.Now()
			side.send()
			took[n] = append(took[n], float64(size)/(1<<20)/time.Since(begun).Seconds())
		}
	}
	for n, side := range sides {
		slices.Sort(took[n])
		t.Logf("%-50s %6.0f MB/s", side.name, took[n][1])
	}
}

// tusSide is a server that takes uploads by tus.
type tusSide struct {
	t      *testing.T
	file   []byte
	at     string // address of the server
	create string // path where uploads begin
	header http.Header
	meta   func() string // of the next upload
	client *http.Client
	folder string // where a peer keeps files
}

// newTusSide is this server. Each file is one of a transfer of many.
func newTusSide(t *testing.T, file []byte, env []string) *tusSide {
	t.Helper()
	for _, one := range append(env, "PREAU_TRANSFER_MOST=100G", "PREAU_TRANSFER_PERSON=200G") {
		name, value, _ := strings.Cut(one, "=")
		t.Setenv(name, value)
	}
	s := newFreighter(t)
	n := 0
	meta := func() string {
		n++
		id := fmt.Sprintf("transfer-bench-%d", n)
		s.must(s.mutate(n, "transfer.open@1", fmt.Sprintf(`{"id":%q,"secret":"%022d","title":"","days":1,"files":[{"name":"a","type":"","size":%d}]}`, id, n, len(file))))
		pair := func(name, value string) string { return name + " " + base64.StdEncoding.EncodeToString([]byte(value)) }
		return pair("use", "transfer") + "," + pair("transfer", id) + "," + pair("part", "0")
	}
	return &tusSide{
		t: t, file: file, at: "http://" + s.p.addr, create: "/api/uploads", header: http.Header{"Cookie": {s.cookie}}, meta: meta, client: &http.Client{},
	}
}

// newPeer is tusd.
func newPeer(t *testing.T, file []byte) *tusSide {
	t.Helper()
	folder := t.TempDir()
	cmd := exec.Command(programs.Find(t, "tuspeer"), folder)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	programs.Launch(t, cmd)
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return &tusSide{
		t: t, file: file, at: "http://" + strings.TrimSpace(addr), create: "/files/", meta: func() string { return "" }, client: &http.Client{}, folder: folder,
	}
}

func (s *tusSide) begin() (url string) {
	s.t.Helper()
	res := s.do("POST", s.at+s.create, nil, "Upload-Length", strconv.Itoa(len(s.file)), "Upload-Metadata", s.meta())
	url = res.Header.Get("Location")
	if res.StatusCode != http.StatusCreated || url == "" {
		s.t.Fatalf("%s: %d", s.at, res.StatusCode)
	}
	if !strings.HasPrefix(url, "http") {
		url = s.at + url
	}
	return url
}

func (s *tusSide) do(method, url string, body []byte, pairs ...string) *http.Response {
	s.t.Helper()
	req, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header = s.header.Clone()
	if req.Header == nil {
		req.Header = http.Header{}
	}
	req.Header.Set("Tus-Resumable", "1.0.0")
	for i := 0; i < len(pairs); i += 2 {
		req.Header.Set(pairs[i], pairs[i+1])
	}
	res, err := s.client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res
}

func (s *tusSide) whole() (url string) {
	s.t.Helper()
	return s.pieces(len(s.file), false)
}

// pieces sends the file; a server that waits for its name is asked again.
func (s *tusSide) pieces(size int, sums bool) (url string) {
	s.t.Helper()
	url = s.begin()
	for at := 0; at < len(s.file); at += size {
		piece := s.file[at:min(at+size, len(s.file))]
		more := []string{"Upload-Offset", strconv.Itoa(at), "Content-Type", "application/offset+octet-stream"}
		if sums {
			sum := sha256.Sum256(piece)
			more = append(more, "Upload-Checksum", "sha256 "+base64.StdEncoding.EncodeToString(sum[:]))
		}
		if res := s.do("PATCH", url, piece, more...); res.StatusCode != http.StatusNoContent {
			s.t.Fatalf("%s: %d", url, res.StatusCode)
		}
	}
	return url
}

// settle does to a file of tusd what Préau does to each: it is read once for its
// SHA-256, and synced.
func (s *tusSide) settle(url string) {
	s.t.Helper()
	id, _, _ := strings.Cut(filepath.Base(url), "+")
	f, err := os.OpenFile(filepath.Join(s.folder, id), os.O_RDWR, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	_, err = io.Copy(sha256.New(), f)
	if err := cmp.Or(err, f.Sync()); err != nil {
		s.t.Fatal(err)
	}
}

func putBare(t *testing.T, host string, file []byte) {
	t.Helper()
	_, err := miniotest.Client(t, host).PutObject(t.Context(), miniotest.Bucket, "bare/"+newUUID(), bytes.NewReader(file), int64(len(file)), "", "", s3.PutObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
}
