package agenda

import (
	"testing"

	"preau/api/directory"
)

// Whatever is sent, what is taken can be laid out, and is over one day.
func FuzzEvent(f *testing.F) {
	f.Add("2026-11-24T12:30", "2026-11-24T13:20", "2027-02-02", "2026-12-22")
	f.Add("2026-12-04", "2026-12-05", "", "")
	f.Add("2026-11-24T", "2026-11-24T99:99", "0000-00-00", "x")
	f.Fuzz(func(t *testing.T, start, end, until, except string) {
		e := Event{Title: "T", Start: start, End: end, Until: directory.Date(until)}
		if except != "" {
			e.Except = []directory.Date{directory.Date(except)}
		}
		if e.checkTime("2026-11-23") != nil || e.checkWeeks() != nil {
			return
		}
		if n := len(e.Occurrences("2024-01-01", "2029-01-01", "2026-11-23")); n == 0 || n > MaxTimes {
			t.Errorf("%d times of %+v", n, e)
		}
		if last := e.last(); last < dayOf(e.Start) || last > "2028-12-31" {
			t.Errorf("%s is the last day of %+v", last, e)
		}
	})
}

// No link is followed to a host that is not shown.
func FuzzHostOf(f *testing.F) {
	f.Add("https://visio.example/5b")
	f.Add("https://bank.example\\@visio.example:443/?a#b")
	f.Fuzz(func(t *testing.T, link string) {
		host := HostOf(link)
		if host != "" && (!name.MatchString(host) || len(link) > maxLink) {
			t.Errorf("%q: %q", link, host)
		}
	})
}
