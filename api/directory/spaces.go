package directory

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	psync "preau/sync"
)

// The most that a space may have.
const (
	maxSpaceName        = 100  // characters
	maxSpaceDescription = 1000 // characters
	maxMembers          = 500  // people on one day
)

// SpaceView is a space as somebody sees it who may read it.
type SpaceView struct {
	Space
	Member  string // id of the reader's own membership, "" if they have none
	Leads   bool   // the reader may change it
	Members []Member
}

// Member is a membership with the person it names.
type Member struct {
	Membership
	Person Person
	Works  bool // in the school, and may lead
}

// Leads says whether the member decides who else is in the space: whoever does
// not work in the school any more is a member like any other.
func (m Member) Leads() bool { return m.Lead && m.Works }

// SpacesOf lists the spaces that a person is a member of today, by name.
func (d *Directory) SpacesOf(user string) []Space {
	s := d.homeOf(user)
	return s.spacesOf(user, d.day(s))
}

// MembersOf lists the members of a space of a school today, by name.
func (d *Directory) MembersOf(school, space string) []string {
	s := d.school(school)
	var ids []string
	for _, m := range s.members(space, d.day(s)) {
		ids = append(ids, m.Membership.Person)
	}
	return ids
}

// SpacesFor lists the spaces that the actor may read, by name: their own, and
// for the direction those of the whole school.
func (d *Directory) SpacesFor(a psync.Actor) []SpaceView {
	s := d.school(a.School)
	day := d.day(s)
	var all []SpaceView
	for id, space := range s.spaces {
		if d.May(a, ReadSpace, space.Scope()) != nil {
			continue
		}
		own, _ := s.membership(a.User, id, day)
		all = append(all, SpaceView{
			Space: space, Member: own.ID, Leads: d.May(a, LeadSpace, space.Scope()) == nil, Members: s.members(id, day),
		})
	}
	slices.SortFunc(all, func(a, b SpaceView) int { return compareSpaces(a.Space, b.Space) })
	return all
}

// MakeSpace makes a space that begins today, led by the actor, who must work
// in the school.
func (d *Directory) MakeSpace(ctx context.Context, a psync.Actor, name, description string) (id string, err error) {
	if err := d.May(a, MakeSpace, "school:"+a.School); err != nil {
		return "", err
	}
	made := Space{ID: newID(), Owner: a.User, Span: Span{From: d.Today(a.School)}}
	if err := made.describe(name, description); err != nil {
		return "", err
	}
	lead := Membership{ID: newID(), Space: made.ID, Person: a.User, Lead: true, Span: made.Span}
	err = d.commit(ctx, a, a.School, func(ctx context.Context, tx *psync.Tx) error {
		return d.write(ctx, tx, a.School, Put{made.ID, made}, Put{lead.ID, lead})
	})
	return made.ID, err
}

// describe names a space, and refuses a name that is none.
func (s *Space) describe(name, description string) error {
	s.Name, s.Description = strings.TrimSpace(name), strings.TrimSpace(description)
	switch {
	case s.Name == "" || utf8.RuneCountInString(s.Name) > maxSpaceName:
		return psync.Refuse("invalid", "name", "1 to %d characters", maxSpaceName)
	case utf8.RuneCountInString(s.Description) > maxSpaceDescription:
		return psync.Refuse("invalid", "description", "at most %d characters", maxSpaceDescription)
	}
	return nil
}

// DescribeSpace gives a space another name and description.
func (d *Directory) DescribeSpace(ctx context.Context, a psync.Actor, id, name, description string) error {
	if err := new(Space).describe(name, description); err != nil {
		return err
	}
	return d.changeSpace(ctx, a, id, func(s *Space) error { return s.describe(name, description) })
}

// EndSpace ends a space today, and with it what its members may do there.
func (d *Directory) EndSpace(ctx context.Context, a psync.Actor, id string) error {
	return d.changeSpace(ctx, a, id, func(s *Space) error {
		s.To = d.Today(a.School)
		return nil
	})
}

