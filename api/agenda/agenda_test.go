package agenda_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preau/api/agenda"
	"preau/api/areatest"
)

// P9: who may put something into whose agenda, and who then reads it.
func TestWhoInvitesWhom(t *testing.T) {
	for _, c := range []struct{ user, scope, refusal, sees string }{
		{"viard", "school:x", "", "garnier ines karim lucie malo nadia noe petit roussel tom viard zoe"},
		{"garnier", "school:x", "forbidden", ""},
		{"nadia", "school:x", "forbidden", ""},
		{"garnier", "class:5b", "", "garnier ines karim malo nadia petit roussel tom viard zoe"},
		{"viard", "class:5b", "", "garnier ines karim malo nadia petit roussel tom viard zoe"},
		{"petit", "class:5a", "forbidden", ""},
		{"ines", "class:5b", "forbidden", ""},
		{"garnier", "group:latin", "", "garnier ines karim nadia noe roussel viard"},
		{"petit", "group:latin", "forbidden", ""},
		{"petit", "class:5b/staff", "", "garnier petit roussel viard"},
		{"petit", "class:5a/staff", "forbidden", ""},
		{"garnier", "group:latin/staff", "forbidden", ""},
		{"ines", "user:ines", "", "ines"},
		{"nadia", "user:ines", "forbidden", ""},
		{"viard", "class:none", "forbidden", ""},
		{"ines", "class:ines", "forbidden", ""},
		{"garnier", "course:fr5b", "invalid", ""},
	} {
		w := newWorld(t)
		if got := w.Do(put(c.user, c.scope, meeting(nil))); strings.TrimSuffix(got, " scope") != c.refusal {
			t.Errorf("%s in %s: %q, want %q", c.user, c.scope, got, c.refusal)
		}
		if got := strings.Join(w.Sees("event", "Réunion"), " "); got != c.sees {
			t.Errorf("%s in %s: seen by %q, want %q", c.user, c.scope, got, c.sees)
		}
	}
}

// The author changes an event, and who tidies up the agenda; nobody else.
func TestWhoChangesIt(t *testing.T) {
	for user, refusal := range map[string]string{
		"garnier": "", "viard": "", "roussel": "", "petit": "forbidden", "ines": "forbidden", "nadia": "forbidden",
	} {
		w := newWorld(t)
		w.Must(put("garnier", "class:5b", meeting(nil)))
		w.Want(refusal, put(user, "class:5b", meeting(areatest.Args{"title": "Autre"})))
		w.Want(refusal, act(user, "class:5b", "cancel", areatest.Args{"id": "event-01", "cancelled": true}))
		w.Want(refusal, act(user, "class:5b", "remove", areatest.Args{"id": "event-01"}))
		if refusal != "" {
			w.Must(act("garnier", "class:5b", "remove", areatest.Args{"id": "event-01"}))
		}
		w.Want(refusal, act(user, "class:5b", "restore", areatest.Args{"id": "event-01"}))
		if refusal == "" {
			if e := areatest.Get[agenda.Event](w.World, "class:5b", "event", "event-01"); e.By.ID != "garnier" || e.Title != "Autre" || !e.Cancelled {
				t.Errorf("%s: %+v", user, e)
			}
		}
	}
}

