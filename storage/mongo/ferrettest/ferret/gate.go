package ferret

import (
	"errors"
	"net"
	"net/url"
	"sync"
	"time"
)

// Gate stands before a MongoDB server and lets one writing command at a time
// through, from whichever connection, until the server has answered it. Reads
// pass freely. FerretDB 1 reads what it updates, and writes it back later:
// behind a gate nothing comes in between. And it gives inserted documents its
// time where they hold an empty timestamp, as MongoDB does and FerretDB not.
type Gate struct {
	net.Listener
	server string
	write  sync.Mutex // held while a writing command is with the server
	last   uint64     // timestamp that was given; under write
	turn   time.Duration

	mu    sync.Mutex
	conns map[net.Conn]struct{} // nil: closed
	all   sync.WaitGroup
}

// turn is how long a writing command may take. One that FerretDB never answers
// would hold up all others; ending its connection ends it.
const turn = 30 * time.Second

// OpenGate listens at addr and passes on to server, both host:port.
func OpenGate(addr, server string) (*Gate, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	g := &Gate{Listener: l, server: server, turn: turn, conns: map[net.Conn]struct{}{}}
	g.all.Go(g.accept)
	return g, nil
}

// Close ends all connections.
func (g *Gate) Close() error {
	err := g.Listener.Close()
	g.mu.Lock()
	for c := range g.conns {
		c.Close()
	}
	g.conns = nil
	g.mu.Unlock()
	g.all.Wait()
	return err
}

func (g *Gate) accept() {
	for {
		near, err := g.Accept()
		if err != nil {
			return
		}
		g.all.Go(func() { g.serve(near) })
	}
}

func (g *Gate) serve(near net.Conn) {
	defer near.Close()
	far, err := net.Dial("tcp", g.server)
	if err != nil {
		return
	}
	defer far.Close()
	if !g.keep(near, far) {
		return
	}
	defer g.forget(near, far)
	for g.pass(near, far) == nil {
	}
}

// keep remembers connections, to be ended by Close; false: it was called.
func (g *Gate) keep(conns ...net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range conns {
		if g.conns != nil {
			g.conns[c] = struct{}{}
		}
	}
	return g.conns != nil
}

func (g *Gate) forget(conns ...net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range conns {
		delete(g.conns, c)
	}
}

var errNoAnswer = errors.New("a command that wants no answer cannot be waited for")

// pass passes on one command, and the answer to it.
func (g *Gate) pass(near, far net.Conn) error {
	asked, err := readMessage(near)
	if err != nil {
		return err
	}
	if !asked.answered() {
		return errNoAnswer
	}
	answer, err := g.ask(far, asked)
	if err != nil {
		return err
	}
	_, err = near.Write(answer)
	return err
}

// ask waits for its turn, whoever asked and is gone by then.
func (g *Gate) ask(far net.Conn, m message) (message, error) {
	if !reading[m.command()] {
		g.write.Lock()
		defer g.write.Unlock()
		if err := far.SetDeadline(time.Now().Add(g.turn)); err != nil {
			return nil, err
		}
		defer far.SetDeadline(time.Time{})
		for _, doc := range m.inserted() {
			stamp(doc, g.next)
		}
	}
	if _, err := far.Write(m); err != nil {
		return nil, err
	}
	return readMessage(far)
}

// next is the time, in seconds, and a number within the second.
func (g *Gate) next() uint64 {
	g.last = max(g.last+1, uint64(time.Now().Unix())<<32)
	return g.last
}

func hostOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	return u.Host
}
