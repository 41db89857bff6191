package document

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"preau/api/areatest"
)

const week = 7 * 24 * time.Hour

func wantReaders(t *testing.T, w *world, data []byte, who ...string) {
	t.Helper()
	if got := w.Readers(shaOf(data)); !slices.Equal(got, who) {
		t.Errorf("read by %v, want %v", got, who)
	}
}

// E71: a file is named before it arrives, and completes when it does.
func TestKeptBeforeItArrives(t *testing.T) {
	w := newWorld(t)
	data := text("cours", 4000)
	w.must("ines", "document.folder@1", args{"id": "folder-1", "name": " Français "})
	w.must("ines", "document.keep@1", args{"id": "document-1", "folder": "folder-1", "file": file(data, " Leçon 3.txt ")})
	if d := w.documents("ines")["document-1"]; !d.File.Waiting || d.Name != "Leçon 3.txt" || d.Folder != "folder-1" || !d.At.Equal(monday) {
		t.Errorf("%+v", d)
	}
	w.upload("ines", data)
	if d := w.documents("ines")["document-1"]; !d.File.Ready() || d.File.Size != 4000 || d.File.Type != "text/plain" {
		t.Errorf("%+v", d)
	}
	w.After(2 * week) // longer than what no record shows is kept
	wantReaders(t, w, data, "ines")
}

// A file of a message is kept without another upload, outlives the message,
// and is read by whoever kept it alone.
func TestKeptByReference(t *testing.T) {
	w := newWorld(t)
	data := text("fiche", 4000)
	recall := w.show("garnier", "ines", data)
	keep := args{"id": "document-1", "file": file(data, "fiche.txt"), "origin": args{"kind": "message", "id": "letter-0001"}}
	w.must("ines", "document.keep@1", keep)
	w.must("ines", "document.keep@1", keep) // said twice
	if d := w.documents("ines")["document-1"]; !d.File.Ready() || d.Origin.ID != "letter-0001" {
		t.Errorf("%+v", d)
	}
	recall()
	w.After(2 * week)
	if d, n := w.documents("ines"), w.stored(); len(d) != 1 || n != 1 {
		t.Errorf("%d documents, %d blobs", len(d), n)
	}
	wantReaders(t, w, data, "garnier", "ines") // she uploaded it, and the bytes are there
}

// To know the name of somebody else's file gives nothing, whatever is said.
func TestNobodyKeepsWhatIsNotTheirs(t *testing.T) {
	w := newWorld(t)
	secret := text("copie", 4000)
	w.show("garnier", "ines", secret)
	w.want("not_found file", "malo", "document.keep@1", args{"id": "document-1", "file": file(secret, "x.txt"), "origin": args{"kind": "message", "id": "letter-0001"}})
	w.must("malo", "document.keep@1", args{"id": "document-2", "file": file(secret, "x.txt")}) // as if he were to upload it
	if d := w.documents("malo")["document-2"]; !d.File.Waiting {
		t.Errorf("%+v", d)
	}
	wantReaders(t, w, secret, "garnier", "ines")
}

// What was thrown away can be taken back for 30 days. Then nobody fetches it
// any more, and its bytes go.
func TestThrownAway(t *testing.T) {
	w := newWorld(t)
	data := text("fiche", 4000)
	recall := w.show("garnier", "ines", data)
	w.must("ines", "document.keep@1", args{"id": "document-1", "file": file(data, "fiche.txt"), "origin": args{"kind": "message", "id": "letter-0001"}})
	recall()
	w.must("ines", "document.remove@1", args{"ids": []string{"document-1"}})
	w.After(KeepBinned - time.Hour)
	w.must("ines", "document.restore@1", args{"ids": []string{"document-1"}})
	w.After(2 * time.Hour) // the first date is past
	w.must("ines", "document.remove@1", args{"ids": []string{"document-1"}})
	w.After(KeepBinned - time.Hour)
	wantReaders(t, w, data, "garnier", "ines")
	w.After(time.Hour)
	if d := w.documents("ines"); len(d) != 0 {
		t.Errorf("%+v", d)
	}
	wantReaders(t, w, data, "garnier")
	w.After(week)
	wantReaders(t, w, data)
	w.After(week)
	if n := w.stored(); n != 0 {
		t.Errorf("%d blobs are left", n)
	}
	w.want("not_found ids[0]", "ines", "document.restore@1", args{"ids": []string{"document-1"}})
}

