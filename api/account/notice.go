package account

import (
	"encoding/json"
	"errors"
	"fmt"

	"preau/storage"
	psync "preau/sync"
)

// Notice is something that every device of a person must show.
type Notice struct {
	Kind  string
	Title string
	Body  string
	Path  string
}

const devicesPath = "/appareils"

// newDevice tells that a device was added.
func newDevice(label string) Notice {
	return Notice{
		Kind:  "device.new",
		Title: "Nouvel appareil",
		Body:  "« " + label + " » a accès à votre compte. Si ce n’est pas vous, retirez-le.",
		Path:  devicesPath,
	}
}

// twoClaims tells that somebody else read the code of a pairing.
func twoClaims() Notice {
	return Notice{
		Kind:  "device.new",
		Title: "Code utilisé deux fois",
		Body:  "Quelqu’un d’autre a photographié ce code. Aucun appareil n’a été ajouté. Recommencez avec un nouveau code.",
		Path:  devicesPath,
	}
}

// wrongCodes tells that the code of a device that wanted in was typed wrong.
func wrongCodes() Notice {
	return Notice{
		Kind:  "device.new",
		Title: "Ajout d’un appareil refusé",
		Body:  "Le code a été mal tapé trois fois. Aucun appareil n’a été ajouté.",
		Path:  devicesPath,
	}
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
