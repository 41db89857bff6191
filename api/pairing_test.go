package api_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"preau/api"
)

func TestPairing(t *testing.T) {
	s := newSchool(t, nil)
	a := s.signIn(t, "ines")
	p := a.pair(t)
	if !strings.HasPrefix(p.URL, "https://ecole.example/lier#1."+p.ID+".") {
		t.Errorf("address %s", p.URL)
	}
	qr := a.get("/api/pairings/" + p.ID + "/qr.svg")
	if qr.StatusCode != 200 || qr.Header.Get("Content-Type") != "image/svg+xml" || qr.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("QR: %d, %v", qr.StatusCode, qr.Header)
	}
	b := s.scan(t, p.URL)
	claimed := b.claim()
	claimed.expect(t, "claim", 200, "")
	for _, want := range []string{`"name":"Inès Benali"`, `"school":"Collège collard"`, `"class":"5e B"`} {
		if !strings.Contains(claimed.text, want) {
			t.Errorf("the phone does not learn %s: %s", want, claimed.text)
		}
	}
	if got := b.poll(); got.StatusCode != 202 || got.text != "" || len(got.Cookies()) > 0 {
		t.Errorf("before the code: %d %s", got.StatusCode, got.text)
	}
	if got := a.get("/api/pairings/" + p.ID); !strings.Contains(got.text, `"label":"Téléphone Android · Chrome"`) || a.state(t, p) != "claimed" {
		t.Errorf("state: %s", got.text)
	}
	a.get("/api/pairings/"+p.ID+"/qr.svg").expect(t, "the QR code once it was read", 410, "gone")
	a.confirm(p, b.digits(t, claimed)).expect(t, "confirm", 200, "")
	got := b.poll()
	got.expect(t, "poll", 200, "")
	var me, creator struct{ User, Device string }
	got.into(t, &me)
	a.get("/api/session").into(t, &creator)
	if me.User != "ines" || me.Device == creator.Device {
		t.Errorf("session: %s", got.text)
	}
	b.get("/api/session").expect(t, "the phone is in", 200, "")
	if a.state(t, p) != "confirmed" {
		t.Errorf("state: %s", a.state(t, p))
	}
	if got := s.notices(t, "ines"); !slices.Equal(got, []string{"Nouvel appareil"}) {
		t.Errorf("notices: %q", got)
	}
	if got := a.get("/api/devices").text; !strings.Contains(got, `"createdBy":"`+creator.Device+`"`) {
		t.Errorf("devices: %s", got)
	}
	a.delete("/api/devices/"+me.Device).expect(t, "one tap", 204, "")
	b.get("/api/session").expect(t, "and it is out", 401, "signed_out")
	_, secret, _ := strings.Cut(p.URL, p.ID+".")
	s.leaked(t, secret, p.Code, strings.ReplaceAll(p.Code, "-", ""), b.cookies[api.SessionCookie], b.mac())
}

func TestPairingByTypedCode(t *testing.T) {
	s := newSchool(t, nil)
	a := s.signIn(t, "ines")
	p := a.pair(t)
	var link struct{ ID, Secret string }
	got := s.browser().post("/api/pairings/code", map[string]string{"code": " " + strings.ToLower(p.Code) + " "})
	got.expect(t, "typed code", 200, "")
	got.into(t, &link)
	if link.ID != p.ID || !strings.HasSuffix(p.URL, "."+link.Secret) {
		t.Error("the typed code leads elsewhere than the QR code")
	}
	b := s.phone(t, link.ID, link.Secret)
	claimed := b.claim()
	a.confirm(p, b.digits(t, claimed)).expect(t, "confirm", 200, "")
	b.poll().expect(t, "poll", 200, "")
	s.browser().post("/api/pairings/code", map[string]string{"code": p.Code}).expect(t, "the code after use", 404, "not_found")
}

