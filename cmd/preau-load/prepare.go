package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// role is what somebody is at school, as far as the load tells them apart.
type role string

const (
	pupil    role = "student"
	guardian role = "guardian"
	teacher  role = "teacher"
	head     role = "direction" // a teacher who arranges the timetable as well
	anyone   role = ""
)

// person is somebody with an account.
type person struct {
	ID   string
	role role
}

func (p person) pupil() bool { return p.role == pupil }

// sheet is what opens an account, once.
type sheet struct {
	Person string `json:"person"`
	State  string `json:"state"`
	Login  string `json:"login"`
	URL    string `json:"url"`
	Code   string `json:"code"`
}

// arrival is how somebody will come in the morning: with a sheet, or with a
// password where the account is open already.
type arrival struct {
	person
	sheet    sheet
	password string
	known    string // cookie of the browser where the account was opened
}

// office is the administrator at work, and the school as seen from there.
type office struct {
	*device
	bases    []string // of the nodes
	arrivals []arrival
}

// atOnce is how many requests prepare the school together.
const atOnce = 8

// enter signs the administrator in with a sheet, or with a name and a password.
func enter(ctx context.Context, bases []string, key sheet, password string) (*office, error) {
	o := &office{device: newDevice(bases[0], person{}, true), bases: bases}
	var err error
	if key.URL != "" {
		err = o.openAccount(ctx, key, password)
	} else {
		err = o.signIn(ctx, key.Login, password)
	}
	if err != nil {
		return nil, fmt.Errorf("the administrator does not come in: %w", err)
	}
	return o, o.checkSchool(ctx)
}

// checkSchool refuses any school but the one made for this.
func (o *office) checkSchool(ctx context.Context) error {
	// An import is shown to devices once the server runs.
	if err := o.settled(ctx); err != nil {
		return err
	}
	if err := o.catchUp(ctx, func(time.Time) {}, time.Now()); err != nil {
		return err
	}
	for at, r := range o.held {
		if at.typ != "school" {
			continue
		}
		var s struct{ Name string }
		if err := unmarshal("school", r.value, &s); err != nil || s.Name == schoolName {
			return err
		}
		return fmt.Errorf("the school is called %q: only %q is loaded, since its accounts are taken over", s.Name, schoolName)
	}
	return errors.New("the administrator reads no school")
}

// openAccount opens an account with its sheet.
func (d *device) openAccount(ctx context.Context, s sheet, password string) error {
	u, err := url.Parse(s.URL)
	if err != nil {
		return err
	}
	id, secret, ok := strings.Cut(strings.TrimPrefix(u.Fragment, "1."), ".")
	if !ok {
		return fmt.Errorf("%q is not what a sheet opens with", s.URL)
	}
	return d.welcome(ctx, "/api/activations/"+id+"/open", map[string]string{
		"secret": secret, "code": s.Code, "password": password, "label": "preau-load",
	})
}

func (d *device) signIn(ctx context.Context, login, password string) error {
	return d.welcome(ctx, "/api/session", map[string]string{"login": login, "password": password, "label": "preau-load"})
}

func (d *device) welcome(ctx context.Context, path string, body map[string]string) error {
	var said struct{ User, Device string }
	if err := d.post(ctx, path, body, &said); err != nil {
		return err
	}
	d.id, d.person.ID = said.Device, said.User
	return nil
}

