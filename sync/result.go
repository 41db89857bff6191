package sync

import (
	"encoding/json"
	"strconv"
	"time"
)

// result is the answer to one mutation. Stored is what the lane remembers and
// repeats: {"ok":true,"seq":97,"value":…} or {"error":{…}}.
type result struct {
	stored    []byte
	duplicate bool
	wait      time.Duration
	gap       int64
}

// succeeded encodes what a lane remembers of a mutation carried out.
func succeeded(seq int64, value []byte) []byte {
	b := append([]byte(nil), `{"ok":true,"seq":`...)
	b = strconv.AppendInt(b, seq, 10)
	if value != nil {
		b = append(append(b, `,"value":`...), value...)
	}
	return append(b, '}')
}

// refused encodes what a lane remembers of a mutation refused.
func refused(r *Refusal) []byte {
	if !json.Valid(r.Current) {
		r = &Refusal{Code: r.Code, Field: r.Field, Message: r.Message}
	}
	return append(appendCanonical([]byte(`{"error":`), r), '}')
}

// repeated answers a mutation that was sent again.
func repeated(stored []byte) result {
	if stored == nil {
		stored = forgotten
	}
	return result{stored: stored, duplicate: true}
}

// forgotten answers a repetition so late that the first answer is gone.
var forgotten = refused(&Refusal{Code: "gone", Message: "carried out or refused too long ago to say"})

// appendResult appends the result of a mutation as it is sent.
func appendResult(b []byte, m *Mutation, r result) []byte {
	if len(b) > 0 {
		b = append(b, ',')
	}
	b = appendString(append(b, `{"scope":`...), m.Scope)
	b = strconv.AppendInt(append(b, `,"k":`...), m.K, 10)
	switch {
	case r.gap > 0:
		b = strconv.AppendInt(append(b, `,"gap":`...), r.gap, 10)
	case r.wait > 0:
		b = strconv.AppendInt(append(b, `,"wait":`...), r.wait.Milliseconds(), 10)
	default:
		if r.duplicate {
			b = append(b, `,"duplicate":true`...)
		}
		b = append(append(b, ','), r.stored[1:len(r.stored)-1]...)
	}
	return append(b, '}')
}
