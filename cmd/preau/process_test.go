package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The test program is the server itself when asked to be.
func TestMain(m *testing.M) {
	if os.Getenv("PREAU_TEST_MAIN") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is a server in a process of its own.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	addr string
	done chan error
	said *journal
}

// journal is what a process writes to its log.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
}

// with gives the lines that hold a text.
func (j *journal) with(text string) (found []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, line := range j.lines {
		if strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}

var served = regexp.MustCompile(`msg=serving address=http://(\S+)`)

func startProcess(t *testing.T, data string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(or(os.Getenv("PREAU_TEST_PROGRAM"), os.Args[0]), args...), done: make(chan error, 1), said: &journal{}}
	p.cmd.Env = append(os.Environ(), "PREAU_TEST_MAIN=1", "PREAU_DATA="+data, "PREAU_ADDR=127.0.0.1:0")
	out, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	lines := bufio.NewScanner(out)
	for p.addr == "" && lines.Scan() {
		p.said.add(lines.Text())
		if m := served.FindStringSubmatch(lines.Text()); m != nil {
			p.addr = m[1]
		}
	}
	if p.addr == "" {
		t.Fatalf("the server did not start: %q", p.said.lines)
	}
	go func() {
		for lines.Scan() {
			p.said.add(lines.Text())
		}
		p.done <- p.cmd.Wait()
	}()
	return p
}

func (p *process) send(method, path, body string, header http.Header) *http.Response {
	p.t.Helper()
	req, err := http.NewRequest(method, "http://"+p.addr+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header = header
	res, err := plainClient().Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	res.Body.Close()
	return res
}

// signIn uses the demonstration: no password is needed.
func (p *process) signIn() http.Header {
	p.t.Helper()
	res := p.send("POST", "/api/session", `{"demo":"student"}`, http.Header{"Content-Type": {"application/json"}})
	for _, c := range res.Cookies() {
		if c.Name == "__Host-preau" {
			return http.Header{"Cookie": {c.Name + "=" + c.Value}, "Tus-Resumable": {"1.0.0"}}
		}
	}
	p.t.Fatalf("sign in: %d", res.StatusCode)
	return nil
}

// with is a header and more.
func with(h http.Header, pairs ...string) http.Header {
	more := h.Clone()
	for i := 0; i < len(pairs); i += 2 {
		more.Set(pairs[i], pairs[i+1])
	}
	return more
}

const demoArgs = "demo -size small"

// An upload whose server is killed in the middle goes on where the bytes on
// disk end.
func TestUploadSurvivesKill(t *testing.T) {
	const size, sent = 200_000, 70_000
	data := t.TempDir()
	p := startProcess(t, data, strings.Fields(demoArgs)...)
	session := p.signIn()
	use := "use " + base64.StdEncoding.EncodeToString([]byte("submission"))
	path := p.send("POST", "/api/uploads", "", with(session, "Upload-Length", fmt.Sprint(size), "Upload-Metadata", use)).Header.Get("Location")
	conn, err := net.Dial("tcp", p.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "PATCH %s HTTP/1.1\r\nHost: a\r\nCookie: %s\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"+
		"Content-Type: application/offset+octet-stream\r\nContent-Length: %d\r\n\r\n%s", path, session.Get("Cookie"), size, strings.Repeat("x", sent))
	pieces := filepath.Join(data, "uploads", "*."+filepath.Base(path)+".at.*")
	waitFor(t, func() bool {
		found, _ := filepath.Glob(pieces)
		if len(found) != 1 {
			return false
		}
		info, err := os.Stat(found[0])
		return err == nil && info.Size() == sent
	})
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.done

	again := startProcess(t, data, strings.Fields(demoArgs)...)
	if at := again.send("HEAD", path, "", session).Header.Get("Upload-Offset"); at != fmt.Sprint(sent) {
		t.Fatalf("the upload stands at %q", at)
	}
	rest := with(session, "Upload-Offset", fmt.Sprint(sent), "Content-Type", "application/offset+octet-stream")
	if res := again.send("PATCH", path, strings.Repeat("x", size-sent), rest); res.StatusCode != 204 {
		t.Errorf("the rest: %d", res.StatusCode)
	}
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for range 500 {
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it never came")
}

// Asked to stop, the server says goodbye to live connections, ends well, and
// soon.
func TestStopsWhenAsked(t *testing.T) {
	p := startProcess(t, t.TempDir(), strings.Fields(demoArgs)...)
	rest := p.listen(p.signIn())
	begun := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if last := rest(); last != "event: bye" {
		t.Errorf("the last event is %q", last)
	}
	if err := <-p.done; err != nil {
		t.Errorf("it ended with %v", err)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}
