package demo

import (
	"context"
	"slices"
	"time"

	"preau/api/homework"
)

// task is a piece of work as a teacher words it.
type task struct {
	title, text string
	hand        string // how it is handed in
	minutes     int
	handouts    []File
	chosen      []string // ids of pupils; nil: all
}

// tasks are what is usual in each subject.
var tasks = map[string][]task{
	"fr": {
		{title: "Lire le chapitre 3", text: "Lire le chapitre 3 de L'Île au trésor et relever cinq mots difficiles.", hand: homework.ReturnNone, minutes: 30},
		{title: "Rédaction : un souvenir d'été", text: "Une page, au brouillon puis au propre. Prends ta copie en photo.", hand: homework.ReturnFile, minutes: 45},
		{title: "Conjugaison", text: "Exercices 4 et 5 page 62.", hand: homework.ReturnPaper, minutes: 20},
	},
	"ma": {
		{title: "Fractions", text: "Exercices 12 à 15 page 48. Détailler les calculs.", hand: homework.ReturnPaper, minutes: 25},
		{title: "Devoir maison n° 3", text: "Les deux exercices, avec une figure soignée. Photo de la copie.", hand: homework.ReturnFile, minutes: 50},
		{title: "Tables", text: "Revoir les tables de 6 à 9.", hand: homework.ReturnNone, minutes: 10},
	},
	"hg": {
		{title: "Carte à compléter", text: "Placer les fleuves et les villes sur la carte.", hand: homework.ReturnPaper, minutes: 20},
		{title: "Leçon", text: "Apprendre la leçon sur les croisades, pages 34 à 36.", hand: homework.ReturnNone, minutes: 25},
	},
	"an": {
		{title: "Vocabulary", text: "Learn the words of unit 4.", hand: homework.ReturnNone, minutes: 15},
		{title: "My town", text: "Write ten lines about your town and take a photo.", hand: homework.ReturnFile, minutes: 30},
	},
	"svt": {{title: "Schéma de la cellule", text: "Refaire le schéma au propre, légendé.", hand: homework.ReturnPaper, minutes: 20}},
	"pc":  {{title: "Compte rendu", text: "Finir le compte rendu de l'expérience.", hand: homework.ReturnFile, minutes: 30}},
	"te":  {{title: "Fiche objet", text: "Compléter la fiche sur la trottinette.", hand: homework.ReturnNone, minutes: 15}},
	"eps": {{title: "Affaires de piscine", text: "Maillot, bonnet et serviette.", hand: homework.ReturnNone}},
	"ap":  {{title: "Croquis", text: "Trois croquis de la même chaise.", hand: homework.ReturnPaper, minutes: 20}},
	"mu":  {{title: "Écoute", text: "Écouter le morceau et noter les instruments.", hand: homework.ReturnNone, minutes: 10}},
	"es":  {{title: "La familia", text: "Aprender el vocabulario de la familia.", hand: homework.ReturnNone, minutes: 15}},
	"al":  {{title: "Sich vorstellen", text: "Exercices 1 et 2 page 20.", hand: homework.ReturnPaper, minutes: 20}},
	"la":  {{title: "Première déclinaison", text: "Apprendre rosa, rosae et traduire trois phrases.", hand: homework.ReturnNone, minutes: 20}},
}

// praise is what teachers write under copies.
var praise = []string{
	"Bon travail, soigné et complet.",
	"L'idée est bonne ; attention aux accords.",
	"Des progrès, continue ainsi !",
	"Relis-toi : il reste des fautes d'étourderie.",
	"Très bien. La conclusion est particulièrement réussie.",
}

// Homework of the story of 5e B, in every size.
var (
	TaleHomework   = recordID("featured", "tale")   // a tale, due in two or three days, some copies are in
	PoemHomework   = recordID("featured", "poem")   // a poem, over; copies handed back
	ReviewHomework = recordID("featured", "review") // only for Inès
	FormsHomework  = recordID("featured", "forms")  // mathematics of 6e A, due on the next day of lessons
)

