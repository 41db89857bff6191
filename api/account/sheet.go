package account

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"preau/api/directory"
	psync "preau/sync"
)

const (
	sheetLife  = 14 * 24 * time.Hour
	sheetTries = 5
)

// sheet is the record of an account's one printed activation sheet. Its
// secret and its code are derived from the server's key and its id, so it can
// be printed again and nobody can copy it out of the database.
type sheet struct {
	ID      string    `json:"id"`
	By      string    `json:"by"` // who printed it
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
	Tries   int       `json:"tries,omitempty"` // wrong codes
	Used    time.Time `json:"used,omitzero"`
}

// The states of a sheet. Opened is an account that needs none.
const (
	SheetNone    = "none"
	SheetUnused  = "unused"
	SheetUsed    = "used"
	SheetExpired = "expired"
	SheetBlocked = "blocked" // too many wrong codes
	SheetOpened  = "opened"
)

func (sh sheet) state(acc account, now time.Time) string {
	switch {
	case !sh.Used.IsZero():
		return SheetUsed
	case acc.open():
		return SheetOpened
	case sh.ID == "":
		return SheetNone
	case sh.Tries >= sheetTries:
		return SheetBlocked
	case !now.Before(sh.Expires):
		return SheetExpired
	}
	return SheetUnused
}

// Sheet is one strip to print. URL and Code are secrets, given for unused
// sheets to whom prints them.
type Sheet struct {
	ID      string    `json:"id,omitempty"`
	Person  string    `json:"person"`
	Name    string    `json:"name"`
	For     string    `json:"for,omitempty"` // the pupil whose guardian this is
	Login   string    `json:"login,omitempty"`
	State   string    `json:"state"`
	URL     string    `json:"url,omitempty"`
	Code    string    `json:"code,omitempty"`
	Expires time.Time `json:"expires,omitzero"`
	UsedAt  time.Time `json:"usedAt,omitzero"`
}

// SheetRequest says for whom to make sheets: a class (its pupils and their
// guardians) or some people. Those who have an unused sheet keep it unless
// Renew is set; those who opened their account get none unless Reset is set,
// which ends all their sessions and their password: it is for who lost all.
type SheetRequest struct {
	Class  string   `json:"class,omitempty"`
	People []string `json:"people,omitempty"`
	Renew  bool     `json:"renew,omitempty"`
	Reset  bool     `json:"reset,omitempty"`
}

// recipient is somebody to get a sheet.
type recipient struct{ id, pupil string }

// CreateSheets makes activation sheets, and the accounts that are missing.
func (s *Service) CreateSheets(ctx context.Context, session Session, req SheetRequest, origin string) ([]Sheet, error) {
	if req.Reset && req.Class != "" {
		return nil, psync.Refuse("invalid", "reset", "one person at a time")
	}
	people, err := s.recipients(session, req)
	if err != nil {
		return nil, err
	}
	sheets := make([]Sheet, 0, len(people))
	for _, r := range people {
		if err := s.prepare(ctx, session, r.id, req); err != nil {
			return nil, fmt.Errorf("activation sheet of %s: %w", r.id, err)
		}
		sh, err := s.show(ctx, r, origin)
		if err != nil {
			return nil, err
		}
		sheets = append(sheets, sh)
	}
	s.log.InfoContext(ctx, "activation sheets made", "user", session.User, "count", len(sheets), "reset", req.Reset)
	return sheets, nil
}

// Sheets lists the sheets of a class or of some people. An origin fills in the
// secrets: it is for printing; without one they are left out.
func (s *Service) Sheets(ctx context.Context, session Session, req SheetRequest, origin string) (class string, sheets []Sheet, err error) {
	people, err := s.recipients(session, req)
	if err != nil {
		return "", nil, err
	}
	sheets = []Sheet{}
	for _, r := range people {
		sh, err := s.show(ctx, r, origin)
		if err != nil {
			return "", nil, err
		}
		sheets = append(sheets, sh)
	}
	found, _ := s.directory.Class(audience(req.Class))
	return found.Name, sheets, nil
}

// audience takes the id of a class, or the scope of a class or group.
func audience(class string) string {
	if strings.Contains(class, ":") {
		return class
	}
	return directory.KindClass + ":" + class
}

