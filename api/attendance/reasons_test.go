package attendance

import (
	"fmt"
	"maps"
	"testing"
)

// P6: a school's own reasons: for what they are, until they are retired, and
// not without end.
func TestReasonsOfASchool(t *testing.T) {
	w := newWorld(t)
	set := func(code string, more args) deed {
		a := args{"code": code, "label": "Panne de réveil", "published": true, "counts": true, "families": true, "kinds": []string{"lateness"}, "order": 11}
		maps.Copy(a, more)
		return deed{User: "viard", Scope: "school:x", Name: "attendance.reason@1", Args: a}
	}
	say := func(id, kind string) deed {
		return deed{User: "nadia", Scope: "student:ines", Name: "attendance.justify@1", Args: excuseArgs(args{"id": id, "kind": kind, "reason": "alarm", "text": ""})}
	}
	w.Want("not_found reason", say("justify-2", "lateness"))
	w.Must(set("alarm", nil))
	w.Must(say("justify-3", "lateness"))
	w.Want("invalid reason", say("justify-4", "absence"))
	w.Want("invalid reason", deed{User: "viard", Scope: office, Name: "attendance.record@1", Args: ruling(args{"reason": "alarm", "excuse": ""})})
	w.Must(set("alarm", args{"gone": true}))
	w.Want("invalid reason", say("justify-5", "lateness"))
	if j, _ := get[Justification](w, "student:ines", kindJustification, "justify-3"); j.Label != "Panne de réveil" {
		t.Errorf("what was said before reads %+v", j)
	}
	for i := range maxCodes - 1 {
		w.Must(set(fmt.Sprintf("reason-%d", i), nil))
	}
	w.Want("too_many code", set("one-more", nil))
	w.Must(set("alarm", nil))
}
