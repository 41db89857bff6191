package directory

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"preau/storage"
	psync "preau/sync"
)

// The effects of a directory. Projecting is ordered; a turn of date is not,
// since it is due much later, and only asks for a projection.
const (
	effectProject = "directory.project"
	effectTurn    = "directory.turn"
)

// turnTTL is how long after its date a turn is still worth carrying out.
const turnTTL = 400 * 24 * time.Hour

// Register adds the effects of the directory to the engine's mux.
func (d *Directory) Register(mux *psync.Mux) {
	mux.Effect(effectProject, d.project)
	mux.Later(effectTurn, turnTTL, d.turn)
}

// turn asks for a projection on a day when something begins or ends.
func (d *Directory) turn(ctx context.Context, job *psync.Job) error {
	return job.Commit(ctx, job.Source(), func(_ context.Context, tx *psync.Tx) error {
		d.followed(tx)
		return nil
	})
}

// Follow has an effect of another package carried out after every change, once
// the public records are there, and on days when something begins or ends. Its
// source is the scope of the directory.
func (d *Directory) Follow(kind string) { d.follow = append(d.follow, kind) }

// followed says what must follow a change.
func (d *Directory) followed(tx *psync.Tx) {
	for _, kind := range append([]string{effectProject}, d.follow...) {
		tx.Effect(kind, struct{}{})
	}
}

// project derives the public records of a school from its directory as it is
// now and writes those that differ. A projection covers every earlier commit,
// so that the effects of a long import cost one.
func (d *Directory) project(ctx context.Context, job *psync.Job) error {
	school := strings.TrimPrefix(job.Source(), scopePrefix)
	d.projecting.Lock()
	defer d.projecting.Unlock()
	if d.projected[school] >= job.Seq() {
		return nil
	}
	if err := d.refresh(ctx, school); err != nil {
		return err
	}
	s := d.school(school)
	wanted := s.public(d.day(s))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8) // so that the store commits in groups
	for scope, records := range wanted {
		g.Go(func() error { return d.projectScope(ctx, job, scope, records) })
	}
	if err := g.Wait(); err != nil {
		return fmt.Errorf("project school %s: %w", school, err)
	}
	d.projected[school] = s.seq
	return nil
}

// projectScope makes the derived records of one scope what they should be.
func (d *Directory) projectScope(ctx context.Context, job *psync.Job, scope string, wanted derived) error {
	same, err := d.stands(ctx, scope, wanted)
	if err != nil || same {
		return err
	}
	return job.Commit(ctx, scope, func(ctx context.Context, tx *psync.Tx) error {
		for _, typ := range derivedTypes(scope) {
			live, err := tx.List(ctx, typ)
			if err != nil {
				return err
			}
			for _, r := range live {
				if _, keep := wanted[storage.Key{Type: typ, ID: r.ID}]; !keep {
					tx.Delete(typ, r.ID)
				}
			}
		}
		for _, key := range wanted.keys() {
			tx.PutIfChanged(key.Type, key.ID, wanted[key])
		}
		return nil
	})
}

// stands says whether a scope holds exactly the wanted records already.
func (d *Directory) stands(ctx context.Context, scope string, wanted derived) (bool, error) {
	var keys []storage.Key
	for _, typ := range derivedTypes(scope) {
		keys = append(keys, storage.Key{Type: typ})
	}
	live, err := d.engine.Find(ctx, scope, keys...)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return false, err
	}
	for _, r := range live {
		raw, ok := wanted[storage.Key{Type: r.Type, ID: r.ID}]
		if !ok || !bytes.Equal(raw, r.Value) {
			return false, nil
		}
	}
	return len(live) == len(wanted), nil
}

// derivedTypes lists the record types of a scope that belong to the
// projection: others of the same scope are never touched.
func derivedTypes(scope string) []string {
	kind, id, _ := strings.Cut(scope, ":")
	switch {
	case kind == "school":
		return []string{"school", "subject"}
	case strings.HasSuffix(id, "/staff"):
		return []string{"class"}
	case kind == KindClass, kind == KindGroup:
		return []string{"class", "course"}
	case kind == "course":
		return []string{"course", "roster"}
	case kind == "space":
		return []string{"space", "member"}
	default: // student, user
		return []string{kind}
	}
}

// derived is what a scope should hold, encoded.
type derived map[storage.Key]json.RawMessage

func (r derived) put(typ, id string, v any) {
	r[storage.Key{Type: typ, ID: id}] = encode(v)
}

func (r derived) keys() []storage.Key {
	return slices.SortedFunc(maps.Keys(r), func(a, b storage.Key) int {
		return strings.Compare(a.Type+"\x00"+a.ID, b.Type+"\x00"+b.ID)
	})
}