// The bin is emptied by hand; what is not in it stays, and so does the file of
// a document that another shows.
func TestPurge(t *testing.T) {
	w := newWorld(t)
	data := text("cours", 4000)
	w.upload("ines", data)
	for _, id := range []string{"document-1", "document-2"} {
		w.must("ines", "document.keep@1", args{"id": id, "file": file(data, "cours.txt")})
	}
	w.must("ines", "document.remove@1", args{"ids": []string{"document-1"}})
	w.must("ines", "document.purge@1", args{"ids": []string{"document-1", "document-2", "document-3", "document-1"}})
	if d := w.documents("ines"); len(d) != 1 || d["document-2"].Name == "" {
		t.Errorf("%+v", d)
	}
	w.After(2 * week)
	wantReaders(t, w, data, "ines")
	w.must("ines", "document.remove@1", args{"ids": []string{"document-2"}})
	w.must("ines", "document.purge@1", args{"ids": []string{"document-2"}})
	w.After(week + time.Minute)
	w.After(week)
	wantReaders(t, w, data)
	if n := w.stored(); n != 0 {
		t.Errorf("%d blobs are left", n)
	}
}

func TestOrder(t *testing.T) {
	w := newWorld(t)
	data := text("cours", 100)
	w.must("ines", "document.keep@1", args{"id": "document-1", "file": file(data, "cours.txt")})
	w.must("ines", "document.folder@1", args{"id": "folder-1", "name": "Français"})
	w.must("ines", "document.folder@1", args{"id": "folder-1", "name": "Français, 5e"})
	w.must("ines", "document.rename@1", args{"id": "document-1", "name": "Le conte.txt"})
	w.must("ines", "document.move@1", args{"ids": []string{"document-1"}, "folder": "folder-1"})
	if d := w.documents("ines")["document-1"]; d.Name != "Le conte.txt" || d.Folder != "folder-1" {
		t.Errorf("%+v", d)
	}
	w.must("ines", "document.unfolder@1", args{"id": "folder-1"})
	w.must("ines", "document.unfolder@1", args{"id": "folder-1"})
	w.want("not_found folder", "ines", "document.move@1", args{"ids": []string{"document-1"}, "folder": "folder-1"})
	w.must("ines", "document.move@1", args{"ids": []string{"document-1"}, "folder": ""})
}

// Whatever makes no sense is refused, names its field, and changes nothing.
func TestRefused(t *testing.T) {
	w := newWorld(t)
	data := text("cours", 100)
	w.must("ines", "document.keep@1", args{"id": "document-1", "file": file(data, "cours.txt")})
	other := text("autre", 100)
	with := func(field string, v any) args {
		f := file(other, "autre.txt")
		f[field] = v
		return args{"id": "document-2", "file": f}
	}
	for _, c := range []struct {
		want, name string
		args       args
	}{
		{"invalid id", "keep", args{"id": "x", "file": file(other, "a.txt")}},
		{"conflict id", "keep", args{"id": "document-1", "file": file(other, "a.txt")}},
		{"invalid file.sha", "keep", with("sha", "sha256-00")},
		{"invalid file.name", "keep", with("name", "  ")},
		{"invalid file.name", "keep", with("name", "a\x00b")},
		{"too_large file.name", "keep", with("name", strings.Repeat("é", MaxName+1))},
		{"invalid file.type", "keep", with("type", strings.Repeat("x", 101))},
		{"invalid file.size", "keep", with("size", 0)},
		{"invalid file.size", "keep", with("size", -1)},
		{"too_large file.size", "keep", with("size", 26<<20)},
		{"not_found folder", "keep", args{"id": "document-2", "folder": "folder-9", "file": file(other, "a.txt")}},
		{"invalid folder", "keep", args{"id": "document-2", "folder": "../x", "file": file(other, "a.txt")}},
		{"invalid origin.kind", "keep", args{"id": "document-2", "file": file(other, "a.txt"), "origin": args{"kind": "dream", "id": "letter-0001"}}},
		{"invalid origin.id", "keep", args{"id": "document-2", "file": file(other, "a.txt"), "origin": args{"kind": "message", "id": ""}}},
		{"invalid binned", "keep", args{"id": "document-2", "file": file(other, "a.txt"), "binned": true}},
		{"not_found id", "rename", args{"id": "document-9", "name": "x"}},
		{"invalid name", "rename", args{"id": "document-1", "name": " "}},
		{"not_found ids[0]", "remove", args{"ids": []string{"document-9"}}},
		{"invalid ids", "remove", args{"ids": []string{}}},
		{"invalid ids[0]", "restore", args{"ids": []string{""}}},
		{"invalid ids", "purge", args{"ids": []string{"a b"}}},
		{"invalid ids", "move", args{"ids": slices.Repeat([]string{"document-1"}, maxAtOnce+1)}},
		{"invalid id", "folder", args{"id": "", "name": "x"}},
		{"invalid name", "folder", args{"id": "folder-1", "name": ""}},
		{"invalid id", "unfolder", args{"id": ""}},
	} {
		w.want(c.want, "ines", "document."+c.name+"@1", c.args)
	}
	if d := w.documents("ines"); len(d) != 1 || d["document-1"].Name != "cours.txt" || !d["document-1"].Binned.IsZero() {
		t.Errorf("%+v", d)
	}
}

