package directory

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the goldens")

func TestGrantsOfEachRole(t *testing.T) {
	d := remember(t, &clock{today}, map[string][]Put{"collard": collard()})
	var b strings.Builder
	for _, user := range []string{"ines", "nadia", "karim", "lucie", "garnier", "petit", "viard", "roux", "admin", "gone"} {
		fmt.Fprintf(&b, "%s %v\n", user, d.Roles(user))
		grants, _ := d.Grants(actor("collard", user))
		for _, g := range grants {
			title := g.Title
			if g.OnDemand {
				title += " (on demand)"
			}
			fmt.Fprintf(&b, "  %-18s %s\n", g.Scope, title)
		}
	}
	golden := filepath.Join("testdata", "grants.golden")
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

func TestGrantsFollowDates(t *testing.T) {
	const yesterday, tomorrow = Date("2026-11-22"), Date("2026-11-24")
	for name, c := range map[string]struct {
		span Span
		want bool
	}{
		"always":          {Span{}, true},
		"since today":     {from("2026-11-23"), true},
		"from tomorrow":   {from(tomorrow), false},
		"ended yesterday": {until(yesterday), false},
		"ends today":      {until("2026-11-23"), false},
		"ends tomorrow":   {until(tomorrow), true},
	} {
		t.Run(name, func(t *testing.T) {
			puts := append(collard(),
				Put{"g1", Guardianship{Guardian: "nadia", Student: "ines", Level: 1, Reads: true, Span: c.span}},
				Put{"t3", Teaching{Course: "c1", Teacher: "petit", For: "garnier", Span: c.span}},
				Put{"e1", Enrollment{Student: "ines", Audience: "class:5b", Span: c.span}},
				Put{"p1", Post{Person: "viard", Role: RoleStaff, Span: c.span}})
			d := remember(t, &clock{today}, map[string][]Put{"collard": puts})
			for user, scope := range map[string]string{
				"nadia": "student:ines", "petit": "course:c1", "ines": "class:5b", "viard": "office:collard",
			} {
				if got := d.Reads(actor("collard", user), scope); got != c.want {
					t.Errorf("%s reads %s: %v", user, scope, got)
				}
			}
		})
	}
}

func TestGrantsTurnAtMidnightOfTheSchool(t *testing.T) {
	c := &clock{time.Date(2026, 11, 29, 22, 59, 59, 0, time.UTC)} // 23:59:59 in Paris
	d := remember(t, c, map[string][]Put{"collard": collard()})
	petit := actor("collard", "petit")
	if !d.Reads(petit, "course:c1") {
		t.Error("a substitute loses the course before the last day is over")
	}
	_, before := d.Grants(petit)
	c.Time = c.Add(time.Second)
	if d.Reads(petit, "course:c1") {
		t.Error("a substitute keeps the course after the last day")
	}
	if _, after := d.Grants(petit); after == before {
		t.Error("the version did not change with the list")
	}
	c.Time = c.Add(-time.Second)
	if !d.Reads(petit, "course:c1") {
		t.Error("a clock set back is not believed")
	}
}

func TestGrantsOfStrangers(t *testing.T) {
	other := []Put{
		{"verne", School{Name: "Collège Jules-Verne", Timezone: "Indian/Reunion"}},
		{"boss", Person{First: "Luc", Last: "Boss"}},
		{"p1", Post{Person: "boss", Role: RoleDirection}},
	}
	d := remember(t, &clock{today}, map[string][]Put{"collard": collard(), "verne": other})
	for _, a := range []struct{ school, user string }{
		{"", ""}, {"collard", ""}, {"collard", "nobody"}, {"verne", "ines"}, {"nowhere", "ines"}, {"collard", "boss"}, {"collard", "gone"},
	} {
		if grants, _ := d.Grants(actor(a.school, a.user)); len(grants) != 0 {
			t.Errorf("%v reads %v", a, grants)
		}
	}
	grants, _ := d.Grants(actor("verne", "boss"))
	for _, g := range grants {
		if slices.Contains([]string{"school:collard", "class:5b", "student:ines", "office:collard"}, g.Scope) {
			t.Errorf("the other school's principal reads %s", g.Scope)
		}
	}
}

func BenchmarkGrants(b *testing.B) {
	d := remember(b, &clock{today}, map[string][]Put{"collard": collard()})
	a := actor("collard", "nadia")
	b.ReportAllocs()
	for b.Loop() {
		if grants, _ := d.Grants(a); len(grants) == 0 {
			b.Fatal("no grants")
		}
	}
}
