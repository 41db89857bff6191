package api

import (
	"github.com/gofiber/fiber/v2"

	"preau/api/directory"
)

// Who may see the directory, and who may change it.
var (
	office         = Only(directory.RoleStaff, directory.RoleDirection, directory.RoleAdmin)
	administrators = Only(directory.RoleAdmin)
)

// DirectoryRoutes serves what the office needs of the directory: the classes
// with their people, for activation sheets, and for administrators moving a
// pupil and linking guardians; and to everybody their spaces.
func DirectoryRoutes(d *directory.Directory) Routes {
	r := directoryRoutes{d}
	return func(s *Server) {
		s.Route("GET", "/api/directory/classes", office, NoBody, r.classes)
		s.Route("GET", "/api/directory/classes/:class", office, NoBody, r.class)
		s.Route("GET", "/api/directory/adults", administrators, NoBody, r.adults)
		s.Route("POST", "/api/directory/enrollments", administrators, Small, r.enroll)
		s.Route("POST", "/api/directory/enrollments/:link/end", administrators, Small, r.endEnrollment)
		s.Route("POST", "/api/directory/guardianships", administrators, Small, r.addGuardian)
		s.Route("POST", "/api/directory/guardianships/:link/end", administrators, Small, r.endGuardian)
		r.spaces(s)
	}
}

type directoryRoutes struct{ *directory.Directory }

type shownClass struct {
	ID    string `json:"id"`
	Scope string `json:"scope"`
	Name  string `json:"name"`
	Level string `json:"level,omitempty"`
	Kind  string `json:"kind"`
	Size  int    `json:"size"`
}

type shownPerson struct {
	ID       string `json:"id"`
	First    string `json:"first"`
	Last     string `json:"last"`
	Civility string `json:"civility,omitempty"`
}

type shownPupil struct {
	shownPerson
	Class     string          `json:"class"`
	Guardians []shownGuardian `json:"guardians"`
}

type shownGuardian struct {
	shownPerson
	Link     string         `json:"link"` // id of the guardianship
	Relation string         `json:"relation,omitempty"`
	Level    int            `json:"level"`
	Reads    bool           `json:"reads"`
	From     directory.Date `json:"from,omitempty"`
	To       directory.Date `json:"to,omitempty"`
}

func (r directoryRoutes) show(c directory.Class) shownClass {
	return shownClass{ID: c.ID, Scope: c.Scope(), Name: c.Name, Level: c.Level, Kind: c.Kind, Size: len(r.Pupils(c.Scope()))}
}

func showPerson(p directory.Person) shownPerson {
	return shownPerson{ID: p.ID, First: p.First, Last: p.Surname(), Civility: p.Civility}
}

func showPeople(people []directory.Person) []shownPerson {
	shown := make([]shownPerson, 0, len(people))
	for _, p := range people {
		shown = append(shown, showPerson(p))
	}
	return shown
}

func showPupil(p directory.Pupil) shownPupil {
	shown := shownPupil{showPerson(p.Person), p.Class, []shownGuardian{}}
	for _, g := range p.Guardians {
		shown.Guardians = append(shown.Guardians, shownGuardian{
			shownPerson: showPerson(g.Adult), Link: g.ID, Relation: g.Relation,
			Level: g.Level, Reads: g.Reads, From: g.From, To: g.To,
		})
	}
	return shown
}

func (r directoryRoutes) classes(c *Call) error {
	classes, err := r.ClassesFor(c.Actor)
	if err != nil {
		return err
	}
	shown := make([]shownClass, 0, len(classes))
	for _, class := range classes {
		shown = append(shown, r.show(class))
	}
	return c.JSON(fiber.StatusOK, map[string]any{"classes": shown})
}

func (r directoryRoutes) class(c *Call) error {
	roster, err := r.RosterFor(c.Actor, c.Param("class"))
	if err != nil {
		return err
	}
	pupils := make([]shownPupil, 0, len(roster.Pupils))
	for _, p := range roster.Pupils {
		pupils = append(pupils, showPupil(p))
	}
	return c.JSON(fiber.StatusOK, map[string]any{
		"class": r.show(roster.Class), "pupils": pupils, "teachers": showPeople(roster.Teachers),
	})
}

func (r directoryRoutes) adults(c *Call) error {
	people, err := r.FindAdults(c.Actor, c.Query("q"))
	if err != nil {
		return err
	}
	return c.JSON(fiber.StatusOK, map[string]any{"people": showPeople(people)})
}

func (r directoryRoutes) enroll(c *Call) error {
	var form struct {
		Student  string         `json:"student"`
		Audience string         `json:"audience"`
		From     directory.Date `json:"from"`
		To       directory.Date `json:"to"`
	}
	if err := c.Bind(&form); err != nil {
		return err
	}
	id, err := r.EnrollPupil(c.Context(), c.Actor, directory.Enrollment{
		Student: form.Student, Audience: form.Audience, Span: directory.Span{From: form.From, To: form.To},
	})
	return created(c, id, err)
}

func (r directoryRoutes) addGuardian(c *Call) error {
	var form struct {
		Guardian string         `json:"guardian"`
		Student  string         `json:"student"`
		Relation string         `json:"relation"`
		Level    int            `json:"level"`
		Reads    bool           `json:"reads"`
		From     directory.Date `json:"from"`
		To       directory.Date `json:"to"`
	}
	if err := c.Bind(&form); err != nil {
		return err
	}
	id, err := r.AddGuardian(c.Context(), c.Actor, directory.Guardianship{
		Guardian: form.Guardian, Student: form.Student, Relation: form.Relation,
		Level: form.Level, Reads: form.Reads, Span: directory.Span{From: form.From, To: form.To},
	})
	return created(c, id, err)
}

func created(c *Call, id string, err error) error {
	if err != nil {
		return err
	}
	return c.JSON(fiber.StatusCreated, map[string]string{"id": id})
}

// ending is the body that ends a link; without a day it ends at once.
type ending struct {
	On directory.Date `json:"on"`
}

func (r directoryRoutes) endEnrollment(c *Call) error {
	var form ending
	if err := c.Bind(&form); err != nil {
		return err
	}
	if err := r.EndEnrollment(c.Context(), c.Actor, c.Param("link"), form.On); err != nil {
		return err
	}
	return c.NoContent()
}

func (r directoryRoutes) endGuardian(c *Call) error {
	var form ending
	if err := c.Bind(&form); err != nil {
		return err
	}
	if err := r.EndGuardian(c.Context(), c.Actor, c.Param("link"), form.On); err != nil {
		return err
	}
	return c.NoContent()
}
