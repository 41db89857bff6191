package api

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// transferWords are the words of the page of a transfer in one language.
type transferWords struct {
	Heading, Sends, Ends, All, Download, Show               string
	WaitingText, CheckingText, InfectedText, UnsafeText     string
	ArrivingText, GoneTitle, GoneText, Password, Open, Sure string
	WrongText, LockedTitle, By                              string
	months                                                  string
	units                                                   []string
	at                                                      string // a moment: day, month, hours, minutes
	comma                                                   string
	first                                                   string // of a month
}

var transferFrench = transferWords{
	Heading: "Des fichiers pour vous", Sends: "vous envoie", Ends: "À télécharger avant le", All: "Tout télécharger", Download: "Télécharger", Show: "Voir",
	WaitingText: "En route", CheckingText: "En vérification", InfectedText: "Pièce jointe supprimée", UnsafeText: "Refusé : ne peut pas être vérifié",
	ArrivingText: "L’envoi est en cours : d’autres fichiers arrivent. Rechargez la page dans un moment.",
	GoneTitle:    "Rien à cette adresse", GoneText: "Le lien est incomplet, ou les fichiers ont été retirés. Demandez-en un nouveau à la personne qui vous l’a donné.",
	Password: "Mot de passe", Open: "Ouvrir", LockedTitle: "Un mot de passe est demandé", Sure: "La personne qui vous a envoyé ce lien vous l’a donné à part.",
	WrongText: "Ce n’est pas le bon mot de passe.", By: "Envoyé avec Préau",
	months: "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
	units:  []string{"o", "ko", "Mo", "Go"}, at: "%s %s à %d h %02d", comma: ",", first: "1er",
}

var transferEnglish = transferWords{
	Heading: "Files for you", Sends: "sends you", Ends: "Download before", All: "Download all", Download: "Download", Show: "View",
	WaitingText: "On its way", CheckingText: "Being checked", InfectedText: "Attachment removed", UnsafeText: "Refused: cannot be checked",
	ArrivingText: "More files are on their way. Reload the page in a moment.",
	GoneTitle:    "Nothing at this address", GoneText: "The link is incomplete, or the files were taken away. Ask whoever gave it to you for a new one.",
	Password: "Password", Open: "Open", LockedTitle: "A password is asked for", Sure: "Whoever sent you this link gave it to you apart.",
	WrongText: "That is not the right password.", By: "Sent with Préau",
	months: "January February March April May June July August September October November December",
	units:  []string{"B", "KB", "MB", "GB"}, at: "%s %s at %d:%02d", comma: ".", first: "1",
}

// transferLanguage is French unless English is preferred to it.
func transferLanguage(accepts string) (lang string, w transferWords) {
	for one := range strings.SplitSeq(strings.ToLower(accepts), ",") {
		switch one = strings.TrimSpace(one); {
		case strings.HasPrefix(one, "fr"):
			return "fr", transferFrench
		case strings.HasPrefix(one, "en"):
			return "en", transferEnglish
		}
	}
	return "fr", transferFrench
}

// inLanguage is the one of two pieces of words that a page is written in.
func inLanguage[W any](lang string, french, english W) W {
	if lang == "en" {
		return english
	}
	return french
}

func (w transferWords) moment(t time.Time) string {
	day := strconv.Itoa(t.Day())
	if t.Day() == 1 {
		day = w.first
	}
	return fmt.Sprintf(w.at, day, strings.Fields(w.months)[t.Month()-1], t.Hour(), t.Minute())
}

// bytes writes a size with at most one decimal.
func (w transferWords) bytes(n int64) string {
	size, unit := float64(n), 0
	for size >= 1000 && unit < len(w.units)-1 {
		size, unit = size/1000, unit+1
	}
	text := fmt.Sprintf("%.0f", size)
	if unit > 1 && size < 100 {
		text = strings.Replace(strings.TrimSuffix(fmt.Sprintf("%.1f", size), ".0"), ".", w.comma, 1)
	}
	return text + "\u00a0" + w.units[unit]
}
