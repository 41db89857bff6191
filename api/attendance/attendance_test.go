package attendance

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"preau/api/attachment"
	"preau/api/directory"
)

// roll are the arguments of the roll of the lesson of 10:00 to 11:00 (it is
// 11:00), changed by more.
func roll(more args, calls ...args) args {
	if calls == nil {
		calls = []args{}
	}
	a := args{"date": "2026-11-23", "start": "10:00", "end": "11:00", "calls": calls}
	maps.Copy(a, more)
	return a
}

func call(student, state string, minutes ...int) args {
	a := args{"student": student, "state": state}
	if len(minutes) > 0 {
		a["minutes"] = minutes[0]
	}
	return a
}

func (w *world) take(user, course string, more args, calls ...args) {
	w.Helper()
	w.Must(deed{User: user, Scope: course, Name: "attendance.roll@1", Args: roll(more, calls...)})
}

// spans lists "from–to" of the events of a pupil.
func (w *world) spans(student, typ string) []string {
	var out []string
	for _, e := range all[Event](w, "student:"+student, typ) {
		out = append(out, e.From[11:]+"–"+e.To[11:])
	}
	slices.Sort(out)
	return out
}

func equal(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

const excuseID = "justify-1"

func excuseArgs(more args) args {
	a := args{"id": excuseID, "kind": "absence", "from": "2026-11-23T10:00", "to": "2026-11-23T11:00", "reason": "illness", "text": "Fièvre", "files": []string{}}
	maps.Copy(a, more)
	return a
}

func ruling(more args) args {
	a := args{
		"id": "ruling-1", "student": "ines", "kind": "absence", "from": "2026-11-23T10:00", "to": "2026-11-23T11:00", "reason": "illness",
		"justified": true, "excuse": excuseID,
	}
	maps.Copy(a, more)
	return a
}

func hours(more args) args {
	a := args{
		"morning": []string{"08:30", "12:30"}, "afternoon": []string{"14:00", "17:00"}, "halfDay": 180,
		"mornings": []int{6, 1, 2, 3, 4, 5}, "afternoons": []int{1, 2, 4, 5},
	}
	maps.Copy(a, more)
	return a
}

// P6: the whole thread: roll, alert, justification with a photo, decision.
func TestFromTheRollToTheDecision(t *testing.T) {
	w := newWorld(t)
	w.take("garnier", french, nil, call("ines", Absent))
	equal(t, w.spans("ines", kindAbsence), []string{"10:00–11:00"})
	for _, guardian := range []string{"nadia", "karim"} {
		equal(t, w.notices(guardian), []string{"Inès : absence"})
	}
	equal(t, w.notices("ines"), []string{})

	r, ok := get[Roll](w, office, "roll", "fr5b~20261123-1000")
	if !ok || r.Size != 4 || r.Title != "Français · 5e B" || r.Names["ines"] != "Inès Benali" {
		t.Errorf("the office has %+v", r)
	}
	sha := shaOf(photo(t, 1))
	w.Must(deed{User: "nadia", Scope: "student:ines", Name: "attendance.justify@1", Args: excuseArgs(args{"files": []string{sha}})})
	if j, _ := get[Justification](w, office, kindJustification, "ines~"+excuseID); j.State != StateSent || len(j.Files) != 1 || j.Files[0].Ready() {
		t.Errorf("the office reads %+v before the photo is there", j)
	}
	w.upload("nadia", photo(t, 1))
	j, _ := get[Justification](w, office, kindJustification, "ines~"+excuseID)
	if len(j.Files) != 1 || !j.Files[0].Ready() || j.Text != "Fièvre" {
		t.Errorf("the office reads %+v", j)
	}
	equal(t, w.Readers(sha), []string{"ines", "karim", "nadia", "roussel", "viard"})

	w.Must(deed{User: "viard", Scope: office, Name: "attendance.settle@1", Args: ruling(args{"comment": "SECRET", "answer": "Merci."})})
	for scope, id := range map[string]string{"student:ines": "at20261123-1000", office: "ines~at20261123-1000"} {
		e, ok := get[Event](w, scope, kindAbsence, id)
		if !ok || !e.Justified || !e.Settled || e.Label != "Maladie" || e.Excuse != excuseID {
			t.Errorf("%s: %+v", scope, e)
		}
	}
	if j, _ := get[Justification](w, "student:ines", kindJustification, excuseID); j.State != StateAccepted || j.Answer != "Merci." {
		t.Errorf("the family reads %+v", j)
	}
	w.hides("student:ines", "SECRET")
}

// Lessons that follow each other are one absence; one alert is told of it.
func TestLessonsAreJoined(t *testing.T) {
	w := newWorld(t)
	w.take("petit", maths, args{"start": "10:00"}, call("ines", Absent))
	w.take("garnier", french, args{"start": "08:00", "end": "09:00"}, call("ines", Absent))
	w.take("garnier", french, args{"start": "09:00", "end": "10:00"}, call("malo", Late, 5))
	equal(t, w.spans("ines", kindAbsence), []string{"08:00–09:00", "10:00–11:00"})
	equal(t, w.spans("malo", kindLateness), []string{"09:00–10:00"})
	w.take("garnier", french, args{"start": "09:00", "end": "10:00"}, call("ines", Absent))
	equal(t, w.spans("ines", kindAbsence), []string{"08:00–11:00"})
	equal(t, w.notices("karim"), []string{"Inès : absence", "Inès : absence"})
}

func TestAMistakeIsTakenBack(t *testing.T) {
	w := newWorld(t)
	w.take("garnier", french, nil, call("ines", Absent))
	w.After(time.Minute)
	w.take("garnier", french, nil, call("ines", Present))
	equal(t, w.spans("ines", kindAbsence), nil)
	equal(t, w.notices("nadia"), []string{"Erreur d’appel : Inès est bien en classe"})
	w.After(time.Minute)
	w.take("garnier", french, nil, call("ines", Absent))
	equal(t, w.notices("nadia"), []string{"Erreur d’appel : Inès est bien en classe", "Inès : absence"})
	w.Must(deed{User: "viard", Scope: office, Name: "attendance.settle@1", Args: ruling(args{"void": true, "reason": "", "justified": false, "excuse": ""})})
	equal(t, w.spans("ines", kindAbsence), nil)
	if _, there := get[Event](w, office, kindAbsence, "ines~at20261123-1000"); there {
		t.Error("the office still has it")
	}
}

func TestAnAnnouncedAbsenceRingsNobody(t *testing.T) {
	w := newWorld(t)
	w.At(monday.Add(-3 * time.Hour))
	w.Must(deed{User: "nadia", Scope: "student:ines", Name: "attendance.justify@1", Args: excuseArgs(nil)})
	w.At(monday)
	w.take("garnier", french, nil, call("ines", Absent))
	equal(t, w.notices("nadia"), []string{})
	if e, _ := get[Event](w, "student:ines", kindAbsence, "at20261123-1000"); !e.Announced || e.Label != "Maladie" {
		t.Errorf("%+v", e)
	}
}

// Teachers know who is away, and not why.
func TestTeachersKnowWhoIsAway(t *testing.T) {
	w := newWorld(t)
	w.Must(deed{User: "nadia", Scope: "student:ines", Name: "attendance.justify@1", Args: excuseArgs(args{"from": "2026-11-24T08:00", "to": "2026-11-24T12:00", "text": "SECRET"})})
	w.take("garnier", french, nil, call("ines", Absent))
	away, _ := get[Away](w, "class:5b/staff", "away", "ines")
	want := []AwayTime{{kindAbsence, "2026-11-23T10:00", "2026-11-23T11:00", ""}, {announced, "2026-11-24T08:00", "2026-11-24T12:00", ""}}
	if !slices.Equal(away.Times, want) {
		t.Errorf("%+v", away)
	}
	w.Must(deed{User: "viard", Scope: office, Name: "attendance.settle@1", Args: ruling(args{
		"from": "2026-11-24T08:00", "to": "2026-11-24T12:00", "refused": true, "justified": false,
	})})
	if away, _ = get[Away](w, "class:5b/staff", "away", "ines"); !slices.Equal(away.Times, want[:1]) {
		t.Errorf("%+v", away)
	}
}

// A confidential reason never reaches the pupil's scope, whoever gives it.
func TestConfidentialReasonsStayInTheOffice(t *testing.T) {
	w := newWorld(t)
	w.take("garnier", french, nil, call("ines", Absent))
	sha := w.upload("nadia", photo(t, 2))
	w.Must(deed{User: "nadia", Scope: "student:ines", Name: "attendance.justify@1", Args: excuseArgs(args{"reason": "personal", "text": "SECRET", "files": []string{sha}})})
	equal(t, w.Readers(sha), []string{"nadia", "roussel", "viard"})
	w.Must(deed{User: "viard", Scope: office, Name: "attendance.settle@1", Args: ruling(args{"reason": "social", "comment": "SECRET"})})
	w.hides("student:ines", "SECRET", "personal", "social", "confidentielle", "Suivi")
	e, _ := get[Event](w, "student:ines", kindAbsence, "at20261123-1000")
	if !e.Given || e.Label != "" || !e.Justified {
		t.Errorf("the family reads %+v", e)
	}
	if r, _ := get[Ruling](w, office, "ruling", "ruling-1"); r.Label != "Suivi social" || r.Comment != "SECRET" {
		t.Errorf("the office reads %+v", r)
	}
}

// What vie scolaire records over days stands whole and takes in the rolls.
func TestAbsencesOverDays(t *testing.T) {
	w := newWorld(t)
	days := args{"from": "2026-11-23T08:00", "to": "2026-11-25T12:00", "excuse": "", "reason": ""}
	w.Must(deed{User: "viard", Scope: office, Name: "attendance.record@1", Args: ruling(days)})
	w.take("garnier", french, nil, call("ines", Absent))
	events := all[Event](w, "student:ines", kindAbsence)
	if e := events["ruling-1"]; len(events) != 1 || e.From != "2026-11-23T08:00" || e.To != "2026-11-25T12:00" || len(e.Lessons) != 1 {
		t.Errorf("%+v", events)
	}
	equal(t, w.notices("nadia"), []string{})
	days["to"] = "2026-11-26T12:00"
	w.Must(deed{User: "viard", Scope: office, Name: "attendance.record@1", Args: ruling(days)})
	if e := all[Event](w, "student:ines", kindAbsence)["ruling-1"]; e.To != "2026-11-26T12:00" {
		t.Errorf("%+v", e)
	}
	days["void"] = true
	w.Must(deed{User: "viard", Scope: office, Name: "attendance.record@1", Args: ruling(days)})
	equal(t, w.spans("ines", kindAbsence), []string{"10:00–11:00"}) // the roll still says so
}

// A teacher and vie scolaire who say different things of a pupil without
// knowing of each other: both are kept, on both sides.
func TestTwoPeopleOnOneRoll(t *testing.T) {
	w := newWorld(t)
	w.take("garnier", french, nil, call("ines", Absent), call("malo", Late, 10))
	w.After(time.Minute)
	w.Must(deed{User: "viard", Scope: office, Name: "attendance.correct@1", Args: roll(args{"course": "fr5b"}, call("ines", Infirmary))})
	for scope, id := range map[string]string{french: "20261123-1000", office: "fr5b~20261123-1000"} {
		r, _ := get[Roll](w, scope, "roll", id)
		if len(heads(r.Calls["ines"])) != 2 || said(r.Calls["ines"]).State != Infirmary || said(r.Calls["malo"]).Minutes != 10 {
			t.Errorf("%s: %+v", scope, r.Calls)
		}
	}
	seen := []int64{monday.UnixMilli(), w.Now().UnixMilli()}
	w.After(time.Minute)
	w.take("garnier", french, nil, args{"student": "ines", "state": Present, "seen": seen})
	r, _ := get[Roll](w, office, "roll", "fr5b~20261123-1000")
	if h := heads(r.Calls["ines"]); len(h) != 1 || h[0].State != Present {
		t.Errorf("%+v", r.Calls["ines"])
	}
}

func TestRefusals(t *testing.T) {
	taken := func(more args, calls ...args) deed {
		return deed{User: "garnier", Scope: french, Name: "attendance.roll@1", Args: roll(more, calls...)}
	}
	justified := func(user string, more args) deed {
		return deed{User: user, Scope: "student:ines", Name: "attendance.justify@1", Args: excuseArgs(more)}
	}
	ruled := func(more args) deed {
		return deed{User: "viard", Scope: office, Name: "attendance.settle@1", Args: ruling(more)}
	}
	opened := func(more args) deed {
		return deed{User: "viard", Scope: "school:x", Name: "attendance.hours@1", Args: hours(more)}
	}
	noted := func(more args) deed {
		a := args{"type": "observation", "id": "note-0001", "student": "ines", "kind": "observation", "from": "2026-11-23T10:00", "text": "Bavarde"}
		maps.Copy(a, more)
		return deed{User: "viard", Scope: office, Name: "attendance.note@1", Args: a}
	}
	for name, c := range map[string]struct {
		deed deed
		want string
	}{
		"roll of a colleague":             {deed{User: "petit", Scope: french, Name: "attendance.roll@1", Args: roll(nil)}, "forbidden scope"},
		"roll by vie scolaire in course":  {deed{User: "viard", Scope: french, Name: "attendance.roll@1", Args: roll(nil)}, "forbidden scope"},
		"pupil of another class":          {taken(nil, call("noe", Absent)), "invalid calls[0].student"},
		"nobody":                          {taken(nil, call("nobody", Absent)), "invalid calls[0].student"},
		"named twice":                     {taken(nil, call("ines", Absent), call("ines", Late, 4)), "invalid calls[1].student"},
		"future":                          {taken(args{"start": "12:00", "end": "13:00"}), "too_early start"},
		"tomorrow":                        {taken(args{"date": "2026-11-24"}), "too_early start"},
		"yesterday by the teacher":        {taken(args{"date": "2026-11-20"}), "too_late date"},
		"no day":                          {taken(args{"date": "2026-13-45"}), "invalid date"},
		"no hour":                         {taken(args{"start": "25:00"}), "invalid start"},
		"ends before":                     {taken(args{"end": "09:00"}), "invalid end"},
		"no state":                        {taken(nil, call("ines", "asleep")), "invalid calls[0].state"},
		"late by nothing":                 {taken(nil, call("ines", Late)), "invalid calls[0].minutes"},
		"late by more than the lesson":    {taken(nil, call("ines", Late, 61)), "invalid calls[0].minutes"},
		"absent by minutes":               {taken(nil, call("ines", Absent, 5)), "invalid calls[0].minutes"},
		"other course named":              {taken(args{"course": "ma5b"}), "invalid course"},
		"unknown field":                   {taken(args{"colour": "red"}), "invalid colour"},
		"too old for anybody":             {deed{User: "viard", Scope: office, Name: "attendance.correct@1", Args: roll(args{"course": "fr5b", "date": "2026-11-01"})}, "too_late date"},
		"no such course":                  {deed{User: "viard", Scope: office, Name: "attendance.correct@1", Args: roll(args{"course": "nope"})}, "not_found course"},
		"justified by a contact":          {deed{User: "lucie", Scope: "student:malo", Name: "attendance.justify@1", Args: excuseArgs(nil)}, "forbidden scope"},
		"justified by the pupil":          {justified("ines", nil), "forbidden"},
		"justified by vie scolaire":       {justified("viard", nil), "forbidden"},
		"no reason and no text":           {justified("nadia", args{"reason": "", "text": " "}), "invalid reason"},
		"a reason of the office":          {justified("nadia", args{"reason": "social"}), "invalid reason"},
		"no such reason":                  {justified("nadia", args{"reason": "nope"}), "not_found reason"},
		"ends before it begins":           {justified("nadia", args{"to": "2026-11-22T10:00"}), "invalid to"},
		"no moment":                       {justified("nadia", args{"from": "demain"}), "invalid from"},
		"too long":                        {justified("nadia", args{"to": "2027-09-01T10:00"}), "invalid to"},
		"no file":                         {justified("nadia", args{"files": []string{"x"}}), "invalid files[0]"},
		"settled for a stranger":          {ruled(args{"student": "garnier", "excuse": ""}), "not_found student"},
		"settled without a justification": {ruled(nil), "not_found excuse"},
		"settled as a message":            {ruled(args{"kind": "message"}), "invalid kind"},
		"acknowledged what is not there":  {deed{User: "nadia", Scope: "student:ines", Name: "attendance.acknowledge@1", Args: args{"type": "absence", "id": "nothing"}}, "not_found id"},
		"an observation without words":    {noted(args{"text": ""}), "invalid text"},
		"a punishment of no kind":         {noted(args{"type": "punishment", "kind": "slap"}), "invalid kind"},
		"an incident of nobody":           {noted(args{"type": "incident", "kind": "", "student": ""}), "invalid involved"},
		"an exemption without end":        {noted(args{"type": "exemption", "kind": ""}), "invalid to"},
		"a note of a stranger":            {noted(args{"student": "viard"}), "not_found student"},
		"a session of no time":            {noted(args{"type": "punishment", "kind": "detention", "sessions": []args{{"from": "2026-11-25T14:00", "minutes": 0}}}), "invalid sessions[0].minutes"},
		"a note that is not there":        {deed{User: "viard", Scope: office, Name: "attendance.strike@1", Args: args{"type": "observation", "id": "nothing-1"}}, "not_found id"},
		"a reason without a name":         {deed{User: "viard", Scope: "school:x", Name: "attendance.reason@1", Args: args{"code": "ill", "label": ""}}, "invalid label"},
		"an illness of years":             {ruled(args{"to": "2028-01-01T10:00", "excuse": ""}), "invalid to"},
		"a reason without end":            {deed{User: "viard", Scope: "school:x", Name: "attendance.reason@1", Args: args{"code": "ill", "label": strings.Repeat("é", MaxShort+1)}}, "too_large label"},
		"a reason in capitals":            {deed{User: "viard", Scope: "school:x", Name: "attendance.reason@1", Args: args{"code": "Ill", "label": "M"}}, "invalid code"},
		"a reason for messages":           {deed{User: "viard", Scope: "school:x", Name: "attendance.reason@1", Args: args{"code": "ill", "label": "M", "kinds": []string{"message"}}}, "invalid kinds[0]"},
		"a reason far down":               {deed{User: "viard", Scope: "school:x", Name: "attendance.reason@1", Args: args{"code": "ill", "label": "M", "order": 1000}}, "invalid order"},
		"hours by a teacher":              {deed{User: "garnier", Scope: "school:x", Name: "attendance.hours@1", Args: hours(nil)}, "forbidden"},
		"hours by a parent":               {deed{User: "nadia", Scope: "school:x", Name: "attendance.hours@1", Args: hours(nil)}, "forbidden"},
		"a morning without end":           {opened(args{"morning": []string{"08:00"}}), "invalid morning"},
		"a morning that ends before":      {opened(args{"morning": []string{"12:00", "08:00"}}), "invalid morning"},
		"an afternoon in the morning":     {opened(args{"afternoon": []string{"11:00", "17:00"}}), "invalid afternoon"},
		"an hour of no day":               {opened(args{"afternoon": []string{"13:30", "25:00"}}), "invalid afternoon"},
		"an eighth day":                   {opened(args{"mornings": []int{1, 7}}), "invalid mornings[1]"},
		"a day twice":                     {opened(args{"afternoons": []int{1, 1}}), "invalid afternoons[1]"},
		"days that are not said":          {opened(args{"mornings": nil}), "invalid mornings"},
		"a school that is never open":     {opened(args{"mornings": []int{}, "afternoons": []int{}}), "invalid mornings"},
		"a half-day of a minute":          {opened(args{"halfDay": 1}), "invalid halfDay"},
		"a reason by a teacher":           {deed{User: "garnier", Scope: "school:x", Name: "attendance.reason@1", Args: args{"code": "ill", "label": "M"}}, "forbidden"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if got := w.Do(c.deed); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			for _, student := range []string{"ines", "malo", "noe"} {
				if n := len(all[Event](w, "student:"+student, kindAbsence)) + len(w.notices(student)); n > 0 {
					t.Errorf("something was written to %s", student)
				}
			}
		})
	}
}

