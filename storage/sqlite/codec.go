package sqlite

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"

	"preau/storage"
)

// The body of an entry, as it lies in the log:
//
//	version  1 byte
//	ops      count, then type, id, value of each
//	steps    count, then lane, k, result of each
//	crc32c   4 bytes, little endian, of all before
//
// Counts and numbers are varints; a string is its length and its bytes; bytes
// that may be nil have their length plus one, nil being 0. A time is its Unix
// milliseconds, the zero time 0.
const bodyVersion = 1

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func encode(e *storage.Entry) []byte {
	b := make([]byte, 1, 256)
	b[0] = bodyVersion
	b = binary.AppendUvarint(b, uint64(len(e.Ops)))
	for _, o := range e.Ops {
		b = putBytes(putString(putString(b, o.Type), o.ID), o.Value)
	}
	b = binary.AppendUvarint(b, uint64(len(e.Steps)))
	for _, s := range e.Steps {
		b = putBytes(binary.AppendVarint(putString(b, s.Lane), s.K), s.Result)
	}
	return seal(b)
}

// seal adds the checksum.
func seal(b []byte) []byte {
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func putString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func putBytes(b, v []byte) []byte {
	if v == nil {
		return append(b, 0)
	}
	return append(binary.AppendUvarint(b, uint64(len(v))+1), v...)
}

// decode fills the parts of an entry. Its values share the body's memory.
func decode(body []byte, e *storage.Entry) error {
	end := len(body) - 4
	if end < 1 || binary.LittleEndian.Uint32(body[end:]) != crc32.Checksum(body[:end], castagnoli) || body[0] != bodyVersion {
		return fmt.Errorf("entry %d of %q: %w", e.N, e.Scope, storage.ErrCorrupt)
	}
	r := reader{rest: body[1:end:end]}
	for n := r.count(); n > 0 && !r.short; n-- {
		e.Ops = append(e.Ops, storage.Op{Type: r.text(), ID: r.text(), Value: r.bytes()})
	}
	for n := r.count(); n > 0 && !r.short; n-- {
		e.Steps = append(e.Steps, storage.Step{Lane: r.text(), K: r.number(), Result: r.bytes()})
	}
	if r.short || len(r.rest) > 0 {
		return fmt.Errorf("entry %d of %q: %w", e.N, e.Scope, storage.ErrCorrupt)
	}
	return nil
}

// reader takes a body apart; short says that it ended too early.
type reader struct {
	rest  []byte
	short bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.short, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) number() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.short, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// count reads how many parts follow: never more than the bytes that are left.
func (r *reader) count() int { return int(min(r.uvarint(), uint64(len(r.rest)))) }

func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.short, r.rest = true, nil
		return nil
	}
	v := r.rest[:n:n]
	r.rest = r.rest[n:]
	return v
}

func (r *reader) text() string { return string(r.take(r.uvarint())) }

func (r *reader) bytes() []byte {
	n := r.uvarint()
	if n == 0 {
		return nil
	}
	return r.take(n - 1)
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
