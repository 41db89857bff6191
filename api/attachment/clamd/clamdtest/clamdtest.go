// Package clamdtest runs a real ClamAV daemon for tests. It knows one virus, the
// harmless EICAR file, which every scanner knows.
package clamdtest

import (
	"bytes"
	"context"
	"encoding/hex"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"preau/api/attachment/clamd"
	"preau/storage/storagetest/programs"
)

// Finding is what the daemon calls EICAR.
const Finding = "Preau-Test.EICAR.UNOFFICIAL"

// MaxSize is the largest content that the daemon takes.
const MaxSize = 26 << 20

// EICAR is the file that it finds.
func EICAR() []byte { return clamd.EICAR() }

// Server is a daemon. Unix and TCP are where it listens, as a setting has it.
type Server struct {
	Unix, TCP string

	tb    testing.TB
	dir   string
	cmd   *exec.Cmd
	ended <-chan error
	said  bytes.Buffer
}

// Start runs a daemon until the test ends, with lines of clamd.conf that differ
// from what it should be.
func Start(tb testing.TB, settings ...string) *Server {
	tb.Helper()
	dir, err := os.MkdirTemp("", "clamd") // not tb.TempDir: names of sockets are short
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	tcp := programs.FreeAddr(tb)
	s := &Server{Unix: "unix:" + filepath.Join(dir, "socket"), TCP: "tcp://" + tcp, tb: tb, dir: dir}
	s.write("eicar.ndb", "Preau-Test.EICAR:0:*:"+hex.EncodeToString(EICAR())+"\n")
	s.write("clamd.conf", config(dir, tcp, settings))
	tb.Cleanup(func() {
		s.Stop()
		if tb.Failed() {
			tb.Logf("clamd said: %.4000s", s.said.String())
		}
	})
	s.Restart()
	return s
}

// config is what deploy/README.md asks for, at places of our own; settings come
// in the place of those of the same name.
func config(dir, tcp string, settings []string) string {
	host, port, _ := net.SplitHostPort(tcp) // FreeAddr made it
	lines := []string{
		"Foreground yes", "LocalSocket " + dir + "/socket", "TCPAddr " + host, "TCPSocket " + port,
		"DatabaseDirectory " + dir, "TemporaryDirectory " + dir,
		"StreamMaxLength " + strconv.Itoa(MaxSize), "AlertExceedsMax yes",
	}
	for _, s := range settings {
		name, _, _ := strings.Cut(s, " ")
		lines = slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, name+" ") })
	}
	return strings.Join(append(lines, settings...), "\n") + "\n"
}

func (s *Server) write(name, text string) {
	s.tb.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		s.tb.Fatal(err)
	}
}

// Restart runs the daemon again, after Stop, where it was.
func (s *Server) Restart() {
	s.tb.Helper()
	s.cmd = exec.Command(programs.Installed(s.tb, "clamd", "clamav-daemon"), "--config-file", filepath.Join(s.dir, "clamd.conf"))
	s.cmd.Stdout, s.cmd.Stderr = &s.said, &s.said
	s.ended = programs.Launch(s.tb, s.cmd)
	for _, address := range []string{s.Unix, s.TCP} {
		s.await(address)
	}
}

// await returns when the daemon answers.
func (s *Server) await(address string) {
	s.tb.Helper()
	daemon, err := clamd.Parse(address)
	if err != nil {
		s.tb.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(s.tb.Context(), time.Minute)
	defer cancel()
	for err = daemon.Ping(ctx); err != nil; err = daemon.Ping(ctx) {
		select {
		case <-s.ended:
			s.cmd = nil
			s.tb.Fatal("clamd ended")
		case <-ctx.Done():
			s.tb.Fatal(err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Stop kills the daemon.
func (s *Server) Stop() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	<-s.ended
	s.cmd = nil
}
