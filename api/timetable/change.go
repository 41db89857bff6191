package timetable

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"preau/api/directory"
	psync "preau/sync"
)

type changeArgs struct {
	ID        string            `json:"id"` // of an extra lesson; that of others follows from slot and date
	Slot      string            `json:"slot"`
	Date      directory.Date    `json:"date"`
	Cancelled bool              `json:"cancelled"`
	Absent    bool              `json:"absent"`
	Absence   string            `json:"absence"`
	To        *Place            `json:"to"`
	Rooms     []string          `json:"rooms"`
	Teachers  []directory.Named `json:"teachers"`
	Subject   string            `json:"subject"`
	Note      string            `json:"note"`
	Extra     *Slot             `json:"extra"`
	Despite   bool              `json:"despite"`
}

// change says what becomes of one lesson, or adds one. It takes the place of
// what was said of that lesson before.
func (s *Service) change(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.ArrangeTimetable, tx.Scope()); err != nil {
		return err
	}
	var args changeArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	school := tx.Actor().School
	w, err := s.read(ctx, school, tx.List)
	if err != nil {
		return err
	}
	id, c, err := s.newChange(school, w, args)
	if err != nil {
		return err
	}
	before := w.changes[id]
	seq, err := tx.Get(ctx, "change", id, nil)
	if err != nil {
		return err
	}
	if err := tx.CheckBase(seq, before); err != nil {
		return err
	}
	c.By, c.At = s.dir.Named(tx.Actor().User), acted(tx)
	was := w.clone()
	w.changes[id] = c
	if !args.Despite {
		if err := s.refuseChanges(school, was, w, id); err != nil {
			return err
		}
	}
	tx.Put("change", id, c)
	s.followChanges(tx, w, map[string]Change{id: before}, id)
	return nil
}

// day is the one on which the lesson of a change is held.
func (c Change) day() directory.Date {
	if c.To != nil {
		return c.To.Date
	}
	return c.Date
}

// refuseChanges refuses changes that make lessons overlap others, or let them
// come back to an hour, a room or a person that others have by now.
func (s *Service) refuseChanges(school string, before, after week, ids ...string) error {
	return refuseOverlap(s.changeOverlaps(school, before, after, ids...))
}

func (s *Service) changeOverlaps(school string, before, after week, ids ...string) []Overlap {
	var days []directory.Date
	for _, id := range ids {
		c, there := after.changes[id]
		if !there {
			c = Change{Date: before.changes[id].Date}
		}
		if c.Date != "" && !slices.Contains(days, c.day()) {
			days = append(days, c.day())
		}
	}
	return s.newOverlaps(school, before, after, days, func(l Lesson) bool { return slices.Contains(ids, l.ID) })
}

// newChange makes and checks a change out of what a person sent.
func (s *Service) newChange(school string, w week, a changeArgs) (id string, c Change, err error) {
	c = Change{
		Slot: a.Slot, Date: a.Date, Cancelled: a.Cancelled, Absent: a.Absent, Absence: a.Absence, To: a.To,
		Rooms: a.Rooms, Subject: a.Subject, Note: strings.TrimSpace(a.Note), Extra: a.Extra,
	}
	known := s.dir.Contents(school)
	if c.Teachers, err = s.colleagues(school, "teachers", a.Teachers); err != nil {
		return "", c, err
	}
	err = psync.First(
		s.checkDay(school, "date", c.Date), psync.CheckText("note", c.Note, maxNote), checkRooms("", c.Rooms),
		checkSubject("", c.Subject, known), s.checkPlace(school, c.To), checkAbsence(c),
	)
	switch {
	case err != nil:
		return "", c, err
	case c.Extra != nil:
		return s.newExtra(school, a.ID, c)
	default:
		return s.changeOfSlot(w, a.ID, c)
	}
}

func checkAbsence(c Change) error {
	if c.Absence == "" {
		return nil
	}
	if !c.Absent {
		return invalid("absence", "only of a teacher who is absent")
	}
	return psync.CheckID("absence", c.Absence)
}

func (s *Service) checkPlace(school string, to *Place) error {
	if to == nil {
		return nil
	}
	return psync.First(s.checkDay(school, "to.date", to.Date), checkTimes("to.", to.Start, to.End))
}

func (s *Service) newExtra(school, id string, c Change) (string, Change, error) {
	if c.Slot != "" || c.To != nil || c.Subject != "" || len(c.Teachers)+len(c.Rooms) > 0 {
		return "", c, invalid("extra", "an extra lesson says everything itself")
	}
	if err := psync.CheckID("id", id); err != nil {
		return "", c, err
	}
	extra, err := s.check(school, "extra.", *c.Extra)
	if err == nil && (extra.Weekday != 0 || extra.Weeks != "" || extra.From != "" || extra.Until != "") {
		err = invalid("extra.weekday", "an extra lesson is on one day")
	}
	c.Extra = &extra
	return id, c, err
}

