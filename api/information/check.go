package information

import (
	"fmt"
	"slices"
	"strings"

	"preau/api/attachment"
	"preau/api/body"
	"preau/api/directory"
	psync "preau/sync"
)

// Limits of what an author sends.
const (
	MaxTitle     = 150 // characters
	MaxBody      = 20_000
	MaxFiles     = 10
	MaxQuestions = 30
	maxQuestion  = 500 // characters
	maxChoices   = 20
	maxChoice    = 150 // characters
	maxTargets   = 60
	maxDays      = 400 // shown, and ahead
)

// The kinds of question; one that is "info" is text between others.
const (
	KindInfo = "info"
	KindText = "text"
	KindOne  = "one"
	KindMany = "many"
)

// Question is one of a survey.
type Question struct {
	Kind    string   `json:"kind"`
	Title   string   `json:"title"`
	Choices []string `json:"choices,omitempty"`
	// Other offers one more choice, which whoever takes it writes.
	Other bool `json:"other,omitempty"`
	// Most is how many may be chosen of "many"; 0 is as many as there are.
	Most     int  `json:"most,omitempty"`
	Required bool `json:"required,omitempty"`
}

// offered is how many choices there are, the free one included.
func (q Question) offered() int {
	if q.Other {
		return len(q.Choices) + 1
	}
	return len(q.Choices)
}

func (q Question) chosen() bool { return q.Kind == KindOne || q.Kind == KindMany }

// check refuses what no form of ours makes, and leaves out blanks at the ends.
func (c *Content) check(today directory.Date) (err error) {
	c.Title = strings.TrimSpace(c.Title)
	if c.Title == "" {
		return invalid("title", "nothing is written")
	}
	for _, err := range []error{
		psync.CheckText("title", c.Title, MaxTitle), checkLine("title", c.Title), psync.OneOf("category", c.Category, categories...),
		c.Body.Check("body", MaxBody), c.checkDays(today), c.checkSurvey(), checkTargets(c.Audience),
	} {
		if err != nil {
			return err
		}
	}
	if c.Body.Empty() && len(c.Files) == 0 && len(c.Questions) == 0 {
		return invalid("body", "nothing is written")
	}
	c.Body = whole(c.Body)
	c.Files, err = attachment.Declared("files", c.Files, MaxFiles)
	return err
}

// whole leaves no list out: devices look into them.
func whole(b body.Text) body.Text {
	all := append(body.Text{}, b...)
	for i := range all {
		if all[i].Runs == nil {
			all[i].Runs = []body.Run{}
		}
	}
	return all
}

// checkLine refuses what would not be one line.
func checkLine(field, text string) error {
	if strings.ContainsAny(text, "\n\r\t") {
		return invalid(field, "more than one line")
	}
	return nil
}

func (c *Content) checkDays(today directory.Date) error {
	switch {
	case !c.From.Valid():
		return invalid("from", "not a day")
	case c.From > today.AddDays(maxDays):
		return invalid("from", "too far ahead")
	case !c.Until.Valid():
		return invalid("until", "not a day")
	case c.Until < c.From:
		return invalid("until", "before it begins")
	case c.Until < today:
		return invalid("until", "in the past")
	case c.Until > c.From.AddDays(maxDays):
		return invalid("until", "too long")
	}
	return nil
}

func (c *Content) checkSurvey() error {
	switch {
	case len(c.Questions) > MaxQuestions:
		return psync.Refuse("too_large", "questions", "at most %d", MaxQuestions)
	case len(c.Questions) == 0 && (c.Anonymous || c.PerChild):
		return invalid("questions", "a survey asks something")
	}
	asks := false
	for i := range c.Questions {
		q := &c.Questions[i]
		if err := q.check(fmt.Sprintf("questions[%d]", i)); err != nil {
			return err
		}
		asks = asks || q.Kind != KindInfo
	}
	if len(c.Questions) > 0 && !asks {
		return invalid("questions", "a survey asks something")
	}
	return nil
}

