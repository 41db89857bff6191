package api

// sealedWords are the words of the page of a sealed transfer in one language. It
// is the page's script that says most of them.
type sealedWords struct {
	Heading  string `json:"-"`
	Unseen   string `json:"-"`
	Scripts  string `json:"-"`
	Opening  string `json:"-"`
	All      string `json:"all"`
	Download string `json:"download"`
	Show     string `json:"show"`
	Waiting  string `json:"waiting"`
	NoKey    string `json:"noKey"`
	WrongKey string `json:"wrongKey"`
	Unsafe   string `json:"unsafe"`
	Early    string `json:"early"`
	Arriving string `json:"arriving"`
	Cut      string `json:"cut"`
	Gone     string `json:"gone"`
	Broken   string `json:"broken"`
	Stay     string `json:"stay"`
	Small    string `json:"small"`
	TooLarge string `json:"tooLarge"`
	Busy     string `json:"busy"`
}

var sealedFrench = sealedWords{
	Heading: "Des fichiers chiffrés pour vous",
	Unseen:  "Chiffré de bout en bout : seul qui a le lien entier peut lire ces fichiers. L’antivirus de l’établissement ne les a donc pas vérifiés.",
	Scripts: "Ces fichiers se déchiffrent dans votre navigateur, qui doit pour cela accepter les scripts de cette page.",
	Opening: "Déchiffrement de la liste…", All: "Tout télécharger", Download: "Télécharger", Show: "Voir", Waiting: "En route",
	NoKey:    "Il manque la fin du lien, après le signe #. Sans elle, personne ne peut lire ces fichiers : copiez le lien en entier.",
	WrongKey: "La fin du lien, après le signe #, n’est pas la bonne. Copiez le lien en entier, ou redemandez-le à la personne qui vous l’a donné.",
	Unsafe:   "Votre navigateur ne peut pas déchiffrer ici. Ouvrez le lien dans un navigateur récent, à une adresse qui commence par https.",
	Early:    "L’envoi commence : la liste des fichiers n’est pas encore arrivée. Rechargez la page dans un moment.",
	Arriving: "L’envoi est en cours : d’autres fichiers arrivent. Rechargez la page dans un moment.",
	Cut:      "La liste n’a pas pu être chargée. Vérifiez le réseau, puis rechargez la page.",
	Gone:     "Ces fichiers viennent d’être retirés. Demandez un nouveau lien à la personne qui vous l’a donné.",
	Broken:   "Ce fichier n’est pas arrivé tel qu’il a été envoyé. Rien n’en a été gardé ; demandez qu’il soit renvoyé.",
	Stay:     "Gardez cette page ouverte jusqu’à la fin du téléchargement.",
	Small:    "Ce navigateur déchiffre en mémoire : chaque téléchargement peut faire {n} au plus. Un autre navigateur, hors navigation privée, n’a pas cette limite.",
	TooLarge: "Trop grand pour ce navigateur", Busy: "Déchiffrement…",
}

var sealedEnglish = sealedWords{
	Heading: "Encrypted files for you",
	Unseen:  "Encrypted from end to end: only who has the whole link can read these files. So the school’s virus scanner has not checked them.",
	Scripts: "These files are decrypted in your browser, which has to let this page run its script.",
	Opening: "Decrypting the list…", All: "Download all", Download: "Download", Show: "View", Waiting: "On its way",
	NoKey:    "The end of the link, behind the # sign, is missing. Without it nobody can read these files: copy the whole link.",
	WrongKey: "The end of the link, behind the # sign, is not the right one. Copy the whole link, or ask whoever gave it to you.",
	Unsafe:   "Your browser cannot decrypt here. Open the link in a recent browser, at an address that begins with https.",
	Early:    "Sending has begun: the list of files is not there yet. Reload the page in a moment.",
	Arriving: "More files are on their way. Reload the page in a moment.",
	Cut:      "The list could not be loaded. Check the network, then reload the page.",
	Gone:     "These files were just taken away. Ask whoever gave you the link for a new one.",
	Broken:   "This file did not arrive as it was sent. Nothing of it was kept; ask for it to be sent again.",
	Stay:     "Keep this page open until the download is over.",
	Small:    "This browser decrypts in memory: each download may have {n} at most. Another browser, not in private mode, has no such limit.",
	TooLarge: "Too large for this browser", Busy: "Decrypting…",
}
