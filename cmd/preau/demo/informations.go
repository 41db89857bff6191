package demo

import (
	"context"
	"slices"
	"time"

	"preau/api/attachment"
	"preau/api/body"
	"preau/api/directory"
	"preau/api/information"
)

// told is an information of the demo.
type told struct {
	key, from   string
	days        int // before today
	hour        string
	ahead       int // days from today until it ends
	title       string
	category    string
	text        string
	files       []File
	acknowledge bool
	questions   []information.Question
	anonymous   bool
	perChild    bool
	audience    []information.Target
}

// informations are what the school tells and asks its people.
func (p *plan) informations() []event {
	class := "class:" + ClassID("5e B")
	target := func(of string, roles ...string) []information.Target {
		return []information.Target{{Of: of, Roles: roles}}
	}
	plan := handout("Sortie au théâtre.pdf", "Sortie au théâtre", []string{"Départ : 13 h 15 devant le collège", "Retour : 17 h", "Prévoir : un vêtement chaud, un goûter"})
	all := []told{
		{
			key: "photos", from: User("staff"), days: 30, hour: "09:00", ahead: -9, title: "Photos de classe", category: "life",
			text: "Le photographe vient mardi. Les cartes se retirent ensuite à la vie scolaire.", audience: target(class, information.Students, information.Guardians),
		},
		{
			key: "parents", from: User("direction"), days: 6, hour: "17:30", ahead: 10, title: "Rencontre parents-professeurs", category: "meeting", acknowledge: true,
			text:     "La rencontre a lieu au réfectoire, de 17 h à 20 h.\nLes rendez-vous de dix minutes se prennent auprès de chaque professeur.",
			audience: append(target(class, information.Guardians), target("class:"+ClassID("6e A"), information.Guardians)...),
		},
		{
			key: "theatre", from: User("teacher"), days: 5, hour: "17:10", ahead: 9, title: "Sortie au théâtre", category: "outing", files: []File{plan}, perChild: true,
			text: "Les élèves verront « Le Médecin malgré lui ». Merci de répondre pour que je réserve le car.", audience: target(class, information.Guardians),
			questions: []information.Question{
				{Kind: information.KindOne, Title: "Votre enfant vient-il au théâtre ?", Choices: []string{"Oui", "Non"}, Required: true},
				{Kind: information.KindMany, Title: "Pouvez-vous accompagner ?", Choices: []string{"À l’aller", "Au retour"}, Other: true},
				{Kind: information.KindText, Title: "Une allergie, une remarque ?"},
			},
		},
		{
			key: "canteen", from: User("staff"), days: 5, hour: "10:20", ahead: 6, title: "Le bruit à la cantine", category: "canteen", anonymous: true,
			text: "Cinq minutes pour nous aider à rendre la pause de midi plus calme.", audience: target(class, information.Students),
			questions: []information.Question{
				{Kind: information.KindOne, Title: "Comment trouves-tu le bruit à la cantine ?", Choices: []string{"Ça va", "Un peu trop fort", "Beaucoup trop fort"}, Required: true},
				{Kind: information.KindText, Title: "Une idée pour que ce soit plus calme ?"},
			},
		},
		{
			key: "council", from: User("direction"), days: 4, hour: "12:05", ahead: 12, title: "Conseil pédagogique", category: "meeting", acknowledge: true,
			text: "Jeudi à 17 h en salle de réunion. Ordre du jour : les évaluations communes.", audience: target("school", information.Teachers, information.Staff),
		},
		{
			key: "winter", from: User("direction"), days: 4, hour: "08:40", ahead: 20, title: "Fermeture du portail à 8 h 05", category: "life",
			text: "À partir de lundi, le portail ferme à 8 h 05. Les élèves en retard passent par la vie scolaire.", audience: target(class, information.Students, information.Guardians),
		},
	}
	var events []event
	for _, t := range all {
		events = append(events, event{p.moment(t.days, t.hour), func(ctx context.Context, w *World) error { return p.inform(ctx, w, t) }})
	}
	return append(events, p.responses()...)
}

// InformationID is the id of an information of the demo, by its key.
func InformationID(key string) string { return recordID("information", key) }

func (p *plan) inform(ctx context.Context, w *World, t told) error {
	files := []attachment.File{}
	for _, f := range t.files {
		if err := w.Upload(ctx, t.from, f); err != nil {
			return err
		}
		files = append(files, f.Attached())
	}
	day := func(ahead int) directory.Date { return directory.DateOf(p.moment(-ahead, "00:00")) }
	return w.Send(ctx, t.from, "user:"+t.from, "information.publish@1", struct {
		ID string `json:"id"`
		information.Content
	}{InformationID(t.key), information.Content{
		Title: t.title, Category: t.category, Body: body.Of(t.text), Files: files, From: day(-t.days), Until: day(t.ahead),
		Acknowledge: t.acknowledge, Questions: t.questions, Anonymous: t.anonymous, PerChild: t.perChild, Audience: t.audience,
	}})
}

// responses are what families did since: the father and some others, but
// neither Inès nor her mother.
func (p *plan) responses() []event {
	at := p.moment(4, "19:15")
	i := slices.IndexFunc(p.classes, func(c class) bool { return c.Name == "5e B" })
	var all []event
	ideas := []string{"Des tables plus petites", "", "De la musique douce", "Deux services", "", "Moins de monde à midi"}
	for n, pupil := range p.classes[i].pupils {
		if pupil.ID == User("student") {
			continue
		}
		all = append(all, respond(at, pupil.ID, "answer", map[string]any{"id": InformationID("canteen"), "answers": []information.Given{
			{Choices: []int{n % 3}}, {Text: ideas[n%len(ideas)]},
		}}))
		if n%3 != 0 {
			all = append(all, event{at.Add(time.Minute), func(ctx context.Context, w *World) error { return w.family(ctx, pupil.ID, n) }})
		}
	}
	father := User("father")
	return append(all,
		respond(at, father, "acknowledge", map[string]any{"id": InformationID("parents")}),
		respond(at, User("guardian"), "read", map[string]any{"ids": []string{InformationID("winter")}}))
}

func respond(at time.Time, user, act string, args map[string]any) event {
	return event{at, func(ctx context.Context, w *World) error {
		return w.Send(ctx, user, "user:"+user, "information."+act+"@1", args)
	}}
}

// family is the guardians of a pupil: they know of the meeting, and answer for
// the outing.
func (w *World) family(ctx context.Context, pupil string, n int) error {
	for _, guardian := range w.Directory.Guardians(pupil) {
		if guardian == User("guardian") {
			continue
		}
		home := "user:" + guardian
		if err := w.Send(ctx, guardian, home, "information.acknowledge@1", map[string]any{"id": InformationID("parents")}); err != nil {
			return err
		}
		coming, helps, says := information.Given{Choices: []int{n / 3 % 2}}, information.Given{}, information.Given{}
		switch n % 6 {
		case 1:
			helps.Choices, says.Text = []int{0, 1}, "Je peux prendre trois enfants en voiture."
		case 2:
			says.Text = "Allergie aux arachides : son goûter est dans le sac."
		}
		if err := w.Send(ctx, guardian, home, "information.answer@1", map[string]any{
			"id": InformationID("theatre"), "child": pupil, "answers": []information.Given{coming, helps, says},
		}); err != nil {
			return err
		}
	}
	return nil
}
