package clamd_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"preau/api/attachment/clamd"
)

// A false daemon says what it says after so many bytes of the question.
type falsity struct {
	after int    // bytes that it reads first; -1: all
	says  string // "": nothing
	stays bool   // does not hang up
}

// run answers at an address until the test ends.
func (f falsity) run(t *testing.T) *clamd.Daemon {
	t.Helper()
	at, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() { _ = at.Close(); <-ended })
	go func() {
		defer close(ended)
		for {
			conn, err := at.Accept()
			if err != nil {
				return
			}
			f.answer(conn)
		}
	}()
	d := parse(t, "tcp://"+at.Addr().String())
	clamd.Hurry(d, 300*time.Millisecond)
	return d
}

func (f falsity) answer(conn net.Conn) {
	defer conn.Close()
	if f.after < 0 {
		readAll(conn)
	} else {
		_, _ = io.CopyN(io.Discard, conn, int64(f.after))
	}
	_, _ = io.WriteString(conn, f.says)
	if f.stays {
		_, _ = io.Copy(io.Discard, conn) // until the other hangs up
	}
}

// readAll reads a question of INSTREAM to the chunk of no length.
func readAll(conn net.Conn) {
	_, _ = io.CopyN(io.Discard, conn, int64(len("zINSTREAM\x00")))
	for size := make([]byte, 4); ; {
		if _, err := io.ReadFull(conn, size); err != nil || bytes.Equal(size, make([]byte, 4)) {
			return
		}
		n := int64(size[0])<<24 | int64(size[1])<<16 | int64(size[2])<<8 | int64(size[3])
		if _, err := io.CopyN(io.Discard, conn, n); err != nil {
			return
		}
	}
}

// Nothing that a broken or false daemon does passes for "clean".
func TestHostileDaemon(t *testing.T) {
	const all = -1
	for name, f := range map[string]falsity{
		"garbage":              {all, "\x7fELF\x02\x01\x00", false},
		"another protocol":     {all, "HTTP/1.1 200 OK\r\n\r\n\x00", false},
		"nothing, stays":       {all, "", true},
		"nothing, hangs up":    {all, "", false},
		"hangs up at once":     {0, "", false},
		"hangs up in the file": {100_000, "", false},
		"stops reading":        {100_000, "", true},
		"OK without an end":    {all, "stream: OK", false},
		"OK that stays open":   {all, "stream: OK", true},
		"OK of something else": {all, "/etc/passwd: OK\x00", false},
		"OK and more":          {all, "stream: OK or not\x00", false},
		"ok":                   {all, "stream: ok\x00", false},
		"empty":                {all, "\x00", false},
		"finding of no name":   {all, "stream:  FOUND\x00", false},
		"error":                {all, "stream: Can't allocate memory ERROR\x00", false},
		"endless":              {all, strings.Repeat("stream: OK ", 10_000), true},
		"OK before the end":    {100_000, "stream: OK\x00", false},
		"OK too early, stays":  {100_000, "stream: OK\x00", true},
		"FOUND too early":      {100_000, "stream: X FOUND\x00", true},
	} {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			finding, err := f.run(t).Scan(t.Context(), slowly{bytes.NewReader(make([]byte, 2<<20))})
			if err == nil || finding != "" {
				t.Errorf("%q, %v", finding, err)
			}
			if took := time.Since(begun); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// slowly gives a daemon time to say something before the end.
type slowly struct{ io.Reader }

func (s slowly) Read(p []byte) (int, error) {
	time.Sleep(2 * time.Millisecond)
	return s.Reader.Read(p)
}

func TestWhoeverAsksMayGiveUp(t *testing.T) {
	d := falsity{-1, "", true}.run(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := d.Scan(ctx, strings.NewReader("x")); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestVersionAndPingAreNoNonsense(t *testing.T) {
	d := falsity{5, "220 smtp.example ESMTP\x00", false}.run(t)
	if err := d.Ping(t.Context()); err == nil {
		t.Error("a mail server passes for clamd")
	}
	if said, err := d.Version(t.Context()); err == nil {
		t.Errorf("a mail server is %s", said)
	}
}
