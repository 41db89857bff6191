package account

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// keys are the server's secrets, one per use, all derived from the key file.
type keys struct {
	pepper, pairing, sheet, code, known, pass, spray []byte
}

func newKeys(master []byte) (k keys, err error) {
	if len(master) < 32 {
		return k, errors.New("the server's key must be 32 bytes or more")
	}
	for use, into := range map[string]*[]byte{
		"pepper": &k.pepper, "pairing": &k.pairing, "sheet": &k.sheet, "code": &k.code,
		"known": &k.known, "pass": &k.pass, "spray": &k.spray,
	} {
		if *into, err = hkdf.Key(sha256.New, master, nil, "preau account "+use, 32); err != nil {
			return k, fmt.Errorf("derive %s key: %w", use, err)
		}
	}
	return k, nil
}

// derive gives the 256-bit secret that belongs to an id.
func derive(key []byte, parts ...string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(strings.Join(parts, "|")))
	return mac.Sum(nil)
}

func encode64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// decode64 decodes exactly n bytes; other spellings of them are refused.
func decode64(s string, n int) ([]byte, bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return b, err == nil && len(b) == n
}

// sum is how a secret of high entropy is stored.
func sum(secret []byte) string {
	h := sha256.Sum256(secret)
	return hex.EncodeToString(h[:])
}

func sameText(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
