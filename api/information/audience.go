package information

import (
	"fmt"
	"slices"
	"strings"

	"preau/api/directory"
	psync "preau/sync"
)

// Target is a part of the school, and who of it: "school", "level:5e",
// "class:C" or "group:G".
type Target struct {
	Of    string   `json:"of"`
	Roles []string `json:"roles"`
}

// The roles of a target. Teachers of a class are those who teach it; staff
// are those of the whole school who do not teach.
const (
	Students  = "students"
	Guardians = "guardians"
	Teachers  = "teachers"
	Staff     = "staff"
)

const (
	wholeSchool = "school"
	levelPrefix = "level:"
	maxTarget   = 100 // bytes
)

// checkTargets refuses targets that say nothing, or something twice.
func checkTargets(all []Target) error {
	if len(all) == 0 {
		return invalid("audience", "somebody must read it")
	}
	if len(all) > maxTargets {
		return psync.Refuse("too_large", "audience", "at most %d", maxTargets)
	}
	for i, t := range all {
		field := fmt.Sprintf("audience[%d]", i)
		if err := psync.CheckText(field+".of", t.Of, maxTarget); err != nil {
			return err
		}
		if slices.ContainsFunc(all[:i], func(o Target) bool { return o.Of == t.Of }) {
			return invalid(field+".of", "named twice")
		}
		if err := t.checkRoles(field + ".roles"); err != nil {
			return err
		}
	}
	return nil
}

func (t Target) checkRoles(field string) error {
	if len(t.Roles) == 0 {
		return invalid(field, "somebody must read it")
	}
	for i, r := range t.Roles {
		if err := psync.OneOf(fmt.Sprintf("%s[%d]", field, i), r, Students, Guardians, Teachers, Staff); err != nil {
			return err
		}
		if slices.Contains(t.Roles[:i], r) || r == Staff && t.Of != wholeSchool {
			return invalid(fmt.Sprintf("%s[%d]", field, i), "a role that is there, once")
		}
	}
	return nil
}

// mayReach refuses targets that an author may not inform: who teaches a class
// informs its pupils and their guardians, the office everybody.
func (s *Service) mayReach(a psync.Actor, all []Target) error {
	for i, t := range all {
		if s.reaches(a, t) {
			continue
		}
		return psync.Refuse("recipient_not_allowed", fmt.Sprintf("audience[%d]", i), "%s may not inform %.100s", a.User, t.Of)
	}
	return nil
}

func (s *Service) reaches(a psync.Actor, t Target) bool {
	colleagues := slices.Contains(t.Roles, Teachers) || slices.Contains(t.Roles, Staff)
	whole := s.dir.May(a, directory.InformSchool, "school:"+a.School) == nil
	switch kind, _, _ := strings.Cut(t.Of, ":"); {
	case t.Of == wholeSchool:
		return whole
	case kind == "level":
		return whole && len(s.classes(a.School, t)) > 0
	case colleagues && !whole:
		return false
	case kind == directory.KindGroup:
		return s.dir.May(a, directory.InformGroup, t.Of) == nil
	case strings.Contains(t.Of, "/"): // a team is informed by its agenda, or by mail
		return false
	default:
		return s.dir.May(a, directory.InformClass, t.Of) == nil
	}
}

// classes lists the classes, or the group, that a target names.
func (s *Service) classes(school string, t Target) (scopes []string) {
	for _, c := range s.dir.Classes(school) {
		level := c.Kind == directory.KindClass && c.Level != "" && levelPrefix+c.Level == t.Of
		if level || c.Scope() == t.Of {
			scopes = append(scopes, c.Scope())
		}
	}
	return scopes
}

// Reader is somebody whom an information is for; the children are those
// because of whom, of a guardian.
type Reader struct {
	ID       string            `json:"id"`
	Name     string            `json:"name"`
	Detail   string            `json:"detail,omitempty"` // class of a pupil
	Children []directory.Named `json:"children,omitempty"`
	// Acknowledged is when they said that they know, "2026-11-24T08:00:00Z".
	Acknowledged string `json:"acknowledged,omitempty"`
}

// readers lists whom an information is for today, each once; never its author.
func (s *Service) readers(b Broadcast) []Reader {
	g := gathering{index: map[string]int{b.By.ID: -1}}
	for _, t := range b.Audience {
		for _, role := range t.Roles {
			s.gather(&g, b.School, t, role)
		}
	}
	return g.all
}

func (s *Service) gather(g *gathering, school string, t Target, role string) {
	switch role {
	case Students:
		for _, id := range s.pupils(school, t) {
			class, _ := s.dir.ClassOf(id)
			g.add(Reader{ID: id, Name: s.dir.Display(id), Detail: class.Name})
		}
	case Guardians:
		for _, id := range s.pupils(school, t) {
			child := s.dir.Named(id)
			for _, guardian := range s.dir.Guardians(id) {
				g.add(Reader{ID: guardian, Name: s.dir.Display(guardian), Children: []directory.Named{child}})
			}
		}
	case Teachers:
		for _, id := range s.teachers(school, t) {
			g.add(Reader{ID: id, Name: s.dir.Display(id)})
		}
	case Staff:
		for _, post := range []directory.Role{directory.RoleStaff, directory.RoleDirection, directory.RoleAdmin} {
			for _, id := range s.dir.Holding(school, post) {
				g.add(Reader{ID: id, Name: s.dir.Display(id)})
			}
		}
	}
}

func (s *Service) pupils(school string, t Target) (ids []string) {
	if t.Of == wholeSchool {
		return slices.DeleteFunc(s.dir.People(school), func(id string) bool {
			p, _ := s.dir.Person(id)
			return !p.Pupil
		})
	}
	for _, scope := range s.classes(school, t) {
		ids = append(ids, s.dir.Pupils(scope)...)
	}
	return ids
}

func (s *Service) teachers(school string, t Target) (ids []string) {
	if t.Of == wholeSchool {
		return s.dir.Holding(school, directory.RoleTeacher)
	}
	for _, scope := range s.classes(school, t) {
		for _, course := range s.dir.CoursesOf(scope) {
			ids = append(ids, course.Teachers...)
		}
	}
	return ids
}

// gathering is readers, each once, with all children because of whom.
type gathering struct {
	all   []Reader
	index map[string]int // -1: left out
}

func (g *gathering) add(r Reader) {
	i, known := g.index[r.ID]
	if !known {
		g.index[r.ID] = len(g.all)
		g.all = append(g.all, r)
		return
	}
	for _, child := range r.Children {
		if i >= 0 && !slices.Contains(g.all[i].Children, child) {
			g.all[i].Children = append(g.all[i].Children, child)
		}
	}
}
