package mail

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"preau/api/directory"
)

// month is what a collège of a few classes writes on its school days: teachers
// to their classes once a week, guardians to teachers, pupils to each other
// and to whoever teaches them; most of it is answered. Who, when and what
// follow from a seed.
type month struct {
	*world
	rand    *rand.Rand
	classes []*form
	sent    int
	refused []string
	waits   int // messages of who works here, to many
	inbox   []received
}

// form is a class: its pupils, their guardians, its teachers.
type form struct {
	id                          string
	pupils, guardians, teachers []string
}

// received is a message that somebody may answer.
type received struct{ by, id, text string }

const (
	monthClasses = 3
	formPupils   = 28
	formTeachers = 9
)

func newMonth(t testing.TB) *month {
	m := &month{rand: rand.New(rand.NewPCG(1, 2))}
	puts := []directory.Put{
		{ID: "dir", Record: directory.Person{First: "Hélène", Last: "Roussel", Civility: "Mme"}},
		{ID: "p-dir", Record: directory.Post{Person: "dir", Role: directory.RoleDirection}},
	}
	for c := range monthClasses {
		f := &form{id: fmt.Sprintf("c%d", c)}
		m.classes = append(m.classes, f)
		puts = append(puts, directory.Put{ID: f.id, Record: directory.Class{Name: "5e " + f.id, Kind: directory.KindClass}})
		puts = append(puts, f.people()...)
	}
	m.world = newWorldOf(t, puts...)
	return m
}

// people fills a class.
func (f *form) people() (puts []directory.Put) {
	put := func(id string, r directory.Record) { puts = append(puts, directory.Put{ID: id, Record: r}) }
	for i := range formPupils {
		pupil := fmt.Sprintf("%s-p%d", f.id, i)
		f.pupils = append(f.pupils, pupil)
		put(pupil, directory.Person{First: "Lou", Last: pupil, Pupil: true})
		put("e-"+pupil, directory.Enrollment{Student: pupil, Audience: "class:" + f.id})
		for j := range 2 {
			adult := fmt.Sprintf("%s-g%d-%d", f.id, i, j)
			f.guardians = append(f.guardians, adult)
			put(adult, directory.Person{First: "Claude", Last: adult})
			put("l-"+adult, directory.Guardianship{Guardian: adult, Student: pupil, Level: 1, Reads: true})
		}
	}
	for i := range formTeachers {
		teacher, course := fmt.Sprintf("%s-t%d", f.id, i), fmt.Sprintf("%s-k%d", f.id, i)
		f.teachers = append(f.teachers, teacher)
		put(teacher, directory.Person{First: "Dominique", Last: teacher, Civility: "Mme"})
		put(course, directory.CourseRecord{Subject: "fr", Audience: "class:" + f.id})
		put("w-"+teacher, directory.Teaching{Course: course, Teacher: teacher})
	}
	return puts
}

// act is a message about to be written, at a minute of the day.
type act struct {
	at   int
	from string
	to   []string // keys
	text string
}

// oneOf draws one; likely is how often something happens.
func oneOf[T any](m *month, of []T) T       { return of[m.rand.IntN(len(of))] }
func (m *month) likely(chance float64) bool { return m.rand.Float64() < chance }
func (m *month) minute(from, until int) int { return from*60 + m.rand.IntN((until-from)*60) }
func (m *month) some(of []string, n int) []string {
	picked := slices.Clone(of)
	m.rand.Shuffle(len(picked), func(i, j int) { picked[i], picked[j] = picked[j], picked[i] })
	return picked[:min(n, len(picked))]
}

// day is what people write on one day; 0 is a Monday.
func (m *month) day(n int) (acts []act) {
	for c, f := range m.classes {
		acts = append(acts, m.staffOf(c, f, n)...)
		acts = append(acts, m.guardiansOf(f)...)
		for i, pupil := range f.pupils {
			acts = append(acts, m.pupil(f, i, pupil, n)...)
		}
	}
	if n%5 == 4 {
		acts = append(acts, act{m.minute(9, 16), "dir", []string{"class:c0/guardians", "class:c1/guardians", "class:c2/guardians"}, "Madame, Monsieur, voici la lettre de la semaine."})
	}
	slices.SortFunc(acts, func(a, b act) int { return a.at - b.at })
	return acts
}

// staffOf: each teacher writes once a week to the pupils or the guardians of
// a class, and to a family or two.
func (m *month) staffOf(c int, f *form, n int) (acts []act) {
	for i, teacher := range f.teachers {
		if i%5 == n%5 {
			group := "class:" + f.id + []string{"/students", "/guardians"}[(i+c)%2]
			acts = append(acts, act{m.minute(8, 18), teacher, []string{group}, "Bonjour, pour la semaine prochaine : " + oneOf(m, lessons)})
		}
		if m.likely(0.3) {
			acts = append(acts, act{m.minute(8, 18), teacher, users(oneOf(m, f.guardians)), "Bonjour, je souhaite vous rencontrer. " + oneOf(m, families)})
		}
	}
	return acts
}

// guardiansOf: one in twelve writes to a teacher, and goes on about it.
func (m *month) guardiansOf(f *form) (acts []act) {
	for _, guardian := range f.guardians {
		for at := m.minute(7, 22); m.likely(1.0 / 12); at += 7 {
			acts = append(acts, act{at, guardian, users(oneOf(m, f.teachers)), oneOf(m, families)})
		}
	}
	return acts
}

