package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"preau/storage"
	"preau/storage/sqlite"
)

func killRounds() int {
	if n, err := strconv.Atoi(os.Getenv("PREAU_KILL_ROUNDS")); err == nil {
		return n
	}
	return 3
}

// killGeneration is how many kills one school lives through.
const killGeneration = 20

// The server is killed while teachers give homework and a pupil uploads. What
// was answered is there once, and so is what had to follow from it; who got no
// answer asks again, as a device does.
func TestNothingIsLostWhenKilled(t *testing.T) {
	left, acted, uploaded := killRounds(), 0, 0
	for left > 0 {
		rounds := min(left, killGeneration)
		left -= rounds
		s := newSchool(t)
		for range rounds {
			s.live()
		}
		s.settle()
		acted += s.acted()
		uploaded += len(s.pupil.whole)
	}
	t.Logf("kill -9 of the server: %d rounds, %d actions acknowledged, 0 lost, 0 doubled, every effect carried out, %d uploads whole",
		killRounds(), acted, uploaded)
}

// school is a data folder and those who use it, whatever happens to the server.
type school struct {
	*testing.T
	data     string
	teachers []*lane
	pupil    *uploader
}

const (
	killCourse = "course:gvpu37l4sp2t" // French of the demonstration's 5e B
	killClass  = "class:3r6qhmqcwpr5"
)

func newSchool(t *testing.T) *school {
	t.Helper()
	s := &school{T: t, data: t.TempDir()}
	p := startProcess(t, s.data, strings.Fields(demoArgs)...)
	for range 3 {
		s.teachers = append(s.teachers, &lane{user: s.signIn(p, "teacher")})
	}
	s.pupil = &uploader{user: s.signIn(p, "student")}
	s.kill(p)
	return s
}

// user is a session on a device.
type user struct{ cookie, device string }

func (s *school) signIn(p *process, who string) user {
	s.Helper()
	res, err := http.Post("http://"+p.addr+"/api/session", "application/json", strings.NewReader(`{"demo":"`+who+`"}`))
	if err != nil {
		s.Fatal(err)
	}
	defer res.Body.Close()
	var u struct{ Device string }
	if err := json.NewDecoder(res.Body).Decode(&u); err != nil || u.Device == "" {
		s.Fatalf("sign in: %d, %v", res.StatusCode, err)
	}
	for _, c := range res.Cookies() {
		if c.Name == "__Host-preau" {
			return user{c.Name + "=" + c.Value, u.Device}
		}
	}
	s.Fatal("no cookie")
	return user{}
}

func (s *school) kill(p *process) {
	s.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		s.Fatal(err)
	}
	<-p.done
}

// live lets everybody work until the server is killed.
func (s *school) live() {
	s.Helper()
	p := startProcess(s.T, s.data, strings.Fields(demoArgs)...)
	var all sync.WaitGroup
	work := func(do func(addr string) error) {
		all.Go(func() {
			for {
				if err := do(p.addr); errors.Is(err, errWrong) {
					s.Error(err)
					return
				} else if err != nil {
					return
				}
			}
		})
	}
	for _, l := range s.teachers {
		work(l.give)
	}
	work(s.pupil.send)
	time.Sleep(time.Duration(mathrand.Int64N(int64(700 * time.Millisecond))))
	s.kill(p)
	all.Wait()
	if s.Failed() {
		s.FailNow()
	}
}

// errWrong is what a server must never answer, killed or not.
var errWrong = errors.New("wrong answer")

func wrong(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errWrong, fmt.Sprintf(format, args...))
}

// call makes a request; an error other than errWrong says that the server is gone.
func (u user) call(method, url string, header http.Header, body string) (*http.Response, []byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	maps.Copy(req.Header, header)
	req.Header.Set("Cookie", u.cookie)
	res, err := plainClient().Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, nil, err
	}
	if res.StatusCode == http.StatusInternalServerError {
		return res, answer, wrong("%s %s: 500 %s", method, url, answer)
	}
	if res.StatusCode == http.StatusServiceUnavailable && res.Header.Get("Retry-After") == "" {
		return res, answer, wrong("%s %s: 503, and not when to come again: %s", method, url, answer)
	}
	return res, answer, nil
}

