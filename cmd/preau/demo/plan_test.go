package demo

import (
	"testing"
	"time"

	"preau/api/directory"
)

// Stories and visitors look at a day within the two weeks to come.
func TestThereAreLessonsInAnyWeek(t *testing.T) {
	for day := time.Date(2026, time.September, 1, 8, 0, 0, 0, zone()); day.Year() < 2028; day = day.AddDate(0, 0, 1) {
		today := directory.DateOf(day)
		p := plan{today: today}
		for _, h := range p.holidays() {
			if h.Start <= today.AddDays(14) && h.End >= today {
				t.Errorf("on %s there is %s from %s to %s", today, h.Name, h.Start, h.End)
			}
		}
		if len(p.holidays()) == 0 {
			t.Errorf("on %s there is no holiday at all", today)
		}
	}
}
