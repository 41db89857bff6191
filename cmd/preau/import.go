package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"preau/api/directory"
	"preau/api/directory/onde"
	"preau/storage"
	psync "preau/sync"
)

// importUsage is what `preau import` answers when asked wrongly.
const importUsage = `usage : preau import onde DOSSIER [-dry-run] [-force] [-school ID] [-name NOM]
        preau import siecle DOSSIER [-dry-run] [-school ID]

onde : DOSSIER contient les trois fichiers CSV extraits d'ONDE : élèves, responsables, enseignants
siecle : DOSSIER contient des fichiers XML de SIECLE (élèves, nomenclature) ou de STS-web (sts_emp) ;
ils donnent aux élèves, enseignants et matières déjà là les identifiants du Livret scolaire unique`

// importer is `preau import`: it sets what a school's register exports against
// the directory, says what changes in plain words, and changes it.
type importer struct {
	records storage.Records
	out     io.Writer
	now     func() time.Time
	dry     bool   // only say it
	force   bool   // even if most people would leave
	school  string // id; needed when there are several
	name    string // of a school that does not exist yet
}

// runImport carries out `preau import onde DIR …`, or siecle. It works on the
// data of a server that is stopped or has not started yet; the people's devices
// see the change when the server runs.
func runImport(ctx context.Context, args []string, out io.Writer, open func(context.Context) (storage.Records, error)) error {
	im := &importer{out: out, now: time.Now}
	register, folder, err := im.parse(args)
	if err != nil {
		return err
	}
	change, err := registers[register](im, os.DirFS(folder))
	if err != nil {
		return err
	}
	if im.records, err = open(ctx); err != nil {
		return err
	}
	d, err := openDirectory(ctx, im.records, im.now)
	if err == nil {
		err = change(ctx, d)
	}
	return errors.Join(err, im.records.Close())
}

// registers are the kinds of files that are read, by name: what they say
// becomes a change of the directory.
var registers = map[string]func(*importer, fs.FS) (func(context.Context, *directory.Directory) error, error){
	"onde": (*importer).roster, "siecle": (*importer).numbers,
}

// parse reads the arguments; flags may stand before or after the folder.
func (im *importer) parse(args []string) (register, folder string, err error) {
	flags := flag.NewFlagSet("import", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&im.dry, "dry-run", false, "")
	flags.BoolVar(&im.force, "force", false, "")
	flags.StringVar(&im.school, "school", "", "")
	flags.StringVar(&im.name, "name", "", "")
	words, err := parseAround(flags, args)
	if err != nil {
		return "", "", fmt.Errorf("%w\n%s", err, importUsage)
	}
	if len(words) != 2 || registers[words[0]] == nil {
		return "", "", errors.New(importUsage)
	}
	return words[0], words[1], nil
}

// parseAround reads flags wherever they stand and returns the other words.
func parseAround(flags *flag.FlagSet, args []string) (words []string, err error) {
	for len(args) > 0 {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		if args = flags.Args(); len(args) > 0 {
			words, args = append(words, args[0]), args[1:]
		}
	}
	return words, nil
}

// roster carries out `preau import onde`.
func (im *importer) roster(folder fs.FS) (func(context.Context, *directory.Directory) error, error) {
	roster, err := onde.Read(folder)
	if err != nil {
		return nil, explain(err)
	}
	return func(ctx context.Context, d *directory.Directory) error { return im.run(ctx, d, roster) }, nil
}

func (im *importer) run(ctx context.Context, d *directory.Directory, roster *onde.Roster) error {
	school, err := im.chooseSchool(d)
	if err != nil {
		return err
	}
	plan := onde.Compare(d.Contents(school.ID), school, roster, d.Today(school.ID))
	im.tell(plan)
	if im.dry || plan.Empty() {
		return nil
	}
	if leaving(plan)*2 > len(d.People(school.ID)) && !im.force {
		return errors.New("plus de la moitié des personnes partiraient : le fichier est-il complet ? Rien n'a été changé ; ajoutez -force si c'est voulu")
	}
	if err := d.Apply(ctx, psync.Actor{School: school.ID}, school.ID, plan.Puts); err != nil {
		return err
	}
	fmt.Fprintln(im.out, "C'est fait.")
	return nil
}

