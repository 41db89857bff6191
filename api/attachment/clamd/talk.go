package clamd

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

const (
	chunkSize = 64 << 10
	mostSaid  = 4 << 10 // bytes of an answer
)

// talk is one command and its answer, over a connection of its own.
type talk struct {
	conn     net.Conn
	ctx      context.Context
	cancel   context.CancelCauseFunc
	timer    *time.Timer // ends the talk when the daemon is silent
	patience time.Duration
	heard    chan answer
	ears     sync.WaitGroup
}

type answer struct {
	said string
	err  error
}

// talk begins one. It must be ended.
func (d *Daemon) talk(ctx context.Context, command string) (*talk, error) {
	dialer := net.Dialer{Timeout: d.patience}
	conn, err := dialer.DialContext(ctx, d.network, d.address)
	if err != nil {
		return nil, fmt.Errorf("clamd: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	t := &talk{
		conn: conn, ctx: ctx, cancel: cancel, patience: d.patience, heard: make(chan answer, 1),
		timer: time.AfterFunc(d.patience, func() { cancel(errSilent) }),
	}
	context.AfterFunc(ctx, func() { _ = conn.Close() }) // whoever reads or writes finds it closed
	t.ears.Go(t.listen)
	if err := t.write([]byte("z" + command + "\x00")); err != nil {
		t.end()
		return nil, err
	}
	return t, nil
}

// end closes the connection.
func (t *talk) end() {
	t.timer.Stop()
	t.cancel(context.Canceled)
	_ = t.conn.Close() // all that was to be said was said
	t.ears.Wait()
}

// listen waits for what the daemon says. It does so from the beginning: what
// comes before its time must not be taken for the answer.
func (t *talk) listen() {
	said, err := bufio.NewReader(io.LimitReader(t.conn, mostSaid)).ReadString(0)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	t.heard <- answer{strings.TrimSuffix(said, "\x00"), err}
}

// hear is the answer.
func (t *talk) hear() (string, error) {
	t.timer.Reset(t.patience)
	a := <-t.heard
	return a.said, t.because(a.err)
}

// send passes body on, in chunks that say how long they are; one of no length
// says that it was all. A daemon that objects says so and hangs up.
func (t *talk) send(body io.Reader) error {
	chunk := make([]byte, 4+chunkSize)
	for {
		n, err := t.read(body, chunk[4:])
		if err != nil {
			return err
		}
		if len(t.heard) > 0 {
			return t.objection(errEarly)
		}
		binary.BigEndian.PutUint32(chunk, uint32(n))
		if err := t.write(chunk[:4+n]); err != nil {
			return t.objection(err)
		}
		if n == 0 {
			return nil
		}
	}
}

// read fills a chunk; 0 at the end. It may take its time.
func (t *talk) read(body io.Reader, chunk []byte) (int, error) {
	t.timer.Stop()
	n, err := io.ReadFull(body, chunk)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, fmt.Errorf("clamd: read what is to be scanned: %w", err)
	}
	return n, nil
}

func (t *talk) write(b []byte) error {
	t.timer.Reset(t.patience)
	_, err := t.conn.Write(b)
	return t.because(err)
}

// objection is what the daemon said when it took no more; err if nothing, or
// if it called clean what it had not seen.
func (t *talk) objection(err error) error {
	said, deaf := t.hear()
	if deaf != nil {
		return err
	}
	if _, no := verdict(said); no != nil {
		return no
	}
	return err
}

// because gives the reason of an error when it is ours.
func (t *talk) because(err error) error {
	switch cause := context.Cause(t.ctx); {
	case err == nil:
		return nil
	case cause != nil:
		return cause
	}
	return fmt.Errorf("clamd: %w", err)
}
