package grades

import (
	"context"

	"preau/api/attachment"
	"preau/api/directory"
	"preau/api/grades/average"
	psync "preau/sync"
)

type assessArgs struct {
	ID          string            `json:"id"`
	Title       string            `json:"title"`
	Date        directory.Date    `json:"date"`
	Period      string            `json:"period"`
	Type        string            `json:"type"`
	Coefficient average.Decimal   `json:"coefficient"`
	OutOf       average.Decimal   `json:"outOf"`
	Kind        string            `json:"kind"`
	Rescale     bool              `json:"rescale"`
	Aside       bool              `json:"aside"`
	Part        string            `json:"part"`
	About       string            `json:"about"`
	Papers      []attachment.File `json:"papers"`
	Corrections []attachment.File `json:"corrections"`
	Quiet       bool              `json:"quiet"`
}

// assess opens an assessment. Nobody but the teachers sees it until it is
// published. Opening the same one again changes nothing.
func (g *Gradebook) assess(ctx context.Context, tx *psync.Tx) error {
	var args assessArgs
	course, err := g.begin(tx, &args)
	if err != nil {
		return err
	}
	if err := psync.CheckID("id", args.ID); err != nil {
		return err
	}
	a, err := args.assessment(g.dir.Named(tx.Actor().User))
	if err != nil {
		return err
	}
	if err := g.checkFrame(ctx, tx, course, a); err != nil {
		return err
	}
	if there, err := known(ctx, tx, args.ID); there || err != nil {
		return err
	}
	if err := g.completeFiles(ctx, tx, &a); err != nil {
		return err
	}
	tx.Put("assessment", args.ID, a)
	showFiles(tx, args.ID, Assessment{}, a)
	return nil
}

// begin checks who acts, and reads what they want.
func (g *Gradebook) begin(tx *psync.Tx, args any) (directory.Course, error) {
	if err := g.dir.May(tx.Actor(), directory.Assess, tx.Scope()); err != nil {
		return directory.Course{}, err
	}
	if err := tx.Args(args); err != nil {
		return directory.Course{}, err
	}
	return g.course(tx)
}

func (a assessArgs) assessment(by directory.Named) (Assessment, error) {
	papers, err := attachment.Declared("papers", a.Papers, MaxFiles)
	if err != nil {
		return Assessment{}, err
	}
	corrections, err := attachment.Declared("corrections", a.Corrections, MaxFiles)
	if err != nil {
		return Assessment{}, err
	}
	o := Outline{
		Title: a.Title, Date: a.Date, Period: a.Period, Type: a.Type, Coefficient: a.Coefficient, OutOf: a.OutOf,
		Kind: a.Kind, Rescale: a.Rescale, Aside: a.Aside, Part: a.Part, About: a.About,
		Papers: papers, Corrections: corrections, Teacher: by,
	}
	return Assessment{Outline: o, Quiet: a.Quiet}, o.check()
}

// checkFrame refuses an assessment that its course or its period cannot take.
func (g *Gradebook) checkFrame(ctx context.Context, tx *psync.Tx, c directory.Course, a Assessment) error {
	if err := g.checkOpen(ctx, c, a.Period); err != nil {
		return err
	}
	service, err := serviceOf(ctx, tx)
	if err != nil {
		return err
	}
	return service.checkPart(a.Part)
}

// known says whether an assessment was opened already, canceled or not.
func known(ctx context.Context, tx *psync.Tx, id string) (bool, error) {
	for _, typ := range []string{"assessment", "canceled"} {
		seq, err := tx.Get(ctx, typ, id, nil)
		if seq > 0 || err != nil {
			return seq > 0, err
		}
	}
	return false, nil
}

// current reads an assessment of this course; field names the argument that
// holds its id. A canceled one is refused as such.
func current(ctx context.Context, tx *psync.Tx, field, id string) (a Assessment, seq int64, err error) {
	if err := psync.CheckID(field, id); err != nil {
		return a, 0, err
	}
	if seq, err = tx.Get(ctx, "assessment", id, &a); seq > 0 || err != nil {
		return a, seq, err
	}
	seq, err = tx.Get(ctx, "canceled", id, nil)
	if err == nil && seq > 0 {
		err = psync.Refuse("canceled", field, "the assessment was canceled")
	} else if err == nil {
		err = psync.Refuse("not_found", field, "no such assessment")
	}
	return a, 0, err
}

type amendArgs struct {
	ID          string             `json:"id"`
	Title       *string            `json:"title"`
	Date        *directory.Date    `json:"date"`
	Period      *string            `json:"period"`
	Type        *string            `json:"type"`
	Coefficient *average.Decimal   `json:"coefficient"`
	OutOf       *average.Decimal   `json:"outOf"`
	Kind        *string            `json:"kind"`
	Rescale     *bool              `json:"rescale"`
	Aside       *bool              `json:"aside"`
	Part        *string            `json:"part"`
	About       *string            `json:"about"`
	Papers      *[]attachment.File `json:"papers"`
	Corrections *[]attachment.File `json:"corrections"`
	Quiet       *bool              `json:"quiet"`
}

