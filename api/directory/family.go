package directory

// Relative is one person who is told of a pupil: the pupil, or a guardian.
type Relative struct {
	User    string
	Student string
	Child   string // first name, where a guardian has several children
}

// Guards says whether the pupil is another.
func (r Relative) Guards() bool { return r.User != r.Student }

// Kin is what [Family] asks of the school's directory.
type Kin interface {
	Person(id string) (Person, bool)
	Guardians(student string) []string
	Children(guardian string) []string
}

// Family lists a pupil and the guardians, the pupil first.
func Family(dir Kin, student string) []Relative {
	all := []Relative{{User: student, Student: student}}
	pupil, _ := dir.Person(student)
	for _, guardian := range dir.Guardians(student) {
		to := Relative{User: guardian, Student: student}
		if len(dir.Children(guardian)) > 1 {
			to.Child = pupil.First
		}
		all = append(all, to)
	}
	return all
}
