package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/png"
	"slices"
	"testing"
	"time"

	"preau/api/attachment"
	"preau/api/directory"
	psync "preau/sync"
)

func taught(id, course, teacher string, to directory.Date) directory.Put {
	return directory.Put{ID: id, Record: directory.Teaching{Course: course, Teacher: teacher, Span: directory.Span{To: to}}}
}

func (w *world) thread(user, id string) Thread {
	w.t.Helper()
	return mailbox[Thread](w, user, "thread")[id]
}

// TestReadAndUnread (E26, E27, E30, E31) belong to each reader.
func TestReadAndUnread(t *testing.T) {
	w := newWorld(t)
	w.wantRefusal(w.send("garnier", "m-read001", "class:5b/guardians"), "")
	at := w.now.UnixMilli()
	w.must("nadia", "mail.read@1", args{"upTo": args{"m-read001": at}})
	if got := w.thread("nadia", "m-read001").Read; got != at {
		t.Errorf("read up to %d", got)
	}
	w.must("nadia", "mail.read@1", args{"upTo": args{"m-read001": at - 1}})
	if got := w.thread("nadia", "m-read001").Read; got != at-1 {
		t.Errorf("read up to %d", got)
	}
	if got := w.thread("karim", "m-read001"); got.Read != 0 {
		t.Errorf("Karim's: %+v", got)
	}
	w.wantRefusal(w.do("nadia", "mail.read@1", args{"upTo": args{}}), "invalid ids")
	w.wantRefusal(w.do("nadia", "mail.read@1", args{"upTo": args{"m-read001": -1}}), "invalid upTo")
}

// TestLateMessageIsUnread (E26): a message that arrives after a later one was
// read is not taken for read.
func TestLateMessageIsUnread(t *testing.T) {
	w := newWorld(t)
	w.wantRefusal(w.send("garnier", "m-late001", "user:nadia"), "")
	at := w.now.UnixMilli()
	w.must("nadia", "mail.read@1", args{"upTo": args{"m-late001": at + 5000}})
	w.now = w.now.Add(time.Second)
	w.must("garnier", "mail.reply@1", args{"id": "m-late002", "re": "m-late001", "body": text("Encore un mot.")})
	if got := w.thread("nadia", "m-late001").Read; got < at || got >= at+1000 {
		t.Errorf("read up to %d ms after the first, 1000 is the second", got-at)
	}
}

// TestBin (E19, E33, E101–E111): what is thrown away can be taken back, to
// where it was, comes back with a new message, and goes for ever when asked.
func TestBin(t *testing.T) {
	w := newWorld(t)
	w.must("nadia", "mail.folder@1", args{"id": "folder-1", "name": "École"})
	w.wantRefusal(w.send("garnier", "m-bin0001", "user:nadia"), "")
	w.must("nadia", "mail.file@1", args{"ids": []string{"m-bin0001"}, "folder": "folder-1"})
	bin := args{"ids": []string{"m-bin0001"}, "folder": Bin}
	w.must("nadia", "mail.file@1", bin)
	if got := w.thread("nadia", "m-bin0001"); got.Folder != Bin || got.Was != "folder-1" || got.Binned.IsZero() {
		t.Errorf("in the bin: %+v", got)
	}
	w.must("nadia", "mail.restore@1", args{"ids": []string{"m-bin0001"}})
	if got := w.thread("nadia", "m-bin0001"); got.Folder != "folder-1" || !got.Binned.IsZero() {
		t.Errorf("taken back: %+v", got) // E108
	}
	w.must("nadia", "mail.file@1", bin)
	w.must("garnier", "mail.reply@1", args{"id": "m-bin0002", "re": "m-bin0001", "body": text("Encore.")})
	if got := w.thread("nadia", "m-bin0001"); got.Folder != "folder-1" {
		t.Errorf("after a new message: %+v", got) // E109
	}
	w.must("nadia", "mail.purge@1", args{"ids": []string{"m-bin0001"}})
	w.wantHolders("m-bin0001", "garnier", "nadia") // not from the bin
	w.must("nadia", "mail.file@1", bin)
	w.must("nadia", "mail.purge@1", args{"ids": []string{"m-bin0001"}})
	w.wantHolders("m-bin0001", "garnier")
	w.wantHolders("m-bin0002", "garnier")
	if left := mailbox[Thread](w, "nadia", "thread"); len(left) != 0 {
		t.Errorf("threads left: %+v", left)
	}
}