// A phone without network brings the roll of Monday on Tuesday.
func TestARollThatComesLater(t *testing.T) {
	w := newWorld(t)
	w.At(monday.Add(24 * time.Hour))
	w.Must(deed{User: "garnier", Scope: french, Name: "attendance.roll@1", Args: roll(nil, call("ines", Absent)), At: monday})
	equal(t, w.notices("nadia"), []string{"Inès : absence"})
	w.At(monday.Add(5 * 24 * time.Hour))
	if got := w.Do(deed{User: "garnier", Scope: french, Name: "attendance.roll@1", Args: roll(nil, call("malo", Absent)), At: monday}); got != "too_late date" {
		t.Error(got)
	}
}

// A dated substitute takes the roll while it lasts.
func TestASubstituteTakesTheRoll(t *testing.T) {
	w := newWorld(t)
	d := deed{User: "petit", Scope: french, Name: "attendance.roll@1", Args: roll(nil, call("ines", Absent))}
	if got := w.Do(d); got != "forbidden scope" {
		t.Fatal(got)
	}
	w.Apply(directory.Put{ID: "t9", Record: directory.Teaching{Course: "fr5b", Teacher: "petit", For: "garnier", Span: directory.Span{From: "2026-11-23", To: "2026-11-24"}}})
	w.Must(d)
	equal(t, w.spans("ines", kindAbsence), []string{"10:00–11:00"})
}

