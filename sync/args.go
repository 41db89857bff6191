package sync

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep arguments may be nested.
const maxDepth = 16

// decodeArgs decodes the arguments of a mutation strictly. The error is a
// Refusal "invalid" naming the field.
func decodeArgs(raw []byte, into any) error {
	if field, problem := checkArgs(raw); problem != "" {
		return Refuse("invalid", field, "%s", problem)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return Refuse("invalid", badField(err), "%v", err)
	}
	return nil
}

// badField finds the field that a decoding error is about.
func badField(err error) string {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return wrong.Field
	}
	if quoted, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		if name, err := strconv.Unquote(quoted); err == nil {
			return name
		}
	}
	return ""
}

// checkArgs refuses what encoding/json lets pass: repeated fields, control
// characters, broken UTF-8, deep nesting, anything behind the value.
func checkArgs(raw []byte) (field, problem string) {
	if !utf8.Valid(raw) {
		return "", "not UTF-8"
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if field, problem = checkValue(dec, "", 0); problem != "" {
		return field, problem
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return "", "something follows the arguments"
	}
	return "", ""
}

func checkValue(dec *json.Decoder, field string, depth int) (string, string) {
	token, err := dec.Token()
	switch {
	case err != nil:
		return field, "not JSON"
	case depth > maxDepth:
		return field, "nested too deep"
	case token == json.Delim('{'):
		return checkObject(dec, field, depth)
	case token == json.Delim('['):
		return checkArray(dec, field, depth)
	}
	if text, ok := token.(string); ok && hasControl(text) {
		return field, "holds a control character"
	}
	return "", ""
}

func checkObject(dec *json.Decoder, field string, depth int) (string, string) {
	seen := map[string]bool{}
	for dec.More() {
		token, err := dec.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return field, "not JSON"
		}
		path := strings.TrimPrefix(field+"."+name, ".")
		folded := strings.ToLower(name)
		if seen[folded] || hasControl(name) {
			return path, "repeated or badly named"
		}
		seen[folded] = true
		if at, problem := checkValue(dec, path, depth+1); problem != "" {
			return at, problem
		}
	}
	return closing(dec, field)
}

func checkArray(dec *json.Decoder, field string, depth int) (string, string) {
	for i := 0; dec.More(); i++ {
		at, problem := checkValue(dec, field+"["+strconv.Itoa(i)+"]", depth+1)
		if problem != "" {
			return at, problem
		}
	}
	return closing(dec, field)
}

func closing(dec *json.Decoder, field string) (string, string) {
	if _, err := dec.Token(); err != nil {
		return field, "not JSON"
	}
	return "", ""
}

// hasControl finds characters that no text of a person holds.
func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f
	})
}
