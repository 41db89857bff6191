package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"preau/api/directory"
	"preau/api/grades/average"
	"preau/api/skills"
)

// look is an evaluation of competences of 5e B, and how it is entered.
type look struct {
	subject string
	title   string
	days    int    // before today
	items   string // of the shipped framework
	exam    int    // the assessment with the marks of the same work; 0: none
	hidden  bool   // not published yet
}

// looks are those of 5e B: some competences are looked at again and again, one
// evaluation has marks as well, one is being entered, and sports have levels
// alone.
var looks = []look{
	{subject: "fr", title: "Lecture : un conte", days: 38, items: "fra-1 fra-4 tous-2"},
	{subject: "fr", title: "Décrire un lieu", days: 31, items: "fra-2 fra-3 fra-4"},
	{subject: "fr", title: "Lecture à voix haute", days: 24, items: "fra-5 fra-1"},
	{subject: "fr", title: "Dictée n° 4 : ce qui est acquis", days: 8, items: "fra-3 tous-3", exam: 4},
	{subject: "fr", title: "Lecture : un portrait", days: 3, items: "fra-1 fra-2 fra-4"},
	{subject: "fr", title: "Exposés", days: 1, items: "tous-1 fra-5 tous-6", hidden: true},
	{subject: "ma", title: "Fractions", days: 35, items: "math-1 math-5"},
	{subject: "ma", title: "Problèmes ouverts", days: 18, items: "math-3 math-2 math-6"},
	{subject: "ma", title: "Triangles", days: 5, items: "math-4 math-2 math-5"},
	{subject: "an", title: "Se présenter", days: 25, items: "angl-3 angl-1"},
	{subject: "an", title: "A letter to a friend", days: 11, items: "angl-4 angl-2"},
	{subject: "eps", title: "Course de durée", days: 28, items: "eps-2 eps-4"},
	{subject: "eps", title: "Basket : jouer et arbitrer", days: 7, items: "eps-3 eps-2"},
}

// LookID is the id of an evaluation of 5e B, by its place in the term.
func LookID(n int) string { return recordID("look", fmt.Sprint(n)) }

// levels are the term of competences of 5e B.
func (p *plan) levels() []event {
	all := []event{p.levelsAlone()}
	for i, l := range looks {
		if p.has(l.subject) {
			all = append(all, p.lookEvents(LookID(i), l, p.courseOf(l.subject, "5e B"), uint64(i)))
		}
	}
	return append(all, p.byHand())
}

// has says whether 5e B learns a subject: in a small school, not all.
func (p *plan) has(subject string) bool {
	return slices.ContainsFunc(p.courses, func(k course) bool { return k.subject == subject && k.class.Name == "5e B" })
}

// levelsAlone has sports evaluated without marks, where there are sports.
func (p *plan) levelsAlone() event {
	decided := skills.Shipped().Settings
	if p.has("eps") {
		decided.Only = []string{"subject:" + id("subject", "eps")}
	}
	return event{p.schoolDay(44, 10), func(ctx context.Context, w *World) error {
		return w.Send(ctx, User("direction"), "school:"+SchoolID, "skills.settings@1", decided)
	}}
}

// lookEvents are the teacher entering the levels in one evening, and
// publishing them.
func (p *plan) lookEvents(id string, l look, k course, salt uint64) event {
	evening := p.schoolDay(l.days, 19)
	day := directory.DateOf(evening)
	args := map[string]any{"id": id, "title": l.title, "date": day, "period": periodOf(day), "items": l.looked()}
	if l.exam > 0 {
		args["assessment"] = ExamID(l.exam)
	}
	return event{evening, func(ctx context.Context, w *World) error {
		send := func(name string, args any) error { return w.Send(ctx, k.teacher, "course:"+k.id, name, args) }
		if err := send("skills.evaluate@1", args); err != nil {
			return err
		}
		if err := send("skills.enter@1", map[string]any{"evaluation": id, "cells": l.cells(k.class.pupils, salt)}); err != nil || l.hidden {
			return err
		}
		return send("skills.publish@1", map[string]any{"id": id})
	}}
}

func (l look) looked() (all []skills.Item) {
	for name := range strings.FieldsSeq(l.items) {
		all = append(all, skills.Item{Skill: "socle-" + name, Coefficient: 100})
	}
	return all
}

// cells are the levels of a class: pupils get better through the term, and now
// and then somebody is away. What is being entered has the first half only.
func (l look) cells(pupils []directory.Person, salt uint64) (all []skills.Cell) {
	if l.hidden {
		pupils = pupils[:(len(pupils)+1)/2]
	}
	given := skills.Shipped().Levels
	for i, pupil := range pupils {
		level, luck := rand.New(rand.NewPCG(uint64(i), 3)), rand.New(rand.NewPCG(uint64(i), 2000+salt))
		usual := level.IntN(3)
		if i == 0 {
			usual = 2 // Inès
		}
		away := i > 0 && luck.IntN(18) == 0
		for _, item := range l.looked() {
			at := min(3, max(0, usual+luck.IntN(3)-1-l.days/32))
			cell := skills.Cell{Student: pupil.ID, Skill: item.Skill, Value: given[at].ID}
			if away {
				cell.Value = string(average.Absent)
			}
			all = append(all, cell)
		}
	}
	return all
}

// byHand is the teacher of French who knows better than the levels.
func (p *plan) byHand() event {
	k := p.courseOf("fr", "5e B")
	pupil := slices.MaxFunc(k.class.pupils, func(a, b directory.Person) int { return strings.Compare(a.ID, b.ID) })
	return event{p.schoolDay(2, 18), func(ctx context.Context, w *World) error {
		return w.Send(ctx, k.teacher, "course:"+k.id, "skills.position@1", map[string]any{
			"period": periodOf(directory.DateOf(p.schoolDay(2, 18))), "student": pupil.ID, "value": 3,
		})
	}}
}