// TestPairingAttacks is one attack each; none may end with a session.
func TestPairingAttacks(t *testing.T) {
	type scene struct {
		*schoolServer
		a *browser
		p pairing
		b *phone
	}
	attacks := map[string]func(t *testing.T, s *scene) *phone{
		"replay of a used code": func(t *testing.T, s *scene) *phone {
			s.a.confirm(s.p, s.b.digits(t, s.b.claim()))
			s.b.poll().expect(t, "the honest phone", 200, "")
			thief := s.scan(t, s.p.URL)
			thief.claim().expect(t, "claim", 410, "used")
			s.b.get("/api/session").expect(t, "the honest phone stays", 200, "")
			return thief
		},
		"second claim": func(t *testing.T, s *scene) *phone {
			claimed, thief := s.b.claim(), s.scan(t, s.p.URL)
			thief.claim().expect(t, "claim", 409, "conflict")
			s.b.poll().expect(t, "the first one", 409, "conflict")
			s.a.confirm(s.p, s.b.digits(t, claimed)).expect(t, "confirm", 409, "conflict")
			if got := s.a.state(t, s.p); got != "conflict" {
				t.Errorf("state: %s", got)
			}
			if got := s.notices(t, "ines"); !slices.Equal(got, []string{"Code utilisé deux fois"}) {
				t.Errorf("notices: %q", got)
			}
			return thief
		},
		"second claim after the code was typed": func(t *testing.T, s *scene) *phone {
			s.a.confirm(s.p, s.b.digits(t, s.b.claim())).expect(t, "confirm", 200, "")
			thief := s.scan(t, s.p.URL)
			thief.claim().expect(t, "claim", 409, "conflict")
			s.b.poll().expect(t, "the first one", 409, "conflict")
			return thief
		},
		"claim by a thief first": func(t *testing.T, s *scene) *phone {
			thief := s.scan(t, s.p.URL)
			claimed := thief.claim()
			s.b.claim().expect(t, "the honest claim", 409, "conflict")
			s.a.confirm(s.p, thief.digits(t, claimed)).expect(t, "confirm", 409, "conflict")
			return thief
		},
		"invalid mac": func(t *testing.T, s *scene) *phone {
			thief := s.scan(t, s.p.URL)
			thief.secret = make([]byte, 32)
			thief.claim().expect(t, "claim", 403, "forbidden")
			if got := s.a.state(t, s.p); got != "open" {
				t.Errorf("state: %s", got)
			}
			return thief
		},
		"mac of another pairing": func(t *testing.T, s *scene) *phone {
			other := s.signIn(t, "garnier").pair(t)
			thief := s.scan(t, other.URL)
			thief.id = s.p.ID
			thief.claim().expect(t, "claim", 403, "forbidden")
			return thief
		},
		"mac over another key": func(t *testing.T, s *scene) *phone {
			thief := s.scan(t, s.p.URL)
			body := map[string]string{"mac": s.b.mac(), "key": thief.point, "nonce": s.b.nonce, "label": "x"}
			thief.post("/api/pairings/"+s.p.ID+"/claim", body).expect(t, "claim", 403, "forbidden")
			return thief
		},
		"points that are none": func(t *testing.T, s *scene) *phone {
			for _, point := range []string{"", b64(make([]byte, 65)), b64([]byte{4, 1, 2}), b64(append([]byte{4}, make([]byte, 64)...)), s.b.point + "="} {
				body := map[string]string{"mac": s.b.mac(), "key": point, "nonce": s.b.nonce, "label": "x"}
				s.b.post("/api/pairings/"+s.p.ID+"/claim", body).expect(t, "claim", 422, "invalid")
			}
			return s.b
		},
		"too late to claim": func(t *testing.T, s *scene) *phone {
			s.clock.pass(120 * time.Second)
			s.b.claim().expect(t, "claim", 410, "expired")
			s.a.get("/api/pairings/"+s.p.ID+"/qr.svg").expect(t, "QR code", 410, "gone")
			s.browser().post("/api/pairings/code", map[string]string{"code": s.p.Code}).expect(t, "typed code", 404, "not_found")
			return s.b
		},
		"too late to confirm": func(t *testing.T, s *scene) *phone {
			claimed := s.b.claim()
			s.clock.pass(120 * time.Second)
			s.a.confirm(s.p, s.b.digits(t, claimed)).expect(t, "confirm", 410, "expired")
			return s.b
		},
		"too late to fetch": func(t *testing.T, s *scene) *phone {
			s.a.confirm(s.p, s.b.digits(t, s.b.claim())).expect(t, "confirm", 200, "")
			s.clock.pass(120 * time.Second)
			s.b.poll().expect(t, "poll", 410, "expired")
			return s.b
		},
		"wrong code three times": func(t *testing.T, s *scene) *phone {
			right := s.b.digits(t, s.b.claim())
			wrong := "000000"
			if right == wrong {
				wrong = "000001"
			}
			for range 3 {
				s.a.confirm(s.p, wrong).expect(t, "wrong", 422, "wrong_code")
			}
			s.a.confirm(s.p, right).expect(t, "and then right", 410, "gone")
			if got := s.a.state(t, s.p); got != "failed" {
				t.Errorf("state: %s", got)
			}
			if got := s.notices(t, "ines"); !slices.Equal(got, []string{"Ajout d’un appareil refusé"}) {
				t.Errorf("notices: %q", got)
			}
			return s.b
		},
		"codes that are none cost no try": func(t *testing.T, s *scene) *phone {
			s.b.claim()
			for _, code := range []string{"", "12345", "1234567", "12345a", "１２３４５６"} {
				s.a.confirm(s.p, code).expect(t, "code "+code, 422, "invalid")
			}
			if got := s.a.state(t, s.p); got != "claimed" {
				t.Errorf("state: %s", got)
			}
			return s.b
		},
		"code guessed many times at once": func(t *testing.T, s *scene) *phone {
			right := s.b.digits(t, s.b.claim())
			var wg sync.WaitGroup
			for i := range 50 {
				if guess := fmt.Sprintf("%06d", i); guess != right {
					wg.Go(func() { s.a.copy().confirm(s.p, guess) })
				}
			}
			wg.Wait()
			s.a.confirm(s.p, right).expect(t, "right, after them", 410, "gone")
			return s.b
		},
		"confirming before a claim": func(t *testing.T, s *scene) *phone {
			s.a.confirm(s.p, "123456").expect(t, "confirm", 409, "conflict")
			return s.b
		},
		"confirming another's pairing": func(t *testing.T, s *scene) *phone {
			code := s.b.digits(t, s.b.claim())
			s.signIn(t, "garnier").confirm(s.p, code).expect(t, "confirm", 404, "not_found")
			s.browser().confirm(s.p, code).expect(t, "without a session", 401, "signed_out")
			return s.b
		},
		"confirming on another device": func(t *testing.T, s *scene) *phone {
			code := s.b.digits(t, s.b.claim())
			s.trusted(t, s.a).confirm(s.p, code).expect(t, "confirm", 403, "forbidden")
			s.signIn(t, "ines").confirm(s.p, code).expect(t, "confirm in quarantine", 403, "quarantine")
			return s.b
		},
		"looking at another's pairing": func(t *testing.T, s *scene) *phone {
			other := s.signIn(t, "garnier")
			for _, path := range []string{"", "/qr.svg"} {
				other.get("/api/pairings/"+s.p.ID+path).expect(t, "GET "+path, 404, "not_found")
				s.browser().get("/api/pairings/"+s.p.ID+path).expect(t, "signed out, GET "+path, 401, "signed_out")
			}
			other.delete("/api/pairings/"+s.p.ID).expect(t, "DELETE", 404, "not_found")
			s.signIn(t, "ines").get("/api/pairings/"+s.p.ID+"/qr.svg").expect(t, "her other device", 403, "forbidden")
			if got := s.a.state(t, s.p); got != "open" {
				t.Errorf("state: %s", got)
			}
			return s.b
		},
		"poll with another key": func(t *testing.T, s *scene) *phone {
			s.a.confirm(s.p, s.b.digits(t, s.b.claim())).expect(t, "confirm", 200, "")
			thief := s.scan(t, s.p.URL)
			thief.poll().expect(t, "poll", 403, "forbidden")
			return thief
		},
		"poll of another pairing's proof": func(t *testing.T, s *scene) *phone {
			s.a.confirm(s.p, s.b.digits(t, s.b.claim())).expect(t, "confirm", 200, "")
			id := s.b.id
			s.b.id = s.signIn(t, "garnier").pair(t).ID
			proof := s.b.proof(s.clock.now())
			s.b.id = id
			s.b.post("/api/pairings/"+id+"/poll", proof).expect(t, "poll", 403, "forbidden")
			return s.phone(t, id, b64(s.b.secret))
		},
		"poll overheard and replayed": func(t *testing.T, s *scene) *phone {
			code := s.b.digits(t, s.b.claim())
			proof := s.b.proof(s.clock.now())
			if got := s.b.post("/api/pairings/"+s.p.ID+"/poll", proof); got.StatusCode != 202 {
				t.Errorf("the honest poll: %d", got.StatusCode)
			}
			s.a.confirm(s.p, code).expect(t, "confirm", 200, "")
			thief := s.scan(t, s.p.URL)
			thief.post("/api/pairings/"+s.p.ID+"/poll", proof).expect(t, "replayed", 403, "forbidden")
			return thief
		},
		"poll from the past and the future": func(t *testing.T, s *scene) *phone {
			s.a.confirm(s.p, s.b.digits(t, s.b.claim())).expect(t, "confirm", 200, "")
			for _, skew := range []time.Duration{-61 * time.Second, 61 * time.Second, -time.Hour, 1e6 * time.Hour} {
				s.b.post("/api/pairings/"+s.p.ID+"/poll", s.b.proof(s.clock.now().Add(skew))).expect(t, skew.String(), 403, "forbidden")
			}
			return s.scan(t, s.p.URL)
		},
		"poll before any claim": func(t *testing.T, s *scene) *phone {
			s.b.poll().expect(t, "poll", 403, "forbidden")
			return s.b
		},
		"cancelled": func(t *testing.T, s *scene) *phone {
			claimed := s.b.claim()
			s.a.delete("/api/pairings/"+s.p.ID).expect(t, "cancel", 204, "")
			s.a.confirm(s.p, s.b.digits(t, claimed)).expect(t, "confirm", 410, "expired")
			s.b.poll().expect(t, "poll", 410, "expired")
			s.scan(t, s.p.URL).claim().expect(t, "claim", 410, "expired")
			return s.b
		},
		"replaced by a new one": func(t *testing.T, s *scene) *phone {
			claimed := s.b.claim()
			s.a.pair(t)
			s.a.confirm(s.p, s.b.digits(t, claimed)).expect(t, "confirm", 404, "not_found")
			s.b.poll().expect(t, "poll", 404, "not_found")
			s.scan(t, s.p.URL).claim().expect(t, "claim", 410, "gone")
			return s.b
		},
		"key of a revoked device": func(t *testing.T, s *scene) *phone {
			s.a.confirm(s.p, s.b.digits(t, s.b.claim()))
			var me struct{ Device string }
			s.b.poll().into(t, &me)
			s.a.delete("/api/devices/"+me.Device).expect(t, "revoke", 204, "")
			again := s.scan(t, s.a.pair(t).URL)
			again.key, again.point = s.b.key, s.b.point
			again.claim().expect(t, "claim", 403, "forbidden")
			again.poll().expect(t, "poll", 403, "forbidden")
			s.b.poll().expect(t, "the old pairing", 404, "not_found")
			return again
		},
		"fetching again after revocation": func(t *testing.T, s *scene) *phone {
			s.a.confirm(s.p, s.b.digits(t, s.b.claim()))
			var me struct{ Device string }
			s.b.poll().into(t, &me)
			s.a.delete("/api/devices/"+me.Device).expect(t, "revoke", 204, "")
			s.b.poll().expect(t, "poll", 410, "gone")
			return s.b
		},
		"confirmed by a device revoked meanwhile": func(t *testing.T, s *scene) *phone {
			owner := s.trusted(t, s.a)
			var thief struct{ Device string }
			s.a.get("/api/session").into(t, &thief)
			s.a.confirm(s.p, s.b.digits(t, s.b.claim())).expect(t, "confirm", 200, "")
			owner.delete("/api/devices/"+thief.Device).expect(t, "revoke", 204, "")
			s.b.poll().expect(t, "poll", 410, "gone")
			return s.b
		},
		"ids that are none": func(t *testing.T, s *scene) *phone {
			for _, id := range []string{"x", "nobody", strings.Repeat("a", 26), strings.Repeat("a", 26) + "ines", strings.Repeat("a", 500), "%2e%2e", "a:b"} {
				s.b.id = id
				if got := s.b.claim(); got.StatusCode < 400 || got.StatusCode >= 500 {
					t.Errorf("claim %q: %d", id, got.StatusCode)
				}
				if got := s.a.get("/api/pairings/" + id); got.StatusCode != 404 {
					t.Errorf("look at %q: %d", id, got.StatusCode)
				}
			}
			return s.b
		},
	}
	for name, attack := range attacks {
		t.Run(name, func(t *testing.T) {
			server := newSchool(t, nil)
			s := &scene{schoolServer: server, a: server.signIn(t, "ines")}
			s.p = s.a.pair(t)
			s.b = s.scan(t, s.p.URL)
			loser := attack(t, s)
			if loser.cookies[api.SessionCookie] != "" && loser.get("/api/session").StatusCode == 200 {
				t.Error("the attack ended with a session")
			}
			_, secret, _ := strings.Cut(s.p.URL, s.p.ID+".")
			s.leaked(t, secret, s.p.Code)
		})
	}
}

