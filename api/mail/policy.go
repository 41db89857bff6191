package mail

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"preau/api/directory"
	"preau/storage"
	psync "preau/sync"
)

// Policy is what a school decides about its messaging. What is not here is the
// same everywhere: a pupil writes to their own guardians and back, those who
// work in the school write to each other, and vie scolaire and direction to
// everybody.
type Policy struct {
	StudentToTeacher  bool `json:"studentToTeacher"`  // their own
	StudentToStudent  bool `json:"studentToStudent"`  // with whom they have lessons
	StudentToStaff    bool `json:"studentToStaff"`    // vie scolaire and direction
	GuardianToTeacher bool `json:"guardianToTeacher"` // those of their children
	GuardianToStaff   bool `json:"guardianToStaff"`
	TeacherToStudent  bool `json:"teacherToStudent"` // of their classes
	TeacherToGuardian bool `json:"teacherToGuardian"`
	// Most is how many people and groups one message may have.
	Most int `json:"most"`
	// Frozen lets nobody send anything but vie scolaire and direction.
	Frozen bool `json:"frozen,omitempty"`
	Brakes
	Delays
	Retention
	External
	// HideLatest lists the roles whose home screen shows no messages.
	HideLatest []directory.Role `json:"hideLatest,omitempty"`
}

// DefaultPolicy is that of a school which decided nothing.
func DefaultPolicy() Policy {
	return Policy{
		StudentToTeacher: true, StudentToStudent: true, GuardianToTeacher: true, GuardianToStaff: true,
		TeacherToStudent: true, TeacherToGuardian: true, Most: MaxRecipients,
		Brakes: defaultBrakes(), Delays: defaultDelays(), Retention: defaultRetention(),
	}
}

// MaxRecipients is how many people and groups a message may have at most.
const MaxRecipients = 200

// setPolicy replaces the rules of a school.
func (s *Service) setPolicy(_ context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.RuleMail, tx.Scope()); err != nil {
		return err
	}
	p := Policy{Brakes: defaultBrakes(), Delays: defaultDelays(), Retention: defaultRetention()} // they hold unless others are chosen
	if err := tx.Args(&p); err != nil {
		return err
	}
	if err := p.check(); err != nil {
		return err
	}
	if s.outside == nil && len(p.External.External) > 0 {
		return psync.Refuse("unavailable", "external", "this server has no way out, no way in, or no virus scanner")
	}
	tx.PutIfChanged("mail", "mail", p)
	tx.Effect(effectLists, struct{}{})
	return nil
}

func (p Policy) check() error {
	if p.Most < 1 || p.Most > MaxRecipients {
		return psync.Refuse("invalid", "most", "1 to %d", MaxRecipients)
	}
	for i, role := range p.HideLatest {
		if !slices.Contains(directory.AllRoles, role) || slices.Contains(p.HideLatest[:i], role) {
			return psync.Refuse("invalid", fmt.Sprintf("hideLatest[%d]", i), "a role, once")
		}
	}
	if err := p.Delays.check(); err != nil {
		return err
	}
	if err := p.Brakes.check(); err != nil {
		return err
	}
	if err := p.External.check(); err != nil {
		return err
	}
	return p.Retention.check()
}

// policy reads the rules of a school.
func (s *Service) policy(ctx context.Context, school string) (Policy, error) {
	p := DefaultPolicy()
	recs, err := s.engine.Find(ctx, "school:"+school, storage.Key{Type: "mail", ID: "mail"})
	if err == nil && len(recs) > 0 {
		err = json.Unmarshal(recs[0].Value, &p)
	}
	if err != nil {
		return p, fmt.Errorf("rules of messaging of %s: %w", school, err)
	}
	return p, nil
}

// bookOf is the lists of a person, in whichever school.
func (s *Service) bookOf(ctx context.Context, user string) (book, error) {
	school := s.dir.SchoolOf(user)
	p, err := s.policy(ctx, school)
	if err != nil {
		return nil, err
	}
	return s.census(school, p).book(user), nil
}

// frozen is the code of the refusal while nobody may write.
const frozen = "frozen"

// sender is somebody who is about to send: the lists they may write to.
type sender struct {
	user    string
	book    book
	most    int
	brakes  Brakes
	delays  Delays
	outside func(user string) bool // who may write to people outside
	svc     *Service
}

// sender refuses whoever may send nothing now.
func (s *Service) sender(ctx context.Context, a psync.Actor) (*sender, error) {
	p, err := s.policy(ctx, a.School)
	if err != nil {
		return nil, err
	}
	if p.Frozen && !isAny(s.dir, a.User, directory.RoleStaff, directory.RoleDirection) {
		return nil, psync.Refuse(frozen, "", "messaging is closed for now")
	}
	return &sender{a.User, s.census(a.School, p).book(a.User), p.Most, p.Brakes, p.Delays, s.reachOutside(p.External), s}, nil
}

// isAny says whether a person has one of the roles.
func isAny(dir Directory, user string, roles ...directory.Role) bool {
	return slices.ContainsFunc(dir.Roles(user), func(r directory.Role) bool { return slices.Contains(roles, r) })
}

// works says whether a person works in the school.
func (s *Service) works(user string) bool {
	return isAny(s.dir, user, directory.RoleTeacher, directory.RoleStaff, directory.RoleDirection, directory.RoleAdmin)
}

// resolve finds whom keys stand for, and refuses the first that may not be
// written to.
func (f *sender) resolve(field string, keys []string, name func(address string) string) (to []Addressee, people []string, err error) {
	to = []Addressee{} // devices look into it, whatever is in Cc
	for i, key := range keys {
		if strings.HasPrefix(key, outsideKey) {
			a, err := f.outwards(fmt.Sprintf("%s[%d]", field, i), key, name)
			if err != nil {
				return nil, nil, err
			}
			to = append(to, a)
			continue
		}
		if user, one := strings.CutPrefix(key, "user:"); one && f.book.reaches(user) {
			to = append(to, Addressee{Key: key, Name: f.svc.dir.Display(user)})
			people = append(people, user)
			continue
		}
		l, known := f.book[key]
		if !known || !l.Group {
			return nil, nil, psync.Refuse("recipient_not_allowed", fmt.Sprintf("%s[%d]", field, i), "%.100q may not be written to", key)
		}
		to = append(to, Addressee{key, l.Title, len(l.People)})
		for _, m := range l.People {
			people = append(people, m.ID)
		}
	}
	return to, people, nil
}
