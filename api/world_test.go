package api_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"preau/api"
	"preau/api/account"
	"preau/api/agenda"
	"preau/api/attachment"
	"preau/api/attendance"
	"preau/api/canteen"
	"preau/api/collect"
	"preau/api/directory"
	"preau/api/document"
	"preau/api/grades"
	"preau/api/homework"
	"preau/api/information"
	"preau/api/lsu/export"
	"preau/api/mail"
	"preau/api/notebook"
	"preau/api/notify"
	"preau/api/notify/courier"
	"preau/api/reportcard"
	"preau/api/skills"
	"preau/api/timetable"
	"preau/api/transfer"
	"preau/storage/disk"
	"preau/storage/sqlite"
	psync "preau/sync"
)

// subjects are all ways in which somebody can stand to Inès, a pupil of 5e B,
// and to her French course.
var subjects = []string{
	"anonymous", "self", "classmate", "otherClass", "guardian", "otherGuardian", "endedGuardian",
	"teacher", "otherTeacher", "staff", "direction", "admin", "otherSchool", "revoked",
}

// people are the subjects in the directory. The one of the other school is
// everything there.
var people = map[string]string{
	"self": "ines", "classmate": "malik", "otherClass": "zoe", "guardian": "nadia", "otherGuardian": "karim",
	"endedGuardian": "farid", "teacher": "garnier", "otherTeacher": "viard", "staff": "lopez",
	"direction": "roussel", "admin": "legoff", "otherSchool": "verne1", "revoked": "ines",
}

// world is a whole server with two schools, and a session of each subject.
type world struct {
	*edge
	mux       *psync.Mux
	engine    *psync.Engine
	directory *directory.Directory
	accounts  *account.Service
	homework  *homework.Service

	sessions map[string]account.Ticket // by subject
	upload   string                    // an upload that Inès has begun
	device   string                    // another device of Inès
	pairing  string                    // a pairing that Inès has opened
	file     string                    // a page of her copy
	own      string                    // a file that she keeps for herself
	photo    []byte
	k        map[string]int64 // lanes
}

func morning() time.Time { return time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC) }

// lived is a school that has lived a little, as it lies on disk. The first
// world makes it and all open copies of it, as a server does that starts again.
var lived struct {
	sync.Once
	files fstest.MapFS
	world world
}

func newWorld(t testing.TB) *world {
	t.Helper()
	lived.Do(func() { liveOnce(t) })
	dir := t.TempDir()
	check(t, os.CopyFS(dir, lived.files))
	w := openWorld(t, dir)
	check(t, w.directory.Load(t.Context()))
	from := lived.world
	w.sessions, w.k = from.sessions, maps.Clone(from.k)
	w.upload, w.device, w.pairing, w.file, w.own, w.photo = from.upload, from.device, from.pairing, from.file, from.own, from.photo
	return w
}

func liveOnce(t testing.TB) {
	t.Helper()
	dir := t.TempDir()
	w := openWorld(t, dir)
	w.enroll(t)
	w.signIn(t)
	w.live(t)
	files := fstest.MapFS{}
	check(t, fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "-shm") {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, path))
		files[path] = &fstest.MapFile{Data: data, Mode: 0o600}
		return err
	}))
	lived.files, lived.world = files, *w
}

