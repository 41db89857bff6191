package sync

import (
	"errors"
	"strconv"
)

// MarshalJSON gives the cursor as it is on the wire, [epoch, hi, lo].
func (c Cursor) MarshalJSON() ([]byte, error) { return appendCursor(nil, c), nil }

// UnmarshalJSON reads what MarshalJSON gives.
func (c *Cursor) UnmarshalJSON(b []byte) error {
	d := decoder{scanner: scanner{text: string(b)}}
	if !d.cursor(c) || !d.end() {
		return errors.New("a cursor is [epoch, hi, lo]")
	}
	return nil
}

func appendCursor(b []byte, c Cursor) []byte {
	b = strconv.AppendInt(append(b, '['), c.Epoch, 10)
	b = strconv.AppendInt(append(b, ','), c.Hi, 10)
	b = strconv.AppendInt(append(b, ','), c.Lo, 10)
	return append(b, ']')
}