func (s *Service) changeOfSlot(w week, id string, c Change) (string, Change, error) {
	own := lessonID(c.Slot, c.Date)
	slot, known := w.slots[c.Slot]
	switch {
	case !known:
		return "", c, psync.Refuse("not_found", "slot", "no such lesson")
	case !slot.holds(c.Date, w.calendar):
		return "", c, invalid("date", "there is no such lesson on that day")
	case id != "" && id != own:
		return "", c, invalid("id", "the lesson is called %s", own)
	case c.empty():
		return "", c, invalid("", "nothing changes")
	}
	return own, c, nil
}

// empty says whether a change changes nothing.
func (c Change) empty() bool {
	return !c.Cancelled && !c.Absent && c.To == nil && len(c.Rooms)+len(c.Teachers) == 0 && c.Subject == "" && c.Note == "" && c.Extra == nil
}

// unchange takes changes back: the lessons are held as every week, an extra one
// is not held. What is not there is no error. It is refused where a lesson
// would come back to what others have by now, unless the person knows of it.
func (s *Service) unchange(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.ArrangeTimetable, tx.Scope()); err != nil {
		return err
	}
	var args idsArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	if err := args.check(); err != nil {
		return err
	}
	w, err := s.read(ctx, tx.Actor().School, tx.List)
	if err != nil {
		return err
	}
	was, before := w.clone(), map[string]Change{}
	for _, id := range args.IDs {
		if c, there := w.changes[id]; there {
			before[id] = c
			delete(w.changes, id)
		}
	}
	if !args.Despite {
		if err := s.refuseChanges(tx.Actor().School, was, w, args.IDs...); err != nil {
			return err
		}
	}
	for id := range before {
		tx.Delete("change", id)
	}
	s.followChanges(tx, w, before, args.IDs...)
	return nil
}

// followChanges says what must follow when changes move: they are carried to
// their readers, who are told of those of the coming days.
func (s *Service) followChanges(tx *psync.Tx, w week, before map[string]Change, ids ...string) {
	var p publication
	var told []news
	for _, id := range ids {
		was, is := before[id], w.changes[id]
		if was.Date == "" && is.Date == "" {
			continue
		}
		p.Changes = append(p.Changes, id)
		for _, c := range []Change{was, is} {
			p.Scopes = union(p.Scopes, w.slots[c.Slot].readers(), c.readers())
			if len(c.Teachers) > 0 && c.Slot != "" && !slices.Contains(p.Slots, c.Slot) {
				p.Slots = append(p.Slots, c.Slot)
			}
		}
		if n, tell := s.newsOf(tx, id, was, is); tell {
			told = append(told, n)
		}
	}
	if len(p.Changes) > 0 {
		tx.Effect(effectPublish, p)
	}
	if len(told) > 0 {
		tx.EffectAt(effectAlert, told, tx.Now().Add(undoTime))
	}
}

// acted is when the person acted by the device's clock, believed as far as it
// lies in the past.
func acted(tx *psync.Tx) time.Time {
	at := time.UnixMilli(tx.At())
	if tx.At() == 0 || at.After(tx.Now()) {
		at = tx.Now()
	}
	return at.UTC().Truncate(time.Second)
}

type absenceArgs struct {
	ID      string         `json:"id"`
	Teacher string         `json:"teacher"`
	From    directory.Date `json:"from"`
	Until   directory.Date `json:"until"`
	Start   string         `json:"start"`
	End     string         `json:"end"`
	Cancels bool           `json:"cancels"`
	Note    string         `json:"note"`
}

// absence marks the lessons of a teacher who is away. They are not cancelled
// by that alone: somebody may stand in.
func (s *Service) absence(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.ArrangeTimetable, tx.Scope()); err != nil {
		return err
	}
	var args absenceArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	a, err := s.newAbsence(tx, args)
	if err != nil {
		return err
	}
	if seq, err := tx.Get(ctx, "leave", args.ID, nil); seq > 0 || err != nil {
		return err // it is marked already
	}
	w, err := s.read(ctx, tx.Actor().School, tx.List)
	if err != nil {
		return err
	}
	tx.Put("leave", args.ID, a)
	s.markAbsent(tx, w, args.ID, a)
	return nil
}

func (s *Service) newAbsence(tx *psync.Tx, args absenceArgs) (Absence, error) {
	school := tx.Actor().School
	who, err := s.colleagues(school, "teacher", []directory.Named{{ID: args.Teacher}})
	err = psync.First(
		psync.CheckID("id", args.ID), err, s.checkDay(school, "from", args.From), s.checkDay(school, "until", args.Until),
		psync.CheckText("note", args.Note, maxNote), checkHour("start", args.Start), checkHour("end", args.End),
	)
	switch {
	case err != nil:
		return Absence{}, err
	case args.Until < args.From:
		return Absence{}, invalid("until", "ends before it begins")
	case args.Until > args.From.AddDays(maxDays):
		return Absence{}, invalid("until", "at most %d days at once", maxDays)
	}
	return Absence{
		Teacher: who[0], From: args.From, Until: args.Until, Start: args.Start, End: args.End, Cancels: args.Cancels,
		Note: strings.TrimSpace(args.Note), By: s.dir.Named(tx.Actor().User), At: acted(tx),
	}, nil
}

