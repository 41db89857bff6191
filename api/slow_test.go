package api_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"preau/api"
)

var impatient = api.Timeouts{Head: 200 * time.Millisecond, Read: 300 * time.Millisecond, Write: 300 * time.Millisecond, Idle: 400 * time.Millisecond}

// A client that sends a byte now and then does not keep its connection,
// whatever it is sending.
func TestSlowSendersAreLeft(t *testing.T) {
	e := serve(t, api.Deps{Timeouts: impatient, Routes: []api.Routes{echo}})
	endless := strings.Repeat("x", 1000)
	for name, request := range map[string]string{
		"nothing":      "",
		"head":         "GET /echo HTTP/1.1\r\nHost: a\r\nX: " + endless,
		"second head":  "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n|GET /echo HTTP/1.1\r\nHost: a\r\nX: " + endless,
		"body":         postHead + "Content-Length: 1000\r\n\r\n|" + endless,
		"chunked body": postHead + "Transfer-Encoding: chunked\r\n\r\n3E8\r\n|" + endless,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", e.addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			atOnce, slowly, _ := strings.Cut(request, "|")
			if slowly == "" {
				atOnce, slowly = "", request
			}
			begun := time.Now()
			go func() {
				_, _ = io.WriteString(conn, atOnce)
				for i := range len(slowly) {
					if _, err := conn.Write([]byte{slowly[i]}); err != nil {
						return
					}
					time.Sleep(20 * time.Millisecond)
				}
			}()
			_ = conn.SetReadDeadline(begun.Add(5 * time.Second))
			_, _ = io.Copy(io.Discard, conn)
			if took := time.Since(begun); took > 2*time.Second {
				t.Errorf("kept for %v", took)
			}
		})
	}
}

// One who takes an answer slowly keeps it, however long it is, as long as he
// takes some; one who takes nothing is left.
func TestSlowReaders(t *testing.T) {
	big := bytes.Repeat([]byte("préau!!!"), 4<<20)
	e := serve(t, api.Deps{Timeouts: impatient, Routes: []api.Routes{func(s *api.Server) {
		s.Route("GET", "/big", api.Public, api.NoBody, func(c *api.Call) error {
			return c.Stream(http.StatusOK, "text/plain", bytes.NewReader(big), int64(len(big)))
		})
	}}})
	// read takes the answer in ten pieces, with a pause after each of the
	// first ones.
	read := func(pauses int, pause time.Duration) (total int) {
		conn, err := net.Dial("tcp", e.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		fmt.Fprint(conn, "GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		piece := make([]byte, len(big)/10)
		for i := 0; ; i++ {
			n, err := io.ReadFull(conn, piece)
			total += n
			if err != nil {
				return total
			}
			if i < pauses {
				time.Sleep(pause)
			}
		}
	}
	if got := read(9, 100*time.Millisecond); got < len(big) {
		t.Errorf("a slow reader got %d of %d bytes", got, len(big))
	}
	if got := read(1, 2*time.Second); got >= len(big) {
		t.Error("a reader who stops is waited for")
	}
}

// Whoever sends far too much is told so; a reset would lose the answer.
func TestTooLongIsToldWhileSending(t *testing.T) {
	e := serve(t, api.Deps{Routes: []api.Routes{bindForm}})
	for range 20 {
		e.send("POST", "/form", `{"name":"`+strings.Repeat("x", 4<<20)+`"}`).want(t, 413, "too_large")
	}
}