// photo is a file of somebody as a message names it, and what brings it here.
func (w *world) photo(user string) (file args, arrive func()) {
	var photo bytes.Buffer
	if err := png.Encode(&photo, image.NewGray(image.Rect(0, 0, 40, 60))); err != nil {
		w.t.Fatal(err)
	}
	sum := sha256.Sum256(photo.Bytes())
	up := attachment.Upload{SHA: "sha256-" + hex.EncodeToString(sum[:]), Name: "coupon.png", Type: "image/png", Size: int64(photo.Len())}
	file = args{"sha": up.SHA, "name": up.Name, "type": up.Type, "size": up.Size}
	return file, func() {
		w.t.Helper()
		if err := w.files.Arrived(w.t.Context(), person(user), up, &photo); err != nil {
			w.t.Fatal(err)
		}
		w.settle()
	}
}

// TestFilesOfTheBin: a file that arrives late is no new message.
func TestFilesOfTheBin(t *testing.T) {
	w := newWorld(t)
	file, arrive := w.photo("garnier")
	w.must("garnier", "mail.send@1", letter("m-files001", users("nadia"), args{"files": []args{file}}))
	w.must("nadia", "mail.file@1", args{"ids": []string{"m-files001"}, "folder": Bin})
	arrive()
	if m, _ := w.message("nadia", "m-files001"); len(m.Files) != 1 || !m.Files[0].Ready() {
		t.Errorf("files %+v", m.Files)
	}
	if got := w.thread("nadia", "m-files001"); got.Folder != Bin {
		t.Errorf("in %q", got.Folder)
	}
}

// TestPurgeOfMany goes batch by batch.
func TestPurgeOfMany(t *testing.T) {
	w := newWorld(t)
	w.wantRefusal(w.send("garnier", "m-many000", "user:nadia"), "")
	for i := range purgeBatch + 20 {
		w.must("garnier", "mail.reply@1", args{"id": fmt.Sprintf("m-many-%03d", i), "re": "m-many000", "body": text("…")})
	}
	w.must("nadia", "mail.file@1", args{"ids": []string{"m-many000"}, "folder": Bin})
	w.must("nadia", "mail.purge@1", args{"ids": []string{"m-many000"}})
	if left := mailbox[Message](w, "nadia", "message"); len(left) != 0 {
		t.Errorf("%d messages left", len(left))
	}
}

// TestFolders (E20, E22, E23, E32): own folders, one level below the first.
func TestFolders(t *testing.T) {
	w := newWorld(t)
	folder := func(id, name, parent string) string {
		return w.do("nadia", "mail.folder@1", args{"id": id, "name": name, "parent": parent, "order": 1})
	}
	w.wantRefusal(folder("folder-1", "Inès", ""), "")
	w.wantRefusal(folder("folder-2", "Sorties", "folder-1"), "")
	w.wantRefusal(folder("folder-3", "Musée", "folder-2"), "invalid parent")
	w.wantRefusal(folder("folder-1", "Inès", "folder-1"), "invalid parent")
	w.wantRefusal(folder("folder-4", "Noé", ""), "")
	w.wantRefusal(folder("folder-1", "Inès", "folder-4"), "invalid parent")
	w.wantRefusal(folder("folder-5", " ", ""), "invalid name")
	w.wantRefusal(w.do("nadia", "mail.file@1", args{"ids": []string{"m-unknown"}, "folder": "folder-9"}), "not_found folder")
	w.must("nadia", "mail.file@1", args{"ids": []string{"m-unknown"}, "folder": Archive})
	w.wantRefusal(w.do("nadia", "mail.unfolder@1", args{"id": "folder-1"}), "conflict id")
	w.must("nadia", "mail.unfolder@1", args{"id": "folder-2"})
	w.must("nadia", "mail.unfolder@1", args{"id": "folder-1"})
	if got := mailbox[Folder](w, "nadia", "folder"); len(got) != 1 || got["folder-4"].Name != "Noé" {
		t.Errorf("folders %+v", got)
	}
}

// TestCategories (E35).
func TestCategories(t *testing.T) {
	w := newWorld(t)
	w.wantRefusal(w.send("garnier", "m-categ01", "user:nadia"), "")
	w.must("nadia", "mail.category@1", args{"id": "category-1", "name": "À signer", "hue": 20})
	w.wantRefusal(w.do("nadia", "mail.category@1", args{"id": "category-2", "name": "Rouge", "hue": 360}), "invalid hue")
	w.wantRefusal(w.do("nadia", "mail.categorize@1", args{"ids": []string{"m-categ01"}, "add": []string{"category-2"}}), "not_found add[0]")
	w.must("nadia", "mail.categorize@1", args{"ids": []string{"m-categ01"}, "add": []string{"category-1"}})
	w.must("nadia", "mail.categorize@1", args{"ids": []string{"m-categ01"}, "add": []string{"category-1"}})
	if got := w.thread("nadia", "m-categ01").Categories; len(got) != 1 {
		t.Errorf("categories %v", got)
	}
	w.must("nadia", "mail.categorize@1", args{"ids": []string{"m-categ01"}, "remove": []string{"category-1"}})
	if got := w.thread("nadia", "m-categ01").Categories; len(got) != 0 {
		t.Errorf("categories %v", got)
	}
	w.must("nadia", "mail.uncategory@1", args{"id": "category-1"})
}

