package grades

import (
	"strings"

	"preau/api/directory"
	"preau/api/notify"
)

// Reader is one person to be told what a pupil got.
type Reader struct {
	User    string
	Student string
	Child   string // first name, where the reader has several children
}

// Family is what [Readers] asks of the school's directory.
type Family interface {
	Person(id string) (directory.Person, bool)
	Guardians(student string) []string
	Children(guardian string) []string
}

// Readers lists to whom something is new that a scope got: user:S is the pupil
// alone, student:S the guardians too. Early says that the pupil has seen it.
func Readers(dir Family, scope string, early bool) []Reader {
	kind, student, _ := strings.Cut(scope, ":")
	if kind == "user" {
		return []Reader{{User: student, Student: student}}
	}
	var all []Reader
	if !early {
		all = append(all, Reader{User: student, Student: student})
	}
	pupil, _ := dir.Person(student)
	for _, guardian := range dir.Guardians(student) {
		to := Reader{User: guardian, Student: student}
		if len(dir.Children(guardian)) > 1 {
			to.Child = pupil.First
		}
		all = append(all, to)
	}
	return all
}

// Say gives a sentence about a subject in both languages; those of a guardian
// of several children name the child.
func (to Reader) Say(both [2]map[string]string, key, subject string) notify.Text {
	if to.Child != "" {
		key += ".child"
	}
	fill := strings.NewReplacer("{subject}", subject, "{child}", to.Child)
	return notify.Text{FR: fill.Replace(both[0][key]), EN: fill.Replace(both[1][key])}
}
