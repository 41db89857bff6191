package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"preau/api/attachment/clamd"
	"preau/api/attachment/clamd/clamdtest"
)

func scanning(t *testing.T, address string) Config {
	t.Helper()
	c := testConfig(t)
	var err error
	if c.Clamd, err = clamd.Parse(address); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWrongScannerIsRefused(t *testing.T) {
	for _, value := range []string{"clamd", "unix:clamd.ctl", "tcp://clamav", "http://clamav:3310"} {
		_, err := readConfig(func(asked string) string { return map[string]string{"PREAU_CLAMD": value}[asked] })
		if err == nil || !strings.Contains(err.Error(), "PREAU_CLAMD: ") || !strings.Contains(err.Error(), "unix:/path or tcp://host:port") {
			t.Errorf("%s: %v", value, err)
		}
	}
}

func TestDoctorOnScanners(t *testing.T) {
	server := clamdtest.Start(t)
	c := scanning(t, server.Unix)
	if text, err := examined(t, c, nil); err != nil || !strings.Contains(text, "ok    scanner      ClamAV ") {
		t.Errorf("%v\n%s", err, text)
	}
	server.Stop()
	wantFinding(t, c, nil, mend, "scanner", "does not answer")

	small := clamdtest.Start(t, "StreamMaxLength 20M")
	wantFinding(t, scanning(t, small.TCP), nil, mend, "scanner", "takes no files of 25 MB")
	small.Stop()

	lax := clamdtest.Start(t, "AlertExceedsMax no")
	wantFinding(t, scanning(t, lax.Unix), nil, mend, "scanner", "passes files that it does not look into")
	lax.Stop()

	signatures := t.TempDir()
	if err := os.WriteFile(filepath.Join(signatures, "other.ndb"), []byte("Other:0:*:"+strings.Repeat("c0ffee", 8)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	blind := clamdtest.Start(t, "DatabaseDirectory "+signatures)
	wantFinding(t, scanning(t, blind.Unix), nil, mend, "scanner", "does not find the test virus")
}

// A server starts without its scanner, and says so.
func TestServerWithoutItsScanner(t *testing.T) {
	r := start(t, scanning(t, "unix:"+filepath.Join(t.TempDir(), "none")))
	if status, _, text := get(t, plainClient(), r.url("/readyz")); status != 200 || text != "ready\n" {
		t.Errorf("%d %q", status, text)
	}
}
