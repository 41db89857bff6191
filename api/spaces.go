package api

import (
	"github.com/gofiber/fiber/v2"

	"preau/api/directory"
	psync "preau/sync"
)

// colleagues may make a space, and lead one.
var colleagues = Only(directory.RoleTeacher, directory.RoleStaff, directory.RoleDirection, directory.RoleAdmin)

// spaces registers what members see of their spaces, and what their leads and
// the direction do with them.
func (r directoryRoutes) spaces(s *Server) {
	s.Route("GET", "/api/directory/spaces", SignedIn, NoBody, r.listSpaces)
	s.Route("POST", "/api/directory/spaces", colleagues, Small, r.makeSpace)
	s.Route("POST", "/api/directory/spaces/:space/rename", colleagues, Small, r.renameSpace)
	s.Route("POST", "/api/directory/spaces/:space/end", colleagues, Blank, r.endSpace)
	s.Route("POST", "/api/directory/spaces/:space/members", colleagues, Small, r.addMembers)
	s.Route("POST", "/api/directory/memberships/:link/end", SignedIn, Small, r.endMembership)
	s.Route("POST", "/api/directory/memberships/:link/lead", colleagues, Small, r.setLead)
}

type shownSpace struct {
	ID          string        `json:"id"`
	Name        string        `json:"name"`
	Description string        `json:"description,omitempty"`
	Link        string        `json:"link,omitempty"` // id of the reader's membership
	Leads       bool          `json:"leads"`          // the reader may change it
	Members     []shownMember `json:"members"`
}

type shownMember struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Link  string `json:"link"` // id of the membership
	Lead  bool   `json:"lead"`
	Works bool   `json:"works"` // in the school, and may lead
}

func showSpace(v directory.SpaceView) shownSpace {
	shown := shownSpace{ID: v.ID, Name: v.Name, Description: v.Description, Link: v.Member, Leads: v.Leads, Members: []shownMember{}}
	for _, m := range v.Members {
		shown.Members = append(shown.Members, shownMember{m.Person.ID, m.Person.Display(), m.ID, m.Leads(), m.Works})
	}
	return shown
}

func (r directoryRoutes) listSpaces(c *Call) error {
	shown := []shownSpace{}
	for _, v := range r.SpacesFor(c.Actor) {
		shown = append(shown, showSpace(v))
	}
	return c.JSON(fiber.StatusOK, map[string]any{"spaces": shown})
}

// spaceForm says what a space is.
type spaceForm struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

func (r directoryRoutes) makeSpace(c *Call) error {
	var form spaceForm
	if err := c.Bind(&form); err != nil {
		return err
	}
	id, err := r.MakeSpace(c.Context(), c.Actor, form.Name, form.Description)
	return created(c, id, err)
}

func (r directoryRoutes) renameSpace(c *Call) error {
	var form spaceForm
	if err := c.Bind(&form); err != nil {
		return err
	}
	if err := r.DescribeSpace(c.Context(), c.Actor, c.Param("space"), form.Name, form.Description); err != nil {
		return err
	}
	return c.NoContent()
}

func (r directoryRoutes) endSpace(c *Call) error {
	if err := r.EndSpace(c.Context(), c.Actor, c.Param("space")); err != nil {
		return err
	}
	return c.NoContent()
}

func (r directoryRoutes) addMembers(c *Call) error {
	var form struct {
		People []string `json:"people"`
		Lead   bool     `json:"lead"`
	}
	if err := c.Bind(&form); err != nil {
		return err
	}
	if err := r.AddMembers(c.Context(), c.Actor, c.Param("space"), form.People, form.Lead); err != nil {
		return err
	}
	return c.NoContent()
}

func (r directoryRoutes) endMembership(c *Call) error {
	var form ending
	if err := c.Bind(&form); err != nil {
		return err
	}
	if err := r.EndMembership(c.Context(), c.Actor, c.Param("link"), form.On); err != nil {
		return err
	}
	return c.NoContent()
}

func (r directoryRoutes) setLead(c *Call) error {
	var form struct {
		Lead *bool `json:"lead"`
	}
	if err := c.Bind(&form); err != nil {
		return err
	}
	if form.Lead == nil {
		return psync.Refuse("invalid", "lead", "true or false")
	}
	if err := r.SetLead(c.Context(), c.Actor, c.Param("link"), *form.Lead); err != nil {
		return err
	}
	return c.NoContent()
}
