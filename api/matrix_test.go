package api_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	psync "preau/sync"
)

// Who may use a route or a mutation, by the names of [subjects].
const (
	everybody = "everybody"
	whoever   = "whoever is signed in"
	self      = "self"
	theCourse = "teacher"
	theCopy   = "self guardian teacher staff direction"
	theOffice = "staff direction admin"
	theAdmin  = "admin"
	offices   = "staff direction admin otherSchool" // each in its own school
	admins    = "admin otherSchool"
)

// allows says whether a list of subjects has one.
func allows(list, subject string) bool {
	switch list {
	case everybody:
		return true
	case whoever:
		return subject != "anonymous" && subject != "revoked"
	}
	return slices.Contains(strings.Fields(list), subject)
}

// crossing is what the subjects get from one route, asked for something of
// Inès or of her school.
type crossing struct {
	route   string // as it is registered
	path    func(w *world) string
	body    string // %s: the subject
	may     string
	gives   int // status for those who may
	refuses int // status for others who are signed in
	headers []string
}

func at(path string) func(*world) string { return func(*world) string { return path } }

var crossings = []crossing{
	{"GET /healthz", at("/healthz"), "", everybody, 200, 0, nil},
	{"GET /readyz", at("/readyz"), "", everybody, 200, 0, nil},
	{"GET /metrics", at("/metrics"), "", everybody, 200, 0, nil}, // from this machine
	{"GET /manifest.webmanifest", at("/manifest.webmanifest"), "", everybody, 200, 0, nil},

	{"POST /api/session", at("/api/session"), `{"login":"nobody-%s","password":"wrong wrong wrong"}`, everybody, 401, 0, nil},
	{"GET /api/session", at("/api/session"), "", whoever, 200, 0, nil},
	{"POST /api/session/device", at("/api/session/device"), `{}`, whoever, 200, 0, nil},
	{"POST /api/session/password", at("/api/session/password"), `{"old":"wrong","password":"tulipe-wagon-fromage-lierre"}`, whoever, 422, 0, nil},
	{"DELETE /api/session", at("/api/session"), "", whoever, 204, 0, nil},
	{"GET /api/devices", at("/api/devices"), "", whoever, 200, 0, nil},
	{"DELETE /api/devices/:device", func(w *world) string { return "/api/devices/" + w.device }, "", self, 204, 404, nil},
	{"POST /api/devices/:device/trust", func(w *world) string { return "/api/devices/" + w.device + "/trust" }, `{"student":"ines"}`, "self staff direction", 204, 404, nil},
	{"GET /api/students/:student/devices", at("/api/students/ines/devices"), "", "staff direction", 200, 404, nil},
	{"POST /api/handover", at("/api/handover"), `{"pass":"made up"}`, everybody, 0, 0, nil},

	{"POST /api/pairings", at("/api/pairings"), `{}`, whoever, 201, 0, nil},
	{"POST /api/pairings/code", at("/api/pairings/code"), `{"code":"AAAAAAAA"}`, everybody, 404, 0, nil},
	{"GET /api/pairings/:id", ofPairing(""), "", self, 200, 404, nil},
	{"GET /api/pairings/:id/qr.svg", ofPairing("/qr.svg"), "", self, 200, 404, nil},
	{"POST /api/pairings/:id/claim", ofPairing("/claim"), `{"mac":"AAAA","key":"AAAA","nonce":"AAAA","label":"x"}`, everybody, 422, 0, nil},
	{"POST /api/pairings/:id/confirm", ofPairing("/confirm"), `{"code":"000000"}`, self, 409, 404, nil},
	{"POST /api/pairings/:id/poll", ofPairing("/poll"), `{"proof":{"at":1,"sig":"AAAA"}}`, everybody, 403, 0, nil},
	{"DELETE /api/pairings/:id", ofPairing(""), "", self, 204, 404, nil},

	{"GET /api/activations", at("/api/activations?class=5b"), "", theOffice, 200, 403, nil},
	{"GET /api/activations/sheet", at("/api/activations/sheet?class=5b"), "", theOffice, 200, 403, nil},
	{"GET /api/activations/sheet.css", at("/api/activations/sheet.css"), "", everybody, 200, 0, nil},
	{"POST /api/activations", at("/api/activations"), `{"class":"5b"}`, theOffice, 201, 403, nil},
	{"POST /api/activations/:id/open", at("/api/activations/madeup/open"), `{"secret":"AAAA","code":"AAAAAAAA","label":"x"}`, everybody, 404, 0, nil},

	{"GET /api/directory/classes", at("/api/directory/classes"), "", offices, 200, 403, nil},
	{"GET /api/directory/classes/:class", at("/api/directory/classes/5b"), "", theOffice, 200, 403, nil},
	{"GET /api/directory/adults", at("/api/directory/adults?q=benali"), "", admins, 200, 403, nil},
	{"POST /api/directory/enrollments", at("/api/directory/enrollments"), `{"student":"zoe","audience":"class:5b","from":"2026-11-24"}`, theAdmin, 201, 403, nil},
	{"POST /api/directory/enrollments/:link/end", at("/api/directory/enrollments/in-ines/end"), `{}`, theAdmin, 204, 403, nil},
	{"POST /api/directory/guardianships", at("/api/directory/guardianships"), `{"guardian":"karim","student":"ines","level":2,"reads":true,"from":"2026-11-24"}`, theAdmin, 201, 403, nil},
	{"POST /api/directory/guardianships/:link/end", at("/api/directory/guardianships/nadia-ines/end"), `{}`, theAdmin, 204, 403, nil},

	{"GET /api/directory/spaces", at("/api/directory/spaces"), "", whoever, 200, 0, nil},
	{"POST /api/directory/spaces", at("/api/directory/spaces"), `{"name":"Chorale"}`, "teacher otherTeacher staff direction admin otherSchool", 201, 403, nil},
	{"POST /api/directory/spaces/:space/rename", ofSpace("/rename"), `{"name":"Chorale","description":"Le mardi"}`, "teacher direction", 204, 403, nil},
	{"POST /api/directory/spaces/:space/end", ofSpace("/end"), `{}`, "teacher direction", 204, 403, nil},
	{"POST /api/directory/spaces/:space/members", ofSpace("/members"), `{"people":["zoe","karim"]}`, "teacher direction", 204, 403, nil},
	{"POST /api/directory/memberships/:link/end", ofMembership("/end"), `{}`, "self teacher direction", 204, 403, nil},
	{"POST /api/directory/memberships/:link/lead", ofMembership("/lead"), `{"lead":false}`, "teacher direction", 204, 403, nil},

	{"GET /api/files/:sha", func(w *world) string { return "/api/files/" + w.file }, "", theCopy, 200, 404, nil},
	{"GET /api/files/:sha", func(w *world) string { return "/api/files/" + w.own }, "", self, 200, 404, nil},
	{"GET /api/courses/:course/homework/:id/copies.zip", at("/api/courses/fr5b/homework/hw-000001/copies.zip"), "", theCourse, 200, 403, nil},

	{"GET /api/push", at("/api/push"), "", whoever, 200, 0, nil},
	{"PUT /api/push", at("/api/push"), `{"endpoint":"https://127.0.0.1/x","keys":{"p256dh":"","auth":""}}`, whoever, 422, 0, nil},
	{"DELETE /api/push", at("/api/push"), `{"endpoint":"https://push.example/x"}`, whoever, 204, 0, nil},
	{"POST /api/push/test", at("/api/push/test"), `{}`, whoever, 0, 0, nil},
	{"GET /api/mails/stop", at("/api/mails/stop?u=ines&t=0011223344556677"), "", everybody, 200, 0, nil},
	{"POST /api/mails/stop", at("/api/mails/stop?u=ines&t=0011223344556677"), "", everybody, 404, 0, nil},

	{"GET /t/open.js", at("/t/open.js"), "", everybody, 404, 0, nil},
	{"GET /t/worker.js", at("/t/worker.js"), "", everybody, 404, 0, nil},
	{"GET /t/style.css", at("/t/style.css"), "", everybody, 200, 0, nil},
	{"GET /t/:secret", at("/t/madeupmadeupmadeupmade"), "", everybody, 404, 0, nil},
	{"POST /t/:secret", at("/t/madeupmadeupmadeupmade"), "password=x", everybody, 404, 0, nil},
	{"GET /t/:secret/all.zip", at("/t/madeupmadeupmadeupmade/all.zip"), "", everybody, 404, 0, nil},
	{"GET /api/transfers/limits", at("/api/transfers/limits"), "", whoever, 200, 0, nil},
	{"GET /t/:secret/about", at("/t/madeupmadeupmadeupmade/about"), "", everybody, 404, 0, nil},
	{"GET /t/:secret/:n", at("/t/madeupmadeupmadeupmade/0"), "", everybody, 404, 0, nil},

	{"GET /c/style.css", at("/c/style.css"), "", everybody, 200, 0, nil},
	{"GET /c/drop.js", at("/c/drop.js"), "", everybody, 200, 0, nil},
	{"GET /c/:secret", at("/c/madeupmadeupmadeupmade"), "", everybody, 404, 0, nil},
	{"POST /c/:secret", at("/c/madeupmadeupmadeupmade"), `{"id":"madeupmadeupmadeupmade","name":"x","child":"","files":[{"name":"x","type":"","size":1}]}`, everybody, 404, 0, nil},
	{"POST /c/:secret/:drop", at("/c/garniergarniergarnierg/drop-0001"), "", everybody, 410, 0, []string{version, "Upload-Length: 5", metadata("use=collect", "collect=collect-0001", "drop=drop-0001", "file=0")}},
	{"HEAD /c/:secret/:drop/:id", ofGuest, "", everybody, 404, 0, []string{version}},
	{"PATCH /c/:secret/:drop/:id", ofGuest, "he", everybody, 404, 0, []string{version, "Upload-Offset: 0", "Content-Type: application/offset+octet-stream"}},
	{"GET /api/collects/:id/all.zip", at("/api/collects/collect-0001/all.zip"), "", theCourse, 200, 404, nil},
	{"GET /api/collects/:id/:drop/:n", at("/api/collects/collect-0001/drop-0001/0"), "", theCourse, 200, 404, nil},

	{"GET /api/calendar", at("/api/calendar"), "", whoever, 200, 0, nil},
	{"PUT /api/calendar", at("/api/calendar"), `{}`, whoever, 200, 0, nil},
	{"DELETE /api/calendar", at("/api/calendar"), "", whoever, 204, 0, nil},
	{"GET /api/calendar/:token", at("/api/calendar/ines.MADEUP.ics"), "", everybody, 404, 0, nil},

	{"GET /api/lsu", at("/api/lsu?class=5b&period=t1"), "", "direction", 200, 403, nil},

	{"POST /api/sync", at("/api/sync"), `{"v":1,"schema":1,"device":"d_of_nobody","cursors":{}}`, whoever, 409, 0, nil},
	{"GET /api/live", at("/api/live"), "", whoever, 405, 0, nil}, // asked by HEAD: the stream has its own tests

	{"OPTIONS /api/uploads", at("/api/uploads"), "", everybody, 204, 0, nil},
	{"POST /api/uploads", at("/api/uploads"), "", whoever, 201, 0, []string{version, "Upload-Length: 3", metadata("use=submission")}},
	{"HEAD /api/uploads/:id", upload, "", self, 200, 404, []string{version}},
	{"PATCH /api/uploads/:id", upload, "he", self, 204, 404, []string{version, "Upload-Offset: 0", "Content-Type: application/offset+octet-stream"}},
	{"DELETE /api/uploads/:id", upload, "", self, 204, 404, []string{version}},
}

