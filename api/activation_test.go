package api_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"preau/api"
)

type sheet struct{ ID, Person, Name, For, Login, State, URL, Code string }

func (b *browser) printFor(t *testing.T, body any) map[string]sheet {
	t.Helper()
	got := b.post("/api/activations", body)
	if got.StatusCode != 201 {
		t.Fatalf("make sheets: %d %s", got.StatusCode, got.text)
	}
	return byPerson(t, got)
}

func byPerson(t *testing.T, got *answer) map[string]sheet {
	t.Helper()
	var list struct{ Sheets []sheet }
	got.into(t, &list)
	all := map[string]sheet{}
	for _, sh := range list.Sheets {
		all[sh.Person] = sh
	}
	return all
}

// use opens an account with a sheet.
func (b *browser) use(sh sheet, code, password string) *answer {
	_, secret, _ := strings.Cut(sh.URL, sh.ID+".")
	body := map[string]string{"secret": secret, "code": code, "label": "Téléphone"}
	if password != "" {
		body["password"] = password
	}
	return b.post("/api/activations/"+sh.ID+"/open", body)
}

func TestActivation(t *testing.T) {
	s := newSchool(t, nil)
	office := s.signIn(t, "viard")
	sheets := office.printFor(t, map[string]string{"class": "5b"})
	if len(sheets) != 3 || sheets["ines"].State != "opened" || sheets["ines"].URL != "" || sheets["nadia"].For != "Inès Benali" {
		t.Fatalf("sheets: %+v", sheets)
	}
	malik := sheets["malik"]
	if malik.Login != "malik.oury" || !strings.HasPrefix(malik.URL, "https://ecole.example/activer#1.") || len(malik.Code) != 9 {
		t.Errorf("Malik's: %+v", malik)
	}
	if again := office.printFor(t, map[string]string{"class": "5b"}); again["malik"] != malik {
		t.Error("printing again made another sheet")
	}
	list := office.get("/api/activations?class=5b")
	if got := byPerson(t, list)["malik"]; got.State != "unused" || got.URL != "" || got.Code != "" {
		t.Errorf("the list gives %+v", got)
	}

	phone := s.browser()
	phone.use(malik, malik.Code, "Malik2013!!!").expect(t, "weak password", 422, "weak_password")
	phone.use(malik, strings.ToLower(malik.Code), "des chamois à Noël").expect(t, "open", 200, "")
	phone.get("/api/session").expect(t, "he is in", 200, "")
	s.browser().use(malik, malik.Code, "").expect(t, "again", 410, "gone")
	s.browser().post("/api/session", map[string]string{"login": "malik.oury", "password": "des chamois à Noël"}).expect(t, "his password", 200, "")

	nadia := s.browser()
	nadia.use(sheets["nadia"], sheets["nadia"].Code, "").expect(t, "only this device", 200, "")
	s.browser().post("/api/session", map[string]string{"login": "nadia.benali", "password": " "}).expect(t, "no password opens it", 401, "wrong_credentials")

	if got := byPerson(t, office.get("/api/activations?class=5b")); got["malik"].State != "used" || got["nadia"].State != "used" {
		t.Errorf("the list says %+v", got)
	}
	_, secret, _ := strings.Cut(malik.URL, malik.ID+".")
	s.leaked(t, secret, malik.Code, strings.ReplaceAll(malik.Code, "-", ""), phone.cookies[api.SessionCookie], "chamois")
}