func quotas(pupil, guardian, staff int) areatest.Act {
	return areatest.Act{User: "roussel", Scope: "school:x", Name: "document.quotas@1", Args: args{"pupil": pupil, "guardian": guardian, "staff": staff}}
}

// large is the file of so many bytes that a device says it will upload.
func large(seed string, size int) args {
	return args{"sha": shaOf([]byte(seed)), "name": seed + ".txt", "type": "text/plain", "size": size}
}

// Each role has its room. Of two devices that fill it at once one is told what
// is left, and may go on once the bin is empty.
func TestQuota(t *testing.T) {
	w := newWorld(t)
	w.Must(quotas(1, 2, 3))
	w.Want("invalid guardian", quotas(1, -2, 3))
	for user, megabytes := range map[string]int{"ines": 1, "nadia": 2, "garnier": 3, "roussel": 3} {
		w.must(user, "document.keep@1", args{"id": "document-1", "file": large("a", megabytes*megabyte-100)})
		phone, laptop := own(user, "document.keep@1", args{"id": "document-2", "file": large("b", 60)}), own(user, "document.keep@1", args{"id": "document-3", "file": large("c", 60)})
		phone.Device, laptop.Device = "d_phone_"+user, "d_laptop_"+user
		w.Must(phone)
		second := w.Send(laptop).Error
		w.Settle()
		if second == nil || second.Code != "quota" || second.Field != "file" {
			t.Fatalf("%s: %+v", user, second)
		}
		var told full
		if err := json.Unmarshal(second.Current, &told); err != nil || told.Left != 40 || told.Most != int64(megabytes)*megabyte {
			t.Errorf("%s is told %s", user, second.Current)
		}
		w.must(user, "document.remove@1", args{"ids": []string{"document-2"}})
		w.want("quota file", user, "document.keep@1", args{"id": "document-3", "file": large("c", 60)})
		w.must(user, "document.purge@1", args{"ids": []string{"document-2"}})
		w.must(user, "document.keep@1", args{"id": "document-3", "file": large("c", 60)})
	}
}

// Whoever says less than a file has gets no more room than the others.
func TestQuotaIsOfWhatArrives(t *testing.T) {
	w := newWorld(t)
	w.Must(quotas(0, 0, 0))
	w.want("quota file", "ines", "document.keep@1", args{"id": "document-1", "file": large("a", 1)})
	w.Must(quotas(1, 0, 0))
	for i := range 4 {
		data := text(fmt.Sprint("cours", i), 400_000)
		lie := file(data, "x.txt")
		lie["size"] = 1
		w.must("ines", "document.keep@1", args{"id": fmt.Sprint("document-", i), "file": lie})
		w.upload("ines", data)
	}
	ready := 0
	for id, d := range w.documents("ines") {
		if d.File.Ready() {
			ready++
		} else if d.File.Problem != "quota" {
			t.Errorf("%s: %+v", id, d)
		}
	}
	if ready != 2 {
		t.Errorf("%d files of 400 KB in a megabyte", ready)
	}
	w.After(week + time.Minute)
	w.After(week)
	if n := w.stored(); n != 2 {
		t.Errorf("%d blobs", n)
	}
}

// A file that is not taken says why, and takes up no room.
func TestAFileThatIsNotTaken(t *testing.T) {
	w := newWorld(t)
	w.Must(quotas(1, 0, 0))
	data := []byte("MZ\x00\x01" + strings.Repeat("x", 900_000))
	w.must("ines", "document.keep@1", args{"id": "document-1", "file": args{"sha": shaOf(data), "name": "jeu.exe", "type": "", "size": len(data)}})
	w.upload("ines", data)
	if d := w.documents("ines")["document-1"]; d.File.Problem == "" {
		t.Errorf("%+v", d)
	}
	w.must("ines", "document.keep@1", args{"id": "document-2", "file": large("a", 900_000)})
}

// BenchmarkKeep puts a file among a thousand others.
func BenchmarkKeep(b *testing.B) {
	w := newWorld(b)
	for i := range 1000 {
		w.must("garnier", "document.keep@1", args{"id": fmt.Sprintf("document-%d", i), "file": large(fmt.Sprint(i), 100)})
	}
	for b.Loop() {
		w.must("garnier", "document.keep@1", args{"id": "document-last", "file": large("last", 100)})
		b.StopTimer()
		w.must("garnier", "document.remove@1", args{"ids": []string{"document-last"}})
		w.must("garnier", "document.purge@1", args{"ids": []string{"document-last"}})
		b.StartTimer()
	}
}
