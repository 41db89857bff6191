package demo

import "preau/api/directory"

// Account is somebody of the demo who can sign in.
type Account struct {
	Key      string `json:"key"` // stable: "student", "guardian", …
	Name     string `json:"name"`
	Role     string `json:"role"`
	Detail   string `json:"detail"`
	User     string `json:"-"`
	Login    string `json:"-"`
	Password string `json:"-"`
}

// member is one of the people whom everybody meets in the demo.
type member struct {
	key      string
	role     directory.Role
	detail   string
	login    string
	password string
	person   directory.Person
}

// cast is the same in every size. Passwords are like those of printed sheets:
// words that say nothing about the person.
var cast = []member{
	{"student", directory.RoleStudent, "Élève · 5e B", "ines.benali", "tortue-violon-pamplemousse-marée", person("ines", "Inès", "Benali", "")},
	{"guardian", directory.RoleGuardian, "Parent d'Inès (5e B) et de Sami (6e A)", "nadia.benali", "lanterne-crocus-pirogue-safran", person("nadia", "Nadia", "Benali", "Mme")},
	{"teacher", directory.RoleTeacher, "Professeure de français", "claire.garnier", "girouette-noisette-banquise-cerceau", person("garnier", "Claire", "Garnier", "Mme")},
	{"staff", directory.RoleStaff, "Vie scolaire", "thomas.lopez", "boussole-myrtille-escargot-tambour", person("lopez", "Thomas", "Lopez", "M.")},
	{"direction", directory.RoleDirection, "Principale", "helene.roussel", "cascade-verveine-trapèze-hibou", person("roussel", "Hélène", "Roussel", "Mme")},
	{"admin", directory.RoleAdmin, "Administrateur", "yann.legoff", "parasol-libellule-granit-orgue", person("legoff", "Yann", "Le Goff", "M.")},
}

// More people of the Benali family, who cannot sign in.
var (
	sami  = person("sami", "Sami", "Benali", "")
	karim = person("karim", "Karim", "Benali", "M.")
)

func person(key, first, last, civility string) directory.Person {
	return directory.Person{ID: directory.StableID("demo", "person", key), First: first, Last: last, Civility: civility}
}

// Accounts lists who can sign in to the demo, one for each role.
func Accounts() []Account {
	var all []Account
	for _, m := range cast {
		all = append(all, Account{
			Key: m.key, Name: m.person.Name(), Role: m.role, Detail: m.detail,
			User: m.person.ID, Login: m.login, Password: m.password,
		})
	}
	return all
}

// the finds somebody of the cast by key.
func the(key string) directory.Person {
	for _, m := range cast {
		if m.key == key {
			return m.person
		}
	}
	panic("demo: nobody is called " + key)
}

// User is the id of somebody of the cast: "student", "guardian", "teacher",
// "staff", "direction" or "admin"; or "sami" and "father", the brother and the
// father of the student.
func User(key string) string {
	switch key {
	case "sami":
		return sami.ID
	case "father":
		return karim.ID
	}
	return the(key).ID
}