// What makes no sense is refused with its field, and changes nothing.
func TestRefusals(t *testing.T) {
	long := strings.Repeat("é", 5001)
	files := []areatest.Args{{"sha": "x", "name": "a", "type": "", "size": 1}}
	for _, c := range []struct {
		args    areatest.Args
		refusal string
	}{
		{meeting(areatest.Args{"id": "x"}), "invalid id"},
		{meeting(areatest.Args{"title": " "}), "invalid title"},
		{meeting(areatest.Args{"title": long}), "too_large title"},
		{meeting(areatest.Args{"title": "a\u0007"}), "invalid title"},
		{meeting(areatest.Args{"place": long}), "too_large place"},
		{meeting(areatest.Args{"text": long}), "too_large text"},
		{meeting(areatest.Args{"start": "demain"}), "invalid start"},
		{meeting(areatest.Args{"start": ""}), "invalid start"},
		{meeting(areatest.Args{"start": "2026-11-26T25:00"}), "invalid start"},
		{meeting(areatest.Args{"start": "2026-02-30"}), "invalid start"},
		{meeting(areatest.Args{"start": "2028-11-26T18:00", "end": "2028-11-26T19:00"}), "invalid start"},
		{meeting(areatest.Args{"start": "2026-09-01T18:00", "end": "2026-09-01T19:00"}), "invalid end"},
		{meeting(areatest.Args{"end": "2026-11-26"}), "invalid end"},
		{meeting(areatest.Args{"end": "2026-11-26T18:00"}), "invalid end"},
		{meeting(areatest.Args{"end": "2027-11-26T18:00"}), "invalid end"},
		{meeting(areatest.Args{"until": "2026-11-20"}), "invalid until"},
		{meeting(areatest.Args{"until": "toujours"}), "invalid until"},
		{meeting(areatest.Args{"until": "2028-11-20"}), "too_large until"},
		{meeting(areatest.Args{"until": "2026-12-20", "end": "2026-12-03T18:00"}), "invalid end"},
		{meeting(areatest.Args{"except": []string{"2026-11-26"}}), "invalid except"},
		{meeting(areatest.Args{"until": "2026-12-20", "except": []string{"2026-11-27"}}), "invalid except[0]"},
		{meeting(areatest.Args{"until": "2026-11-27", "except": []string{"2026-11-26"}}), "invalid except"},
		{meeting(areatest.Args{"link": "http://visio.example"}), "invalid link"},
		{meeting(areatest.Args{"lesson": "x"}), "invalid lesson"},
		{meeting(areatest.Args{"lesson": "slot-0001.demain"}), "invalid lesson"},
		{meeting(areatest.Args{"files": files}), "invalid files[0].sha"},
		{meeting(areatest.Args{"audience": "school:x"}), "invalid audience"},
	} {
		w := newWorld(t)
		w.Want(c.refusal, put("garnier", "class:5b", c.args))
		if w.Has("class:5b", "event", "") {
			t.Errorf("%s: something is there", c.refusal)
		}
	}
	w := newWorld(t)
	w.Want("invalid lesson", put("garnier", "user:garnier", meeting(areatest.Args{"lesson": "slot-0001.2026-11-24"})))
	w.Want("not_found id", act("garnier", "class:5b", "cancel", areatest.Args{"id": "event-99", "cancelled": true}))
	w.Want("not_found id", act("garnier", "class:5b", "remove", areatest.Args{"id": "event-99"}))
	w.Want("not_found id", act("garnier", "class:5b", "restore", areatest.Args{"id": "event-99"}))
	w.Must(put("garnier", "class:5b", meeting(nil)))
	w.Want("invalid day", act("garnier", "class:5b", "cancel", areatest.Args{"id": "event-01", "day": "2026-11-26", "cancelled": true}))
}

// Two people who change one event: the second is told, and has both texts.
func TestTwoPeople(t *testing.T) {
	w := newWorld(t)
	r := w.Send(put("garnier", "class:5b", meeting(nil)))
	a := put("garnier", "class:5b", meeting(areatest.Args{"text": "Apportez le livret."}))
	a.Base = r.Seq
	w.Must(a)
	b := put("viard", "class:5b", meeting(areatest.Args{"title": "Réunion des parents"}))
	b.Base = r.Seq
	got := w.Send(b)
	if got.Error == nil || got.Error.Code != "conflict" || !strings.Contains(string(got.Error.Current), "Apportez le livret.") {
		t.Errorf("%+v", got)
	}
}

// One day of an event of every week is crossed out, or all of them; a change
// keeps the days that are left.
func TestCancelADay(t *testing.T) {
	w := newWorld(t)
	w.Must(put("garnier", "class:5b", weekly(nil)))
	w.Must(act("garnier", "class:5b", "cancel", areatest.Args{"id": "event-02", "day": "2026-12-08", "cancelled": true}))
	w.Must(act("garnier", "class:5b", "cancel", areatest.Args{"id": "event-02", "day": "2026-12-15", "cancelled": true}))
	w.Must(act("garnier", "class:5b", "cancel", areatest.Args{"id": "event-02", "day": "2026-12-15", "cancelled": false}))
	w.Want("invalid day", act("garnier", "class:5b", "cancel", areatest.Args{"id": "event-02", "day": "2026-12-22", "cancelled": true}))
	w.Must(put("garnier", "class:5b", weekly(areatest.Args{"title": "Chœur"})))
	e := areatest.Get[agenda.Event](w.World, "class:5b", "event", "event-02")
	var days []string
	for _, o := range e.Occurrences("2026-12-01", "2027-01-31", "2026-11-23") {
		mark := ""
		if o.Cancelled {
			mark = "!"
		}
		days = append(days, o.Start[5:10]+mark)
	}
	if got, want := strings.Join(days, " "), "12-01 12-08! 12-15 01-05 01-12 01-19 01-26"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	w.Must(put("garnier", "class:5b", weekly(areatest.Args{"start": "2026-11-25T12:30", "end": "2026-11-25T13:20", "except": []string{}})))
	if e := areatest.Get[agenda.Event](w.World, "class:5b", "event", "event-02"); len(e.Off) > 0 {
		t.Errorf("moved to another weekday, and still without %s", e.Off)
	}
}

// What was taken out reaches no device, can be restored for a day, and is then
// erased.
func TestRemoveAndRestore(t *testing.T) {
	w := newWorld(t)
	w.Must(put("garnier", "class:5b", meeting(nil)))
	w.Must(act("garnier", "class:5b", "remove", areatest.Args{"id": "event-01"}))
	w.After(23 * time.Hour)
	w.Must(act("garnier", "class:5b", "restore", areatest.Args{"id": "event-01"}))
	w.Must(act("garnier", "class:5b", "restore", areatest.Args{"id": "event-01"}))
	w.After(48 * time.Hour)
	if !w.Has("class:5b", "event", "event-01") {
		t.Fatal("not restored")
	}
	w.Must(act("garnier", "class:5b", "remove", areatest.Args{"id": "event-01"}))
	w.After(25 * time.Hour)
	if w.Has("class:5b", "dropped", "event-01") {
		t.Error("not erased")
	}
	w.Want("not_found id", act("garnier", "class:5b", "restore", areatest.Args{"id": "event-01"}))
}

