package demo

import (
	"context"
	"strings"
	"time"

	"preau/api/attachment"
	"preau/api/canteen"
	"preau/api/directory"
)

// menus are two weeks of lunches, of which each line is a dish: its kind, its
// name, its labels, what it contains and what it may contain.
var menus = [][]string{
	{
		"entry|Carottes râpées au citron|organic local||", "main|Hachis parmentier|homemade|milk celery|",
		"side|Salade verte||mustard sulphites|", "cheese|Yaourt nature|organic|milk|", "dessert|Pomme|local||",
	},
	{
		"entry|Œuf mayonnaise||eggs mustard|", "main|Dahl de lentilles corail|vegetarian homemade||nuts",
		"side|Riz|organic||", "cheese|Fourme d’Ambert|aop|milk|", "dessert|Compote de poires|homemade||",
	},
	{
		"entry|Betteraves vinaigrette||mustard sulphites|", "main|Omelette aux herbes|homemade vegetarian|eggs milk|",
		"side|Pommes de terre sautées|local||", "dessert|Fromage blanc au miel||milk|",
	},
	{
		"entry|Taboulé||gluten|", "main|Filet de lieu sauce citron|msc|fish milk|crustaceans molluscs",
		"side|Haricots verts|organic||", "cheese|Comté|aop|milk|", "dessert|Mousse au chocolat|homemade|eggs milk soy|nuts",
	},
	{
		"entry|Velouté de potiron|homemade local|milk celery|", "main|Poulet rôti|red||",
		"side|Coquillettes||gluten|eggs", "dessert|Clémentines|||",
	},
	{
		"entry|Salade de chou rouge|local|mustard|", "main|Bœuf bourguignon|homemade|celery sulphites gluten|",
		"side|Carottes|organic||", "cheese|Saint-nectaire|aop|milk|", "dessert|Flan pâtissier||gluten eggs milk|",
	},
	{
		"entry|Houmous et crudités|vegetarian|sesame|", "main|Lasagnes aux légumes|vegetarian homemade|gluten milk|celery",
		"side|Salade verte||mustard sulphites|", "dessert|Poire|organic||",
	},
	{
		"entry|Soupe de légumes|homemade local|celery|", "main|Galette de sarrasin au fromage|vegetarian|milk eggs|gluten",
		"side|Épinards à la crème||milk|", "dessert|Salade de fruits|homemade||",
	},
	{
		"entry|Céleri rémoulade||celery eggs mustard|", "main|Brandade de morue|homemade|fish milk|",
		"side|Salade de mâche||mustard sulphites|", "cheese|Petit-suisse||milk|", "dessert|Gâteau aux noix|homemade|gluten eggs milk nuts|",
	},
	{
		"entry|Concombre à la menthe|||", "main|Couscous aux légumes et merguez||gluten celery|mustard",
		"side|Semoule||gluten|", "dessert|Orange à la cannelle|organic||",
	},
}

// meals are the lunches from the week before this one to the next, typed by
// vie scolaire on the Friday before; the week after it is a file so far.
func (p *plan) meals() []event {
	monday := canteen.Monday(p.today)
	var all []event
	for week := -1; week <= 1; week++ {
		first := monday.AddDays(7 * week)
		all = append(all, event{p.before(first), func(ctx context.Context, w *World) error {
			return w.Send(ctx, User("staff"), "school:"+SchoolID, "canteen.menu@1", map[string]any{"menus": lunches(first)})
		}})
	}
	return append(all, p.menuFile(monday.AddDays(14)))
}

// before is the Friday evening before a Monday, or an hour ago.
func (p *plan) before(monday directory.Date) time.Time {
	at, err := time.ParseInLocation("2006-01-02 15:04", string(monday.AddDays(-3))+" 16:10", zone())
	if latest := p.now.Add(-time.Hour); err != nil || at.After(latest) {
		return latest
	}
	return at
}

// lunches are those of a week; every other week they are the same.
func lunches(monday directory.Date) []map[string]any {
	start, err := time.Parse(time.DateOnly, string(monday))
	if err != nil {
		return nil
	}
	_, week := start.ISOWeek()
	var all []map[string]any
	for day := range 5 {
		dishes := []canteen.Dish{}
		for _, line := range menus[week%2*5+day] {
			dishes = append(dishes, dish(line))
		}
		all = append(all, map[string]any{"date": monday.AddDays(day), "meal": canteen.Lunch, "note": "", "dishes": dishes})
	}
	return all
}

func dish(line string) canteen.Dish {
	f := strings.Split(line, "|")
	d := canteen.Dish{Kind: f[0], Name: f[1], Labels: strings.Fields(f[2]), Contains: strings.Fields(f[3]), Traces: strings.Fields(f[4])}
	d.None = len(d.Contains)+len(d.Traces) == 0
	return d
}

func (p *plan) menuFile(monday directory.Date) event {
	f := handout("Menu de la semaine.pdf", "Menu de la cantine", []string{
		"Lundi : salade de lentilles, rôti de dinde, purée, orange", "Mardi : potage, quiche aux légumes, salade, yaourt",
		"Mercredi : carottes râpées, poisson pané, riz, compote", "Jeudi : repas de fête", "Vendredi : betteraves, chili sans viande, banane",
	})
	return event{p.now.Add(-time.Hour), func(ctx context.Context, w *World) error {
		if err := w.Upload(ctx, User("staff"), f); err != nil {
			return err
		}
		return w.Send(ctx, User("staff"), "school:"+SchoolID, "canteen.file@1", map[string]any{"week": monday, "files": []attachment.File{f.Attached()}})
	}}
}
