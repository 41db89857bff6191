package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"preau/api/account"
	"preau/api/directory"
	psync "preau/sync"
)

// adminUsage is what `preau admin` answers when asked wrongly.
const adminUsage = `usage : preau admin PRÉNOM NOM [-new] [-reset] [-school ID] [-origin ADRESSE]

donne l'administration à une personne de l'établissement et de quoi ouvrir son compte ;
-new l'ajoute si l'établissement ne la connaît pas, -reset efface son mot de passe et
déconnecte ses appareils`

// admin is `preau admin`: it gives a school an administrator and prints what
// opens the account, once. Like an import it works while no server runs.
type admin struct {
	app    *App
	out    io.Writer
	name   string // or the id of one among homonyms
	school string // id; needed when there are several
	add    bool   // somebody the school does not know yet
	reset  bool   // who lost the password and every device
}

func (c *command) admin(ctx context.Context) error {
	ad := &admin{out: c.out}
	if err := ad.parse(&c.config, c.args); err != nil {
		return err
	}
	if err := c.config.complete(); err != nil {
		return err
	}
	// Nobody listens yet: the address is the one that serve will have here.
	c.config.Origin = or(c.config.Origin, "http://localhost:"+portOf(c.config.Addr))
	ad.app = &App{config: c.config, log: c.log, now: time.Now}
	err := ad.open(ctx)
	if err == nil {
		err = ad.run(ctx)
	}
	return errors.Join(err, ad.app.Close())
}

func portOf(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}

func (ad *admin) open(ctx context.Context) error {
	if err := ad.app.openStores(ctx); err != nil {
		return err
	}
	if err := ad.app.openAreas(); err != nil {
		return err
	}
	return ad.app.directory.Load(ctx)
}

// parse reads the arguments; flags may stand before or after the name.
func (ad *admin) parse(c *Config, args []string) error {
	flags := flag.NewFlagSet("admin", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&ad.add, "new", false, "")
	flags.BoolVar(&ad.reset, "reset", false, "")
	flags.StringVar(&ad.school, "school", "", "")
	flags.StringVar(&c.Data, "data", c.Data, "")
	flags.Func("origin", "", c.setOrigin)
	words, err := parseAround(flags, args)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, adminUsage)
	}
	if ad.name = strings.Join(words, " "); ad.name == "" {
		return errors.New(adminUsage)
	}
	return nil
}

func (ad *admin) run(ctx context.Context) error {
	school, err := ad.chooseSchool()
	if err != nil {
		return err
	}
	person, err := ad.choosePerson(school.ID)
	if err != nil {
		return err
	}
	post := directory.Post{Person: person.ID, Role: directory.RoleAdmin}
	puts := []directory.Put{{ID: person.ID, Record: person}, {ID: directory.StableID(school.ID, post.Role, person.ID), Record: post}}
	if err := ad.app.directory.Apply(ctx, psync.Actor{School: school.ID}, school.ID, puts); err != nil {
		return err
	}
	fmt.Fprintf(ad.out, "%s administre %s.\n", person.Name(), school.Name)
	return ad.show(ctx, account.Session{User: person.ID, School: school.ID})
}

// show prints what opens the account, as the strip of an activation sheet does.
func (ad *admin) show(ctx context.Context, session account.Session) error {
	req := account.SheetRequest{People: []string{session.User}, Reset: ad.reset}
	sheets, err := ad.app.accounts.CreateSheets(ctx, session, req, ad.app.origin())
	if err != nil {
		return err
	}
	sh := sheets[0]
	fmt.Fprintf(ad.out, "Identifiant : %s\n", sh.Login)
	if sh.State != account.SheetUnused {
		fmt.Fprintln(ad.out, "Son compte est déjà ouvert (-reset pour tout refaire).")
		return nil
	}
	expires := sh.Expires.In(ad.app.directory.Location(session.School))
	fmt.Fprintf(ad.out, "Pour ouvrir son compte, une seule fois et avant le %s :\n    %s\n    code %s\n",
		expires.Format("02/01/2006"), sh.URL, sh.Code)
	return nil
}

func (ad *admin) chooseSchool() (directory.School, error) {
	d := ad.app.directory
	known := d.Schools()
	switch {
	case len(known) == 0:
		return directory.School{}, errors.New("aucun établissement : commencez par preau import")
	case ad.school == "" && len(known) > 1:
		return directory.School{}, fmt.Errorf("plusieurs établissements : ajoutez -school, parmi %s", strings.Join(known, ", "))
	}
	id := or(ad.school, known[0])
	s, ok := d.School(id)
	if !ok {
		return s, fmt.Errorf("aucun établissement ne porte l'identifiant %s", id)
	}
	return s, nil
}

// choosePerson returns the one adult of that name, or with -new somebody new.
func (ad *admin) choosePerson(school string) (directory.Person, error) {
	found := ad.adults(school)
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		ids := make([]string, 0, len(found))
		for _, p := range found {
			ids = append(ids, p.ID)
		}
		return directory.Person{}, fmt.Errorf("plusieurs personnes s'appellent %s : donnez l'identifiant à la place du nom, parmi %s", ad.name, strings.Join(ids, ", "))
	case !ad.add:
		return directory.Person{}, fmt.Errorf("aucun adulte ne s'appelle %s ; ajoutez -new pour une personne que l'établissement ne connaît pas", ad.name)
	}
	first, last, _ := strings.Cut(ad.name, " ")
	if last == "" {
		return directory.Person{}, errors.New(adminUsage)
	}
	return directory.Person{ID: directory.StableID(school, "admin", ad.name), First: first, Last: last}, nil
}

// adults lists those of a school who bear the name, or the id.
func (ad *admin) adults(school string) (found []directory.Person) {
	d := ad.app.directory
	for _, id := range d.People(school) {
		p, _ := d.Person(id)
		if !p.Pupil && (id == ad.name || strings.EqualFold(p.Name(), ad.name)) {
			found = append(found, p)
		}
	}
	return found
}
