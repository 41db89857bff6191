package transfer

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"preau/api/areatest"
	"preau/storage"
)

// everything is what the school has: every record with its number, and every
// file.
func (w *world) everything() string {
	w.Helper()
	all := []string{fmt.Sprint(w.stored())}
	scopes, err := w.Store.Scopes(w.Context(), "")
	if err != nil {
		w.Fatal(err)
	}
	for _, scope := range scopes {
		recs, _, err := w.Store.Scan(w.Context(), storage.Page{Scope: scope})
		if err != nil {
			w.Fatal(err)
		}
		for _, r := range recs {
			if r.Type == "_lane" { // how far a device has come
				continue
			}
			all = append(all, fmt.Sprintln(scope, r.Type, r.ID, r.Seq, string(r.Value)))
		}
	}
	slices.Sort(all) // those of one commit have no order
	return strings.Join(all, "")
}

// W3, W8: what no transfer can be is refused whole, before and after there is
// one, and leaves nothing behind.
func TestNothingIsHalfTaken(t *testing.T) {
	w := newWorld(t)
	one := func(name string, size any) []args { return []args{{"name": name, "type": "", "size": size}} }
	many := func(n int) []args { return files(slices.Repeat([]string{"a"}, n)...) }
	halves := append(one("a", 2<<30), one("b", 1)...)
	cases := []struct {
		want  string
		files []args
	}{
		{"too_large files[0].size", one("film.mp4", 2<<30+1)},
		{"too_large files", halves},
		{"invalid files[0].size", one("a", -1)},
		{"invalid", one("a", 1.5)},
		{"invalid", one("a", "1")},
		{"invalid", one("a", 1e300)},
		{"invalid files", many(201)},
		{"invalid files", nil},
		{"invalid files[0].name", one("", 1)},
		{"invalid files[0].name", one("../../..", 1)},
		{"invalid files[0].name", one("a\u0000b\n.txt", 1)},
		{"invalid files[0].name", one(strings.Repeat("a", 10_000), 1)},
		{"invalid files[1].name", append(one("good", 1), one("/", 1)...)},
	}
	for _, there := range []bool{false, true} {
		if there {
			w.Must(act("garnier", "open", opening(nil, "a.txt")))
		}
		for _, c := range cases {
			a := act("garnier", "open", opening(args{"files": c.files}))
			if there {
				a = act("garnier", "add", args{"id": trip, "from": 1, "files": c.files})
			}
			before := w.everything()
			r := w.Send(a)
			w.Settle()
			got := ""
			if r.Error != nil {
				got = r.Error.Code + " " + r.Error.Field
			}
			if r.OK || !strings.HasPrefix(got, c.want) || len(r.Error.Message) < 5 || w.everything() != before {
				t.Errorf("%.100v: %q, want %q, changed %v", c.files, got, c.want, w.everything() != before)
			}
		}
	}
	for _, a := range []areatest.Act{
		act("garnier", "add", args{"id": trip, "from": -5, "files": files("x")}),
		act("garnier", "add", args{"id": trip, "from": 0, "files": files("x")}),
	} {
		before := w.everything()
		if r := w.Send(a); !r.OK || w.everything() != before {
			t.Errorf("what was named before is named again: %+v", r)
		}
	}
	w.sound()
}

// Names that would lead elsewhere, hide their ending or break an archive are
// made harmless, and are told apart.
func TestNamesAreMadeHarmless(t *testing.T) {
	w := newWorld(t)
	sent := []string{
		"/etc/passwd", "../../secret.txt", `C:\Users\x\photo.jpg`, "facture\u202efdp.exe", "a\u200bb\ufeff.txt", "sortie/../../b.txt",
		"CON", "photo.jpg", "PHOTO.jpg", ".htaccess", "  espace  .txt ", "\u2066a\u2069.txt", "a//b", "été.txt",
	}
	w.Must(act("garnier", "open", opening(nil, sent...)))
	seen := map[string]bool{}
	for _, f := range w.look().Files {
		small := strings.ToLower(f.Name)
		odd := strings.ContainsAny(f.Name, "\x00\n\\:\u202e\u2066\u2069")
		if f.Name == "" || seen[small] || odd || strings.HasPrefix(f.Name, "/") || slices.Contains(strings.Split(f.Name, "/"), "..") {
			t.Errorf("%q is shown as %q", sent[f.N], f.Name)
		}
		seen[small] = true
	}
}

// Archives are passed on as they are, whatever they would do to whoever opens
// them: a bomb, one in another, one that writes elsewhere, and half of one.
// Nothing here unpacks them; the scanner does, and its limits are its own.
func TestHostileArchivesStayClosed(t *testing.T) {
	sc := &scanner{}
	w := newWorld(t, func(c *Config) { c.Scanner = sc })
	bomb := zipped(t, "zeros.bin", bytes.Repeat([]byte{0}, 8<<20))
	all := []string{
		string(bomb), string(zipped(t, "inner.zip", bomb)), string(zipped(t, "../../../etc/cron.d/x", []byte("x"))), string(bomb[:len(bomb)/2]), "BOMB",
	}
	named := []args{}
	for i, body := range all {
		named = append(named, args{"name": fmt.Sprintf("%d.zip", i), "type": "application/zip", "size": len(body)})
	}
	w.Must(act("garnier", "open", opening(args{"files": named})))
	for n, body := range all {
		if err := w.send("garnier", n, body); err != nil {
			t.Fatal(err)
		}
	}
	v := w.look()
	for n, body := range all[:4] {
		if v.Files[n].State != Ready || w.read(n) != body {
			t.Errorf("archive %d is %s, or not what was sent", n, v.Files[n].State)
		}
	}
	if v.Files[4].State != Unsafe {
		t.Errorf("what the scanner does not look into is %s", v.Files[4].State)
	}
	w.sound()
}

func zipped(t *testing.T, name string, body []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	entry, err := z.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(entry, bytes.NewReader(body)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
