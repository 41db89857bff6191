package notify

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	psync "preau/sync"
)

// inSchool is a world where everybody is of the school x and the principal
// sets its rules.
func inSchool(c *Config) {
	c.School = func(string) string { return "x" }
	c.May = func(a psync.Actor, _ string) error {
		if a.User != "roussel" {
			return psync.Refuse("forbidden", "", "%s may not", a.User)
		}
		return nil
	}
}

type args = map[string]any

func (w *world) must(user, scope, name string, a any) {
	w.t.Helper()
	if refused := w.act(user, scope, name, a); refused != "" {
		w.t.Fatalf("%s refused: %s", name, refused)
	}
}

func (w *world) set(user string, a args) {
	w.t.Helper()
	w.must(user, "user:"+user, "settings.set@1", a)
}

// about is a notice of a kind about a child.
func about(a Alert, child string, n int) Notice {
	v := hello(n)
	v.Alert, v.Student = a, child
	return v
}

func TestEachChildAndKindIsChosen(t *testing.T) {
	w := newWorld(t, inSchool)
	w.browser("nadia")
	w.set("nadia", args{"alerts": args{"newGrade": false}, "children": args{"ines": args{"alerts": args{"newGrade": true}}, "noe": args{"alerts": args{"timetable": false}}}})
	told := []bool{}
	for i, n := range []Notice{
		about(NewGrade, "noe", 1), about(NewGrade, "ines", 2), about(Timetable, "noe", 3), about(Timetable, "ines", 4), about("", "noe", 5),
	} {
		before := len(w.statuses())
		w.tell("nadia", n)
		told = append(told, len(w.statuses()) > before)
		if len(w.ids("nadia")) != i+1 {
			t.Errorf("notice %d is not there to be read", i)
		}
	}
	if want := []bool{false, true, false, true, true}; !slices.Equal(told, want) {
		t.Errorf("rang %v, want %v", told, want)
	}
	// Null takes a choice back: the one for all children holds again.
	w.set("nadia", args{"children": args{"ines": args{"alerts": args{"newGrade": nil}}}})
	before := len(w.statuses())
	w.tell("nadia", about(NewGrade, "ines", 6))
	if len(w.statuses()) != before {
		t.Error("a choice that was taken back still holds")
	}
}

func TestThresholds(t *testing.T) {
	level := func(n int) *int { return &n }
	for _, c := range []struct {
		name   string
		set    settings
		notice Notice
		want   bool
	}{
		{"marks ring", settings{}, Notice{Alert: NewGrade, Level: level(1500)}, true},
		{"under", settings{Below: 8}, Notice{Alert: NewGrade, Level: level(799)}, true},
		{"at", settings{Below: 8}, Notice{Alert: NewGrade, Level: level(800)}, false},
		{"no number", settings{Below: 8}, Notice{Alert: NewGrade}, false},
		{"zero", settings{Below: 8}, Notice{Alert: NewGrade, Level: level(0)}, true},
		{"each lateness", settings{}, Notice{Alert: Lateness, Times: 1}, true},
		{"the second of three", settings{LatesAt: 3}, Notice{Alert: Lateness, Times: 2}, false},
		{"the third", settings{LatesAt: 3}, Notice{Alert: Lateness, Times: 3}, true},
		{"the fourth", settings{LatesAt: 3}, Notice{Alert: Lateness, Times: 4}, true},
		{"others are not concerned", settings{Below: 8, LatesAt: 3}, Notice{Alert: Timetable}, true},
		{"an absence rings always", settings{Below: 8, LatesAt: 3}, Notice{}, true},
	} {
		if got := c.set.rings(rules{}, c.notice); got != c.want {
			t.Errorf("%s: rings %v", c.name, got)
		}
	}
}

// What a school set holds for whoever chose nothing else.
func TestASchoolSaysWhatIsUsual(t *testing.T) {
	w := newWorld(t, inSchool)
	w.browser("nadia")
	for want, a := range map[string]args{
		"invalid quiet":     {"quiet": args{"from": "9", "to": "10:00"}},
		"invalid gradesAt":  {"gradesAt": "24:61"},
		"invalid digestDay": {"digestDay": 8},
		"invalid digestAt":  {"digestAt": "noon"},
		"invalid silent[0]": {"silent": []string{"everything"}},
		"invalid silent[1]": {"silent": []string{"timetable", "timetable"}},
		"invalid colour":    {"colour": "red"},
	} {
		if got := w.act("roussel", "school:x", "notify.rules@1", a); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := w.act("nadia", "school:x", "notify.rules@1", args{}); got != "forbidden " {
		t.Errorf("a guardian: %q", got)
	}
	w.must("roussel", "school:x", "notify.rules@1", args{"gradesAt": "18:00", "silent": []string{"newHomework"}, "quiet": args{"from": "20:00", "to": "07:30"}})
	w.tell("nadia", about(NewHomework, "ines", 1))
	w.tell("nadia", about(NewGrade, "ines", 2))
	w.wantStatuses()
	w.at(time.Date(2026, 11, 23, 16, 59, 0, 0, time.UTC)) // 17:59 in Paris
	w.wantStatuses()
	w.at(time.Date(2026, 11, 23, 17, 0, 0, 0, time.UTC))
	w.wantStatuses(201)
	w.at(time.Date(2026, 11, 23, 19, 30, 0, 0, time.UTC)) // quiet from 20:00 on
	w.tell("nadia", about(Timetable, "ines", 3))
	w.wantStatuses(201)
	w.at(time.Date(2026, 11, 24, 6, 30, 0, 0, time.UTC))
	w.wantStatuses(201, 201)
	w.set("nadia", args{"gradesAt": "", "alerts": args{"newHomework": true}})
	w.tell("nadia", about(NewHomework, "ines", 4))
	w.tell("nadia", about(NewGrade, "ines", 5))
	w.wantStatuses(201, 201, 201, 201)
}

// What helps on the day is not delivered the day after, and a night of waiting
// does not count.
func TestEachKindHasItsLife(t *testing.T) {
	w := newWorld(t)
	w.browser("nadia")
	for _, a := range slices.Sorted(maps.Keys(catalogue)) {
		w.tell("nadia", about(a, "ines", len(a)))
		all := w.pushes.Pushes()
		if got := all[len(all)-1].TTL; got != int(catalogue[a].life.Seconds()) {
			t.Errorf("%q lives %d s", a, got)
		}
	}
	w.at(time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC))
	n := len(w.statuses())
	w.tell("nadia", about(DueSoon, "ines", 99))
	w.at(time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC))
	if all := w.pushes.Pushes(); len(all) != n+1 || all[n].TTL != int(catalogue[DueSoon].life.Seconds()) {
		t.Errorf("after the night: %d pushes more", len(all)-n)
	}
}

// A lock screen says no more than the kind, unless its person wants it to.
func TestLockScreens(t *testing.T) {
	w := newWorld(t)
	w.browser("nadia")
	w.tell("nadia", about(NewGrade, "ines", 1))
	w.set("nadia", args{"lock": "more"})
	w.tell("nadia", about(NewGrade, "ines", 2))
	all := w.pushes.Pushes()
	if strings.Contains(all[0].Message, "Dedans") || !strings.Contains(all[1].Message, "Dedans") {
		t.Errorf("%s\n%s", all[0].Message, all[1].Message)
	}
	if got := w.act("nadia", "user:nadia", "settings.set@1", args{"lock": "everything"}); got != "invalid lock" {
		t.Error(got)
	}
}
