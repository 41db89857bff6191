// Package ical writes calendars as RFC 5545 wants them: lines folded at 75
// octets and ended by CR LF, text escaped, times in UTC, whole days as dates.
package ical

import (
	"bytes"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Calendar is what is written.
type Calendar struct {
	Name    string
	Refresh time.Duration // how often to come again
	Events  []Event
}

// Event is one VEVENT. With Day it lasts whole days, of which Start is the
// first and End the one after the last, and leaves the time free.
type Event struct {
	UID         string
	Start, End  time.Time
	Day         bool
	Summary     string
	Location    string
	Description string
	Category    string
	URL         string // an address, as it is
	Cancelled   bool
	Changed     time.Time // when it last became what it is
	Sequence    int       // grows with each change
}

// Bytes is the calendar as a file.
func (c Calendar) Bytes() []byte {
	var w writer
	w.line("BEGIN", "VCALENDAR")
	w.line("VERSION", "2.0")
	w.line("PRODID", "-//Preau//Emploi du temps//FR")
	w.line("CALSCALE", "GREGORIAN")
	w.line("METHOD", "PUBLISH")
	w.text("X-WR-CALNAME", c.Name)
	w.text("NAME", c.Name)
	if hours := int(c.Refresh.Hours()); hours > 0 {
		w.line("REFRESH-INTERVAL;VALUE=DURATION", "PT"+strconv.Itoa(hours)+"H")
		w.line("X-PUBLISHED-TTL", "PT"+strconv.Itoa(hours)+"H")
	}
	for _, e := range c.Events {
		w.event(e)
	}
	w.line("END", "VCALENDAR")
	return w.Bytes()
}

type writer struct{ bytes.Buffer }

const (
	moment = "20060102T150405Z"
	day    = "20060102"
)

func (w *writer) event(e Event) {
	w.line("BEGIN", "VEVENT")
	w.text("UID", e.UID)
	w.line("DTSTAMP", e.Changed.UTC().Format(moment))
	w.line("LAST-MODIFIED", e.Changed.UTC().Format(moment))
	if e.Day {
		w.line("DTSTART;VALUE=DATE", e.Start.Format(day))
		w.line("DTEND;VALUE=DATE", e.End.Format(day))
		w.line("TRANSP", "TRANSPARENT")
	} else {
		w.line("DTSTART", e.Start.UTC().Format(moment))
		w.line("DTEND", e.End.UTC().Format(moment))
	}
	w.text("SUMMARY", e.Summary)
	w.text("LOCATION", e.Location)
	w.text("DESCRIPTION", e.Description)
	w.text("CATEGORIES", e.Category)
	if e.URL != "" {
		w.line("URL", e.URL)
	}
	if e.Sequence > 0 {
		w.line("SEQUENCE", strconv.Itoa(e.Sequence))
	}
	if e.Cancelled {
		w.line("STATUS", "CANCELLED")
	} else {
		w.line("STATUS", "CONFIRMED")
	}
	w.line("END", "VEVENT")
}

var escape = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", "")

// text writes a property that a person reads; nothing for an empty one.
func (w *writer) text(name, value string) {
	if value != "" {
		w.line(name, escape.Replace(value))
	}
}

// line writes one line, folded between characters.
func (w *writer) line(name, value string) {
	rest := name + ":" + value
	for most := 75; len(rest) > most; most = 74 { // the blank that continues counts
		cut := most
		for !utf8.RuneStart(rest[cut]) {
			cut--
		}
		w.WriteString(rest[:cut] + "\r\n ")
		rest = rest[cut:]
	}
	w.WriteString(rest + "\r\n")
}
