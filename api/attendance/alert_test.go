package attendance

import (
	"fmt"
	"testing"

	"preau/api/areatest"
)

// A guardian may ask to hear of the third lateness of a month only.
func TestLatenessesOfAMonth(t *testing.T) {
	var s *Service
	w := areatest.New(t, func(w *areatest.World) areatest.Area {
		s = New(Config{Directory: w.Dir, Files: w.Files, Notices: w.Notices, Now: w.Now})
		return areatest.Of(s)
	})
	for i, day := range []string{"2026-10-30", "2026-11-03", "2026-11-20", "2026-11-23"} {
		w.Must(areatest.Act{User: "viard", Scope: "office:x", Name: "attendance.record@1", Args: areatest.Args{
			"id": fmt.Sprintf("ruling-%d", i), "student": "ines", "kind": "lateness", "from": day + "T08:00", "to": day + "T08:12",
		}})
	}
	for at, want := range map[string]int{"2026-10-30T08:00": 1, "2026-11-03T08:00": 1, "2026-11-20T08:00": 2, "2026-11-23T08:00": 3} {
		if got, err := s.latesOfMonth(t.Context(), "student:ines", at); got != want || err != nil {
			t.Errorf("%s is lateness %d of its month, want %d (%v)", at, got, want, err)
		}
	}
	if told := w.Told("nadia", "attendance.lateness"); len(told) != 4 {
		t.Errorf("told %q", told)
	}
}
