package reportcard

import (
	"context"
	"maps"
	"slices"

	"preau/api/attendance"
	"preau/api/directory"
	"preau/api/grades"
	"preau/api/grades/average"
	"preau/storage"
	psync "preau/sync"
)

// Column is a course as a council sees it. Shown are the figures that families
// see.
type Column struct {
	Period      string            `json:"period"`
	Course      string            `json:"course"`
	Subject     string            `json:"subject"`
	Name        string            `json:"name"`
	Teachers    []directory.Named `json:"teachers"`
	Coefficient average.Decimal   `json:"coefficient"`
	Figures     *grades.Figures   `json:"figures,omitempty"`
	Shown       *grades.Figures   `json:"shown,omitempty"`
	Elements    []string          `json:"elements,omitempty"`
}

// Proof is a pupil as a council sees them, before the cards are out.
type Proof struct {
	Period  string             `json:"period"`
	Student string             `json:"student"`
	First   string             `json:"first"`
	Last    string             `json:"last"`
	Lines   map[string]Line    `json:"lines"` // by course
	Life    *attendance.Totals `json:"life,omitempty"`
}

// Line is what a course says of a pupil. Exact is the average as a fraction,
// so that everybody comes to the same general average.
type Line struct {
	Average  average.Value    `json:"average,omitempty"`
	Exact    string           `json:"exact,omitempty"`
	Position int              `json:"position,omitempty"`
	Text     string           `json:"text,omitempty"`
	By       *directory.Named `json:"by,omitempty"`
	Rivals   int              `json:"rivals,omitempty"`
}

// part is what one course says in one period.
type part struct {
	column Column
	lines  map[string]Line // by pupil of the course
}

// gather brings a course to the councils of its pupils, as it is by now, for
// the periods that have begun and are not closed.
func (s *Service) gather(ctx context.Context, job *psync.Job) error {
	course, ok := s.Directory.Course(psync.ScopeID(job.Source()))
	if !ok {
		return nil
	}
	for _, class := range s.classes(s.Directory.Pupils(course.Audience)) {
		parts, err := s.parts(ctx, course, class)
		if err != nil {
			return err
		}
		if err := s.place(ctx, job, class, parts, nil); err != nil {
			return err
		}
	}
	return nil
}