func ofPairing(rest string) func(*world) string {
	return func(w *world) string { return "/api/pairings/" + w.pairing + rest }
}

// ofSpace is something of a new space of Mme Garnier's.
func ofSpace(rest string) func(*world) string {
	return func(w *world) string { return "/api/directory/spaces/" + w.newSpace() + rest }
}

// ofMembership is something of that of Inès in a new space.
func ofMembership(rest string) func(*world) string {
	return func(w *world) string {
		space := w.newSpace()
		check(w.t, w.directory.AddMembers(w.t.Context(), garnier, space, []string{"ines"}, false))
		for id, m := range w.directory.Contents("collard").Memberships {
			if m.Space == space && m.Person == "ines" {
				return "/api/directory/memberships/" + id + rest
			}
		}
		return ""
	}
}

var garnier = psync.Actor{School: "collard", User: "garnier"}

func (w *world) newSpace() string {
	id, err := w.directory.MakeSpace(w.t.Context(), garnier, "Chorale", "")
	check(w.t, err)
	return id
}

func upload(w *world) string { return w.upload }

// ofGuest is the upload of Inès as somebody without an account would ask for it.
func ofGuest(w *world) string {
	return "/c/garniergarniergarnierg/drop-0001/" + strings.TrimPrefix(w.upload, "/api/uploads/")
}