// Notes reach their pupil without what is private, once.
func TestNotes(t *testing.T) {
	w := newWorld(t)
	write := func(typ, id string, more args) {
		a := args{"type": typ, "id": id, "student": "ines", "from": "2026-11-23T10:00", "private": "SECRET"}
		maps.Copy(a, more)
		w.Must(deed{User: "viard", Scope: office, Name: "attendance.note@1", Args: a})
	}
	write(kindObservation, "note-0001", args{"kind": Encouragement, "text": "Bravo", "acknowledge": true})
	write(kindPunishment, "note-0002", args{"kind": "detention", "reasons": []string{"Bavardage"}, "work": "Exercice 3", "sessions": []args{{"from": "2026-11-25T14:00", "minutes": 60}, {"from": "2026-11-27T14:00", "minutes": 60}}})
	write(kindExemption, "note-0003", args{"to": "2027-07-05T18:00", "subject": "eps", "text": "Entorse"})
	write(kindExit, "note-0004", args{"text": "Parti avec sa mère"})
	write(kindInfirmary, "note-0005", args{"to": "2026-11-23T10:30", "text": "SECRET migraine"})
	write(kindIncident, "note-0006", args{"student": "", "text": "SECRET bagarre", "involved": []args{{"student": "ines", "text": "A été bousculée"}, {"student": "malo", "text": "A bousculé une élève"}}})
	w.hides("student:ines", "SECRET", "Malo", "malo")
	w.hides("student:malo", "SECRET", "Inès", "ines")
	equal(t, w.notices("ines"), []string{
		"Inès : dispense", "Inès : encouragement", "Inès : incident", "Inès : passage à l’infirmerie", "Inès : punition", "Inès : sortie de l’établissement",
	})
	if n, _ := get[Note](w, "student:ines", kindPunishment, "note-0002"); len(n.Sessions) != 2 || n.Work != "Exercice 3" {
		t.Errorf("%+v", n)
	}
	if n, _ := get[Note](w, "student:ines", kindInfirmary, "note-0005"); n.Text != "" || n.To != "2026-11-23T10:30" {
		t.Errorf("%+v", n)
	}
	ack := deed{User: "karim", Scope: "student:ines", Name: "attendance.acknowledge@1", Args: args{"type": kindObservation, "id": "note-0001"}}
	w.Must(ack)
	w.Must(ack)
	if a, ok := get[Acknowledgement](w, office, "acknowledgement", "ines~note-0001.karim"); !ok || a.By.Name != "M. Benali" || a.At != monday.UnixMilli() {
		t.Errorf("%+v", a)
	}
	write(kindIncident, "note-0006", args{"student": "", "involved": []args{{"student": "malo", "text": "A bousculé une élève"}}})
	if w.Has("student:ines", kindIncident, "note-0006") || !w.Has("student:malo", kindIncident, "note-0006") {
		t.Error("who is not involved any more still reads of it")
	}
	w.Must(deed{User: "viard", Scope: office, Name: "attendance.strike@1", Args: args{"type": kindPunishment, "id": "note-0002"}})
	if w.Has("student:ines", kindPunishment, "note-0002") || !w.Has(office, kindPunishment, "note-0002") {
		t.Error("a note that was taken back is with the office alone")
	}
}

