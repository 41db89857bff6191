package api

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"

	psync "preau/sync"
)

// Timing of a live connection.
const (
	liveBeat = 25 * time.Second // a comment, so that proxies keep the connection
	liveSlow = 20 * time.Second // a client that takes longer to read is left
)

func (s *Server) liveRoutes() {
	s.Route("GET", "/api/live", SignedIn, NoBody, s.live)
}

// live tells a device which scopes moved, as server-sent events: hello, poke,
// and bye with the milliseconds after which to come back.
func (s *Server) live(c *Call) error {
	if c.Method() != fiber.MethodGet {
		return Fail(fiber.StatusMethodNotAllowed, "method_not_allowed", "GET only")
	}
	c.SetHeader(fiber.HeaderContentType, "text/event-stream")
	c.SetHeader("X-Accel-Buffering", "no")
	rc := c.fc.Context()
	// The stream sets its own deadlines.
	if err := rc.SetWriteDeadline(deadline(liveSlow)); err != nil {
		return err
	}
	l := &liveStream{server: s, actor: c.Actor, token: c.Token(), conn: rc.Conn()}
	rc.SetBodyStreamWriter(l.run)
	return nil
}

// liveStream is one live connection.
type liveStream struct {
	server *Server
	actor  psync.Actor
	token  string
	conn   net.Conn
	w      *bufio.Writer
}

// run writes events until the client has gone, its session has ended or the
// server stops.
func (l *liveStream) run(w *bufio.Writer) {
	ctx, cancel := context.WithCancel(l.server.here)
	defer cancel()
	l.server.figures.live.Add(1)
	defer l.server.figures.live.Add(-1)
	l.w = w
	pokes := l.server.Engine.Hub().Subscribe(ctx, l.actor)
	beat := time.NewTicker(liveBeat)
	defer beat.Stop()
	err := l.send("hello", struct{}{})
	for err == nil {
		select {
		case poke, open := <-pokes:
			err = l.poke(poke, open)
		case <-beat.C:
			err = l.beat()
		}
	}
}

// poke passes on what moved, if the session still holds.
func (l *liveStream) poke(heads map[string]int64, open bool) error {
	if !open {
		return l.bye(context.Canceled)
	}
	if err := l.check(); err != nil {
		return l.bye(err)
	}
	if len(heads) == 0 {
		return nil
	}
	return l.send("poke", heads)
}

func (l *liveStream) beat() error {
	if err := l.check(); err != nil {
		return l.bye(err)
	}
	return l.write(": \n\n")
}

func (l *liveStream) check() error {
	_, err := l.server.Sessions.Authenticate(l.server.ctx, l.token)
	return err
}

// bye ends the stream: it tells when to come back, and returns the cause.
func (l *liveStream) bye(cause error) error {
	p, _ := problem(cause)
	delay := 500 + rand.IntN(4500)
	_ = l.send("bye", struct {
		Delay int    `json:"delay"`
		Code  string `json:"code"`
	}{delay, p.Code})
	return cause
}

func (l *liveStream) send(event string, data any) error {
	body, err := encode(data)
	if err != nil {
		return err
	}
	return l.write(fmt.Sprintf("event: %s\ndata: %s\n\n", event, body))
}

func (l *liveStream) write(text string) error {
	if err := l.conn.SetWriteDeadline(deadline(liveSlow)); err != nil {
		return err
	}
	if _, err := l.w.WriteString(text); err != nil {
		return err
	}
	return l.w.Flush()
}
