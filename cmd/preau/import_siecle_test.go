package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const someNumbers = `<?xml version="1.0" encoding="UTF-8"?>
<BEE_ELEVES VERSION="3.0"><PARAMETRES><UAJ>0420000X</UAJ></PARAMETRES><DONNEES><ELEVES>
<ELEVE ELEVE_ID="11"><NOM_DE_FAMILLE>PETIT</NOM_DE_FAMILLE><PRENOM>LEO</PRENOM><DATE_NAISS>01/05/2018</DATE_NAISS></ELEVE>
<ELEVE ELEVE_ID="12"><NOM_DE_FAMILLE>PETIT</NOM_DE_FAMILLE><PRENOM>ZOE</PRENOM><DATE_NAISS>02/02/2016</DATE_NAISS></ELEVE>
<ELEVE ELEVE_ID="13"><NOM_DE_FAMILLE>NGUYEN</NOM_DE_FAMILLE><PRENOM>ANH</PRENOM><DATE_NAISS>30/11/2016</DATE_NAISS></ELEVE>
</ELEVES></DONNEES></BEE_ELEVES>`

const toldNumbers = `Code UAI de l'établissement : 1
    École Émile-Zola
Élèves qui reçoivent leur identifiant SIECLE : 2
    Anh Nguyen
    Léo Petit
Sans identifiant, absents du fichier : 1
    Zoé Petit
`

// Numbers are set on people who are there, and stay when the register of the
// school comes again.
func TestImportOfNumbers(t *testing.T) {
	i := newImporting(t)
	roster, folder := filepath.Join("testdata", "onde"), t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "eleves.xml"), []byte(someNumbers), 0o600); err != nil {
		t.Fatal(err)
	}
	i.must(t, "onde", roster, "-name", "École Émile-Zola")
	if diff := cmp.Diff("À blanc : rien n'est écrit.\n"+toldNumbers, i.must(t, "siecle", folder, "-dry-run")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(toldNumbers+"C'est fait.\n", i.must(t, "siecle", folder)); diff != "" {
		t.Error(diff)
	}
	if said := i.must(t, "onde", roster); !strings.HasPrefix(said, "Rien à changer.\n") {
		t.Error(said)
	}
	const rests = "Rien à changer.\nSans identifiant, absents du fichier : 1\n    Zoé Petit\n"
	if diff := cmp.Diff(rests, i.must(t, "siecle", folder)); diff != "" {
		t.Error(diff)
	}
}

func TestImportOfDamagedNumbers(t *testing.T) {
	i := newImporting(t)
	folder := t.TempDir()
	i.must(t, "onde", filepath.Join("testdata", "onde"), "-name", "École Émile-Zola")
	for text, want := range map[string]string{
		"":                        "e.xml : fichier XML abîmé. Rien n'a été changé",
		"<BEE_ELEVES>\n<DONNEES>": "e.xml, ligne 2 : fichier XML abîmé. Rien n'a été changé",
		"<EDT_STS/>":              ". : aucun fichier de SIECLE ou de STS. Rien n'a été changé",
	} {
		if err := os.WriteFile(filepath.Join(folder, "e.xml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := i.run(t, "siecle", folder); err == nil || err.Error() != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}
