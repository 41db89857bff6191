package sync

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// CheckID refuses what no device makes as an id.
func CheckID(field, id string) error {
	odd := func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}
	if len(id) < 8 || len(id) > 64 || strings.ContainsFunc(id, odd) {
		return Refuse("invalid", field, "not an id")
	}
	return nil
}

// CheckKey refuses what cannot name a record: ids that areas put together from
// others, at most so many bytes long.
func CheckKey(field, key string, most int) error {
	if key == "" || len(key) > most || strings.ContainsAny(key, " \"\\") {
		return Refuse("invalid", field, "not an id")
	}
	return nil
}

// CheckText refuses a text of more characters.
func CheckText(field, text string, most int) error {
	if utf8.RuneCountInString(text) > most {
		return Refuse("too_large", field, "at most %d characters", most)
	}
	return nil
}

// OneOf refuses any other word.
func OneOf(field, v string, allowed ...string) error {
	if !slices.Contains(allowed, v) {
		return Refuse("invalid", field, "one of %s", strings.Join(allowed, ", "))
	}
	return nil
}

// First is the first of the errors that is one.
func First(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}