// recipients lists the people of a request, and refuses those for whom the
// actor may not print.
func (s *Service) recipients(session Session, req SheetRequest) ([]recipient, error) {
	actor := session.Actor()
	if (req.Class == "") == (len(req.People) == 0) || len(req.People) > 200 {
		return nil, psync.Refuse("invalid", "class", "a class or some people")
	}
	if err := s.directory.May(actor, directory.PrintActivation, "school:"+actor.School); err != nil {
		return nil, err
	}
	if req.Class != "" {
		return s.classPeople(actor.School, audience(req.Class))
	}
	var people []recipient
	here := s.directory.People(actor.School)
	for _, id := range req.People {
		if !slices.Contains(here, id) {
			return nil, psync.Refuse("not_found", "people", "nobody of this school")
		}
		if err := s.mayPrintFor(actor, id); err != nil {
			return nil, err
		}
		people = append(people, recipient{id: id, pupil: s.pupilOf(id)})
	}
	return people, nil
}

// classPeople lists the pupils of a class, each followed by the guardians.
func (s *Service) classPeople(school, audience string) ([]recipient, error) {
	if !slices.ContainsFunc(s.directory.Classes(school), func(c directory.Class) bool { return c.Scope() == audience }) {
		return nil, psync.Refuse("not_found", "class", "no such class")
	}
	var people []recipient
	add := func(r recipient) {
		if !slices.ContainsFunc(people, func(p recipient) bool { return p.id == r.id }) {
			people = append(people, r)
		}
	}
	for _, pupil := range s.directory.Pupils(audience) {
		add(recipient{id: pupil})
		for _, guardian := range s.directory.Guardians(pupil) {
			if s.family(guardian) {
				add(recipient{id: guardian, pupil: pupil})
			}
		}
	}
	return people, nil
}

// mayPrintFor lets vie scolaire print for families, and only administrators
// for those who hold a post: whoever prints a sheet could use it.
func (s *Service) mayPrintFor(actor psync.Actor, person string) error {
	do := directory.PrintActivation
	if !s.family(person) {
		do = directory.ManageAccounts
	}
	return s.directory.May(actor, do, "school:"+actor.School)
}

// family says whether a person is a pupil or a guardian and nothing more.
func (s *Service) family(person string) bool {
	return !slices.ContainsFunc(s.directory.Roles(person), func(r directory.Role) bool {
		return r != directory.RoleStudent && r != directory.RoleGuardian
	})
}

func (s *Service) pupilOf(guardian string) string {
	if children := s.directory.Children(guardian); len(children) > 0 {
		return children[0]
	}
	return ""
}

// prepare makes sure that a person has an account, and a sheet that can be
// used unless the account was opened.
func (s *Service) prepare(ctx context.Context, session Session, user string, req SheetRequest) error {
	if _, err := s.CreateAccount(ctx, NewAccount{User: user, School: session.School}); err != nil {
		return err
	}
	var closed []string
	err := s.commit(ctx, session.Actor(), user, func(ctx context.Context, tx *psync.Tx) (err error) {
		closed, err = s.renew(ctx, tx, session, user, req)
		return err
	})
	for _, id := range closed {
		s.ended(user, id)
	}
	return err
}

// renew is the rule that gives an account a sheet where it needs one.
func (s *Service) renew(ctx context.Context, tx *psync.Tx, session Session, user string, req SheetRequest) (closed []string, err error) {
	var acc account
	var sh sheet
	if _, err := tx.Get(ctx, kindAccount, current, &acc); err != nil {
		return nil, err
	}
	if _, err := tx.Get(ctx, kindSheet, current, &sh); err != nil {
		return nil, err
	}
	if req.Reset {
		if closed, err = closeAccount(ctx, tx, &acc); err != nil {
			return nil, err
		}
	}
	state := sh.state(acc, tx.Now())
	if acc.open() || state == SheetUnused && !req.Renew && !req.Reset {
		return closed, nil
	}
	now := tx.Now().UTC().Truncate(time.Second)
	tx.Put(kindSheet, current, sheet{ID: ticketID(user), By: session.User, Created: now, Expires: now.Add(sheetLife)})
	return closed, nil
}

// closeAccount takes an account back to the day before it was opened.
func closeAccount(ctx context.Context, tx *psync.Tx, acc *account) (closed []string, err error) {
	all, err := devicesOf(ctx, tx)
	if err != nil {
		return nil, err
	}
	for id, d := range all {
		if d.Ended.IsZero() {
			end(tx, id, d)
			closed = append(closed, id)
		}
	}
	acc.Hash, acc.Opened, acc.Change = "", time.Time{}, false
	tx.Put(kindAccount, current, *acc)
	tx.Delete(kindPairing, current)
	return closed, nil
}