// parts reads what a course says in the periods of a class that have begun and
// are not closed.
func (s *Service) parts(ctx context.Context, c directory.Course, class string) (all []part, err error) {
	periods, err := s.Marks.PeriodsOf(ctx, c.School, "class:"+class)
	if err != nil {
		return nil, err
	}
	for id, p := range periods {
		if p.Closed || p.Start > s.Directory.Today(c.School) {
			continue
		}
		one, err := s.part(ctx, c, id)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// part reads what a course says in a period.
func (s *Service) part(ctx context.Context, c directory.Course, period string) (part, error) {
	sums, err := s.Marks.Sums(ctx, c.ID, period)
	if err != nil {
		return part{}, err
	}
	recs, err := s.engine.Find(ctx, "course:"+c.ID, storage.Key{Type: "appraisal"}, storage.Key{Type: "program", ID: period})
	if err != nil {
		return part{}, err
	}
	said, err := load[Appraisal](recs, "appraisal")
	if err != nil {
		return part{}, err
	}
	programs, err := load[Program](recs, "program")
	if err != nil {
		return part{}, err
	}
	positions, err := s.positions(ctx, c.ID, period)
	if err != nil {
		return part{}, err
	}
	p := part{s.columnOf(c, period, sums, programs[period]), map[string]Line{}}
	for _, student := range s.Directory.Pupils(c.Audience) {
		p.lines[student] = lineOf(sums.Averages[student], said[of(period, student)], positions[student])
	}
	return p, nil
}

func (s *Service) positions(ctx context.Context, course, period string) (map[string]int, error) {
	if s.Positioning == nil {
		return nil, nil
	}
	return s.Positioning.Positions(ctx, course, period)
}

func (s *Service) columnOf(c directory.Course, period string, sums grades.Sums, taught Program) Column {
	col := Column{
		Period: period, Course: c.ID, Subject: c.Subject, Name: c.SubjectName, Teachers: []directory.Named{},
		Coefficient: sums.Coefficient, Shown: sums.Shown, Elements: taught.Elements,
	}
	if sums.Figures.Count > 0 {
		col.Figures = &sums.Figures
	}
	for _, id := range c.Teachers {
		col.Teachers = append(col.Teachers, s.Directory.Named(id))
	}
	return col
}

func lineOf(r average.Result, a Appraisal, position int) Line {
	l := Line{Average: r.Value, Position: position, Text: a.Text, Rivals: len(a.Rivals)}
	if n, ok := r.Number(); ok {
		l.Exact = n.String()
	}
	if a.Text != "" {
		l.By = &a.By
	}
	return l
}

// place writes parts, and what pupils missed, into the scope of a council.
func (s *Service) place(ctx context.Context, job *psync.Job, class string, parts []part, lives map[string]map[string]*attendance.Totals) error {
	if len(parts) == 0 {
		return nil
	}
	pupils := s.Directory.Pupils("class:" + class)
	return job.Commit(ctx, councilScope(class), func(ctx context.Context, tx *psync.Tx) error {
		proofs, err := held[Proof](ctx, tx, "proof")
		if err != nil {
			return err
		}
		for _, p := range parts {
			tx.PutIfChanged("column", of(p.column.Period, p.column.Course), p.column)
			for _, student := range pupils {
				s.lay(proofs, p, student)
			}
		}
		for period, life := range lives {
			for student, l := range life {
				d := proofs[of(period, student)]
				d.Life = l
				proofs[of(period, student)] = d
			}
		}
		for _, id := range slices.Sorted(maps.Keys(proofs)) {
			if d := proofs[id]; d.Student != "" {
				tx.PutIfChanged("proof", id, d)
			}
		}
		return nil
	})
}

// lay puts what a course says of a pupil over the pupil's proof.
func (s *Service) lay(proofs map[string]Proof, p part, student string) {
	id := of(p.column.Period, student)
	who, _ := s.Directory.Person(student)
	d := proofs[id]
	d.Period, d.Student, d.First, d.Last = p.column.Period, student, who.First, who.Surname()
	if d.Lines == nil {
		d.Lines = map[string]Line{}
	}
	if line, attends := p.lines[student]; attends {
		d.Lines[p.column.Course] = line
	} else {
		delete(d.Lines, p.column.Course)
	}
	proofs[id] = d
}

// surveyed is the payload of effectSurvey.
type surveyed struct {
	School string `json:"school"`
	Class  string `json:"class"`
	Period string `json:"period"`
}

// survey brings all that concerns a class in a period to its council: every
// course, and what its pupils missed.
func (s *Service) survey(ctx context.Context, job *psync.Job) error {
	var of surveyed
	if err := job.Payload(&of); err != nil {
		return err
	}
	period, err := s.period(ctx, of.School, of.Period, "class:"+of.Class)
	if err != nil {
		return nil //nolint:nilerr // the period is none any more
	}
	var parts []part
	for _, course := range s.coursesOf(of.Class) {
		p, err := s.part(ctx, course, of.Period)
		if err != nil {
			return err
		}
		parts = append(parts, p)
	}
	lives, err := s.lives(ctx, of.Class, period)
	if err != nil {
		return err
	}
	return s.place(ctx, job, of.Class, parts, map[string]map[string]*attendance.Totals{of.Period: lives})
}

// coursesOf lists the courses of a class and of the groups of its pupils.
func (s *Service) coursesOf(class string) []directory.Course {
	var all []directory.Course
	seen := map[string]bool{}
	for _, student := range s.Directory.Pupils("class:" + class) {
		for _, audience := range s.Directory.AudiencesOf(student) {
			if scope := audience.Scope(); !seen[scope] {
				seen[scope] = true
				all = append(all, s.Directory.CoursesOf(scope)...)
			}
		}
	}
	return all
}

// lives counts what the pupils of a class missed in a period.
func (s *Service) lives(ctx context.Context, class string, p grades.Period) (map[string]*attendance.Totals, error) {
	all := map[string]*attendance.Totals{}
	for _, student := range s.Directory.Pupils("class:" + class) {
		totals, err := s.Presence.Totals(ctx, student, p.Start, p.End)
		if err != nil {
			return nil, err
		}
		all[student] = &totals
	}
	return all, nil
}
