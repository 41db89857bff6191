package canteen

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"preau/api/directory"
	psync "preau/sync"
)

// Limits of what a person sends.
const (
	MaxMenus  = 14  // of one action: a week of two meals
	MaxDishes = 24  // of one meal
	MaxName   = 120 // characters
	maxAhead  = 200 // days
)

type menuArgs struct {
	Menus []menuArg `json:"menus"`
}

type menuArg struct {
	Date   directory.Date `json:"date"`
	Meal   string         `json:"meal"`
	Note   string         `json:"note"`
	Dishes []Dish         `json:"dishes"`
}

func (a menuArg) id() string { return string(a.Date) + "." + a.Meal }

// readID is the day and the meal of a menu's id.
func readID(id string) (day directory.Date, meal string, ok bool) {
	date, meal, ok := strings.Cut(id, ".")
	return directory.Date(date), meal, ok && directory.Date(date).Valid()
}

// putMenus writes meals, whole; one without a note and dishes is taken away.
// It is refused with "conflict" when somebody else wrote one of them since the
// person saw them.
func (s *Service) putMenus(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.PlanMeals, tx.Scope()); err != nil {
		return err
	}
	var args menuArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	menus, err := s.checkMenus(psync.ScopeID(tx.Scope()), args.Menus)
	if err != nil {
		return err
	}
	var weeks []directory.Date
	for _, m := range menus {
		isNew, err := put(ctx, tx, m)
		if err != nil {
			return err
		}
		if monday := Monday(m.Date); isNew && !slices.Contains(weeks, monday) {
			weeks = append(weeks, monday)
		}
	}
	for _, monday := range weeks {
		if err := s.forgetAfter(tx, monday); err != nil {
			return err
		}
	}
	return nil
}

// put writes one meal and tells whether there was none.
func put(ctx context.Context, tx *psync.Tx, a menuArg) (isNew bool, err error) {
	var before Menu
	seq, err := tx.Get(ctx, "menu", a.id(), &before)
	if err != nil {
		return false, err
	}
	if err := tx.CheckBase(seq, before); err != nil {
		return false, err
	}
	if a.Note == "" && len(a.Dishes) == 0 {
		if seq > 0 {
			tx.Delete("menu", a.id())
		}
		return false, nil
	}
	tx.Put("menu", a.id(), Menu{Date: a.Date, Meal: a.Meal, Note: a.Note, Dishes: a.Dishes, At: acted(tx)})
	return seq == 0, nil
}

// acted is when the person acted by the device's clock, believed as far as it
// lies in the past.
func acted(tx *psync.Tx) time.Time {
	at := time.UnixMilli(tx.At())
	if tx.At() == 0 || at.After(tx.Now()) {
		at = tx.Now()
	}
	return at.UTC().Truncate(time.Second)
}

func invalid(field, format string, args ...any) error {
	return psync.Refuse("invalid", field, format, args...)
}

// checkMenus refuses what no canteen serves, and tidies the names.
func (s *Service) checkMenus(school string, menus []menuArg) ([]menuArg, error) {
	if len(menus) == 0 || len(menus) > MaxMenus {
		return nil, invalid("menus", "1 to %d", MaxMenus)
	}
	seen := map[string]bool{}
	for i := range menus {
		at := fmt.Sprintf("menus[%d].", i)
		if seen[menus[i].id()] {
			return nil, invalid(at+"date", "given twice")
		}
		seen[menus[i].id()] = true
		if err := s.checkDay(school, at+"date", menus[i].Date); err != nil {
			return nil, err
		}
		if err := menus[i].check(at); err != nil {
			return nil, err
		}
	}
	return menus, nil
}

// checkDay refuses what is no day, or one that is forgotten or far away.
func (s *Service) checkDay(school, field string, day directory.Date) error {
	today := s.dir.Today(school)
	if !day.Valid() || over(Monday(day), today) || day > today.AddDays(maxAhead) {
		return invalid(field, "not a day of the last %d or the next %d", kept, maxAhead)
	}
	return nil
}

func (a *menuArg) check(at string) error {
	a.Note = tidy(a.Note)
	if err := psync.OneOf(at+"meal", a.Meal, Lunch, Dinner); err != nil {
		return err
	}
	if err := psync.CheckText(at+"note", a.Note, MaxName); err != nil {
		return err
	}
	if len(a.Dishes) > MaxDishes {
		return psync.Refuse("too_large", at+"dishes", "at most %d", MaxDishes)
	}
	if a.Dishes == nil {
		a.Dishes = []Dish{}
	}
	for i := range a.Dishes {
		if err := a.Dishes[i].check(fmt.Sprintf("%sdishes[%d].", at, i)); err != nil {
			return err
		}
	}
	return nil
}

func (d *Dish) check(at string) error {
	d.Name = tidy(d.Name)
	if d.Name == "" {
		return invalid(at+"name", "a dish has a name")
	}
	if d.None && len(d.Contains)+len(d.Traces) > 0 {
		return invalid(at+"none", "allergens are declared")
	}
	for _, err := range []error{
		psync.OneOf(at+"kind", d.Kind, Kinds...), psync.CheckText(at+"name", d.Name, MaxName),
		checkAll(at+"labels", d.Labels, Labels), checkAll(at+"contains", d.Contains, Allergens),
		checkAll(at+"traces", d.Traces, Allergens),
	} {
		if err != nil {
			return err
		}
	}
	for i, one := range d.Traces {
		if slices.Contains(d.Contains, one) {
			return invalid(fmt.Sprintf("%straces[%d]", at, i), "it is contained")
		}
	}
	return nil
}

// checkAll refuses words that are not allowed, or are there twice.
func checkAll(field string, words, allowed []string) error {
	for i, word := range words {
		if !slices.Contains(allowed, word) || slices.Contains(words[:i], word) {
			return invalid(fmt.Sprintf("%s[%d]", field, i), "one of %s, once", strings.Join(allowed, ", "))
		}
	}
	return nil
}

// tidy is a text on one line.
func tidy(text string) string { return strings.Join(strings.Fields(text), " ") }
