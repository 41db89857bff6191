package faults

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestServerPowerLoss turns the power off under the whole server: sessions,
// keys, what a teacher gave and what follows from it.
func TestServerPowerLoss(t *testing.T) {
	all, gave := rounds("PREAU_SERVER_ROUNDS", 2), 0
	c := &campus{T: t, bin: builtServer(t)}
	for round := range all {
		if round%generation == 0 {
			gave += len(c.given)
			*c = campus{T: t, bin: c.bin, disk: &Disk{}}
		}
		c.live(round)
		c.check()
	}
	t.Logf("power loss of the server: %d rounds, %d actions acknowledged, 0 lost, 0 doubled, session and keys kept", all, gave+len(c.given))
}

const (
	course = "course:gvpu37l4sp2t" // French of the demonstration's 5e B
	class  = "class:3r6qhmqcwpr5"
)

// campus is a server, its disk and a teacher who gives homework.
type campus struct {
	*testing.T
	bin    string
	disk   *Disk
	cookie string
	device string
	given  []string // acknowledged: homework k of the lane is given[k-1]
	next   string   // sent and not answered yet
}

var serving = regexp.MustCompile(`msg=serving address=(\S+)`)

// start runs a server on the data below dir; addr is "" when it does not serve.
func (c *campus) start(dir string) (cmd *exec.Cmd, addr string) {
	c.Helper()
	cmd = exec.Command(c.bin, "demo", "-size", "small")
	cmd.Env = append(os.Environ(), "PREAU_DATA="+filepath.Join(dir, "school", "data"), "PREAU_ADDR=127.0.0.1:0")
	log, err := cmd.StderrPipe()
	if err != nil {
		c.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() { _ = cmd.Process.Kill() }) // of a test that gives up
	said := ""
	for lines := bufio.NewScanner(log); lines.Scan(); {
		said += lines.Text() + "\n"
		if m := serving.FindStringSubmatch(lines.Text()); m != nil {
			go func() { _, _ = io.Copy(io.Discard, log) }()
			return cmd, m[1]
		}
	}
	_ = cmd.Wait()
	c.Log("not serving: ", said)
	return cmd, ""
}

// boot mounts the disk and starts a server on it. Call unmount when it has
// ended.
func (c *campus) boot() (cmd *exec.Cmd, addr string, unmount func()) {
	c.Helper()
	dir := c.TempDir()
	eject, err := c.disk.Mount(dir)
	if err != nil {
		c.Fatal(err)
	}
	unmount = func() {
		if err := eject(); err != nil {
			c.Error(err)
		}
	}
	if cmd, addr = c.start(dir); addr == "" {
		unmount()
		c.Fatal("the server does not start on what is left of its disk")
	}
	return cmd, addr, unmount
}

// live lets the teacher work until the power fails.
func (c *campus) live(round int) {
	c.Helper()
	cmd, addr, unmount := c.boot()
	defer unmount()
	l := &life{T: c.T, disk: c.disk}
	cut := l.cutAfter(1 + mathrand.Int64N(2500))
	go func() {
		<-cut
		_ = cmd.Process.Kill()
	}()
	var err error
	for err == nil {
		err = c.act(addr)
	}
	select {
	case <-cut:
	case <-time.After(10 * time.Second):
		c.Error("the server failed before its power: ", err)
		_ = cmd.Process.Kill()
	}
	_ = cmd.Wait()
	var torn *mathrand.Rand
	if round%2 == 1 {
		torn = mathrand.New(mathrand.NewPCG(mathrand.Uint64(), mathrand.Uint64()))
	}
	c.disk = c.disk.Left(torn)
}

// check starts a server on a copy of what is left and asks it.
func (c *campus) check() {
	c.Helper()
	dir := filepath.Join(c.TempDir(), "left")
	if err := c.disk.Save(dir); err != nil {
		c.Fatal(err)
	}
	defer os.RemoveAll(dir)
	cmd, addr := c.start(dir)
	if addr == "" {
		c.Fatal("the server does not start after a power cut")
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	if c.cookie == "" {
		return
	}
	c.has(addr, course)
	c.has(addr, class)
}

// has waits until a scope has all that was acknowledged.
func (c *campus) has(addr, scope string) {
	c.Helper()
	for range 200 {
		_, body, err := c.call(addr, "/api/sync", c.request(`"cursors":{"`+scope+`":[0,0,0]},"budget":1000000`))
		if err != nil {
			c.Fatal(err)
		}
		if !slices.ContainsFunc(c.given, func(id string) bool { return !strings.Contains(body, id) }) {
			return
		}
		if scope == course {
			c.Fatalf("%d acknowledged, and not all in %s: %.300s", len(c.given), scope, body)
		}
		time.Sleep(50 * time.Millisecond) // its effect is on the way
	}
	c.Fatalf("%d acknowledged, and not all came to %s", len(c.given), scope)
}

// act signs in once, then gives one homework after another.
func (c *campus) act(addr string) error {
	if c.cookie == "" {
		return c.signIn(addr)
	}
	if c.next == "" {
		c.next = fmt.Sprintf("00000000-0000-4000-8000-%.12s", strings.ToLower(hexText()))
	}
	k := len(c.given) + 1
	due := time.Now().Add(72 * time.Hour).UTC().Format(time.RFC3339)
	_, body, err := c.call(addr, "/api/sync", c.request(fmt.Sprintf(`"mutations":[{"scope":%q,"k":%d,"name":"homework.give@1","at":1,`+
		`"args":{"id":%q,"title":"Lire","text":"","due":%q,"return":"none","late":"accept","attachments":[]}}]`, course, k, c.next, due)))
	if err != nil {
		return err
	}
	if !strings.Contains(body, `"ok":true`) {
		return fmt.Errorf("homework %d: %s", k, body)
	}
	c.given, c.next = append(c.given, c.next), ""
	return nil
}

func hexText() string {
	var b [6]byte
	_, _ = rand.Read(b[:])
	return fmt.Sprintf("%x", b)
}

func (c *campus) request(rest string) string {
	return `{"v":1,"schema":1,"device":"` + c.device + `",` + rest + `}`
}

func (c *campus) signIn(addr string) error {
	res, body, err := c.call(addr, "/api/session", `{"demo":"teacher"}`)
	if err != nil {
		return err
	}
	var u struct{ Device string }
	if err := json.Unmarshal([]byte(body), &u); err != nil {
		return err
	}
	for _, k := range res.Cookies() {
		if k.Name == "__Host-preau" {
			c.cookie, c.device = k.Name+"="+k.Value, u.Device
		}
	}
	return nil
}

// call posts JSON; an error says that the answer is no success.
func (c *campus) call(addr, path, body string) (*http.Response, string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, addr+path, strings.NewReader(body))
	if err != nil {
		return nil, "", err
	}
	req.Header = http.Header{"Content-Type": {"application/json"}, "Cookie": {c.cookie}}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= 300 {
		err = fmt.Errorf("%s: %d %s", path, res.StatusCode, answer)
	}
	return res, string(answer), err
}
