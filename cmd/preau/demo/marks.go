package demo

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"time"

	"preau/api/attachment"
	"preau/api/directory"
	"preau/api/grades"
	"preau/api/grades/average"
)

// exam is an assessment of the demo, and how it is entered.
type exam struct {
	subject string
	title   string
	kind    string // of assessment
	days    int    // before today
	outOf   int
	weight  string
	more    map[string]any
	hidden  bool // not published yet
}

// exams are those of 5e B, from which every part of the screens has something
// to show: scales and coefficients, an optional one, a bonus, one that does
// not count, one that is being entered.
var exams = []exam{
	{subject: "fr", title: "Rédaction : décrire un lieu", kind: "homework", days: 40, outOf: 20, weight: "2"},
	{subject: "fr", title: "Récitation", kind: "oral", days: 33, outOf: 20, weight: "1"},
	{subject: "fr", title: "Grammaire : les accords", kind: "quiz", days: 19, outOf: 10, weight: "0.5"},
	{subject: "fr", title: "Carnet de lecture", kind: "homework", days: 15, outOf: 20, weight: "1", more: map[string]any{"kind": "optional"}},
	{subject: "fr", title: "Dictée n° 4", kind: "test", days: 8, outOf: 20, weight: "1"},
	{subject: "fr", title: "Portrait", kind: "test", days: 1, outOf: 20, weight: "1", hidden: true},
	{subject: "ma", title: "Contrôle : fractions", kind: "test", days: 36, outOf: 20, weight: "2"},
	{subject: "ma", title: "Calcul mental", kind: "quiz", days: 22, outOf: 5, weight: "1"},
	{subject: "ma", title: "Rallye mathématique", kind: "project", days: 12, outOf: 20, weight: "1", more: map[string]any{"kind": "bonus"}},
	{subject: "ma", title: "Contrôle : triangles", kind: "test", days: 6, outOf: 20, weight: "2"},
	{subject: "hg", title: "Évaluation : l'empire byzantin", kind: "test", days: 29, outOf: 20, weight: "1"},
	{subject: "hg", title: "Croquis du monde", kind: "practical", days: 10, outOf: 10, weight: "1", more: map[string]any{"rescale": true}},
	{subject: "an", title: "Oral : se présenter", kind: "oral", days: 26, outOf: 20, weight: "1"},
	{subject: "an", title: "Test d'essai", kind: "test", days: 17, outOf: 20, weight: "0"},
	{subject: "an", title: "Vocabulary test", kind: "quiz", days: 5, outOf: 10, weight: "1"},
}

// ExamID is the id of an assessment of 5e B, by its place in the term.
func ExamID(n int) string { return recordID("exam", fmt.Sprint(n)) }

// The periods of the demo.
var (
	FirstTerm  = recordID("period", "1")
	secondTerm = recordID("period", "2")
	thirdTerm  = recordID("period", "3")
)

// schoolYear is what the school decides about marks on the first day.
func (p *plan) schoolYear() event {
	year := directory.YearOf(p.today)
	autumn, spring := year.Start[:4], year.End[:4]
	terms := []map[string]any{
		{"id": FirstTerm, "name": "Trimestre 1", "kind": "trimester", "start": year.Start, "end": autumn + "-11-30", "councils": p.councils(autumn + "-12-03")},
		{"id": secondTerm, "name": "Trimestre 2", "kind": "trimester", "start": autumn + "-12-01", "end": spring + "-03-12", "councils": p.councils(spring + "-03-16")},
		{"id": thirdTerm, "name": "Trimestre 3", "kind": "trimester", "start": spring + "-03-13", "end": year.End, "councils": p.councils(spring + "-06-08")},
	}
	for _, t := range terms {
		if t["id"] == p.cardsPeriod() {
			maps.Copy(t["councils"].(map[string]grades.Council), p.meetings())
		}
	}
	return event{p.schoolDay(44, 9), func(ctx context.Context, w *World) error {
		boss, school := User("direction"), "school:"+SchoolID
		shown := grades.Policy{Average: true, Extremes: true, Spread: true, General: true, Window: 10}
		if err := w.Send(ctx, boss, school, "grades.policy@1", shown); err != nil {
			return err
		}
		for _, t := range terms {
			if err := w.Send(ctx, boss, school, "grades.period@1", t); err != nil {
				return err
			}
		}
		return nil
	}}
}

