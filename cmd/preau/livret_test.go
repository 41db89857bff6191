package main

import (
	"bytes"
	"cmp"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"preau/api/lsu/export"
	"preau/cmd/preau/demo"
	"preau/storage/storagetest/programs"
	psync "preau/sync"
)

// P8, P31: the cards that a class published make a file that the ministry's
// schema takes; before its council a class has none.
func TestLivretOfTheDemo(t *testing.T) {
	c := testConfig(t)
	c.Demo = true
	if err := c.complete(); err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), c, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := a.prepareDemo(t.Context(), demo.Small); err != nil {
		t.Fatal(err)
	}
	livret := export.New(a.directory, published{a.cards, a.grades}, version())
	direction := psync.Actor{School: demo.SchoolID, User: demo.User("direction"), Device: "d"}
	periods, err := a.grades.PeriodsOf(t.Context(), demo.SchoolID, "class:"+demo.ClassID("6e A"))
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for id := range periods {
		if _, err := livret.Class(t.Context(), direction, demo.ClassID("5e B"), id, false); err == nil {
			t.Error("a class whose cards are being written has a file")
		}
		f, err := livret.Class(t.Context(), direction, demo.ClassID("6e A"), id, false)
		if err != nil {
			continue // no cards of this period
		}
		files++
		if len(f.Findings) > 0 {
			t.Fatalf("something is missing: %v", f.Findings)
		}
		judge(t, f.Body)
	}
	if files != 1 {
		t.Errorf("%d periods have cards", files)
	}
}

// judge asks xmllint, where the ministry's schema is at hand.
func judge(t *testing.T, file []byte) {
	t.Helper()
	schema := filepath.Join(cmp.Or(os.Getenv("PREAU_SHARED"), "../../../shared"), "data/lsu/import-bilan-complet.xsd")
	if _, err := os.Stat(schema); err != nil {
		t.Skip("no schema of the livret here: set PREAU_SHARED")
	}
	lint := exec.CommandContext(t.Context(), programs.Installed(t, "xmllint", "libxml2-utils"), "--noout", "--nonet", "--schema", schema, "-")
	lint.Stdin = bytes.NewReader(file)
	if said, err := lint.CombinedOutput(); err != nil {
		t.Errorf("%s", said)
	}
}
