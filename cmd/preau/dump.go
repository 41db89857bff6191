package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
)

// dumped is one line of a dump. Its fields are in the order of their names.
type dumped struct {
	ID    string          `json:"id"`
	Scope string          `json:"scope"`
	Seq   int64           `json:"seq"`
	Type  string          `json:"type"`
	Value json.RawMessage `json:"value"`
}

// dump writes every live record of every scope as a line of JSON, sorted by
// scope, type and id: two databases that hold the same give the same text. It
// shows one moment, and a server may go on serving meanwhile.
func dump(ctx context.Context, p place, out io.Writer) (err error) {
	from, done, err := liveRecords(ctx, p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(p.hide(err), done()) }()
	w := bufio.NewWriter(out)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	scope := ""
	for piece, err := range from.Snapshot(ctx) {
		if err == nil && piece.Scope != nil {
			scope = piece.Scope.Name
		}
		if r := piece.Record; err == nil && r != nil && r.Value != nil {
			err = enc.Encode(dumped{ID: r.ID, Scope: scope, Seq: r.Seq, Type: r.Type, Value: r.Value})
		}
		if err != nil {
			return err
		}
	}
	return w.Flush()
}
