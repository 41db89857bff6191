package mail

import (
	"strings"
	"testing"
)

// threats are texts of the kind that were sent to whole schools, made up, each
// with variations of somebody who wants to get past a brake.
var threats = map[string][]string{
	"Je vais venir au collège demain et vous allez tous le regretter.": {
		"JE VAIS VENIR AU COLLEGE DEMAIN ET VOUS ALLEZ TOUS LE REGRETTER !!!",
		"je vais  venir-au-collège, demain... et vous allez tous le regretter 12",
		"J e v a i s v e n i r a u c o l l è g e d e m a i n e t v o u s a l l e z t o u s l e r e g r e t t e r",
		"Salut Malo. Je vais venir au collège demain et vous allez tous le regretter.",
		"Je vais venir au collège lundi et vous allez tous le regretter.",
		"Je vais venir au collège demain et tu vas le regretter, vous allez tous le regretter, toi aussi.",
		"Je v4is venir au c0llège demain et vous allez tous le r3gretter.",
		"Vous allez tous le regretter, je vais venir au collège demain.",
		"Je vais venir au collège demain et vous allez tous le regretter. #48151623 x y z",
		"Je viens au collège demain et vous allez tous le regretter.",
	},
	"je vais tous vous tuer": {
		"Je vais tous vous tuer !", "je vais vous tuer tous", "JE VAIS TOUS VOUS TUER 1", "jevaistousvoustuer", "Malo je vais tous vous tuer",
	},
}

// ordinary are messages that a pupil writes on one day.
var ordinary = []string{
	"Bonjour madame, est-ce que le devoir de français est à rendre lundi ou mardi ?",
	"Bonjour monsieur, j'étais malade hier, pouvez-vous me dire ce que je dois rattraper ?",
	"Madame, je n'ai pas compris l'exercice 3 de la page 47. Pouvez-vous m'aider ?",
	"Bonjour, j'ai oublié mon livre de maths au collège, est-ce grave ?",
	"Salut, tu peux m'envoyer la photo de la leçon d'histoire s'il te plaît ?",
	"Salut Malo, tu viens au club d'échecs demain midi ?",
	"Tu as fini l'exposé sur les volcans ? J'ai fait la partie sur l'Etna.",
	"On se retrouve à la bibliothèque à 13 h pour l'exposé ?",
	"Je t'envoie mes notes de SVT, dis-moi si c'est lisible.",
	"Papa, je finis à 16 h aujourd'hui parce que M. Petit est absent.",
	"Maman, il faut signer le mot dans le carnet avant vendredi.",
	"Bonjour madame, je serai en retard demain, j'ai rendez-vous chez le dentiste.",
	"Merci beaucoup pour votre réponse, je vais essayer ce soir.",
	"Merci beaucoup madame, bonne soirée.",
	"D'accord, à demain alors !",
	"Pour demain il faut la calculatrice et le compas.",
	"Joyeux anniversaire !! On te chante une chanson à la récré.",
	"Désolé, je n'ai pas vu ton message hier soir.",
	"Est-ce que la sortie au musée est toujours jeudi ?",
	"Bonjour, je voudrais m'inscrire à l'atelier théâtre.",
	"Tu sais quel chapitre il faut réviser pour le contrôle de maths ?",
	"Tu sais quelle carte il faut apprendre pour le contrôle d'histoire ?",
	"ok merci", "ok", "merci", "oui", "d'accord", "ça marche", "super", "à demain", "je sais pas", "merci bcp",
}

// TestNearlyTheSame holds the threshold between texts that were varied and
// texts of an ordinary day, with room on both sides.
func TestNearlyTheSame(t *testing.T) {
	least, most := digits, 0
	for text, variations := range threats {
		a := newSketch(text)
		for _, v := range variations {
			b := newSketch(v)
			if !a.alike(b) {
				t.Errorf("%q is not alike: %d", v, a.same(b))
			}
			least = min(least, a.same(b))
		}
		for _, o := range ordinary {
			if b := newSketch(o); a.alike(b) {
				t.Errorf("%q is alike to %q", o, text)
			}
		}
	}
	for i, one := range ordinary {
		for _, other := range ordinary[:i] {
			a, b := newSketch(one), newSketch(other)
			if a.alike(b) {
				t.Errorf("%q and %q are alike", one, other)
			}
			if !a.short() && !b.short() {
				most = max(most, a.same(b))
			}
		}
	}
	t.Logf("variations share %d digits of %d and more, ordinary messages %d and fewer; the threshold is %d", least, digits, most, enoughSame)
}

// TestSketchesOfFewLetters are compared as a whole, and of none never.
func TestSketchesOfFewLetters(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"Je te hais", "JE TE HAÏS !", true},
		{"Je te hais", "Je te vois", false},
		{"", "", false},
		{"123 !", "👍", false},
		{"Je te hais", strings.Repeat("Je te hais ", 20), false},
	} {
		if got := newSketch(c.a).alike(newSketch(c.b)); got != c.want {
			t.Errorf("%q and %q: %v", c.a, c.b, got)
		}
	}
}
