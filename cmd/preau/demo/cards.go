package demo

import (
	"context"
	"math/rand/v2"
	"strings"
	"time"

	"preau/api/directory"
	"preau/api/grades"
)

// earlyMarks are more marks of 6e A, whose report cards are out already.
var earlyMarks = []exam{
	{subject: "fr", title: "Lecture à voix haute", kind: "oral", days: 30, outOf: 20, weight: "1"},
	{subject: "fr", title: "Le conte", kind: "test", days: 16, outOf: 20, weight: "2"},
	{subject: "hg", title: "Repères sur la frise", kind: "quiz", days: 21, outOf: 10, weight: "1"},
	{subject: "an", title: "My family", kind: "oral", days: 18, outOf: 20, weight: "1"},
}

// said are what teachers say, from the best pupils to those who struggle.
var said = []string{
	"Excellent travail, mené avec curiosité et rigueur. Félicitations !",
	"Très bon ensemble. {first} lève souvent la main et aide volontiers les autres.",
	"Bon trimestre, sérieux et régulier. {first} peut encore oser plus à l'oral.",
	"Ensemble satisfaisant. Le cours est su ; les exercices demandent plus de soin.",
	"Des efforts réels en fin de trimestre. Continuez ainsi, {first}.",
	"Résultats fragiles : un travail plus régulier à la maison est nécessaire.",
	"Trop de bavardages ce trimestre. {first} a les moyens de bien mieux réussir.",
}

// concluded are what councils say, in the same order.
var concluded = []struct{ text, mention string }{
	{"Un excellent trimestre, dans toutes les matières. Le conseil félicite {first}.", "honours"},
	{"Un très bon trimestre. L'investissement de {first} est remarquable.", "compliments"},
	{"Un bon trimestre. Le sérieux de {first} est apprécié.", ""},
	{"Ensemble correct. Avec plus de régularité, les progrès viendront.", ""},
	{"Le conseil encourage les efforts de {first}, qui doivent se poursuivre.", "encouragement"},
	{"Trimestre fragile. Il faut se mettre au travail chaque soir et demander de l'aide.", "work"},
}

// cards are the end of a period: the cards of 6e A are out, those of 5e B are
// being written.
func (p *plan) cards() []event {
	period := p.cardsPeriod()
	first, second := p.class("6e A"), p.class("5e B")
	all := []event{p.lastDay(second, period, p.schoolDay(7, 9))}
	for i, k := range p.coursesOf(first) {
		all = append(all, p.appraisals(k, period, p.schoolDay(9, 17), len(first.pupils), uint64(i)))
	}
	for i, k := range p.coursesOf(second) {
		written := len(second.pupils)
		if k.subject == "fr" {
			written /= 2
		} else if i%3 != 0 {
			continue
		}
		all = append(all, p.appraisals(k, period, p.schoolDay(5, 18), written, uint64(10+i)))
	}
	return append(all, p.council(first, period, p.schoolDay(7, 18)), p.published(first, period, p.schoolDay(6, 17)))
}

// cardsPeriod is the one whose cards are being made: in its first weeks a
// period waits for those of the one before.
func (p *plan) cardsPeriod() string {
	return periodOf(p.within(-21))
}

// meetings are the councils of the classes whose cards are being made.
func (p *plan) meetings() map[string]grades.Council {
	return map[string]grades.Council{
		p.class("6e A").Scope(): {Date: p.within(-7), Start: "17:30", End: "18:15"},
		p.class("5e B").Scope(): {Date: p.within(9), Start: "17:30", End: "18:15"},
	}
}

// within is a day of this school year, some days from today.
func (p *plan) within(days int) directory.Date {
	return max(p.today.AddDays(days), directory.YearOf(p.today).Start)
}

// lastDay is the direction saying until when the teachers of a class write.
func (p *plan) lastDay(c *class, period string, at time.Time) event {
	return event{at, func(ctx context.Context, w *World) error {
		return w.Send(ctx, User("direction"), "school:"+SchoolID, "reportcard.council@1", map[string]any{
			"class": c.ID, "period": period, "until": p.within(6),
		})
	}}
}

// appraisals are a teacher writing about the first pupils of a course.
func (p *plan) appraisals(k course, period string, at time.Time, n int, salt uint64) event {
	return event{at, func(ctx context.Context, w *World) error {
		for i, pupil := range k.class.pupils[:n] {
			words := said[p.standing(i, salt, len(said))]
			if err := w.Send(ctx, k.teacher, "course:"+k.id, "reportcard.appraise@1", map[string]any{
				"period": period, "student": pupil.ID, "text": strings.ReplaceAll(words, "{first}", pupil.First), "was": "",
			}); err != nil {
				return err
			}
		}
		return nil
	}}
}

// standing is about how well a pupil does, 0 best, and a little luck.
func (p *plan) standing(pupil int, salt uint64, of int) int {
	level, luck := rand.New(rand.NewPCG(uint64(pupil), 3)), rand.New(rand.NewPCG(uint64(pupil), 5000+salt))
	usual := 8 - level.IntN(9)
	if pupil == 0 {
		usual = 2 // Inès and Sami
	}
	return min(of-1, max(0, (usual*of)/9+luck.IntN(3)-1))
}

func (p *plan) council(c *class, period string, at time.Time) event {
	return event{at, func(ctx context.Context, w *World) error {
		for i, pupil := range c.pupils {
			words := concluded[p.standing(i, 99, len(concluded))]
			if err := w.Send(ctx, User("direction"), "council:"+c.ID, "reportcard.conclude@1", map[string]any{
				"period": period, "student": pupil.ID, "mention": words.mention, "decision": "",
				"text": strings.ReplaceAll(words.text, "{first}", pupil.First),
			}); err != nil {
				return err
			}
		}
		return nil
	}}
}

// published is the direction putting the cards online; the father of Sami
// reads his.
func (p *plan) published(c *class, period string, at time.Time) event {
	return event{at, func(ctx context.Context, w *World) error {
		if err := w.Send(ctx, User("direction"), "council:"+c.ID, "reportcard.publish@1", map[string]any{"period": period, "early": true}); err != nil {
			return err
		}
		if err := w.Settle(ctx); err != nil {
			return err
		}
		return w.Send(ctx, karim.ID, "student:"+sami.ID, "reportcard.acknowledge@1", map[string]any{"period": period, "version": 1})
	}}
}
