package demo

import (
	"context"
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

// life is vie scolaire: who was missing or late in the last days, what the
// families said of it, and what was noted.
func (p *plan) life() []event {
	days := p.rollMornings()
	var all []event
	for n, day := range days {
		for i := range p.classes {
			if p.classes[i].Kind == directory.KindClass {
				all = append(all, p.firstLesson(&p.classes[i], day, n+i))
			}
		}
	}
	return append(all, p.benaliLife(days)...)
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

// firstLesson is the roll of a class at eight: mostly everybody is there. The
// children whom everybody meets have a story of their own.
func (p *plan) firstLesson(c *class, at time.Time, turn int) event {
	courses := p.coursesOf(c)
	k := courses[(turn+1)%len(courses)]
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
	return rollAt(k, at, calls...)
}

// rollAt is the roll of a lesson that has just begun.
func rollAt(k course, at time.Time, calls ...map[string]any) event {
	return event{at, func(ctx context.Context, w *World) error {
		return w.Send(ctx, k.teacher, "course:"+k.id, "attendance.roll@1", map[string]any{
			"date": at.Format(time.DateOnly), "start": at.Format("15:00"), "end": at.Add(time.Hour).Format("15:00"), "calls": calls,
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
