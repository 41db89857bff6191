package onde_test

import (
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preau/api/directory"
	"preau/api/directory/onde"
	"preau/storage/sqlite"
	psync "preau/sync"
)

// town is a primary school into which tests import.
type town struct {
	*directory.Directory
	now time.Time
}

var emileZola = directory.School{ID: "zola", Name: "École Émile-Zola", Timezone: "Europe/Paris"}

func newTown(t testing.TB) *town {
	t.Helper()
	records, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = records.Close() })
	s := &town{now: time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)}
	now := func() time.Time { return s.now }
	s.Directory = directory.New(directory.Config{Records: records, Log: slog.New(slog.DiscardHandler), Now: now})
	mux := psync.NewMux()
	s.Register(mux)
	s.Bind(psync.New(psync.Config{Records: records, Mux: mux, Access: s, Now: now}))
	return s
}

func (s *town) plan(t testing.TB, folder fs.FS) *onde.Plan {
	t.Helper()
	roster, err := onde.Read(folder)
	if err != nil {
		t.Fatal(err)
	}
	return onde.Compare(s.Contents("zola"), emileZola, roster, s.Today("zola"))
}

// bring imports a folder and returns what it did, line by line.
func (s *town) bring(t testing.TB, folder fs.FS) []string {
	t.Helper()
	plan := s.plan(t, folder)
	if err := s.Apply(t.Context(), psync.Actor{}, "zola", plan.Puts); err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, c := range plan.Changes {
		said = append(said, strings.TrimSpace(fmt.Sprintln(c.Kind, c.Who, c.What)))
	}
	for _, n := range plan.Notices {
		said = append(said, strings.TrimSpace(fmt.Sprintln(n.Doubt, n.Who, n.What)))
	}
	return said
}

// find is the id of the one person of a name.
func (s *town) find(t testing.TB, name string) string {
	t.Helper()
	var found []string
	for _, id := range s.People("zola") {
		if s.Name(id) == name {
			found = append(found, id)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%q: %v", name, found)
	}
	return found[0]
}

const (
	leo   = `"PETIT";;"Léo";"2018-05-01";"M";"CYCLE II";"CP";"CP";;` + "\r\n"
	zoe   = `"PETIT";;"Zoé";"2016-02-01";"F";"CYCLE II";"CE1";"CE1";;` + "\r\n"
	rose  = `Mme;;ROY;Rose;1 rue Haute;42000;Roanne;;;;PETIT;Léo;CP;;PETIT;Zoé;CE1` + "\n"
	jean  = `M.;;PETIT;Jean;1 rue Haute;42000;Roanne;;;;PETIT;Léo;CP;;;;` + "\n"
	cp    = `"MME";;"ONG";"Cindy";"oui";"CP"` + "\r\n"
	ce1   = `"M.";;"BRIAUD";"Simon";"non";"CE1"` + "\r\n"
	start = leo + zoe
)

func TestImportASchool(t *testing.T) {
	s := newTown(t)
	s.bring(t, files(t, start, rose+jean, cp+ce1))
	mother := psync.Actor{School: "zola", User: s.find(t, "Rose Roy")}
	var titles []string
	grants, _ := s.Grants(mother)
	for _, g := range grants {
		titles = append(titles, g.Title)
	}
	if diff := cmp.Diff([]string{"Rose Roy", "Léo Petit", "Zoé Petit", "CE1", "CP", "École Émile-Zola"}, sorted(titles)); diff != "" {
		t.Error(diff)
	}
	head := s.find(t, "Cindy Ong")
	if diff := cmp.Diff([]directory.Role{directory.RoleTeacher, directory.RoleDirection}, s.Roles(head)); diff != "" {
		t.Error(diff)
	}
	courses := s.TaughtBy(head)
	if len(courses) != 1 || courses[0].Title() != "Classe · CP" {
		t.Errorf("the teacher has %v", courses)
	}
	if class, _ := s.ClassOf(s.find(t, "Zoé Petit")); class.Name != "CE1" || class.Level != "CE1" {
		t.Errorf("Zoé is in %v", class)
	}
}

// sorted puts the classes, which depend on the order of children, in order.
func sorted(titles []string) []string {
	if len(titles) == 6 {
		slices.Sort(titles[3:5])
	}
	return titles
}

func TestImportTwiceChangesNothing(t *testing.T) {
	s := newTown(t)
	folder := files(t, start, rose+jean, cp+ce1)
	s.bring(t, folder)
	s.now = s.now.AddDate(0, 2, 0)
	if said := s.bring(t, folder); said != nil {
		t.Errorf("the second run did %q", said)
	}
}

func TestImportFollowsTheYear(t *testing.T) {
	s := newTown(t)
	s.bring(t, files(t, start, rose+jean, cp+ce1))
	leoID, jeanID := s.find(t, "Léo Petit"), s.find(t, "Jean Petit")
	s.now = s.now.AddDate(1, 0, 0)
	moved := strings.ReplaceAll(leo, `"CP"`, `"CE1"`)
	home := `Mme;;ROY;Rose;9 rue Neuve;42000;Roanne;;;;PETIT;Léo;CE1;;;;` + "\n"
	said := s.bring(t, files(t, moved, home, ce1))
	want := []string{
		"assigned …", "closed_class CP", "closed_course CP", "ended_link Jean Petit Léo Petit", "ended_link Rose Roy Zoé Petit",
		"ended_post Cindy Ong direction", "ended_post Cindy Ong teacher", "enrolled Léo Petit CE1", "left_class Léo Petit CP",
		"left_class Zoé Petit CE1", "left_school Cindy Ong", "left_school Jean Petit", "left_school Zoé Petit", "unassigned Cindy Ong CP",
	}[1:]
	slices.Sort(said)
	if diff := cmp.Diff(want, said); diff != "" {
		t.Error(diff)
	}
	if _, ok := s.Person(jeanID); !ok || s.Present(jeanID) {
		t.Error("who left is deleted, or still here")
	}
	if grants, _ := s.Grants(psync.Actor{School: "zola", User: jeanID}); len(grants) != 0 {
		t.Errorf("who left reads %v", grants)
	}
	if class, _ := s.ClassOf(leoID); class.Name != "CE1" {
		t.Errorf("Léo is in %q", class.Name)
	}
	// Jean comes back, with the same id.
	s.bring(t, files(t, moved, home+strings.ReplaceAll(jean, "CP", "CE1"), ce1))
	if got := s.Guardians(leoID); !slices.Contains(got, jeanID) {
		t.Errorf("Léo's guardians are %v", got)
	}
}

func TestImportNeverGuesses(t *testing.T) {
	for name, c := range map[string]struct {
		pupils, guardians string
		want              string
		links             int
	}{
		"two pupils of one name": {
			leo + strings.ReplaceAll(leo, "2018-05-01", "2018-09-09"), jean, "many_children Jean Petit Léo Petit, CP", 0,
		},
		"the other class":  {leo, strings.ReplaceAll(jean, ";CP;", ";CE2;"), "no_child Jean Petit Léo Petit, CE2", 0},
		"another spelling": {leo, strings.ReplaceAll(jean, ";Léo;", ";LEO;"), "", 1},
		"another usage name": {
			leo, strings.ReplaceAll(jean, ";;;;PETIT;Léo", ";;;DURAND;PETIT;Léo"), "no_child Jean Petit Léo Durand, CP", 0,
		},
		"two adults of one name": {
			start, jean + strings.NewReplacer("1 rue", "2 rue", "Léo;CP", "Zoé;CE1").Replace(jean), "same_name Jean Petit 2 rue Haute 42000 Roanne", 2,
		},
		"one adult on two lines":  {start, jean + strings.NewReplacer("Léo;CP", "Zoé;CE1").Replace(jean), "", 2},
		"one pupil on two lines":  {leo + strings.ReplaceAll(leo, `"CP"`, `"CE2"`), jean, "twin_pupils Léo Petit CE2", 1},
		"one child named twice":   {leo, strings.ReplaceAll(jean, "Léo;CP;;;;", "Léo;CP;;PETIT;Léo;CP"), "", 1},
		"a child in two classes?": {leo, strings.ReplaceAll(jean, ";CP;", ";CP, CE1;"), "several_classes Jean Petit Léo Petit, CP, CE1", 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTown(t)
			folder := files(t, c.pupils, c.guardians, cp)
			said := s.bring(t, folder)
			if c.want != "" && !slices.Contains(said, c.want) {
				t.Errorf("did not say %q but %q", c.want, said)
			}
			if got := len(s.Contents("zola").Guardianships); got != c.links {
				t.Errorf("made %d links, not %d", got, c.links)
			}
			if again := s.plan(t, folder); !again.Empty() {
				t.Errorf("the second run would do %v", again.Changes)
			}
		})
	}
}