// openWorld starts a server on what lies in a directory.
func openWorld(t testing.TB, dir string) *world {
	t.Helper()
	records, err := sqlite.Open(t.Context(), filepath.Join(dir, "records.db"), sqlite.Options{Unsynced: true})
	check(t, err)
	t.Cleanup(func() { check(t, records.Close()) })
	blobs, err := disk.Open(filepath.Join(dir, "blobs"))
	check(t, err)
	t.Cleanup(func() { check(t, blobs.Close()) })
	log := slog.New(slog.DiscardHandler)
	w := &world{mux: psync.NewMux(), sessions: map[string]account.Ticket{}, k: map[string]int64{}}
	w.directory = directory.New(directory.Config{Records: records, Log: log, Now: morning})
	files := attachment.New(attachment.Config{Blobs: blobs, Access: w.directory, Log: log, Now: morning})
	office, err := courier.Parse("smtp://127.0.0.1:1?from=nobody@ecole.example") // where nobody answers
	check(t, err)
	notices, err := notify.New(notify.Config{
		Log: log, Now: morning, Origin: "https://ecole.example", Office: office, Key: []byte("a key"), School: w.directory.SchoolOf,
		May: func(a psync.Actor, scope string) error { return w.directory.May(a, directory.RuleAlerts, scope) },
	})
	check(t, err)
	w.homework = homework.New(homework.Config{
		Directory: w.directory, Files: files, Notices: notices, Log: log, Now: morning,
		Key: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32)),
	})
	letters := mail.New(mail.Config{
		Directory: w.directory, Files: files, Notices: notices, Log: log, Now: morning,
		Outside: &mail.Outside{Courier: office, Domain: "reponse.ecole.example", Key: []byte("a key")},
	})
	presence := attendance.New(attendance.Config{Directory: w.directory, Files: files, Notices: notices, Now: morning})
	presence.Register(w.mux)
	letters.Register(w.mux)
	own := document.New(w.directory, files)
	own.Register(w.mux)
	dates := agenda.New(agenda.Config{Directory: w.directory, Files: files, Notices: notices, Log: log, Now: morning})
	dates.Register(w.mux)
	lessons := timetable.New(timetable.Config{Directory: w.directory, Notices: notices, Beside: dates.Feed, Log: log, Now: morning})
	pages := notebook.New(notebook.Config{Directory: w.directory, Files: files, Log: log, Now: morning})
	lessons.Register(w.mux)
	pages.Register(w.mux)
	marks := grades.New(grades.Config{Directory: w.directory, Files: files, Notices: notices, Log: log, Now: morning})
	marks.Register(w.mux)
	levels := skills.New(skills.Config{Directory: w.directory, Marks: marks, Notices: notices, Now: morning})
	levels.Register(w.mux)
	canteen.New(canteen.Config{Directory: w.directory, Files: files}).Register(w.mux)
	informing := information.New(information.Config{Directory: w.directory, Files: files, Log: log, Now: morning})
	informing.Register(w.mux)
	cards := reportcard.New(reportcard.Config{Directory: w.directory, Marks: marks, Presence: presence, Notices: notices, Log: log, Now: morning})
	cards.Register(w.mux)
	sendings := transfer.New(transfer.Config{Directory: w.directory, Blobs: blobs, Notices: notices, Key: []byte("a key"), Log: log, Now: morning})
	sendings.Register(w.mux)
	asking := collect.New(w.directory, sendings)
	asking.Register(w.mux)
	w.directory.Register(w.mux)
	files.Register(w.mux)
	notices.Register(w.mux)
	w.homework.Register(w.mux)
	w.engine = psync.New(psync.Config{Records: records, Mux: w.mux, Access: w.directory, Log: log, Now: morning})
	w.directory.Bind(w.engine)
	files.Bind(w.engine)
	notices.Bind(w.engine)
	w.homework.Bind(w.engine)
	own.Bind(w.engine)
	dates.Bind(w.engine)
	lessons.Bind(w.engine)
	pages.Bind(w.engine)
	marks.Bind(w.engine)
	levels.Bind(w.engine)
	cards.Bind(w.engine)
	presence.Bind(w.engine)
	informing.Bind(w.engine)
	sendings.Bind(w.engine)
	asking.Bind(w.engine)
	w.accounts, err = account.New(account.Config{
		Engine: w.engine, Watcher: records, Directory: w.directory, Key: bytes.Repeat([]byte{2}, 32),
		Params: account.Params{Memory: 8, Time: 1, Threads: 1}, Kick: w.engine.Hub().Kick, Log: log, Now: morning,
	})
	check(t, err)
	letters.Bind(w.engine, w.accounts)
	notices.Ask(w.accounts)
	accounts := &api.Accounts{Service: w.accounts, Directory: w.directory, Now: morning}
	w.edge = serve(t, api.Deps{
		Log: log, Now: morning, Sessions: accounts, Passes: accounts, Roles: w.directory.Roles, Engine: w.engine,
		App: application(),
		Uploads: &api.Uploads{
			Blobs: blobs, Dir: filepath.Join(dir, "uploads"), Uses: map[string]int64{"submission": 1 << 20, "transfer": 8 << 20, "collect": 8 << 20}, Quota: 10 << 20, Most: 10,
			Arrivals: filed{files, sendings, asking}, Now: morning,
		},
		Routes: []api.Routes{
			accounts.Routes, api.DirectoryRoutes(w.directory), api.FileRoutes(files), api.CopyRoutes(w.homework), api.PushRoutes(notices), api.CalendarRoutes(lessons),
			api.LivretRoutes(export.New(w.directory, deck{}, "test")),
			api.TransferRoutes(sendings, func(id string) string { return id }, w.directory.Location),
			api.CollectRoutes(asking, func(id string) string { return id }, w.directory.Location),
		},
	})
	return w
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// filed hands uploads over to package attachment, transfer or collect.
type filed struct {
	*attachment.Service
	transfers *transfer.Service
	collects  *collect.Service
}

