package directory

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	psync "preau/sync"
)

// matrixScopes are the scopes that every action is tried in, by everyone.
var matrixScopes = []string{
	"user:ines", "user:nadia", "user:garnier", "student:ines", "student:sami", "student:gone", "course:c1", "course:c2",
	"class:5b", "class:5b/staff", "group:lat", "group:lat/staff", "class:none", "class:nadia", "office:collard", "school:collard", "school:verne", "directory:collard", "course:", "",
	"space:club", "space:past", "space:none", "timetable:collard", "timetable:verne",
	"council:5b", "council:verne",
}

func TestMayMatrix(t *testing.T) {
	d := remember(t, &clock{today}, map[string][]Put{"collard": collard()})
	var b strings.Builder
	for _, do := range Actions() {
		fmt.Fprintf(&b, "%s\n", do)
		for _, scope := range matrixScopes {
			var who []string
			for _, user := range d.People("collard") {
				if d.May(actor("collard", user), do, scope) == nil {
					who = append(who, user)
				}
			}
			if who != nil {
				fmt.Fprintf(&b, "  %-15s %s\n", scope, strings.Join(who, " "))
			}
		}
	}
	golden := filepath.Join("testdata", "may.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestMayDeniesByDefault(t *testing.T) {
	other := []Put{
		{"verne", School{Name: "Collège Jules-Verne", Timezone: "Europe/Paris"}},
		{"boss", Person{First: "Luc", Last: "Boss"}},
		{"p1", Post{Person: "boss", Role: RoleDirection}},
		{"p2", Post{Person: "boss", Role: RoleAdmin}},
	}
	d := remember(t, &clock{today}, map[string][]Put{"collard": collard(), "verne": other})
	for name, c := range map[string]struct {
		actor psync.Actor
		do    Action
		scope string
	}{
		"nobody":                         {psync.Actor{}, ReadNotices, "user:"},
		"an unknown action":              {actor("collard", "admin"), "rule the world", "school:collard"},
		"an unknown person":              {actor("collard", "x"), ChangeSettings, "user:x"},
		"who left":                       {actor("collard", "gone"), HandIn, "student:gone"},
		"an administrator elsewhere":     {actor("verne", "boss"), ManageDirectory, "school:collard"},
		"a principal elsewhere":          {actor("verne", "boss"), ReadStudent, "student:ines"},
		"a school that is claimed":       {actor("collard", "boss"), ManageDirectory, "school:collard"},
		"a guardian who hands in":        {actor("collard", "nadia"), HandIn, "student:ines"},
		"a guardian without the right":   {actor("collard", "karim"), ReadStudent, "student:ines"},
		"a colleague":                    {actor("collard", "petit"), GiveHomework, "course:c2"},
		"the wrong kind of scope":        {actor("collard", "garnier"), GiveHomework, "class:c1"},
		"a course that does not exist":   {actor("collard", "garnier"), GiveHomework, "course:c9"},
		"a guardian who makes a space":   {actor("collard", "nadia"), MakeSpace, "school:collard"},
		"a pupil who makes a space":      {actor("collard", "ines"), MakeSpace, "school:collard"},
		"a space of another school":      {actor("verne", "boss"), LeadSpace, "space:club"},
		"a former member":                {actor("collard", "sami"), ReadSpace, "space:club"},
		"a lead of a space that ended":   {actor("collard", "garnier"), LeadSpace, "space:past"},
		"a lead who works elsewhere":     {actor("collard", "karim"), LeadSpace, "space:club"},
		"a principal who gives homework": {actor("collard", "roux"), GiveHomework, "course:c1"},
	} {
		var refusal *psync.Refusal
		if err := d.May(c.actor, c.do, c.scope); !errors.As(err, &refusal) || refusal.Code != "forbidden" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A pupil hands in the work of today's classes and groups, and for two weeks
// that of those they were in.
func TestAttended(t *testing.T) {
	left := func(from, to Date) Put {
		return Put{"e8", Enrollment{Student: "ines", Audience: "class:4a", Span: Span{From: from, To: to}}}
	}
	for name, c := range map[string]struct {
		put  Put
		user string
		want string
	}{
		"never elsewhere":      {left("2027-01-01", ""), "ines", "class:5b group:lat"},
		"left today":           {left("2026-09-01", "2026-11-23"), "ines", "class:5b group:lat class:4a<2026-11-22T23:00:00Z"},
		"left 13 days ago":     {left("2026-09-01", "2026-11-10"), "ines", "class:5b group:lat class:4a<2026-11-09T23:00:00Z"},
		"left 14 days ago":     {left("2026-09-01", "2026-11-09"), "ines", "class:5b group:lat"},
		"leaves tomorrow":      {left("2026-09-01", "2026-11-24"), "ines", "class:4a class:5b group:lat"},
		"put there by mistake": {left("2026-11-23", "2026-11-23"), "ines", "class:5b group:lat"},
		"a guardian":           {left("2026-09-01", "2026-11-23"), "nadia", ""},
		"a teacher":            {left("2026-09-01", "2026-11-23"), "garnier", ""},
		"a stranger":           {left("2026-09-01", "2026-11-23"), "nobody", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := remember(t, &clock{today}, map[string][]Put{"collard": append(collard(), c.put)})
			var got []string
			for _, a := range d.Attended(actor("collard", c.user)) {
				text := a.Audience
				if !a.Until.IsZero() {
					text += "<" + a.Until.UTC().Format(time.RFC3339)
				}
				got = append(got, text)
			}
			if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}
