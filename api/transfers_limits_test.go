package api_test

import (
	"encoding/json"
	"testing"

	"preau/api/transfer"
)

func (w *world) limits(t *testing.T, who string) (l transfer.Limits) {
	t.Helper()
	got := w.as(who).send("GET", "/api/transfers/limits", "")
	got.want(t, 200, "")
	check(t, json.Unmarshal([]byte(got.text), &l))
	return l
}

// W3: everybody learns how much they may still send, by their role and by what
// they send already, and nothing of others.
func TestWhatIsLeftToSend(t *testing.T) {
	w, _ := sending(t, "", "alpha beta", "gamma")
	if got, want := w.limits(t, "teacher"), (transfer.Limits{Most: 2 << 30, Room: 10 << 30, Taken: 15, Left: 10<<30 - 15, Sealed: true}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	before := w.limits(t, "self")
	w.must(t, "self", "user:ines", "transfer.open@1", `{"id":"transfer-7","secret":"inesinesinesinesinesin","title":"T","days":1,"files":[{"name":"a","type":"","size":1000000}]}`)
	if got, want := w.limits(t, "self"), (transfer.Limits{Most: 2 << 30, Room: 2 << 30, Taken: before.Taken + 1000000, Left: 2<<30 - before.Taken - 1000000, Sealed: true}); got != want {
		t.Errorf("of a pupil: %+v, want %+v", got, want)
	}
	w.must(t, "teacher", "user:garnier", "transfer.close@1", `{"id":"transfer-9"}`)
	if got := w.limits(t, "teacher"); got.Taken != 0 || got.Left != got.Room {
		t.Errorf("of what is closed: %+v", got)
	}
	if got := w.as("teacher").send("GET", "/api/transfers/limits?user=ines", ""); got.text != w.as("teacher").send("GET", "/api/transfers/limits", "").text {
		t.Errorf("somebody else's: %s", got.text)
	}
	w.as("teacher").send("GET", "/api/transfers/limits", "{}").want(t, 400, "malformed")
	w.as("revoked").send("GET", "/api/transfers/limits", "").want(t, 401, "signed_out")
}
