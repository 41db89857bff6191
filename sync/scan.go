package sync

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// scanner reads JSON strictly and without allocating: requests are most of
// what this server reads, and most of them say "nothing new?".
type scanner struct {
	text string
	pos  int
}

// space skips white space and tells the next byte; 0 at the end.
func (s *scanner) space() byte {
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// take consumes one byte of punctuation, if it is next.
func (s *scanner) take(c byte) bool {
	if s.space() != c {
		return false
	}
	s.pos++
	return true
}

// end tells whether nothing follows.
func (s *scanner) end() bool { return s.space() == 0 && s.pos == len(s.text) }

// members calls member for each member of an object, positioned on its value.
func (s *scanner) members(member func(name string) error) error {
	if !s.take('{') {
		return errShape
	}
	if s.take('}') {
		return nil
	}
	for {
		name, ok := s.str()
		if !ok || !s.take(':') {
			return errShape
		}
		if err := member(name); err != nil {
			return err
		}
		if s.take('}') {
			return nil
		}
		if !s.take(',') {
			return errShape
		}
	}
}

// elements calls element for each element of an array, positioned on it.
func (s *scanner) elements(element func(i int) error) error {
	if !s.take('[') {
		return errShape
	}
	if s.take(']') {
		return nil
	}
	for i := 0; ; i++ {
		if err := element(i); err != nil {
			return err
		}
		if s.take(']') {
			return nil
		}
		if !s.take(',') {
			return errShape
		}
	}
}

// str reads a string. One with escapes or beyond ASCII takes the long way.
func (s *scanner) str() (string, bool) {
	if !s.take('"') {
		return "", false
	}
	start := s.pos
	plain := true
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c == '"':
			s.pos++
			if plain {
				return s.text[start : s.pos-1], true
			}
			return unquote(s.text[start-1 : s.pos])
		case c == '\\':
			plain = false
			s.pos++
		case c < ' ':
			return "", false
		case c >= utf8.RuneSelf:
			plain = false
		}
		s.pos++
	}
	return "", false
}

func unquote(quoted string) (string, bool) {
	var text string
	if !utf8.ValidString(quoted) || json.Unmarshal([]byte(quoted), &text) != nil {
		return "", false
	}
	return text, true
}

// integer reads a whole number without fraction or exponent.
func (s *scanner) integer() (int64, bool) {
	s.space()
	start := s.pos
	if s.pos < len(s.text) && s.text[s.pos] == '-' {
		s.pos++
	}
	digits := s.pos
	for s.pos < len(s.text) && '0' <= s.text[s.pos] && s.text[s.pos] <= '9' {
		s.pos++
	}
	if s.pos == digits || s.text[digits] == '0' && s.pos > digits+1 || s.fraction() {
		return 0, false
	}
	return number(s.text[start:s.pos])
}

func (s *scanner) fraction() bool {
	if s.pos == len(s.text) {
		return false
	}
	c := s.text[s.pos]
	return c == '.' || c == 'e' || c == 'E'
}

// number is what the digits of an integer mean.
func number(text string) (n int64, ok bool) {
	if len(text) > 18 {
		n, err := strconv.ParseInt(text, 10, 64)
		return n, err == nil
	}
	digits, negative := strings.CutPrefix(text, "-")
	for i := range len(digits) {
		n = n*10 + int64(digits[i]-'0')
	}
	if negative {
		n = -n
	}
	return n, true
}

// object reads an object whole, unread.
func (s *scanner) object() (json.RawMessage, bool) {
	if s.space() != '{' {
		return nil, false
	}
	start, depth := s.pos, 0
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			if !s.skipString() {
				return nil, false
			}
			continue
		}
		s.pos++
		if depth == 0 {
			raw := json.RawMessage(s.text[start:s.pos])
			return raw, json.Valid(raw) && utf8.Valid(raw)
		}
	}
	return nil, false
}

func (s *scanner) skipString() bool {
	for s.pos++; s.pos < len(s.text); s.pos++ {
		switch s.text[s.pos] {
		case '\\':
			s.pos++
		case '"':
			s.pos++
			return true
		}
	}
	return false
}
