package main

import (
	"context"
	"encoding/json"
	"fmt"
	mathrand "math/rand/v2"
	"strings"
	"time"
	_ "time/tzdata" // clock, below

	"preau/api/body"
)

// clock is what the school's clock shows; the register is of one in France.
func clock() time.Time {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		panic(err) // it is in the program
	}
	return time.Now().In(paris)
}

// lesson is one of every week, as the office arranges it.
type lesson struct {
	id, audience string
	weekday      int
}

// test is an assessment of this teacher's.
type test struct{ scope, id string }

// life is what a device remembers of school life, to have something to act on.
type life struct {
	pupils    map[string][]string // of this teacher's courses
	audiences map[string]string   // likewise
	tests     []test
	marks     map[test]map[string]string // what pupils got, by pupil
	children  []string                   // scopes of this guardian's children
	lessons   []lesson                   // of the school, for who arranges them
}

// see remembers a record of school life if it is of use to a person.
func (l *life) see(p person, scope string, r record) {
	kind, _, _ := strings.Cut(scope, ":")
	switch {
	case kind == "course" && p.role == teacher:
		l.seeCourse(p, scope, r)
	case r.typ == "student" && p.role == guardian:
		l.children = remember(l.children, scope)
	case kind == "timetable" && r.typ == "slot":
		var s struct {
			Audiences []string
			Weekday   int
		}
		if json.Unmarshal(r.value, &s) == nil && len(s.Audiences) > 0 {
			l.lessons = remember(l.lessons, lesson{r.id, s.Audiences[0], s.Weekday})
		}
	}
}

// seeCourse remembers what a teacher has to act on in a course.
func (l *life) seeCourse(p person, scope string, r record) {
	var v struct {
		Audience            string
		Teacher             struct{ ID string }
		Assessment, Student string
		Value               string
	}
	if json.Unmarshal(r.value, &v) != nil {
		return
	}
	if l.pupils == nil {
		l.pupils, l.audiences, l.marks = map[string][]string{}, map[string]string{}, map[test]map[string]string{}
	}
	switch r.typ {
	case "course":
		l.audiences[scope] = v.Audience
	case "roster":
		l.pupils[scope] = remember(l.pupils[scope], r.id)
	case "assessment":
		if v.Teacher.ID == p.ID { // another teacher's marks might cross ours
			l.tests = remember(l.tests, test{scope, r.id})
		}
	case "mark":
		l.mark(test{scope, v.Assessment}, v.Student, v.Value)
	}
}

func (l *life) mark(t test, student, value string) {
	if l.marks[t] == nil {
		l.marks[t] = map[string]string{}
	}
	l.marks[t][student] = value
}

// follows is the scope of a kind that the device follows, of which it has one
// at most.
func (d *device) follows(kind string) (scope string, ok bool) {
	for scope := range d.cursors {
		if strings.HasPrefix(scope, kind+":") {
			return scope, true
		}
	}
	return "", false
}

// office is the scope of the office of the device's school.
func (d *device) office() string {
	school, _ := d.follows("school")
	return strings.Replace(school, "school:", "office:", 1)
}

// takeRoll takes the roll of a lesson, of which a pupil is missing or late.
func takeRoll(d *device) (act, bool) {
	course, ok := pick(d.sights.courses)
	pupil, known := pick(d.sights.life.pupils[course])
	now := clock()
	begun := mathrand.IntN(now.Hour()*60 + now.Minute() + 1)
	start, end := clockTime(begun), clockTime(min(begun+1+mathrand.IntN(120), 24*60-1))
	call := map[string]any{"student": pupil, "state": "absent", "minutes": 0, "seen": []int64{}}
	if mathrand.IntN(3) == 0 {
		call["state"], call["minutes"] = "late", 1
	}
	day := now.Format(time.DateOnly)
	id := strings.ReplaceAll(day, "-", "") + "-" + strings.ReplaceAll(start, ":", "")
	args := map[string]any{"date": day, "start": start, "end": end, "calls": []any{call}}
	return act{
		Mutation: mutation("attendance.roll@1", course, args),
		made:     address{course, "roll", id}, want: map[string]any{"date": day, "start": start},
		also: []address{{d.office(), "roll", strings.TrimPrefix(course, "course:") + "~" + id}},
	}, ok && known && start < end
}

