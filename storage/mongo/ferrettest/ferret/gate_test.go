package ferret

import (
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// order is a server's end of a gate: it tells which commands came, and answers
// when it is told to.
type order struct {
	came   chan string
	answer chan struct{}
}

func openOrder(t *testing.T) (*Gate, order) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := order{make(chan string, 9), make(chan struct{})}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go o.serve(c)
		}
	}()
	g, err := OpenGate("127.0.0.1:0", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		l.Close()
		g.Close()
	})
	return g, o
}

func (o order) serve(c net.Conn) {
	defer c.Close()
	for {
		m, err := readMessage(c)
		if err != nil {
			return
		}
		o.came <- m.command()
		if !reading[m.command()] {
			<-o.answer
		}
		c.Write(m)
	}
}

// command makes a message, with a section of documents before the body or not.
func command(t *testing.T, name string, flags uint32, documents bool) message {
	t.Helper()
	body, err := bson.Marshal(bson.D{{Key: name, Value: "log"}, {Key: "$db", Value: "test"}})
	if err != nil {
		t.Fatal(err)
	}
	m := make(message, headerLen)
	binary.LittleEndian.PutUint32(m[12:], opMsg)
	m = binary.LittleEndian.AppendUint32(m, flags)
	if documents {
		section := append([]byte("documents\x00"), body...)
		m = append(m, 1)
		m = binary.LittleEndian.AppendUint32(m, uint32(len(section)+4))
		m = append(m, section...)
	}
	m = append(append(m, bodyKind), body...)
	binary.LittleEndian.PutUint32(m, uint32(len(m)))
	return m
}

func send(t *testing.T, g *Gate, m message) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", g.Addr().String())
	if err == nil {
		_, err = c.Write(m)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func (o order) want(t *testing.T, name string) {
	t.Helper()
	select {
	case got := <-o.came:
		if got != name {
			t.Fatalf("%q came, want %q", got, name)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("%q did not come", name)
	}
}

// TestGate holds a write while another is under way, even when whoever sent
// that is gone, and lets a read through.
func TestGate(t *testing.T) {
	g, o := openOrder(t)
	first := send(t, g, command(t, "update", 0, true))
	o.want(t, "update")
	second := send(t, g, command(t, "insert", 0, false))
	send(t, g, command(t, "find", 0, false))
	o.want(t, "find")
	first.Close()
	select {
	case name := <-o.came:
		t.Fatalf("%q came beside a write", name)
	case <-time.After(50 * time.Millisecond):
	}
	o.answer <- struct{}{}
	o.want(t, "insert")
	o.answer <- struct{}{}
	if m, err := readMessage(second); err != nil || m.command() != "insert" {
		t.Errorf("answer %q, %v", m, err)
	}
}

// TestSilentServerLosesItsTurn: a write that is never answered ends its
// connection, and the next one goes on.
func TestSilentServerLosesItsTurn(t *testing.T) {
	g, o := openOrder(t)
	g.turn = 50 * time.Millisecond
	first := send(t, g, command(t, "update", 0, true))
	o.want(t, "update")
	send(t, g, command(t, "insert", 0, false))
	o.want(t, "insert")
	if _, err := readMessage(first); err != io.EOF {
		t.Errorf("%v, want the end of the connection", err)
	}
}

// TestUnansweredIsRefused ends a connection that would not say when it is done.
func TestUnansweredIsRefused(t *testing.T) {
	g, _ := openOrder(t)
	c := send(t, g, command(t, "insert", moreToCome, false))
	if _, err := readMessage(c); err != io.EOF {
		t.Errorf("%v, want the end of the connection", err)
	}
}

// FuzzMessage takes whatever bytes for a message.
func FuzzMessage(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 1, 255, 255, 255, 255, 0, 0})
	f.Add([]byte{0, 0, 0, 0, 0, 9, 0, 0, 0, 2})
	f.Fuzz(func(_ *testing.T, rest []byte) {
		m := append(make(message, headerLen), rest...)
		binary.LittleEndian.PutUint32(m[12:], opMsg)
		_, _, _ = m.command(), m.answered(), m.inserted()
	})
}
