package demo

import "strings"

// Names as they are heard in the corridors of Saint-Étienne.
var (
	girls = strings.Fields(`Emma Jade Louise Alice Chloé Lina Léa Rose Anna Mila Ambre Julia Inaya Camille Sarah Manon
		Zoé Juliette Lou Nour Agathe Jeanne Lucie Eva Romane Margaux Maya Assia Clara Yasmine Adèle Olivia Victoire
		Charlotte Éléna Maëlys Capucine Fatoumata Salomé Élise Aïcha Apolline Noémie Kenza Anaïs Aminata Thaïs
		Mathilde Constance Lila Sofia Myriam Awa Eloïse Soline Hanaé Giulia Mariam Ines Linh Elif Ornella Safiya
		Clémence Gabrielle Tess Perrine Rokhaya Valentine Leïla Solène Diane Emy Faustine Dounia Justine`)
	boys = strings.Fields(`Gabriel Léo Raphaël Louis Arthur Jules Adam Maël Lucas Hugo Noah Liam Nathan Ethan Sacha Tom
		Mohamed Paul Mathis Ayden Eden Yanis Théo Nolan Rayan Aaron Ibrahim Axel Victor Martin Marius Samuel Antoine
		Enzo Timéo Baptiste Robin Simon Malo Valentin Augustin Ismaël Maxence Evan Clément Youssef Gaspard Amir
		Alexandre Kaïs Côme Oscar Bilal Basile Moussa Joseph Mehdi Diego Thiago Emir Ousmane Félix Quentin Ilyes
		Abel Elias Mamadou Pierre Romain Loris Tiago Kylian Duc Adrien Bastien Titouan Corentin Matteo`)
	mothers = strings.Fields(`Sandrine Nathalie Céline Stéphanie Aurélie Virginie Sophie Karine Émilie Laetitia Élodie
		Christelle Fatima Samira Malika Valérie Isabelle Véronique Delphine Audrey Caroline Sabrina Mélanie Julie
		Hélène Vanessa Khadija Aïssatou Maria Ana Leïla Nadège Rachida Sylvie Estelle Magali Naïma Thi-Mai Elena
		Marion Bénédicte Cécile Latifa Djamila Mariama Patricia Ewa Gülay Agnès Florence`)
	fathers = strings.Fields(`Christophe Sébastien Nicolas Julien Stéphane Frédéric David Laurent Olivier Thierry Jérôme
		Cédric Guillaume Vincent Rachid Ahmed Mourad Éric Philippe François Yves Arnaud Fabrice Ludovic Grégory Mickaël
		Karim Abdel José Antonio Mamadou Ousmane Bruno Pascal Franck Emmanuel Benoît Damien Hassan Farid Samir Minh
		Paolo Sylvain Xavier Jean-Marc Mustapha Marek Mehmet Ibrahima`)
	families = strings.Fields(`Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefebvre
		Leroy Roux David Bertrand Morel Fournier Girard Bonnet Dupont Lambert Fontaine Rousseau Vincent Muller Faure
		André Mercier Blanc Guérin Boyer Chevalier François Legrand Gauthier Perrin Robin Clément Morin Nicolas Henry
		Mathieu Gautier Masson Marchand Duval Denis Dumont Marie Lemaire Noël Meyer Dufour Meunier Brun Blanchard Giraud
		Joly Rivière Lucas Brunet Gaillard Barbier Arnaud Martinez Gérard Roche Renard Schmitt Roy Colin Vidal Caron
		Picard Roger Fabre Aubert Lemoine Renaud Dumas Lacroix Olivier Philippe Bourgeois Pierre Benoît Rey Leclerc
		Payet Rolland Leclercq Guillaume Lecomte Jean Dupuy Guillot Hubert Berger Carpentier Sanchez Dupuis Moulin Louis
		Deschamps Huet Vasseur Perez Boucher Fleury Royer Klein Jacquet Adam Paris Poirier Marty Aubry Guyot Carré Charles
		Renault Charpentier Ménard Maillard Baron Bertin Bailly Hervé Schneider Fernandez Collet Léger Bouvier Julien
		Prévost Millet Perrot Daniel Cousin Germain Breton Besson Langlois Rémy Pelletier Lévêque Perrier Leblanc Barré
		Lebrun Marchal Weber Mallet Hamon Boulanger Jacob Monnier Michaud Rodriguez Guichard Gillet Étienne Grondin
		Poulain Tessier Chevallier Collin Chauvin Da-Silva Bouchet Gay Lemaître Marechal Humbert Reynaud Antoine Hoarau
		Barthélemy Cordier Pichon Lejeune Gilbert Lamy Delaunay Pasquier Carlier Laporte Diallo Traoré Haddad Cherif
		Benamara Belkacem Mansouri Bouzid Amrani Saïdi Khelifi Ziani Hamidi Boukhari Touré Koné Camara Diop Ndiaye Cissé
		Keïta Sow Barry Konaté Nguyen Tran Pham Le-Van Yilmaz Kaya Demir Öztürk Ferreira Pereira Gonçalves Rodrigues
		Lopes Costa Rossi Bianchi Esposito Romano Kowalski Nowak Petrović Popescu Ivanov Haddou Bensaïd Mebarki`)
)

// written puts the spaces of a name back: "Da-Silva" is "Da Silva".
func written(name string) string {
	switch name {
	case "Da-Silva", "Le-Van":
		return strings.ReplaceAll(name, "-", " ")
	}
	return name
}