func clockTime(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

// writePage writes the page of a lesson, which the class reads at once.
func writePage(d *device) (act, bool) {
	course, ok := pick(d.sights.courses)
	id, text := newID(), "La phrase complexe, puis exercices 3 à 5 page 42. "+newID()
	args := map[string]any{
		"id": id, "date": clock().Format(time.DateOnly), "start": "08:00", "end": "09:00", "title": "La phrase", "category": "",
		"planned": map[string]any{"text": body.Text{}, "files": []any{}}, "done": map[string]any{"text": body.Of(text), "files": []any{}}, "show": "now",
	}
	return act{
		Mutation: mutation("notebook.write@1", course, args),
		made:     address{course, "entry", id}, want: map[string]any{"title": "La phrase"},
		also: []address{{d.sights.life.audiences[course], "entry", id}},
	}, ok && d.sights.life.audiences[course] != ""
}

// assess opens an assessment.
func assess(d *device) (act, bool) {
	course, ok := pick(d.sights.courses)
	id := newID()
	title := "Contrôle " + id[:6]
	args := map[string]any{
		"id": id, "title": title, "date": clock().Format(time.DateOnly), "period": "", "type": "test", "coefficient": "1", "outOf": "20",
		"papers": []any{}, "corrections": []any{},
	}
	return act{
		Mutation: mutation("grades.assess@1", course, args),
		made:     address{course, "assessment", id}, want: map[string]any{"title": title},
	}, ok
}

// enterMark writes a mark in place of the one that this teacher saw.
func enterMark(d *device) (act, bool) {
	t, ok := pick(d.sights.life.tests)
	pupil, known := pick(d.sights.life.pupils[t.scope])
	value, was := fmt.Sprint(1+mathrand.IntN(20)), d.sights.life.marks[t][pupil]
	args := map[string]any{"assessment": t.id, "cells": []any{map[string]any{"student": pupil, "value": value, "was": was}}}
	return act{
		Mutation: mutation("grades.enter@1", t.scope, args),
		made:     address{t.scope, "mark", t.id + "." + pupil}, want: map[string]any{"value": value},
	}, ok && known
}

// publishMarks lets pupils and guardians see the marks of an assessment.
func publishMarks(d *device) (act, bool) {
	t, ok := pick(d.sights.life.tests)
	var also []address
	for pupil := range d.sights.life.marks[t] {
		also = append(also, address{"student:" + pupil, "grade", t.id})
	}
	return act{
		Mutation: mutation("grades.publish@1", t.scope, map[string]any{"id": t.id}),
		made:     address{t.scope, "assessment", t.id}, want: map[string]any{"type": "test"},
		also: also,
	}, ok
}

// justify says why a child is away.
func justify(d *device) (act, bool) {
	child, ok := pick(d.sights.life.children)
	id, text := newID(), "Un rendez-vous chez le médecin. "+newID()
	day := clock().Format(time.DateOnly)
	args := map[string]any{
		"id": id, "kind": "absence", "from": day + "T08:00", "to": day + "T12:00", "reason": "appointment", "text": text, "files": []string{},
	}
	return act{
		Mutation: mutation("attendance.justify@1", child, args),
		made:     address{child, "justification", id}, want: map[string]any{"text": text},
		also: []address{{d.office(), "justification", strings.TrimPrefix(child, "student:") + "~" + id}},
	}, ok
}

// changeLesson has a lesson of the coming weeks held in another room.
func changeLesson(d *device) (act, bool) {
	l, ok := pick(d.sights.life.lessons)
	scope, _ := d.follows("timetable")
	now := clock()
	ahead := (l.weekday-int(now.Weekday())+7)%7 + 7*mathrand.IntN(8)
	day := now.AddDate(0, 0, ahead).Format(time.DateOnly)
	note := "Apportez vos affaires. " + newID()
	args := map[string]any{"slot": l.id, "date": day, "note": note, "rooms": []string{"CDI"}, "teachers": []any{}, "despite": true}
	return act{
		Mutation: mutation("timetable.change@1", scope, args),
		made:     address{scope, "change", l.id + "." + day}, want: map[string]any{"note": note},
		also: []address{{l.audience, "change", l.id + "." + day}},
	}, ok
}

const (
	lessonsOfDay = 4
	schoolDays   = 5
	slotsAtOnce  = 60 // that one action may carry
)

// arrange has whoever may put the lessons of every week of all classes into
// the timetable.
func arrange(ctx context.Context, teachers []*device) error {
	for _, t := range teachers {
		scope, arranges := t.follows("timetable")
		if !arranges {
			continue
		}
		var slots []any
		for class := range t.cursors {
			if strings.HasPrefix(class, "class:") && !strings.Contains(class, "/") {
				slots = append(slots, week(class, len(slots))...)
			}
		}
		for len(slots) > 0 {
			some := slots[:min(slotsAtOnce, len(slots))]
			slots = slots[len(some):]
			t.act(act{Mutation: mutation("timetable.slot@1", scope, map[string]any{"slots": some, "despite": true})})
		}
		_, err := t.round(ctx)
		return err
	}
	return nil
}

// week is the lessons of a class.
func week(class string, room int) (slots []any) {
	for day := range schoolDays {
		for hour := range lessonsOfDay {
			slots = append(slots, map[string]any{
				"id": newID(), "kind": "activity", "title": "Leçon", "audiences": []string{class}, "teachers": []any{}, "rooms": []string{fmt.Sprint("S", room)},
				"weekday": day + 1, "start": clockTime(60 * (8 + hour)), "end": clockTime(60*(8+hour) + 55),
			})
		}
	}
	return slots
}