// The shapes of the public records.
type (
	named struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	publicClass struct {
		Name  string   `json:"name"`
		Level string   `json:"level,omitempty"`
		Kind  string   `json:"kind"`
		Main  []string `json:"main,omitempty"` // in class:C/staff only
	}
	publicCourse struct {
		Subject  string  `json:"subject"`
		Audience string  `json:"audience"`
		Title    string  `json:"title,omitempty"` // in course:K only
		Teachers []named `json:"teachers"`
	}
	publicStudent struct {
		First  string  `json:"first"`
		Last   string  `json:"last"`
		Class  *named  `json:"class,omitempty"`
		Groups []named `json:"groups"`
	}
	publicRoster struct {
		First string `json:"first"`
		Last  string `json:"last"`
		Class string `json:"class"`
	}
	publicUser struct {
		First    string        `json:"first"`
		Last     string        `json:"last"`
		Name     string        `json:"name"`
		Roles    []Role        `json:"roles"`
		School   string        `json:"school"`
		Children []publicChild `json:"children,omitempty"`
		Courses  []string      `json:"courses,omitempty"`
	}
	publicChild struct {
		ID    string `json:"id"`
		First string `json:"first"`
		Last  string `json:"last"`
		Class string `json:"class"`
	}
	publicSpace struct {
		Name        string `json:"name"`
		Description string `json:"description,omitempty"`
	}
	publicMember struct {
		Name  string `json:"name"`
		Link  string `json:"link"` // id of the membership
		Lead  bool   `json:"lead,omitempty"`
		Works bool   `json:"works,omitempty"` // in the school, and may lead
	}
)

// public derives the records of every scope of the school on a day. It is a
// pure function of the snapshot.
func (s *snapshot) public(day Date) map[string]derived {
	all := map[string]derived{"school:" + s.id: s.publicSchool()}
	for scope, c := range s.classes {
		s.publicClass(all, scope, c, day)
	}
	for id := range s.courses {
		all["course:"+id] = s.publicCourse(id, day)
	}
	for id, space := range s.spaces {
		all[space.Scope()] = s.publicSpace(id, space, day)
	}
	for id, p := range s.people {
		all["user:"+id] = s.publicUser(p, day)
		if p.Pupil {
			all["student:"+id] = s.publicStudent(p, day)
		}
	}
	return all
}

func (s *snapshot) publicSchool() derived {
	shown := s.info
	if shown.Holidays == nil {
		shown.Holidays = []Holiday{}
	}
	r := derived{}
	r.put("school", s.id, shown)
	for id, subject := range s.subjects {
		subject.Code, subject.Election = "", ""
		r.put("subject", id, subject)
	}
	return r
}

func (s *snapshot) publicClass(all map[string]derived, scope string, c Class, day Date) {
	shown := publicClass{Name: c.Name, Level: c.Level, Kind: c.Kind}
	r := derived{}
	r.put("class", c.ID, shown)
	for _, course := range s.coursesOf(scope, day) {
		r.put("course", course.ID, s.shownCourse(course, ""))
	}
	all[scope] = r
	if c.Kind == KindClass {
		team := derived{}
		shown.Main = c.Main
		team.put("class", c.ID, shown)
		all[scope+"/staff"] = team
	}
}

func (s *snapshot) publicCourse(id string, day Date) derived {
	r := derived{}
	c, _ := s.course(id, day)
	r.put("course", id, s.shownCourse(c, c.Title()))
	for _, student := range s.pupils(c.Audience, day) {
		p := s.people[student]
		class, _ := s.classOf(student, day)
		r.put("roster", student, publicRoster{First: p.First, Last: p.Surname(), Class: class.Name})
	}
	return r
}

// publicSpace is a space with the names of its members; nothing once it ended.
func (s *snapshot) publicSpace(id string, space Space, day Date) derived {
	r := derived{}
	if !space.Holds(day) {
		return r
	}
	r.put("space", id, publicSpace{space.Name, space.Description})
	for _, m := range s.members(id, day) {
		r.put("member", m.Person.ID, publicMember{m.Person.Display(), m.ID, m.Leads(), m.Works})
	}
	return r
}

func (s *snapshot) shownCourse(c Course, title string) publicCourse {
	teachers := []named{}
	for _, id := range c.Teachers {
		teachers = append(teachers, named{id, s.people[id].Display()})
	}
	return publicCourse{Subject: c.Subject, Audience: c.Audience, Title: title, Teachers: teachers}
}

func (s *snapshot) publicStudent(p Person, day Date) derived {
	shown := publicStudent{First: p.First, Last: p.Surname(), Groups: []named{}}
	for _, c := range s.audiencesOf(p.ID, day) {
		switch {
		case c.Kind == KindGroup:
			shown.Groups = append(shown.Groups, named{c.ID, c.Name})
		case shown.Class == nil:
			shown.Class = &named{c.ID, c.Name}
		}
	}
	r := derived{}
	r.put("student", p.ID, shown)
	return r
}

func (s *snapshot) publicUser(p Person, day Date) derived {
	shown := publicUser{
		First: p.First, Last: p.Surname(), Name: p.Name(),
		Roles: s.roles(p.ID, day), School: s.id,
	}
	if shown.Roles == nil {
		shown.Roles = []Role{}
	}
	for _, id := range s.children(p.ID, day) {
		child := s.people[id]
		class, _ := s.classOf(id, day)
		shown.Children = append(shown.Children, publicChild{id, child.First, child.Surname(), class.Name})
	}
	for _, c := range s.taughtBy(p.ID, day) {
		shown.Courses = append(shown.Courses, c.ID)
	}
	r := derived{}
	r.put("user", p.ID, shown)
	return r
}
