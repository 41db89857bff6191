package transfer

import (
	"maps"
	"strings"
	"testing"

	"preau/api/areatest"
)

// parcel are the files of a sealed transfer as the server may know them.
func parcel(sizes ...int) []args {
	named := []args{}
	for i, size := range sizes {
		named = append(named, args{"name": string(rune('0' + i)), "type": "", "size": size})
	}
	return named
}

func sealing(more args) args {
	a := opening(args{"sealed": true, "title": "", "files": parcel(48, 50)})
	maps.Copy(a, more)
	return a
}

// W3, W4: of a sealed transfer the server knows sizes alone, and no scanner
// holds it up: there is nothing that one could see.
func TestASealedTransfer(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Scanner = &scanner{away: true} })
	w.Must(act("garnier", "open", sealing(nil)))
	w.Must(act("garnier", "add", args{"id": trip, "from": 2, "files": []args{{"name": "2", "type": "", "size": 48}}}))
	for n, size := range []int{48, 50, 48} {
		if err := w.send("garnier", n, strings.Repeat("x", size)); err != nil {
			t.Fatal(err)
		}
	}
	v := w.look()
	if !v.Sealed || v.Title != "" || v.Arriving() || len(v.Files) != 3 {
		t.Errorf("%+v", v)
	}
	for _, f := range v.Files {
		if f.State != Ready || !f.Sealed {
			t.Errorf("%+v", f)
		}
	}
	if got := areatest.Get[Transfer](w.World, "user:garnier", kindTransfer, trip); !got.Sealed || got.Arrived != 3 {
		t.Errorf("%+v", got)
	}
	w.sound()
}

// What would tell more than sizes is refused, and so is all where a school wants
// to have every file scanned.
func TestWhatIsNotSealed(t *testing.T) {
	w := newWorld(t)
	for want, more := range map[string]args{
		"invalid title":    {"title": "Le voyage"},
		"invalid files[0]": {"files": files("photo.jpg")},
		"invalid files[1]": {"files": append(parcel(48), args{"name": "1", "type": "image/jpeg", "size": 48})},
		"invalid files[2]": {"files": parcel(48, 48, 47)},
		"invalid sealed":   {"sealed": "yes"},
	} {
		before := w.everything()
		w.Want(want, act("garnier", "open", sealing(more)))
		if w.everything() != before {
			t.Errorf("%s changed something", want)
		}
	}
	w.Must(act("garnier", "open", sealing(nil)))
	w.Want("invalid files[0]", act("garnier", "add", args{"id": trip, "from": 2, "files": files("b.txt")}))

	never := newWorld(t, func(c *Config) { c.Rules = usual; c.Rules.Sealed = false })
	never.Want("not_sealed sealed", act("garnier", "open", sealing(nil)))
	never.Must(act("garnier", "open", opening(nil, "a.txt")))
}