func (f filed) Arrived(ctx context.Context, a psync.Actor, up api.Arrival) error {
	switch up.Meta["use"] {
	case "transfer":
		return f.transfers.Arrived(ctx, a, up.Meta, up.Size, up.Keep)
	case "collect":
		return f.collects.Arrived(ctx, a, up.Meta, up.Size, up.Keep)
	}
	return f.Service.Arrived(ctx, a, attachment.Upload{SHA: up.Sum, Name: up.Meta["name"], Type: up.Meta["type"], Size: up.Size}, up.Body)
}

// enroll fills the directory of both schools.
func (w *world) enroll(t testing.TB) {
	t.Helper()
	year := directory.Span{From: "2026-09-01"}
	adult := func(id, first, last string) directory.Put {
		return directory.Put{ID: id, Record: directory.Person{First: first, Last: last, Civility: "Mme", Span: year}}
	}
	pupil := func(id, first, last, class string) []directory.Put {
		return []directory.Put{
			{ID: id, Record: directory.Person{First: first, Last: last, Pupil: true, Span: year}},
			{ID: "in-" + id, Record: directory.Enrollment{Student: id, Audience: "class:" + class, Span: year}},
		}
	}
	guards := func(adult, child string, span directory.Span) directory.Put {
		return directory.Put{ID: adult + "-" + child, Record: directory.Guardianship{Guardian: adult, Student: child, Level: 1, Reads: true, Span: span}}
	}
	post := func(person string, role directory.Role) directory.Put {
		return directory.Put{ID: "post-" + person + "-" + role, Record: directory.Post{Person: person, Role: role, Span: year}}
	}
	teaches := func(course, audience, teacher string) []directory.Put {
		return []directory.Put{
			{ID: course, Record: directory.CourseRecord{Subject: "francais", Audience: audience, Span: year}},
			{ID: "t-" + course, Record: directory.Teaching{Course: course, Teacher: teacher, Span: year}},
		}
	}
	class := func(id, name string) directory.Put {
		return directory.Put{ID: id, Record: directory.Class{Name: name, Kind: directory.KindClass, Span: year}}
	}
	ended := directory.Span{From: "2026-09-01", To: "2026-11-20"}
	puts := []directory.Put{
		{ID: "francais", Record: directory.Subject{Name: "Français", Hue: 20}},
		{ID: "5b", Record: directory.Class{Name: "5e B", Kind: directory.KindClass, Main: []string{"garnier"}, Span: year}},
		class("6a", "6e A"),
		adult("nadia", "Nadia", "Benali"), adult("karim", "Karim", "Petit"), adult("farid", "Farid", "Benali"),
		adult("garnier", "Claire", "Garnier"), adult("viard", "Luc", "Viard"), adult("lopez", "Thomas", "Lopez"),
		adult("roussel", "Hélène", "Roussel"), adult("legoff", "Yann", "Le Goff"),
		guards("nadia", "ines", year), guards("karim", "zoe", year), guards("farid", "ines", ended), guards("farid", "zoe", year),
		post("garnier", directory.RoleTeacher), post("viard", directory.RoleTeacher), post("lopez", directory.RoleStaff),
		post("roussel", directory.RoleDirection), post("legoff", directory.RoleAdmin),
		{ID: "club", Record: directory.Space{Name: "Club SECRET-CLUB", Owner: "garnier", Span: year}},
		{ID: "lead-club", Record: directory.Membership{Space: "club", Person: "garnier", Lead: true, Span: year}},
		{ID: "ines-club", Record: directory.Membership{Space: "club", Person: "ines", Span: year}},
	}
	puts = append(puts, pupil("ines", "Inès", "Benali", "5b")...)
	puts = append(puts, pupil("malik", "Malik", "Oury", "5b")...)
	puts = append(puts, pupil("zoe", "Zoé", "Petit", "6a")...)
	puts = append(puts, teaches("fr5b", "class:5b", "garnier")...)
	puts = append(puts, teaches("fr6a", "class:6a", "viard")...)
	w.apply(t, "collard", "Collège Joseph-Collard", numbered(puts))
	other := []directory.Put{
		{ID: "francais", Record: directory.Subject{Name: "Français", Hue: 20}}, class("4v", "4e V"), adult("verne1", "Jules", "Verne"),
	}
	for _, role := range []directory.Role{directory.RoleTeacher, directory.RoleStaff, directory.RoleDirection, directory.RoleAdmin} {
		other = append(other, post("verne1", role))
	}
	w.apply(t, "verne", "Collège Jules-Verne", append(other, teaches("fr4v", "class:4v", "verne1")...))
}

