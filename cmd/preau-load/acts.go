package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	mathrand "math/rand/v2"
	"net/http"
	"strings"
	"time"

	psync "preau/sync"
)

// The kinds of requests beside the actions, which go by their names.
const (
	kindOpen   kind = "open account"
	kindSignIn kind = "sign in"
	kindFirst  kind = "first pull"
	kindHello  kind = "live, to hello"
	kindPull   kind = "pull"
	kindPoked  kind = "pull after poke"
	kindFile   kind = "file"
	kindStart  kind = "session"
	kindUpload kind = "upload"
)

// reads are the kinds that change nothing; every other but signing in writes.
var (
	reads   = []kind{kindFirst, kindPull, kindPoked, kindFile, kindStart}
	arrives = []kind{kindOpen, kindSignIn, kindHello}
)

// operation is something that people do of a morning. To add one, add a line
// to mix.
type operation struct {
	kind   kind
	weight int // how often, in a thousand
	who    role
	cost   int // requests; 0: one
	// do carries it out on a device. What was due at a moment counts from it.
	do func(ctx context.Context, m *morning, d *device, due time.Time) error
	// act says what the person does, for actions; false: nothing to act on, so
	// the device only pulls.
	act func(d *device) (act, bool)
}

// mix is a morning: most look whether there is something new, pupils tick and
// hand in, teachers read copies and answer and now and then give work, take
// rolls and enter marks, and families and teachers write to each other.
var mix = []operation{
	{kind: kindPull, weight: 667, who: anyone, do: pull},
	{kind: kindStart, weight: 20, who: anyone, do: startApp},
	{kind: kindFile, weight: 20, who: teacher, do: readPage},
	{kind: "notice.read", weight: 70, who: anyone, act: readNotices},
	{kind: "notice.dismiss", weight: 5, who: anyone, act: dismissNotice},
	{kind: "mail.send", weight: 10, who: guardian, act: writeToTeacher},
	{kind: "mail.send", weight: 1, who: teacher, act: writeToClass},
	{kind: "mail.reply", weight: 4, who: anyone, act: answerLetter},
	{kind: "mail.read", weight: 30, who: anyone, act: readLetter},
	{kind: "settings.set", weight: 5, who: anyone, act: setPhrases},
	{kind: "homework.tick", weight: 60, who: pupil, act: tickWork},
	{kind: "homework.submit", weight: 10, who: pupil, act: handInText},
	{kind: "photo", weight: 5, who: pupil, cost: partsOf(photoSize) + 1, do: handInPhoto},
	{kind: "homework.seen", weight: 30, who: teacher, act: markSeen},
	{kind: "homework.comment", weight: 15, who: teacher, act: comment},
	{kind: "homework.return", weight: 10, who: teacher, act: giveBack},
	{kind: "homework.edit", weight: 3, who: teacher, act: editWork},
	{kind: "homework.give", weight: 2, who: teacher, act: giveSome},
	{kind: "attendance.roll", weight: 8, who: teacher, act: takeRoll},
	{kind: "attendance.justify", weight: 4, who: guardian, act: justify},
	{kind: "notebook.write", weight: 6, who: teacher, act: writePage},
	{kind: "grades.assess", weight: 2, who: teacher, act: assess},
	{kind: "grades.enter", weight: 10, who: teacher, act: enterMark},
	{kind: "grades.publish", weight: 2, who: teacher, act: publishMarks},
	{kind: "timetable.change", weight: 1, who: head, act: changeLesson},
}

// requests is how many an operation takes.
func (o operation) requests() int { return max(1, o.cost) }