func (q *Question) check(field string) error {
	q.Title = strings.TrimSpace(q.Title)
	if q.Title == "" {
		return invalid(field+".title", "nothing is written")
	}
	for _, err := range []error{
		psync.OneOf(field+".kind", q.Kind, KindInfo, KindText, KindOne, KindMany),
		psync.CheckText(field+".title", q.Title, maxQuestion), q.checkChoices(field),
	} {
		if err != nil {
			return err
		}
	}
	if q.Kind == KindInfo && q.Required {
		return invalid(field+".required", "it asks nothing")
	}
	return nil
}

func (q *Question) checkChoices(field string) error {
	if !q.chosen() {
		if len(q.Choices) > 0 || q.Other || q.Most != 0 {
			return invalid(field+".choices", "it offers none")
		}
		return nil
	}
	switch {
	case len(q.Choices) > maxChoices:
		return psync.Refuse("too_large", field+".choices", "at most %d", maxChoices)
	case len(q.Choices) == 0 || q.offered() < 2:
		return invalid(field+".choices", "two or more")
	case q.Most < 0 || q.Most > q.offered() || q.Kind == KindOne && q.Most > 1:
		return invalid(field+".most", "as many as there are")
	}
	for i, choice := range q.Choices {
		at := fmt.Sprintf("%s.choices[%d]", field, i)
		q.Choices[i] = strings.TrimSpace(choice)
		if q.Choices[i] == "" || slices.Contains(q.Choices[:i], q.Choices[i]) {
			return invalid(at, "something, once")
		}
		if err := psync.CheckText(at, q.Choices[i], maxChoice); err != nil {
			return err
		}
	}
	return nil
}

// Given is what somebody answered to one question: choices, in ascending
// order, or a text; the text of the free choice, if that is among them.
type Given struct {
	Choices []int  `json:"choices,omitempty"`
	Text    string `json:"text,omitempty"`
}

// maxText is how long an answer may be, in characters.
const maxText = 1_000

// accept refuses answers that do not fit the questions, one for each, and
// leaves out blanks at the ends.
func accept(questions []Question, given []Given) error {
	if len(given) != len(questions) {
		return invalid("answers", "one for each question")
	}
	for i := range given {
		if err := questions[i].accept(fmt.Sprintf("answers[%d]", i), &given[i]); err != nil {
			return err
		}
	}
	return nil
}

func (q Question) accept(field string, g *Given) error {
	g.Text = strings.TrimSpace(g.Text)
	if err := psync.CheckText(field+".text", g.Text, maxText); err != nil {
		return err
	}
	if q.chosen() {
		return q.acceptChoices(field, *g)
	}
	switch {
	case len(g.Choices) > 0:
		return invalid(field+".choices", "none is offered")
	case q.Kind == KindInfo && g.Text != "":
		return invalid(field+".text", "nothing is asked")
	case q.Required && g.Text == "":
		return psync.Refuse("answer_required", field, "an answer is required")
	}
	return nil
}

func (q Question) acceptChoices(field string, g Given) error {
	for i, c := range g.Choices {
		if c < 0 || c >= q.offered() || i > 0 && c <= g.Choices[i-1] {
			return invalid(fmt.Sprintf("%s.choices[%d]", field, i), "one that is offered, once, in order")
		}
	}
	other := q.Other && slices.Contains(g.Choices, len(q.Choices))
	switch {
	case q.Kind == KindOne && len(g.Choices) > 1, q.Most > 0 && len(g.Choices) > q.Most:
		return psync.Refuse("too_many", field+".choices", "at most %d", max(q.Most, 1))
	case other != (g.Text != ""):
		return invalid(field+".text", "the text of the free choice")
	case q.Required && len(g.Choices) == 0:
		return psync.Refuse("answer_required", field, "an answer is required")
	}
	return nil
}
