package api_test

import (
	"slices"
	"strings"
	"testing"
)

// shownDevice is what a browser is told of itself.
type shownDevice struct {
	Device     string
	Quarantine bool
}

func (b *browser) device(t *testing.T) (d shownDevice) {
	t.Helper()
	b.get("/api/session").into(t, &d)
	return d
}

// TestQuarantinedDevicesBringInQuarantinedOnes: a device in quarantine pairs
// another, and both are doubted until one that is not says otherwise.
func TestQuarantinedDevicesBringInQuarantinedOnes(t *testing.T) {
	s := newSchool(t, nil)
	first := s.signIn(t, "ines")
	pair := func(a *browser) *browser {
		p := a.pair(t)
		phone := s.scan(t, p.URL)
		a.confirm(p, phone.digits(t, phone.claim())).expect(t, "confirm", 200, "")
		phone.poll().expect(t, "poll", 200, "")
		return phone.browser
	}
	phone := pair(first)
	taken := s.signIn(t, "ines")
	helper := pair(taken)
	for what, b := range map[string]*browser{"first": first, "paired": phone, "taken": taken, "paired by it": helper} {
		if got, want := b.device(t).Quarantine, b == taken || b == helper; got != want {
			t.Errorf("%s: in quarantine: %v", what, got)
		}
	}
	if n := strings.Count(first.get("/api/devices").text, `"quarantine":true`); n != 2 {
		t.Errorf("%d devices are shown in quarantine", n)
	}
	trust := "/api/devices/" + taken.device(t).Device + "/trust"
	var seen struct{ Devices []shownDevice }
	s.signIn(t, "viard").get("/api/students/ines/devices").into(t, &seen)
	if len(seen.Devices) != 2 {
		t.Errorf("vie scolaire sees %+v", seen)
	}
	helper.post(trust, struct{}{}).expect(t, "its helper", 403, "forbidden")
	taken.post(trust, struct{}{}).expect(t, "itself", 403, "forbidden")
	s.signIn(t, "garnier").post(trust, map[string]string{"student": "ines"}).expect(t, "a teacher", 404, "not_found")
	s.browser().post(trust, struct{}{}).expect(t, "nobody", 401, "signed_out")
	first.post(trust, map[string]int{"student": 1}).expect(t, "nonsense", 422, "invalid")
	phone.post(trust, struct{}{}).expect(t, "her phone", 204, "")
	if taken.device(t).Quarantine || !helper.device(t).Quarantine {
		t.Error("trusted is one, and it alone")
	}
	s.signIn(t, "viard").post("/api/devices/"+helper.device(t).Device+"/trust", map[string]string{"student": "ines"}).expect(t, "vie scolaire", 204, "")
	if helper.device(t).Quarantine {
		t.Error("vie scolaire was not heard")
	}
	if got := s.notices(t, "ines"); len(got) < 2 || !slices.Contains(got, "Nouvel appareil") {
		t.Errorf("notices: %q", got)
	}
}