func TestTypedCodesAreNotGuessed(t *testing.T) {
	s := newSchool(t, nil)
	p := s.signIn(t, "ines").pair(t)
	guess := func(ip, code string) *answer {
		body, _ := json.Marshal(map[string]string{"code": code})
		return s.browser().send("POST", "/api/pairings/code", string(body), "X-Forwarded-For: "+ip)
	}
	checked := 0
	for i := range 60 {
		code := fmt.Sprintf("BBBBBB%c%c", "BCDFGHJKLM"[i/10], "BCDFGHJKLM"[i%10])
		if guess("198.51.100.7", code).StatusCode == 404 {
			checked++
		}
	}
	if checked != 20 {
		t.Errorf("%d guesses checked from one address", checked)
	}
	guess("198.51.100.7", p.Code).expect(t, "the right one, from there", 429, "too_many_requests")
	for i := range 600 {
		if guess(fmt.Sprintf("198.51.%d.%d", i/200, i%200), "BBBBBBBB").StatusCode == 404 {
			checked++
		}
	}
	if checked != 300 {
		t.Errorf("%d guesses checked from everywhere", checked)
	}
	s.clock.pass(10 * time.Minute)
	guess("198.51.100.7", "BBBBBBBB").expect(t, "later", 404, "not_found")
}