func checkHour(field, s string) error {
	if s != "" && !clock(s) {
		return invalid(field, "not a time of day")
	}
	return nil
}

// markAbsent writes the changes that an absence makes. A lesson that somebody
// stands in for already is left alone.
func (s *Service) markAbsent(tx *psync.Tx, w week, id string, a Absence) {
	before := map[string]Change{}
	var ids []string
	for _, l := range Expand(w.slots, w.changes, w.calendar, a.From, a.Until) {
		if !l.held() || l.Absent || !a.covers(l) || !slices.Contains(s.heldBy(l.Course, l.Teachers), a.Teacher.ID) {
			continue
		}
		c := w.changes[l.ID]
		before[l.ID] = c
		if c.Date == "" {
			c.Slot, c.Date = l.Slot, l.Date
		}
		c.Absent, c.Absence, c.Cancelled, c.By, c.At = true, id, a.Cancels, a.By, a.At
		w.changes[l.ID] = c
		tx.Put("change", l.ID, c)
		ids = append(ids, l.ID)
	}
	s.followChanges(tx, w, before, ids...)
}

// covers says whether a lesson is during an absence.
func (a Absence) covers(l Lesson) bool {
	return (l.Date > a.From || a.Start == "" || l.End > a.Start) && (l.Date < a.Until || a.End == "" || l.Start < a.End)
}

// unabsence takes an absence back; what else was said of its lessons stays. A
// lesson that it cancelled stays cancelled where something else has its hour,
// its room or its class by now.
func (s *Service) unabsence(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.ArrangeTimetable, tx.Scope()); err != nil {
		return err
	}
	var args struct {
		ID string `json:"id"`
	}
	if err := tx.Args(&args); err != nil {
		return err
	}
	if err := psync.CheckID("id", args.ID); err != nil {
		return err
	}
	var a Absence
	if seq, err := tx.Get(ctx, "leave", args.ID, &a); err != nil || seq == 0 {
		return err
	}
	w, err := s.read(ctx, tx.Actor().School, tx.List)
	if err != nil {
		return err
	}
	tx.Delete("leave", args.ID)
	s.markPresent(tx, w, args.ID)
	return nil
}

func (s *Service) markPresent(tx *psync.Tx, w week, absence string) {
	before := map[string]Change{}
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(w.changes)) {
		c := w.changes[id]
		if c.Absence != absence {
			continue
		}
		before[id] = c
		if c = s.present(tx.Actor().School, w, id, c); c.empty() {
			delete(w.changes, id)
			tx.Delete("change", id)
		} else {
			w.changes[id] = c
			tx.Put("change", id, c)
		}
		ids = append(ids, id)
	}
	s.followChanges(tx, w, before, ids...)
}

// present is a change without the absence that is in it.
func (s *Service) present(school string, w week, id string, c Change) Change {
	after := w.clone()
	was := c.Cancelled
	c.Absent, c.Absence, c.Cancelled = false, "", false
	after.changes[id] = c
	c.Cancelled = was && len(s.changeOverlaps(school, w, after, id)) > 0
	return c
}

type calendarArgs struct {
	Holidays []directory.Holiday `json:"holidays"`
	WeeksA   []directory.Date    `json:"weeksA"`
}

// setCalendar says when there is school, and which weeks are A weeks.
func (s *Service) setCalendar(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.ArrangeTimetable, tx.Scope()); err != nil {
		return err
	}
	var args calendarArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	if err := args.check(); err != nil {
		return err
	}
	var before Calendar
	seq, err := tx.Get(ctx, "calendar", "calendar", &before)
	if err != nil {
		return err
	}
	if err := tx.CheckBase(seq, before); err != nil {
		return err
	}
	tx.PutIfChanged("calendar", "calendar", Calendar(args))
	tx.Effect(effectCalendar, struct{}{})
	return nil
}

func (a calendarArgs) check() error {
	if a.Holidays == nil || len(a.Holidays) > 40 {
		return invalid("holidays", "a list of at most 40")
	}
	for i, h := range a.Holidays {
		at := fmt.Sprintf("holidays[%d].", i)
		switch {
		case strings.TrimSpace(h.Name) == "" || len(h.Name) > maxTitle:
			return invalid(at+"name", "1 to %d bytes", maxTitle)
		case !h.Start.Valid():
			return invalid(at+"start", "not a day")
		case !h.End.Valid() || h.End < h.Start:
			return invalid(at+"end", "not a day from the start on")
		}
	}
	if len(a.WeeksA) > 60 {
		return psync.Refuse("too_large", "weeksA", "at most 60")
	}
	for i, day := range a.WeeksA {
		if !day.Valid() || weekday(day) != 1 || slices.Contains(a.WeeksA[:i], day) {
			return invalid(fmt.Sprintf("weeksA[%d]", i), "a Monday, once")
		}
	}
	return nil
}
