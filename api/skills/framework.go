package skills

import (
	"context"
	_ "embed" // the shipped framework
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"preau/api/directory"
	"preau/api/grades/average"
	"preau/storage"
	psync "preau/sync"
)

// Level is how well a competence is mastered: its points, 0 to 50, say which
// is above which. One that was put aside is not given any more.
type Level struct {
	ID     string `json:"id"`
	Label  string `json:"label"`
	Short  string `json:"short"`
	Hue    int    `json:"hue"` // the screens make colours of it that can be read, light and dark
	Points int    `json:"points"`
	Aside  bool   `json:"aside,omitempty"`
}

// Domain is a part of the socle commun, or of the school's own.
type Domain struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Settings are what a school decided about competences. Only lists the classes
// and groups ("class:C") and subjects ("subject:S") that have levels and no
// marks.
type Settings struct {
	Levels  []Level  `json:"levels"`
	Domains []Domain `json:"domains"`
	Mode    string   `json:"mode"`
	Only    []string `json:"only,omitempty"`
}

// Skill is a competence of the framework. Subject is the one it is of, if any;
// About says so of a shipped one, which cannot know the subjects of a school,
// by the beginning of their names. One put aside is not evaluated any more.
type Skill struct {
	Subject string `json:"subject,omitempty"`
	About   string `json:"about,omitempty"`
	Domain  string `json:"domain"`
	Code    string `json:"code,omitempty"`
	Text    string `json:"text"`
	Aside   bool   `json:"aside,omitempty"`
}

// Modes are the ways to look at the levels of a period.
var Modes = []string{average.AllOfThem, average.LastFive, average.BestFive, average.Progressive}

// Framework is what a course evaluates with.
type Framework struct {
	Settings
	Skills map[string]Skill `json:"skills"`
}

//go:embed framework.json
var shippedFramework []byte

var shipped = sync.OnceValue(func() Framework {
	var f Framework
	if err := json.Unmarshal(shippedFramework, &f); err != nil {
		panic(err) // part of the program
	}
	return f
})

// Shipped is the framework of a school that decided nothing: the socle commun
// of cycle 4, and some competences of each subject.
func Shipped() Framework {
	f := shipped()
	f.Levels, f.Domains, f.Skills = slices.Clone(f.Levels), slices.Clone(f.Domains), maps.Clone(f.Skills)
	return f
}

// framework reads what a school works with, and a course beside it.
func (s *Service) framework(ctx context.Context, school, course string) (Framework, error) {
	f := Shipped()
	for _, scope := range []string{"school:" + school, "course:" + course} {
		if err := s.lay(ctx, &f, scope); err != nil {
			return f, err
		}
	}
	return f, nil
}

func (s *Service) lay(ctx context.Context, f *Framework, scope string) error {
	recs, err := s.engine.Find(ctx, scope, storage.Key{Type: "skills"}, storage.Key{Type: "skill"})
	if err == nil {
		err = f.lay(recs)
	}
	if err != nil {
		return fmt.Errorf("framework of %s: %w", scope, err)
	}
	return nil
}

// frameworkFor reads what an act works with: what its device did just before
// counts, though it may not be stored yet.
func (s *Service) frameworkFor(ctx context.Context, tx *psync.Tx, school string) (Framework, error) {
	f := Shipped()
	if scope := "school:" + school; scope != tx.Scope() {
		if err := s.lay(ctx, &f, scope); err != nil {
			return f, err
		}
	}
	for _, typ := range []string{"skills", "skill"} {
		recs, err := tx.List(ctx, typ)
		if err == nil {
			err = f.lay(recs)
		}
		if err != nil {
			return f, fmt.Errorf("framework of %s: %w", tx.Scope(), err)
		}
	}
	return f, nil
}

// lay puts what was decided over what is there.
func (f *Framework) lay(recs []storage.Record) error {
	settings, err := load[Settings](recs, "skills")
	if err != nil {
		return err
	}
	if s, set := settings["skills"]; set {
		f.Settings = s
	}
	own, err := load[Skill](recs, "skill")
	maps.Copy(f.Skills, own)
	return err
}

// level is the one of an id.
func (f Framework) level(id string) (Level, bool) {
	i := slices.IndexFunc(f.Levels, func(l Level) bool { return l.ID == id })
	if i < 0 {
		return Level{}, false
	}
	return f.Levels[i], true
}

// setSettings replaces what a school decided. Levels and domains that exist
// can be put aside or renamed, never taken away: something may have them.
func (s *Service) setSettings(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.RuleSkills, tx.Scope()); err != nil {
		return err
	}
	var after Settings
	if err := tx.Args(&after); err != nil {
		return err
	}
	before := Shipped().Settings
	seq, err := tx.Get(ctx, "skills", "skills", &before)
	if err != nil {
		return err
	}
	if err := tx.CheckBase(seq, before); err != nil {
		return err
	}
	if err := after.check(s.dir); err != nil {
		return err
	}
	if err := after.checkKept(before); err != nil {
		return err
	}
	tx.PutIfChanged("skills", "skills", after)
	return nil
}

type skillArgs struct {
	ID string `json:"id"`
	Skill
}

// setSkill adds a competence for the whole school, or changes one.
func (s *Service) setSkill(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.RuleSkills, tx.Scope()); err != nil {
		return err
	}
	var args skillArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	f, err := s.frameworkFor(ctx, tx, psync.ScopeID(tx.Scope()))
	if err != nil {
		return err
	}
	return args.put(ctx, tx, f)
}