// Every route, asked by everybody for what is Inès's, answers as listed.
func TestMatrixOfRoutes(t *testing.T) {
	listed := map[string]bool{}
	looking := newWorld(t)
	for _, c := range crossings {
		listed[c.route] = true
		t.Run(c.route, func(t *testing.T) {
			if strings.HasPrefix(c.route, "GET ") { // they change nothing, and share a school
				c.cross(t, looking)
				return
			}
			t.Parallel()
			c.cross(t, newWorld(t))
		})
	}
	for _, r := range newWorld(t).server.Table() {
		if name := r.Method + " " + r.Path; !listed[name] {
			t.Errorf("%s is not in the matrix", name)
		}
	}
}

func (c crossing) cross(t *testing.T, w *world) {
	method, _, _ := strings.Cut(c.route, " ")
	if strings.HasSuffix(c.route, "/api/live") {
		method = "HEAD"
	}
	for _, subject := range subjects {
		path := c.path(w)
		got := w.as(subject).send(method, path, strings.ReplaceAll(c.body, "%s", subject), c.headers...)
		if want := c.status(subject); got.StatusCode != want && (want != 0 || got.StatusCode >= 500) {
			t.Errorf("%s: %d %s, want %d", subject, got.StatusCode, got.text, want)
		}
		if wipe := strings.Contains(got.text, `"wipe":true`); wipe != (subject == "revoked" && got.StatusCode == 401 && c.may != everybody) && method != "HEAD" {
			t.Errorf("%s: wipe is %v: %s", subject, wipe, got.text)
		}
		w.wantNoLeak(t, subject, got.text)
	}
}

// status is what a subject gets.
func (c crossing) status(subject string) int {
	switch {
	case allows(c.may, subject):
		return c.gives
	case subject == "anonymous", subject == "revoked":
		return 401
	case subject == "otherSchool" && c.may != theCourse:
		return 404 // it has the role, but none of this is there for it
	default:
		return c.refuses
	}
}

