package main

import (
	"encoding/base64"
	"fmt"
	"net/smtp"
	"regexp"
	"strings"
	"testing"
	"time"

	"preau/api/attachment/clamd"
	"preau/api/attachment/clamd/clamdtest"
	"preau/api/notify/courier"
	"preau/api/notify/courier/couriertest"
	"preau/cmd/preau/demo"
	"preau/storage/storagetest/programs"
)

func TestSettingsForTheOutside(t *testing.T) {
	for _, set := range []struct{ name, value, told string }{
		{"PREAU_SMTP_LISTEN", ":2525", "together"},
		{"PREAU_MAIL_DOMAIN", "reponse.ecole.example", "together"},
		{"PREAU_MAIL_DOMAIN", "https://ecole.example", "PREAU_MAIL_DOMAIN"},
		{"PREAU_SMTP_LISTEN", "25", "PREAU_SMTP_LISTEN"},
	} {
		c, err := readConfig(func(name string) string { return map[string]string{set.name: set.value}[name] })
		if err == nil {
			err = c.complete()
		}
		if err == nil || !strings.Contains(err.Error(), set.told) {
			t.Errorf("%v: %v", set, err)
		}
	}
}

func TestDoctorOnTheOutside(t *testing.T) {
	c := testConfig(t)
	c.MailListen, c.MailDomain = ":2525", "reponse.invalid"
	wantFinding(t, c, nil, mend, "outside", "PREAU_SMTP, PREAU_CLAMD is missing")

	office, err := courier.Parse("smtp://" + couriertest.New(t).Address + "?from=nepasrepondre@ecole.example")
	if err != nil {
		t.Fatal(err)
	}
	if c.Clamd, err = clamd.Parse(clamdtest.Start(t).Unix); err != nil {
		t.Fatal(err)
	}
	c.SMTP = office
	if text, err := examined(t, c, nil); err != nil || !strings.Contains(text, "ok    outside      answers to reponse.invalid") {
		t.Errorf("%v\n%s", err, text)
	}
	d := &doctor{config: c}
	if got := d.outside(t.Context()); got[0].grade != mend || !strings.Contains(got[0].todo, "MX record") {
		t.Errorf("%+v", got)
	}
}

// answered sends a mail to the server as another mail server would.
func answered(address, to, text string) error {
	return smtp.SendMail(address, nil, "accueil@musee.example", []string{to}, []byte(strings.ReplaceAll(text, "\n", "\r\n")))
}

// TestOutsideOverSMTP (E9, E24, E25), with a real scanner and mails that
// really go: a teacher writes to a museum, the museum answers, and a virus in
// what it sends reaches nobody.
func TestOutsideOverSMTP(t *testing.T) {
	world, in := couriertest.New(t), programs.FreeAddr(t)
	t.Setenv("PREAU_SMTP", "smtp://"+world.Address+"?from=nepasrepondre@ecole.example")
	t.Setenv("PREAU_SMTP_LISTEN", in)
	t.Setenv("PREAU_MAIL_DOMAIN", "reponse.ecole.example")
	s := newScanned(t)
	direction, teacher, pupil := s.device("direction"), s.device("teacher"), s.device("student")
	direction.do("school:"+demo.SchoolID, "mail.policy@1", newUUID(), `{"most":200,"teacherToStudent":true,"external":["teacher"]}`)
	s.must(direction.catchUp(time.Minute))

	mine := "user:" + demo.User("teacher")
	letter := newUUID()
	teacher.do(mine, "mail.send@1", letter, fmt.Sprintf(
		`{"id":%q,"subject":"Visite du musée","mode":"all","to":["mail:accueil@musee.example"],"body":[{"runs":[{"text":"Bonjour."}]}]}`, letter))
	s.must(teacher.catchUp(time.Minute))

	to := s.replyTo(world)
	coded := base64.StdEncoding.EncodeToString(clamdtest.EICAR())
	answer := "From: Le musee <accueil@musee.example>\nMessage-ID: <one@musee.example>\nContent-Type: multipart/mixed; boundary=x\n\n" +
		"--x\nContent-Type: text/plain; charset=utf-8\n\nAvec plaisir.\n\nLe 24 nov., Claire a écrit :\n> Bonjour.\n" +
		"--x\nContent-Type: application/pdf; name=plan.pdf\nContent-Transfer-Encoding: base64\n\n" + coded + "\n" +
		"--x\nContent-Type: text/plain; name=heures.txt\n\nDe 9 h à 18 h.\n--x--\n"
	for range 2 {
		s.must(answered(in, to, answer))
	}
	value := s.comesTo(teacher, mine+" message "+s.fromOutside(teacher), func(v string) bool {
		return strings.Contains(v, "Avec plaisir.") && !strings.Contains(v, `"waiting"`)
	})
	for _, part := range []string{`"discussion":"` + letter, `"name":"accueil@musee.example"`, `"problem":"infected"`, `plan.pdf`, `heures.txt`} {
		if !strings.Contains(value, part) {
			t.Errorf("%s is missing in %s", part, value)
		}
	}
	if strings.Contains(value, "a écrit") || strings.Contains(value, "> Bonjour") {
		t.Errorf("what it quotes is there: %s", value)
	}
	s.gets(teacher, nameOf([]byte("De 9 h à 18 h.")), 200)
	s.gets(pupil, nameOf([]byte("De 9 h à 18 h.")), 404)
	s.gets(teacher, nameOf(clamdtest.EICAR()), 404)

	for name, bad := range map[string]struct{ to, text, code string }{
		"another sender": {to, "From: eve@musee.example\n\nBonjour\n", "550"},
		"a virus":        {to, "From: accueil@musee.example\n\n" + string(clamdtest.EICAR()) + "\n", "550"},
		"nobody":         {"r-" + strings.Repeat("a", 32) + "@reponse.ecole.example", answer, "550"},
		"a relay":        {"somebody@elsewhere.example", answer, "550"},
	} {
		if err := answered(in, bad.to, bad.text); err == nil || !strings.HasPrefix(err.Error(), bad.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.server.Stop()
	late := "From: accueil@musee.example\nMessage-ID: <two@musee.example>\n\nÀ jeudi.\n"
	if err := answered(in, to, late); err == nil || !strings.HasPrefix(err.Error(), "451") {
		t.Errorf("without scanner: %v", err)
	}
	s.server.Restart()
	s.must(answered(in, to, late))
	s.must(teacher.catchUp(time.Minute))
	if n := len(s.p.said.with("level=ERROR")); n > 0 {
		t.Errorf("the log says %q", s.p.said.with("level=ERROR"))
	}
}

// replyTo waits for the mail of a message, and says where it is answered.
func (s *scanned) replyTo(world *couriertest.Server) string {
	s.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		for _, m := range world.Take() {
			to, err := m.Header.AddressList("Reply-To")
			if err == nil && m.To == "accueil@musee.example" && strings.Contains(m.Text, "Bonjour.") {
				return to[0].Address
			}
		}
	}
	s.Fatal("no mail went out")
	return ""
}

// fromOutside waits for a message from outside, and says its id.
func (s *scanned) fromOutside(d *device) (id string) {
	s.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		s.must(d.catchUp(time.Minute))
		for key := range d.records() {
			if _, id, ok := strings.Cut(key, " message in-"); ok {
				return "in-" + id
			}
		}
	}
	s.Fatal("nothing came in")
	return ""
}

