package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// streams opens live connections. They last, so no time-out ends them, and
// each is its own connection.
var streams = &http.Client{Transport: &http.Transport{
	DialContext:       (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
	DisableKeepAlives: true, DisableCompression: true, ReadBufferSize: 1 << 10, WriteBufferSize: 1 << 10,
	ResponseHeaderTimeout: patience,
}}

// silence is how long a live connection may say nothing: the server sends at
// least a comment every 25 seconds.
const silence = 70 * time.Second

// live holds the device's live connection until ctx ends. told is called with
// each poke, and once with none when the connection stands.
func (d *device) live(ctx context.Context, told func(heads map[string]int64)) error {
	ctx, hangUp := context.WithCancelCause(ctx)
	defer hangUp(nil)
	res, err := d.open(ctx, streams, http.MethodGet, "/api/live", nil, nil)
	if err != nil {
		return ended(ctx, err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return refused(http.MethodGet, "/api/live", res.StatusCode, nil)
	}
	watchdog := time.AfterFunc(silence, func() { hangUp(errSilent) })
	defer watchdog.Stop()
	lines, event := bufio.NewReaderSize(res.Body, 1<<10), ""
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return ended(ctx, &problem{code: "live cut", text: fmt.Sprintf("a live connection ended: %v", err)})
		}
		watchdog.Reset(silence)
		if name, ok := strings.CutPrefix(line, "event: "); ok {
			event = strings.TrimSpace(name)
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			if err := heard(event, data, told); err != nil {
				return err
			}
		}
	}
}

func heard(event, data string, told func(map[string]int64)) error {
	switch event {
	case "hello":
		told(nil)
	case "poke":
		var heads map[string]int64
		if err := json.Unmarshal([]byte(data), &heads); err != nil {
			return &problem{code: "unreadable answer", text: "poke: " + data}
		}
		told(heads)
	case "bye":
		return &problem{code: "live bye", text: "the server ended a live connection: " + strings.TrimSpace(data)}
	}
	return nil
}

var errSilent = &problem{code: "live silent", text: "a live connection said nothing for " + silence.String()}

// ended is an error unless the run itself is over.
func ended(ctx context.Context, err error) error {
	switch cause := context.Cause(ctx); {
	case cause == nil:
		return err
	case errors.Is(cause, errSilent):
		return errSilent
	}
	return nil
}
