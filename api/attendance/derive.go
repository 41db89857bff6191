package attendance

import (
	"cmp"
	"slices"
	"strings"

	"preau/api/directory"
)

// What a pupil's record may be about.
const (
	kindAbsence       = "absence"
	kindLateness      = "lateness"
	kindJustification = "justification"
)

// Lesson is what the roll of one lesson says of a pupil.
type Lesson struct {
	Course  string `json:"course"`
	Subject string `json:"subject"`
	From    string `json:"from"`
	To      string `json:"to"`
	State   string `json:"state"`
	Minutes int    `json:"minutes,omitempty"`
}

// Called is what the rolls of one day say of a pupil, and which absences their
// guardians were told of.
type Called struct {
	Lessons []Lesson `json:"lessons"` // by time
	Told    []Told   `json:"told,omitempty"`
}

// Told is an absence that guardians were told of, or that it was a mistake.
type Told struct {
	From      string `json:"from"`
	To        string `json:"to"`
	Tag       string `json:"tag"`
	Withdrawn bool   `json:"withdrawn,omitempty"`
}

// Ruling is what vie scolaire decided about a time of a pupil. Recorded is an
// absence or lateness by itself; any other is about what overlaps it. Code and
// Comment never leave the office where they are confidential.
type Ruling struct {
	Student   string          `json:"student,omitempty"` // in office:X only
	Kind      string          `json:"kind"`              // absence or lateness
	From      string          `json:"from"`
	To        string          `json:"to"`
	Recorded  bool            `json:"recorded,omitempty"`
	Void      bool            `json:"void,omitempty"` // it was a mistake
	Reason    string          `json:"reason,omitempty"`
	Label     string          `json:"label,omitempty"`
	Given     bool            `json:"given,omitempty"` // there is a reason, said or not
	Justified bool            `json:"justified,omitempty"`
	Settled   bool            `json:"settled,omitempty"`
	Counts    bool            `json:"counts"`
	Comment   string          `json:"comment,omitempty"` // in office:X only
	Answer    string          `json:"answer,omitempty"`  // to the family
	Excuse    string          `json:"excuse,omitempty"`  // the justification it answers
	Refused   bool            `json:"refused,omitempty"` // and does not accept
	By        directory.Named `json:"by"`
	At        int64           `json:"at"`

	Confidential bool `json:"confidential,omitempty"` // in office:X only
}

// Justification is what a guardian said about a time of a pupil, afterwards or
// beforehand. What is confidential is with the office alone; then Given says
// that there is a reason.
type Justification struct {
	Student string          `json:"student,omitempty"` // in office:X only
	Kind    string          `json:"kind"`
	From    string          `json:"from"`
	To      string          `json:"to"`
	Reason  string          `json:"reason,omitempty"`
	Label   string          `json:"label,omitempty"`
	Given   bool            `json:"given"`
	Text    string          `json:"text,omitempty"`
	Files   []File          `json:"files"`
	State   string          `json:"state"`
	Answer  string          `json:"answer,omitempty"` // of vie scolaire
	Before  bool            `json:"before,omitempty"` // announced
	By      directory.Named `json:"by"`
	At      int64           `json:"at"`
}

// The states of a justification.
const (
	StateSent     = "sent"
	StateAccepted = "accepted"
	StateRefused  = "refused"
)

// Event is an absence or a lateness of a pupil, as everybody who reads the
// pupil's scope sees it.
type Event struct {
	From      string   `json:"from"`
	To        string   `json:"to"`
	Minutes   int      `json:"minutes,omitempty"` // of lateness
	Lessons   []Lesson `json:"lessons,omitempty"`
	Recorded  bool     `json:"recorded,omitempty"`
	Label     string   `json:"label,omitempty"` // the reason, where it may be read
	Given     bool     `json:"given,omitempty"` // a reason is known
	Justified bool     `json:"justified,omitempty"`
	Settled   bool     `json:"settled,omitempty"`
	Announced bool     `json:"announced,omitempty"`
	Excuse    string   `json:"excuse,omitempty"` // id of the last justification
	Counts    bool     `json:"counts"`
}

// derived is all that a pupil missed, by id.
type derived struct {
	absences, latenesses map[string]Event
}

// derive says what a pupil missed. It depends on what is known and not on the
// order in which it came.
func derive(days map[string]Called, rulings map[string]Ruling, excuses map[string]Justification) derived {
	var lessons []Lesson
	for _, day := range days {
		lessons = append(lessons, day.Lessons...)
	}
	missed, late := stretches(lessons), latenesses(lessons)
	missed = recorded(kindAbsence, missed, rulings)
	late = recorded(kindLateness, late, rulings)
	return derived{
		absences:   settled(kindAbsence, missed, rulings, excuses),
		latenesses: settled(kindLateness, late, rulings, excuses),
	}
}