// pupil: a few messages to friends; now and then a question to several, an
// invitation to a dozen one by one, or, of the delegate, a message to the
// class with its teachers.
func (m *month) pupil(f *form, i int, pupil string, n int) (acts []act) {
	friends := f.pupils[i/7*7 : min(i/7*7+7, len(f.pupils))]
	write := func(text string, to ...string) {
		if to = without(to, pupil); len(to) > 0 {
			acts = append(acts, act{m.minute(7, 21), pupil, users(to...), text})
		}
	}
	for m.likely(0.7) {
		write(oneOf(m, ordinary)+" "+oneOf(m, lessons), m.some(friends, 1+m.rand.IntN(3))...)
	}
	if m.likely(0.1) {
		write(oneOf(m, ordinary), oneOf(m, f.teachers))
	}
	if m.likely(0.15) {
		write("Salut, quelqu'un a noté les devoirs ? J'étais absent. "+oneOf(m, lessons), m.some(f.pupils, 8)...)
	}
	if n%20 == i%20 {
		for _, guest := range m.some(f.pupils, 12) {
			write("Salut ! Je fête mon anniversaire samedi à 14 h, tu viens ?", guest)
		}
	}
	if i == 0 && n%5 == 2 {
		write("Bonjour à tous, le compte rendu du conseil de classe est prêt, venez me voir.", slices.Concat(f.pupils, f.teachers)...)
	}
	return acts
}

// write sends a message, and counts what becomes of it.
func (m *month) write(a act) {
	id := fmt.Sprintf("month-%08d", m.sent)
	m.counted(a.from, id, m.try(person(a.from), userScope(a.from), 0, "mail.send@1",
		args{"id": id, "subject": oneOf(m, lessons), "mode": ModeAll, "to": a.to, "body": text(a.text)}))
	for _, key := range a.to {
		if len(key) > 5 && key[:5] == "user:" && m.likely(0.5) {
			m.inbox = append(m.inbox, received{key[5:], id, a.text})
		}
	}
}

func (m *month) counted(from, id, refused string) {
	m.sent++
	if refused != "" {
		m.refused = append(m.refused, fmt.Sprintf("%s of %s: %s", id, from, refused))
	}
}

// answer answers what came lately, and a third of the answers again.
func (m *month) answer() {
	came := m.inbox
	m.inbox = nil
	for _, r := range came {
		id := fmt.Sprintf("month-%08d", m.sent)
		m.counted(r.by, id, m.try(person(r.by), userScope(r.by), 0, "mail.reply@1",
			args{"id": id, "re": r.id, "all": false, "body": text(oneOf(m, answers))}))
	}
}

var (
	answers  = []string{"ok", "Merci !", "D'accord, à demain.", "Bien reçu, merci beaucoup.", "non désolé je peux pas", "Je vous réponds ce soir."}
	lessons  = []string{"la révolution française", "les fractions", "exposé sur les volcans", "contrôle de SVT", "la lecture du chapitre 4", "sortie au musée", "le match de jeudi", "la leçon 7"}
	families = []string{
		"Bonjour, mon enfant sera absent jeudi matin pour un rendez-vous médical.", "Bonjour, pourriez-vous m'expliquer la note du dernier contrôle ?",
		"Nous n'avons pas trouvé le livre demandé, peut-on attendre la semaine prochaine ?", "Merci pour votre message, nous en parlerons à la maison.",
		"Il y a eu un malentendu dans la cour hier, pouvons-nous nous appeler ?", "Bonjour, à quelle heure revient le car de la sortie ?",
	}
)

// TestAnOrdinaryMonthIsNotHeldBack: no brake refuses anything of what a
// collège writes. Two days, or as many as PREAU_MAIL_DAYS says.
func TestAnOrdinaryMonthIsNotHeldBack(t *testing.T) {
	days, _ := strconv.Atoi(os.Getenv("PREAU_MAIL_DAYS"))
	m := newMonth(t)
	defer m.close()
	midnight := monday.Truncate(aDay)
	for n := range max(days, 2) {
		start := midnight.Add(time.Duration(n/5*7+n%5) * aDay)
		for i, a := range m.day(n) {
			m.now = start.Add(time.Duration(a.at) * time.Minute)
			m.write(a)
			if i%40 == 39 {
				m.settle()
				m.answer()
			}
		}
		m.now = start.Add(23 * time.Hour)
		m.settle()
		m.answer()
		m.settle()
	}
	for _, r := range m.recordsOf("mailing") {
		mailing, err := decode[Mailing](r)
		if err != nil || mailing.State != mailingSent || mailing.People < defaultDelays().Large {
			t.Errorf("a message to many is %+v, %v", mailing, err)
		}
		m.waits++
	}
	t.Logf("%d messages; %d refused; %d to %d people and more waited ten minutes", m.sent, len(m.refused), m.waits, defaultDelays().Large)
	if len(m.refused) > 0 {
		t.Errorf("refused: %q", m.refused)
	}
}

// recordsOf is what the office sees of one type.
func (m *month) recordsOf(typ string) (all [][]byte) {
	for _, raw := range recordsIn[rawValue](m.world, "dir", "office:x", typ) {
		all = append(all, raw)
	}
	return all
}

type rawValue []byte

func (r *rawValue) UnmarshalJSON(b []byte) error { *r = slices.Clone(b); return nil }
