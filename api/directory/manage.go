package directory

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	psync "preau/sync"
)

// EnrollPupil puts a pupil in a class or group from a day (empty: today) and,
// if To is given, until one. A class takes the place of the pupil's class of
// that day, which ends; groups add up. It is for administrators; a refusal
// says which field is wrong and changes nothing.
func (d *Directory) EnrollPupil(ctx context.Context, a psync.Actor, e Enrollment) (id string, err error) {
	if e.From == "" {
		e.From = d.Today(a.School)
	}
	if err := d.checkEnrollment(a, e); err != nil {
		return "", err
	}
	e.ID, e.Source = newID(), ""
	err = d.commit(ctx, a, a.School, func(ctx context.Context, tx *psync.Tx) error {
		earlier, err := enrollmentsOf(ctx, tx, e.Student)
		if err != nil {
			return err
		}
		return d.write(ctx, tx, a.School, append(moved(earlier, e), Put{e.ID, e})...)
	})
	return e.ID, err
}

func (d *Directory) checkEnrollment(a psync.Actor, e Enrollment) error {
	if err := d.May(a, ManageDirectory, "school:"+a.School); err != nil {
		return err
	}
	s := d.school(a.School)
	class, known := s.audience(e.Audience)
	switch {
	case !s.people[e.Student].Pupil:
		return psync.Refuse("not_found", "student", "no such pupil")
	case !known || !class.Holds(e.From):
		return psync.Refuse("not_found", "audience", "no such class or group then")
	}
	return checkSpan(e.Span)
}

// enrollmentsOf reads the enrollments of a pupil within a commit.
func enrollmentsOf(ctx context.Context, tx *psync.Tx, student string) ([]Enrollment, error) {
	records, err := tx.List(ctx, Enrollment{}.kind())
	if err != nil {
		return nil, err
	}
	var all []Enrollment
	for _, r := range records {
		var e Enrollment
		if err := json.Unmarshal(r.Value, &e); err != nil {
			return nil, fmt.Errorf("enrollment %s: %w", r.ID, err)
		}
		if e.ID = r.ID; e.Student == student {
			all = append(all, e)
		}
	}
	return all, nil
}

// moved ends the enrollments that a new one takes the place of: those in a
// class when it is a class, those in the same group when it is a group.
func moved(earlier []Enrollment, e Enrollment) []Put {
	var puts []Put
	for _, old := range earlier {
		ends := old.To == "" || old.To > e.From
		begins := e.To == "" || old.From < e.To
		if ends && begins && replaces(e.Audience, old.Audience) {
			old.To = max(e.From, old.From)
			puts = append(puts, Put{old.ID, old})
		}
	}
	return puts
}

func replaces(audience, old string) bool {
	return audience == old || strings.HasPrefix(audience, "class:") && strings.HasPrefix(old, "class:")
}

// EndEnrollment ends an enrollment on a day (empty: today).
func (d *Directory) EndEnrollment(ctx context.Context, a psync.Actor, id string, on Date) error {
	return endLink(ctx, d, a, id, on, func(e *Enrollment, day Date) {
		e.To, e.Source = max(day, e.From), ""
	})
}

// AddGuardian links a guardian to a pupil from a day (empty: today). Both
// must be of the administrator's school.
func (d *Directory) AddGuardian(ctx context.Context, a psync.Actor, g Guardianship) (id string, err error) {
	if g.From == "" {
		g.From = d.Today(a.School)
	}
	if err := d.checkGuardianship(a, g); err != nil {
		return "", err
	}
	g.ID, g.Source = newID(), ""
	err = d.commit(ctx, a, a.School, func(ctx context.Context, tx *psync.Tx) error {
		return d.write(ctx, tx, a.School, Put{g.ID, g})
	})
	return g.ID, err
}

func (d *Directory) checkGuardianship(a psync.Actor, g Guardianship) error {
	if err := d.May(a, ManageDirectory, "school:"+a.School); err != nil {
		return err
	}
	s := d.school(a.School)
	adult, known := s.people[g.Guardian]
	switch {
	case !s.people[g.Student].Pupil:
		return psync.Refuse("not_found", "student", "no such pupil")
	case !known || adult.Pupil:
		return psync.Refuse("not_found", "guardian", "no such adult")
	case g.Level < 0 || g.Level > 2:
		return psync.Refuse("invalid", "level", "a level is 1, 2, or 0 for none")
	case g.Relation != "" && !slices.Contains(Relations, g.Relation):
		return psync.Refuse("invalid", "relation", "one of %v", Relations)
	}
	return checkSpan(g.Span)
}

// EndGuardian ends a guardianship on a day (empty: today, at once).
func (d *Directory) EndGuardian(ctx context.Context, a psync.Actor, id string, on Date) error {
	return endLink(ctx, d, a, id, on, func(g *Guardianship, day Date) {
		g.To, g.Source = max(day, g.From), ""
	})
}

// endLink dates the end of a link, which never moves before its beginning. The
// link is then the school's own: an import does not open it again.
func endLink[T Record](ctx context.Context, d *Directory, a psync.Actor, id string, on Date, end func(*T, Date)) error {
	if err := d.May(a, ManageDirectory, "school:"+a.School); err != nil {
		return err
	}
	return closeLink(ctx, d, a, id, on, end)
}

// closeLink is endLink for somebody whose right was looked at.
func closeLink[T Record](ctx context.Context, d *Directory, a psync.Actor, id string, on Date, end func(*T, Date)) error {
	if on == "" {
		on = d.Today(a.School)
	}
	if !on.Valid() {
		return psync.Refuse("invalid", "to", "not a day")
	}
	return d.commit(ctx, a, a.School, func(ctx context.Context, tx *psync.Tx) error {
		var link T
		seq, err := tx.Get(ctx, link.kind(), id, &link)
		if err != nil {
			return err
		}
		if seq == 0 {
			return psync.Refuse("not_found", "id", "no such %s", link.kind())
		}
		end(&link, on)
		return d.write(ctx, tx, a.School, Put{id, link})
	})
}

func checkSpan(s Span) error {
	switch {
	case !s.From.Valid():
		return psync.Refuse("invalid", "from", "not a day")
	case s.To != "" && !s.To.Valid():
		return psync.Refuse("invalid", "to", "not a day")
	case s.To != "" && s.To <= s.From:
		return psync.Refuse("invalid", "to", "ends before it begins")
	}
	return nil
}

func newID() string { return strings.ToLower(rand.Text()[:12]) }