// A teacher writes to the record of a pupil, and vie scolaire may take it back.
func TestATeacherObserves(t *testing.T) {
	w := newWorld(t)
	args1 := args{"type": kindPunishment, "id": "note-0001", "student": "ines", "kind": "work", "from": "2026-11-23T10:00", "text": "Bavardage", "work": "Exercice 3", "files": []attachment.File{{SHA: shaOf(photo(t, 3)), Name: "exercice.jpg", Type: "image/jpeg", Size: 10}}}
	w.Must(deed{User: "garnier", Scope: french, Name: "attendance.observe@1", Args: args1})
	sha := w.upload("garnier", photo(t, 3))
	equal(t, w.Readers(sha), []string{"garnier", "ines", "karim", "nadia", "roussel", "viard"})
	if n, _ := get[Note](w, "student:ines", kindPunishment, "fr5b~note-0001"); len(n.Files) != 1 || !n.Files[0].Ready() || n.Subject != "fr" {
		t.Errorf("%+v", n)
	}
	w.Must(deed{User: "viard", Scope: office, Name: "attendance.strike@1", Args: args{"type": kindPunishment, "id": "fr5b~note-0001"}})
	w.Must(deed{User: "garnier", Scope: french, Name: "attendance.observe@1", Args: args1})
	if w.Has("student:ines", kindPunishment, "fr5b~note-0001") {
		t.Error("a teacher has brought it back")
	}
	args1["student"] = "noe"
	if got := w.Do(deed{User: "garnier", Scope: french, Name: "attendance.observe@1", Args: args1}); got != "invalid student" {
		t.Error(got)
	}
}

// Rolls are forgotten; what they said stays with the pupils.
func TestRollsFade(t *testing.T) {
	w := newWorld(t)
	w.take("garnier", french, nil, call("ines", Absent))
	w.At(monday.AddDate(0, 0, rollKept+3))
	if w.Has(office, "roll", "fr5b~20261123-1000") {
		t.Error("the roll is still there")
	}
	equal(t, w.spans("ines", kindAbsence), []string{"10:00–11:00"})
}
