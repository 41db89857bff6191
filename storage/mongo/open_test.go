package mongo_test

import (
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"preau/storage/mongo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOpenSaysWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct{ uri, want string }{
		"no address":   {"", "is not understood"},
		"other scheme": {"postgres://localhost/preau", "write mongodb://host:27017/preau"},
		"bad option":   {"mongodb://localhost/preau?w=-3", "is not understood"},
		"nobody there": {"mongodb://127.0.0.1:1/preau", "no MongoDB server answers at 127.0.0.1:1: start it or correct the address"},
	} {
		s, err := mongo.Open(t.Context(), c.uri, mongo.Options{Reach: 100 * time.Millisecond})
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want one line with %q", name, err, c.want)
		}
	}
}
