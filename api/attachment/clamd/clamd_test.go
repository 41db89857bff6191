package clamd_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"preau/api/attachment"
	"preau/api/attachment/clamd"
	"preau/api/attachment/clamd/clamdtest"
)

var _ attachment.Scanner = (*clamd.Daemon)(nil)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func parse(t testing.TB, address string) *clamd.Daemon {
	t.Helper()
	d, err := clamd.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAddresses(t *testing.T) {
	for address, ok := range map[string]bool{
		"unix:/run/clamav/clamd.ctl": true, "tcp://127.0.0.1:3310": true, "tcp://clamav:3310": true, "tcp://[::1]:3310": true,
		"": false, "unix:": false, "unix:clamd.ctl": false, "/run/clamav/clamd.ctl": false, "tcp://clamav": false, "tcp://:3310": false,
		"tcp://clamav:": false, "tcp://clamav:99999": false, "tcp:clamav:3310": false, "http://clamav:3310": false,
	} {
		if _, err := clamd.Parse(address); (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// E24, E25: what a real daemon says of files.
func TestRealDaemon(t *testing.T) {
	server := clamdtest.Start(t)
	eicar := clamdtest.EICAR()
	for name, content := range map[string]struct {
		data    []byte
		finding string
	}{
		"nothing":       {nil, ""},
		"text":          {[]byte("Exercice 4 page 112"), ""},
		"one chunk":     {bytes.Repeat([]byte{7}, 64<<10), ""},
		"chunk and one": {bytes.Repeat([]byte{7}, 64<<10+1), ""},
		"all it takes":  {bytes.Repeat([]byte{7}, attachment.MaxSize), ""},
		"EICAR":         {eicar, clamdtest.Finding},
		"EICAR far in":  {append(bytes.Repeat([]byte("devoir "), 200_000), eicar...), clamdtest.Finding},
		"zip":           {zipped(t, eicar), clamdtest.Finding},
		"zip in zip":    {zipped(t, zipped(t, eicar)), clamdtest.Finding},
		"clean zip":     {zipped(t, []byte("devoir")), ""},
	} {
		for _, address := range []string{server.Unix, server.TCP} {
			finding, err := parse(t, address).Scan(t.Context(), bytes.NewReader(content.data))
			if err != nil || finding != content.finding {
				t.Errorf("%s at %s: %q, %v", name, address, finding, err)
			}
		}
	}
	version, err := parse(t, server.Unix).Version(t.Context())
	if err != nil || !strings.HasPrefix(version, "ClamAV ") {
		t.Errorf("version %q, %v", version, err)
	}
}

// What the daemon does not take whole is neither clean nor to be tried again.
func TestTooLargeForTheDaemon(t *testing.T) {
	server := clamdtest.Start(t)
	for _, address := range []string{server.Unix, server.TCP} {
		large := bytes.NewReader(make([]byte, clamdtest.MaxSize+1))
		if finding, err := parse(t, address).Scan(t.Context(), large); !errors.Is(err, attachment.ErrUnscannable) || finding != "" {
			t.Errorf("at %s: %q, %v", address, finding, err)
		}
	}
	deep := clamdtest.EICAR()
	for range 40 { // it opens 17
		deep = zipped(t, deep)
	}
	if finding, err := parse(t, server.Unix).Scan(t.Context(), bytes.NewReader(deep)); !errors.Is(err, attachment.ErrUnscannable) || finding != "" {
		t.Errorf("deeply nested: %q, %v", finding, err)
	}
}

func TestDaemonThatGoesAndComes(t *testing.T) {
	server := clamdtest.Start(t)
	daemon := parse(t, server.Unix)
	server.Stop()
	if finding, err := daemon.Scan(t.Context(), strings.NewReader("x")); err == nil || finding != "" {
		t.Errorf("gone: %q, %v", finding, err)
	}
	if daemon.Ping(t.Context()) == nil {
		t.Error("a daemon that is gone answers")
	}
	server.Restart()
	if finding, err := daemon.Scan(t.Context(), bytes.NewReader(clamdtest.EICAR())); err != nil || finding != clamdtest.Finding {
		t.Errorf("back: %q, %v", finding, err)
	}
}

// A daemon that dies while it is sent to has called nothing clean.
func TestDaemonDiesMeanwhile(t *testing.T) {
	server := clamdtest.Start(t)
	body, feed := io.Pipe()
	go func() {
		_, _ = feed.Write(make([]byte, 1<<20))
		server.Stop()
		_, _ = feed.Write(make([]byte, 1<<20))
		_ = feed.Close()
	}()
	if finding, err := parse(t, server.TCP).Scan(t.Context(), body); err == nil || finding != "" {
		t.Errorf("%q, %v", finding, err)
	}
	_ = body.Close()
}

func TestBodyThatCannotBeRead(t *testing.T) {
	server := clamdtest.Start(t)
	body := io.MultiReader(strings.NewReader("half"), broken{})
	if finding, err := parse(t, server.Unix).Scan(t.Context(), body); !errors.Is(err, os.ErrDeadlineExceeded) || finding != "" {
		t.Errorf("%q, %v", finding, err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }

func zipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	w, err := z.Create("inside.bin")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// BenchmarkScan is how long the check holds a file up.
func BenchmarkScan(b *testing.B) {
	daemon := parse(b, clamdtest.Start(b).Unix)
	for name, size := range map[string]int{"1MB": 1 << 20, "10MB": 10 << 20} {
		data := bytes.Repeat([]byte("Lorem ipsum dolor sit amet. "), size/28)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				if finding, err := daemon.Scan(b.Context(), bytes.NewReader(data)); err != nil || finding != "" {
					b.Fatal(finding, err)
				}
			}
		})
	}
}
