package api

// collectWords are the words of the page of a collect in one language, besides
// those of a transfer.
type collectWords struct {
	Asks, Before, AtMostOne, AtMost, YourName, ChildName, Optional, Choose, Drop, Remove string
	Chosen, Sent, Paused, Done, Kept, Receipt, Again, Scripts                            string
	NoName, NoFiles, TooMany, TooLarge, IsEmpty, Full, Slow, Closed, Failed              string
}

var collectFrench = collectWords{
	Asks: "vous demande des fichiers", Before: "À déposer avant le", AtMostOne: "fichier au plus", AtMost: "fichiers au plus", YourName: "Votre nom", ChildName: "Nom de l’élève", Optional: "facultatif",
	Choose: "Choisir ou photographier", Drop: "Déposer", Remove: "Enlever", Chosen: "Fichiers choisis",
	Sent: "Envoi en cours. Si cette page se ferme, rouvrez le lien : l’envoi reprendra.", Paused: "Connexion perdue : l’envoi reprendra tout seul.",
	Done: "C’est déposé", Kept: "Tout est arrivé à l’établissement. Seule la personne qui demande ces fichiers peut les ouvrir.", Receipt: "Reçu", Again: "Déposer autre chose",
	Scripts: "Pour déposer des fichiers ici, autorisez JavaScript dans votre navigateur.",
	NoName:  "Écrivez votre nom.", NoFiles: "Choisissez au moins un fichier.", TooMany: "Cela fait trop de fichiers : {n} au plus.",
	TooLarge: "C’est trop lourd : {n} au plus en tout.", IsEmpty: "« {n} » est vide.", Full: "Il n’y a plus de place ici. Prévenez la personne qui vous a donné le lien.",
	Slow: "Trop de dépôts depuis cette adresse. Réessayez dans une heure.", Closed: "On ne peut plus rien déposer ici.", Failed: "L’envoi a été refusé. Rechargez la page et recommencez.",
}

var collectEnglish = collectWords{
	Asks: "asks you for files", Before: "To be dropped before", AtMostOne: "file at most", AtMost: "files at most", YourName: "Your name", ChildName: "Name of the pupil", Optional: "optional",
	Choose: "Choose or take a photo", Drop: "Drop", Remove: "Remove", Chosen: "Chosen files",
	Sent: "Being sent. If this page is closed, open the link again: sending goes on.", Paused: "No connection: sending goes on by itself.",
	Done: "It is dropped", Kept: "All has arrived at the school. Only the person who asks for these files can open them.", Receipt: "Receipt", Again: "Drop something else",
	Scripts: "To drop files here, allow JavaScript in your browser.",
	NoName:  "Write your name.", NoFiles: "Choose at least one file.", TooMany: "These are too many files: {n} at most.",
	TooLarge: "This is too large: {n} at most in all.", IsEmpty: "“{n}” is empty.", Full: "There is no room left here. Tell the person who gave you the link.",
	Slow: "Too many drops from this address. Try again in an hour.", Closed: "Nothing can be dropped here any more.", Failed: "It was refused. Reload the page and begin again.",
}