// Events are forgotten: 60 days after they are over, at once if they were
// cancelled, and later if they were put off.
func TestForgetting(t *testing.T) {
	w := newWorld(t)
	w.Must(put("garnier", "class:5b", meeting(nil)))
	w.Must(put("garnier", "class:5b", meeting(areatest.Args{"id": "event-off"})))
	w.Must(put("garnier", "class:5b", meeting(areatest.Args{"id": "event-put-off"})))
	w.Must(put("garnier", "class:5b", weekly(nil)))
	w.Must(act("garnier", "class:5b", "cancel", areatest.Args{"id": "event-off", "cancelled": true}))
	w.Must(put("garnier", "class:5b", meeting(areatest.Args{"id": "event-put-off", "start": "2026-12-26T18:00", "end": "2026-12-26T19:00"})))
	left := func(at time.Time) string {
		w.At(at)
		var ids []string
		for _, r := range w.Find("class:5b", "event", "") {
			ids = append(ids, r.ID)
		}
		return strings.Join(ids, " ")
	}
	day := func(month time.Month, d int) time.Time { return time.Date(2027, month, d, 0, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{time.Date(2026, 11, 26, 22, 0, 0, 0, time.UTC), "event-01 event-02 event-off event-put-off"},
		{time.Date(2026, 11, 27, 1, 0, 0, 0, time.UTC), "event-01 event-02 event-put-off"},
		{day(1, 25), "event-01 event-02 event-put-off"},
		{day(1, 26), "event-02 event-put-off"},
		{day(2, 26), "event-02"},
		{day(4, 5), ""},
	} {
		if got := left(c.at); got != c.want {
			t.Errorf("%s: %q, want %q", c.at, got, c.want)
		}
	}
}

// P32: the documents of an event are readable to those who read it, and to
// nobody once it is gone.
func TestFiles(t *testing.T) {
	w := newWorld(t)
	sha := w.Upload("garnier", "plan.txt", "text/plain", []byte("Le plan du collège"))
	file := []areatest.Args{{"sha": sha, "name": "plan.txt", "type": "text/plain", "size": 18}}
	w.Must(put("garnier", "class:5b", meeting(areatest.Args{"files": file})))
	class := []string{"garnier", "ines", "karim", "malo", "nadia", "petit", "roussel", "tom", "viard", "zoe"}
	want := func(who []string) {
		t.Helper()
		if diff := cmp.Diff(who, w.Readers(sha)); diff != "" {
			t.Error(diff)
		}
	}
	want(class)
	w.Must(put("viard", "class:5b", meeting(areatest.Args{"files": file, "title": "Réunion !"})))
	want(class)
	w.Must(act("viard", "class:5b", "remove", areatest.Args{"id": "event-01"}))
	want([]string{"garnier"})
	w.Must(act("viard", "class:5b", "restore", areatest.Args{"id": "event-01"}))
	want(class)
	w.At(time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC))
	want([]string{"garnier"})
}

func TestFilesThatComeLater(t *testing.T) {
	w := newWorld(t)
	data := []byte("Le plan du collège")
	probe := newWorld(t) // where the name by content is learnt
	sha := probe.Upload("garnier", "plan.txt", "text/plain", data)
	file := []areatest.Args{{"sha": sha, "name": "plan.txt", "type": "text/plain", "size": 18}}
	w.Must(put("garnier", "class:5b", meeting(areatest.Args{"files": file})))
	if e := areatest.Get[agenda.Event](w.World, "class:5b", "event", "event-01"); !e.Files[0].Waiting {
		t.Errorf("%+v", e.Files)
	}
	w.Upload("garnier", "plan.txt", "text/plain", data)
	if e := areatest.Get[agenda.Event](w.World, "class:5b", "event", "event-01"); e.Files[0].Waiting {
		t.Errorf("%+v", e.Files)
	}
}

// A scope holds so many events and no more.
func TestTooMany(t *testing.T) {
	w := newWorld(t)
	for i := range agenda.MaxEvents {
		id := "event-" + strings.Repeat("0", 4) + string(rune('a'+i/26%26)) + string(rune('a'+i%26))
		if r := w.Send(put("ines", "user:ines", meeting(areatest.Args{"id": id}))); !r.OK {
			t.Fatal(r.Error)
		}
	}
	w.Want("too_many", put("ines", "user:ines", meeting(areatest.Args{"id": "event-more"})))
	w.Must(put("ines", "user:ines", meeting(areatest.Args{"id": "event-0000aa", "title": "Autre"})))
}
