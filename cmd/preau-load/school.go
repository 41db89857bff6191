package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// schoolName is the only school that the program touches.
const schoolName = "École de charge"

// sizes are those of a school of about so many accounts: three pupils to five
// guardians, a teacher to thirty accounts, classes of twenty-five.
type sizes struct{ pupils, guardians, teachers, classes int }

func sizesOf(accounts int) sizes {
	s := sizes{teachers: max(2, accounts/33)}
	families := max(2, accounts-s.teachers)
	s.pupils = max(1, families*3/8)
	s.guardians = families - s.pupils
	s.classes = max(1, (s.pupils+24)/25)
	return s
}

const (
	teachersOfClass = 6
	teachersOfHead  = 60
)

// writeSchool writes a register as ONDE exports it.
func writeSchool(dir string, s sizes) error {
	return errors.Join(
		writeCSV(dir, "CSVExtraction-eleves.csv", s.pupilLines()),
		writeCSV(dir, "CSVExtraction-responsables.csv", s.guardianLines()),
		writeCSV(dir, "CSVExtraction-enseignants.csv", s.teacherLines()),
	)
}

func writeCSV(dir, name string, lines [][]string) error {
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	w := csv.NewWriter(f)
	w.Comma = ';'
	return errors.Join(w.WriteAll(lines), f.Close())
}

func (s sizes) class(pupil int) string { return fmt.Sprintf("C%02d", pupil*s.classes/s.pupils+1) }

// name spells a number in letters, so that it is somebody's name.
func name(n int) string {
	word := []byte("CHARGE....")
	for i := len(word) - 4; i < len(word); i++ {
		word[i] = byte('A' + n%26)
		n /= 26
	}
	return string(word)
}

func (s sizes) pupilLines() [][]string {
	lines := [][]string{{"Nom Elève", "Nom d'usage Elève", "Prénom Elève", "Date naissance", "Niveau", "Classe"}}
	for i := range s.pupils {
		lines = append(lines, []string{name(i), "", "Camille", "2014-03-01", "CM2", s.class(i)})
	}
	return lines
}

// guardianLines gives every pupil a guardian and most a second one.
func (s sizes) guardianLines() [][]string {
	lines := [][]string{{
		"Civilité Responsable", "Nom usage responsable", "Nom responsable", "Prénom responsable", "Adresse responsable",
		"CP responsable", "Commune responsable", "Nom d'usage enfant", "Nom de famille enfant", "Prénom enfant", "Classes enfants",
	}}
	for i := range s.guardians {
		child, first := i%s.pupils, []string{"Dominique", "Claude", "Maxime"}[i/s.pupils%3]
		lines = append(lines, []string{
			"Mme", "", name(child), first, "1 rue Haute", "42000", "Saint-Étienne", "", name(child), "Camille", s.class(child),
		})
	}
	return lines
}

// teacherLines spreads the classes over the teachers. The first of so many is
// also head of the school.
func (s sizes) teacherLines() [][]string {
	lines := [][]string{{"Civilité", "Nom usage", "Nom", "Prénom", "Directeur", "Classe"}}
	for n := range max(s.classes*teachersOfClass, s.teachers) {
		teacher, head := n%s.teachers, "non"
		if teacher%teachersOfHead == 0 {
			head = "oui"
		}
		class := fmt.Sprintf("C%02d", n%s.classes+1)
		lines = append(lines, []string{"M.", "", name(teacher), "Sacha", head, class})
	}
	return lines
}