func TestActivationAttacks(t *testing.T) {
	s := newSchool(t, nil)
	office := s.signIn(t, "viard")
	sheets := office.printFor(t, map[string]string{"class": "5b"})
	malik, nadia := sheets["malik"], sheets["nadia"]

	mixed := malik
	mixed.URL = strings.Replace(nadia.URL, nadia.ID, malik.ID, 1)
	s.browser().use(mixed, malik.Code, "").expect(t, "another sheet's secret", 404, "not_found")
	mixed = malik
	mixed.ID = nadia.ID
	s.browser().use(mixed, nadia.Code, "").expect(t, "another sheet's id", 404, "not_found")
	for i := range 4 {
		s.browser().use(malik, nadia.Code, "").expect(t, "wrong code "+string(rune('1'+i)), 422, "wrong_code")
	}
	s.browser().use(malik, nadia.Code, "").expect(t, "the fifth wrong code", 410, "blocked")
	s.browser().use(malik, malik.Code, "").expect(t, "the right code, after five", 410, "blocked")
	if got := byPerson(t, office.get("/api/activations?class=5b"))["malik"].State; got != "blocked" {
		t.Errorf("state: %s", got)
	}
	fresh := office.printFor(t, map[string]any{"people": []string{"malik"}})["malik"]
	if fresh.ID == malik.ID {
		t.Error("a blocked sheet is printed again")
	}
	s.browser().use(malik, malik.Code, "").expect(t, "the replaced sheet", 410, "gone")

	s.clock.pass(14 * 24 * time.Hour)
	s.browser().use(fresh, fresh.Code, "").expect(t, "after two weeks", 410, "gone")
	fresh = s.signIn(t, "viard").printFor(t, map[string]any{"people": []string{"malik"}})["malik"]

	var wg sync.WaitGroup
	opened := make(chan struct{}, 20)
	for range 20 {
		wg.Go(func() {
			if s.browser().use(fresh, fresh.Code, "").StatusCode == 200 {
				opened <- struct{}{}
			}
		})
	}
	if wg.Wait(); len(opened) != 1 {
		t.Errorf("one sheet opened %d sessions", len(opened))
	}
}

func TestSheetNeverOpensAnOpenedAccount(t *testing.T) {
	s := newSchool(t, nil)
	malik := s.signIn(t, "viard").printFor(t, map[string]string{"class": "5b"})["malik"]
	if err := s.service.SetPassword(t.Context(), "malik", accountPassword); err != nil {
		t.Fatal(err)
	}
	s.browser().post("/api/session", map[string]string{"login": "malik.oury", "password": accountPassword}).expect(t, "he came in by password", 200, "")
	s.browser().use(malik, malik.Code, "").expect(t, "somebody finds the sheet", 410, "gone")
}

func TestReset(t *testing.T) {
	s := newSchool(t, nil)
	office, ines := s.signIn(t, "viard"), s.signIn(t, "ines")
	sh := office.printFor(t, map[string]any{"people": []string{"ines"}, "reset": true})["ines"]
	ines.get("/api/session").expect(t, "her sessions", 401, "signed_out")
	s.browser().post("/api/session", map[string]string{"login": "ines", "password": accountPassword}).expect(t, "her password", 401, "wrong_credentials")
	s.browser().use(sh, sh.Code, "des chamois à Noël").expect(t, "her new sheet", 200, "")
	office.post("/api/activations", map[string]any{"class": "5b", "reset": true}).expect(t, "a whole class", 422, "invalid")
}

