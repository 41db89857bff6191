package grades

import (
	"fmt"
	"strings"
	"time"

	"preau/api/directory"
	"preau/api/grades/average"
	psync "preau/sync"
)

// Limits of what a person sends.
const (
	MaxTitle   = 200   // characters
	MaxComment = 2_000 // characters
	MaxCells   = 100
	MaxFiles   = 10
	maxParts   = 8
	maxName    = 60
	maxID      = 64
	maxAhead   = 400 * 24 * time.Hour

	most  average.Decimal = 9900 // coefficient and scale
	least average.Decimal = 100  // scale
)

func invalid(field, format string, args ...any) error {
	return psync.Refuse("invalid", field, format, args...)
}

// check refuses an outline that makes no sense.
func (o Outline) check() error {
	for _, err := range []error{
		psync.CheckText("title", o.Title, MaxTitle),
		psync.CheckText("about", o.About, MaxComment),
		psync.OneOf("type", o.Type, Types...),
		psync.OneOf("kind", o.Kind, "", average.Optional, average.Bonus),
	} {
		if err != nil {
			return err
		}
	}
	switch {
	case strings.TrimSpace(o.Title) == "":
		return invalid("title", "an assessment has a title")
	case !o.Date.Valid():
		return invalid("date", "not a day")
	case o.Coefficient < 0 || o.Coefficient > most:
		return invalid("coefficient", "0 to 99")
	case o.OutOf < least || o.OutOf > most:
		return invalid("outOf", "1 to 99")
	}
	return nil
}

// checkPart refuses a sub-service that the course has not.
func (s Service) checkPart(part string) error {
	for _, p := range s.Parts {
		if p.ID == part {
			return nil
		}
	}
	if part == "" {
		return nil
	}
	return invalid("part", "no such sub-service")
}

// check refuses settings that make no sense.
func (s Service) check() error {
	if s.Coefficient < 0 || s.Coefficient > most {
		return invalid("coefficient", "0 to 99")
	}
	if len(s.Parts) > maxParts {
		return psync.Refuse("too_large", "parts", "at most %d", maxParts)
	}
	seen := map[string]bool{}
	for i, p := range s.Parts {
		at := fmt.Sprintf("parts[%d]", i)
		name := strings.TrimSpace(s.Names[p.ID])
		switch {
		case psync.CheckID(at, p.ID) != nil || seen[p.ID]:
			return invalid(at, "an id, once")
		case name == "" || len(name) > maxName:
			return invalid("names", "every sub-service has a name")
		case p.Coefficient < 0 || p.Coefficient > most:
			return invalid(at, "0 to 99")
		}
		seen[p.ID] = true
	}
	if len(s.Names) != len(s.Parts) {
		return invalid("names", "one for each sub-service")
	}
	return s.checkRules()
}

func (s Service) checkRules() error {
	for field, weight := range map[string]*average.Decimal{"highest": s.Highest, "lowest": s.Lowest} {
		if weight != nil && (*weight < 0 || *weight > 900) {
			return invalid(field, "0 to 9")
		}
	}
	switch s.Rounding.Step {
	case 0, 1, 10, 50, 100:
		return nil
	}
	return invalid("rounding", "a step of 0.01, 0.1, 0.5 or 1")
}

// checkValue refuses what is no mark of an assessment.
func (o Outline) checkValue(field string, v average.Value, p Policy) error {
	points, numeric := v.Points()
	switch {
	case !v.Valid():
		return invalid(field, "a number, a code or nothing")
	case numeric && points < 0:
		return invalid(field, "below zero")
	case numeric && points > o.OutOf && !p.Above:
		return psync.Refuse("mark_too_high", field, "%s is above %s", v, o.OutOf)
	case numeric && points > most:
		return psync.Refuse("mark_too_high", field, "%s is above %s", v, most)
	}
	return nil
}

// parseTime reads a moment as devices write it.
func parseTime(field, s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, invalid(field, "not a time")
	}
	return t.UTC().Truncate(time.Second), nil
}

// acted is when the person acted by the device's clock, believed as far as it
// lies in the past.
func acted(tx *psync.Tx) time.Time {
	at := time.UnixMilli(tx.At())
	if tx.At() == 0 || at.After(tx.Now()) {
		at = tx.Now()
	}
	return at.UTC().Truncate(time.Millisecond)
}

// course is the course of a scope.
func (g *Gradebook) course(tx *psync.Tx) (directory.Course, error) {
	c, ok := g.dir.Course(psync.ScopeID(tx.Scope()))
	if !ok {
		return c, psync.Refuse("not_found", "", "no such course")
	}
	return c, nil
}
