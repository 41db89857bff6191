package account_test

import (
	"fmt"
	"testing"

	"preau/api/account"
	"preau/api/directory"
)

func TestLoginsOfHomonyms(t *testing.T) {
	w := newWorld(t)
	year := directory.Span{From: "2026-09-01"}
	for i, name := range []string{"Inès Benali", "Ines Bénali", "INÈS BENALI"} {
		var first, last string
		if _, err := fmt.Sscan(name, &first, &last); err != nil {
			t.Fatal(err)
		}
		id := fmt.Sprint("b", i)
		w.people(directory.Put{ID: id, Record: directory.Person{First: first, Last: last, Pupil: true, Span: year}})
		login, err := w.CreateAccount(t.Context(), account.NewAccount{User: id, School: "collard"})
		if want := []string{"ines.benali", "ines.benali2", "ines.benali3"}[i]; err != nil || login != want {
			t.Errorf("%s: %s, %v", name, login, err)
		}
		if again, err := w.CreateAccount(t.Context(), account.NewAccount{User: id, School: "collard", Login: "other"}); again != login || err != nil {
			t.Errorf("created again: %s, %v", again, err)
		}
	}
}

func TestCreateAccountIsRefused(t *testing.T) {
	w := newWorld(t)
	w.person("ines", true)
	for name, c := range map[string]struct {
		account.NewAccount
		want string
	}{
		"a login that is taken": {account.NewAccount{User: "malik", Login: "INES"}, "conflict"},
		"a login that is none":  {account.NewAccount{User: "malik", Login: "a b"}, "invalid"},
		"a weak password":       {account.NewAccount{User: "malik", Login: "malik", Password: "motdepasse123"}, "weak_password"},
		"an odd person":         {account.NewAccount{User: "a/b", Login: "malik"}, "invalid"},
		"nobody":                {account.NewAccount{User: "nobody"}, "not_found"},
	} {
		if _, err := w.CreateAccount(t.Context(), c.NewAccount); outcome(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := w.try(school, "ines", password); got != "ok" {
		t.Errorf("whose login was asked for: %s", got)
	}
	if err := w.SetPassword(t.Context(), "nobody", password); outcome(err) != "not_found" {
		t.Errorf("a password for nobody: %v", err)
	}
}

func TestRehash(t *testing.T) {
	w := newWorld(t)
	w.person("ines", true)
	dearer := newNode(t, w.records, w.clock, account.Params{Memory: 16, Time: 1, Threads: 1})
	dearer.signIn(school, "ines")
	if n := dearer.Checks(); n != 2 {
		t.Errorf("%d hashes at the first sign-in after a change of costs", n)
	}
	dearer.signIn(school, "ines")
	if n := dearer.Checks(); n != 3 {
		t.Errorf("%d hashes after the second", n)
	}
}

func TestNamesThatDoNotExistCostAsMuch(t *testing.T) {
	w := newWorld(t)
	w.person("ines", true)
	before := w.Checks()
	for _, login := range []string{"ines", "nobody", "somebody.else@example.org"} {
		if got := w.try(school, login, "wrong wrong wrong"); got != "wrong_credentials" {
			t.Errorf("%s: %s", login, got)
		}
	}
	if n := w.Checks() - before; n != 3 {
		t.Errorf("%d hashes for three names", n)
	}
}
