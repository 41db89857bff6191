package sync

import "strings"

// Limits of the names on the wire.
const (
	maxScopeName    = 96
	maxDeviceName   = 64
	maxMutationName = 64
	maxRecordName   = 160
)

// validScope tells whether s names a scope: "kind:id", optionally followed by
// "/part", of letters, digits, '-', '_' and '.'.
func validScope(s string) bool {
	colon, part := -1, -1
	for i := range len(s) {
		switch c := s[i]; {
		case wordByte(c) || c == '.':
		case c == ':' && colon < 0:
			colon = i
		case c == '/' && colon > 0 && part < 0 && i > colon+1:
			part = i
		default:
			return false
		}
	}
	return len(s) <= maxScopeName && colon > 0 && colon < len(s)-1 && part < len(s)-1
}

// ScopeID is what follows the kind in the name of a scope: "5b9" of
// "class:5b9".
func ScopeID(scope string) string {
	_, id, _ := strings.Cut(scope, ":")
	return id
}

// validDevice tells whether s may be the id of a device, "d_…".
func validDevice(s string) bool {
	if len(s) < 3 || len(s) > maxDeviceName || s[:2] != "d_" {
		return false
	}
	return words(s)
}

// validMutationName tells whether s has the form "area.intent@version".
func validMutationName(s string) bool {
	at := -1
	for i := range len(s) {
		switch c := s[i]; {
		case at < 0 && (wordByte(c) || c == '.'):
		case at < 0 && c == '@' && i > 0:
			at = i
		case at >= 0 && '0' <= c && c <= '9':
		default:
			return false
		}
	}
	return len(s) <= maxMutationName && at > 0 && at < len(s)-1
}

// validRecordName tells whether s may be the type or the id of a record.
func validRecordName(s string) bool {
	if s == "" || len(s) > maxRecordName {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] == 0x7f || s[i] == '"' || s[i] == '\\' {
			return false
		}
	}
	return true
}

func words(s string) bool {
	for i := range len(s) {
		if !wordByte(s[i]) {
			return false
		}
	}
	return true
}

func wordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}
