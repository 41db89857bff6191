package notify

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preau/storage"
)

func TestANoticeIsWrittenInTheLanguageOfItsPerson(t *testing.T) {
	w := newWorld(t)
	w.act("ines", "user:ines", "settings.set@1", map[string]any{"lang": "en"})
	w.tell("ines", hello(1))
	w.tell("malo", hello(1))
	want := map[string]record{"News 1": {Kind: "homework.new", Title: "News 1", Body: "Inside", Path: "/travail/h1", At: morning}}
	if diff := cmp.Diff(want, w.notices("ines")); diff != "" {
		t.Error(diff)
	}
	if n := w.notices("malo")["Nouvelle 1"]; n.Body != "Dedans" {
		t.Errorf("%+v", n)
	}
}

func TestAnIDMakesANoticeOne(t *testing.T) {
	w := newWorld(t)
	n := hello(1)
	n.ID = "due.h1"
	w.tell("ines", n)
	w.tell("ines", n)
	if got := w.ids("ines"); !slices.Equal(got, []string{"due.h1"}) {
		t.Errorf("notices %v", got)
	}
}

func TestATagGathersWhatIsUnread(t *testing.T) {
	w := newWorld(t)
	b := w.browser("ines")
	tagged := func(n int) Notice {
		v := hello(n)
		v.Tag, v.Many = "new.5b.10", Text{"{n} nouvelles", "{n} news"}
		return v
	}
	w.tell("ines", tagged(1))
	w.tell("ines", tagged(2))
	w.tell("ines", tagged(3))
	if got := w.notices("ines"); len(got) != 1 || got["3 nouvelles"].Count != 3 {
		t.Fatalf("notices %+v", got)
	}
	all := w.pushes.Pushes()
	if len(all) != 3 || all[0].Topic != all[2].Topic || !strings.Contains(all[2].Message, "3 nouvelles") {
		t.Errorf("pushes to %s: %+v", b.Endpoint, all)
	}
	w.act("ines", "user:ines", "notice.read@1", map[string]any{"ids": w.ids("ines")})
	w.tell("ines", tagged(4))
	if got := w.notices("ines"); len(got) != 1 || got["Nouvelle 4"].Read {
		t.Errorf("notices %+v", got)
	}
}

