package attendance

import (
	"cmp"
	"maps"
	"slices"

	"preau/api/directory"
)

// What a roll says of a pupil.
const (
	Present   = "present"
	Absent    = "absent"
	Late      = "late"
	Exempted  = "exempted"  // need not be there
	Infirmary = "infirmary" // in the school, but not in the lesson
)

var states = []string{Present, Absent, Late, Exempted, Infirmary}

// Call is one version of what a roll says of a pupil. Seen names the versions
// that its author had before their eyes, by At: it takes their place.
type Call struct {
	State   string          `json:"state"`
	Minutes int             `json:"minutes,omitempty"` // of lateness
	By      directory.Named `json:"by"`
	At      int64           `json:"at"` // Unix milliseconds
	Seen    []int64         `json:"seen,omitempty"`
}

func (c Call) compare(d Call) int {
	return cmp.Or(cmp.Compare(c.At, d.At), cmp.Compare(c.By.ID, d.By.ID),
		cmp.Compare(c.State, d.State), cmp.Compare(c.Minutes, d.Minutes), slices.Compare(c.Seen, d.Seen))
}

// Roll is who was in a lesson. Whom it does not name was there.
type Roll struct {
	Course   string            `json:"course"` // none: a permanence
	Subject  string            `json:"subject"`
	Audience string            `json:"audience"`
	Date     directory.Date    `json:"date"`
	Start    string            `json:"start"`
	End      string            `json:"end"`
	By       directory.Named   `json:"by"` // who took it first
	At       int64             `json:"at"`
	Calls    map[string][]Call `json:"calls"` // by pupil, all versions, oldest first

	// In office:X only.
	Title string            `json:"title,omitempty"`
	Size  int               `json:"size,omitempty"`
	Names map[string]string `json:"names,omitempty"` // of those called
}

// merge joins two copies of a roll. The order in which copies are merged, and
// how often, makes no difference.
func merge(a, b Roll) Roll {
	if a.Date == "" {
		return b
	}
	out := a
	if b.At < a.At || b.At == a.At && b.By.ID < a.By.ID {
		out.By, out.At = b.By, b.At
	}
	out.End = max(a.End, b.End)
	out.Calls = maps.Clone(a.Calls)
	for student, calls := range b.Calls {
		out.Calls[student] = mergeCalls(out.Calls[student], calls)
	}
	return out
}

func mergeCalls(a, b []Call) []Call {
	all := slices.Concat(a, b)
	slices.SortFunc(all, Call.compare)
	return slices.CompactFunc(all, func(c, d Call) bool { return c.compare(d) == 0 })
}

// heads are the versions that no other took the place of, oldest first. Two
// that differ are a disagreement: both were said without knowing of the other.
func heads(calls []Call) []Call {
	return slices.DeleteFunc(slices.Clone(calls), func(c Call) bool {
		return slices.ContainsFunc(calls, func(d Call) bool { return d.At != c.At && slices.Contains(d.Seen, c.At) })
	})
}

// said is what counts of all versions: the latest that stands.
func said(calls []Call) Call {
	if standing := heads(calls); len(standing) > 0 {
		return standing[len(standing)-1]
	}
	if n := len(calls); n > 0 {
		return calls[n-1] // each says that it saw the other: clocks were wrong
	}
	return Call{State: Present}
}
