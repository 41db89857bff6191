package ferrettest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"preau/storage"
	"preau/storage/mongo"
)

// homework is a record of the usual size.
var homework = []byte(`{"title":"` + strings.Repeat("x", 1000) + `"}`)

func benchStore(b *testing.B) *mongo.Store {
	b.Helper()
	s, err := mongo.Open(b.Context(), database(b.TempDir()), mongo.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

func benchEntry(scope string, n int64) storage.Entry {
	return storage.Entry{
		Scope: scope, N: n, At: time.UnixMilli(n),
		Ops:   []storage.Op{{Type: "homework", ID: fmt.Sprint(n % 100), Value: homework}},
		Steps: []storage.Step{{Lane: "u1/d1", K: n, Result: []byte("{}")}},
	}
}

// BenchmarkAppend commits entries of one record, a hundred to a scope. The
// embedded server scans, so run it a hundred times at most.
func BenchmarkAppend(b *testing.B) {
	s := benchStore(b)
	i := 0
	for b.Loop() {
		if err := s.Append(context.Background(), benchEntry(fmt.Sprint("student:", i/100), int64(i%100+1))); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

// BenchmarkTails asks for twelve scopes, in which nothing happened and in each
// of which there are ten new entries.
func BenchmarkTails(b *testing.B) {
	s := benchStore(b)
	at := map[string][]storage.Position{}
	for scope := range 12 {
		name := fmt.Sprint("class:", scope)
		for n := range int64(12) {
			if err := s.Append(context.Background(), benchEntry(name, n+1)); err != nil {
				b.Fatal(err)
			}
		}
		at["nothing"] = append(at["nothing"], storage.Position{Scope: name, After: 12})
		at["ten"] = append(at["ten"], storage.Position{Scope: name, After: 2})
	}
	for _, news := range []string{"nothing", "ten"} {
		b.Run("news="+news, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Tails(context.Background(), at[news], 100); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
