package canteen_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"image"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preau/api/areatest"
	"preau/api/canteen"
	psync "preau/sync"
)

var update = flag.Bool("update", false, "write testdata")

// area is the canteen, which reads no other scopes.
type area struct{ *canteen.Service }

func (area) Bind(*psync.Engine) {}

func newWorld(t *testing.T) *areatest.World {
	return areatest.New(t, func(w *areatest.World) areatest.Area {
		return areatest.Of(area{canteen.New(canteen.Config{Directory: w.Dir, Files: w.Files})})
	})
}

type args = areatest.Args

func menus(all ...args) areatest.Act {
	return areatest.Act{User: "viard", Scope: "school:x", Name: "canteen.menu@1", Args: args{"menus": all}}
}

func lunch(day string, names ...string) args {
	dishes := []args{}
	for _, name := range names {
		dishes = append(dishes, args{"kind": "main", "name": name})
	}
	return args{"date": day, "meal": "lunch", "note": "", "dishes": dishes}
}

func watch(user, person string, allergens ...string) areatest.Act {
	return areatest.Act{User: user, Scope: "user:" + user, Name: "canteen.watch@1", Args: args{"person": person, "allergens": allergens}}
}

func file(week string, files ...args) areatest.Act {
	if files == nil {
		files = []args{}
	}
	return areatest.Act{User: "viard", Scope: "school:x", Name: "canteen.file@1", Args: args{"week": week, "files": files}}
}

// P14: everybody in the school reads the menu; the office writes it.
func TestEverybodyReadsTheMenu(t *testing.T) {
	w := newWorld(t)
	w.Must(menus(lunch("2026-11-24", "Hachis  parmentier"), lunch("2026-11-26", "Lasagnes")))
	got := areatest.Get[canteen.Menu](w, "school:x", "menu", "2026-11-24.lunch")
	if got.Dishes[0].Name != "Hachis parmentier" {
		t.Errorf("stored %+v", got)
	}
	if diff := cmp.Diff(areatest.Everybody, w.Sees("menu", "Hachis parmentier")); diff != "" {
		t.Error(diff)
	}
	taken := lunch("2026-11-24")
	w.Must(menus(taken))
	if w.Has("school:x", "menu", "2026-11-24.lunch") || !w.Has("school:x", "menu", "2026-11-26.lunch") {
		t.Error("an empty meal takes away itself and nothing else")
	}
	for _, user := range []string{"ines", "nadia", "garnier"} {
		act := menus(lunch("2026-11-24", "Frites"))
		act.User = user
		w.Want("forbidden", act)
	}
}

