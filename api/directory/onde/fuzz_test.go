package onde

import (
	"errors"
	"testing"
	"testing/fstest"
)

// FuzzRead throws any bytes at the reader: it must answer with a roster whose
// people have names, or with an *Error that names a place in the file.
func FuzzRead(f *testing.F) {
	pupils := "Nom élève;Nom d'usage élève;Prénom élève;Date naissance;Niveau;Classe\nPetit;;Zoé;2017-03-09;CE1;A\n"
	guardians := "Civilité responsable;Nom usage responsable;Nom responsable;Prénom responsable;Adresse responsable;CP responsable;Commune responsable;Nom d'usage enfant;Nom de famille enfant;Prénom enfant;Classes enfants\nM.;;Petit;Léo;;;;;Petit;Zoé;A\n"
	teachers := "Civilité;Nom usage;Nom;Prénom;Directeur;Classe\nMme;;Roy;Ana;non;A\n"
	f.Add([]byte(pupils), []byte(guardians), []byte(teachers))
	f.Add([]byte("\xef\xbb\xbf\"Nom\nEl\xe8ve\";;\"\"\r\n"), []byte("a;\"b\"\"c\";\r"), []byte(""))
	f.Fuzz(func(t *testing.T, a, b, c []byte) {
		r, err := Read(fstest.MapFS{"a.csv": {Data: a}, "b.csv": {Data: b}, "c.csv": {Data: c}})
		var damage *Error
		switch {
		case err == nil:
			for _, p := range r.Pupils {
				if p.Last == "" || p.First == "" || p.Class == "" || !p.Born.Valid() {
					t.Errorf("half a pupil: %+v", p)
				}
			}
		case !errors.As(err, &damage) || damage.File == "" || damage.Problem == "":
			t.Errorf("error without a place: %v", err)
		case (damage.Line == 0) != (damage.Column == 0) || damage.Line < 0 || damage.Column < 0:
			t.Errorf("impossible place: %v", err)
		}
	})
}
