package agenda_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/emersion/go-ical"
	"github.com/google/go-cmp/cmp"

	"preau/api/agenda"
	"preau/api/directory"
)

var update = flag.Bool("update", false, "draw the shared examples anew")

// decode reads a calendar as other programs do.
func decode(t *testing.T, raw []byte) (all []map[string]string) {
	t.Helper()
	cal, err := ical.NewDecoder(bytes.NewReader(raw)).Decode()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range cal.Events() {
		props := map[string]string{}
		for name, p := range e.Props {
			props[name] = p[0].Value
			if text, err := p[0].Text(); err == nil && name == ical.PropSummary {
				props[name] = text
			}
		}
		all = append(all, props)
	}
	return all
}

// Where a link leads is decided on the server and on devices alike: both read
// testdata/links.json.
func TestHostOf(t *testing.T) {
	var cases map[string]string
	read(t, "testdata/links.json", &cases)
	for link, want := range cases {
		if got := agenda.HostOf(link); got != want {
			t.Errorf("%s: %q, want %q", link, got, want)
		}
	}
}

// drawn is an event drawn at random, and its times in a span of days.
type drawn struct {
	Event agenda.Event        `json:"event"`
	From  directory.Date      `json:"from"`
	Until directory.Date      `json:"until"`
	Today directory.Date      `json:"today"`
	Times []agenda.Occurrence `json:"times"`
}

// The times of an event are worked out on the server and on devices alike: both
// read testdata/occurrences.json; -update draws others.
func TestOccurrences(t *testing.T) {
	if *update {
		var all []drawn
		for range 120 {
			all = append(all, draw())
		}
		raw, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("testdata/occurrences.json", append(raw, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var all []drawn
	read(t, "testdata/occurrences.json", &all)
	for i, d := range all {
		if diff := cmp.Diff(d.Times, times(d)); diff != "" {
			t.Errorf("%d: %s", i, diff)
		}
	}
}

func times(d drawn) []agenda.Occurrence {
	return append([]agenda.Occurrence{}, d.Event.Occurrences(d.From, d.Until, d.Today)...)
}

func draw() drawn {
	day := func(n int) directory.Date { return directory.Date("2027-03-01").AddDays(n) }
	first := rand.IntN(60)
	d := drawn{From: day(rand.IntN(60)), Today: day(rand.IntN(60))}
	d.Until = d.From.AddDays(rand.IntN(35))
	d.Event = agenda.Event{Title: "T", Start: string(day(first)), End: string(day(first + rand.IntN(4))), Cancelled: rand.IntN(8) == 0}
	if rand.IntN(2) == 0 {
		d.Event.Start += "T08:00"
		d.Event.End += "T09:30"
	}
	if rand.IntN(2) == 0 {
		d.Event.Until = day(first + 7 + rand.IntN(50))
		d.Event.Off = []directory.Date{day(first + 7*rand.IntN(5))}
		d.Event.Except = []directory.Date{day(first + 7)}
	}
	d.Times = times(d)
	return d
}

func read(t *testing.T, path string, into any) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}
