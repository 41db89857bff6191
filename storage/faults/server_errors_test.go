package faults

import (
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"
)

// TestServerErrors lets the disk of the whole server fail while a teacher
// gives homework. Who is refused is told to come again; the server
// goes on by itself when the disk does; then the power fails.
func TestServerErrors(t *testing.T) {
	all, gave, refused := rounds("PREAU_SERVER_ROUNDS", 2), 0, 0
	c := &campus{T: t, bin: builtServer(t)}
	for round := range all {
		if round%generation == 0 {
			gave += len(c.given)
			*c = campus{T: t, bin: c.bin, disk: &Disk{}}
		}
		refused += c.endure()
		c.check()
	}
	t.Logf("I/O errors of the server: %d rounds, %d actions acknowledged, %d refused with 503, 0 lost, 0 doubled, no restart",
		all, gave+len(c.given), refused)
}

// endure lives through a disk that fails for a while, and through a power cut.
func (c *campus) endure() (refused int) {
	c.Helper()
	cmd, addr, unmount := c.boot()
	defer unmount()
	c.goOn(addr, 5)
	over := c.fail()
	for !over() {
		if err := c.act(addr); err != nil {
			refused++
			c.wantLater(err)
			time.Sleep(5 * time.Millisecond)
		}
	}
	c.goOn(addr, 5)
	cut := make(chan struct{})
	c.disk.during(func(Op) syscall.Errno {
		c.disk.Cut() // and nothing is asked any more
		close(cut)
		return 0
	})
	_ = c.act(addr) // nobody hears the answer
	<-cut
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	c.disk = c.disk.Left(nil)
	return refused
}

// goOn gives homework, and wants that to succeed before long.
func (c *campus) goOn(addr string, n int) {
	c.Helper()
	for end := time.Now().Add(30 * time.Second); n > 0; {
		err := c.act(addr)
		if err == nil {
			n--
			continue
		}
		if time.Now().After(end) {
			c.Fatal("the server does not go on: ", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

var later = regexp.MustCompile(`: 503 \{"error":\{"code":"unavailable","message":"(come again|the server's disk (is full|fails))"`)

// wantLater wants a refusal that asks to come again.
func (c *campus) wantLater(err error) {
	c.Helper()
	if !later.MatchString(err.Error()) {
		c.Fatal("an unclear refusal: ", err)
	}
}

// fail lets all operations of a kind fail for a while, from now on.
func (c *campus) fail() (over func() bool) {
	kind := []Op{"", Write, Sync}[rand.N(3)]
	errno := []syscall.Errno{syscall.EIO, syscall.ENOSPC}[rand.N(2)]
	c.disk.during(func(op Op) syscall.Errno {
		if kind == "" || kind == op {
			return errno
		}
		return 0
	})
	end := time.Now().Add(rand.N(2 * time.Second))
	return func() bool {
		if time.Now().Before(end) {
			return false
		}
		c.disk.during(nil)
		return true
	}
}

// during sets the fault of a disk that is in use.
func (d *Disk) during(fault func(op Op) syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Fault = nil
	if fault != nil {
		d.Fault = func(op Op, _ string) syscall.Errno { return fault(op) }
	}
}

// builtServer is the server's program.
func builtServer(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "preau")
	if out, err := exec.Command("go", "build", "-C", "../..", "-o", bin, "./cmd/preau").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return bin
}