// numbered gives people and subjects what the ministry calls them.
func numbered(puts []directory.Put) []directory.Put {
	for i, p := range puts {
		switch r := p.Record.(type) {
		case directory.Person:
			r.Number = 918_273_000 + int64(i)
			puts[i].Record = r
		case directory.Subject:
			r.Code = "020700"
			puts[i].Record = r
		}
	}
	return puts
}

func (w *world) apply(t testing.TB, school, name string, puts []directory.Put) {
	t.Helper()
	info := directory.School{Name: name, UAI: "0420000X", Timezone: "Europe/Paris", Year: directory.YearOf("2026-11-24"), Holidays: []directory.Holiday{}}
	puts = append([]directory.Put{{ID: school, Record: info}}, puts...)
	check(t, w.directory.Apply(context.Background(), psync.Actor{School: school}, school, puts))
	w.settle(t)
}

func (w *world) settle(t testing.TB) {
	t.Helper()
	check(t, w.engine.Drain(context.Background()))
}

// signIn gives every subject a session; that of revoked is ended at once.
func (w *world) signIn(t testing.TB) {
	t.Helper()
	ctx := context.Background()
	made := map[string]bool{}
	for _, subject := range subjects {
		user := people[subject]
		if user == "" {
			continue
		}
		if !made[user] {
			made[user] = true
			school := "collard"
			if subject == "otherSchool" {
				school = "verne"
			}
			_, err := w.accounts.CreateAccount(ctx, account.NewAccount{User: user, School: school, Login: user, Password: accountPassword})
			check(t, err)
		}
		ticket, err := w.accounts.SignInAs(ctx, account.Client{Label: subject}, user)
		check(t, err)
		w.sessions[subject] = ticket
	}
	check(t, w.accounts.Revoke(ctx, w.sessions["self"].Session, w.sessions["revoked"].Device))
	spare, err := w.accounts.SignInAs(ctx, account.Client{Label: "tablette"}, "ines")
	check(t, err)
	w.device = spare.Device
}

