package directory

import (
	"hash/fnv"
	"slices"
	"time"

	psync "preau/sync"
)

// grantSet is what a person reads during one day of the school.
type grantSet struct {
	grants      []psync.Grant
	version     uint64
	from, until time.Time
}

func (g *grantSet) holds(now time.Time) bool {
	return !now.Before(g.from) && now.Before(g.until)
}

// Grants lists the scopes that a person reads now, most urgent first: their
// own, those of the pupil they are or look after, classes and groups,
// courses, spaces, what the office reads, the school, and on demand the councils of
// classes and, for the office, every pupil. A stranger, a person of another
// school and one who left read nothing. The version is a fingerprint of the
// list. The slice is shared: do not modify it.
func (d *Directory) Grants(a psync.Actor) ([]psync.Grant, uint64) {
	s := d.school(a.School)
	now := d.now()
	if kept, ok := s.granted.Load(a.User); ok && kept.(*grantSet).holds(now) {
		set := kept.(*grantSet)
		return set.grants, set.version
	}
	if _, ok := s.people[a.User]; !ok {
		return nil, 0
	}
	set := s.grantsDuring(a.User, now)
	s.granted.Store(a.User, set)
	return set.grants, set.version
}

// Reads says whether a person may read a scope now.
func (d *Directory) Reads(a psync.Actor, scope string) bool {
	grants, _ := d.Grants(a)
	return slices.ContainsFunc(grants, func(g psync.Grant) bool { return g.Scope == scope })
}

func (s *snapshot) grantsDuring(user string, now time.Time) *grantSet {
	day := DateOf(now.In(s.zone()))
	grants := s.grants(user, day)
	return &grantSet{
		grants:  grants,
		version: fingerprint(grants),
		from:    day.start(s.zone()),
		until:   day.AddDays(1).start(s.zone()),
	}
}

// grants is the table of architecture: who reads which scope on a day.
func (s *snapshot) grants(user string, day Date) []psync.Grant {
	if !s.present(user, day) {
		return nil
	}
	p := s.people[user]
	l := &grantList{seen: map[string]bool{}}
	l.add("user:"+user, p.Name())
	if p.Pupil {
		l.add("student:"+user, p.Name())
	}
	for _, child := range s.children(user, day) {
		l.add("student:"+child, s.people[child].Name())
	}
	taught := s.taughtBy(user, day)
	for _, c := range s.audiencesRead(user, taught, day) {
		l.add(c.Scope(), c.Name)
	}
	for _, c := range taught {
		l.add("course:"+c.ID, c.Title())
	}
	for _, space := range s.spacesOf(user, day) {
		l.add(space.Scope(), space.Name)
	}
	s.addStaffScopes(l, user, taught, day)
	l.add("school:"+s.id, s.info.Name)
	s.addCouncils(l, user, taught, day)
	s.addPupils(l, user, day)
	return l.grants
}

// audiencesRead lists the classes and groups that a person reads: a pupil's
// own, a guardian's children's, a teacher's, all of them for vie scolaire and
// direction.
func (s *snapshot) audiencesRead(user string, taught []Course, day Date) []Class {
	if s.holds(user, day, RoleStaff, RoleDirection) {
		return s.currentClasses(day)
	}
	var all []Class
	if s.people[user].Pupil {
		all = append(all, s.audiencesOf(user, day)...)
	}
	for _, child := range s.followed(user, day) {
		all = append(all, s.audiencesOf(child, day)...)
	}
	for _, c := range taught {
		if class := s.classes[c.Audience]; class.Holds(day) {
			all = append(all, class)
		}
	}
	return all
}

// addStaffScopes adds what teams and the office read.
func (s *snapshot) addStaffScopes(l *grantList, user string, taught []Course, day Date) {
	office := s.holds(user, day, RoleStaff, RoleDirection)
	for _, c := range s.currentClasses(day) {
		teaches := slices.ContainsFunc(taught, func(t Course) bool { return t.Audience == c.Scope() })
		if c.Kind == KindClass && (office || teaches) {
			l.add(c.Scope()+"/staff", c.Name)
		}
	}
	if office {
		l.add("office:"+s.id, s.info.Name)
		l.add("timetable:"+s.id, s.info.Name)
	}
}

// addCouncils lets the teachers of a class, its main teachers and the office
// open what its council reads: each needs a few classes, a few weeks a year.
func (s *snapshot) addCouncils(l *grantList, user string, taught []Course, day Date) {
	office := s.holds(user, day, RoleStaff, RoleDirection)
	for _, c := range s.currentClasses(day) {
		teaches := slices.ContainsFunc(taught, func(t Course) bool { return t.Audience == c.Scope() })
		if c.Kind == KindClass && (office || teaches || s.leads(user, c.ID, day)) {
			l.open("council:"+c.ID, c.Name)
		}
	}
}

// addPupils lets vie scolaire and direction open any pupil: they look at a
// few, and following hundreds would cost them kilobytes at each pull.
func (s *snapshot) addPupils(l *grantList, user string, day Date) {
	if !s.holds(user, day, RoleStaff, RoleDirection) {
		return
	}
	for _, student := range s.allPupils(day) {
		l.open("student:"+student, s.people[student].Name())
	}
}

// allPupils lists the pupils of the school on a day, by name.
func (s *snapshot) allPupils(day Date) []string {
	var ids []string
	for id, p := range s.people {
		if p.Pupil && p.Holds(day) {
			ids = append(ids, id)
		}
	}
	return s.byName(ids)
}

// grantList gathers grants in order, each scope once.
type grantList struct {
	grants []psync.Grant
	seen   map[string]bool
}

func (l *grantList) add(scope, title string) {
	l.grant(psync.Grant{Scope: scope, Title: title})
}

// open adds a scope on demand. These come last.
func (l *grantList) open(scope, title string) {
	l.grant(psync.Grant{Scope: scope, Title: title, OnDemand: true})
}

func (l *grantList) grant(g psync.Grant) {
	if !l.seen[g.Scope] {
		l.seen[g.Scope] = true
		l.grants = append(l.grants, g)
	}
}

func fingerprint(grants []psync.Grant) uint64 {
	h := fnv.New64a()
	for _, g := range grants {
		end := "\x00"
		if g.OnDemand {
			end = "\x01"
		}
		_, _ = h.Write([]byte(g.Scope + "\x00" + g.Title + end)) // never fails
	}
	return h.Sum64()
}