// TestDrafts (E18): all data, on every device; sending ends the draft.
func TestDrafts(t *testing.T) {
	w := newWorld(t)
	draft := Draft{Subject: "", To: []Addressee{{"user:ines", "Inès Benali", 0}}, Body: text("Bonj"), Mode: ModeAll}
	w.must("garnier", "mail.draft@1", args{"id": "draft-001", "draft": draft})
	if got := mailbox[Draft](w, "garnier", "draft")["draft-001"]; got.Body.Text() != "Bonj" || len(got.To) != 1 {
		t.Errorf("draft %+v", got)
	}
	draft.Body = text(string(make([]byte, MaxBody+1)))
	w.wantRefusal(w.do("garnier", "mail.draft@1", args{"id": "draft-001", "draft": draft}), "invalid draft.body[0].runs[0].text")
	w.must("garnier", "mail.send@1", letter("m-draft01", users("ines"), args{"draft": "draft-001"}))
	if got := mailbox[Draft](w, "garnier", "draft"); len(got) != 0 {
		t.Errorf("drafts %+v", got)
	}
	w.must("garnier", "mail.draft@1", args{"id": "draft-002", "draft": Draft{}})
	w.must("garnier", "mail.discard@1", args{"ids": []string{"draft-002"}})
	if got := mailbox[Draft](w, "garnier", "draft"); len(got) != 0 {
		t.Errorf("drafts %+v", got)
	}
}

// TestDraftsOfTwoDevices: what one device wrote without network takes nothing
// away from what another wrote meanwhile.
func TestDraftsOfTwoDevices(t *testing.T) {
	w := newWorld(t)
	phone, laptop := person("garnier"), person("garnier")
	laptop.Device = "d_laptop"
	write := func(on psync.Actor, base int64, words string) {
		t.Helper()
		w.wantRefusal(w.doOn(on, "user:garnier", base, "mail.draft@1", args{"id": "draft-001", "draft": Draft{Body: text(words)}}), "")
	}
	write(phone, 0, "Bonjour")
	seen := w.found("garnier", "draft", "draft-001")[0].Seq
	write(laptop, seen, "Bonjour à tous")
	write(phone, seen, "Bonjour madame")
	write(phone, seen, "Bonjour madame,") // on top of its own
	var texts []string
	for _, d := range mailbox[Draft](w, "garnier", "draft") {
		texts = append(texts, d.Body.Text())
	}
	slices.Sort(texts)
	if want := []string{"Bonjour madame,", "Bonjour à tous"}; !slices.Equal(texts, want) {
		t.Errorf("drafts %q, want %q", texts, want)
	}
}

// TestLateFilesOfManyReaders: a file that arrives after its message is readable
// in every mailbox, however many there are.
func TestLateFilesOfManyReaders(t *testing.T) {
	puts := []directory.Put{
		{ID: "big", Record: directory.Class{Name: "Tous", Kind: directory.KindClass}},
		{ID: "prof", Record: directory.Person{First: "Claire", Last: "Garnier"}},
		{ID: "c", Record: directory.CourseRecord{Subject: "fr", Audience: "class:big"}},
		{ID: "t", Record: directory.Teaching{Course: "c", Teacher: "prof"}},
	}
	for i := range 2*shownAtOnce + 10 {
		id := fmt.Sprintf("p%03d", i)
		puts = append(puts, directory.Put{ID: id, Record: directory.Person{First: "P", Last: id, Pupil: true}},
			directory.Put{ID: "e" + id, Record: directory.Enrollment{Student: id, Audience: "class:big"}})
	}
	w := newWorldOf(t, puts...)
	defer w.close()
	file, arrive := w.photo("prof")
	w.must("prof", "mail.send@1", letter("m-many0001", []string{"class:big/students"}, args{"files": []args{file}}))
	w.now = w.now.Add(time.Hour) // it is a large one
	w.settle()
	arrive()
	for _, user := range []string{"p000", "p199", "p200", "p399", "p400", "p409"} {
		if got, err := w.files.Readable(t.Context(), person(user), file["sha"].(string)); err != nil || !got {
			t.Errorf("readable by %s: %v, %v", user, got, err)
		}
	}
}
