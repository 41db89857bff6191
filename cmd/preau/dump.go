package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"slices"

	"preau/storage"
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
// scope, type and id: two stores that hold the same give the same text.
func dump(ctx context.Context, records storage.Records, out io.Writer) error {
	scopes, err := records.Scopes(ctx, "")
	if err != nil {
		return err
	}
	slices.Sort(scopes)
	w := bufio.NewWriter(out)
	for _, scope := range scopes {
		if err := dumpScope(ctx, records, scope, w); err != nil {
			return err
		}
	}
	return w.Flush()
}

func dumpScope(ctx context.Context, records storage.Records, scope string, w io.Writer) error {
	all, err := liveRecords(ctx, records, scope)
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b storage.Record) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID))
	})
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, r := range all {
		if err := enc.Encode(dumped{ID: r.ID, Scope: scope, Seq: r.Seq, Type: r.Type, Value: r.Value}); err != nil {
			return err
		}
	}
	return nil
}

const dumpPage = 1000

func liveRecords(ctx context.Context, records storage.Records, scope string) ([]storage.Record, error) {
	var all []storage.Record
	for after := int64(0); ; {
		page, _, err := records.Scan(ctx, storage.Page{Scope: scope, After: after, Limit: dumpPage})
		if err != nil || len(page) == 0 {
			return all, err
		}
		all = append(all, page...)
		after = page[len(page)-1].Seq
	}
}
