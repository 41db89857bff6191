package demo

import (
	"context"
	"fmt"
)

// sent is a transfer of somebody of the demo.
type sent struct {
	owner, title, password string
	days                   int // before today
	hour                   string
	files                  []File
}

// transfers are what Mme Garnier sends by a link: to the families, and to a
// colleague alone.
func (p *plan) transfers() []event {
	teacher := User("teacher")
	plan := handout("Plan de travail.pdf", "Plan de travail", []string{"Semaine 1 : le conte.", "Semaine 2 : la fable."})
	var events []event
	for _, s := range []sent{
		{owner: teacher, title: "Photos du spectacle", days: 3, hour: "18:20", files: []File{photo(0), photo(1), photo(2)}},
		{owner: teacher, title: "Plan de travail pour le remplacement", password: "tulipe", days: 1, hour: "17:50", files: []File{plan}},
	} {
		events = append(events, event{p.moment(s.days, s.hour), s.open}, event{p.moment(s.days, s.hour[:3]+"59"), s.arrive})
	}
	return events
}

func (s sent) id() string { return recordID("transfer", s.owner, s.title) }

func (s sent) open(ctx context.Context, w *World) error {
	return w.Send(ctx, s.owner, "user:"+s.owner, "transfer.open@1", map[string]any{
		"id": s.id(), "secret": w.secret(s.title), "title": s.title, "password": s.password, "days": 14, "files": named(s.files),
	})
}

func (s sent) arrive(ctx context.Context, w *World) error {
	for n, f := range s.files {
		meta := map[string]string{"transfer": s.id(), "part": fmt.Sprint(n)}
		if err := w.Transfers.Arrived(ctx, Actor(s.owner), meta, int64(len(f.Data)), w.keep(f)); err != nil {
			return fmt.Errorf("bring %s: %w", f.Name, err)
		}
	}
	return nil
}
