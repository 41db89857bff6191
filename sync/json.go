package sync

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// canonical encodes a value as it is stored and sent: compact, the keys in the
// order that encoding/json gives them, no HTML escaping.
func canonical(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), nil
}

// Digest is the SHA-256, in hex, of a value as it is stored and sent, and its
// size there in bytes.
func Digest(v any) (sum string, size int, err error) {
	raw, err := canonical(v)
	if err != nil {
		return "", 0, err
	}
	hash := sha256.Sum256(raw)
	return hex.EncodeToString(hash[:]), len(raw), nil
}

// appendCanonical appends a value of this package, which always encodes.
func appendCanonical(b []byte, v any) []byte {
	raw, err := canonical(v)
	if err != nil {
		panic(err)
	}
	return append(b, raw...)
}

// appendString appends a JSON string. The names on the wire need no escaping;
// anything else takes the long way.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			return appendCanonical(b, s)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