// wantNoLeak looks for names and texts that a subject must never be told.
func (w *world) wantNoLeak(t *testing.T, subject, text string) {
	t.Helper()
	secrets := []string{}
	switch subject {
	case "anonymous", "revoked":
		secrets = []string{"Benali", "Oury", "5e B", "Rédaction", "SECRET-COPY"}
	case "otherSchool":
		secrets = []string{"Benali", "Oury", "5e B", "Rédaction", "SECRET-COPY", "Collard"}
	case "otherClass", "otherGuardian", "otherTeacher":
		secrets = []string{"Oury", "Rédaction", "SECRET-COPY"}
	case "classmate", "endedGuardian", "admin":
		secrets = []string{"SECRET-COPY"}
	}
	if !slices.Contains([]string{"self", "teacher", "direction"}, subject) {
		secrets = append(secrets, "SECRET-CLUB")
	}
	if !slices.Contains([]string{"teacher", "staff", "direction"}, subject) {
		secrets = append(secrets, "SECRET-TEAM")
	}
	if subject != "teacher" {
		secrets = append(secrets, "SECRET-PLAN") // of a lesson that has not begun
	}
	if subject != "direction" {
		secrets = append(secrets, "918273") // begins what the ministry calls people
	}
	for _, s := range secrets {
		if strings.Contains(text, s) {
			t.Errorf("%s is told %q: %s", subject, s, text)
		}
	}
}

// action is who may carry out a mutation in a scope of Inès or her course.
type action struct {
	name, scope string
	args        string // %s: an id of the subject's own
	may         string
}

