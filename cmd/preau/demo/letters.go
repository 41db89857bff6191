package demo

import (
	"context"
	"time"

	"preau/api/attachment"
	"preau/api/mail"
)

// letter is a message that somebody of the demo wrote, or an answer to one.
type letter struct {
	key     string
	from    string
	days    int    // before today
	hour    string // at the school, "08:12"
	subject string
	mode    string
	to      []string
	re      string // key of the message that it answers
	all     bool
	text    string
	files   []File
}

// letters are the messages that the people of the cast find.
func (p *plan) letters() []event {
	maths := p.courseOf("ma", "5e B").teacher
	class := "class:" + ClassID("5e B")
	you := func(key string) string { return "user:" + User(key) }
	coupon := handout("coupon.pdf", "Sortie au musée", []string{"Je soussigné(e) ........................", "autorise mon enfant à participer à la sortie.", "Date et signature :"})
	all := []letter{
		{
			key: "board", from: User("direction"), days: 6, hour: "17:05", subject: "Conseil d'administration", mode: mail.ModeSender,
			to: []string{"school:" + SchoolID + "/teachers", "school:" + SchoolID + "/staff"}, text: "Bonjour à tous,\nvoici le compte rendu du conseil du mois. Bonne lecture.",
		},
		{
			key: "dentist", from: User("guardian"), days: 4, hour: "19:20", subject: "Rendez-vous chez le dentiste", mode: mail.ModeAll,
			to: []string{you("student")}, text: "Je viens te chercher à 15 h 30. Attends-moi devant la grille.",
		},
		{key: "dentist-ok", from: User("student"), days: 4, hour: "19:31", re: "dentist", text: "D'accord maman !"},
		{
			key: "thanks", from: User("student"), days: 3, hour: "18:02", subject: "Question sur la rédaction", mode: mail.ModeAll,
			to: []string{you("teacher")}, text: "Bonjour madame,\nest-ce qu'on peut écrire deux pages ?\nInès",
		},
		{key: "thanks-ok", from: User("teacher"), days: 3, hour: "18:40", re: "thanks", text: "Bonjour Inès,\noui, bien sûr. Pense à relire les accords."},
		{
			key: "test", from: maths, days: 1, hour: "16:45", subject: "Correction du contrôle", mode: mail.ModeSender,
			to: []string{class + "/students"}, text: "Bonjour à tous,\nvoici le corrigé du contrôle de vendredi. On en reparle jeudi.",
		},
		{
			key: "museum", from: User("staff"), days: 1, hour: "17:12", subject: "Sortie au musée : autorisation", mode: mail.ModeAll,
			to: []string{class + "/guardians", you("teacher")}, files: []File{coupon},
			text: "Bonjour, il manque encore quatre coupons signés pour vendredi. Le départ est à *8 h 15* devant le collège.",
		},
		{key: "museum-ok", from: User("father"), days: 1, hour: "18:03", re: "museum", all: true, text: "C'est signé, Inès l'apporte demain."},
		{
			key: "absence", from: User("guardian"), days: 1, hour: "20:31", subject: "Absence de jeudi", mode: mail.ModeAll,
			to: []string{you("teacher"), you("staff")}, text: "Bonjour,\nInès a rendez-vous chez le médecin jeudi matin. Elle arrivera à 10 h.\nMme Benali",
		},
		{
			key: "council", from: maths, days: 2, hour: "12:15", subject: "Conseil de classe 5e B", mode: mail.ModeAll,
			to: []string{you("teacher")}, text: "Je propose qu'on se voie mardi à midi pour préparer. Ça te va ?",
		},
	}
	var events []event
	for _, l := range all {
		events = append(events, event{p.moment(l.days, l.hour), l.write})
	}
	return events
}

// moment is an hour of a day before today.
func (p *plan) moment(days int, hour string) time.Time {
	day := p.now.In(zone()).AddDate(0, 0, -days)
	clock, err := time.Parse("15:04", hour)
	if err != nil {
		panic(err) // written above
	}
	return time.Date(day.Year(), day.Month(), day.Day(), clock.Hour(), clock.Minute(), 0, 0, zone())
}

// LetterID is the id of a message of the demo, by its key: "museum", "test" …
func LetterID(key string) string { return recordID("letter", key) }

func (l letter) write(ctx context.Context, w *World) error {
	files := []attachment.File{}
	for _, f := range l.files {
		if err := w.Upload(ctx, l.from, f); err != nil {
			return err
		}
		files = append(files, f.Attached())
	}
	args := map[string]any{"id": LetterID(l.key), "body": richText(l.text), "files": files}
	name := "mail.send@1"
	if l.re != "" {
		name, args["re"], args["all"] = "mail.reply@1", LetterID(l.re), l.all
	} else {
		args["subject"], args["mode"], args["to"] = l.subject, l.mode, l.to
	}
	return w.Send(ctx, l.from, "user:"+l.from, name, args)
}
