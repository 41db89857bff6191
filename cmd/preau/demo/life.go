package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"preau/api/attendance"
	"preau/api/directory"
)

// Rolls of the first lesson are taken in the last days, and today if it has
// begun.
const (
	rollDays = 10
	lateFor  = 5 // minutes
)

// life is vie scolaire: who was missing or late in the last days and in the
// term, what the families said of it, and what was noted.
func (p *plan) life(b *board) []event {
	days := p.rollMornings()
	var all []event
	for n, day := range days {
		for i := range p.classes {
			if p.classes[i].Kind == directory.KindClass {
				all = append(all, p.firstLesson(b, &p.classes[i], day, n+i)...)
			}
		}
	}
	all = append(all, p.benaliLife(days)...)
	return append(all, p.noted()...)
}

// rollMornings are the last days of school at five past eight, oldest first.
func (p *plan) rollMornings() []time.Time {
	now := p.now.In(zone())
	var all []time.Time
	for back := rollDays - 1; back >= 0; back-- {
		at := time.Date(now.Year(), now.Month(), now.Day()-back, 8, 5, 0, 0, zone())
		if at.Before(p.now) && lessonDay(at).Equal(at) {
			all = append(all, at)
		}
	}
	return all
}

// firstLesson is the roll of the first lesson of a class: mostly everybody is
// there. The children whom everybody meets have a story of their own.
func (p *plan) firstLesson(b *board, c *class, morning time.Time, turn int) []event {
	date := directory.DateOf(morning)
	lessons := p.lessons(b, c.Name, date, date)
	courses := p.coursesOf(c)
	k := courses[(turn+1)%len(courses)]
	start, end := "08:00", "09:00"
	if i := slices.IndexFunc(courses, func(k course) bool { return len(lessons) > 0 && k.id == lessons[0].Course }); i >= 0 {
		k, start, end = courses[i], lessons[0].Start, lessons[0].End
	}
	calls := []map[string]any{}
	for i := range p.IntN(3) {
		pupil := c.pupils[1+p.IntN(len(c.pupils)-1)]
		switch {
		case i == 1 && calls[0]["student"] == pupil.ID:
		case p.IntN(3) == 0:
			calls = append(calls, map[string]any{"student": pupil.ID, "state": attendance.Late, "minutes": lateFor * (1 + p.IntN(3))})
		default:
			calls = append(calls, map[string]any{"student": pupil.ID, "state": attendance.Absent})
		}
	}
	at := p.minuteOf(date, start).Add(5 * time.Minute)
	if !at.Before(p.now) {
		return nil
	}
	return []event{called(k, at, start, end, calls)}
}

func (p *plan) minuteOf(day directory.Date, clock string) time.Time {
	at, _ := time.ParseInLocation("2006-01-02 15:04", string(day)+" "+clock, zone()) // the bells are written well
	return at
}

// rollAt is the roll of a lesson that has just begun.
func rollAt(k course, at time.Time, calls ...map[string]any) event {
	return called(k, at, at.Format("15:00"), at.Add(time.Hour).Format("15:00"), calls)
}

func called(k course, at time.Time, start, end string, calls []map[string]any) event {
	return event{at, func(ctx context.Context, w *World) error {
		return w.Send(ctx, k.teacher, "course:"+k.id, "attendance.roll@1", map[string]any{
			"date": at.Format(time.DateOnly), "start": start, "end": end, "calls": calls,
		})
	}}
}

// benaliLife is what happened to Inès and Sami: a morning that was explained
// and settled, another that was not, a lateness, an encouragement to take note
// of, and an exemption. It lies before the day on which everybody has read
// what they were told.
func (p *plan) benaliLife(days []time.Time) []event {
	quiet := p.now.In(zone()).AddDate(0, 0, -4)
	var before []time.Time
	for _, day := range days {
		if day.Before(quiet) {
			before = append(before, day)
		}
	}
	if len(before) < 2 {
		return nil
	}
	first, last := before[0], before[len(before)-1]
	english, maths := p.courseOf("an", "5e B"), p.courseOf("ma", "6e A")
	absent := func(key string) map[string]any {
		return map[string]any{"student": User(key), "state": attendance.Absent}
	}
	all := []event{
		rollAt(english, first.Add(time.Hour), absent("student")),
		p.explained(first.Add(3 * time.Hour)),
		p.decided(first.Add(5 * time.Hour)),
		rollAt(english, last.Add(3*time.Hour), map[string]any{"student": User("student"), "state": attendance.Late, "minutes": lateFor}),
		rollAt(maths, last.Add(2*time.Hour), map[string]any{"student": sami.ID, "state": attendance.Absent}),
	}
	return append(all, p.praised(last.Add(8*time.Hour)), p.exempted(last.Add(9*time.Hour)))
}

// lessonOf is the lesson that began some hours before a moment.
func lessonOf(at time.Time, hours int) (from, to string) {
	start := at.Add(time.Duration(-hours) * time.Hour)
	return start.Format("2006-01-02T15:00"), start.Add(time.Hour).Format("2006-01-02T15:00")
}

