package grades

import (
	"context"
	"fmt"
	"slices"
	"time"

	"preau/api/directory"
	"preau/api/grades/average"
	psync "preau/sync"
)

// Cell is a value for one pupil, in place of what the teacher saw there.
type Cell struct {
	Student string        `json:"student"`
	Value   average.Value `json:"value"`
	Was     average.Value `json:"was"`
}

type enterArgs struct {
	Assessment string `json:"assessment"`
	Cells      []Cell `json:"cells"`
}

// enter writes marks. A cell replaces what its teacher saw there; where another
// teacher wrote something else in the meantime, both values are kept and the
// answer names the pupil. The other cells are written all the same.
func (g *Gradebook) enter(ctx context.Context, tx *psync.Tx) error {
	var args enterArgs
	course, err := g.begin(tx, &args)
	if err != nil {
		return err
	}
	a, _, err := current(ctx, tx, "assessment", args.Assessment)
	if err != nil {
		return err
	}
	p, err := g.writable(ctx, course, a)
	if err != nil {
		return err
	}
	w := &writer{Gradebook: g, tx: tx, id: args.Assessment, assessment: a, policy: p, pupils: g.dir.Pupils(course.Audience)}
	if err := w.check(ctx, args.Cells); err != nil {
		return err
	}
	for _, c := range args.Cells {
		if err := w.write(ctx, c); err != nil {
			return err
		}
	}
	if w.changed {
		g.carryOn(tx, a)
	}
	tx.Answer(map[string][]string{"rivals": w.rivals})
	return nil
}

// writable refuses to write in a closed period.
func (g *Gradebook) writable(ctx context.Context, c directory.Course, a Assessment) (Policy, error) {
	if err := g.checkOpen(ctx, c, a.Period); err != nil {
		return Policy{}, err
	}
	return g.PolicyOf(ctx, c.School)
}

// writer writes the marks of one assessment.
type writer struct {
	*Gradebook
	tx         *psync.Tx
	id         string
	assessment Assessment
	policy     Policy
	pupils     []string

	changed bool
	rivals  []string
}

// check refuses all cells when one of them is wrong.
func (w *writer) check(ctx context.Context, cells []Cell) error {
	if len(cells) == 0 || len(cells) > MaxCells {
		return invalid("cells", "1 to %d", MaxCells)
	}
	seen := map[string]bool{}
	for i, c := range cells {
		at := fmt.Sprintf("cells[%d]", i)
		if seen[c.Student] {
			return invalid(at+".student", "named twice")
		}
		seen[c.Student] = true
		if err := w.checkPupil(ctx, at+".student", c.Student); err != nil {
			return err
		}
		if err := w.assessment.checkValue(at+".value", c.Value, w.policy); err != nil {
			return err
		}
		if !c.Was.Valid() {
			return invalid(at+".was", "a number, a code or nothing")
		}
	}
	return nil
}

// checkPupil refuses who is not of the course, unless they have a mark: a
// pupil may have left since.
func (w *writer) checkPupil(ctx context.Context, field, student string) error {
	if slices.Contains(w.pupils, student) {
		return nil
	}
	if len(student) > maxID {
		return psync.Refuse("not_found", field, "nobody")
	}
	seq, err := w.tx.Get(ctx, "mark", pair(w.id, student), nil)
	if err == nil && seq == 0 {
		err = psync.Refuse("not_found", field, "not a pupil of this course")
	}
	return err
}

// write merges one cell: it goes where its teacher saw what is there, and
// beside it where not.
func (w *writer) write(ctx context.Context, c Cell) error {
	var before Mark
	if _, err := w.tx.Get(ctx, "mark", pair(w.id, c.Student), &before); err != nil {
		return err
	}
	after := before
	after.Assessment, after.Student = w.id, c.Student
	switch {
	case c.Value == before.Value && (c.Was != before.Value || len(before.Rivals) == 0):
		return nil // two teachers agree
	case c.Was == before.Value:
		after.Value, after.At, after.By, after.Rivals = c.Value, acted(w.tx), w.dir.Named(w.tx.Actor().User), nil
		after.ChangedAt = w.changedAt(before, c.Value)
	default:
		w.rivals = append(w.rivals, c.Student)
		after.Rivals = w.beside(before.Rivals, c.Value)
	}
	w.changed = w.changed || after.Value != before.Value
	w.tx.Put("mark", pair(w.id, c.Student), after)
	return nil
}

// maxRivals bounds what is kept beside a mark; older ones go first.
const maxRivals = 4

// beside adds a value to those that nobody chose among yet.
func (w *writer) beside(rivals []Rival, v average.Value) []Rival {
	kept := slices.DeleteFunc(slices.Clone(rivals), func(r Rival) bool { return r.Value == v })
	kept = append(kept, Rival{v, acted(w.tx), w.dir.Named(w.tx.Actor().User)})
	return kept[max(0, len(kept)-maxRivals):]
}

// changedAt is when a mark that its pupil could see was changed. Within the
// time for corrections, of the publication or of the mark, it was a slip.
func (w *writer) changedAt(before Mark, v average.Value) time.Time {
	published, now := w.assessment.PublishAt, w.tx.Now()
	slip := time.Duration(w.policy.Window) * time.Minute
	switch {
	case before.Value == v || before.Value == "":
		return before.ChangedAt
	case published.IsZero() || now.Before(published.Add(slip)) || now.Before(before.At.Add(slip)):
		return before.ChangedAt
	}
	return now.UTC().Truncate(time.Millisecond)
}

type commentArgs struct {
	Assessment string `json:"assessment"`
	Student    string `json:"student"`
	Comment    string `json:"comment"`
}

// comment says something about one mark. It is refused with "conflict" when
// somebody else changed the mark since the teacher saw it.
func (g *Gradebook) comment(ctx context.Context, tx *psync.Tx) error {
	var args commentArgs
	course, err := g.begin(tx, &args)
	if err != nil {
		return err
	}
	a, _, err := current(ctx, tx, "assessment", args.Assessment)
	if err != nil {
		return err
	}
	if _, err := g.writable(ctx, course, a); err != nil {
		return err
	}
	w := &writer{Gradebook: g, tx: tx, id: args.Assessment, pupils: g.dir.Pupils(course.Audience)}
	if err := w.checkPupil(ctx, "student", args.Student); err != nil {
		return err
	}
	if err := psync.CheckText("comment", args.Comment, MaxComment); err != nil {
		return err
	}
	m := Mark{Assessment: args.Assessment, Student: args.Student, At: acted(tx), By: g.dir.Named(tx.Actor().User)}
	seq, err := tx.Get(ctx, "mark", pair(m.Assessment, m.Student), &m)
	if err != nil {
		return err
	}
	if err := tx.CheckBase(seq, m); err != nil {
		return err
	}
	m.Comment = args.Comment
	tx.PutIfChanged("mark", pair(m.Assessment, m.Student), m)
	g.carryOn(tx, a)
	return nil
}