func TestWhatIsReadIsNotPushed(t *testing.T) {
	w := newWorld(t)
	w.browser("ines")
	w.at(time.Date(2026, 11, 23, 21, 0, 0, 0, time.UTC)) // 22:00 in Paris
	w.tell("ines", hello(1))
	w.tell("ines", hello(2))
	w.wantStatuses()
	ids := w.ids("ines")
	w.act("ines", "user:ines", "notice.read@1", map[string]any{"ids": ids[:1]})
	w.at(time.Date(2026, 11, 24, 6, 1, 0, 0, time.UTC))
	w.wantStatuses(201)
	w.act("ines", "user:ines", "notice.dismiss@1", map[string]any{"ids": ids})
	if left := w.ids("ines"); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

func TestAlertsCanBeSwitchedOff(t *testing.T) {
	w := newWorld(t)
	w.browser("ines")
	w.act("ines", "user:ines", "settings.set@1", map[string]any{"alerts": map[string]bool{"newHomework": false}})
	n := hello(1)
	n.Alert = NewHomework
	w.tell("ines", n)
	w.wantStatuses()
	if len(w.ids("ines")) != 1 {
		t.Error("the notice itself is missing")
	}
	n.Alert, n.Title = Returned, Text{FR: "Corrigé"}
	w.tell("ines", n)
	w.wantStatuses(201)
}

func TestQuietHours(t *testing.T) {
	paris := paris()
	day := func(d, h, m int) time.Time { return time.Date(2026, 11, d, h, m, 0, 0, paris) }
	urgent := func(due time.Time) Notice { return Notice{Urgent: true, Due: due} }
	for _, c := range []struct {
		name   string
		set    settings
		notice Notice
		now    time.Time
		want   time.Time // zero: at once
	}{
		{"by day", settings{}, Notice{}, day(23, 12, 0), time.Time{}},
		{"just before", settings{}, Notice{}, day(23, 20, 59), time.Time{}},
		{"from 21:00", settings{}, Notice{}, day(23, 21, 0), day(24, 7, 0)},
		{"after midnight", settings{}, Notice{}, day(24, 2, 0), day(24, 7, 0)},
		{"until 7:00", settings{}, Notice{}, day(24, 7, 0), time.Time{}},
		{"urgent, due in the morning", settings{}, urgent(day(24, 8, 0)), day(23, 22, 0), time.Time{}},
		{"urgent, due in the evening", settings{}, urgent(day(24, 18, 0)), day(23, 22, 0), day(24, 7, 0)},
		{"urgent, without a date", settings{}, urgent(time.Time{}), day(23, 22, 0), day(24, 7, 0)},
		{"not urgent, due in the morning", settings{}, Notice{Due: day(24, 8, 0)}, day(23, 22, 0), day(24, 7, 0)},
		{"own hours", settings{Quiet: &quiet{"18:00", "08:30"}}, Notice{}, day(23, 19, 0), day(24, 8, 30)},
		{"own hours by day", settings{Quiet: &quiet{"12:00", "14:00"}}, Notice{}, day(23, 13, 0), day(23, 14, 0)},
		{"own hours by day, at night", settings{Quiet: &quiet{"12:00", "14:00"}}, Notice{}, day(23, 23, 0), time.Time{}},
		{"never quiet", settings{Quiet: &quiet{"00:00", "00:00"}}, Notice{}, day(23, 23, 0), time.Time{}},
		{"nonsense", settings{Quiet: &quiet{"25:00", "x"}}, Notice{}, day(23, 22, 0), day(24, 7, 0)},
		{"the night the clocks change", settings{}, Notice{}, time.Date(2026, 10, 24, 22, 0, 0, 0, paris), time.Date(2026, 10, 25, 7, 0, 0, 0, paris)},
	} {
		w := &Service{zone: func(string) *time.Location { return paris }}
		if got := w.when(reader{user: "ines", set: c.set}, c.notice, c.now.UTC()); !got.Equal(c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestSettingsAreCheckedAndMerged(t *testing.T) {
	w := newWorld(t)
	for want, args := range map[string]any{
		"invalid lang":            map[string]any{"lang": "de"},
		"invalid theme":           map[string]any{"theme": "pink"},
		"invalid quiet":           map[string]any{"quiet": map[string]string{"from": "9", "to": "10:00"}},
		"invalid alerts.everyday": map[string]any{"alerts": map[string]bool{"everyday": true}},
		"invalid colour":          map[string]any{"colour": "red"},
		"invalid phrases[1]":      map[string]any{"phrases": []string{"Bien.", ""}},
		"too_large phrases":       map[string]any{"phrases": slices.Repeat([]string{"a"}, 51)},
	} {
		if got := w.act("ines", "user:ines", "settings.set@1", args); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	w.act("ines", "user:ines", "settings.set@1", map[string]any{"lang": "en", "alerts": map[string]bool{"dueSoon": false}})
	w.act("ines", "user:ines", "settings.set@1", map[string]any{"theme": "dark", "alerts": map[string]bool{"returned": true}})
	recs, err := w.engine.Find(t.Context(), "user:ines", storage.Key{Type: "settings", ID: "settings"})
	if err != nil || len(recs) != 1 {
		t.Fatal(recs, err)
	}
	want := `{"alerts":{"dueSoon":false,"returned":true},"lang":"en","theme":"dark"}`
	if got := string(recs[0].Value); got != want {
		t.Errorf("settings %s", got)
	}
}

// The ids of notices name what they are about, and are long.
func TestANoticeWithALongIDIsRead(t *testing.T) {
	w := newWorld(t)
	n := hello(1)
	n.ID = "due." + strings.Repeat("0", maxID-4)
	w.tell("ines", n)
	if got := w.act("ines", "user:ines", "notice.read@1", map[string]any{"ids": w.ids("ines")}); got != "" {
		t.Errorf("refused: %s", got)
	}
	if got := w.act("ines", "user:ines", "notice.read@1", map[string]any{"ids": []string{n.ID + "0"}}); got != "invalid ids[0]" {
		t.Errorf("got %q", got)
	}
}

func TestOnlyThePersonActs(t *testing.T) {
	w := newWorld(t)
	w.tell("malo", hello(1))
	if got := w.act("ines", "user:malo", "notice.read@1", map[string]any{"ids": w.ids("malo")}); got != "forbidden scope" {
		t.Errorf("got %q", got)
	}
	if got := w.act("malo", "user:malo", "notice.read@1", map[string]any{"ids": []string{}}); got != "invalid ids" {
		t.Errorf("got %q", got)
	}
	if got := w.act("malo", "user:malo", "notice.dismiss@1", map[string]any{"ids": []string{"never-there"}}); got != "" {
		t.Errorf("got %q", got)
	}
}

// The payload is what protocol.md promises, to the field.
func TestThePayloadIsTheDeclarativeOne(t *testing.T) {
	w := newWorld(t)
	w.browser("ines")
	w.tell("ines", hello(1))
	var got map[string]any
	if err := json.Unmarshal([]byte(w.pushes.Pushes()[0].Message), &got); err != nil {
		t.Fatal(err)
	}
	tag := got["notification"].(map[string]any)["tag"].(string)
	want := map[string]any{
		"web_push": 8030.0, "app_badge": 1.0, "mutable": true,
		"notification": map[string]any{
			"title": "Nouvelle 1", "body": "Dehors", "lang": "fr", "tag": tag,
			"navigate": "https://ecole.example/travail/h1",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" || len(tag) != 24 {
		t.Error(diff)
	}
}
