package skills

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"preau/api/directory"
	psync "preau/sync"
)

// Cell is a value for one competence of one pupil, in place of what the
// teacher saw there.
type Cell struct {
	Student string `json:"student"`
	Skill   string `json:"skill"`
	Value   string `json:"value"`
	Was     string `json:"was"`
}

type enterArgs struct {
	Evaluation string `json:"evaluation"`
	Cells      []Cell `json:"cells"`
}

// enter writes levels. A cell replaces what its teacher saw there; where
// another teacher wrote something else in the meantime, both values are kept
// and the answer names the pupil. The other cells are written all the same.
func (s *Service) enter(ctx context.Context, tx *psync.Tx) error {
	var args enterArgs
	w, err := s.write(ctx, tx, &args, &args.Evaluation)
	if err != nil {
		return err
	}
	if err := w.check(ctx, args.Cells); err != nil {
		return err
	}
	for _, student := range w.order {
		w.put(student)
	}
	if w.changed {
		carryOn(tx, w.evaluation)
	}
	tx.Answer(map[string][]string{"rivals": w.rivals})
	return nil
}

// writer writes what pupils showed in one evaluation.
type writer struct {
	*Service
	tx         *psync.Tx
	id         string
	evaluation Evaluation
	framework  Framework
	pupils     []string
	slip       time.Duration

	before  map[string]Mastery // of those who are written of
	cells   map[string][]Cell
	order   []string
	changed bool
	rivals  []string
}

// write begins to write; which is where the arguments hold the evaluation. A
// closed period refuses it.
func (s *Service) write(ctx context.Context, tx *psync.Tx, args any, which *string) (*writer, error) {
	course, err := s.begin(tx, args)
	if err != nil {
		return nil, err
	}
	e, _, err := current(ctx, tx, "evaluation", *which)
	if err != nil {
		return nil, err
	}
	if err := s.marks.CheckLevelsOpen(ctx, course, e.Period); err != nil {
		return nil, err
	}
	policy, err := s.marks.PolicyOf(ctx, course.School)
	if err != nil {
		return nil, err
	}
	f, err := s.frameworkFor(ctx, tx, course.School)
	return &writer{
		Service: s, tx: tx, id: *which, evaluation: e, framework: f, pupils: s.dir.Pupils(course.Audience),
		slip: time.Duration(policy.Window) * time.Minute, before: map[string]Mastery{}, cells: map[string][]Cell{},
	}, err
}

// check refuses all cells when one of them is wrong.
func (w *writer) check(ctx context.Context, cells []Cell) error {
	if len(cells) == 0 || len(cells) > MaxCells {
		return invalid("cells", "1 to %d", MaxCells)
	}
	for i, c := range cells {
		at := fmt.Sprintf("cells[%d]", i)
		if err := w.read(ctx, at+".student", c.Student); err != nil {
			return err
		}
		if err := w.checkCell(at, c); err != nil {
			return err
		}
		w.cells[c.Student] = append(w.cells[c.Student], c)
	}
	return nil
}

func (w *writer) checkCell(at string, c Cell) error {
	before := w.before[c.Student]
	looked := slices.ContainsFunc(w.evaluation.Items, func(i Item) bool { return i.Skill == c.Skill })
	switch {
	case !looked:
		return psync.Refuse("not_found", at+".skill", "not of this evaluation")
	case slices.ContainsFunc(w.cells[c.Student], func(o Cell) bool { return o.Skill == c.Skill }):
		return invalid(at, "named twice")
	case len(c.Was) > maxID:
		return invalid(at+".was", "a level, a code or nothing")
	}
	held := before.Values[c.Skill]
	if slices.ContainsFunc(before.Rivals[c.Skill], func(r Rival) bool { return r.Value == c.Value }) {
		held = c.Value
	}
	return w.framework.checkValue(at+".value", c.Value, held)
}

// read gets what a pupil showed so far. It refuses who is not of the course,
// unless something is written of them: a pupil may have left since.
func (w *writer) read(ctx context.Context, field, student string) error {
	if _, done := w.before[student]; done {
		return nil
	}
	ours := slices.Contains(w.pupils, student)
	if !ours && (student == "" || len(student) > maxID) {
		return psync.Refuse("not_found", field, "nobody")
	}
	a := Mastery{Evaluation: w.id, Student: student}
	seq, err := w.tx.Get(ctx, "mastery", pair(w.id, student), &a)
	if err != nil {
		return err
	}
	if seq == 0 && !ours {
		return psync.Refuse("not_found", field, "not a pupil of this course")
	}
	w.before[student], w.order = a, append(w.order, student)
	return nil
}