// changeSpace changes a space that the actor leads.
func (d *Directory) changeSpace(ctx context.Context, a psync.Actor, id string, change func(*Space) error) error {
	if err := d.leads(a, id); err != nil {
		return err
	}
	return d.commit(ctx, a, a.School, func(ctx context.Context, tx *psync.Tx) error {
		var s Space
		if _, err := tx.Get(ctx, s.kind(), id, &s); err != nil {
			return err
		}
		if err := change(&s); err != nil {
			return err
		}
		return d.write(ctx, tx, a.School, Put{id, s})
	})
}

// leads refuses whoever may not change a space.
func (d *Directory) leads(a psync.Actor, id string) error {
	s := d.school(a.School)
	space, known := s.spaces[id]
	if !known || !space.Holds(d.day(s)) {
		return psync.Refuse("not_found", "space", "no such space")
	}
	return d.May(a, LeadSpace, space.Scope())
}

// AddMembers puts people of the school into a space from today, all or none.
// Leads must work in the school.
func (d *Directory) AddMembers(ctx context.Context, a psync.Actor, space string, people []string, lead bool) error {
	if err := d.leads(a, space); err != nil {
		return err
	}
	if err := d.checkMembers(a.School, people, lead); err != nil {
		return err
	}
	return d.commit(ctx, a, a.School, func(ctx context.Context, tx *psync.Tx) error {
		if err := d.roomFor(ctx, tx, space, people); err != nil {
			return err
		}
		var puts []Put
		for _, person := range people {
			puts = append(puts, Put{newID(), Membership{Space: space, Person: person, Lead: lead, Span: Span{From: d.Today(a.School)}}})
		}
		return d.write(ctx, tx, a.School, puts...)
	})
}

// checkMembers refuses people who cannot be members of a space of the school.
func (d *Directory) checkMembers(school string, people []string, lead bool) error {
	s := d.school(school)
	day := d.day(s)
	if len(people) == 0 {
		return psync.Refuse("invalid", "people", "nobody")
	}
	if len(people) > maxMembers {
		return tooMany()
	}
	for i, person := range people {
		field := fmt.Sprintf("people[%d]", i)
		switch {
		case !s.present(person, day):
			return psync.Refuse("not_found", field, "no such person")
		case slices.Contains(people[:i], person):
			return psync.Refuse("invalid", field, "named twice")
		case lead && !s.works(person, day):
			return psync.Refuse("invalid", field, "only who works in the school leads a space")
		}
	}
	return nil
}

func tooMany() error { return psync.Refuse("too_large", "people", "at most %d members", maxMembers) }

// roomFor refuses people who are members already, and more than a space holds.
func (d *Directory) roomFor(ctx context.Context, tx *psync.Tx, space string, people []string) error {
	there, err := d.membersNow(ctx, tx, space)
	if err != nil {
		return err
	}
	for _, m := range there {
		if i := slices.Index(people, m.Person); i >= 0 {
			return psync.Refuse("conflict", fmt.Sprintf("people[%d]", i), "a member already")
		}
	}
	if len(there)+len(people) > maxMembers {
		return tooMany()
	}
	return nil
}

// membersNow reads the memberships of a space that hold today, by their ids.
func (d *Directory) membersNow(ctx context.Context, tx *psync.Tx, space string) (map[string]Membership, error) {
	records, err := tx.List(ctx, Membership{}.kind())
	if err != nil {
		return nil, err
	}
	today := DateOf(tx.Now().In(d.Location(tx.Actor().School)))
	there := map[string]Membership{}
	for _, r := range records {
		var m Membership
		if err := json.Unmarshal(r.Value, &m); err != nil {
			return nil, fmt.Errorf("membership %s: %w", r.ID, err)
		}
		if m.Space == space && m.Holds(today) {
			there[r.ID] = m
		}
	}
	return there, nil
}

