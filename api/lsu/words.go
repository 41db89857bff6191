package lsu

import (
	"fmt"
	"strings"
)

// word is a field as the school says it.
type word struct {
	name      string
	feminine  bool
	plural    bool
	malformed string // what it should be
}

// words are the fields of the findings, by what they are about. The livret is
// the ministry's and French, and so is what is said of it.
var words = map[string]word{
	"school.editor":    {name: "nom de l’éditeur"},
	"school.software":  {name: "nom du logiciel"},
	"school.version":   {name: "version du logiciel", feminine: true},
	"school.uai":       {name: "code UAI", malformed: "sept chiffres et leur lettre de contrôle, comme 0382032C"},
	"school.classes":   {name: "classes à exporter", feminine: true, plural: true},
	"class.division":   {name: "nom de la classe"},
	"class.head":       {name: "nom du chef d’établissement"},
	"class.council":    {name: "date du conseil de classe", feminine: true, malformed: "un jour, comme 2026-12-01"},
	"pupil.locked":     {name: "date de publication du bulletin", feminine: true},
	"class.period":     {name: "période", feminine: true, malformed: "un trimestre ou un semestre de l’année"},
	"class.pupils":     {name: "élèves à exporter", plural: true},
	"class.life":       {name: "commentaire de vie scolaire de la classe"},
	"class.path":       {name: "texte d’un parcours éducatif", malformed: "celui de l’un des quatre parcours"},
	"pupil.last":       {name: "nom de famille"},
	"pupil.first":      {name: "prénom"},
	"pupil.number":     {name: "numéro de l’élève dans SIECLE (ELEVE_ID)", malformed: "un nombre positif"},
	"pupil.since":      {name: "date d’entrée dans l’établissement", feminine: true, malformed: "un jour, comme 2026-09-01"},
	"pupil.advice":     {name: "appréciation générale du conseil de classe", feminine: true},
	"pupil.counts":     {name: "décompte de vie scolaire", malformed: "des nombres de 0 à 999"},
	"pupil.life":       {name: "commentaire de vie scolaire"},
	"pupil.socle":      {name: "positionnement du socle commun", malformed: "un niveau de 0 à 4 pour l’un des huit domaines"},
	"pupil.path":       {name: "texte d’un parcours éducatif", malformed: "celui de l’un des quatre parcours"},
	"pupil.support":    {name: "modalité d’accompagnement", feminine: true, malformed: "l’une de celles du livret"},
	"pupil.guardian":   {name: "description d’un responsable légal", feminine: true, malformed: "un nom, un prénom et le rang 1 ou 2"},
	"pupil.address":    {name: "adresse d’un responsable légal", feminine: true, malformed: "une à quatre lignes, un code postal et une commune"},
	"pupil.results":    {name: "matières du bulletin", feminine: true, plural: true},
	"pupil.subject":    {name: "matière", feminine: true},
	"pupil.teachers":   {name: "enseignants", plural: true},
	"pupil.elements":   {name: "texte d’un élément du programme"},
	"pupil.average":    {name: "moyenne", feminine: true, malformed: "un nombre, comme 14.5"},
	"pupil.level":      {name: "positionnement", malformed: "un niveau de 1 à 4"},
	"pupil.appraisal":  {name: "appréciation", feminine: true},
	"subject.name":     {name: "nom de la matière"},
	"subject.code":     {name: "code national de la matière", malformed: "six chiffres ou lettres, comme 020700"},
	"subject.election": {name: "modalité d’élection de la matière", feminine: true, malformed: "S, O, F, L, R ou X"},
	"teacher.last":     {name: "nom de famille"},
	"teacher.first":    {name: "prénom"},
	"teacher.number":   {name: "identifiant STS", malformed: "un nombre positif"},
	"teacher.kind":     {name: "type d’identifiant STS", malformed: "epp, local, dir ou autre"},
	"teacher.civility": {name: "civilité", feminine: true, malformed: "M. ou Mme"},
}

// String says a finding to somebody of the school.
func (f Finding) String() string {
	w, known := words[f.About+"."+f.Field]
	if !known {
		w = word{name: f.Field}
	}
	return f.whose() + " : " + f.what(w) + "."
}

// whose is who or what a finding is about, "Inès Benali (5e B), Français".
func (f Finding) whose() string {
	s := f.Name
	switch {
	case f.About == AboutSchool, s == "":
		s = strings.TrimSpace(abouts[f.About] + " " + f.Name)
	case f.Class != "":
		s += " (" + f.Class + ")"
	}
	if f.In != "" {
		s += ", " + f.In
	}
	return s
}

var abouts = map[string]string{
	AboutSchool: "Établissement", AboutClass: "Classe", AboutPupil: "Élève", AboutTeacher: "Enseignant", AboutSubject: "Matière",
}

func (f Finding) what(w word) string {
	lacks := "manque"
	if w.plural {
		lacks = "manquent"
	}
	switch f.Wrong {
	case Missing:
		return w.the() + " " + lacks
	case TooLong:
		return fmt.Sprintf("%s compte %d signes, le livret en accepte %d", w.the(), f.Length, f.Limit)
	case Twice:
		return w.the() + " est en double"
	}
	if w.malformed == "" {
		return w.the() + " n’est pas valide"
	}
	return w.the() + " n’est pas valide (attendu : " + w.malformed + ")"
}

// the is the field with its article.
func (w word) the() string {
	switch {
	case w.plural:
		return "les " + w.name
	case strings.ContainsRune("aeéiou", []rune(w.name)[0]):
		return "l’" + w.name
	case w.feminine:
		return "la " + w.name
	}
	return "le " + w.name
}
