package api_test

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// W8: a folder of 1,000 files, some under one name, all of them beyond ASCII,
// comes down as one archive that every program reads.
func TestAFolderAsOneArchive(t *testing.T) {
	w, link := sending(t, "", "alpha", "beta")
	for from := 2; from < 1000; from += 200 {
		var named []string
		for n := from; n < min(from+200, 1000); n++ {
			named = append(named, fmt.Sprintf(`{"name":"Été à la mer/élève n°%d.txt","type":"","size":0}`, n%500))
		}
		w.must(t, "teacher", "user:garnier", "transfer.add@1", fmt.Sprintf(`{"id":"transfer-9","from":%d,"files":[%s]}`, from, strings.Join(named, ",")))
	}
	w.settle(t)
	got := w.as("anonymous").send("GET", link+"/all.zip", "")
	got.want(t, 200, "")
	archive, err := zip.NewReader(strings.NewReader(got.text), int64(len(got.text)))
	check(t, err)
	names := map[string]bool{}
	for _, f := range archive.File {
		if f.NonUTF8 || names[f.Name] || strings.HasPrefix(f.Name, "/") || strings.Contains(f.Name, "..") || strings.Contains(f.Name, `\`) {
			t.Errorf("%q (not UTF-8: %v, twice: %v)", f.Name, f.NonUTF8, names[f.Name])
		}
		names[f.Name] = true
	}
	if len(names) != 1000 || !names["Été à la mer/élève n°7.txt"] || !names["Été à la mer/élève n°7 (2).txt"] {
		t.Errorf("%d names", len(names))
	}
	if f, err := archive.Open("dossier/1.txt"); err != nil {
		t.Error(err)
	} else if data, err := io.ReadAll(f); string(data) != "beta" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
	unzips(t, []byte(got.text))
}

// unzips has Info-ZIP test an archive, where it is installed.
func unzips(t *testing.T, archive []byte) {
	t.Helper()
	if _, err := exec.LookPath("unzip"); err != nil {
		t.Log("NOT TESTED with unzip, which is not installed: apt-get install unzip")
		return
	}
	file := filepath.Join(t.TempDir(), "all.zip")
	check(t, os.WriteFile(file, archive, 0o600))
	if out, err := exec.Command("unzip", "-tq", file).CombinedOutput(); err != nil {
		t.Errorf("%v\n%.2000s", err, out)
	}
}