// put writes all cells of one pupil.
func (w *writer) put(student string) {
	before := w.before[student]
	after, rivals := merge(before, w.cells[student], w.evaluation.Teacher, w.dir.Named(w.tx.Actor().User))
	if rivals {
		w.rivals = append(w.rivals, student)
	}
	if !maps.Equal(before.Values, after.Values) {
		w.changed = true
		after.At, after.ChangedAt = acted(w.tx), w.changedAt(before, after)
	}
	w.tx.PutIfChanged("mastery", pair(w.id, student), after)
}

// maxRivals bounds what is kept beside a value; older ones go first.
const maxRivals = 4

// merge lays the cells of somebody over what a pupil showed: a value goes
// where its author saw what is there, and beside it where not. It says whether
// one went beside.
func merge(before Mastery, cells []Cell, teacher, by directory.Named) (after Mastery, beside bool) {
	after = before
	after.Values, after.Hands, after.Rivals = clone(before.Values), clone(before.Hands), clone(before.Rivals)
	for _, c := range cells {
		held, rivals := before.Values[c.Skill], before.Rivals[c.Skill]
		switch {
		case c.Value == held && (c.Was != held || len(rivals) == 0): // two teachers agree
		case c.Was == held:
			after.set(c, teacher, by)
		default:
			beside = true
			after.Rivals[c.Skill] = others(rivals, c.Value, by)
		}
	}
	return after, beside
}

// clone is a map that can be written to.
func clone[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return maps.Clone(m)
}

// set writes a value, and who wrote it.
func (a *Mastery) set(c Cell, teacher, by directory.Named) {
	a.Values[c.Skill], a.Hands[c.Skill] = c.Value, by
	if c.Value == "" {
		delete(a.Values, c.Skill)
	}
	if c.Value == "" || by.ID == teacher.ID {
		delete(a.Hands, c.Skill)
	}
	delete(a.Rivals, c.Skill)
}

func others(rivals []Rival, value string, by directory.Named) []Rival {
	kept := slices.DeleteFunc(slices.Clone(rivals), func(r Rival) bool { return r.Value == value })
	kept = append(kept, Rival{value, by})
	return kept[max(0, len(kept)-maxRivals):]
}

// changedAt is when a level that its pupil could see was changed. Within the
// time for corrections, of the publication or of the level, it was a slip; and
// a level that was missing is no change.
func (w *writer) changedAt(before, after Mastery) time.Time {
	published, now := w.evaluation.PublishAt, w.tx.Now()
	changed := false
	for skill, value := range before.Values {
		changed = changed || after.Values[skill] != value
	}
	if !changed || published.IsZero() || now.Before(published.Add(w.slip)) || now.Before(before.At.Add(w.slip)) {
		return before.ChangedAt
	}
	return now.UTC().Truncate(time.Millisecond)
}

type commentArgs struct {
	Evaluation string `json:"evaluation"`
	Student    string `json:"student"`
	Comment    string `json:"comment"`
}

// comment says something about what one pupil showed. It is refused with
// "conflict" when somebody else changed that since the teacher saw it.
func (s *Service) comment(ctx context.Context, tx *psync.Tx) error {
	var args commentArgs
	w, err := s.write(ctx, tx, &args, &args.Evaluation)
	if err != nil {
		return err
	}
	if err := w.read(ctx, "student", args.Student); err != nil {
		return err
	}
	if err := psync.CheckText("comment", args.Comment, MaxComment); err != nil {
		return err
	}
	a := w.before[args.Student]
	seq, err := tx.Get(ctx, "mastery", pair(args.Evaluation, args.Student), nil)
	if err != nil {
		return err
	}
	if err := tx.CheckBase(seq, a); err != nil {
		return err
	}
	if a.Comment == args.Comment {
		return nil
	}
	a.Comment, a.Values = args.Comment, clone(a.Values)
	if a.At.IsZero() {
		a.At = acted(tx)
	}
	tx.Put("mastery", pair(args.Evaluation, args.Student), a)
	carryOn(tx, w.evaluation)
	return nil
}