// Bad input changes nothing, and says what it is.
func TestRefusals(t *testing.T) {
	dish := func(change args) areatest.Act {
		d := args{"kind": "main", "name": "Poisson pané"}
		maps.Copy(d, change)
		return menus(args{"date": "2026-11-24", "meal": "lunch", "note": "", "dishes": []args{d}})
	}
	many := make([]args, canteen.MaxMenus+1)
	names := make([]string, canteen.MaxDishes+1)
	for i := range many {
		many[i] = lunch(fmt.Sprintf("2026-12-%02d", i+1), "x")
	}
	for i := range names {
		names[i] = "x"
	}
	sha := "sha256-" + strings.Repeat("0", 64)
	pdf := func(n int) args {
		return args{"sha": fmt.Sprintf("sha256-%064d", n), "name": "menu.pdf", "type": "application/pdf", "size": 9}
	}
	for name, c := range map[string]struct {
		act  areatest.Act
		want string
	}{
		"no menus":            {menus(), "invalid menus"},
		"more than a week":    {menus(many...), "invalid menus"},
		"no day":              {menus(lunch("2026-02-30", "x")), "invalid menus[0].date"},
		"long ago":            {menus(lunch("2026-10-01", "x")), "invalid menus[0].date"},
		"far away":            {menus(lunch("2028-01-01", "x")), "invalid menus[0].date"},
		"a day twice":         {menus(lunch("2026-11-24", "x"), lunch("2026-11-24", "y")), "invalid menus[1].date"},
		"no meal":             {menus(args{"date": "2026-11-24", "meal": "brunch", "note": "", "dishes": []args{}}), "invalid menus[0].meal"},
		"too many dishes":     {menus(lunch("2026-11-24", names...)), "too_large menus[0].dishes"},
		"no name":             {dish(args{"name": " \n "}), "invalid menus[0].dishes[0].name"},
		"a long name":         {dish(args{"name": strings.Repeat("é", canteen.MaxName+1)}), "too_large menus[0].dishes[0].name"},
		"a control character": {dish(args{"name": "a\x01"}), "invalid menus[0].dishes[0].name"},
		"no kind":             {dish(args{"kind": "soup"}), "invalid menus[0].dishes[0].kind"},
		"no label":            {dish(args{"labels": []string{"bio"}}), "invalid menus[0].dishes[0].labels[0]"},
		"no allergen":         {dish(args{"contains": []string{"milk", "lait"}}), "invalid menus[0].dishes[0].contains[1]"},
		"an allergen twice":   {dish(args{"contains": []string{"milk", "milk"}}), "invalid menus[0].dishes[0].contains[1]"},
		"contained and maybe": {dish(args{"contains": []string{"milk"}, "traces": []string{"nuts", "milk"}}), "invalid menus[0].dishes[0].traces[1]"},
		"none and some":       {dish(args{"none": true, "traces": []string{"nuts"}}), "invalid menus[0].dishes[0].none"},
		"not a Monday":        {file("2026-11-24", pdf(1)), "invalid week"},
		"a program":           {file("2026-11-23", args{"sha": sha, "name": "m.exe", "type": "application/octet-stream", "size": 9}), "invalid files[0].type"},
		"no file":             {file("2026-11-23", args{"sha": "x", "name": "m.pdf", "type": "application/pdf", "size": 9}), "invalid files[0].sha"},
		"too many files":      {file("2026-11-23", pdf(1), pdf(2), pdf(3), pdf(4), pdf(5)), "too_large files"},
		"no allergen at all":  {watch("nadia", "ines", "lait"), "invalid allergens[0]"},
		"somebody's child":    {watch("nadia", "tom", "milk"), "not_found person"},
		"a pupil of theirs":   {watch("garnier", "ines", "milk"), "not_found person"},
		"without the right":   {watch("lucie", "malo", "milk"), "not_found person"},
		"someone else's":      {areatest.Act{User: "viard", Scope: "user:nadia", Name: "canteen.watch@1", Args: args{"person": "ines", "allergens": []string{"milk"}}}, "forbidden scope"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.Want(c.want, c.act)
			for _, typ := range []string{"menu", "menuFile"} {
				if n := len(w.Find("school:x", typ, "")); n > 0 {
					t.Errorf("%d records %s", n, typ)
				}
			}
		})
	}
}

// Two people who type the same day without knowing of each other: the second
// is told what is there.
func TestConflict(t *testing.T) {
	w := newWorld(t)
	first := w.Send(menus(lunch("2026-11-24", "Lasagnes"), lunch("2026-11-26", "Riz")))
	other := menus(lunch("2026-11-26", "Riz cantonais"))
	other.User = "roussel"
	w.Must(other)
	late := menus(lunch("2026-11-26", "Riz au lait"))
	late.Base = first.Seq
	r := w.Send(late)
	if r.OK || r.Error.Code != "conflict" || !strings.Contains(string(r.Error.Current), "Riz cantonais") {
		t.Errorf("answered %+v", r)
	}
	untouched := menus(lunch("2026-11-24", "Lasagnes au saumon"))
	untouched.Base = first.Seq
	w.Must(untouched)
}