// perform carries out an operation on a device.
func (o operation) perform(ctx context.Context, m *morning, d *device, due time.Time) error {
	if o.do != nil {
		return o.do(ctx, m, d, due)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	a, ok := o.act(d)
	if !ok {
		return d.catchUp(ctx, m.each(kindPull), due)
	}
	return m.send(ctx, d, a, due)
}

// send sends an action and counts it under its name. The caller holds the
// device.
func (m *morning) send(ctx context.Context, d *device, a act, due time.Time) error {
	name, _, _ := strings.Cut(a.Name, "@")
	d.act(a)
	more, err := d.round(ctx)
	if err != nil {
		return err
	}
	m.each(kind(name))(due)
	if !more {
		return nil
	}
	return d.catchUp(ctx, m.each(kindPull), time.Now())
}

func pull(ctx context.Context, m *morning, d *device, due time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.catchUp(ctx, m.each(kindPull), due)
}

// startApp is what the app asks when it is opened.
func startApp(ctx context.Context, m *morning, d *device, due time.Time) error {
	var said struct{ User string }
	if err := d.get(ctx, "/api/session", &said); err != nil {
		return err
	}
	if said.User != d.person.ID {
		return &problem{code: "session", text: "the session of " + d.person.ID + " is that of " + said.User}
	}
	m.each(kindStart)(due)
	return nil
}

// readPage opens a page of a copy.
func readPage(ctx context.Context, m *morning, d *device, due time.Time) error {
	d.mu.Lock()
	sha, ok := pick(d.sights.files)
	d.mu.Unlock()
	if !ok {
		return pull(ctx, m, d, due)
	}
	page, err := d.call(ctx, http.MethodGet, "/api/files/"+sha+"?size=page", nil, nil)
	if err != nil {
		return err
	}
	m.each(kindFile)(due)
	if !m.photos.same(page.body) {
		return &problem{code: "file", text: "the file " + sha + " is not what was uploaded"}
	}
	return nil
}

// handInPhoto uploads a page and names it in a copy, whichever comes first.
func handInPhoto(ctx context.Context, m *morning, d *device, due time.Time) error {
	p := m.photos.next()
	name := func(from time.Time) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		if a, ok := handIn(d, "", p.sha); ok {
			return m.send(ctx, d, a, from)
		}
		return d.catchUp(ctx, m.each(kindPull), from)
	}
	if mathrand.IntN(2) == 0 {
		if err := name(due); err != nil {
			return err
		}
		return d.upload(ctx, p, m.each(kindUpload), time.Now())
	}
	if err := d.upload(ctx, p, m.each(kindUpload), due); err != nil {
		return err
	}
	return name(time.Now())
}

// mutation makes an action of a person.
func mutation(name, scope string, args map[string]any) psync.Mutation {
	raw, err := json.Marshal(args)
	if err != nil {
		panic(err) // of texts and numbers only
	}
	return psync.Mutation{Scope: scope, Name: name, Args: raw}
}

func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

func pick[T any](all []T) (v T, ok bool) {
	if len(all) == 0 {
		return v, false
	}
	return all[mathrand.IntN(len(all))], true
}

func (d *device) own() string { return "user:" + d.person.ID }

// readNotices marks one notice as read.
func readNotices(d *device) (act, bool) {
	id, ok := pick(d.sights.notices)
	d.sights.drop(id)
	return act{
		Mutation: mutation("notice.read@1", d.own(), map[string]any{"ids": []string{id}}),
		made:     address{d.own(), "notice", id}, want: map[string]any{"read": true},
	}, ok
}

func dismissNotice(d *device) (act, bool) {
	id, ok := pick(d.sights.notices)
	d.sights.drop(id)
	return act{
		Mutation: mutation("notice.dismiss@1", d.own(), map[string]any{"ids": []string{id}}),
		made:     address{d.own(), "notice", id},
	}, ok
}

func setPhrases(d *device) (act, bool) {
	phrase := "Merci " + newID()
	return act{
		Mutation: mutation("settings.set@1", d.own(), map[string]any{"phrases": []string{phrase}}),
		made:     address{d.own(), "settings", "settings"}, want: map[string]any{"phrases": []any{phrase}},
	}, true
}

func tickWork(d *device) (act, bool) {
	w, ok := pick(d.sights.works)
	done := mathrand.IntN(3) > 0
	return act{
		Mutation: mutation("homework.tick@1", d.own(), map[string]any{"homework": w.id, "student": d.person.ID, "done": done, "shared": true}),
		made:     address{d.own(), "tick", w.id}, want: map[string]any{"done": done},
	}, ok
}

func handInText(d *device) (act, bool) {
	return handIn(d, "J'ai appris le poème par cœur, et voici ce que j'en pense. "+newID())
}

// handIn hands in a version of a copy.
func handIn(d *device, text string, pages ...string) (act, bool) {
	w, ok := pick(d.sights.works)
	id, scope := newID(), "student:"+d.person.ID
	args := map[string]any{"id": id, "homework": w.id, "pages": append([]string{}, pages...), "text": text}
	return act{
		Mutation: mutation("homework.submit@1", scope, args),
		made:     address{scope, "submission", id}, want: map[string]any{"homework": w.id, "text": text},
	}, ok
}

