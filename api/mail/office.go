package mail

import (
	"fmt"

	"preau/api/directory"
	"preau/api/notify"
	psync "preau/sync"
)

// moderationPath is the screen of the office's queue.
const moderationPath = "/messages/moderation"

// tellOffice gives a notice to all who hold one of the roles, but one of them.
func (s *Service) tellOffice(tx *psync.Tx, but string, n notify.Notice, roles ...directory.Role) {
	var people []string
	for _, role := range roles {
		people = append(people, s.dir.Holding(psync.ScopeID(tx.Scope()), role)...)
	}
	for _, user := range without(people, but) {
		notify.Notify(tx, user, n)
	}
}

// reportNotice says that a message was reported; neither which, nor by whom.
func reportNotice(id string) notify.Notice {
	return notify.Notice{
		Kind: "mail.report", Path: moderationPath + "/" + id, ID: "report." + id, Tag: "mail.report",
		Title: notify.Text{FR: "Un message a été signalé", EN: "A message was reported"},
		Many:  notify.Text{FR: "{n} messages ont été signalés", EN: "{n} messages were reported"},
	}
}

// mailingNotice says that a message to many is about to leave.
func mailingNotice(id string, m Mailing) notify.Notice {
	about := m.By.Name + ", " + m.Subject
	return notify.Notice{
		Kind: "mail.mailing", Path: moderationPath, ID: "mailing." + id,
		Title: notify.Text{
			FR: fmt.Sprintf("Un message à %d personnes va partir", m.People),
			EN: fmt.Sprintf("A message to %d people is about to leave", m.People),
		},
		Body: notify.Text{FR: about, EN: about},
	}
}