// councils are those of all classes, one after the other from a day on: four
// an evening.
func (p *plan) councils(first directory.Date) map[string]grades.Council {
	all, evenings := map[string]grades.Council{}, p.schoolDays(first, len(p.classes)/4+1)
	for _, c := range p.classes {
		if c.Kind == directory.KindClass {
			n := len(all)
			all[c.Scope()] = grades.Council{
				Date: evenings[n/4], Start: fmt.Sprintf("%d:00", 16+n%4), End: fmt.Sprintf("%d:45", 16+n%4),
			}
		}
	}
	return all
}

// periodOf is that of a day: the demo may open in any season.
func periodOf(day directory.Date) string {
	year := directory.YearOf(day)
	switch {
	case day <= year.Start[:4]+"-11-30":
		return FirstTerm
	case day <= year.End[:4]+"-03-12":
		return secondTerm
	}
	return thirdTerm
}

// schoolDay is an hour some days before today, on the Friday before where that
// was a weekend.
func (p *plan) schoolDay(before, hour int) time.Time {
	now := p.now.In(zone())
	t := time.Date(now.Year(), now.Month(), now.Day()-before, hour, 0, 0, 0, zone())
	switch t.Weekday() {
	case time.Saturday:
		return t.AddDate(0, 0, -1)
	case time.Sunday:
		return t.AddDate(0, 0, -2)
	default:
		return t
	}
}

// marks are the term of marks of 5e B, and one of mathematics in 6e A.
func (p *plan) marks() []event {
	all := []event{p.schoolYear()}
	for i, e := range exams {
		all = append(all, p.examEvents(ExamID(i), e, p.courseOf(e.subject, "5e B"), uint64(i))...)
	}
	sums := exam{title: "Tables et divisions", kind: "quiz", days: 9, outOf: 20, weight: "1"}
	all = append(all, p.examEvents(ExamID(len(exams)), sums, p.courseOf("ma", "6e A"), 99)...)
	for i, e := range earlyMarks {
		all = append(all, p.examEvents(ExamID(len(exams)+1+i), e, p.courseOf(e.subject, "6e A"), 100+uint64(i))...)
	}
	return all
}

// examEvents are the teacher entering the marks in one evening, and
// publishing them.
func (p *plan) examEvents(id string, e exam, k course, salt uint64) []event {
	evening := p.schoolDay(e.days, 18)
	day := directory.DateOf(evening)
	args := map[string]any{
		"id": id, "title": e.title, "date": day, "period": periodOf(day), "type": e.kind, "outOf": fmt.Sprint(e.outOf),
		"coefficient": e.weight, "papers": []attachment.File{}, "corrections": []attachment.File{},
	}
	maps.Copy(args, e.more)
	return []event{{evening, func(ctx context.Context, w *World) error {
		send := func(name string, args any) error { return w.Send(ctx, k.teacher, "course:"+k.id, name, args) }
		if err := send("grades.assess@1", args); err != nil {
			return err
		}
		if err := send("grades.enter@1", map[string]any{"assessment": id, "cells": e.cells(k.class.pupils, salt)}); err != nil || e.hidden {
			return err
		}
		return send("grades.publish@1", map[string]any{"id": id})
	}}}
}

// cells are the marks of a class: every pupil has a level of their own, every
// assessment its luck, and now and then somebody is away. One that is being
// entered has the first half only.
func (e exam) cells(pupils []directory.Person, salt uint64) []grades.Cell {
	if e.hidden {
		pupils = pupils[:(len(pupils)+1)/2]
	}
	var all []grades.Cell
	for i, pupil := range pupils {
		all = append(all, grades.Cell{Student: pupil.ID, Value: e.value(uint64(i), salt)})
	}
	return all
}

// value is a mark in half points, or a code.
func (e exam) value(pupil, salt uint64) average.Value {
	level, luck := rand.New(rand.NewPCG(pupil, 3)), rand.New(rand.NewPCG(pupil, 1000+salt))
	usual := 8 + level.IntN(9)
	if pupil == 0 {
		usual = 14 // Inès
	}
	switch {
	case pupil > 0 && luck.IntN(14) == 0:
		return average.Absent
	case pupil > 0 && luck.IntN(40) == 0:
		return average.NotHandedIn
	}
	halves := min(40, max(0, 2*usual+luck.IntN(11)-5)) * e.outOf / 20
	return average.Value(average.Decimal(50 * halves).String())
}