// A mail that announces a message comes back: its address is marked, and the
// person sees why nothing arrives any more (E6, E7).
func TestAnnouncementsThatComeBack(t *testing.T) {
	world, in := couriertest.New(t), programs.FreeAddr(t)
	t.Setenv("PREAU_SMTP", "smtp://"+world.Address+"?from=nepasrepondre@ecole.example")
	t.Setenv("PREAU_SMTP_LISTEN", in)
	t.Setenv("PREAU_MAIL_DOMAIN", "reponse.ecole.example")
	s := newScanned(t)
	direction, teacher := s.device("direction"), s.device("teacher")
	mine := "user:" + demo.User("teacher")
	teacher.do(mine, "settings.set@1", newUUID(), `{"quiet":{"from":"00:00","to":"00:00"}}`)
	teacher.do(mine, "notify.address@1", newUUID(), `{"address":"claire@example.org"}`)
	s.must(teacher.catchUp(time.Minute))
	code := regexp.MustCompile(`\d{6}`).FindString(s.mailTo(world, "claire@example.org").Subject)
	teacher.do(mine, "notify.confirm@1", newUUID(), fmt.Sprintf(`{"code":%q}`, code))
	s.must(teacher.catchUp(time.Minute))

	letter := newUUID()
	direction.do("user:"+demo.User("direction"), "mail.send@1", letter, fmt.Sprintf(
		`{"id":%q,"subject":"Réunion","mode":"all","to":["user:%s"],"body":[{"runs":[{"text":"Bonjour."}]}]}`, letter, demo.User("teacher")))
	s.must(direction.catchUp(time.Minute))
	back := s.mailTo(world, "claire@example.org").From
	report := "From: Mail Delivery System <MAILER-DAEMON@mx.example>\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\n\n" +
		"--x\n\nSorry.\n--x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n" +
		"Final-Recipient: rfc822; claire@example.org\nAction: failed\nStatus: 5.1.1\n--x--\n"
	if err := answered(in, back, "From: claire@example.org\n\nBonjour\n"); err == nil || !strings.HasPrefix(err.Error(), "550") {
		t.Errorf("an answer is taken: %v", err)
	}
	s.must(answered(in, back, report))
	s.comesTo(teacher, mine+" address address", func(v string) bool { return strings.Contains(v, `"failing":true`) })
}

// mailTo waits for a mail to an address.
func (s *scanned) mailTo(world *couriertest.Server, address string) couriertest.Mail {
	s.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		for _, m := range world.Take() {
			if m.To == address {
				return m
			}
		}
	}
	s.Fatalf("no mail goes to %s", address)
	return couriertest.Mail{}
}
