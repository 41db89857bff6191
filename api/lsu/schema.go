package lsu

import "encoding/xml"

// The elements of the schema that are written, in its order and by its names. A
// list that may be missing is a pointer: an empty one must not be there at all.
type (
	file struct {
		XMLName xml.Name `xml:"lsun-bilans"`
		Space   string   `xml:"xmlns,attr"`
		Schema  string   `xml:"schemaVersion,attr"`
		Head    head     `xml:"entete"`
		Data    data     `xml:"donnees"`
	}
	head struct {
		Editor   string `xml:"editeur"`
		Software string `xml:"application"`
		Version  string `xml:"appliVersion,omitempty"`
		UAI      string `xml:"etablissement"`
	}
	data struct {
		Heads    []labelled     `xml:"responsables-etab>responsable-etab"`
		Pupils   []pupil        `xml:"eleves>eleve"`
		Periods  *[]period      `xml:"periodes>periode"`
		Subjects *[]discipline  `xml:"disciplines>discipline"`
		Teachers *[]teacher     `xml:"enseignants>enseignant"`
		Elements *[]labelled    `xml:"elements-programme>element-programme"`
		Paths    *[]commonPaths `xml:"parcours-communs>parcours-commun"`
		Lives    *[]commonLife  `xml:"vies-scolaires-communs>vie-scolaire-commun"`
		Cards    *[]card        `xml:"bilans-periodiques>bilan-periodique"`
	}
	labelled struct {
		ID    string `xml:"id,attr"`
		Label string `xml:"libelle,attr"`
	}
	pupil struct {
		ID       string `xml:"id,attr"`
		Number   int64  `xml:"id-be,attr"`
		Last     string `xml:"nom,attr"`
		First    string `xml:"prenom,attr"`
		Division string `xml:"code-division,attr"`
	}
	period struct {
		ID    string `xml:"id,attr"`
		Year  int    `xml:"millesime,attr"`
		Index int    `xml:"indice,attr"`
		Count int    `xml:"nb-periodes,attr"`
	}
	discipline struct {
		ID       string `xml:"id,attr"`
		Code     string `xml:"code,attr"`
		National string `xml:"code-national,attr,omitempty"`
		Election string `xml:"modalite-election,attr"`
		Name     string `xml:"libelle,attr"`
	}
	teacher struct {
		ID       string `xml:"id,attr"`
		Kind     string `xml:"type,attr"`
		Number   int64  `xml:"id-sts,attr"`
		Civility string `xml:"civilite,attr,omitempty"`
		Last     string `xml:"nom,attr"`
		First    string `xml:"prenom,attr,omitempty"`
	}
	commonPaths struct {
		Period   string `xml:"periode-ref,attr"`
		Division string `xml:"code-division,attr"`
		Paths    []path `xml:"parcours"`
	}
	path struct {
		Code string `xml:"code,attr"`
		Text string `xml:",chardata"`
	}
	commonLife struct {
		Period   string `xml:"periode-ref,attr"`
		Division string `xml:"code-division,attr"`
		Comment  string `xml:"commentaire"`
	}
	card struct {
		Pupil     string      `xml:"eleve-ref,attr"`
		Period    string      `xml:"periode-ref,attr"`
		Council   string      `xml:"date-conseil-classe,attr"`
		Since     string      `xml:"date-scolarite,attr"`
		Locked    string      `xml:"date-verrou,attr"`
		Head      string      `xml:"responsable-etab-ref,attr"`
		Main      string      `xml:"prof-princ-refs,attr,omitempty"`
		Results   []result    `xml:"liste-acquis>acquis"`
		Paths     *[]path     `xml:"liste-parcours>parcours"`
		Support   *[]support  `xml:"modalites-accompagnement>modalite-accompagnement"`
		Advice    string      `xml:"acquis-conseils"`
		Life      life        `xml:"vie-scolaire"`
		Socle     *[]domain   `xml:"socle>domaine"`
		Guardians *[]guardian `xml:"responsables>responsable"`
	}
	result struct {
		Subject       string `xml:"discipline-ref,attr"`
		Teachers      string `xml:"enseignant-refs,attr"`
		Elements      string `xml:"element-programme-refs,attr,omitempty"`
		Average       string `xml:"moyenne-eleve,attr,omitempty"`
		Class         string `xml:"moyenne-structure,attr,omitempty"`
		Unmarked      bool   `xml:"eleve-non-note,attr,omitempty"`
		ClassUnmarked bool   `xml:"structure-non-notee,attr,omitempty"`
		Level         int    `xml:"positionnement,attr,omitempty"`
		Appraisal     string `xml:"appreciation,omitempty"`
	}
	support struct {
		Code     string `xml:"code,attr"`
		PPRE     string `xml:"complement-ppre,omitempty"`
		Contract string `xml:"complement-contrat-reussite,omitempty"`
	}
	life struct {
		Latenesses  int    `xml:"nb-retards,attr"`
		Justified   int    `xml:"nb-abs-justifiees,attr"`
		Unjustified int    `xml:"nb-abs-injustifiees,attr"`
		Hours       *int   `xml:"nb-heures-manquees,attr,omitempty"`
		Comment     string `xml:"commentaire,omitempty"`
	}
	domain struct {
		Code  string `xml:"code,attr"`
		Level *int   `xml:"positionnement,attr,omitempty"`
	}
	guardian struct {
		Civility string   `xml:"civilite,attr,omitempty"`
		Last     string   `xml:"nom,attr"`
		First    string   `xml:"prenom,attr"`
		Legal1   bool     `xml:"legal1,attr,omitempty"`
		Legal2   bool     `xml:"legal2,attr,omitempty"`
		Relation string   `xml:"lien-parente,attr,omitempty"`
		Address  *address `xml:"adresse"`
	}
	address struct {
		Line1    string `xml:"ligne1,attr"`
		Line2    string `xml:"ligne2,attr,omitempty"`
		Line3    string `xml:"ligne3,attr,omitempty"`
		Line4    string `xml:"ligne4,attr,omitempty"`
		PostCode string `xml:"code-postal,attr"`
		Town     string `xml:"commune,attr"`
	}
)
