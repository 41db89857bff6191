package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"preau/api/directory"
	"preau/storage"
	psync "preau/sync"
)

// NewAccount is an account to create. Without a login one is made of the
// person's name; without a password the account is opened by a printed sheet.
type NewAccount struct {
	User, School    string
	Login, Password string
}

const kindLogin = "login"

// owner is the record of a login: whose it is.
type owner struct {
	User string `json:"user"`
}

// CreateAccount creates an account and returns its login. A person who has
// one keeps it as it is; a login that belongs to somebody else is refused.
func (s *Service) CreateAccount(ctx context.Context, n NewAccount) (login string, err error) {
	if !validUser(n.User) {
		return "", psync.Refuse("invalid", "user", "not the id of a person")
	}
	st, err := s.read(ctx, n.User)
	if err != nil || st.account.Login != "" {
		return st.login(), err
	}
	hash := ""
	if n.Password != "" {
		if hash, err = s.newHash(ctx, n.User, account{Login: n.Login, School: n.School}, n.Password); err != nil {
			return "", err
		}
	}
	if login, err = s.claimLogin(ctx, n); err != nil {
		return "", err
	}
	err = s.commit(ctx, psync.Actor{}, n.User, func(ctx context.Context, tx *psync.Tx) error {
		var old account
		seq, err := tx.Get(ctx, kindAccount, current, &old)
		if err != nil || seq > 0 {
			login = old.Login
			return err
		}
		tx.Put(kindAccount, current, account{Login: login, School: n.School, Hash: hash, Created: tx.Now().UTC().Truncate(time.Second)})
		return nil
	})
	return login, err
}

func (st *state) login() string {
	if st == nil {
		return ""
	}
	return st.account.Login
}

// SetPassword gives an account a password, under the rules for passwords. It
// checks no right: callers did.
func (s *Service) SetPassword(ctx context.Context, user, password string) error {
	st, err := s.read(ctx, user)
	if err != nil {
		return err
	}
	hash, err := s.newHash(ctx, user, st.account, password)
	if err != nil {
		return err
	}
	return s.commit(ctx, psync.Actor{User: user}, user, func(ctx context.Context, tx *psync.Tx) error {
		var acc account
		seq, err := tx.Get(ctx, kindAccount, current, &acc)
		if err != nil || seq == 0 {
			return cmpErr(err, psync.Refuse("not_found", "", "no such account"))
		}
		acc.Hash, acc.Change = hash, false
		tx.Put(kindAccount, current, acc)
		return nil
	})
}

// newHash checks a new password and hashes it.
func (s *Service) newHash(ctx context.Context, user string, acc account, password string) (string, error) {
	if err := checkPassword(password, s.context(user, acc)); err != nil {
		return "", err
	}
	return s.hasher.hash(ctx, password)
}

// context is what everybody knows of a person.
func (s *Service) context(user string, acc account) []string {
	words := []string{acc.Login, "préau", "pronote", "ent", "collège", "lycée", "école"}
	if p, ok := s.directory.Person(user); ok {
		words = append(words, p.First, p.Last, p.Usage)
	}
	if school, ok := s.directory.School(acc.School); ok {
		words = append(words, school.Name, school.Town)
	}
	return words
}

// foldLogin gives the one spelling of a login, "" if it cannot be one.
func foldLogin(s string) string {
	s = fold(strings.TrimSpace(s))
	if len(s) < 2 || len(s) > 64 {
		return ""
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' && c != '@' {
			return ""
		}
	}
	return s
}

// loginScope spreads logins over scopes, so that an import of a school does
// not wait at one.
func loginScope(login string) string {
	h := sha256.Sum256([]byte(login))
	return "accounts:" + hex.EncodeToString(h[:1])
}

// whose is the person whom a login belongs to, or "".
func (s *Service) whose(ctx context.Context, login string) (string, error) {
	records, err := s.engine.Find(ctx, loginScope(login), storage.Key{Type: kindLogin, ID: login})
	if err != nil || len(records) == 0 {
		return "", err
	}
	var o owner
	err = decodeRecord(records[0], &o)
	return o.User, err
}

// claimLogin makes a login somebody's: the one asked for, or the first free
// one made of the person's name.
func (s *Service) claimLogin(ctx context.Context, n NewAccount) (string, error) {
	if n.Login != "" {
		login := foldLogin(n.Login)
		if login == "" {
			return "", psync.Refuse("invalid", "login", "letters, figures, '.', '-', '_' and '@' only")
		}
		return login, s.takeLogin(ctx, login, n.User)
	}
	p, ok := s.directory.Person(n.User)
	if !ok {
		return "", psync.Refuse("not_found", "user", "no such person")
	}
	base := loginFrom(p)
	for i := 1; i < 1000; i++ {
		login := base
		if i > 1 {
			login += strconv.Itoa(i)
		}
		err := s.takeLogin(ctx, login, n.User)
		if !refusedAs(err, "conflict") {
			return login, err
		}
	}
	return "", fmt.Errorf("no free login for %s", n.User)
}

func (s *Service) takeLogin(ctx context.Context, login, user string) error {
	_, err := s.engine.Commit(ctx, psync.Actor{}, loginScope(login), func(ctx context.Context, tx *psync.Tx) error {
		var o owner
		seq, err := tx.Get(ctx, kindLogin, login, &o)
		switch {
		case err != nil:
			return err
		case seq > 0 && o.User != user:
			return psync.Refuse("conflict", "login", "taken")
		}
		tx.PutIfChanged(kindLogin, login, owner{user})
		return nil
	})
	return err
}

// loginFrom makes "ines.benali" of a name.
func loginFrom(p directory.Person) string {
	part := func(s string) string {
		return strings.Join(strings.FieldsFunc(fold(s), func(r rune) bool { return r < 'a' || r > 'z' }), "-")
	}
	login := strings.Trim(part(p.First)+"."+part(p.Surname()), ".-")
	if len(login) < 2 {
		login = "compte"
	}
	return strings.TrimRight(login[:min(len(login), 56)], ".-")
}

// ChangePassword replaces the password of a session's person, who shows the
// old one if there is one.
func (s *Service) ChangePassword(ctx context.Context, c Client, session Session, old, password string) error {
	st, err := s.read(ctx, session.User)
	if err != nil {
		return err
	}
	if st.devices[session.Device].doubted(s.now()) {
		return errQuarantine
	}
	if st.account.Hash != "" {
		if err := s.checkOld(ctx, c, session, st, old); err != nil {
			return err
		}
	}
	return s.SetPassword(ctx, session.User, password)
}

// checkOld checks the password that a signed-in person typed, counted like
// any other from a browser that is known: the session is proof enough of that.
func (s *Service) checkOld(ctx context.Context, c Client, session Session, st *state, old string) error {
	if old == "" || len(old) > maxPassword {
		return errOld
	}
	a := attempt{login: st.account.Login, user: session.User, browser: session.Device, addr: c.Addr, password: old, at: s.now()}
	if _, err := s.guard.admit(a); err != nil {
		return err
	}
	right, _, err := s.hasher.verify(ctx, st.account.Hash, old)
	if err != nil {
		s.guard.release(a)
		return err
	}
	if s.guard.settle(a, right); !right {
		return errOld
	}
	return nil
}

var errOld = psync.Refuse("wrong_password", "old", "this is not the password")
