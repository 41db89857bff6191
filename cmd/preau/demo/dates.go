package demo

import (
	"context"
	"time"
)

// date is an event of the agenda, so many days from today.
type date struct {
	key, user, scope string
	title            string
	day              int
	start, end       string // "17:30"; none: whole days
	lasts            int    // days after the first
	weeks            int    // it is of every week, so many times
	place, text      string
	link             string
}

// dates are the agenda of the school, of the classes that everybody meets, and
// of the Benali family. They were written three weeks before the earliest of
// them, when nobody had to be told.
func (p *plan) dates() []event {
	var all []event
	for _, d := range p.agenda() {
		at := p.now.AddDate(0, 0, -28)
		all = append(all, event{at, func(ctx context.Context, w *World) error {
			return w.Send(ctx, d.user, d.scope, "agenda.put@1", p.dated(d))
		}})
	}
	return all
}

func (p *plan) agenda() []date {
	school, fifth, sixth := "school:"+SchoolID, p.courseOf("fr", "5e B"), p.courseOf("ma", "6e A")
	garnier, lopez, roussel := User("teacher"), User("staff"), User("direction")
	return []date{
		{key: "open", user: roussel, scope: school, title: "Portes ouvertes du collège", day: 18, start: "09:00", end: "12:30", place: "Hall et salles de classe", text: "Les familles des CM2 visitent le collège. Les élèves volontaires les guident."},
		{key: "photos", user: lopez, scope: school, title: "Photos de classe", day: 9, place: "Gymnase", text: "Chaque classe est appelée à son tour."},
		{key: "run", user: lopez, scope: school, title: "Cross du collège", day: -6, place: "Parc de l’Europe"},
		{key: "choir", user: garnier, scope: fifth.class.Scope(), title: "Chorale", day: 1, start: "12:45", end: "13:30", weeks: 12, place: "Salle de musique"},
		{key: "parents", user: garnier, scope: fifth.class.Scope(), title: "Rencontre parents-professeurs", day: 8, start: "17:30", end: "20:00", place: "CDI", text: "Dix minutes par famille et par professeur. L’élève peut venir."},
		{key: "remote", user: garnier, scope: fifth.class.Scope(), title: "Aide aux devoirs à distance", day: 1, start: "18:00", end: "18:45", link: "https://visio.example.org/5eb-francais", text: "Avec micro, sans caméra. Venez avec vos questions."},
		{key: "museum", user: garnier, scope: fifth.class.Scope(), title: "Sortie au musée d’art moderne", day: 15, start: "08:30", end: "16:00", text: "Prévoir un pique-nique et des chaussures confortables."},
		{key: "council", user: roussel, scope: fifth.class.Scope() + "/staff", title: "Conseil de classe du premier trimestre", day: 6, start: "17:00", end: "18:30", place: "Salle 204"},
		{key: "pool", user: sixth.teacher, scope: sixth.class.Scope(), title: "Test de natation", day: 2, start: "14:00", end: "15:30", place: "Piscine Grouchy", text: "Maillot et bonnet obligatoires."},
		{key: "snow", user: sixth.teacher, scope: sixth.class.Scope(), title: "Classe de neige", day: 49, lasts: 4, place: "Les Estables"},
		{key: "book", user: User("student"), scope: "user:" + User("student"), title: "Rendre le livre au CDI", day: 1},
		{key: "dentist", user: User("guardian"), scope: "user:" + User("guardian"), title: "Dentiste de Sami", day: 2, start: "17:15", end: "18:00"},
		{key: "oral", user: garnier, scope: "user:" + garnier, title: "Préparer l’oral blanc des 3e", day: 2, start: "13:00", end: "14:00"},
	}
}

// dated is an event as a device sends it. What is beside the week goes to
// the Monday after it.
func (p *plan) dated(d date) map[string]any {
	first := lessonDay(p.now.In(zone()).AddDate(0, 0, d.day))
	on := func(days int, clock string) string {
		if clock != "" {
			clock = "T" + clock
		}
		return first.AddDate(0, 0, days).Format(time.DateOnly) + clock
	}
	args := map[string]any{
		"id": recordID("agenda", d.key), "title": d.title, "start": on(0, d.start), "end": on(d.lasts, d.end),
		"place": d.place, "text": d.text, "link": d.link,
	}
	if d.weeks > 0 {
		args["until"] = on(7*d.weeks, "")
	}
	return args
}
