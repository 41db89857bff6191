package account

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	psync "preau/sync"
)

var update = flag.Bool("update", false, "rewrite the goldens")

var cheap = Params{Memory: 8, Time: 1, Threads: 1}

func TestHash(t *testing.T) {
	h := newHasher(cheap, []byte("pepper"))
	stored, err := h.hash(t.Context(), "tulipe é wagon")
	if err != nil || !strings.HasPrefix(stored, "$argon2id$v=19$m=8,t=1,p=1$") {
		t.Fatalf("%q, %v", stored, err)
	}
	other := newHasher(Params{Memory: 16, Time: 1, Threads: 1}, []byte("pepper"))
	peppered := newHasher(cheap, []byte("another pepper"))
	for _, c := range []struct {
		name             string
		h                *hasher
		stored, password string
		ok, stale        bool
	}{
		{"right", h, stored, "tulipe é wagon", true, false},
		{"decomposed", h, stored, "tulipe e\u0301 wagon", true, false},
		{"wrong", h, stored, "tulipe e wagon", false, false},
		{"no hash", h, "", "", false, false},
		{"the dummy's", h, h.dummy, "", false, false},
		{"broken", h, "$argon2id$v=19$m=8,t=1,p=1$", "tulipe é wagon", false, false},
		{"costs that stop the server", h, strings.Replace(stored, "m=8", "m=999999999", 1), "tulipe é wagon", false, false},
		{"made at other costs", other, stored, "tulipe é wagon", true, true},
		{"without the pepper", peppered, stored, "tulipe é wagon", false, false},
	} {
		ok, stale, err := c.h.verify(t.Context(), c.stored, c.password)
		if ok != c.ok || stale != c.stale || err != nil {
			t.Errorf("%s: ok %v, stale %v, %v", c.name, ok, stale, err)
		}
	}
}

func TestHashesWaitInABoundedQueue(t *testing.T) {
	h := newHasher(cheap, nil)
	for range hashSlots {
		h.slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	busy := make(chan error, hashSlots+2*hashQueue)
	for range hashSlots + 2*hashQueue {
		wg.Go(func() {
			if _, err := h.hash(ctx, "x"); errors.Is(err, ErrBusy) {
				busy <- err
				if len(busy) == hashQueue {
					cancel() // and who waits goes home
				}
			}
		})
	}
	wg.Wait()
	cancel()
	if len(busy) < hashQueue {
		t.Errorf("%d were told to come again", len(busy))
	}
}

var ines = []string{"ines.benali", "Inès", "Benali", "Collège Louise-Michel", "Saint-Étienne", "pronote", "ent"}

func TestWeakPasswords(t *testing.T) {
	for _, password := range []string{
		"", "court", "11 letters!", "aaaaaaaaaaaa", "abcabcabcabc", "abcdefghijkl", "0123456789012", "azertyuiop123", "AZERTYUIOPQS",
		"qwertyuiop[]", "mlkjhgfdsqpo", "motdepasse123", "M0tD3P4sse123", "Marseille2013", "marseille13!!!", "soleil-soleil", "SoleilSoleil1",
		"loulou & doudou", "chocolat123456", "passwordpassword", "P@ssw0rd2026", "azerty123azerty", "Inès2013!!!!", "benali-ines-06",
		"ines.benali1", "InesBenali2013", "louise-michel", "SaintEtienne42", "pronote-2026!", "123456789012", "1234-5678-9012", "jetaime jetaime",
		strings.Repeat("é", 11), "\xff\xfe aaaaaaaaaaaaaa", strings.Repeat("long ", 300),
	} {
		var r *psync.Refusal
		if err := checkPassword(password, ines); !errors.As(err, &r) || r.Field != "password" {
			t.Errorf("%.40q is taken", password)
		}
	}
}

func TestGoodPasswords(t *testing.T) {
	for _, password := range []string{
		"tulipe-wagon-fromage-lierre", "J'ai vu 3 chamois à Noël", "correct horse battery staple", "xK4#mQ9!vB2$", "le vélo de Zoé est bleu",
		"ma grand-mère fait du ski nautique", "ここは安全な場所です本当に", "🐢🐢 lent mais sûr 🐇🐇", "Inès mange des figues au soleil", strings.Repeat("tortue verte ", 20),
	} {
		if err := checkPassword(password, ines); err != nil {
			t.Errorf("%.40q: %v", password, err)
		}
	}
}

func TestBlocklist(t *testing.T) {
	if len(blocklist) < 900 {
		t.Errorf("only %d passwords", len(blocklist))
	}
	for word := range blocklist {
		if fold(word) != word {
			t.Errorf("%q is not folded", word)
		}
		if checkPassword(word+word+word, nil) == nil {
			t.Errorf("%q three times is taken", word)
		}
	}
}

func TestPassphrase(t *testing.T) {
	sorted := slices.Sorted(slices.Values(passWords))
	if n := len(slices.Compact(sorted)); n != len(passWords) {
		t.Errorf("%d words, %d different", len(passWords), n)
	}
	if bits := phraseWords * math.Log2(float64(len(passWords))); bits < 50 {
		t.Errorf("%.1f bits", bits)
	}
	seen := map[string]bool{}
	for range 2000 {
		phrase := Passphrase()
		if err := checkPassword(phrase, ines); err != nil {
			t.Errorf("%s: %v", phrase, err)
		}
		seen[phrase] = true
	}
	if len(seen) != 2000 {
		t.Errorf("%d different of 2000", len(seen))
	}
}

func TestCodes(t *testing.T) {
	for typed, want := range map[string]string{
		"BCDFGHJK": "BCDFGHJK", "bcdf-ghjk": "BCDFGHJK", " bcdf ghjk ": "BCDFGHJK", "BCDF\u00a0GHJK": "BCDFGHJK",
		"BCDFGHJ": "", "BCDFGHJKL": "", "ABCDFGHJ": "", "BCDF GHJ1": "", "": "", "ＢＣＤＦＧＨＪＫ": "", strings.Repeat("-", 100): "",
	} {
		if got, ok := parseCode(typed); ok != (want != "") || got != want && ok {
			t.Errorf("%q: %q, %v", typed, got, ok)
		}
	}
	letters := map[rune]int{}
	for i := range 2000 {
		for _, r := range codeFrom(derive([]byte{byte(i), byte(i >> 8)}, "x")) {
			letters[r]++
		}
	}
	for _, r := range codeLetters {
		if letters[r] < 600 || letters[r] > 1000 { // 800 expected
			t.Errorf("%c comes %d times of 16000", r, letters[r])
		}
	}
}

func TestQRGolden(t *testing.T) {
	got, err := QR("https://ecole.example/lier#1.abcdefghijklmnopqrstuvwxyzines.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "qr.svg")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("the QR code changed (%v)", err)
	}
}

func FuzzToken(f *testing.F) {
	f.Add("1.ines.d_abc." + encode64(make([]byte, 32)))
	f.Add("ines." + encode64(make([]byte, sessionBytes)))
	f.Add("1..d_.")
	f.Add("....")
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := parseToken(s)
		if ok && got.String() != s {
			t.Errorf("%q is read as %q", s, got)
		}
	})
}

