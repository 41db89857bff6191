package notify

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"

	"preau/api/notify/pushtest"
	psync "preau/sync"
)

// accepted answers every push at once, without a network.
type accepted struct{}

func (accepted) RoundTrip(r *http.Request) (*http.Response, error) {
	_, err := io.Copy(io.Discard, r.Body)
	return &http.Response{StatusCode: http.StatusCreated, Body: http.NoBody, Request: r}, err
}

// BenchmarkEncrypt is what one push costs before it leaves: "sent" as the
// service sends, with the library, "floor" the least that RFC 8291 asks, a new
// key pair, the shared secret, three derivations and one sealing, with a VAPID
// signature made before. The library signs anew for each push.
func BenchmarkEncrypt(b *testing.B) {
	w := newWorld(b)
	browser := w.pushes.Browser(w.PublicKey())
	kept, err := w.checkSubscription(person("nadia"), subscriptionOf(browser))
	if err != nil {
		b.Fatal(err)
	}
	p := push{User: "nadia", Title: "Lina est absente", Lang: "fr", Path: "/absences", Tag: "absence", Until: w.clock().Add(pushLife)}
	message := p.message(w.origin, 1)
	w.client.Transport = accepted{}
	b.Run("sent", func(b *testing.B) {
		for b.Loop() {
			res, err := w.post(b.Context(), kept, message, p)
			if err != nil {
				b.Fatal(err)
			}
			_ = res.Body.Close()
		}
	})
	b.Run("floor", func(b *testing.B) {
		for b.Loop() {
			if err := seal(kept, message); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// seal encrypts a message as RFC 8291 says, with the standard library.
func seal(to subscription, message []byte) error {
	public, err1 := decodeKey(to.P256dh)
	secret, err2 := decodeKey(to.Auth)
	theirs, err3 := ecdh.P256().NewPublicKey(public)
	ours, err4 := ecdh.P256().GenerateKey(rand.Reader)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	shared, err := ours.ECDH(theirs)
	if err != nil {
		return err
	}
	salt := make([]byte, 16)
	_, _ = rand.Read(salt)
	info := "WebPush: info\x00" + string(public) + string(ours.PublicKey().Bytes())
	ikm, err1 := hkdf.Key(sha256.New, shared, secret, info, 32)
	key, err2 := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	nonce, err3 := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return err
	}
	size, _ := recordSize(len(message))
	plain := make([]byte, int(size)-overhead+1)
	plain[copy(plain, message)] = 2
	gcm.Seal(nil, nonce, plain, nil)
	return nil
}

// BenchmarkAlerts tells 3,300 people something, each with a browser of their
// own, and waits until a push service on this machine has taken all over HTTP:
// what a whole school at once is, from the first commit on. The school has rules
// of alerts, which are read for each.
func BenchmarkAlerts(b *testing.B) {
	const people, together = 3300, 300
	w := newWorld(b, inSchool)
	for i := range people {
		w.browser(fmt.Sprint("p", i))
	}
	for b.Loop() {
		before := len(w.pushes.Pushes())
		for first := 0; first < people; first += together {
			w.tellAll(first, first+together)
		}
		w.settle()
		w.wantTaken(before, people)
	}
	b.ReportMetric(float64(people)*float64(b.N)/b.Elapsed().Seconds(), "alerts/s")
}

// tellAll notifies several people in one commit.
func (w *world) tellAll(from, to int) {
	w.t.Helper()
	_, err := w.engine.Commit(w.t.Context(), psync.Actor{}, "course:fr", func(_ context.Context, tx *psync.Tx) error {
		for i := from; i < to; i++ {
			Notify(tx, fmt.Sprint("p", i), hello(i))
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// wantTaken fails unless so many pushes came since, all accepted.
func (w *world) wantTaken(since, want int) {
	w.t.Helper()
	came := w.pushes.Pushes()[since:]
	refused := slices.DeleteFunc(slices.Clone(came), func(p pushtest.Push) bool { return p.Status == http.StatusCreated })
	if len(came) != want || len(refused) > 0 {
		w.t.Fatalf("%d pushes, %d refused", len(came), len(refused))
	}
}