func TestWhoMayPrint(t *testing.T) {
	s := newSchool(t, nil)
	class := map[string]string{"class": "5b"}
	for login, want := range map[string]int{"ines": 403, "garnier": 403, "viard": 201, "admin": 201} {
		b := s.signIn(t, login)
		if got := b.post("/api/activations", class); got.StatusCode != want {
			t.Errorf("%s: %d %s", login, got.StatusCode, got.text)
		}
		listed := map[int]int{201: 200, 403: 403}[want]
		for _, path := range []string{"/api/activations?class=5b", "/api/activations/sheet?class=5b"} {
			if got := b.get(path); got.StatusCode != listed {
				t.Errorf("%s, %s: %d", login, path, got.StatusCode)
			}
		}
	}
	s.browser().post("/api/activations", class).expect(t, "nobody", 401, "signed_out")
	office := s.signIn(t, "viard")
	for name, c := range map[string]struct {
		body   map[string]any
		status int
		code   string
	}{
		"another school's class":  {map[string]any{"class": "6a"}, 404, "not_found"},
		"another school's pupil":  {map[string]any{"people": []string{"zoe"}}, 404, "not_found"},
		"no such class":           {map[string]any{"class": "class:nothing"}, 404, "not_found"},
		"a scope that is none":    {map[string]any{"class": "directory:collard"}, 404, "not_found"},
		"a teacher":               {map[string]any{"people": []string{"garnier"}}, 403, "forbidden"},
		"an administrator, reset": {map[string]any{"people": []string{"admin"}, "reset": true}, 403, "forbidden"},
		"nobody":                  {map[string]any{}, 422, "invalid"},
		"both":                    {map[string]any{"class": "5b", "people": []string{"ines"}}, 422, "invalid"},
	} {
		office.post("/api/activations", c.body).expect(t, name, c.status, c.code)
	}
	s.signIn(t, "admin").post("/api/activations", map[string]any{"people": []string{"garnier"}}).expect(t, "an administrator, for a teacher", 201, "")
}

func TestPrintedSheets(t *testing.T) {
	s := newSchool(t, nil)
	office := s.signIn(t, "viard")
	malik := office.printFor(t, map[string]string{"class": "5b"})["malik"]
	got := office.get("/api/activations/sheet?class=5b")
	if got.StatusCode != 200 || !strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") || got.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", got.StatusCode, got.Header)
	}
	if n := strings.Count(got.text, "<svg"); n != 2 {
		t.Errorf("%d strips, want Malik's and Mme Benali's", n)
	}
	for _, want := range []string{"Malik Oury", malik.Code, "Responsable de Inès Benali", "7 décembre 2026", "Collège collard", "malik.oury"} {
		if !strings.Contains(got.text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, unsafe := range []string{"style=", "<style", "<script", "onload"} {
		if strings.Contains(got.text, unsafe) {
			t.Errorf("the page has %q, which its policy forbids", unsafe)
		}
	}
	css := s.browser().get("/api/activations/sheet.css")
	if css.StatusCode != 200 || !strings.Contains(css.text, "size: A4") || !strings.HasPrefix(css.Header.Get("Content-Type"), "text/css") {
		t.Errorf("style: %d %v", css.StatusCode, css.Header)
	}
}

func TestSheetOfOnePerson(t *testing.T) {
	s := newSchool(t, nil)
	office, admin := s.signIn(t, "viard"), s.signIn(t, "admin")
	office.printFor(t, map[string]string{"class": "5b"})
	admin.printFor(t, map[string]any{"people": []string{"garnier"}, "reset": true})

	malik := office.get("/api/activations/sheet?people=malik")
	if n := strings.Count(malik.text, "<svg"); n != 1 || !strings.Contains(malik.text, "Élève · ") {
		t.Errorf("Malik's alone: %d strips in %s", n, malik.text)
	}
	teacher := admin.get("/api/activations/sheet?people=garnier,malik")
	if n := strings.Count(teacher.text, "<svg"); n != 2 {
		t.Errorf("a teacher's and Malik's: %d strips in %s", n, teacher.text)
	}
	if got := byPerson(t, admin.get("/api/activations?people=garnier"))["garnier"]; got.State != "unused" || got.URL+got.Code != "" {
		t.Errorf("the list gives %+v", got)
	}
	for name, path := range map[string]string{"printing": "/api/activations/sheet?people=garnier", "listing": "/api/activations?people=garnier"} {
		office.get(path).expect(t, name+" a teacher's, by vie scolaire", 403, "forbidden")
	}
	office.get("/api/activations/sheet?people=zoe").expect(t, "another school's pupil", 404, "not_found")
	office.get("/api/activations/sheet?people=malik&class=5b").expect(t, "both", 422, "invalid")
}
