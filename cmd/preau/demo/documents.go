package demo

import (
	"context"

	"preau/api/attachment"
)

// kept is a file that somebody of the demo keeps among their own, in a folder
// if it has a name.
type kept struct {
	owner, folder string
	days          int // before today
	hour          string
	file          File
}

// documents are the files that the people of the cast keep.
func (p *plan) documents() []event {
	student, teacher := User("student"), User("teacher")
	method := handout("Méthode de la rédaction.pdf", "Rédiger un récit", []string{"1. Lire le sujet deux fois.", "2. Chercher des idées, puis les ranger.", "3. Écrire, laisser reposer, relire."})
	verbs := handout("Verbes irréguliers.pdf", "Verbes irréguliers", []string{"to be, was, been", "to go, went, gone", "to write, wrote, written"})
	grid := handout("Grille de correction.pdf", "Grille de correction", []string{"Idées  / 8", "Langue  / 8", "Présentation  / 4"})
	notes := sheet(7)
	notes.Name = "Notes de SVT.jpg"
	all := []kept{
		{student, "Français", 12, "18:10", method},
		{student, "", 6, "17:45", verbs},
		{student, "", 2, "19:05", notes},
		{teacher, "5e B", 20, "17:30", grid},
		{teacher, "", 9, "18:05", taleSheet},
	}
	var events []event
	for _, k := range all {
		events = append(events, event{p.moment(k.days, k.hour), k.keep})
	}
	return events
}

func (k kept) keep(ctx context.Context, w *World) error {
	if err := w.Upload(ctx, k.owner, k.file); err != nil {
		return err
	}
	home, folder := "user:"+k.owner, ""
	if k.folder != "" {
		folder = recordID("folder", k.owner, k.folder)
		if err := w.Send(ctx, k.owner, home, "document.folder@1", map[string]any{"id": folder, "name": k.folder}); err != nil {
			return err
		}
	}
	return w.Send(ctx, k.owner, home, "document.keep@1", struct {
		ID     string          `json:"id"`
		Folder string          `json:"folder"`
		File   attachment.File `json:"file"`
	}{recordID("document", k.owner, k.file.Name), folder, k.file.Attached()})
}
