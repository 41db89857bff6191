package sync

import (
	"errors"
	"strconv"
)

// MarshalJSON gives the cursor as it is on the wire, [epoch, hi, lo].
func (c Cursor) MarshalJSON() ([]byte, error) { return appendCursor(nil, c), nil }

// UnmarshalJSON reads what MarshalJSON gives.
func (c *Cursor) UnmarshalJSON(b []byte) error {
	s := scanner{text: string(b)}
	if !s.cursor(c) || !s.end() {
		return errors.New("a cursor is [epoch, hi, lo]")
	}
	return nil
}

// cursor reads [epoch, hi, lo].
func (s *scanner) cursor(c *Cursor) (ok bool) {
	if !s.take('[') {
		return false
	}
	if c.Epoch, ok = s.integer(); !ok || !s.take(',') {
		return false
	}
	if c.Hi, ok = s.integer(); !ok || !s.take(',') {
		return false
	}
	if c.Lo, ok = s.integer(); !ok {
		return false
	}
	return s.take(']')
}

func appendCursor(b []byte, c Cursor) []byte {
	b = strconv.AppendInt(append(b, '['), c.Epoch, 10)
	b = strconv.AppendInt(append(b, ','), c.Hi, 10)
	b = strconv.AppendInt(append(b, ','), c.Lo, 10)
	return append(b, ']')
}
