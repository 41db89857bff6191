package areatest

import "preau/api/directory"

// Everybody are the people of [School].
var Everybody = []string{
	"garnier", "ines", "karim", "lucie", "malo", "nadia", "noe", "petit", "roussel", "tom", "viard", "zoe",
}

// School is the collège "x":
//
//	5e B      Inès, Malo, Tom and Zoé; Mme Garnier for French (fr5b), M. Petit for maths (ma5b)
//	5e A      Noé; Mme Garnier for French (fr5a)
//	Latin     a group, Inès and Noé; Mme Garnier (la5)
//	Nadia     is the mother of Inès and Noé, Karim the father of Inès alone;
//	          Lucie is a contact of Malo without rights
//	Viard     is vie scolaire, Roussel direction
func School() []directory.Put {
	all := []directory.Put{
		put("x", directory.School{
			Name: "Collège Joseph-Collard", Timezone: "Europe/Paris", Year: directory.YearOf("2026-11-23"),
			Holidays: []directory.Holiday{{Name: "Noël", Start: "2026-12-19", End: "2027-01-03"}},
		}),
		put("5b", directory.Class{Name: "5e B", Kind: directory.KindClass}),
		put("5a", directory.Class{Name: "5e A", Kind: directory.KindClass}),
		put("latin", directory.Class{Name: "Latin 5e", Kind: directory.KindGroup}),
		put("g1", directory.Guardianship{Guardian: "nadia", Student: "ines", Level: 1, Reads: true}),
		put("g2", directory.Guardianship{Guardian: "nadia", Student: "noe", Level: 1, Reads: true}),
		put("g3", directory.Guardianship{Guardian: "karim", Student: "ines", Level: 2, Reads: true}),
		put("g4", directory.Guardianship{Guardian: "lucie", Student: "malo"}),
		put("p1", directory.Post{Person: "viard", Role: directory.RoleStaff}),
		put("p2", directory.Post{Person: "roussel", Role: directory.RoleDirection}),
	}
	for _, s := range [][2]string{{"fr", "Français"}, {"ma", "Mathématiques"}, {"la", "Latin"}} {
		all = append(all, put(s[0], directory.Subject{Name: s[1]}))
	}
	return append(append(all, pupils()...), append(adults(), courses()...)...)
}

func put(id string, r directory.Record) directory.Put { return directory.Put{ID: id, Record: r} }

func pupils() (all []directory.Put) {
	for _, p := range [][4]string{
		{"ines", "Inès", "Benali", "5b"},
		{"malo", "Malo", "Le Goff", "5b"},
		{"tom", "Tom", "Roy", "5b"},
		{"zoe", "Zoé", "Blanc", "5b"},
		{"noe", "Noé", "Benali", "5a"},
	} {
		all = append(all, put(p[0], directory.Person{First: p[1], Last: p[2], Pupil: true}),
			put("in-"+p[0], directory.Enrollment{Student: p[0], Audience: "class:" + p[3]}))
	}
	for _, id := range []string{"ines", "noe"} {
		all = append(all, put("latin-"+id, directory.Enrollment{Student: id, Audience: "group:latin"}))
	}
	return all
}

func adults() (all []directory.Put) {
	for _, p := range [][4]string{
		{"nadia", "Mme", "Nadia", "Benali"},
		{"karim", "M.", "Karim", "Benali"},
		{"lucie", "Mme", "Lucie", "Moreau"},
		{"garnier", "Mme", "Claire", "Garnier"},
		{"petit", "M.", "Luc", "Petit"},
		{"viard", "Mme", "Anne", "Viard"},
		{"roussel", "Mme", "Hélène", "Roussel"},
	} {
		all = append(all, put(p[0], directory.Person{First: p[2], Last: p[3], Civility: p[1]}))
	}
	return all
}

func courses() (all []directory.Put) {
	for _, c := range [][4]string{
		{"fr5b", "fr", "class:5b", "garnier"},
		{"ma5b", "ma", "class:5b", "petit"},
		{"fr5a", "fr", "class:5a", "garnier"},
		{"la5", "la", "group:latin", "garnier"},
	} {
		all = append(all, put(c[0], directory.CourseRecord{Subject: c[1], Audience: c[2]}),
			put("teaches-"+c[0], directory.Teaching{Course: c[0], Teacher: c[3]}))
	}
	return all
}
