package homework

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"preau/api/attachment"
	psync "preau/sync"
)

// Limits of what a person sends.
const (
	MaxTitle       = 200    // characters
	MaxText        = 20_000 // characters
	MaxComment     = 5_000  // characters
	MaxPages       = 30
	MaxAttachments = 20
	MaxStudents    = 60
	maxMinutes     = 600
	maxAhead       = 400 * 24 * time.Hour
)

func invalid(field, format string, args ...any) error {
	return psync.Refuse("invalid", field, format, args...)
}

// checkID refuses what no device makes as an id.
func checkID(field, id string) error {
	odd := func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}
	if len(id) < 8 || len(id) > 64 || strings.ContainsFunc(id, odd) {
		return invalid(field, "not an id")
	}
	return nil
}

func checkText(field, text string, most int) error {
	if utf8.RuneCountInString(text) > most {
		return psync.Refuse("too_large", field, "at most %d characters", most)
	}
	return nil
}

func oneOf(field, v string, allowed ...string) error {
	if !slices.Contains(allowed, v) {
		return invalid(field, "one of %s", strings.Join(allowed, ", "))
	}
	return nil
}

// checkFiles refuses names that are none and names given twice; what a device
// says of a file is cut to what is believed until the file is there.
func checkFiles(field string, files []attachment.File, most int) ([]attachment.File, error) {
	if len(files) > most {
		return nil, psync.Refuse("too_large", field, "at most %d files", most)
	}
	kept := make([]attachment.File, 0, len(files))
	for i, f := range files {
		at := fmt.Sprintf("%s[%d]", field, i)
		same := func(k attachment.File) bool { return k.SHA == f.SHA }
		switch {
		case !attachment.ValidSHA(f.SHA):
			return nil, invalid(at+".sha", "not a name of a file")
		case slices.ContainsFunc(kept, same):
			return nil, invalid(at+".sha", "named twice")
		case f.Name == "" || len(f.Name) > 255:
			return nil, invalid(at+".name", "1 to 255 bytes")
		case len(f.Type) > 100:
			return nil, invalid(at+".type", "not a media type")
		case f.Size < 0 || f.Size > attachment.MaxSize:
			return nil, psync.Refuse("too_large", at+".size", "at most %d bytes", attachment.MaxSize)
		}
		kept = append(kept, attachment.File{SHA: f.SHA, Name: f.Name, Type: f.Type, Size: f.Size, Waiting: true})
	}
	return kept, nil
}

// parseTime reads a moment as devices write it.
func parseTime(field, s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, invalid(field, "not a time")
	}
	return t.UTC().Truncate(time.Second), nil
}

// check refuses a piece of work that makes no sense.
func (g Given) check(now time.Time) error {
	for _, err := range []error{
		checkText("title", g.Title, MaxTitle),
		checkText("text", g.Text, MaxText),
		oneOf("return", g.Return, ReturnNone, ReturnPaper, ReturnFile),
		oneOf("late", g.Late, LateAccept, LateRefuse),
	} {
		if err != nil {
			return err
		}
	}
	switch {
	case strings.TrimSpace(g.Title) == "" && strings.TrimSpace(g.Text) == "":
		return invalid("title", "a title or a text")
	case g.Minutes < 0 || g.Minutes > maxMinutes:
		return invalid("minutes", "0 to %d", maxMinutes)
	case g.Due.Before(g.Given.Add(-time.Minute)):
		return invalid("due", "before it was given")
	case g.Due.After(now.Add(maxAhead)):
		return invalid("due", "too far ahead")
	}
	return nil
}

// shas lists the names of files.
func shas(files []attachment.File) []string {
	var names []string
	for _, f := range files {
		names = append(names, f.SHA)
	}
	return names
}
