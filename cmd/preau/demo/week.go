package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"preau/api/directory"
	"preau/api/timetable"
)

// bells are when lessons begin and end; there are none on Wednesday afternoons.
var bells = [][2]string{
	{"08:00", "08:55"},
	{"08:55", "09:50"},
	{"10:05", "11:00"},
	{"11:00", "11:55"},
	{"13:25", "14:20"},
	{"14:20", "15:15"},
	{"15:30", "16:25"},
}

// hours are the lessons a week of each subject. Chemistry and technology are
// taught in turns: one hour more in A weeks, or in B weeks.
var hours = map[string]int{
	"fr": 4, "ma": 4, "hg": 3, "an": 3, "svt": 2, "pc": 1, "te": 1, "eps": 3, "ap": 1, "mu": 1, "es": 2, "al": 2, "la": 2,
}

// position is a place in the week: a day from 1 for Monday, and a bell.
type position struct{ day, bell int }

// positions lists the week, day after day within each bell, so that the
// lessons of a subject spread over the week.
func positions() []position {
	var all []position
	for bell := range bells {
		for day := 1; day <= 5; day++ {
			if day != 3 || bell < 4 {
				all = append(all, position{day, bell})
			}
		}
	}
	return all
}

// board is the timetable being made: who is taken when.
type board struct {
	taken map[string]map[position]bool // by teacher, class or group
	days  map[string]int               // lessons of a course on a day
	slots map[string]timetable.Slot
	order []string // of slots
}

// week arranges the lessons of all courses: groups first, since they need
// several classes at once. It draws nothing, so that the rest of the school
// stays as it is.
func (p *plan) week() *board {
	b := &board{taken: map[string]map[position]bool{}, days: map[string]int{}, slots: map[string]timetable.Slot{}}
	courses := slices.Clone(p.courses)
	slices.SortStableFunc(courses, func(x, y course) int { return rank(x) - rank(y) })
	for i, k := range courses {
		for n := range hours[k.subject] {
			b.arrange(p, k, "", n, i*7)
		}
		if k.subject == "pc" {
			b.arrange(p, k, "A", hours["pc"], i*7)
		}
	}
	for i := range p.classes {
		b.permanence(&p.classes[i])
	}
	return b
}

// permanence is an hour of a class in which it has no lesson.
func (b *board) permanence(c *class) {
	i := slices.IndexFunc(positions(), func(at position) bool { return at.bell > 1 && at.bell < 4 && b.free([]string{c.ID}, at) })
	if c.Kind != directory.KindClass || i < 0 {
		return
	}
	at := positions()[i]
	b.taken[c.ID][at] = true
	id := recordID("slot", c.ID, "permanence")
	b.slots[id] = timetable.Slot{
		Title: "Permanence", Kind: timetable.Permanence, Audiences: []string{c.Scope()}, Rooms: []string{"Étude " + c.Name},
		Weekday: at.day, Start: bells[at.bell][0], End: bells[at.bell][1],
	}
	b.order = append(b.order, id)
}

func rank(k course) int {
	if k.class.Kind == directory.KindGroup {
		return 0
	}
	return 1
}

// arrange finds a place for one lesson of a course, none on a day that has one
// already if it can be; what finds none is not taught.
func (b *board) arrange(p *plan, k course, weeks string, n, shift int) {
	all := positions()
	busy := b.busyWith(p, k)
	for _, most := range []int{0, 1, 3} {
		for i := range all {
			at := all[(i+shift+n*5)%len(all)]
			day := fmt.Sprint(k.id, at.day)
			if b.days[day] <= most && b.free(busy, at) {
				b.days[day]++
				b.put(p, k, weeks, at, busy)
				return
			}
		}
	}
}

// busyWith lists who has no time for anything else during a lesson: its
// teacher, its class or group, and the classes of the group's pupils.
func (b *board) busyWith(p *plan, k course) []string {
	all := []string{k.teacher, k.class.ID}
	for _, c := range p.classes {
		both := func(pupil directory.Person) bool {
			return slices.ContainsFunc(c.pupils, func(other directory.Person) bool { return other.ID == pupil.ID })
		}
		if c.ID != k.class.ID && slices.ContainsFunc(k.class.pupils, both) {
			all = append(all, c.ID)
		}
	}
	return all
}

func (b *board) free(busy []string, at position) bool {
	return !slices.ContainsFunc(busy, func(who string) bool { return b.taken[who][at] })
}

func (b *board) put(p *plan, k course, weeks string, at position, busy []string) {
	for _, who := range busy {
		if b.taken[who] == nil {
			b.taken[who] = map[position]bool{}
		}
		b.taken[who][at] = true
	}
	id := recordID("slot", k.id, fmt.Sprint(at))
	b.slots[id] = timetable.Slot{
		Course: k.id, Subject: p.subjectOf(k), Kind: timetable.Taught, Audiences: []string{k.class.Scope()}, Rooms: []string{p.room(k)},
		Weekday: at.day, Start: bells[at.bell][0], End: bells[at.bell][1], Weeks: weeks,
	}
	b.order = append(b.order, id)
	if weeks == "A" { // technology has the hour in the other weeks
		b.alternate(p, k, at)
	}
}

func (b *board) alternate(p *plan, k course, at position) {
	i := slices.IndexFunc(p.courses, func(o course) bool { return o.subject == "te" && o.class == k.class })
	if i < 0 || b.taken[p.courses[i].teacher][at] {
		return
	}
	b.put(p, p.courses[i], "B", at, []string{p.courses[i].teacher})
}

