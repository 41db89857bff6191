package mail

import (
	"context"
	"slices"
	"strings"
	"time"

	"preau/api/directory"
	psync "preau/sync"
)

// Brakes hold back whoever does not work in the school and writes to many
// people, or to one again and again. Each is a number within 24 hours.
type Brakes struct {
	Quota int `json:"quota"` // people that a pupil may write to
	Alike int `json:"alike"` // people who may get nearly the same text of a pupil
	Pair  int `json:"pair"`  // messages of a guardian to one person, of a pupil to one who works here
}

func defaultBrakes() Brakes { return Brakes{Quota: 100, Alike: 40, Pair: 20} } // a class with its teachers is fewer than 40

// maxBrake is the weakest brake that a school may choose. There is no way to
// do without.
const maxBrake = 1000

func (b Brakes) check() error {
	for _, brake := range []struct {
		field string
		n     int
	}{{"quota", b.Quota}, {"alike", b.Alike}, {"pair", b.Pair}} {
		if brake.n < 1 || brake.n > maxBrake {
			return psync.Refuse("invalid", brake.field, "1 to %d", maxBrake)
		}
	}
	return nil
}

// departures is the record that the brakes look at: what a person sent within
// the last 24 hours. It is in the scope that sends, so no message is missed.
type departures struct {
	Sent []departure `json:"sent"`
}

// departure is one message that was sent.
type departure struct {
	At    int64    `json:"at"` // Unix seconds
	To    []string `json:"to"`
	Marks []sketch `json:"marks,omitempty"` // of a pupil's: what it said

	Doubted bool `json:"doubted,omitempty"` // from a device in quarantine
}

const (
	kindDepartures = "sent"
	braking        = 24 * time.Hour
	// maxDeparted is how many people and marks of messages are kept: nobody
	// reaches it who does not try to. It bounds the record to 100 KB.
	maxDeparted = 2000
)

// brake refuses a message that would be one too many, and counts it otherwise.
// Answers count like all others: a discussion with a whole school is a way to
// reach it.
func (f *sender) brake(ctx context.Context, tx *psync.Tx, p post, c content) error {
	if f.svc.works(f.user) {
		return nil
	}
	var all departures
	if _, err := tx.Get(ctx, kindDepartures, "day", &all); err != nil {
		return err
	}
	d := departure{At: tx.Now().Unix(), To: slices.Concat(p.Readers, p.Hidden, p.keysOutside())}
	pupil := isAny(f.svc.dir, f.user, directory.RoleStudent)
	if pupil {
		d.Marks = marksOf(p, c)
		var err error
		if d.Doubted, err = f.svc.devices.Quarantined(ctx, tx.Actor()); err != nil {
			return err
		}
	}
	all.add(d)
	if d.Doubted {
		if err := quarantine(ctx, tx, p, all); err != nil {
			return err
		}
	}
	watched := d.To
	if pupil {
		watched = slices.DeleteFunc(slices.Clone(d.To), func(id string) bool { return !f.svc.works(id) && !strings.HasPrefix(id, outsideKey) })
	}
	if err := f.brakes.hold(all, d, watched, pupil); err != nil {
		return err
	}
	tx.Put(kindDepartures, "day", all)
	return nil
}

// add adds a departure and forgets those of more than a day ago.
func (all *departures) add(d departure) {
	old := d.At - int64(braking/time.Second)
	all.Sent = append(slices.DeleteFunc(all.Sent, func(d departure) bool { return d.At <= old }), d)
}

// hold refuses the last of all departures if it is one too many, to any of the
// people watched or to all.
func (b Brakes) hold(all departures, last departure, watched []string, pupil bool) error {
	for _, to := range watched {
		if all.count(func(d departure) bool { return slices.Contains(d.To, to) }) > b.Pair {
			return psync.Refuse("pair", "", "%d messages to one person in 24 hours", b.Pair)
		}
	}
	everybody := all.people(func(departure) bool { return true })
	switch {
	case pupil && everybody > b.Quota:
		return psync.Refuse("quota", "", "%d people in 24 hours", b.Quota)
	case pupil && all.people(last.alike) > b.Alike:
		return psync.Refuse("alike", "", "the same text to %d people in 24 hours", b.Alike)
	case all.weight() > maxDeparted:
		return psync.Refuse("quota", "", "too many messages in 24 hours")
	}
	return nil
}

// count says how many departures are of a kind.
func (all departures) count(of func(departure) bool) (n int) {
	for _, d := range all.Sent {
		if of(d) {
			n++
		}
	}
	return n
}

// people says to how many people departures of a kind went.
func (all departures) people(of func(departure) bool) int {
	who := map[string]bool{}
	for _, d := range all.Sent {
		if !of(d) {
			continue
		}
		for _, id := range d.To {
			who[id] = true
		}
	}
	return len(who)
}

// weight is what the record is bounded by.
func (all departures) weight() (n int) {
	for _, d := range all.Sent {
		n += len(d.To) + len(d.Marks)
	}
	return n
}

// alike says whether two messages say nearly the same.
func (d departure) alike(other departure) bool {
	return slices.ContainsFunc(d.Marks, func(mark sketch) bool {
		return slices.ContainsFunc(other.Marks, mark.alike)
	})
}

// marksOf is what to know a message by: its subject, its text with what it
// passes on, and each of its files. A short answer, such as "ok merci", says
// nothing that could not be said to everybody.
func marksOf(p post, c content) []sketch {
	lines := []string{c.Body.Text()}
	for _, q := range p.Quotes {
		lines = append(lines, q.Body.Text())
	}
	text := newSketch(strings.Join(lines, "\n"))
	marks := []sketch{text}
	if p.Re == "" {
		marks = append(marks, newSketch(p.Subject))
	} else if text.short() {
		marks = nil
	}
	for _, f := range c.Files {
		marks = append(marks, "="+sketch(strings.TrimPrefix(f.SHA, "sha256-")[:16]))
	}
	return slices.DeleteFunc(marks, func(s sketch) bool { return s == "" })
}
