package notify_test

import (
	"testing"
	"time"

	"preau/api/notify"
)

// French says the first day of a month unlike the others.
func TestDaysInWords(t *testing.T) {
	words := notify.Sentences[map[string]string]([]byte(`{"own": "à moi"}`), []byte(`{"own": "mine"}`))()
	for date, want := range map[string][2]string{
		"2026-11-27": {"vendredi 27 novembre", "Friday 27 November"},
		"2026-12-01": {"mardi 1er décembre", "Tuesday 1 December"},
		"2026-12-31": {"jeudi 31 décembre", "Thursday 31 December"},
	} {
		day, err := time.Parse(time.DateOnly, date)
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]string{notify.Day(words[0], day), notify.Day(words[1], day)}; got != want {
			t.Errorf("%s: %q, want %q", date, got, want)
		}
	}
	if words[0]["own"] != "à moi" || words[1]["own"] != "mine" {
		t.Errorf("an area's own words: %v", words)
	}
}