func (p *plan) subjectOf(k course) string { return id("subject", k.subject) }

// room is where a course meets: sports in the gym, which two classes share, all
// others in the room of their teacher.
func (p *plan) room(k course) string {
	if k.subject == "eps" {
		return "Gymnase"
	}
	var teachers []string
	for _, other := range p.courses {
		if !slices.Contains(teachers, other.teacher) {
			teachers = append(teachers, other.teacher)
		}
	}
	i := slices.Index(teachers, k.teacher)
	return fmt.Sprintf("%d%02d", 1+i/16, 1+i%16)
}

// arranged is vie scolaire putting in the calendar and the timetable, before
// the term begins.
func (p *plan) arranged(b *board) event {
	return event{p.term[0].Add(-time.Hour), func(ctx context.Context, w *World) error {
		scope := timetable.Scope(SchoolID)
		cal := p.calendar()
		if err := w.Send(ctx, User("staff"), scope, "timetable.calendar@1", cal); err != nil {
			return err
		}
		for chunk := range slices.Chunk(b.order, timetable.MaxSlots) {
			if err := w.Send(ctx, User("staff"), scope, "timetable.slot@1", b.args(chunk)); err != nil {
				return err
			}
		}
		return nil
	}}
}

// args are lessons as they are sent: despite the gym, which is big enough.
func (b *board) args(ids []string) map[string]any {
	type placed struct {
		ID string `json:"id"`
		timetable.Slot
	}
	var slots []placed
	gym := false
	for _, id := range ids {
		slots = append(slots, placed{id, b.slots[id]})
		gym = gym || b.slots[id].Rooms[0] == "Gymnase"
	}
	return map[string]any{"slots": slots, "despite": gym}
}

// calendar has the holidays of zone A, and every other week of school an A week.
func (p *plan) calendar() timetable.Calendar {
	cal := timetable.Calendar{Holidays: p.holidays(), WeeksA: []directory.Date{}}
	year := directory.YearOf(p.today)
	n := 0
	for monday := timetable.Monday(year.Start); monday <= year.End; monday = monday.AddDays(7) {
		if cal.Free(monday) && cal.Free(monday.AddDays(4)) {
			continue
		}
		if n%2 == 0 {
			cal.WeeksA = append(cal.WeeksA, monday)
		}
		n++
	}
	return cal
}

// schoolDays lists days on which there is school, from one on.
func (p *plan) schoolDays(from directory.Date, n int) []directory.Date {
	cal := p.calendar()
	var all []directory.Date
	for day := from; len(all) < n; day = day.AddDays(1) {
		if weekend := timetable.Monday(day).AddDays(5) <= day; !weekend && !cal.Free(day) {
			all = append(all, day)
		}
	}
	return all
}

// lessons are those of a class on a day, groups left out.
func (p *plan) lessons(b *board, class string, from, until directory.Date) []timetable.Lesson {
	scope := p.class(class).Scope()
	return slices.DeleteFunc(timetable.Expand(b.slots, nil, p.calendar(), from, until), func(l timetable.Lesson) bool {
		return !slices.Contains(l.Audiences, scope)
	})
}

// changes are what vie scolaire knew by yesterday evening of the next days of
// 5e B: a teacher is ill, a room is taken, a lesson goes to another hour.
func (p *plan) changes(b *board) []event {
	at := p.term[len(p.term)-1].Add(30 * time.Minute)
	days := p.schoolDays(p.today, 3)
	today := p.lessons(b, "5e B", days[0], days[0])
	var all []event
	say := func(name string, args map[string]any) {
		all = append(all, event{at, func(ctx context.Context, w *World) error {
			return w.Send(ctx, User("staff"), timetable.Scope(SchoolID), name, args)
		}})
	}
	for i, l := range today {
		switch {
		case l.Subject == id("subject", "fr"):
			say("timetable.change@1", map[string]any{"slot": l.Slot, "date": l.Date, "rooms": []string{"CDI"}, "note": "Travail au CDI."})
		case i == len(today)-1:
			say("timetable.absence@1", map[string]any{"id": recordID("absence", l.ID), "teacher": p.teacherOf(l.Course), "from": l.Date, "until": l.Date})
		}
	}
	tomorrow := p.lessons(b, "5e B", days[1], days[1])
	if n := len(tomorrow); n > 1 {
		say("timetable.change@1", map[string]any{"slot": tomorrow[n-1].Slot, "date": days[1], "cancelled": true})
	}
	p.moves(b, days[2], say)
	return all
}

func (p *plan) teacherOf(course string) string {
	for _, k := range p.courses {
		if k.id == course {
			return k.teacher
		}
	}
	return ""
}

// moves puts the last lesson of a day to an hour at which all have time.
func (p *plan) moves(b *board, day directory.Date, say func(string, map[string]any)) {
	lessons := p.lessons(b, "5e B", day, day)
	if len(lessons) == 0 {
		return
	}
	l := lessons[len(lessons)-1]
	busy := []string{p.teacherOf(l.Course), p.class("5e B").ID}
	for bell, hour := range bells {
		at := position{b.slots[l.Slot].Weekday, bell}
		if b.free(busy, at) && (at.day != 3 || bell < 4) && !slices.ContainsFunc(lessons, func(o timetable.Lesson) bool { return o.Start == hour[0] }) {
			say("timetable.change@1", map[string]any{"slot": l.Slot, "date": day, "to": timetable.Place{Date: day, Start: hour[0], End: hour[1]}})
			return
		}
	}
}
