package homework

import (
	"strings"
	"time"

	"preau/api/directory"
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

// parseTime reads a moment as devices write it.
func parseTime(field, s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, invalid(field, "not a time")
	}
	return t.UTC().Truncate(time.Second), nil
}

// checkLesson refuses what is not the id of a page in the notebook: that of a
// lesson, or one made by a device.
func checkLesson(id string) error {
	slot, day, lesson := strings.Cut(id, ".")
	switch {
	case id == "":
		return nil
	case lesson && !directory.Date(day).Valid():
		return invalid("lesson", "not the id of a lesson")
	}
	return psync.CheckID("lesson", slot)
}

// check refuses a piece of work that makes no sense.
func (g Given) check(now time.Time) error {
	for _, err := range []error{
		psync.CheckText("title", g.Title, MaxTitle),
		psync.CheckText("text", g.Text, MaxText),
		psync.OneOf("return", g.Return, ReturnNone, ReturnPaper, ReturnFile),
		psync.OneOf("late", g.Late, LateAccept, LateRefuse),
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
