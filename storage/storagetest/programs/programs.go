// Package programs finds and runs the servers that tests talk to. `make
// servers` builds them into a folder that is kept.
package programs

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

const (
	toolsVar    = "PREAU_TEST_TOOLS"   // that folder, if it is another
	requiredVar = "PREAU_TEST_SERVERS" // "required": a missing server is a failure
)

// Find is the path of a program. Where it was not built the test is skipped,
// or fails if the servers are required.
func Find(t testing.TB, name string) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "preau", "tools")
	if other := os.Getenv(toolsVar); other != "" {
		dir = other
	}
	program := filepath.Join(dir, name)
	if _, err := os.Stat(program); err == nil {
		return program
	}
	return missing(t, fmt.Sprintf("%s is not in %s: run `make servers` once", name, dir))
}

// Installed is the path of a program of the system, which Debian has in a
// package. Where it is missing the test is skipped, or fails like Find.
func Installed(t testing.TB, name, debian string) string {
	t.Helper()
	if program, err := exec.LookPath(name); err == nil {
		return program
	}
	if program, err := exec.LookPath("/usr/sbin/" + name); err == nil { // not on everybody's PATH
		return program
	}
	return missing(t, fmt.Sprintf("%s is not installed: apt-get install %s", name, debian))
}

func missing(t testing.TB, what string) string {
	t.Helper()
	if os.Getenv(requiredVar) == "required" || os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
	return ""
}

// FreeAddr is a host and port of this machine at which nobody listens.
func FreeAddr(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// Launch starts a program that ends with this one, however that ends.
func Launch(t testing.TB, cmd *exec.Cmd) (ended <-chan error) {
	t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started, wait := make(chan error), make(chan error, 1)
	go func() {
		runtime.LockOSThread() // whose death is meant
		started <- cmd.Start()
		wait <- cmd.Wait()
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	return wait
}