// EndMembership ends a membership on a day (empty: today, at once): that of
// anybody in a space that the actor leads, or the actor's own.
func (d *Directory) EndMembership(ctx context.Context, a psync.Actor, id string, on Date) error {
	if err := d.endsMembership(a, id); err != nil {
		return err
	}
	return closeLink(ctx, d, a, id, on, func(m *Membership, day Date) {
		if m.To == "" || day < m.To {
			m.To = max(day, m.From)
		}
	})
}

// SetLead makes a member of a space that the actor leads one of its leads, who
// must work in the school, or a member like any other. One lead remains.
func (d *Directory) SetLead(ctx context.Context, a psync.Actor, id string, lead bool) error {
	m, known := d.school(a.School).memberships[id]
	if !known {
		return psync.Refuse("not_found", "id", "no such membership")
	}
	if err := d.May(a, LeadSpace, Space{ID: m.Space}.Scope()); err != nil {
		return err
	}
	if s := d.school(a.School); lead && !s.works(m.Person, d.day(s)) {
		return psync.Refuse("invalid", "lead", "only who works in the school leads a space")
	}
	return d.commit(ctx, a, a.School, func(ctx context.Context, tx *psync.Tx) error {
		there, err := d.membersNow(ctx, tx, m.Space)
		if err != nil {
			return err
		}
		m, in := there[id]
		if !in {
			return psync.Refuse("not_found", "id", "no member any more")
		}
		if m.Lead = lead; !lead && !d.isLed(a.School, there, id) {
			return psync.Refuse("last_lead", "lead", "a space keeps a lead")
		}
		return d.write(ctx, tx, a.School, Put{id, m})
	})
}

// isLed says whether somebody leads a space beside one of its members.
func (d *Directory) isLed(school string, members map[string]Membership, but string) bool {
	s := d.school(school)
	for id, m := range members {
		if id != but && m.Lead && s.works(m.Person, d.day(s)) {
			return true
		}
	}
	return false
}

func (d *Directory) endsMembership(a psync.Actor, id string) error {
	m, known := d.school(a.School).memberships[id]
	if !known {
		return psync.Refuse("not_found", "id", "no such membership")
	}
	scope := Space{ID: m.Space}.Scope()
	if m.Person == a.User && d.May(a, LeaveSpace, scope) == nil {
		return nil
	}
	return d.May(a, LeadSpace, scope)
}

// members lists who is in a space on a day, by name.
func (s *snapshot) members(space string, day Date) []Member {
	var all []Member
	for _, m := range s.membersOf[space] {
		if s.spaces[space].Holds(day) && m.Holds(day) && s.present(m.Person, day) {
			all = append(all, Member{m, s.people[m.Person], s.works(m.Person, day)})
		}
	}
	slices.SortFunc(all, func(a, b Member) int {
		return cmp.Or(comparePeople(a.Person, b.Person), cmp.Compare(a.ID, b.ID))
	})
	return slices.CompactFunc(all, func(a, b Member) bool { return a.Person.ID == b.Person.ID })
}

// membership finds how a person is in a space on a day.
func (s *snapshot) membership(user, space string, day Date) (Membership, bool) {
	for _, m := range s.membershipsOf[user] {
		if m.Space == space && m.Holds(day) && s.spaces[space].Holds(day) && s.present(user, day) {
			return m, true
		}
	}
	return Membership{}, false
}

// spacesOf lists the spaces of a person on a day.
func (s *snapshot) spacesOf(user string, day Date) []Space {
	var all []Space
	for _, m := range s.membershipsOf[user] {
		if _, in := s.membership(user, m.Space, day); in {
			all = append(all, s.spaces[m.Space])
		}
	}
	slices.SortFunc(all, compareSpaces)
	return slices.CompactFunc(all, func(a, b Space) bool { return a.ID == b.ID })
}

func compareSpaces(a, b Space) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
}
