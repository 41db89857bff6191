package main

import (
	"context"
	"math"

	"preau/api/directory"
	"preau/api/grades"
	"preau/api/lsu"
	"preau/api/lsu/export"
	"preau/api/reportcard"
	psync "preau/sync"
)

// published are the report cards that are out, as the Livret scolaire unique
// asks for them.
type published struct {
	cards *reportcard.Service
	marks *grades.Gradebook
}

// Published implements [export.Cards].
func (p published) Published(ctx context.Context, school, class, period string) (deck export.Deck, err error) {
	cards, err := p.cards.Cards(ctx, class, period)
	if err != nil {
		return deck, err
	}
	if len(cards) == 0 {
		return deck, psync.Refuse("not_found", "period", "no report cards of %s are out", class)
	}
	periods, err := p.marks.PeriodsOf(ctx, school, directory.KindClass+":"+class)
	if err != nil {
		return deck, err
	}
	deck = export.Deck{Period: export.PeriodOf(periods, period, class), Council: cards[0].Council}
	for _, c := range cards {
		deck.Cards = append(deck.Cards, exported(c))
	}
	return deck, nil
}

func exported(c reportcard.Card) export.Card {
	hours := int(math.Round(c.Life.HoursMissed))
	card := export.Card{Student: c.Student, Published: c.At, Advice: c.Text, Life: lsu.Life{
		Latenesses: c.Life.Lates, Justified: c.Life.HalfDaysJustified, Unjustified: c.Life.HalfDaysUnjustified, Hours: &hours,
	}}
	for _, s := range c.Subjects {
		line := export.Line{Subject: s.Subject, Elements: s.Elements, Average: s.Average, Level: s.Position, Appraisal: s.Text}
		for _, t := range s.Teachers {
			line.Teachers = append(line.Teachers, t.ID)
		}
		if s.Class != nil {
			line.Class = s.Class.Average
		}
		card.Lines = append(card.Lines, line)
	}
	return card
}