// featured is the story that the demo's people can tell: in French in 5e B a
// poem that was handed back and a tale that is being handed in; something for
// Inès alone; and mathematics for Sami.
func (p *plan) featured() []event {
	french, maths := p.courseOf("fr", "5e B"), p.courseOf("ma", "6e A")
	now := p.now.In(zone())
	day := func(days, hour int) time.Time {
		return time.Date(now.Year(), now.Month(), now.Day()+days, hour, 0, 0, 0, zone())
	}
	poem := given{PoemHomework, french, day(-9, 17), lessonDay(day(-7, 8)), task{
		title: "Réciter et recopier un poème", text: "Recopie le poème choisi avec une illustration, puis prends-le en photo.",
		hand: homework.ReturnFile, minutes: 40,
	}}
	tale := given{TaleHomework, french, day(-3, 17), lessonDay(day(2, 8)), task{
		title: "Écrire un conte", hand: homework.ReturnFile, minutes: 60,
		text:     "Invente un conte d'une page en suivant le schéma de la fiche. Photographie chaque page de ta copie.",
		handouts: []File{taleSheet},
	}}
	review := given{ReviewHomework, french, day(-2, 17), lessonDay(day(4, 8)), task{
		title: "Relire les accords", text: "Inès, refais l'exercice 3 page 58 : c'est presque acquis.",
		hand: homework.ReturnPaper, minutes: 15, chosen: []string{User("student")},
	}}
	forms := given{FormsHomework, maths, day(-2, 16), lessonDay(day(1, 8)), task{
		title: "Figures au compas", text: "Les trois figures de la fiche, au crayon bien taillé.",
		hand: homework.ReturnFile, minutes: 30, handouts: []File{formsSheet},
	}}
	all := []event{poem.event(), tale.event(), review.event(), forms.event(), everybodyReads(day(-3, 12))}
	all = append(all, poemCopies(poem, poem.due.Add(-14*time.Hour), day(-4, 18))...)
	return append(all, taleCopies(tale, day(-1, 19))...)
}

var taleSheet = handout("Fiche - le conte.pdf", "Le schéma du conte", []string{
	"1. La situation initiale : qui, où, quand ?",
	"2. L'élément perturbateur : tout bascule.",
	"3. Les péripéties : trois épreuves, de plus en plus difficiles.",
	"4. La résolution : comment le héros s'en sort.",
	"5. La situation finale : ce qui a changé.",
}, []string{
	"Pour t'aider :",
	"- commence par « Il était une fois » ou trouve mieux ;",
	"- emploie l'imparfait et le passé simple ;",
	"- relis-toi à voix haute.",
})

var formsSheet = handout("Figures.pdf", "Figures au compas", []string{
	"A. Un triangle équilatéral de 5 cm de côté.",
	"B. Une rosace à six pétales dans un cercle de 4 cm de rayon.",
	"C. La médiatrice d'un segment de 7 cm.",
})

// poemCopies: everybody but one handed in, and everybody was answered: Inès
// praised, one asked to do it again.
func poemCopies(g given, in, out time.Time) []event {
	var all []event
	for i, pupil := range g.course.class.pupils {
		if i == 1 {
			continue
		}
		c := handIn{g, pupil, in, []uint64{uint64(i % pool)}}
		all = append(all, c.event())
		switch {
		case pupil.ID == User("student"):
			all = append(all, c.answer("homework.return@1", out, "Très belle écriture, Inès. Pense à laisser une marge."))
		case i == 2:
			all = append(all, c.answer("homework.again@1", out, "La photo est floue : peux-tu la reprendre à la lumière ?"))
		default:
			all = append(all, c.answer("homework.return@1", out, praise[i%len(praise)]))
		}
	}
	return all
}

// taleCopies: a few are in already, with two pages; Inès's is not. One has a
// draft of a comment, and one pupil says that it is done.
func taleCopies(g given, in time.Time) []event {
	others := slices.Clone(g.course.class.pupils[1:])
	var all []event
	for i, pupil := range others[:len(others)/2] {
		c := handIn{g, pupil, in, []uint64{uint64(i % pool), uint64((i + 3) % pool)}}
		all = append(all, c.event())
		if i == 0 {
			all = append(all, c.draft(in.Add(time.Hour)))
		}
	}
	shy := others[len(others)-1]
	return append(all, event{in, func(ctx context.Context, w *World) error {
		return w.Send(ctx, shy.ID, "user:"+shy.ID, "homework.tick@1", map[string]any{
			"homework": g.id, "student": shy.ID, "done": true, "shared": true,
		})
	}})
}

func (h handIn) draft(at time.Time) event {
	return h.answer("homework.comment@1", at, "Début prometteur")
}
