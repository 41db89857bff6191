package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"preau/api/notify/courier"
	"preau/api/notify/courier/couriertest"
	"preau/cmd/preau/archive"
	"preau/storage"
)

// examined is what the doctor says of a set-up, without the push services.
func examined(t *testing.T, c Config, change func(*doctor)) (text string, err error) {
	t.Helper()
	if err := c.complete(); err != nil {
		t.Fatal(err)
	}
	d := &doctor{config: c, now: time.Now, offline: true}
	if change != nil {
		change(d)
	}
	var out bytes.Buffer
	err = d.examine(context.Background(), &out)
	return out.String(), err
}

// wantFinding checks that exactly this is wrong, and that something is said to
// be done about it.
func wantFinding(t *testing.T, c Config, change func(*doctor), grade grade, name, part string) {
	t.Helper()
	text, err := examined(t, c, change)
	line := regexp.MustCompile(fmt.Sprintf(`(?m)^%s  %s +.*%s.*\n +→ .+$`, gradeWords[grade], name, regexp.QuoteMeta(part)))
	if !line.MatchString(text) || (err != nil) != (grade == mend) {
		t.Errorf("%s %q: %v\n%s", name, part, err, text)
	}
}

func TestDoctorFindsNothing(t *testing.T) {
	c := testConfig(t)
	c.Host = "ecole.example"
	r := start(t, c)
	r.put("user:a", "1")
	for _, when := range []string{"while it is served", "when it is stopped"} {
		text, err := examined(t, c, nil)
		if err != nil || strings.Count(text, "ok    ") != len(checks)+1 {
			t.Errorf("%s: %v\n%s", when, err, text)
		}
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
	}
	if leftover, _ := filepath.Glob(filepath.Join(c.Data, ".doctor*")); len(leftover) > 0 {
		t.Errorf("left behind: %v", leftover)
	}
}

func TestDoctorOnAnEmptyFolder(t *testing.T) {
	c := testConfig(t)
	text, err := examined(t, c, nil)
	if err != nil || strings.Count(text, "note  ") != 4 {
		t.Errorf("%v\n%s", err, text)
	}
	for _, path := range []string{"keys.json", "preau.db", "blobs"} {
		if _, err := os.Stat(filepath.Join(c.Data, path)); err == nil {
			t.Errorf("it made %s", path)
		}
	}
}

func TestDoctorOnSettings(t *testing.T) {
	c := testConfig(t)
	wantFinding(t, c, func(d *doctor) { d.environ = []string{"HOME=/", "PREAU_PROXY=10.0.0.1"} }, mend, "settings", "PREAU_PROXY is no setting")
	c.Origin = "http://ecole.example"
	wantFinding(t, c, nil, mend, "address", "not secure")
	c.Origin, c.Host = "https://autre.example", "ecole.example"
	wantFinding(t, c, nil, mend, "address", "the certificate is for ecole.example")
	c.Host = ""
	wantFinding(t, c, nil, mend, "proxies", "PREAU_PROXIES names none")
	c.Proxies = []string{"0.0.0.0/0"}
	wantFinding(t, c, nil, mend, "proxies", "trusts nearly everybody")
	c.Host, c.Origin = "ecole.example", ""
	c.Proxies = []string{"10.0.0.1"}
	wantFinding(t, c, nil, note, "proxies", "ends TLS itself")
	c.Host, c.LAN = "", true
	wantFinding(t, c, nil, note, "address", "local network")
}

func TestDoctorOnTheFolder(t *testing.T) {
	c := testConfig(t)
	c.Data = filepath.Join(c.Data, "none")
	wantFinding(t, c, nil, note, "data folder", "does not exist")
	file := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c.Data, c.Records, c.Blobs = file, place{"sqlite", filepath.Join(t.TempDir(), "x")}, place{"file", t.TempDir()}
	wantFinding(t, c, nil, mend, "data folder", "cannot be written")
	c = testConfig(t)
	c.Data = "/dev/shm"
	if _, err := os.Stat(c.Data); err == nil {
		wantFinding(t, c, nil, mend, "data folder", "lies in memory")
	}
}