func FuzzKnown(f *testing.F) {
	s := &Service{}
	f.Add(s.remember(known{}, "ines").String(), "ines")
	f.Add("1.x.y", "malik")
	f.Fuzz(func(t *testing.T, cookie, user string) {
		k := parseKnown(cookie)
		if k.browser != "" && k.String() != cookie {
			t.Errorf("%q is read as %q", cookie, k)
		}
		next := parseKnown(s.remember(k, user).String())
		if user != "" && !s.knows(next, user) || len(next.tags) > maxKnown {
			t.Errorf("%q does not remember %q", cookie, user)
		}
	})
}

func FuzzCode(f *testing.F) {
	f.Add("bcdf-ghjk")
	f.Add("\u00a0ß")
	f.Fuzz(func(t *testing.T, s string) {
		code, ok := parseCode(s)
		if !ok {
			return
		}
		if again, ok := parseCode(SpellCode(code)); !ok || again != code {
			t.Errorf("%q is read as %q, and then as %q", s, code, again)
		}
	})
}

func FuzzTicketID(f *testing.F) {
	f.Add(ticketID("ines"))
	f.Fuzz(func(t *testing.T, id string) {
		if user, ok := ticketUser(id); ok && (!validUser(user) || !strings.HasSuffix(id, user)) {
			t.Errorf("%q belongs to %q", id, user)
		}
	})
}

func FuzzPassword(f *testing.F) {
	f.Add("tulipe-wagon", "Inès Benali")
	f.Fuzz(func(_ *testing.T, password, context string) {
		_ = checkPassword(password, []string{context})
	})
}

func FuzzHash(f *testing.F) {
	h := newHasher(cheap, nil)
	f.Add(h.dummy)
	f.Fuzz(func(t *testing.T, s string) {
		if p, _, key, err := parseHash(s); err == nil && (!p.sane() || len(key) != hashBytes) {
			t.Errorf("%q is taken", s)
		}
	})
}
