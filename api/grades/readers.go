package grades

import (
	"strings"

	"preau/api/directory"
	"preau/api/notify"
)

// Readers lists to whom something is new that a scope got: user:S is the pupil
// alone, student:S the guardians too. Early says that the pupil has seen it.
func Readers(dir directory.Kin, scope string, early bool) []directory.Relative {
	kind, student, _ := strings.Cut(scope, ":")
	all := directory.Family(dir, student)
	switch {
	case kind == "user":
		return all[:1]
	case early:
		return all[1:]
	}
	return all
}

// Say gives a sentence about a subject in both languages; those of a guardian
// of several children name the child.
func Say(to directory.Relative, both [2]map[string]string, key, subject string) notify.Text {
	if to.Child != "" {
		key += ".child"
	}
	fill := strings.NewReplacer("{subject}", subject, "{child}", to.Child)
	return notify.Text{FR: fill.Replace(both[0][key]), EN: fill.Replace(both[1][key])}
}
