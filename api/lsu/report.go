// Package lsu writes the "bilans périodiques" of a school as the file that the
// ministry's Livret scolaire unique takes in. It knows nothing of storage: a
// [Report] goes in; bytes come out, or what is missing for them.
//
// The ministry's schema (import-bilan-complet.xsd, version 3.0) is the
// contract. What it limits is checked here and told as a [Finding], with whose
// it is and what it is about; no text is ever cut. Of texts only what XML
// cannot hold is taken out. The same content makes the same bytes, in whatever
// order classes and pupils are given.
package lsu

import (
	"time"

	"preau/api/grades/average"
)

// Report is what a school hands over: one period of some of its classes.
type Report struct {
	Editor, Software, Version string
	UAI                       string // of the school
	Classes                   []Class
}

// Class is a "division" with the cards of its pupils.
type Class struct {
	ID      string
	Name    string // the code of the division
	Period  Period
	Head    string    // who answers for the school, "Claire Vasseur"
	Council string    // day of the "conseil de classe"
	Main    []Teacher // "professeurs principaux"
	Paths   []Path    // of the whole class
	Life    string    // what is said of the whole class's "vie scolaire"
	Pupils  []Pupil
}

// Period is one of the parts of a school year; Year is that of its autumn.
type Period struct{ Year, Index, Count int }

// Pupil is one card.
type Pupil struct {
	ID        string
	Number    int64 // ELEVE_ID of SIECLE, "id-be"
	First     string
	Last      string
	Since     string    // first day in the school
	Locked    time.Time // since when the card does not change, on the school's clock
	Results   []Result
	Advice    string // "acquis, progrès et conseils"
	Life      Life
	Socle     map[string]int // level of a domain: 1 to 4, or 0 for exempt
	Paths     []Path
	Support   []Support
	Guardians []Guardian
}

// Result is what a card says of one subject. An average that is no number
// means that the pupil, or the class, was not marked.
type Result struct {
	Subject   Subject
	Teachers  []Teacher
	Elements  []string // of the programme
	Average   average.Value
	Class     average.Value
	Level     int // "positionnement", 1 to 4; 0: none
	Appraisal string
}

// Subject is a discipline of the national list.
type Subject struct {
	ID       string
	Name     string
	Code     string // six signs
	National string // the national code, where Code is the school's own
	Election string // one of Elections
}

// Teacher is somebody who teaches.
type Teacher struct {
	ID       string
	Kind     string // one of Kinds
	Number   int64  // in STS
	Civility string // "M", "MME" or not said
	First    string
	Last     string
}

// Path is what was done for one of the "parcours éducatifs".
type Path struct{ Code, Text string }

// Support is a "modalité d'accompagnement". PPRE and CTR may say more.
type Support struct{ Code, About string }

// Life counts half-days of absence, and hours where the school counts them.
type Life struct {
	Latenesses  int
	Justified   int
	Unjustified int
	Hours       *int
	Comment     string
}

// Guardian is a legal guardian, the first or the second.
type Guardian struct {
	Civility string
	First    string
	Last     string
	Legal    int
	Relation string
	Address  *Address
}

// Address has one to four lines.
type Address struct {
	Lines    []string
	PostCode string
	Town     string
}

// What the schema knows.
var (
	Elections = []string{"S", "O", "F", "L", "R", "X"}
	Kinds     = []string{"epp", "local", "dir", "autre"}
	Domains   = []string{"CPD_FRA", "CPD_ETR", "CPD_SCI", "CPD_ART", "MET_APP", "FRM_CIT", "SYS_NAT", "REP_MND"}
	Paths     = []string{"PAR_AVN", "PAR_CIT", "PAR_ART", "PAR_SAN"}
	Supports  = []string{"PAP", "PPS", "UPE2A", "SEGPA", "ULIS", "PAI", "PPRE", "CTR"}
)

// Encode gives the file, or everything that keeps it from being one.
func Encode(r Report) ([]byte, []Finding) {
	r = r.tidy()
	if found := r.check(); len(found) > 0 {
		return nil, found
	}
	return r.write(), nil
}

// Complete leaves out the pupils of whom something is missing or wrong.
func (r Report) Complete() Report {
	bad := map[string]bool{}
	for _, f := range r.tidy().check() {
		bad[f.ID] = bad[f.ID] || f.About == AboutPupil
	}
	classes := r.Classes
	r.Classes = nil
	for _, c := range classes {
		pupils := c.Pupils
		c.Pupils = nil
		for _, p := range pupils {
			if !bad[p.ID] {
				c.Pupils = append(c.Pupils, p)
			}
		}
		r.Classes = append(r.Classes, c)
	}
	return r
}
