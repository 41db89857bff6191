package attendance

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"
	"time"

	webpush "github.com/SherClockHolmes/webpush-go"

	"preau/api/areatest"
	"preau/api/directory"
	"preau/api/notify"
	"preau/api/notify/pushtest"
)

// ringing is a world on a database on disk, with a push service on this
// machine, in which every guardian of 5e B has a browser.
func ringing(b *testing.B, pupils int) (*world, *pushtest.Server) {
	b.Helper()
	service := pushtest.New("")
	server := httptest.NewServer(service)
	b.Cleanup(server.Close)
	service.Origin = server.URL
	private, public, err := webpush.GenerateVAPIDKeys()
	if err != nil {
		b.Fatal(err)
	}
	w := newWorldOn(b, filepath.Join(b.TempDir(), "preau.db"), notify.Config{
		Origin: "https://ecole.example", PublicKey: public, PrivateKey: private, Allow: []string{server.URL},
	})
	for i := range pupils {
		child, adult := fmt.Sprint("pupil", i), fmt.Sprint("adult", i)
		w.Apply(
			directory.Put{ID: child, Record: directory.Person{First: "Lou", Last: fmt.Sprint("Martin", i), Pupil: true}},
			directory.Put{ID: adult, Record: directory.Person{First: "Camille", Last: fmt.Sprint("Martin", i)}},
			directory.Put{ID: "e-" + child, Record: directory.Enrollment{Student: child, Audience: "class:5b"}},
			directory.Put{ID: "g-" + child, Record: directory.Guardianship{Guardian: adult, Student: child, Level: 1, Reads: true}},
		)
		browser := service.Browser(public)
		s := notify.Subscription{Endpoint: browser.Endpoint}
		s.Keys.P256dh, s.Keys.Auth = browser.P256dh(), browser.Auth()
		if err := w.Notices.Subscribe(b.Context(), areatest.Person(adult), s); err != nil {
			b.Fatal(err)
		}
	}
	w.Settle()
	return w, service
}

// BenchmarkAlert takes the roll of a class of 30 in which one pupil is missing
// and waits until the push service has accepted the alert for the guardian.
// The engine runs as in a server.
func BenchmarkAlert(b *testing.B) {
	const pupils = 28
	w, service := ringing(b, pupils)
	ctx, stop := context.WithCancel(b.Context())
	over := make(chan error, 1)
	go func() { over <- w.Engine.Run(ctx) }()
	var took []time.Duration
	for n := 0; b.Loop(); n++ {
		start := fmt.Sprintf("%02d:%02d", 8+n/60%3, n%60)
		seen := len(service.Pushes())
		begun := time.Now()
		r := w.Send(deed{User: "garnier", Scope: french, Name: "attendance.roll@1", Args: roll(
			args{"start": start, "end": "11:55", "date": directory.Date("2026-11-23").AddDays(-n / pupils % 2)}, call(fmt.Sprint("pupil", n%pupils), Absent),
		), At: monday.AddDate(0, 0, -n/pupils%2)})
		if !r.OK {
			b.Fatalf("%+v", r.Error)
		}
		for len(service.Pushes()) == seen {
			if time.Sleep(time.Millisecond); time.Since(begun) > 20*time.Second {
				b.Fatal("no alert")
			}
		}
		took = append(took, time.Since(begun))
	}
	stop()
	if err := <-over; err != nil && !errors.Is(err, context.Canceled) {
		b.Error(err)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "p50-ms")
	b.ReportMetric(float64(took[len(took)-1].Milliseconds()), "max-ms")
}