// show reads the strip of a person.
func (s *Service) show(ctx context.Context, r recipient, origin string) (Sheet, error) {
	st, err := s.read(ctx, r.id)
	if err != nil {
		return Sheet{}, err
	}
	sh := Sheet{
		ID: st.sheet.ID, Person: r.id, Name: s.directory.Display(r.id), Login: st.account.Login,
		State: st.sheet.state(st.account, s.now()), Expires: st.sheet.Expires, UsedAt: st.sheet.Used,
	}
	if r.pupil != "" {
		sh.For = s.directory.Display(r.pupil)
	}
	if origin != "" && sh.State == SheetUnused {
		sh.URL = origin + "/activer#1." + sh.ID + "." + encode64(s.sheetSecret(sh.ID))
		sh.Code = SpellCode(s.sheetCode(sh.ID))
	}
	return sh, nil
}

func (s *Service) sheetSecret(id string) []byte { return derive(s.keys.sheet, id) }
func (s *Service) sheetCode(id string) string   { return codeFrom(derive(s.keys.code, "sheet", id)) }

// SheetUse is somebody opening their account with a sheet. Without a password
// the account opens on this device only.
type SheetUse struct {
	Secret   string `json:"secret"`
	Code     string `json:"code"`
	Password string `json:"password,omitempty"`
}

// OpenAccount opens an account that nobody opened before, once.
func (s *Service) OpenAccount(ctx context.Context, c Client, id string, use SheetUse) (Ticket, error) {
	user, ok := ticketUser(id)
	secret, isSecret := decode64(use.Secret, secretBytes)
	if !ok || !isSecret || !sameText(sum(secret), sum(s.sheetSecret(id))) {
		return Ticket{}, psync.Refuse("not_found", "", "no such activation sheet")
	}
	hash, err := s.trySheet(ctx, user, id, use)
	if err != nil {
		return Ticket{}, err
	}
	return s.open(ctx, opening{
		user: user, client: c, by: "sheet", makeRoom: true,
		also: func(acc *account) error {
			if acc.open() {
				return errUsed
			}
			acc.Hash = hash
			return nil
		},
		rule: func(ctx context.Context, tx *psync.Tx) error {
			sh, err := liveSheet(ctx, tx, id)
			if err != nil {
				return err
			}
			sh.Used = tx.Now().UTC().Truncate(time.Second)
			tx.Put(kindSheet, current, sh)
			return nil
		},
	})
}

// trySheet checks the code, counting wrong ones, and hashes the password that
// was chosen, if any. The last wrong one blocks the sheet and is told so.
func (s *Service) trySheet(ctx context.Context, user, id string, use SheetUse) (hash string, err error) {
	code, _ := parseCode(use.Code)
	right, left := sameText(code, s.sheetCode(id)), 0
	err = s.commit(ctx, psync.Actor{User: user}, user, func(ctx context.Context, tx *psync.Tx) error {
		sh, err := liveSheet(ctx, tx, id)
		if err != nil || right {
			return err
		}
		sh.Tries++
		left = sheetTries - sh.Tries
		tx.Put(kindSheet, current, sh)
		return nil
	})
	switch {
	case err != nil:
		return "", err
	case !right && left == 0:
		return "", errBlocked
	case !right:
		return "", psync.Refuse("wrong_code", "code", "wrong code, %d tries left", left)
	case use.Password == "":
		return "", nil
	}
	st, err := s.read(ctx, user)
	if err != nil {
		return "", err
	}
	return s.newHash(ctx, user, st.account, use.Password)
}

var (
	errUsed    = psync.Refuse("gone", "", "this sheet opens nothing any more")
	errBlocked = psync.Refuse("blocked", "code", "too many wrong codes; another sheet is needed")
)

// liveSheet is the account's sheet if it has this id and can be used.
func liveSheet(ctx context.Context, tx *psync.Tx, id string) (sh sheet, err error) {
	var acc account
	if _, err = tx.Get(ctx, kindSheet, current, &sh); err != nil {
		return sh, err
	}
	if _, err = tx.Get(ctx, kindAccount, current, &acc); err != nil {
		return sh, err
	}
	switch state := sh.state(acc, tx.Now()); {
	case sh.ID == id && state == SheetUnused:
		return sh, nil
	case sh.ID == id && state == SheetBlocked:
		return sh, errBlocked
	}
	return sh, errUsed
}
