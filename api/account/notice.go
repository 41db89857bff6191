package account

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"preau/api/notify"
	"preau/storage"
	psync "preau/sync"
)

// What is told of devices rings at once, in quiet hours too.
const devicesPath = "/appareils"

// newDevice tells that a device was added.
func newDevice(label string, at time.Time) notify.Notice {
	return notify.Notice{
		Kind: "device.new", Path: devicesPath, Urgent: true, Due: at.UTC(),
		Title: notify.Text{FR: "Nouvel appareil", EN: "New device"},
		Lock:  notify.Text{FR: "Si ce n’est pas vous, retirez-le.", EN: "If this is not you, remove it."},
		Body: notify.Text{
			FR: "« " + cmp.Or(label, "Appareil sans nom") + " » a accès à ce compte. Si ce n’est pas vous, retirez-le.",
			EN: "“" + cmp.Or(label, "Unnamed device") + "” can use this account. If this is not you, remove it.",
		},
	}
}

// twoClaims tells that somebody else read the code of a pairing.
func twoClaims(at time.Time) notify.Notice {
	return warning(at,
		notify.Text{FR: "Code utilisé deux fois", EN: "Code used twice"},
		notify.Text{
			FR: "Quelqu’un d’autre a photographié ce code. Aucun appareil n’a été ajouté.",
			EN: "Somebody else photographed this code. No device was added.",
		})
}

// wrongCodes tells that the code of a device that wanted in was typed wrong.
func wrongCodes(at time.Time) notify.Notice {
	return warning(at,
		notify.Text{FR: "Ajout d’un appareil refusé", EN: "A device was not added"},
		notify.Text{
			FR: "Les chiffres étaient faux trois fois. Aucun appareil n’a été ajouté.",
			EN: "The digits were wrong three times. No device was added.",
		})
}

func warning(at time.Time, title, text notify.Text) notify.Notice {
	return notify.Notice{Kind: "device.new", Path: devicesPath, Urgent: true, Due: at.UTC(), Title: title, Lock: text, Body: text}
}

// refusedAs says whether an error is a refusal with this code.
func refusedAs(err error, code string) bool {
	var r *psync.Refusal
	return errors.As(err, &r) && r.Code == code
}

func decodeRecord(r storage.Record, into any) error {
	if err := json.Unmarshal(r.Value, into); err != nil {
		return fmt.Errorf("read %s %s: %w", r.Type, r.ID, err)
	}
	return nil
}