// leaving counts the people whom a plan sends away.
func leaving(plan *onde.Plan) (n int) {
	for _, c := range plan.Changes {
		if c.Kind == onde.LeftSchool {
			n++
		}
	}
	return n
}

// openDirectory loads the directory alone: what follows from its commits waits
// for the server.
func openDirectory(ctx context.Context, records storage.Records, now func() time.Time) (*directory.Directory, error) {
	log := slog.New(slog.DiscardHandler)
	d := directory.New(directory.Config{Records: records, Log: log, Now: now})
	mux := psync.NewMux()
	d.Register(mux)
	d.Bind(psync.New(psync.Config{Records: records, Mux: mux, Access: d, Log: log, Now: now}))
	return d, d.Load(ctx)
}

// chooseSchool returns the school meant, or a new one.
func (im *importer) chooseSchool(d *directory.Directory) (directory.School, error) {
	known := d.Schools()
	switch {
	case im.school != "":
		if s, ok := d.School(im.school); ok {
			return s, nil
		}
		return directory.School{}, fmt.Errorf("aucun établissement ne porte l'identifiant %s", im.school)
	case im.name != "":
		return im.newSchool(d)
	case len(known) == 1:
		s, _ := d.School(known[0])
		return s, nil
	case len(known) == 0:
		return directory.School{}, errors.New("l'établissement n'existe pas encore : ajoutez -name \"Nom de l'école\"")
	}
	return directory.School{}, fmt.Errorf("plusieurs établissements : ajoutez -school, parmi %s", strings.Join(known, ", "))
}

// newSchool describes the school that -name asks for: the known one of that
// name, or one whose id comes from the name.
func (im *importer) newSchool(d *directory.Directory) (directory.School, error) {
	for _, id := range d.Schools() {
		if s, _ := d.School(id); s.Name == im.name {
			return s, nil
		}
	}
	id := directory.StableID("school", im.name)
	return directory.School{
		ID: id, Name: im.name, Timezone: "Europe/Paris",
		Year: directory.YearOf(d.Today(id)), Holidays: []directory.Holiday{},
	}, nil
}

// shownChanges is how many changes of a kind are told one by one.
const shownChanges = 5

// tell says what the plan changes, and what the import does not guess.
func (im *importer) tell(plan *onde.Plan) {
	if plan.Empty() {
		fmt.Fprintln(im.out, "Rien à changer.")
	} else if im.dry {
		fmt.Fprintln(im.out, "À blanc : rien n'est écrit.")
	}
	for _, k := range changeWords {
		im.list(k.words, linesOf(plan.Changes, func(c onde.Change) bool { return c.Kind == k.kind }, func(c onde.Change) string {
			return joined(c.Who, k.link, c.What)
		}))
	}
	for _, k := range doubtWords {
		im.list(k.words, linesOf(plan.Notices, func(n onde.Notice) bool { return n.Doubt == k.doubt }, func(n onde.Notice) string {
			return joined(n.Who, k.link, n.What)
		}))
	}
}

// list writes a heading with the number of lines and the first of them.
func (im *importer) list(heading string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(im.out, "%s : %d\n", heading, len(lines))
	for _, line := range lines[:min(len(lines), shownChanges)] {
		fmt.Fprintf(im.out, "    %s\n", line)
	}
	if more := len(lines) - shownChanges; more > 0 {
		fmt.Fprintf(im.out, "    … et %d de plus\n", more)
	}
}

func linesOf[T any](all []T, wanted func(T) bool, show func(T) string) []string {
	var lines []string
	for _, v := range all {
		if wanted(v) {
			lines = append(lines, show(v))
		}
	}
	return lines
}