// roster finds everybody of the school and gives each a sheet.
func (o *office) roster(ctx context.Context) error {
	var list struct {
		Classes []struct{ ID string }
	}
	if err := o.get(ctx, "/api/directory/classes", &list); err != nil {
		return err
	}
	var mu sync.Mutex
	sheets, roles := map[string]sheet{}, map[string]role{}
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(atOnce)
	for _, c := range list.Classes {
		all.Go(func() error {
			people, err := o.class(ctx, c.ID)
			if err != nil {
				return err
			}
			made, err := o.sheets(ctx, c.ID, people)
			mu.Lock()
			defer mu.Unlock()
			for _, s := range made {
				sheets[s.Person] = s
			}
			maps.Copy(roles, people)
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return fmt.Errorf("activation sheets: %w", err)
	}
	for id, s := range sheets {
		o.arrivals = append(o.arrivals, arrival{person: person{id, roles[id]}, sheet: s})
	}
	slices.SortFunc(o.arrivals, func(a, b arrival) int { return strings.Compare(a.ID, b.ID) })
	return nil
}

// class lists who is in a class.
func (o *office) class(ctx context.Context, id string) (map[string]role, error) {
	type named struct{ ID string }
	var said struct {
		Pupils []struct {
			named
			Guardians []named
		}
		Teachers []named
	}
	if err := o.get(ctx, "/api/directory/classes/"+id, &said); err != nil {
		return nil, err
	}
	people := map[string]role{}
	for _, p := range said.Pupils {
		people[p.ID] = pupil
		for _, g := range p.Guardians {
			people[g.ID] = guardian
		}
	}
	for _, t := range said.Teachers {
		people[t.ID] = teacher
	}
	return people, nil
}

// sheets makes the sheets of a class and of its teachers. Accounts that were
// opened in an earlier run are closed first.
func (o *office) sheets(ctx context.Context, class string, people map[string]role) ([]sheet, error) {
	families, err := o.print(ctx, map[string]any{"class": class})
	if err != nil {
		return nil, err
	}
	var teachers, opened []string
	for id, r := range people {
		if r == teacher {
			teachers = append(teachers, id)
		}
	}
	staff, err := o.print(ctx, map[string]any{"people": teachers})
	if err != nil {
		return nil, err
	}
	var all []sheet
	for _, s := range slices.Concat(families, staff) {
		if s.State == "unused" {
			all = append(all, s)
		} else {
			opened = append(opened, s.Person)
		}
	}
	again, err := o.print(ctx, map[string]any{"people": opened, "reset": true})
	return append(all, again...), err
}

func (o *office) print(ctx context.Context, request map[string]any) ([]sheet, error) {
	if people, ok := request["people"].([]string); ok && len(people) == 0 {
		return nil, nil
	}
	var said struct{ Sheets []sheet }
	err := o.post(ctx, "/api/activations", request, &said)
	return said.Sheets, err
}

// choosePasswords opens the accounts of the teachers, and of one family member
// in so many, so that they sign in with a password in the morning. Hashing
// them is not part of the morning.
func (o *office) choosePasswords(ctx context.Context, oneIn int) ([]*device, error) {
	var mu sync.Mutex
	var opened []*device
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(atOnce)
	for i := range o.arrivals {
		a := &o.arrivals[i]
		if a.role != teacher && (oneIn == 0 || i%oneIn > 0) {
			continue
		}
		all.Go(func() error {
			a.password = rand.Text()
			d := newDevice(o.base, a.person, false)
			if err := d.openAccount(ctx, a.sheet, a.password); err != nil {
				return err
			}
			a.known = d.known
			if a.role == teacher {
				mu.Lock()
				defer mu.Unlock()
				opened = append(opened, d)
			}
			return nil
		})
	}
	return opened, all.Wait()
}

// giveWork has the teachers give some work to each of their classes.
func (o *office) giveWork(ctx context.Context, teachers []*device, pieces int) error {
	var mu sync.Mutex
	given := map[string]bool{}
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(atOnce)
	for _, t := range teachers {
		all.Go(func() error {
			if err := t.catchUp(ctx, func(time.Time) {}, time.Now()); err != nil {
				return err
			}
			for _, course := range t.sights.courses {
				mu.Lock()
				done := given[course]
				given[course] = true
				mu.Unlock()
				if done {
					continue
				}
				for range pieces {
					t.act(give(course))
				}
			}
			_, err := t.round(ctx)
			return err
		})
	}
	return all.Wait()
}

const (
	settlePatience = 5 * time.Minute
	settleBlind    = 5 * time.Second // without news of effects they are taken to be done
)

// settled waits until nothing is left to be carried out. Where the servers do
// not tell how much that is, it waits until they have carried out nothing for
// a while.
func (o *office) settled(ctx context.Context) error {
	until, before, since := time.Now().Add(settlePatience), "", time.Now()
	for time.Now().Before(until) {
		due, settled := o.effects(ctx)
		if settled != before {
			before, since = settled, time.Now()
		}
		if due == "0" || due == "" && time.Since(since) > settleBlind {
			return nil
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return &problem{code: "effects", text: "after " + settlePatience.String() + " there are still effects to be carried out"}
}

var figure = regexp.MustCompile(`(?m)^preau_effects_(due|settled_total) (\S+)$`)

// effects are how many are due, and how many each node has carried out; "" is
// not told.
func (o *office) effects(ctx context.Context) (due, settled string) {
	for _, base := range o.bases {
		told, err := (&client{base: base, http: o.http}).call(ctx, http.MethodGet, "/metrics", nil, nil)
		if err != nil {
			continue // they are not for us
		}
		for _, m := range figure.FindAllStringSubmatch(string(told.body), -1) {
			if m[1] == "due" {
				due = m[2]
			} else {
				settled += " " + m[2]
			}
		}
	}
	return due, settled
}

// pause waits, unless the run ends.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