// amend changes some fields of an assessment. It is refused with "conflict"
// when somebody else changed it since the teacher saw it.
func (g *Gradebook) amend(ctx context.Context, tx *psync.Tx) error {
	var args amendArgs
	course, err := g.begin(tx, &args)
	if err != nil {
		return err
	}
	before, seq, err := current(ctx, tx, "id", args.ID)
	if err != nil {
		return err
	}
	if err := tx.CheckBase(seq, before); err != nil {
		return err
	}
	after, err := args.laidOver(before)
	if err != nil {
		return err
	}
	after.EditedAt = acted(tx)
	if err := g.checkAmended(ctx, tx, course, args.ID, before, after); err != nil {
		return err
	}
	if err := g.completeFiles(ctx, tx, &after); err != nil {
		return err
	}
	tx.Put("assessment", args.ID, after)
	showFiles(tx, args.ID, before, after)
	g.carryOn(tx, before)
	return nil
}

func (args amendArgs) laidOver(before Assessment) (Assessment, error) {
	after := before
	set(&after.Title, args.Title)
	set(&after.Date, args.Date)
	set(&after.Period, args.Period)
	set(&after.Type, args.Type)
	set(&after.Coefficient, args.Coefficient)
	set(&after.OutOf, args.OutOf)
	set(&after.Kind, args.Kind)
	set(&after.Rescale, args.Rescale)
	set(&after.Aside, args.Aside)
	set(&after.Part, args.Part)
	set(&after.About, args.About)
	set(&after.Quiet, args.Quiet)
	var err error
	if args.Papers != nil {
		if after.Papers, err = redeclared("papers", before.Papers, *args.Papers); err != nil {
			return after, err
		}
	}
	if args.Corrections != nil {
		if after.Corrections, err = redeclared("corrections", before.Corrections, *args.Corrections); err != nil {
			return after, err
		}
	}
	return after, after.check()
}

func set[T any](field *T, v *T) {
	if v != nil {
		*field = *v
	}
}

// checkAmended refuses a change that its periods, the one left and the one
// entered, or the marks that are there cannot take.
func (g *Gradebook) checkAmended(ctx context.Context, tx *psync.Tx, c directory.Course, id string, before, after Assessment) error {
	if err := g.checkOpen(ctx, c, before.Period); err != nil {
		return err
	}
	if err := g.checkFrame(ctx, tx, c, after); err != nil {
		return err
	}
	if after.OutOf >= before.OutOf {
		return nil
	}
	policy, err := g.PolicyOf(ctx, c.School)
	if err != nil {
		return err
	}
	recs, err := tx.List(ctx, "mark")
	if err != nil {
		return err
	}
	marks, err := load[Mark](recs, "mark")
	if err != nil {
		return err
	}
	for _, m := range marks {
		if m.Assessment == id && after.checkValue("outOf", m.Value, policy) != nil {
			return psync.Refuse("mark_too_high", "outOf", "a mark is above %s", after.OutOf)
		}
	}
	return nil
}

type assessmentArgs struct {
	ID string `json:"id"`
}

// cancel takes an assessment back, with its marks: nobody sees it any more,
// and it counts no more. It can be restored.
func (g *Gradebook) cancel(ctx context.Context, tx *psync.Tx) error {
	return g.move(ctx, tx, "assessment", "canceled")
}

// restore undoes cancel.
func (g *Gradebook) restore(ctx context.Context, tx *psync.Tx) error {
	return g.move(ctx, tx, "canceled", "assessment")
}

// move makes an assessment a record of another type. One that is there
// already is left alone.
func (g *Gradebook) move(ctx context.Context, tx *psync.Tx, from, to string) error {
	var args assessmentArgs
	course, err := g.begin(tx, &args)
	if err != nil {
		return err
	}
	if err := psync.CheckID("id", args.ID); err != nil {
		return err
	}
	var a Assessment
	seq, err := tx.Get(ctx, from, args.ID, &a)
	if err != nil {
		return err
	}
	if seq == 0 {
		if seq, err = tx.Get(ctx, to, args.ID, nil); seq > 0 || err != nil {
			return err
		}
		return psync.Refuse("not_found", "id", "no such assessment")
	}
	if err := g.checkOpen(ctx, course, a.Period); err != nil {
		return err
	}
	tx.Delete(from, args.ID)
	tx.Put(to, args.ID, a)
	g.carryOn(tx, a)
	return nil
}

// carryOn lets the readers of an assessment that is published, or was, have
// what changed. What is to be published later has its own date.
func (g *Gradebook) carryOn(tx *psync.Tx, a Assessment) {
	if !a.PublishAt.IsZero() {
		g.carryAll(tx)
	}
}