func markSeen(d *device) (act, bool) {
	c, ok := pick(d.sights.copies)
	return act{
		Mutation: mutation("homework.seen@1", c.scope, map[string]any{"homework": c.homework, "student": c.student}),
		made:     address{c.scope, "seen", c.homework + "." + c.student}, want: map[string]any{"student": c.student},
	}, ok
}

func comment(d *device) (act, bool)  { return answerCopy(d, "homework.comment@1") }
func giveBack(d *device) (act, bool) { return answerCopy(d, "homework.return@1") }

func answerCopy(d *device, name string) (act, bool) {
	c, ok := pick(d.sights.copies)
	said := "Un travail soigné, continue ainsi. " + newID()
	args := map[string]any{"homework": c.homework, "student": c.student, "submission": c.id, "comment": said, "correction": []string{}}
	return act{
		Mutation: mutation(name, c.scope, args),
		made:     address{c.scope, "feedback", c.homework + "." + c.student}, want: map[string]any{"comment": said},
	}, ok
}

func editWork(d *device) (act, bool) {
	w, ok := pick(d.sights.works)
	text := "Pour lundi : " + newID()
	return act{
		Mutation: mutation("homework.edit@1", w.scope, map[string]any{"id": w.id, "text": text}),
		made:     address{w.scope, "homework", w.id}, want: map[string]any{"text": text},
	}, ok
}

func giveSome(d *device) (act, bool) {
	course, ok := pick(d.sights.courses)
	return give(course), ok
}

// dueIn is how far ahead work is given, so that no copy is ever late.
const dueIn = 10 * 24 * time.Hour

// give gives work that is handed in here.
func give(course string) act {
	id := newID()
	title := "Rédaction " + id[:6]
	return act{
		Mutation: mutation("homework.give@1", course, map[string]any{
			"id": id, "title": title, "text": "Écrire une page sur l'automne, puis la relire à voix haute.",
			"due":    time.Now().Add(dueIn).UTC().Truncate(time.Second).Format(time.RFC3339),
			"return": "file", "late": "accept", "attachments": []string{},
		}),
		made: address{course, "homework", id}, want: map[string]any{"title": title},
	}
}

// writeToTeacher has a guardian write to a teacher of a child.
func writeToTeacher(d *device) (act, bool) {
	id, ok := pick(d.sights.teachers)
	return write(d, "user:"+id), ok
}

// writeToClass has a teacher write to the guardians of a class.
func writeToClass(d *device) (act, bool) {
	class, ok := pick(d.sights.classes)
	return write(d, class+"/guardians"), ok
}

func write(d *device, to string) act {
	id := newID()
	subject := "Sortie " + id[:6]
	return act{
		Mutation: mutation("mail.send@1", d.own(), map[string]any{
			"id": id, "subject": subject, "mode": "all", "to": []string{to}, "body": letterBody(),
		}),
		made: address{d.own(), "message", id}, want: map[string]any{"subject": subject},
	}
}

func letterBody() []any {
	text := "Bonjour, la classe part jeudi à huit heures. Merci de prévoir un pique-nique et de bonnes chaussures. " + newID()
	return []any{map[string]any{"runs": []any{map[string]any{"text": text}}}}
}

// answerLetter answers the author of a message alone.
func answerLetter(d *device) (act, bool) {
	l, ok := pick(d.sights.letters)
	id := newID()
	return act{
		Mutation: mutation("mail.reply@1", d.own(), map[string]any{"id": id, "re": l.id, "body": letterBody()}),
		made:     address{d.own(), "message", id}, want: map[string]any{"re": l.id, "discussion": l.discussion},
	}, ok
}

func readLetter(d *device) (act, bool) {
	l, ok := pick(d.sights.letters)
	at := time.Now().UnixMilli()
	return act{
		Mutation: mutation("mail.read@1", d.own(), map[string]any{"upTo": map[string]int64{l.discussion: at}}),
		made:     address{d.own(), "thread", l.discussion}, want: map[string]any{"read": float64(at)},
	}, ok
}

// drop forgets a notice.
func (s *sights) drop(id string) {
	for i, n := range s.notices {
		if n == id {
			s.notices = append(s.notices[:i:i], s.notices[i+1:]...)
			return
		}
	}
}
