package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"preau/api/directory"
	"preau/api/directory/siecle"
	psync "preau/sync"
)

// numbers carries out `preau import siecle`: what the ministry calls the people
// and subjects that the school has already.
func (im *importer) numbers(folder fs.FS) (func(context.Context, *directory.Directory) error, error) {
	register, err := siecle.Read(folder)
	if err != nil {
		return nil, explainSiecle(err)
	}
	return func(ctx context.Context, d *directory.Directory) error { return im.number(ctx, d, register) }, nil
}

func (im *importer) number(ctx context.Context, d *directory.Directory, register *siecle.Register) error {
	school, err := im.chooseSchool(d)
	if err != nil {
		return err
	}
	plan, err := siecle.Compare(d.Contents(school.ID), register, d.Today(school.ID))
	if errors.Is(err, siecle.ErrOtherSchool) {
		return fmt.Errorf("ces fichiers sont ceux de l'établissement %s, pas %s. Rien n'a été changé", register.UAI, school.UAI)
	}
	if err != nil {
		return err
	}
	im.tellNumbers(plan)
	if im.dry || len(plan.Puts) == 0 {
		return nil
	}
	if err := d.Apply(ctx, psync.Actor{School: school.ID}, school.ID, plan.Puts); err != nil {
		return err
	}
	fmt.Fprintln(im.out, "C'est fait.")
	return nil
}

// tellNumbers says who and what gets a number, and who does not.
func (im *importer) tellNumbers(plan *siecle.Plan) {
	switch {
	case len(plan.Puts) == 0:
		fmt.Fprintln(im.out, "Rien à changer.")
	case im.dry:
		fmt.Fprintln(im.out, "À blanc : rien n'est écrit.")
	}
	for _, k := range numberWords {
		im.list(k.gets, linesOf(plan.Changes, func(c siecle.Change) bool { return c.Kind == k.kind }, func(c siecle.Change) string { return c.Name }))
		for _, twins := range []bool{false, true} {
			words := map[bool]string{false: k.missing, true: k.twins}[twins]
			im.list(words, linesOf(plan.Doubts, func(d siecle.Doubt) bool { return d.Kind == k.kind && d.Twins == twins }, func(d siecle.Doubt) string { return d.Name }))
		}
	}
}

var numberWords = []struct {
	kind                 siecle.Kind
	gets, missing, twins string
}{
	{siecle.School, "Code UAI de l'établissement", "", ""},
	{siecle.Pupil, "Élèves qui reçoivent leur identifiant SIECLE", "Sans identifiant, absents du fichier", "Sans identifiant, plusieurs élèves portent ce nom"},
	{siecle.Teacher, "Enseignants qui reçoivent leur identifiant STS", "Sans identifiant, absents du fichier", "Sans identifiant, plusieurs personnes portent ce nom"},
	{siecle.Matter, "Matières qui reçoivent leur code", "Sans code, matière absente du fichier", "Sans code, plusieurs matières portent ce nom"},
}

func explainSiecle(err error) error {
	var e *siecle.Error
	if !errors.As(err, &e) {
		return err
	}
	where := e.File
	if e.Line > 0 {
		where += fmt.Sprintf(", ligne %d", e.Line)
	}
	return fmt.Errorf("%s : %s. Rien n'a été changé", where, siecleProblems[e.Problem])
}

var siecleProblems = map[siecle.Problem]string{
	siecle.Unreadable:   "ne peut pas être lu",
	siecle.Broken:       "fichier XML abîmé",
	siecle.BadEncoding:  "alphabet inconnu",
	siecle.BadNumber:    "un identifiant n'est pas un nombre",
	siecle.MissingFile:  "aucun fichier de SIECLE ou de STS",
	siecle.OtherSchools: "ce fichier est celui d'un autre établissement que les précédents",
}