func joined(who, link, what string) string {
	if what == "" || link == "" {
		return who
	}
	return who + " " + link + " " + what
}

// changeWords says each kind of change in French, in the order of telling.
var changeWords = []struct {
	kind        onde.Kind
	words, link string
}{
	{onde.NewSchool, "Nouvel établissement", ""},
	{onde.NewSubject, "Nouvelles matières", ""},
	{onde.NewClass, "Nouvelles classes", ""},
	{onde.NewPupil, "Nouveaux élèves", ""},
	{onde.Enrolled, "Élèves mis dans une classe", "→"},
	{onde.NewTeacher, "Nouveaux enseignants", ""},
	{onde.NewPost, "Fonctions données", ""},
	{onde.NewCourse, "Cours ouverts", ""},
	{onde.Assigned, "Classes confiées", "→"},
	{onde.NewGuardian, "Nouveaux responsables", ""},
	{onde.NewLink, "Responsables liés à leurs enfants", "→"},
	{onde.Corrected, "Corrections", "au lieu de"},
	{onde.LeftClass, "Élèves qui quittent une classe", "quitte"},
	{onde.Unassigned, "Classes retirées", "n'a plus"},
	{onde.EndedLink, "Responsables qui ne le sont plus", "n'est plus responsable de"},
	{onde.EndedPost, "Fonctions terminées", ""},
	{onde.LeftSchool, "Départs", ""},
	{onde.ClosedCourse, "Cours fermés", ""},
	{onde.ClosedClass, "Classes fermées", ""},
}

// doubtWords says what the import does not guess.
var doubtWords = []struct {
	doubt       onde.Doubt
	words, link string
}{
	{onde.TwinPupils, "À vérifier, élève présent deux fois (la première ligne compte)", "·"},
	{onde.TwinTeachers, "À vérifier, enseignant présent deux fois (compté une fois)", "·"},
	{onde.SameNameAdults, "À vérifier, responsables homonymes à des adresses différentes (comptés comme deux personnes)", "·"},
	{onde.ManyChildren, "Non lié, plusieurs élèves de la classe portent ce nom", "→"},
	{onde.NoChild, "Non lié, aucun élève de ce nom dans cette classe", "→"},
	{onde.SeveralClasses, "Non lié, plusieurs classes pour un enfant", "→"},
	{onde.EndedByHand, "Laissé terminé, l'établissement y a mis fin", "→"},
}

// explain says in French where a file is damaged.
func explain(err error) error {
	var e *onde.Error
	if !errors.As(err, &e) {
		return err
	}
	i := slices.IndexFunc(problemWords, func(w problemWord) bool { return w.problem == e.Problem })
	if i < 0 {
		return err
	}
	where := e.File
	if e.Line > 0 {
		where += fmt.Sprintf(", ligne %d, colonne %d", e.Line, e.Column)
	}
	if e.Field != "" {
		where += " (" + e.Field + ")"
	}
	return fmt.Errorf("%s : %s. Rien n'a été changé", where, problemWords[i].words)
}

type problemWord struct {
	problem onde.Problem
	words   string
}

var problemWords = []problemWord{
	{onde.Unreadable, "ne peut pas être lu"},
	{onde.BadQuote, "guillemet mal placé ou jamais refermé"},
	{onde.ShortLine, "ligne coupée, il manque des colonnes"},
	{onde.ExtraCell, "une valeur dépasse la dernière colonne"},
	{onde.BadCharacter, "caractère illisible"},
	{onde.TooLong, "valeur beaucoup trop longue"},
	{onde.MissingValue, "valeur manquante"},
	{onde.BadDate, "date illisible"},
	{onde.BadChoice, "valeur inattendue"},
	{onde.MissingColumn, "colonne manquante"},
	{onde.MissingFile, "fichier manquant"},
	{onde.SameFileTwice, "deux fichiers du même genre"},
	{onde.EmptyFile, "fichier sans aucune personne"},
}