var actions = []action{
	{"homework.give@1", "course:fr5b", `{"id":"hw-of-%s","title":"T","text":"","due":"2026-12-01T07:00:00Z","return":"none","late":"accept","attachments":[]}`, theCourse},
	{"homework.edit@1", "course:fr5b", `{"id":"hw-000001","title":"Autre"}`, theCourse},
	{"homework.withdraw@1", "course:fr5b", `{"id":"hw-000001"}`, theCourse},
	{"homework.restore@1", "course:fr5b", `{"id":"hw-000002"}`, theCourse},
	{"homework.seen@1", "course:fr5b", `{"homework":"hw-000001","student":"ines"}`, theCourse},
	{"homework.comment@1", "course:fr5b", `{"homework":"hw-000001","student":"ines","comment":"Bien","correction":[]}`, theCourse},
	{"homework.return@1", "course:fr5b", `{"homework":"hw-000001","student":"ines","comment":"Bien","correction":[]}`, theCourse},
	{"homework.again@1", "course:fr5b", `{"homework":"hw-000001","student":"ines","comment":"Encore"}`, theCourse},
	{"homework.remind@1", "course:fr5b", `{"homework":"hw-000001","students":["malik"]}`, theCourse},
	{"homework.submit@1", "student:ines", `{"id":"copy-of-%s","homework":"hw-000001","pages":[],"text":"Ma copie"}`, self},
	{"homework.tick@1", "user:ines", `{"homework":"hw-000001","student":"ines","done":true,"shared":true}`, self},
	{"timetable.slot@1", "timetable:collard", `{"slots":[{"id":"slot-of-%s","course":"fr5b","kind":"lesson","weekday":1,"start":"08:00","end":"09:00"}],"despite":true}`, "staff direction"},
	{"timetable.unslot@1", "timetable:collard", `{"ids":["slot-0001"]}`, "staff direction"},
	{"timetable.change@1", "timetable:collard", `{"slot":"slot-0001","date":"2026-11-24","cancelled":true}`, "staff direction"},
	{"timetable.unchange@1", "timetable:collard", `{"ids":["slot-0001.2026-11-24"]}`, "staff direction"},
	{"timetable.absence@1", "timetable:collard", `{"id":"absence-of-%s","teacher":"garnier","from":"2026-11-24","until":"2026-11-24"}`, "staff direction"},
	{"timetable.unabsence@1", "timetable:collard", `{"id":"absence-0001"}`, "staff direction"},
	{"timetable.calendar@1", "timetable:collard", `{"holidays":[],"weeksA":["2026-11-23"]}`, "staff direction"},
	{"notebook.write@1", "course:fr5b", `{"id":"page-of-%s","date":"2026-11-24","start":"08:00","title":"T","show":"now"}`, theCourse},
	{"notebook.erase@1", "course:fr5b", `{"id":"page-0001"}`, theCourse},
	{"notebook.restore@1", "course:fr5b", `{"id":"page-0001"}`, theCourse},
	{"grades.assess@1", "course:fr5b", `{"id":"assessment-of-%s","title":"T","date":"2026-11-20","type":"test","coefficient":"1","outOf":"20","papers":[],"corrections":[]}`, theCourse},
	{"grades.amend@1", "course:fr5b", `{"id":"assessment-0001","title":"Autre"}`, theCourse},
	{"grades.cancel@1", "course:fr5b", `{"id":"assessment-0001"}`, theCourse},
	{"grades.restore@1", "course:fr5b", `{"id":"assessment-0002"}`, theCourse},
	{"grades.enter@1", "course:fr5b", `{"assessment":"assessment-0001","cells":[{"student":"malik","value":"12","was":""}]}`, theCourse},
	{"grades.comment@1", "course:fr5b", `{"assessment":"assessment-0001","student":"ines","comment":"Bien"}`, theCourse},
	{"grades.publish@1", "course:fr5b", `{"id":"assessment-0003"}`, theCourse},
	{"grades.hide@1", "course:fr5b", `{"id":"assessment-0001"}`, theCourse},
	{"grades.service@1", "course:fr5b", `{"coefficient":"3"}`, theCourse},
	{"grades.period@1", "school:collard", `{"id":"period-0001","name":"T","kind":"year","start":"2026-09-01","end":"2026-09-02","audiences":[]}`, "direction admin"},
	{"grades.unperiod@1", "school:collard", `{"id":"period-0009"}`, "direction admin"},
	{"grades.policy@1", "school:collard", `{"average":true,"extremes":true,"spread":true,"general":true,"delay":0,"hour":"","window":10,"above":false}`, "direction admin"},
	{"skills.evaluate@1", "course:fr5b", `{"id":"evaluation-of-%s","title":"T","date":"2026-11-20","items":[{"skill":"socle-fra-1","coefficient":"1"}]}`, theCourse},
	{"skills.amend@1", "course:fr5b", `{"id":"evaluation-0001","title":"Autre","date":"2026-11-20","items":[{"skill":"socle-fra-1","coefficient":"1"}]}`, theCourse},
	{"skills.enter@1", "course:fr5b", `{"evaluation":"evaluation-0001","cells":[{"student":"malik","skill":"socle-fra-1","value":"none","was":""}]}`, theCourse},
	{"skills.comment@1", "course:fr5b", `{"evaluation":"evaluation-0001","student":"ines","comment":"Bien"}`, theCourse},
	{"skills.publish@1", "course:fr5b", `{"id":"evaluation-0001"}`, theCourse},
	{"skills.hide@1", "course:fr5b", `{"id":"evaluation-0001"}`, theCourse},
	{"skills.cancel@1", "course:fr5b", `{"id":"evaluation-0001"}`, theCourse},
	{"skills.restore@1", "course:fr5b", `{"id":"evaluation-0001"}`, theCourse},
	{"skills.position@1", "course:fr5b", `{"period":"","student":"ines","value":3}`, theCourse},
	{"skills.own@1", "course:fr5b", `{"id":"skill-of-%s","domain":"CPD_FRA","text":"T"}`, theCourse},
	{"skills.skill@1", "school:collard", `{"id":"skill-for-%s","domain":"CPD_FRA","text":"T"}`, "direction admin"},
	{"skills.settings@1", "school:collard", `{"levels":[{"id":"none","label":"none","short":"none","hue":1,"points":10},{"id":"partly","label":"partly","short":"partly","hue":1,"points":25},{"id":"reached","label":"reached","short":"reached","hue":1,"points":40},{"id":"beyond","label":"beyond","short":"beyond","hue":1,"points":50}],"domains":[{"id":"CPD_FRA","name":"CPD_FRA"},{"id":"CPD_ETR","name":"CPD_ETR"},{"id":"CPD_SCI","name":"CPD_SCI"},{"id":"CPD_ART","name":"CPD_ART"},{"id":"MET_APP","name":"MET_APP"},{"id":"FRM_CIT","name":"FRM_CIT"},{"id":"SYS_NAT","name":"SYS_NAT"},{"id":"REP_MND","name":"REP_MND"}],"mode":"last5"}`, "direction admin"},
	{"agenda.put@1", "school:collard", `{"id":"event-of-%s","title":"T","start":"2026-11-26","end":"2026-11-26"}`, "staff direction admin"},
	{"agenda.put@1", "class:5b", `{"id":"event-of-%s","title":"T","start":"2026-11-26","end":"2026-11-26"}`, "teacher staff direction"},
	{"agenda.put@1", "class:5b/staff", `{"id":"event-of-%s","title":"T","start":"2026-11-26","end":"2026-11-26"}`, "teacher staff direction"},
	{"agenda.put@1", "user:ines", `{"id":"event-of-%s","title":"T","start":"2026-11-26","end":"2026-11-26"}`, self},
	{"agenda.cancel@1", "school:collard", `{"id":"event-0001","cancelled":true}`, "staff direction admin"},
	{"agenda.cancel@1", "class:5b", `{"id":"event-0001","cancelled":true}`, "teacher staff direction"},
	{"agenda.cancel@1", "user:ines", `{"id":"event-0001","cancelled":true}`, self},
	{"agenda.remove@1", "user:ines", `{"id":"event-0001"}`, self},
	{"agenda.restore@1", "class:5b", `{"id":"event-0001"}`, "teacher staff direction"},
	{"settings.set@1", "user:ines", `{"lang":"en"}`, self},
	{"notice.read@1", "user:ines", `{"ids":["n1"]}`, self},
	{"notify.address@1", "user:ines", `{"address":"nadia@example.org"}`, self},
	{"notify.confirm@1", "user:ines", `{"code":"000000"}`, self},
	{"notify.mails@1", "user:ines", `{"on":false}`, self},
	{"notify.rules@1", "school:collard", `{"gradesAt":"18:00"}`, "direction admin"},
	{"notice.dismiss@1", "user:ines", `{"ids":["n1"]}`, self},
	{"mail.send@1", "user:ines", `{"id":"letter-of-%s","subject":"S","mode":"all","to":["user:garnier"],"body":[{"runs":[{"text":"T"}]}]}`, self},
	{"mail.reply@1", "user:ines", `{"id":"answer-of-%s","re":"letter-0001","body":[{"runs":[{"text":"T"}]}]}`, self},
	{"mail.read@1", "user:ines", `{"upTo":{"letter-0001":1}}`, self},
	{"mail.file@1", "user:ines", `{"ids":["letter-0001"],"folder":"bin"}`, self},
	{"mail.restore@1", "user:ines", `{"ids":["letter-0001"]}`, self},
	{"mail.purge@1", "user:ines", `{"ids":["letter-0001"]}`, self},
	{"mail.categorize@1", "user:ines", `{"ids":["letter-0001"],"add":["category-0001"]}`, self},
	{"mail.draft@1", "user:ines", `{"id":"draft-of-%s","draft":{"subject":"","to":[],"body":[],"at":"2026-11-24T08:00:00Z"}}`, self},
	{"mail.discard@1", "user:ines", `{"ids":["draft-of-%s"]}`, self},
	{"mail.folder@1", "user:ines", `{"id":"folder-of-%s","name":"N","order":1}`, self},
	{"mail.unfolder@1", "user:ines", `{"id":"folder-0001"}`, self},
	{"mail.category@1", "user:ines", `{"id":"category-of-%s","name":"N","hue":1}`, self},
	{"mail.uncategory@1", "user:ines", `{"id":"category-0001"}`, self},
	{"mail.forget@1", "user:ines", `{"ids":["user:garnier"]}`, self},
	{"mail.vote@1", "user:ines", `{"message":"letter-0001","poll":"poll-0001","choices":[0]}`, self},
	{"mail.mute@1", "user:ines", `{"ids":["letter-0001"],"muted":true}`, self},
	{"mail.hush@1", "user:ines", `{"people":["garnier"],"muted":true}`, self},
	{"mail.recall@1", "user:ines", `{"message":"letter-0004"}`, self},
	{"mail.report@1", "user:ines", `{"id":"report-of-%s","message":"letter-0001","reason":"other"}`, self},
	{"mail.moderate@1", "office:collard", `{"id":"ines~report-0001","withdraw":true,"close":true}`, "staff direction"},
	{"mail.reopen@1", "office:collard", `{"id":"ines~report-0001"}`, "staff direction"},
	{"mail.stop@1", "office:collard", `{"id":"lopez~letter-0005"}`, "staff direction"},
	{"mail.policy@1", "school:collard", `{"most":200}`, "direction admin"},
	{"transfer.open@1", "user:ines", `{"id":"transfer-of-%s","secret":"madeupmadeupmadeupmade","title":"T","days":7,"files":[{"name":"a.txt","type":"","size":1}]}`, self},
	{"transfer.add@1", "user:ines", `{"id":"transfer-0001","from":1,"files":[{"name":"b.txt","type":"","size":1}]}`, self},
	{"transfer.extend@1", "user:ines", `{"id":"transfer-0001","days":3}`, self},
	{"transfer.protect@1", "user:ines", `{"id":"transfer-0001","password":"tulipe"}`, self},
	{"transfer.close@1", "user:ines", `{"id":"transfer-0001"}`, self},
	{"collect.open@1", "user:garnier", `{"id":"collect-of-%s","secret":"madeupmadeupmadeupmade","title":"T","text":"","audiences":["class:5b"],"days":14,"files":9,"bytes":8000000,"drops":9}`, theCourse},
	{"collect.extend@1", "user:garnier", `{"id":"collect-0001","days":3}`, theCourse},
	{"collect.close@1", "user:garnier", `{"id":"collect-0001"}`, theCourse},
	{"collect.erase@1", "user:garnier", `{"id":"collect-0002"}`, theCourse},
	{"collect.drop@1", "user:ines", `{"id":"drop-of-%s","collect":"collect-0001","files":[{"name":"a.txt","type":"","size":1}]}`, self},
	{"collect.withdraw@1", "user:ines", `{"id":"drop-0001"}`, self},
	{"document.keep@1", "user:ines", `{"id":"document-of-%s","file":{"sha":"sha256-0000000000000000000000000000000000000000000000000000000000000000","name":"N","type":"","size":1}}`, self},
	{"document.rename@1", "user:ines", `{"id":"document-0001","name":"N"}`, self},
	{"document.move@1", "user:ines", `{"ids":["document-0001"],"folder":"shelf-0001"}`, self},
	{"document.remove@1", "user:ines", `{"ids":["document-0001"]}`, self},
	{"document.restore@1", "user:ines", `{"ids":["document-0001"]}`, self},
	{"document.purge@1", "user:ines", `{"ids":["document-0001"]}`, self},
	{"document.folder@1", "user:ines", `{"id":"shelf-of-%s","name":"N"}`, self},
	{"document.unfolder@1", "user:ines", `{"id":"shelf-0001"}`, self},
	{"document.quotas@1", "school:collard", `{"pupil":500,"guardian":200,"staff":2000}`, "direction admin"},
	{"information.publish@1", "user:garnier", `{"id":"info-of-%s","title":"T","category":"life","body":[{"runs":[{"text":"T"}]}],"from":"2026-11-24","until":"2026-11-30","audience":[{"of":"class:5b","roles":["students"]}]}`, theCourse},
	{"information.correct@1", "user:garnier", `{"id":"info-0002","title":"T","category":"life","body":[{"runs":[{"text":"T"}]}],"files":[],"until":"2026-11-30"}`, theCourse},
	{"information.withdraw@1", "user:garnier", `{"id":"info-0003"}`, theCourse},
	{"information.remind@1", "user:garnier", `{"id":"info-0004"}`, theCourse},
	{"information.read@1", "user:ines", `{"ids":["info-0001"]}`, self},
	{"information.acknowledge@1", "user:ines", `{"id":"info-0001"}`, self},
	{"information.answer@1", "user:ines", `{"id":"info-0001","answers":[{"text":"T"}]}`, self},
	{"reportcard.appraise@1", "course:fr5b", `{"period":"term-0001","student":"malik","text":"%s","was":""}`, theCourse},
	{"reportcard.program@1", "course:fr5b", `{"period":"term-0001","elements":["Le conte"]}`, theCourse},
	{"reportcard.conclude@1", "council:5b", `{"period":"term-0001","student":"ines","text":"SECRET-COPY","mention":"","decision":""}`, "teacher direction"},
	{"reportcard.refresh@1", "council:5b", `{"period":"term-0001"}`, "teacher direction"},
	{"reportcard.publish@1", "council:5b", `{"period":"term-0001","early":true}`, "direction"},
	{"reportcard.rules@1", "school:collard", `{"limit":400,"overall":600,"mentions":[]}`, "direction admin"},
	{"reportcard.council@1", "school:collard", `{"class":"5b","period":"term-0001","until":""}`, "direction admin"},
	{"reportcard.acknowledge@1", "student:ines", `{"period":"term-0001","version":1}`, "guardian"},
	{"attendance.roll@1", "course:fr5b", `{"date":"2026-11-24","start":"08:00","end":"09:00","calls":[{"student":"malik","state":"absent"}]}`, theCourse},
	{"attendance.observe@1", "course:fr5b", `{"type":"observation","id":"note-of-%s","student":"ines","kind":"other","from":"2026-11-24T08:00","text":"T"}`, theCourse},
	{"attendance.correct@1", "office:collard", `{"course":"fr5b","date":"2026-11-24","start":"08:00","end":"09:00","calls":[]}`, "staff direction"},
	{"attendance.record@1", "office:collard", `{"id":"record-of-%s","student":"ines","kind":"absence","from":"2026-11-23T08:00","to":"2026-11-23T12:00"}`, "staff direction"},
	{"attendance.settle@1", "office:collard", `{"id":"ruling-of-%s","student":"ines","kind":"absence","from":"2026-11-24T08:00","to":"2026-11-24T09:00","reason":"social"}`, "staff direction"},
	{"attendance.note@1", "office:collard", `{"type":"incident","id":"incident-of-%s","from":"2026-11-24T08:00","private":"SECRET-COPY","involved":[{"student":"ines","text":"T"}]}`, "staff direction"},
	{"attendance.strike@1", "office:collard", `{"type":"observation","id":"fr5b~note-0001"}`, "staff direction"},
	{"attendance.justify@1", "student:ines", `{"id":"excuse-of-%s","kind":"absence","from":"2026-11-24T08:00","to":"2026-11-24T09:00","reason":"illness","files":[]}`, "guardian"},
	{"attendance.acknowledge@1", "student:ines", `{"type":"observation","id":"fr5b~note-0001"}`, "guardian"},
	{"canteen.menu@1", "school:collard", `{"menus":[{"date":"2026-11-24","meal":"lunch","note":"","dishes":[]}]}`, theOffice},
	{"canteen.file@1", "school:collard", `{"week":"2026-11-23","files":[]}`, theOffice},
	{"canteen.watch@1", "user:ines", `{"person":"ines","allergens":["milk"]}`, self},
	{"attendance.reason@1", "school:collard", `{"code":"illness","label":"Maladie","published":true,"counts":true,"families":true,"order":1}`, "staff direction"},
	{"attendance.hours@1", "school:collard", `{"morning":["08:00","12:00"],"afternoon":["13:30","17:30"],"mornings":[1,2,3,4,5],"afternoons":[1,2,4,5],"halfDay":240}`, "staff direction"},
}

