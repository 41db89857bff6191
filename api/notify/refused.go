package notify

import (
	"fmt"
	"strings"
)

// FileRefused says to whoever sent a file with record id that nobody gets it.
// Path is the screen that shows the record, code says why.
func FileRefused(id, path, sha, name, code string) Notice {
	n := Notice{Kind: "file.refused", ID: "file." + id + "." + strings.TrimPrefix(sha, "sha256-")[:12], Path: path}
	switch code {
	case "infected":
		n.Title = Text{FR: "Une pièce jointe a été supprimée", EN: "An attachment was removed"}
		n.Body = Text{FR: "Un virus a été trouvé dans « %s ».", EN: "A virus was found in “%s”."}
	case "unscannable":
		n.Title = Text{FR: "Une pièce jointe a été refusée", EN: "An attachment was refused"}
		n.Body = Text{FR: "« %s » ne peut pas être vérifié en entier.", EN: "“%s” cannot be checked as a whole."}
	default:
		n.Title = Text{FR: "Une pièce jointe est illisible", EN: "An attachment cannot be read"}
		n.Body = Text{FR: "« %s » est abîmé, ou d’un type qui n’est pas accepté.", EN: "“%s” is damaged, or of a type that is not accepted."}
	}
	n.Body = Text{FR: fmt.Sprintf(n.Body.FR, name), EN: fmt.Sprintf(n.Body.EN, name)}
	return n
}