func TestDoctorOnTheDatabase(t *testing.T) {
	c := stopped(t)
	script(t, c, "PRAGMA user_version = 99")
	wantFinding(t, c, nil, mend, "database", "schema 99")

	c = stopped(t)
	script(t, c, "UPDATE entries SET body = x'00'")
	wantFinding(t, c, nil, mend, "database", "damaged")

	c = stopped(t)
	script(t, c, "DROP INDEX records_seq")
	script(t, c, "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema VALUES ('index', 'records_seq', 'records', 3, 'CREATE INDEX records_seq ON records (scope, seq)')")
	wantFinding(t, c, nil, mend, "database", "damaged")

	c = stopped(t)
	if err := os.WriteFile(filepath.Join(c.Data, "preau.db"), []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	wantFinding(t, c, nil, mend, "database", "not a database")
}

func TestDoctorOnAHalfRestore(t *testing.T) {
	c := stopped(t)
	if err := c.complete(); err != nil {
		t.Fatal(err)
	}
	records, err := openRecords(t.Context(), c.Records)
	if err != nil {
		t.Fatal(err)
	}
	err = records.Append(t.Context(), storage.Entry{Scope: "server:restore", N: 1, Ops: []storage.Op{{Type: "restore", ID: "restore", Value: []byte("{}")}}})
	if err != nil || archive.Unfinished(t.Context(), records) == nil {
		t.Fatal("not marked", err)
	}
	records.Close()
	wantFinding(t, c, nil, mend, "database", "half restored")
}

func TestDoctorOnFiles(t *testing.T) {
	c := stopped(t)
	blobs := filepath.Join(c.Data, "blobs")
	if err := os.RemoveAll(blobs); err != nil {
		t.Fatal(err)
	}
	wantFinding(t, c, nil, note, "files", "no folder yet")
	if err := os.WriteFile(blobs, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wantFinding(t, c, nil, mend, "files", "not a directory")
}

func TestDoctorOnKeys(t *testing.T) {
	c, other := stopped(t), stopped(t)
	path := filepath.Join(c.Data, "keys.json")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	wantFinding(t, c, nil, mend, "keys", "can be read by others")
	copyFile(t, filepath.Join(other.Data, "keys.json"), path+".new")
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	wantFinding(t, c, nil, mend, "keys", "does not belong to this database")
	if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantFinding(t, c, nil, mend, "keys", "is damaged")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	wantFinding(t, c, nil, mend, "keys", "no such file")
}

func TestDoctorOnTheClock(t *testing.T) {
	c := stopped(t)
	shifted := func(by time.Duration) func(*doctor) {
		return func(d *doctor) { d.now = func() time.Time { return time.Now().Add(by) } }
	}
	wantFinding(t, c, shifted(-time.Hour), mend, "clock", "something was already written at")
	wantFinding(t, testConfig(t), shifted(-10*365*24*time.Hour), mend, "clock", "it is 20")
}

// TestDoctorOnTimeZones gives a process time zones in which Paris is on UTC.
func TestDoctorOnTimeZones(t *testing.T) {
	utc := "TZif" + strings.Repeat("\x00", 16+4*4) + "\x00\x00\x00\x01" + "\x00\x00\x00\x04" + strings.Repeat("\x00", 6) + "UTC\x00"
	zones := t.TempDir()
	if err := os.Mkdir(filepath.Join(zones, "Europe"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(zones, "Europe", "Paris"), []byte(utc), 0o600); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "doctor", "-offline")
	child.Env = append(os.Environ(), "PREAU_TEST_MAIN=1", "PREAU_DATA="+t.TempDir(), "ZONEINFO="+zones)
	out, err := child.CombinedOutput()
	if err == nil || child.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), "MEND  time zones   Europe/Paris is not known rightly") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestDoctorOnPush(t *testing.T) {
	open, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	shut, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	shut.Close()
	if f := dial(t.Context(), open.Addr().String()); f.grade != fine {
		t.Errorf("%+v", f)
	}
	if f := dial(t.Context(), shut.Addr().String()); f.grade != note || f.todo == "" {
		t.Errorf("%+v", f)
	}
	d := &doctor{config: Config{PushHosts: []string{"not a host"}}}
	if f := d.push(t.Context()); f[0].grade != mend {
		t.Errorf("%+v", f)
	}
}

func TestDoctorEndsWithOneOrNone(t *testing.T) {
	c := stopped(t)
	if _, err := preau(t, c.Data, "doctor", "-offline"); err != nil {
		t.Error(err)
	}
	if err := os.Chmod(filepath.Join(c.Data, "keys.json"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := preau(t, c.Data, "doctor", "-offline"); err == nil || err.Error() != "to be mended: 1" {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := preau(t, c.Data, "doctor", "now"); err == nil || !strings.Contains(err.Error(), "usage: preau doctor") {
		t.Error(err)
	}
}

func TestDoctorLooksAtTheMailServer(t *testing.T) {
	server := couriertest.New(t)
	c := testConfig(t)
	c.Host = "ecole.example"
	var err error
	if c.SMTP, err = courier.Parse("smtp://" + server.Address + "?from=nobody@ecole.example"); err != nil {
		t.Fatal(err)
	}
	d := &doctor{config: c}
	if got := d.mail(t.Context()); got[0].grade != fine {
		t.Errorf("%+v", got)
	}
	server.Stop()
	if got := d.mail(t.Context()); got[0].grade != mend || got[0].todo == "" {
		t.Errorf("%+v", got)
	}
}