// Every mutation, sent by everybody to the scopes of Inès and her course, is
// carried out for those listed and forbidden to everybody else.
func TestMatrixOfMutations(t *testing.T) {
	listed := map[string]bool{}
	for _, a := range actions {
		listed[a.name] = true
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			a.try(t, newWorld(t))
		})
	}
	for _, name := range newWorld(t).mux.Mutations() {
		if !listed[name] {
			t.Errorf("%s is not in the matrix", name)
		}
	}
}

func (a action) try(t *testing.T, w *world) {
	for _, subject := range subjects {
		args := strings.ReplaceAll(a.args, "%s", subject)
		want := "forbidden"
		switch {
		case allows(a.may, subject):
			want = ""
		case subject == "anonymous", subject == "revoked":
			want = "401 signed_out"
		}
		if got := w.act(t, subject, a.scope, a.name, args); got != want {
			t.Errorf("%s: %q, want %q", subject, got, want)
		}
	}
}

// reads lists the scopes that each subject follows, and no other.
var reads = map[string]string{
	"self":          "user:ines student:ines class:5b space:club school:collard",
	"classmate":     "user:malik student:malik class:5b school:collard",
	"otherClass":    "user:zoe student:zoe class:6a school:collard",
	"guardian":      "user:nadia student:ines class:5b school:collard",
	"otherGuardian": "user:karim student:zoe class:6a school:collard",
	"endedGuardian": "user:farid student:zoe class:6a school:collard",
	"teacher":       "user:garnier class:5b class:5b/staff course:fr5b space:club school:collard",
	"otherTeacher":  "user:viard class:6a class:6a/staff course:fr6a school:collard",
	"staff":         "user:lopez class:5b class:5b/staff class:6a class:6a/staff office:collard timetable:collard school:collard",
	"direction":     "user:roussel class:5b class:5b/staff class:6a class:6a/staff office:collard timetable:collard school:collard",
	"admin":         "user:legoff school:collard",
	"otherSchool":   "user:verne1 class:4v class:4v/staff course:fr4v office:verne timetable:verne school:verne",
}

