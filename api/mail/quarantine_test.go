package mail

import (
	"fmt"
	"testing"
	"time"
)

// TestQuarantine: from a device in quarantine a pupil answers, and writes to a
// few of those they wrote to before.
func TestQuarantine(t *testing.T) {
	w := newWorld(t)
	class := w.classmates(10)
	known := []string{"malo", "garnier", "petit", class[0]}
	for i, id := range known {
		w.wantRefusal(w.says("ines", fmt.Sprintf("m-known-%02d", i), different(i), id), "")
	}
	w.wantRefusal(w.send("roussel", "m-roussel1", "user:ines"), "")
	w.wantRefusal(w.send("viard", "m-viard-01", "class:5b/students"), "")
	w.wantRefusal(w.says("malo", "m-three-01", different(5), "ines", class[0], class[1]), "")
	w.now = w.now.Add(24 * time.Hour)

	w.doubted["d_ines"] = true
	w.wantRefusal(w.says("ines", "m-new-0001", different(6), known...), "quarantine") // four
	w.wantRefusal(w.says("ines", "m-new-0002", different(6), class[1]), "quarantine") // nobody she wrote to
	w.wantRefusal(w.do("ines", "mail.send@1", letter("m-new-0003", users("malo"), args{"bcc": users(class[1])})), "quarantine")
	reply := func(id, re string, all bool) string {
		return w.do("ines", "mail.reply@1", args{"id": id, "re": re, "all": all, "body": text("D'accord, j'y serai.")})
	}
	w.wantRefusal(reply("m-new-0004", "m-viard-01", true), "quarantine") // a class
	w.wantRefusal(w.says("ines", "m-new-0005", different(6), "malo", "garnier", "petit"), "")
	w.wantRefusal(reply("m-new-0006", "m-roussel1", false), "")
	w.wantRefusal(reply("m-new-0007", "m-viard-01", false), "")
	w.wantRefusal(w.says("ines", "m-new-0008", different(7), class[0]), "quarantine") // a sixth
	w.wantRefusal(w.says("ines", "m-new-0009", different(8), "malo"), "")
	w.wantHolders("m-new-0005", "ines", "malo", "garnier", "petit")
	w.wantHolders("m-new-0004")

	w.doubted["d_ines"] = false
	w.wantRefusal(w.says("ines", "m-new-0008", different(7), class[0]), "")
	w.wantRefusal(w.says("ines", "m-new-0002", different(6), class[1]), "")

	w.doubted["d_nadia"] = true // adults are never asked
	w.wantRefusal(w.says("nadia", "m-adult-01", different(9), "garnier", "petit", "viard", "roussel"), "")
}

// TestQuarantineOfADay: the people reached from a device in quarantine are
// those of 24 hours.
func TestQuarantineOfADay(t *testing.T) {
	w := newWorld(t)
	class := w.classmates(7)
	for i, id := range class {
		w.wantRefusal(w.says("ines", fmt.Sprintf("m-known-%02d", i), different(i), id), "")
	}
	w.doubted["d_ines"] = true
	for day := range 2 {
		for i, id := range class {
			want := ""
			if i >= doubtedDay {
				want = "quarantine"
			}
			w.wantRefusal(w.says("ines", fmt.Sprintf("m-day%d-%02d", day, i), different(i+10), id), want)
		}
		w.now = w.now.Add(24 * time.Hour)
	}
}