// sync sends what a device sends.
func (u user) sync(addr, rest string) (status int, answer []byte, err error) {
	body := `{"v":1,"schema":1,"device":"` + u.device + `",` + rest + `}`
	res, answer, err := u.call("POST", "http://"+addr+"/api/sync", http.Header{"Content-Type": {"application/json"}}, body)
	if err != nil {
		return 0, nil, err
	}
	return res.StatusCode, answer, nil
}

// lane is a teacher who gives homework on one device, one after another.
type lane struct {
	user
	given []string // acknowledged; the next is number len+1 of the lane
	next  string   // sent and not answered yet
}

func (l *lane) give(addr string) error {
	if l.next == "" {
		l.next = newUUID()
	}
	k := len(l.given) + 1
	status, answer, err := l.sync(addr, l.mutation(k))
	if err != nil || status == http.StatusServiceUnavailable {
		return err
	}
	var said struct {
		Results []struct {
			OK    bool
			Error json.RawMessage
			Gap   int64
		}
	}
	if err := json.Unmarshal(answer, &said); err != nil || len(said.Results) != 1 || !said.Results[0].OK {
		return wrong("homework %d of a lane: %d %s", k, status, answer)
	}
	l.given, l.next = append(l.given, l.next), ""
	return nil
}

func (l *lane) mutation(k int) string {
	due := time.Now().Add(72 * time.Hour).UTC().Format(time.RFC3339)
	return fmt.Sprintf(`"mutations":[{"scope":%q,"k":%d,"name":"homework.give@1","at":%d,"args":{"id":%q,"title":"Lire",`+
		`"text":"","due":%q,"return":"none","late":"accept","attachments":[]}}]`, killCourse, k, time.Now().UnixMilli(), l.next, due)
}

func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// uploader sends files in pieces and goes on where the server stands.
type uploader struct {
	user
	file  []byte
	path  string   // "": not begun
	acked int      // bytes
	lost  bool     // an answer: ask where it stands
	whole []string // names of files
	later int      // requests told to come again
}

const (
	uploadSize  = 200_000
	uploadPiece = 20_000
	pdfEnd      = "\nstartxref\n0\n%%EOF\n"
)

func (u *uploader) send(addr string) error {
	at := "http://" + addr
	if u.path == "" {
		return u.begin(at)
	}
	if u.lost {
		return u.ask(at)
	}
	u.lost = true
	res, answer, err := u.piece(at, uploadPiece, true)
	if err != nil || u.comeAgain(res) {
		return err
	}
	return u.stands(res, answer)
}

// comeAgain counts what cannot be done now.
func (u *uploader) comeAgain(res *http.Response) bool {
	if res.StatusCode != http.StatusServiceUnavailable {
		return false
	}
	u.later++
	return true
}

// piece sends some bytes from where the upload stands.
func (u *uploader) piece(at string, most int, check bool) (*http.Response, []byte, error) {
	piece := u.file[u.acked:min(len(u.file), u.acked+most)]
	header := http.Header{
		"Tus-Resumable": {"1.0.0"}, "Upload-Offset": {strconv.Itoa(u.acked)}, "Content-Type": {"application/offset+octet-stream"},
	}
	if check {
		sum := sha256.Sum256(piece)
		header.Set("Upload-Checksum", "sha256 "+base64.StdEncoding.EncodeToString(sum[:]))
	}
	return u.call("PATCH", at+u.path, header, string(piece))
}

func (u *uploader) begin(at string) error {
	if u.file == nil {
		u.file = newDocument()
	}
	sum := sha256.Sum256(u.file)
	pair := func(name, value string) string { return name + " " + base64.StdEncoding.EncodeToString([]byte(value)) }
	res, answer, err := u.call("POST", at+"/api/uploads", http.Header{
		"Tus-Resumable": {"1.0.0"}, "Upload-Length": {strconv.Itoa(uploadSize)},
		"Upload-Metadata": {pair("use", "submission") + "," + pair("sha256", hex.EncodeToString(sum[:]))},
	}, "")
	if err != nil || u.comeAgain(res) {
		return err
	}
	if u.path = res.Header.Get("Location"); u.path == "" {
		return wrong("a new upload: %d %s", res.StatusCode, answer)
	}
	u.acked, u.lost = 0, false
	return nil
}