func (p *plan) explained(at time.Time) event {
	from, to := lessonOf(at, 2)
	return event{at, func(ctx context.Context, w *World) error {
		return w.Send(ctx, User("guardian"), "student:"+User("student"), "attendance.justify@1", map[string]any{
			"id": recordID("life", "excuse"), "kind": "absence", "from": from, "to": to,
			"reason": "appointment", "text": "Rendez-vous chez l'orthodontiste, elle revient à 10 h.", "files": []string{},
		})
	}}
}

func (p *plan) decided(at time.Time) event {
	from, to := lessonOf(at, 4)
	return event{at, func(ctx context.Context, w *World) error {
		return w.Send(ctx, User("staff"), "office:"+SchoolID, "attendance.settle@1", map[string]any{
			"id": recordID("life", "ruling"), "student": User("student"), "kind": "absence", "from": from, "to": to,
			"reason": "appointment", "justified": true, "excuse": recordID("life", "excuse"), "answer": "C'est noté, merci.",
		})
	}}
}

func (p *plan) praised(at time.Time) event {
	french := p.courseOf("fr", "5e B")
	return event{at, func(ctx context.Context, w *World) error {
		return w.Send(ctx, french.teacher, "course:"+french.id, "attendance.observe@1", map[string]any{
			"type": "observation", "id": recordID("life", "praise"), "student": User("student"), "kind": attendance.Encouragement,
			"from": at.Format("2006-01-02T15:04"), "text": "Inès a aidé un camarade à relire son conte : bravo.", "acknowledge": true,
		})
	}}
}

func (p *plan) exempted(at time.Time) event {
	return event{at, func(ctx context.Context, w *World) error {
		return w.Send(ctx, User("staff"), "office:"+SchoolID, "attendance.note@1", map[string]any{
			"type": "exemption", "id": recordID("life", "exemption"), "student": sami.ID, "subject": id("subject", "eps"),
			"from": at.Format("2006-01-02T15:04"), "to": at.AddDate(0, 0, 21).Format("2006-01-02T15:04"),
			"text": "Poignet foulé : pas de sport, il reste au bord du terrain.", "attends": true,
		})
	}}
}

// noted is what vie scolaire wrote down in the term of pupils whom nobody
// meets: an illness of some days, a detention with its dates, somebody who went
// home, a visit to the infirmary, and what happened in the yard.
func (p *plan) noted() []event {
	var all []event
	for i, at := range p.term {
		c := &p.classes[i%len(p.classes)]
		if c.Kind != directory.KindClass || len(c.pupils) < 4 || !at.Before(p.now) {
			continue
		}
		day := at.In(zone())
		all = append(all, p.ill(fmt.Sprint("ill ", i), c.pupils[2], day), p.wrote(day, p.noteOf(i, c, day)))
	}
	return all
}

func (p *plan) ill(key string, pupil directory.Person, day time.Time) event {
	return event{day.Add(time.Hour), func(ctx context.Context, w *World) error {
		return w.Send(ctx, User("staff"), "office:"+SchoolID, "attendance.record@1", map[string]any{
			"id": recordID("life", key), "student": pupil.ID, "kind": "absence", "from": day.AddDate(0, 0, -2).Format(time.DateOnly) + "T08:00",
			"to": day.Format(time.DateOnly) + "T17:30", "reason": "illness", "justified": true,
		})
	}}
}

func (p *plan) wrote(day time.Time, note map[string]any) event {
	return event{day.Add(2 * time.Hour), func(ctx context.Context, w *World) error {
		return w.Send(ctx, User("staff"), "office:"+SchoolID, "attendance.note@1", note)
	}}
}

// noteOf is one note of each kind in turn.
func (p *plan) noteOf(i int, c *class, day time.Time) map[string]any {
	at := func(days int, clock string) string {
		return day.AddDate(0, 0, days).Format(time.DateOnly) + "T" + clock
	}
	note := map[string]any{"id": recordID("life", fmt.Sprint("note ", i)), "student": c.pupils[3].ID, "from": at(0, "10:05")}
	switch i % 4 {
	case 0:
		note["type"], note["kind"], note["acknowledge"] = "punishment", "detention", true
		note["text"], note["reasons"] = "Trois oublis de matériel dans la semaine.", []string{"Travail non fait"}
		note["work"] = "Recopier et comprendre la leçon sur les fractions."
		note["sessions"] = []map[string]any{{"from": at(2, "13:25"), "minutes": 55}, {"from": at(9, "13:25"), "minutes": 55}}
	case 1:
		note["type"], note["to"], note["private"] = "infirmary", at(0, "10:40"), "Mal de tête, un verre d'eau et du repos."
	case 2:
		note["type"], note["text"] = "exit", "Parti à la fin des cours du matin, un parent l'attendait."
	default:
		delete(note, "student")
		note["type"], note["private"] = "incident", "Dispute pour un ballon dans la cour, sans blessé."
		note["involved"] = []map[string]any{
			{"student": c.pupils[2].ID, "text": "Un désaccord pendant la récréation, réglé avec un adulte."},
			{"student": c.pupils[3].ID, "text": "Un désaccord pendant la récréation, réglé avec un adulte."},
		}
	}
	return note
}
