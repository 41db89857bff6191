package api_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

// A calendar program needs nothing but the address, is told when nothing has
// changed, and gets nothing once the address was taken back.
func TestCalendarFeed(t *testing.T) {
	w := newWorld(t)
	address := w.openFeed(t, "self")
	first := w.as("anonymous").send("GET", address, "")
	first.want(t, 200, "")
	if got := first.Header.Get("Content-Type"); got != "text/calendar; charset=utf-8" {
		t.Errorf("it is %q", got)
	}
	if !strings.Contains(first.text, "SUMMARY:Français\r\n") || !strings.Contains(first.text, "LOCATION:112\r\n") {
		t.Errorf("Inès has %s", first.text)
	}
	tag := first.Header.Get("ETag")
	same := w.as("anonymous").send("GET", address, "", "If-None-Match: "+tag)
	if same.StatusCode != 304 || same.text != "" {
		t.Errorf("unchanged: %d %s", same.StatusCode, same.text)
	}
	w.must(t, "staff", "timetable:collard", "timetable.change@1", `{"slot":"slot-0001","date":"2026-11-24","cancelled":true}`)
	changed := w.as("anonymous").send("GET", address, "", "If-None-Match: "+tag)
	if changed.StatusCode != 200 || !strings.Contains(changed.text, "STATUS:CANCELLED\r\n") {
		t.Errorf("changed: %d %s", changed.StatusCode, changed.text)
	}
	var state struct{ Open bool }
	check(t, json.Unmarshal([]byte(w.as("self").send("GET", "/api/calendar", "").text), &state))
	if !state.Open {
		t.Error("it is said to be closed")
	}
	w.as("self").send("DELETE", "/api/calendar", "").want(t, 204, "")
	w.as("anonymous").send("GET", address, "").want(t, 404, "not_found")
	w.as("anonymous").send("GET", strings.TrimSuffix(address, ".ics"), "").want(t, 404, "not_found")
}

// openFeed makes an address and returns its path.
func (w *world) openFeed(t *testing.T, subject string) string {
	t.Helper()
	var made struct{ URL string }
	got := w.as(subject).send("PUT", "/api/calendar", "{}")
	got.want(t, 200, "")
	check(t, json.Unmarshal([]byte(got.text), &made))
	u, err := url.Parse(made.URL)
	check(t, err)
	return u.Path
}