// A first pull brings every subject its scopes, and nothing of others.
func TestMatrixOfScopes(t *testing.T) {
	w := newWorld(t)
	for _, subject := range subjects {
		t.Run(subject, func(t *testing.T) {
			got := w.as(subject).send("POST", "/api/sync", fmt.Sprintf(`{"v":1,"schema":1,"device":%q,"cursors":{},"budget":1048576}`, w.sessions[subject].Device))
			w.wantNoLeak(t, subject, got.text)
			want := strings.Fields(reads[subject])
			if len(want) == 0 {
				got.want(t, 401, "signed_out")
				return
			}
			var answer struct{ Scopes map[string]json.RawMessage }
			check(t, json.Unmarshal([]byte(got.text), &answer))
			var scopes []string
			for s := range answer.Scopes {
				scopes = append(scopes, s)
			}
			slices.Sort(scopes)
			slices.Sort(want)
			if !slices.Equal(scopes, want) {
				t.Errorf("reads %q, want %q", scopes, want)
			}
		})
	}
}

// Vie scolaire and direction read a pupil when they ask for it, and the
// teachers of a class and the office what its council reads; nobody else.
func TestMatrixOfScopesOnDemand(t *testing.T) {
	w := newWorld(t)
	for scope, may := range map[string][]string{
		"student:ines": {"self", "guardian", "staff", "direction"},
		"council:5b":   {"teacher", "staff", "direction"},
	} {
		t.Run(scope, func(t *testing.T) { w.tryOnDemand(t, scope, may) })
	}
}