// What is over for a month is forgotten, files included; the device of
// everybody forgets it too.
func TestForgotten(t *testing.T) {
	w := newWorld(t)
	var photo bytes.Buffer
	if err := png.Encode(&photo, image.NewGray(image.Rect(0, 0, 40, 60))); err != nil {
		t.Fatal(err)
	}
	sha := w.Upload("viard", "menu.png", "image/png", photo.Bytes())
	w.Must(menus(lunch("2026-11-27", "Lasagnes"), lunch("2026-11-30", "Riz")))
	w.Must(file("2026-11-23", args{"sha": sha, "name": "Menu.png", "type": "image/png", "size": 9}))
	if got := areatest.Get[canteen.MenuFile](w, "school:x", "menuFile", "2026-11-23"); !got.Files[0].Ready() {
		t.Errorf("the file is %+v", got.Files[0])
	}
	if diff := cmp.Diff(areatest.Everybody, w.Readers(sha)); diff != "" {
		t.Error(diff)
	}
	there := func() (all []string) {
		for _, typ := range []string{"menu", "menuFile"} {
			for _, r := range w.Find("school:x", typ, "") {
				all = append(all, r.ID)
			}
		}
		return all
	}
	w.At(time.Date(2026, 12, 29, 12, 0, 0, 0, time.UTC))
	if diff := cmp.Diff([]string{"2026-11-27.lunch", "2026-11-30.lunch", "2026-11-23"}, there()); diff != "" {
		t.Error(diff)
	}
	w.At(time.Date(2026, 12, 30, 12, 0, 0, 0, time.UTC))
	if diff := cmp.Diff([]string{"2026-11-30.lunch"}, there()); diff != "" {
		t.Error(diff)
	}
	if who := w.Readers(sha); len(who) > 1 {
		t.Errorf("%v read what is forgotten", who)
	}
	w.At(time.Date(2027, 1, 6, 12, 0, 0, 0, time.UTC))
	if all := there(); len(all) > 0 {
		t.Errorf("%v are kept", all)
	}
}

// What somebody is allergic to is read by whoever marked it alone.
func TestAllergensArePrivate(t *testing.T) {
	w := newWorld(t)
	w.Must(watch("nadia", "ines", "milk", "nuts"))
	if diff := cmp.Diff([]string{"nadia"}, w.Sees("watched", "milk")); diff != "" {
		t.Error(diff)
	}
	w.Must(watch("ines", "ines", "milk"))
	w.Must(watch("garnier", "garnier", "mustard"))
	if diff := cmp.Diff([]string{"ines", "nadia"}, w.Sees("watched", "milk")); diff != "" {
		t.Error(diff)
	}
	w.Must(watch("nadia", "ines"))
	w.Must(watch("nadia", "ines"))
	if w.Has("user:nadia", "watched", "ines") {
		t.Error("still marked")
	}
}

// example is what a device sends and what it then shows: the mutators of the
// app are held to the same (canteen.test.ts).
type example struct {
	Name   string                     `json:"name"`
	Menus  []map[string]any           `json:"menus"`
	Stored map[string]json.RawMessage `json:"stored"`
}

func TestExamples(t *testing.T) {
	path := filepath.Join("testdata", "menus.json")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []example
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	for i := range all {
		w := newWorld(t)
		w.Must(areatest.Act{User: "viard", Scope: "school:x", Name: "canteen.menu@1", Args: args{"menus": all[i].Menus}})
		stored := map[string]json.RawMessage{}
		for _, r := range w.Find("school:x", "menu", "") {
			stored[r.ID] = r.Value
		}
		if *update {
			all[i].Stored = stored
		} else if diff := cmp.Diff(compact(t, all[i].Stored), compact(t, stored)); diff != "" {
			t.Errorf("%s: %s", all[i].Name, diff)
		}
	}
	if *update {
		out, err := json.MarshalIndent(all, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(out, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func compact(t *testing.T, records map[string]json.RawMessage) map[string]any {
	t.Helper()
	all := map[string]any{}
	for id, raw := range records {
		var v any
		if err := json.Unmarshal(raw, &v); err != nil {
			t.Fatal(err)
		}
		all[id] = v
	}
	return all
}