func TestImportKeepsWhatTheSchoolDecided(t *testing.T) {
	s := newTown(t)
	folder := files(t, start, rose+jean, cp+ce1)
	s.bring(t, folder)
	leoID, jeanID := s.find(t, "Léo Petit"), s.find(t, "Jean Petit")
	admin := psync.Actor{School: "zola", User: "admin"}
	err := s.Apply(t.Context(), admin, "zola", []directory.Put{
		{ID: "admin", Record: directory.Person{First: "Ève", Last: "Admin"}},
		{ID: "post", Record: directory.Post{Person: "admin", Role: directory.RoleAdmin}},
		{ID: "choir", Record: directory.Space{Name: "Chorale", Owner: "admin"}},
		{ID: "sings", Record: directory.Membership{Space: "choir", Person: leoID}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for id, g := range s.Contents("zola").Guardianships {
		if g.Guardian == jeanID {
			if err := s.EndGuardian(t.Context(), admin, id, ""); err != nil {
				t.Fatal(err)
			}
		}
	}
	if said := s.bring(t, folder); !slices.Equal(said, []string{"ended_by_hand Jean Petit Léo Petit"}) {
		t.Errorf("said %q", said)
	}
	if slices.Contains(s.Guardians(leoID), jeanID) {
		t.Error("an import gave back a right that the school had ended")
	}
	if !s.Present("admin") {
		t.Error("an import dismissed somebody whom it had not brought")
	}
	if len(s.SpacesOf(leoID)) != 1 {
		t.Error("an import ended a membership")
	}
}

func TestImportARealExport(t *testing.T) {
	folder := os.DirFS(shared(t))
	s := newTown(t)
	plan := s.plan(t, folder)
	s.bring(t, folder)
	c := s.Contents("zola")
	got := map[string]int{
		"classes": len(c.Classes), "enrollments": len(c.Enrollments), "links": len(c.Guardianships),
		"teachings": len(c.Teachings), "people": len(c.People), "doubts": len(plan.Notices),
	}
	want := map[string]int{"classes": 10, "enrollments": 247, "links": 491, "teachings": 14, "people": 247 + 467 + 14, "doubts": 6}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for id, p := range c.People {
		if p.Pupil && len(s.Guardians(id)) == 0 {
			t.Errorf("%s has no guardian", p.Name())
		}
	}
	s.now = s.now.AddDate(0, 1, 0)
	if again := s.plan(t, folder); !again.Empty() {
		t.Errorf("the second run would make %d changes, the first %v", len(again.Changes), again.Changes[0])
	}
}