func (w *world) tryOnDemand(t *testing.T, scope string, who []string) {
	for _, subject := range subjects {
		if w.sessions[subject].Token == "" || subject == "revoked" {
			continue
		}
		got := w.as(subject).send("POST", "/api/sync", fmt.Sprintf(`{"v":1,"schema":1,"device":%q,"cursors":{%q:[0,0,0]},"budget":1048576}`, w.sessions[subject].Device, scope))
		var answer struct {
			Scopes map[string]struct {
				Gone    string
				Records []json.RawMessage
			}
		}
		check(t, json.Unmarshal([]byte(got.text), &answer))
		s := answer.Scopes[scope]
		may := slices.Contains(who, subject)
		if may != (s.Gone == "") || may != (len(s.Records) > 0) {
			t.Errorf("%s: gone %q, %d records", subject, s.Gone, len(s.Records))
		}
		w.wantNoLeak(t, subject, got.text)
	}
}

// A cursor for a scope of others brings "gone", never its records.
func TestForeignCursors(t *testing.T) {
	w := newWorld(t)
	foreign := []string{"student:ines", "class:5b", "course:fr5b", "user:ines", "class:5b/staff", "council:5b", "space:club", "directory:collard", "account:ines", "collect:collect-0001", "calendar:ines", "timetable:collard", "files:ines", "file:" + w.file}
	for _, subject := range []string{"otherClass", "otherGuardian", "otherTeacher", "otherSchool"} {
		for _, scope := range foreign {
			got := w.as(subject).send("POST", "/api/sync", fmt.Sprintf(`{"v":1,"schema":1,"device":%q,"cursors":{%q:[1,1,0]}}`, w.sessions[subject].Device, scope))
			var answer struct {
				Scopes map[string]struct {
					Gone    string
					Records []json.RawMessage
				}
			}
			if got.StatusCode == 422 {
				continue // not the name of a scope that is ever granted
			}
			check(t, json.Unmarshal([]byte(got.text), &answer))
			if s := answer.Scopes[scope]; s.Gone == "" || len(s.Records) > 0 {
				t.Errorf("%s asks for %s: %s", subject, scope, got.text)
			}
			w.wantNoLeak(t, subject, got.text)
		}
	}
}
