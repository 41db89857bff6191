package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"preau/api/transfer/transfertest"
	"preau/cmd/preau/demo"
	"preau/storage/disk"
	"preau/storage/sqlite"
)

// cargo is a file that is made up while it is read; no two blocks are alike.
type cargo struct {
	seed uint64
	size int64
}

const cargoBlock = 64 << 10

// ReadAt implements [io.ReaderAt].
func (c cargo) ReadAt(p []byte, at int64) (n int, err error) {
	var block [cargoBlock]byte
	for n < len(p) && at < c.size {
		var seed [32]byte
		binary.LittleEndian.PutUint64(seed[:], c.seed)
		binary.LittleEndian.PutUint64(seed[8:], uint64(at/cargoBlock))
		_, _ = rand.NewChaCha8(seed).Read(block[:]) // never fails
		more := copy(p[n:min(len(p), n+int(c.size-at))], block[at%cargoBlock:])
		n, at = n+more, at+int64(more)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (c cargo) sum() string {
	h := sha256.New()
	_, _ = io.Copy(h, io.NewSectionReader(c, 0, c.size)) // never fails
	return fmt.Sprintf("%x", h.Sum(nil))
}

// voyage is how long a way a file has: PREAU_SOAK_TRANSFER, in MB.
func voyage(t *testing.T) (c cargo, cuts, kills int) {
	text := os.Getenv("PREAU_SOAK_TRANSFER")
	if text == "" {
		return cargo{1, 24 << 20}, 10, 3
	}
	mb, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return cargo{1, mb << 20}, 50, 10
}

// mostMemory is how much more a server may take than when it has nothing to do.
const mostMemory = 64 << 20

// W3, W4, W6: a file is sent over a line that is cut again and again, to a
// server that is killed again and again, also while it puts the file away, and
// fetched in the same way by a link. It arrives as it was sent, and the server
// takes no more memory than for a small one.
func TestALargeFileArrives(t *testing.T) {
	file, cuts, kills := voyage(t)
	s := newFreighter(t)
	sum := file.sum()
	begun := time.Now()
	s.open(file)
	s.send(file, breaks(file.size, cuts, kills-2))
	sent := time.Since(begun)
	s.restart() // as one does, before it is fetched
	begun = time.Now()
	if got := s.fetch(file.size, breaks(file.size, cuts/2, 1)); got != sum {
		t.Errorf("fetched %s, sent %s", got, sum)
	}
	fetched := time.Since(begun)
	s.kill(s.p)
	s.audit()
	mb := float64(file.size) / (1 << 20)
	t.Logf("%.0f MB over %d cuts and %d kills: sent in %.1f s (%.0f MB/s, %.1f MB sent again), fetched in %.1f s (%.0f MB/s); the server took at most %.1f MB of memory, %.1f at rest",
		mb, s.cuts, s.kills, sent.Seconds(), mb/sent.Seconds(), float64(s.again)/(1<<20), fetched.Seconds(), mb/fetched.Seconds(), float64(s.most)/(1<<20), float64(s.rest)/(1<<20))
	if s.most-s.rest > mostMemory {
		t.Errorf("the server grew from %d to %d bytes", s.rest, s.most)
	}
}

// breakAt is where a connection is cut, or the server killed.
type breakAt struct {
	at   int64
	kill bool
}

// breaks are places in a file, in their order.
func breaks(size int64, cuts, kills int) (all []breakAt) {
	rnd := rand.New(rand.NewPCG(7, uint64(size)))
	for n := range cuts + kills {
		all = append(all, breakAt{rnd.Int64N(size-2) + 1, n < kills})
	}
	slices.SortFunc(all, func(a, b breakAt) int { return cmp.Compare(a.at, b.at) })
	return all
}

// freighter is a teacher who sends a file to a server of the demonstration's
// school, whatever happens to it.
type freighter struct {
	*school
	user
	p           *process
	rest, most  int64 // memory of the server: soon after its start, and at most
	cuts, kills int
	again       int64 // bytes that were sent more than once
	link, path  string
	sealed      bool // it was killed while it put the file away
	watched     context.CancelFunc
}

func newFreighter(t *testing.T) *freighter {
	t.Helper()
	s := &freighter{school: &school{T: t, data: t.TempDir()}}
	s.start()
	s.user = s.signIn(s.p, "teacher")
	t.Cleanup(func() { s.watched() })
	return s
}

// start starts the server and watches its memory.
func (s *freighter) start() {
	s.Helper()
	s.p = startProcess(s.T, s.data, strings.Fields(demoArgs)...)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan [2]int64, 1)
	go func() {
		rest, most := memory(ctx, s.p.cmd.Process.Pid)
		done <- [2]int64{rest, most}
	}()
	s.watched = func() {
		stop()
		if took := <-done; took[1]-took[0] >= s.most-s.rest {
			s.rest, s.most = took[0], took[1]
		}
		s.watched = func() {}
	}
}

// memory is the resident memory of a process, soon after its start and at most.
func memory(ctx context.Context, pid int) (rest, most int64) {
	for n := 0; ; n++ {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
		if err != nil {
			return rest, most
		}
		pages, _ := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
		most = max(most, pages*int64(os.Getpagesize()))
		if n < 5 {
			rest = most
		}
		select {
		case <-ctx.Done():
			return rest, most
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *freighter) restart() {
	s.Helper()
	s.kill(s.p)
	s.watched()
	s.start()
}

func (s *freighter) open(file cargo) {
	s.Helper()
	s.link = "/t/" + strings.Repeat("f", 22)
	s.must(s.mutate(1, "transfer.open@1", fmt.Sprintf(`{"id":"transfer-freight","secret":%q,"title":"Film","days":7,"files":[{"name":"Film de la sortie.mp4","type":"video/mp4","size":%d}]}`,
		strings.TrimPrefix(s.link, "/t/"), file.size)))
	pair := func(name, value string) string { return name + " " + base64.StdEncoding.EncodeToString([]byte(value)) }
	res, answer, err := s.call("POST", "http://"+s.p.addr+"/api/uploads", http.Header{
		"Tus-Resumable": {"1.0.0"}, "Upload-Length": {strconv.FormatInt(file.size, 10)},
		"Upload-Metadata": {pair("use", "transfer") + "," + pair("transfer", "transfer-freight") + "," + pair("part", "0")},
	}, "")
	if s.path = res.Header.Get("Location"); err != nil || s.path == "" {
		s.Fatalf("%v %s", err, answer)
	}
}

func (s *freighter) mutate(k int, name, args string) error {
	status, answer, err := s.sync(s.p.addr, fmt.Sprintf(`"mutations":[{"scope":"user:%s","k":%d,"name":%q,"at":%d,"args":%s}]`, demo.User("teacher"), k, name, time.Now().UnixMilli(), args))
	if err != nil {
		return err
	}
	var said struct{ Results []struct{ OK bool } }
	if err := json.Unmarshal(answer, &said); err != nil || len(said.Results) != 1 || !said.Results[0].OK {
		return wrong("%s: %d %s", name, status, answer)
	}
	return nil
}

var errCut = errors.New("the line was cut")

// line is a body that breaks somewhere.
type line struct {
	io.Reader
	left int64 // -1: it never breaks
}

func (l *line) Read(p []byte) (int, error) {
	if l.left == 0 {
		return 0, errCut
	}
	if l.left > 0 {
		p = p[:min(int64(len(p)), l.left)]
	}
	n, err := l.Reader.Read(p)
	if l.left > 0 {
		l.left -= int64(n)
	}
	return n, err
}

// send sends a file from where the server has it, until it has all.
func (s *freighter) send(file cargo, all []breakAt) {
	s.Helper()
	for at := int64(0); at < file.size; {
		next, rest := after(all, at)
		all = rest
		l := &line{Reader: io.NewSectionReader(file, at, file.size-at), left: -1}
		if next.at > 0 {
			l.left = next.at - at
		}
		s.patch(l, at, file.size-at)
		s.broke(next)
		stands := s.stands()
		if stands < at || stands > file.size {
			s.Fatalf("it stood at %d, and then at %d", at, stands)
		}
		s.again += max(0, next.at-stands)
		at = stands
	}
}

// after is the next place behind at, if there is one, and those behind it.
func after(all []breakAt, at int64) (next breakAt, rest []breakAt) {
	for n, b := range all {
		if b.at > at {
			return b, all[n+1:]
		}
	}
	return breakAt{}, nil
}

// broke counts, and kills.
func (s *freighter) broke(b breakAt) {
	s.Helper()
	switch {
	case b.kill:
		s.kills++
		s.restart()
	case b.at > 0:
		s.cuts++
	}
}

// patch sends what l holds. The last piece is sent to a server that is killed
// soon after.
func (s *freighter) patch(l *line, at, size int64) {
	s.Helper()
	if l.left < 0 && !s.sealed {
		s.sealed = true
		p := s.p
		l.Reader = io.MultiReader(l.Reader, &onEnd{func() {
			time.AfterFunc(time.Duration(size/64)*time.Nanosecond, func() { _ = p.cmd.Process.Kill() })
		}})
	}
	req, err := http.NewRequest(http.MethodPatch, "http://"+s.p.addr+s.path, l)
	if err != nil {
		s.Fatal(err)
	}
	req.ContentLength = size
	req.Header = http.Header{
		"Tus-Resumable": {"1.0.0"}, "Upload-Offset": {strconv.FormatInt(at, 10)},
		"Content-Type": {"application/offset+octet-stream"}, "Cookie": {s.cookie},
	}
	res, err := plainClient().Do(req)
	if err != nil {
		return // it is asked where it stands
	}
	defer res.Body.Close()
	if res.StatusCode >= 500 {
		s.Fatalf("after %d bytes: %d", at, res.StatusCode)
	}
}

// onEnd does something when all was read.
type onEnd struct{ do func() }

func (e *onEnd) Read([]byte) (int, error) {
	if e.do != nil {
		e.do()
		e.do = nil
	}
	return 0, io.EOF
}

// stands asks where the upload stands, of a server that may have to be started.
func (s *freighter) stands() int64 {
	s.Helper()
	for range 100 {
		res, answer, err := s.call("HEAD", "http://"+s.p.addr+s.path, http.Header{"Tus-Resumable": {"1.0.0"}}, "")
		if err != nil {
			<-s.p.done
			s.kills++
			s.watched()
			s.start()
			continue
		}
		if at, err := strconv.ParseInt(res.Header.Get("Upload-Offset"), 10, 64); err == nil {
			return at
		}
		if res.StatusCode != http.StatusLocked && res.StatusCode != http.StatusServiceUnavailable {
			s.Fatalf("%d %s", res.StatusCode, answer)
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.Fatal("the upload is locked for good")
	return 0
}

// fetch gets the file by its link, in ranges, over a line that breaks; it
// returns the SHA-256.
func (s *freighter) fetch(size int64, all []breakAt) string {
	s.Helper()
	h := sha256.New()
	for at := int64(0); at < size; {
		next, rest := after(all, at)
		all = rest
		at += s.get(h, at, cmp.Or(next.at, size))
		s.broke(next)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// get reads a range from at, and hangs up when it has come to a byte.
func (s *freighter) get(h hash.Hash, at, to int64) int64 {
	s.Helper()
	req, err := http.NewRequest(http.MethodGet, "http://"+s.p.addr+s.link+"/0", nil)
	if err != nil {
		s.Fatal(err)
	}
	req.Header.Set("Range", fmt.Sprintf("bytes=%d-", at))
	res, err := plainClient().Do(req)
	if err != nil {
		s.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusPartialContent && (at > 0 || res.StatusCode != http.StatusOK) {
		s.Fatalf("bytes %d- are answered %d", at, res.StatusCode)
	}
	got, err := io.CopyN(h, res.Body, to-at)
	if err != nil {
		s.Fatalf("after %d of %d bytes: %v", got, to-at, err)
	}
	return got
}

// audit holds what must be true of the transfers that a server left.
func (s *school) audit() {
	s.Helper()
	for _, what := range s.audited() {
		s.Error(what)
	}
}

func (s *school) audited() []string {
	s.Helper()
	records, err := sqlite.Open(s.Context(), filepath.Join(s.data, "preau.db"), sqlite.Options{})
	if err != nil {
		s.Fatal(err)
	}
	defer records.Close()
	blobs, err := disk.Open(filepath.Join(s.data, "blobs"))
	if err != nil {
		s.Fatal(err)
	}
	defer blobs.Close()
	wrong, err := transfertest.Audit(s.Context(), records, blobs)
	if err != nil {
		s.Fatal(err)
	}
	return wrong
}