// live has the school live a little: work is given, and Inès hands hers in.
func (w *world) live(t testing.TB) {
	t.Helper()
	give := `{"id":"hw-000001","title":"Rédaction","text":"Un souvenir","due":"2026-12-01T07:00:00Z","return":"file","late":"accept","attachments":[]}`
	w.must(t, "teacher", "course:fr5b", "homework.give@1", give)
	w.must(t, "teacher", "course:fr5b", "homework.give@1", strings.ReplaceAll(give, "hw-000001", "hw-000002"))
	w.must(t, "teacher", "course:fr5b", "homework.withdraw@1", `{"id":"hw-000002"}`)
	w.settle(t)
	var photo bytes.Buffer
	check(t, png.Encode(&photo, image.NewGray(image.Rect(0, 0, 40, 60))))
	w.photo = photo.Bytes()
	w.file = nameOf(w.photo)
	begin := func(size int) string {
		got := w.as("self").send("POST", "/api/uploads", "", version, fmt.Sprintf("Upload-Length: %d", size), metadata("use=submission", "name=page.png", "type=image/png"))
		got.want(t, 201, "")
		return got.Header.Get("Location")
	}
	w.as("self").send("PATCH", begin(len(w.photo)), string(w.photo), version, "Upload-Offset: 0", "Content-Type: application/offset+octet-stream").want(t, 204, "")
	photo.Reset()
	check(t, png.Encode(&photo, image.NewGray(image.Rect(0, 0, 60, 40))))
	w.own = nameOf(photo.Bytes())
	w.as("self").send("PATCH", begin(photo.Len()), photo.String(), version, "Upload-Offset: 0", "Content-Type: application/offset+octet-stream").want(t, 204, "")
	w.settle(t)
	w.must(t, "self", "user:ines", "document.folder@1", `{"id":"shelf-0001","name":"SECRET-COPY"}`)
	w.must(t, "self", "user:ines", "document.keep@1", fmt.Sprintf(`{"id":"document-0001","file":{"sha":%q,"name":"SECRET-COPY.png","type":"image/png","size":%d}}`, w.own, photo.Len()))
	w.must(t, "self", "student:ines", "homework.submit@1", `{"id":"copy-0001","homework":"hw-000001","pages":["`+w.file+`"],"text":"SECRET-COPY"}`)
	w.settle(t)
	assess := `{"id":"assessment-0001","title":"Dictée","date":"2026-11-20","period":"","type":"test","coefficient":"1","outOf":"20","papers":[],"corrections":[]}`
	for _, id := range []string{"assessment-0001", "assessment-0002", "assessment-0003"} {
		w.must(t, "teacher", "course:fr5b", "grades.assess@1", strings.ReplaceAll(assess, "assessment-0001", id))
	}
	w.must(t, "teacher", "course:fr5b", "grades.enter@1", `{"assessment":"assessment-0001","cells":[{"student":"ines","value":"14.5","was":""}]}`)
	w.must(t, "teacher", "course:fr5b", "grades.comment@1", `{"assessment":"assessment-0001","student":"ines","comment":"SECRET-COPY"}`)
	w.must(t, "teacher", "course:fr5b", "grades.publish@1", `{"id":"assessment-0001"}`)
	w.must(t, "teacher", "course:fr5b", "grades.cancel@1", `{"id":"assessment-0002"}`)
	evaluate := `{"id":"evaluation-0001","title":"SECRET-COPY","date":"2026-11-20","items":[{"skill":"socle-fra-1","coefficient":"1"}]}`
	w.must(t, "teacher", "course:fr5b", "skills.evaluate@1", evaluate)
	w.must(t, "teacher", "course:fr5b", "skills.enter@1", `{"evaluation":"evaluation-0001","cells":[{"student":"ines","skill":"socle-fra-1","value":"beyond","was":""}]}`)
	w.must(t, "teacher", "course:fr5b", "skills.publish@1", `{"id":"evaluation-0001"}`)
	w.must(t, "direction", "school:collard", "grades.period@1", `{"id":"term-0001","name":"T","kind":"trimester","start":"2026-09-01","end":"2026-12-01"}`)
	w.must(t, "teacher", "course:fr5b", "reportcard.appraise@1", `{"period":"term-0001","student":"ines","text":"SECRET-COPY","was":""}`)
	w.settle(t)
	w.must(t, "direction", "council:5b", "reportcard.publish@1", `{"period":"term-0001","early":true}`)
	w.must(t, "direction", "school:collard", "reportcard.council@1", `{"class":"5b","period":"term-0001","until":"2026-12-01"}`)
	w.settle(t)
	w.must(t, "teacher", "user:garnier", "mail.send@1", `{"id":"letter-0001","subject":"Rédaction","mode":"all","to":["user:ines"],"body":[{"runs":[{"text":"SECRET-COPY"}]},{"kind":"poll","runs":[],"poll":{"id":"poll-0001","question":"Compris ?","options":["Oui","Non"]}}]}`)
	w.must(t, "self", "user:ines", "mail.send@1", `{"id":"letter-0004","subject":"Demande","mode":"all","to":["user:garnier"],"body":[{"runs":[{"text":"SECRET-COPY"}]}]}`)
	rules := mail.DefaultPolicy()
	usual, err := json.Marshal(rules)
	check(t, err)
	rules.Large = 1 // the next one waits
	held, err := json.Marshal(rules)
	check(t, err)
	w.must(t, "direction", "school:collard", "mail.policy@1", string(held))
	w.must(t, "staff", "user:lopez", "mail.send@1", `{"id":"letter-0005","subject":"Sortie","mode":"all","to":["user:garnier"],"body":[{"runs":[{"text":"SECRET-COPY"}]}]}`)
	w.must(t, "direction", "school:collard", "mail.policy@1", string(usual))
	w.must(t, "teacher", "user:garnier", "mail.send@1", `{"id":"letter-0006","subject":"Rédaction","mode":"all","to":["user:ines"],"body":[{"runs":[{"text":"SECRET-COPY"}]}]}`)
	w.settle(t)
	date := `{"id":"event-0001","title":"Sortie","start":"2026-11-26T08:00","end":"2026-11-26T12:00"}`
	w.must(t, "teacher", "class:5b", "agenda.put@1", date)
	w.must(t, "self", "user:ines", "agenda.put@1", strings.ReplaceAll(date, "Sortie", "SECRET-COPY"))
	w.must(t, "direction", "school:collard", "agenda.put@1", date)
	w.must(t, "teacher", "class:5b/staff", "agenda.put@1", strings.ReplaceAll(date, "Sortie", "SECRET-TEAM"))
	w.must(t, "staff", "timetable:collard", "timetable.slot@1", `{"slots":[{"id":"slot-0001","course":"fr5b","kind":"lesson","weekday":2,"start":"10:05","end":"11:00","rooms":["112"]}]}`)
	w.must(t, "teacher", "course:fr5b", "notebook.write@1", `{"id":"page-0001","date":"2026-11-23","start":"10:05","done":{"text":[{"runs":[{"text":"Lecture"}]}]},"show":"start"}`)
	w.must(t, "teacher", "course:fr5b", "notebook.write@1", `{"id":"slot-0001.2026-12-01","date":"2026-12-01","start":"10:05","planned":{"text":[{"runs":[{"text":"SECRET-PLAN"}]}]},"show":"start"}`)
	w.must(t, "self", "user:ines", "mail.report@1", `{"id":"report-0001","message":"letter-0006","reason":"other"}`)
	w.must(t, "self", "user:ines", "notify.address@1", `{"address":"ines@example.org"}`)
	w.must(t, "self", "user:ines", "mail.folder@1", `{"id":"folder-0001","name":"À garder","order":1}`)
	w.must(t, "self", "user:ines", "mail.category@1", `{"id":"category-0001","name":"Français","hue":1}`)
	w.must(t, "self", "user:ines", "transfer.open@1", `{"id":"transfer-0001","secret":"inesinesinesinesinesin","title":"T","days":7,"files":[{"name":"a.txt","type":"text/plain","size":0}]}`)
	w.must(t, "teacher", "user:garnier", "collect.open@1", `{"id":"collect-0001","secret":"garniergarniergarnierg","title":"Rédaction","text":"Rédaction","audiences":["class:5b"],"days":14,"files":9,"bytes":8000000,"drops":9}`)
	w.must(t, "teacher", "user:garnier", "collect.open@1", `{"id":"collect-0002","secret":"garniergarniergarnierh","title":"Rédaction","text":"","audiences":[],"days":14,"files":9,"bytes":8000000,"drops":9}`)
	w.settle(t)
	w.must(t, "self", "user:ines", "collect.drop@1", `{"id":"drop-0001","collect":"collect-0001","files":[{"name":"SECRET-COPY.txt","type":"text/plain","size":5}]}`)
	w.settle(t)
	w.as("self").send("POST", "/api/uploads", "copie", version, "Upload-Length: 5", metadata("use=collect", "collect=collect-0001", "drop=drop-0001", "file=0"), "Content-Type: application/offset+octet-stream").want(t, 201, "")
	w.must(t, "teacher", "course:fr5b", "attendance.roll@1", `{"date":"2026-11-24","start":"08:00","end":"09:00","calls":[{"student":"ines","state":"absent"}]}`)
	w.must(t, "teacher", "course:fr5b", "attendance.observe@1", `{"type":"observation","id":"note-0001","student":"ines","kind":"other","from":"2026-11-24T08:00","text":"SECRET-COPY"}`)
	inform := `{"id":"info-0001","title":"Rédaction","category":"life","body":[{"runs":[{"text":"Rédaction"}]}],"from":"2026-11-24","until":"2026-11-30","acknowledge":true,"questions":[{"kind":"text","title":"Rédaction"}],"audience":[{"of":"class:5b","roles":["students"]}]}`
	for _, id := range []string{"info-0001", "info-0002", "info-0003", "info-0004"} {
		w.must(t, "teacher", "user:garnier", "information.publish@1", strings.ReplaceAll(inform, "info-0001", id))
	}
	w.settle(t)
	w.upload = begin(5)
	var opened struct{ ID string }
	got := w.as("self").send("POST", "/api/pairings", "{}")
	check(t, json.Unmarshal([]byte(got.text), &opened))
	w.pairing = opened.ID
}

