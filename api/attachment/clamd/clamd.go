// Package clamd asks a ClamAV daemon about content, over a connection for each
// question. It is an [attachment.Scanner].
//
// Nothing but the daemon's own word, given after it was sent everything, makes
// content clean: silence, nonsense, an answer that comes too early and one
// that breaks off are errors.
package clamd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"preau/api/attachment"
)

// patience is how long the daemon may be silent. It looks into archives before
// it answers, for two minutes at most by its own settings.
const patience = time.Minute

// Daemon is where a ClamAV daemon listens.
type Daemon struct {
	network  string
	address  string
	patience time.Duration
}

// Parse reads unix:/path/of/a/socket or tcp://host:port.
func Parse(address string) (*Daemon, error) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok && strings.HasPrefix(path, "/") {
		return &Daemon{"unix", path, patience}, nil
	}
	at, ok := strings.CutPrefix(address, "tcp://")
	host, port, err := net.SplitHostPort(at)
	number, bad := strconv.ParseUint(port, 10, 16)
	if !ok || err != nil || host == "" || bad != nil || number == 0 {
		return nil, fmt.Errorf("%q should be unix:/path or tcp://host:port, such as unix:/run/clamav/clamd.ctl", address)
	}
	return &Daemon{"tcp", at, patience}, nil
}

// Ping asks whether the daemon is there and ready.
func (d *Daemon) Ping(ctx context.Context) error {
	said, err := d.ask(ctx, "PING")
	if err == nil && said != "PONG" {
		err = misunderstood(said)
	}
	return err
}

// Version is that of the program and of what it knows.
func (d *Daemon) Version(ctx context.Context) (string, error) {
	said, err := d.ask(ctx, "VERSION")
	if err == nil && !strings.HasPrefix(said, "ClamAV ") {
		err = misunderstood(said)
	}
	return said, err
}

func (d *Daemon) ask(ctx context.Context, command string) (string, error) {
	t, err := d.talk(ctx, command)
	if err != nil {
		return "", err
	}
	defer t.end()
	return t.hear()
}

// Scan implements [attachment.Scanner].
func (d *Daemon) Scan(ctx context.Context, body io.Reader) (finding string, err error) {
	t, err := d.talk(ctx, "INSTREAM")
	if err != nil {
		return "", err
	}
	defer t.end()
	if err := t.send(body); err != nil {
		return "", err
	}
	said, err := t.hear()
	if err != nil {
		return "", err
	}
	return verdict(said)
}

// What the daemon says of content: its name for the stream, and one of these.
const (
	stream   = "stream: "
	clean    = "OK"
	found    = " FOUND"
	tooMuch  = "INSTREAM size limit exceeded. ERROR"
	overflow = "Heuristics.Limits.Exceeded" // begins findings of what it did not look at
)

func verdict(said string) (finding string, err error) {
	word, ok := strings.CutPrefix(said, stream)
	switch {
	case said == tooMuch:
		return "", fmt.Errorf("%w: %s", attachment.ErrUnscannable, said)
	case !ok:
		return "", misunderstood(said)
	case word == clean:
		return "", nil
	}
	finding, ok = strings.CutSuffix(word, found)
	switch {
	case !ok || finding == "":
		return "", misunderstood(said)
	case strings.HasPrefix(finding, overflow):
		return "", fmt.Errorf("%w: %s", attachment.ErrUnscannable, finding)
	}
	return finding, nil
}

func misunderstood(said string) error {
	return fmt.Errorf("clamd: it answers %.200q", said)
}

// Errors of a daemon that breaks the rules.
var (
	errSilent = errors.New("clamd: no sign of life")
	errEarly  = errors.New("clamd: it answered before it was sent everything")
)