func TestPairingsPerHour(t *testing.T) {
	s := newSchool(t, nil)
	a := s.signIn(t, "ines")
	for range 5 {
		a.pair(t)
	}
	got := a.post("/api/pairings", struct{}{})
	if got.StatusCode != 429 || got.Header.Get("Retry-After") != "3600" {
		t.Errorf("a sixth: %d, Retry-After %s", got.StatusCode, got.Header.Get("Retry-After"))
	}
	s.clock.pass(time.Hour)
	a.pair(t)
}

func TestLostAnswersOfPairing(t *testing.T) {
	s := newSchool(t, nil)
	a := s.signIn(t, "ines")
	p := a.pair(t)
	b := s.scan(t, p.URL)
	first, second := b.claim(), b.claim()
	if second.expect(t, "the same claim again", 200, ""); first.text != second.text {
		t.Error("the same claim got another answer")
	}
	a.confirm(p, b.digits(t, second)).expect(t, "confirm", 200, "")
	lost := b.poll()
	stale := b.copy()
	var one, two struct{ Device string }
	lost.into(t, &one)
	got := b.poll()
	got.expect(t, "poll again", 200, "")
	if got.into(t, &two); one.Device != two.Device {
		t.Errorf("two devices: %s, %s", one.Device, two.Device)
	}
	b.get("/api/session").expect(t, "the later answer", 200, "")
	stale.get("/api/session").expect(t, "the one that was lost", 401, "signed_out")
	s.clock.pass(120 * time.Second)
	b.poll().expect(t, "much later", 410, "gone")
}

func TestClaimsRaceOnce(t *testing.T) {
	s := newSchool(t, nil)
	a := s.signIn(t, "ines")
	p := a.pair(t)
	won := make(chan int, 16)
	for range 16 {
		b := s.scan(t, p.URL)
		go func() { won <- b.claim().StatusCode }()
	}
	first := 0
	for range 16 {
		if <-won == 200 {
			first++
		}
	}
	if first > 1 || a.state(t, p) != "conflict" {
		t.Errorf("%d claims won, state %s", first, a.state(t, p))
	}
}