// setOwn adds a competence to one course, or changes it. Those of the school
// are not the teacher's to change.
func (s *Service) setOwn(ctx context.Context, tx *psync.Tx) error {
	var args skillArgs
	course, err := s.begin(tx, &args)
	if err != nil {
		return err
	}
	f := Shipped()
	if err := s.lay(ctx, &f, "school:"+course.School); err != nil {
		return err
	}
	if _, taken := f.Skills[args.ID]; taken {
		return invalid("id", "a competence of the school")
	}
	args.Subject, args.About = course.Subject, ""
	return args.put(ctx, tx, f)
}

// put writes a competence, unless there are too many.
func (args skillArgs) put(ctx context.Context, tx *psync.Tx, f Framework) error {
	if err := psync.CheckID("id", args.ID); err != nil {
		return err
	}
	if err := args.check(f.Settings); err != nil {
		return err
	}
	there, err := tx.List(ctx, "skill")
	if err != nil {
		return err
	}
	known := slices.ContainsFunc(there, func(r storage.Record) bool { return r.ID == args.ID })
	if !known && len(there) >= maxSkills {
		return psync.Refuse("too_many", "id", "at most %d competences", maxSkills)
	}
	tx.PutIfChanged("skill", args.ID, args.Skill)
	return nil
}

func (k Skill) check(s Settings) error {
	for _, err := range []error{
		checkWords("text", k.Text, maxText), checkLine("code", k.Code, maxShort), checkLine("about", k.About, maxShort),
	} {
		if err != nil {
			return err
		}
	}
	if !slices.ContainsFunc(s.Domains, func(d Domain) bool { return d.ID == k.Domain }) {
		return invalid("domain", "no such domain")
	}
	if k.Subject == "" {
		return nil
	}
	return psync.CheckKey("subject", k.Subject, maxID)
}

func (s Settings) check(dir Directory) error {
	if err := psync.OneOf("mode", s.Mode, Modes...); err != nil {
		return err
	}
	if err := s.checkLevels(); err != nil {
		return err
	}
	if len(s.Domains) == 0 || len(s.Domains) > maxDomains {
		return invalid("domains", "1 to %d", maxDomains)
	}
	for i, d := range s.Domains {
		at := fmt.Sprintf("domains[%d]", i)
		if err := psync.CheckKey(at+".id", d.ID, maxID); err != nil {
			return err
		}
		if slices.ContainsFunc(s.Domains[:i], func(o Domain) bool { return o.ID == d.ID }) {
			return invalid(at+".id", "named twice")
		}
		if err := checkWords(at+".name", d.Name, maxName); err != nil {
			return err
		}
	}
	return s.checkOnly(dir)
}

func (s Settings) checkLevels() error {
	if len(s.Levels) > maxLevels {
		return psync.Refuse("too_large", "levels", "at most %d", maxLevels)
	}
	given := 0
	for i, l := range s.Levels {
		at := fmt.Sprintf("levels[%d]", i)
		if err := l.check(at, s.Levels[:i]); err != nil {
			return err
		}
		if !l.Aside {
			given++
		}
	}
	if given < 2 {
		return invalid("levels", "two at least")
	}
	return nil
}

// check refuses a level that makes no sense after the others. Ids are small
// letters and figures: codes are capitals.
func (l Level) check(at string, others []Level) error {
	odd := func(r rune) bool { return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') }
	switch {
	case l.ID == "" || len(l.ID) > maxID || strings.ContainsFunc(l.ID, odd):
		return invalid(at+".id", "not an id")
	case l.Hue < 0 || l.Hue >= 360:
		return invalid(at+".hue", "0 to 359")
	case l.Points < 0 || l.Points > average.MasteryVeryGood:
		return invalid(at+".points", "0 to %d", average.MasteryVeryGood)
	}
	for _, o := range others {
		switch {
		case o.ID == l.ID:
			return invalid(at+".id", "named twice")
		case !o.Aside && !l.Aside && o.Points == l.Points:
			return invalid(at+".points", "as many as %s", o.Label)
		case !o.Aside && !l.Aside && strings.EqualFold(o.Short, l.Short):
			return invalid(at+".short", "as for %s", o.Label)
		}
	}
	if err := checkWords(at+".label", l.Label, maxName); err != nil {
		return err
	}
	return checkWords(at+".short", l.Short, maxShort)
}

func (s Settings) checkOnly(dir Directory) error {
	if len(s.Only) > maxOnly {
		return psync.Refuse("too_large", "only", "at most %d", maxOnly)
	}
	for i, key := range s.Only {
		at := fmt.Sprintf("only[%d]", i)
		_, class := dir.Class(key)
		subject, isSubject := strings.CutPrefix(key, "subject:")
		if !class && (!isSubject || psync.CheckKey(at, subject, maxID) != nil) || slices.Contains(s.Only[:i], key) {
			return invalid(at, "a class, a group or a subject, once")
		}
	}
	return nil
}

// checkKept refuses to lose what levels or competences may name.
func (s Settings) checkKept(before Settings) error {
	for _, l := range before.Levels {
		if !slices.ContainsFunc(s.Levels, func(o Level) bool { return o.ID == l.ID }) {
			return invalid("levels", "%s is missing: put it aside", l.Label)
		}
	}
	for _, d := range before.Domains {
		if !slices.ContainsFunc(s.Domains, func(o Domain) bool { return o.ID == d.ID }) {
			return invalid("domains", "%s is missing", d.Name)
		}
	}
	return nil
}