// nameOf is the name of a file by its content.
func nameOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256-" + hex.EncodeToString(sum[:])
}

// as is the edge with the session of a subject.
func (w *world) as(subject string) *edge {
	e := *w.edge
	e.token = w.sessions[subject].Token
	return &e
}

// act sends one mutation as a subject and returns the code of its refusal, ""
// if it was carried out.
func (w *world) act(t testing.TB, subject, scope, name, args string) string {
	t.Helper()
	lane := subject + " " + scope
	w.k[lane]++
	body := fmt.Sprintf(`{"v":1,"schema":1,"device":%q,"mutations":[{"scope":%q,"k":%d,"name":%q,"at":%d,"args":%s}]}`,
		w.sessions[subject].Device, scope, w.k[lane], name, morning().UnixMilli(), args)
	got := w.as(subject).send("POST", "/api/sync", body)
	if got.StatusCode != 200 {
		return fmt.Sprintf("%d %s", got.StatusCode, got.code())
	}
	var answer struct {
		Results []struct {
			OK    bool
			Error struct{ Code, Message string }
			Wait  int
		}
	}
	check(t, json.Unmarshal([]byte(got.text), &answer))
	if len(answer.Results) != 1 || !answer.Results[0].OK && answer.Results[0].Error.Code == "" {
		t.Fatalf("%s as %s: %s", name, subject, got.text)
	}
	return answer.Results[0].Error.Code
}

func (w *world) must(t testing.TB, subject, scope, name, args string) {
	t.Helper()
	if code := w.act(t, subject, scope, name, args); code != "" {
		t.Fatalf("%s as %s: %s", name, subject, code)
	}
}
