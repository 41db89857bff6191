package demo

import (
	"context"
	"time"

	"preau/api/directory"
	"preau/api/timetable"
)

// page is what a teacher writes of a lesson.
type page struct{ title, category, done string }

// pages are what is usual in each subject, lesson after lesson.
var pages = map[string][]page{
	"fr": {
		{"Le conte : le schéma narratif", "lesson", "Lecture de « Barbe bleue ». *Les cinq étapes du conte* :\n- la situation initiale ;\n- l'élément perturbateur ;\n- les péripéties ;\n- le dénouement ;\n- la situation finale."},
		{"Grammaire : le complément d'objet", "exercises", "Exercices 1 à 4 page 60, corrigés ensemble."},
		{"Lecture à voix haute", "lesson", "Chapitre 2 de L'Île au trésor. Le portrait de Billy Bones."},
		{"Dictée préparée", "test", "Dictée n° 5. Correction jeudi."},
	},
	"ma": {
		{"Fractions : comparer", "lesson", "Même dénominateur, même numérateur. Exemples dans le cahier, pages 21 et 22."},
		{"Fractions : additionner", "exercises", "*Additionner* : d'abord le même dénominateur, puis $\\frac{a}{b}+\\frac{c}{b}=\\frac{a+c}{b}$.\nExercices 8 à 11 page 47, à finir pour ceux qui n'ont pas eu le temps."},
		{"Correction du devoir", "correction", "Correction du devoir n° 2, distribution des copies."},
	},
	"hg": {
		{"Les croisades", "lesson", "Étude de la carte page 35. Pourquoi part-on si loin ?"},
		{"La ville au Moyen Âge", "lesson", "Plan de Bruges : les places, le port, le beffroi."},
	},
	"an": {
		{"Unit 4: My town", "lesson", "Asking the way. Dialogues in pairs."},
		{"Listening", "oral", "Listening: a tour of Bristol. Questions 1 to 6."},
	},
	"svt": {{"La cellule", "practical", "Observation au microscope de l'épiderme d'oignon. Dessin légendé."}},
	"pc":  {{"Mélanges", "practical", "Filtration et décantation, par groupes de quatre."}},
	"te":  {{"La trottinette", "lesson", "Fonctions et solutions techniques. Fiche 3."}},
	"eps": {{"Natation", "lesson", "Séance 4 : respiration en crawl."}},
	"ap":  {{"La chaise", "project", "Croquis d'observation, au fusain."}},
	"mu":  {{"Le blues", "lesson", "Douze mesures, trois accords. Chant : « When the Saints »."}},
	"la":  {{"Rosa, rosae", "lesson", "La première déclinaison. Traduction des phrases 1 à 3."}},
}

// notebook is what the teachers of 5e B and 6e A have written of the lessons of
// the last weeks, and what Mme Garnier has planned for the next.
func (p *plan) notebook(b *board) []event {
	var all []event
	weeks := p.term[max(0, len(p.term)-3):]
	count := map[string]int{}
	for _, evening := range weeks {
		until := directory.DateOf(evening)
		for _, class := range []string{"5e B", "6e A"} {
			for _, l := range p.lessons(b, class, until.AddDays(-6), until) {
				if written := p.written(l, count[l.Course]); written != nil {
					all = append(all, p.writes(l, evening.Add(20*time.Minute), map[string]any{"title": written.title, "category": written.category, "done": part(written.done)}))
				}
				count[l.Course]++
			}
		}
	}
	return append(all, p.planned(b)...)
}

func (p *plan) written(l timetable.Lesson, n int) *page {
	for _, k := range p.courses {
		if choice := pages[k.subject]; k.id == l.Course && len(choice) > 0 {
			return &choice[n%len(choice)]
		}
	}
	return nil
}

func part(text string) map[string]any { return map[string]any{"text": richText(text)} }

// planned is the next lesson of French, which nobody sees before it begins.
func (p *plan) planned(b *board) []event {
	next := p.schoolDays(p.today.AddDays(1), 5)
	french := p.courseOf("fr", "5e B").id
	for _, l := range p.lessons(b, "5e B", next[0], next[4]) {
		if l.Course == french {
			return []event{p.writes(l, p.term[len(p.term)-1].Add(20*time.Minute), map[string]any{
				"title": "Écrire un conte", "category": "lesson", "planned": part("Au brouillon : la situation initiale, en dix lignes. Relire à deux."),
			})}
		}
	}
	return nil
}

// writes is the teacher of a lesson writing its page.
func (p *plan) writes(l timetable.Lesson, at time.Time, args map[string]any) event {
	args["id"], args["date"], args["start"], args["end"], args["show"] = l.ID, l.Date, l.Start, l.End, "start"
	return event{at, func(ctx context.Context, w *World) error {
		return w.Send(ctx, p.teacherOf(l.Course), "course:"+l.Course, "notebook.write@1", args)
	}}
}
