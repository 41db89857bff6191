package account

import (
	"encoding/binary"
	"strings"
)

// codeLetters are 20 letters that make no words and are not mistaken for each
// other; eight of them are 34.6 bits.
const (
	codeLetters = "BCDFGHJKLMNPQRSTVWXZ"
	codeLength  = 8
)

// codeFrom writes derived bytes as a code.
func codeFrom(secret []byte) string {
	n := binary.BigEndian.Uint64(secret)
	code := make([]byte, codeLength)
	for i := range code {
		code[i] = codeLetters[n%uint64(len(codeLetters))]
		n /= uint64(len(codeLetters))
	}
	return string(code)
}

// parseCode reads a code as people type it: small letters, spaces and hyphens
// do not matter. ok is false when it cannot be one.
func parseCode(s string) (code string, ok bool) {
	if len(s) > 64 {
		return "", false
	}
	code = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\u00a0' {
			return -1
		}
		return r
	}, strings.ToUpper(s))
	if len(code) != codeLength || strings.Trim(code, codeLetters) != "" {
		return "", false
	}
	return code, true
}

// SpellCode writes a code as it is shown: "BCDF-GHJK".
func SpellCode(code string) string {
	if len(code) != codeLength {
		return code
	}
	return code[:codeLength/2] + "-" + code[codeLength/2:]
}