// eventID names what begins at a moment.
func eventID(from string) string {
	return "at" + strings.NewReplacer("-", "", ":", "", "T", "-").Replace(from)
}

// stretches joins the missed lessons of a day that follow each other: only a
// lesson in which the pupil was seen comes between two absences. Each day
// begins anew, so that guardians are told again.
func stretches(lessons []Lesson) map[string]Event {
	slices.SortFunc(lessons, func(a, b Lesson) int {
		return cmp.Or(strings.Compare(a.From, b.From), strings.Compare(a.To, b.To), strings.Compare(a.Course, b.Course))
	})
	all := map[string]Event{}
	open := ""
	for _, l := range lessons {
		switch {
		case l.State == Exempted:
		case l.State != Absent:
			open = ""
		case open == "" || open[:len("at20261124")] != eventID(l.From)[:len("at20261124")]:
			open = eventID(l.From)
			all[open] = Event{From: l.From, To: l.To, Lessons: []Lesson{l}, Counts: true}
		default:
			e := all[open]
			e.To, e.Lessons = max(e.To, l.To), append(e.Lessons, l)
			all[open] = e
		}
	}
	return all
}

func latenesses(lessons []Lesson) map[string]Event {
	all := map[string]Event{}
	for _, l := range lessons {
		if l.State == Late {
			all[eventID(l.From)] = Event{From: l.From, To: l.To, Minutes: l.Minutes, Lessons: []Lesson{l}, Counts: true}
		}
	}
	return all
}

// recorded adds what vie scolaire recorded; it takes in what the rolls say of
// the same time.
func recorded(kind string, events map[string]Event, rulings map[string]Ruling) map[string]Event {
	for _, id := range byTime(rulings) {
		r := rulings[id]
		if r.Kind != kind || !r.Recorded || r.Void {
			continue
		}
		e := Event{From: r.From, To: r.To, Recorded: true, Counts: true}
		if kind == kindLateness {
			e.Minutes = minutesBetween(r.From, r.To)
		}
		for _, other := range overlapping(events, r.From, r.To) {
			e = e.takeIn(events[other])
			delete(events, other)
		}
		events[id] = e
	}
	return events
}

func (e Event) takeIn(o Event) Event {
	e.From, e.To = min(e.From, o.From), max(e.To, o.To)
	e.Lessons = slices.Concat(e.Lessons, o.Lessons)
	if e.Minutes < o.Minutes {
		e.Minutes = o.Minutes
	}
	return e
}

// settled lays over each event what was decided last about its time, and what
// the family said last. What was a mistake is gone.
func settled(kind string, events map[string]Event, rulings map[string]Ruling, excuses map[string]Justification) map[string]Event {
	out := map[string]Event{}
	for id, e := range events {
		void := false
		for _, x := range byTime(excuses) {
			if j := excuses[x]; j.Kind == kind && meets(e.From, e.To, j.From, j.To) {
				e.Excuse, e.Announced = x, e.Announced || j.At > 0 && j.Before
				e.Given, e.Label = j.Given, j.Label
			}
		}
		for _, x := range byTime(rulings) {
			if r := rulings[x]; r.Kind == kind && (!r.Recorded || !r.Void) && meets(e.From, e.To, r.From, r.To) {
				e, void = e.under(r), r.Void
			}
		}
		if !void {
			out[id] = e
		}
	}
	return out
}

// under is the event as a ruling leaves it.
func (e Event) under(r Ruling) Event {
	e.Justified, e.Settled, e.Counts = r.Justified, r.Settled, r.Counts
	if r.Given {
		e.Given, e.Label = true, r.Label
	}
	return e
}

// meets says whether two times have a minute in common.
func meets(from, to, from2, to2 string) bool { return from < to2 && from2 < to }

func overlapping(events map[string]Event, from, to string) []string {
	var ids []string
	for id, e := range events {
		if meets(e.From, e.To, from, to) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int {
		return cmp.Or(strings.Compare(events[a].From, events[b].From), strings.Compare(a, b))
	})
	return ids
}

// dated is what was said at a moment.
type dated interface{ when() int64 }

func (r Ruling) when() int64        { return r.At }
func (j Justification) when() int64 { return j.At }

// byTime lists ids in the order in which things were said.
func byTime[T dated](all map[string]T) []string {
	ids := make([]string, 0, len(all))
	for id := range all {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int {
		return cmp.Or(cmp.Compare(all[a].when(), all[b].when()), strings.Compare(a, b))
	})
	return ids
}
