// Package canteen is what the school canteen serves: dishes with their labels
// and allergens, or the menu of a week as the file that the kitchen made.
//
//	school:X   menu D.M      one meal of a day, "2026-11-24.lunch"
//	           menuFile W    the menu of a week as PDF or photos, by its Monday
//	user:U     watched P     allergens of which U is warned, for U or a child P
//
// Everybody in the school reads menus. What somebody is allergic to is data on
// health: it is in the scope of the person who marked it, which nobody else
// reads, the school's office included; devices lay one over the other.
//
// A menu is forgotten 30 days after its week.
package canteen

import (
	"context"
	"fmt"
	"time"

	"preau/api/attachment"
	"preau/api/directory"
	psync "preau/sync"
)

// The meals of a day; dinner is for boarders.
const (
	Lunch  = "lunch"
	Dinner = "dinner"
)

// Kinds are those of dishes, in the order of a meal.
var Kinds = []string{"entry", "main", "side", "cheese", "dessert", "drink"}

// Labels are what else is said of a dish.
var Labels = []string{"organic", "local", "vegetarian", "homemade", "red", "aop", "msc"}

// Allergens are the fourteen of Regulation (EU) No 1169/2011, annex II, in its
// order: what every canteen has to declare.
var Allergens = []string{
	"gluten", "crustaceans", "eggs", "fish", "peanuts", "soy", "milk", "nuts",
	"celery", "mustard", "sesame", "sulphites", "lupin", "molluscs",
}

// Menu is one meal of a day.
type Menu struct {
	Date   directory.Date `json:"date"`
	Meal   string         `json:"meal"`
	Note   string         `json:"note,omitempty"` // "Repas de Noël"
	Dishes []Dish         `json:"dishes"`
	At     time.Time      `json:"at"`
}

// Dish is one thing that is served. Where neither allergens nor None is said,
// nothing is known of them.
type Dish struct {
	Kind     string   `json:"kind"`
	Name     string   `json:"name"`
	Labels   []string `json:"labels,omitempty"`
	Contains []string `json:"contains,omitempty"` // allergens
	Traces   []string `json:"traces,omitempty"`   // that it may contain
	None     bool     `json:"none,omitempty"`     // the kitchen declares none
}

// MenuFile is the menu of a week as a document.
type MenuFile struct {
	Files []attachment.File `json:"files"`
	By    directory.Named   `json:"by"`
	At    time.Time         `json:"at"`
}

// Watched are the allergens of which somebody is warned.
type Watched struct {
	Allergens []string `json:"allergens"`
}

// Directory is what this package asks of the school's directory.
type Directory interface {
	May(a psync.Actor, do directory.Action, scope string) error
	Named(id string) directory.Named
	Children(guardian string) []string
	Location(school string) *time.Location
	Today(school string) directory.Date
}

// Config is what a Service stands on.
type Config struct {
	Directory Directory
	Files     *attachment.Service
}

// Service holds the rules of the canteen. Safe for concurrent use.
type Service struct {
	dir   Directory
	files *attachment.Service
}

// New returns a Service. Before use: Register its rules.
func New(c Config) *Service { return &Service{dir: c.Directory, files: c.Files} }

const effectForget = "canteen.forget"

// kept is for how many days a menu is kept after its week, and forgetLife how
// late it may be forgotten.
const (
	kept       = 30
	forgetLife = 400 * 24 * time.Hour
)

const kindFile = "menuFile"

// Register adds the rules of this package to the engine's mux and says to
// attachment who waits for files.
func (s *Service) Register(mux *psync.Mux) {
	mux.Mutation("canteen.menu@1", "school:*", s.putMenus)
	mux.Mutation("canteen.file@1", "school:*", s.putFile)
	mux.Mutation("canteen.watch@1", "user:*", s.watch)
	mux.Later(effectForget, forgetLife, s.forget)
	s.files.OnArrived(kindFile, s.arrived)
}

// Monday is the first day of a date's week.
func Monday(d directory.Date) directory.Date {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return d
	}
	return d.AddDays(-(int(t.Weekday()) + 6) % 7)
}

// over says whether a week has been kept long enough.
func over(monday, today directory.Date) bool { return monday.AddDays(7+kept) <= today }

// forgetAfter has what is old deleted once the week is over.
func (s *Service) forgetAfter(tx *psync.Tx, monday directory.Date) error {
	day := string(monday.AddDays(7 + kept))
	due, err := time.ParseInLocation("2006-01-02 15:04", day+" 03:00", s.dir.Location(psync.ScopeID(tx.Scope())))
	if err != nil {
		return fmt.Errorf("forget the menu of %s: %w", monday, err)
	}
	tx.EffectAt(effectForget, struct{}{}, due)
	return nil
}

// forget deletes the menus of weeks that are over.
func (s *Service) forget(ctx context.Context, job *psync.Job) error {
	school := psync.ScopeID(job.Source())
	today := s.dir.Today(school)
	return job.Commit(ctx, job.Source(), func(ctx context.Context, tx *psync.Tx) error {
		menus, err := tx.List(ctx, "menu")
		if err != nil {
			return err
		}
		for _, r := range menus {
			if day, _, ok := readID(r.ID); ok && over(Monday(day), today) {
				tx.Delete("menu", r.ID)
			}
		}
		return s.forgetFiles(ctx, tx, school, today)
	})
}