// newDocument looks like a PDF, to a server that does not draw it.
func newDocument() []byte {
	file := make([]byte, uploadSize)
	_, _ = rand.Read(file) // never fails
	copy(file, "%PDF-1.4\n")
	copy(file[uploadSize-len(pdfEnd):], pdfEnd)
	return file
}

// nameOf is what a file is called by its content.
func nameOf(file []byte) string {
	sum := sha256.Sum256(file)
	return "sha256-" + hex.EncodeToString(sum[:])
}

func (u *uploader) ask(at string) error {
	res, answer, err := u.call("HEAD", at+u.path, http.Header{"Tus-Resumable": {"1.0.0"}}, "")
	if err != nil || u.comeAgain(res) {
		return err
	}
	return u.stands(res, answer)
}

// stands takes note of an answer that says where the upload stands.
func (u *uploader) stands(res *http.Response, answer []byte) error {
	if res.StatusCode == http.StatusConflict || res.StatusCode == http.StatusLocked {
		return nil // an earlier request of ours is still writing, maybe at another node
	}
	offset, err := strconv.Atoi(res.Header.Get("Upload-Offset"))
	if err != nil || offset < u.acked || res.StatusCode >= 300 {
		return wrong("an upload that stood at %d: %d %q %s", u.acked, res.StatusCode, res.Header.Get("Upload-Offset"), answer)
	}
	u.acked, u.lost = offset, false
	if offset == uploadSize {
		u.whole = append(u.whole, nameOf(u.file))
		u.path, u.file = "", nil
	}
	return nil
}

func (s *school) acted() (n int) {
	for _, l := range s.teachers {
		n += len(l.given)
	}
	return n
}

// settle waits until the class has all that was given, and counts in the logs.
func (s *school) settle() {
	s.Helper()
	p := startProcess(s.T, s.data, strings.Fields(demoArgs)...)
	for _, l := range s.teachers {
		if l.next != "" {
			if err := l.give(p.addr); err != nil {
				s.Fatal(err)
			}
		}
	}
	for range 600 { // the effects of all rounds may still be on their way
		if s.inClass(p.addr) >= s.acted() {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.kill(p)
	for scope, most := range map[string]int{killCourse: 1, killClass: 1} {
		times := s.count(scope)
		for _, l := range s.teachers {
			for k, id := range l.given {
				if times[id] < 1 || times[id] > most {
					s.Errorf("homework %d of lane %s is %d times in the log of %s", k+1, l.device, times[id], scope)
				}
			}
		}
	}
}

// inClass is how many of the homeworks given a pupil can read.
func (s *school) inClass(addr string) (n int) {
	s.Helper()
	_, answer, err := s.pupil.sync(addr, `"cursors":{"`+killClass+`":[0,0,0]},"budget":1000000`)
	if err != nil {
		s.Fatal(err)
	}
	for _, l := range s.teachers {
		for _, id := range l.given {
			if strings.Contains(string(answer), id) {
				n++
			}
		}
	}
	return n
}

// count tells how often each homework was written in a scope.
func (s *school) count(scope string) map[string]int {
	s.Helper()
	r, err := sqlite.Open(s.Context(), filepath.Join(s.data, "preau.db"), sqlite.Options{})
	if err != nil {
		s.Fatal(err)
	}
	defer r.Close()
	if err := r.Check(s.Context()); err != nil {
		s.Fatal(err)
	}
	tails, err := r.Tails(s.Context(), []storage.Position{{Scope: scope}}, 1<<30)
	if err != nil {
		s.Fatal(err)
	}
	times := map[string]int{}
	for _, e := range tails[0].Entries {
		for _, o := range e.Ops {
			if o.Type == "homework" {
				times[o.ID]++
			}
		}
	}
	return times
}
