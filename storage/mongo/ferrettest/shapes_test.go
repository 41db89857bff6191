package ferrettest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"

	"preau/storage/mongo"
)

// seen are the shapes of all commands that the tests of this module sent, each
// with an example.
var seen = struct {
	sync.Mutex
	commands map[mongo.Shape]example
}{commands: map[mongo.Shape]example{}}

// example is a command, to be explained by a real server.
type example struct {
	database string
	command  bson.Raw
}

// monitor notes the shape of every command.
func monitor() *event.CommandMonitor {
	return &event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
		for _, s := range shapesOf(e) {
			seen.Lock()
			if _, ok := seen.commands[s]; !ok {
				seen.commands[s] = example{e.DatabaseName, slices.Clone(e.Command)}
			}
			seen.Unlock()
		}
	}}
}

// shapesOf takes a command apart: an update or a delete may be several.
func shapesOf(e *event.CommandStartedEvent) (shapes []mongo.Shape) {
	collection, _ := e.Command.Lookup(e.CommandName).StringValueOK()
	of := func(filter, sort bson.RawValue) {
		shapes = append(shapes, mongo.Shape{
			Collection: collection, Command: e.CommandName, Filter: filterShape(filter), Sort: sortShape(sort),
		})
	}
	switch e.CommandName {
	case "find":
		of(e.Command.Lookup("filter"), e.Command.Lookup("sort"))
	case "update", "delete":
		parts, _ := e.Command.Lookup(e.CommandName + "s").ArrayOK()
		values, _ := parts.Values()
		for _, v := range values {
			of(v.Document().Lookup("q"), bson.RawValue{})
		}
	case "aggregate", "findAndModify", "count", "distinct", "mapReduce":
		if e.Command.Lookup("pipeline", "0", "$changeStream").Type == 0 {
			of(bson.RawValue{}, bson.RawValue{})
		}
	}
	return shapes
}

func filterShape(filter bson.RawValue) string {
	doc, _ := filter.DocumentOK()
	fields, _ := doc.Elements()
	var parts []string
	for _, f := range fields {
		parts = append(parts, fieldShape(f))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

func fieldShape(f bson.RawElement) string {
	if f.Key() == "$or" {
		alternatives, _ := f.Value().Array().Values()
		forms := map[string]bool{}
		for _, a := range alternatives {
			forms[filterShape(a)] = true
		}
		return "or " + strings.Join(slices.Sorted(maps.Keys(forms)), " | ")
	}
	doc, ok := f.Value().DocumentOK()
	if !ok {
		return f.Key() + " ="
	}
	operators, _ := doc.Elements()
	switch op := operators[0].Key(); op {
	case "$in":
		return f.Key() + " in"
	case "$exists":
		return f.Key() + " ?"
	case "$gt", "$gte", "$lt", "$lte":
		return f.Key() + " <>"
	default:
		return f.Key() + " " + op
	}
}

func sortShape(sort bson.RawValue) string {
	doc, _ := sort.DocumentOK()
	fields, _ := doc.Elements()
	var parts []string
	for _, f := range fields {
		sign := ""
		if f.Value().AsInt64() < 0 {
			sign = "-"
		}
		parts = append(parts, sign+f.Key())
	}
	return strings.Join(parts, " ")
}

// checkShapes compares what was sent with what is declared; complete says that
// all tests ran, so that whatever is declared must have been seen.
func checkShapes(complete bool) (faults []string) {
	declared := map[mongo.Shape]string{}
	for _, s := range mongo.Shapes() {
		index := s.Index
		s.Index = ""
		declared[s] = index
	}
	seen.Lock()
	defer seen.Unlock()
	for s := range seen.commands {
		if _, ok := declared[s]; !ok {
			faults = append(faults, fmt.Sprintf("sent, but not declared in shapes.go: %+v", s))
		}
		delete(declared, s)
	}
	for s := range declared {
		if complete {
			faults = append(faults, fmt.Sprintf("declared in shapes.go, but never sent: %+v", s))
		}
	}
	slices.Sort(faults)
	return faults
}

// TestPlans has a real server explain an example of every shape: none may
// scan a collection or sort in memory.
func TestPlans(t *testing.T) {
	if !real {
		t.Skip("explain of the embedded server tells nothing: set " + uriVar)
	}
	c := client(t)
	seen.Lock()
	defer seen.Unlock()
	for s, x := range seen.commands {
		var plan bson.Raw
		ask := bson.D{{Key: "explain", Value: bare(x.command)}, {Key: "verbosity", Value: "queryPlanner"}}
		if err := c.Database(x.database).RunCommand(t.Context(), ask).Decode(&plan); err != nil {
			t.Errorf("%+v: %v", s, err)
			continue
		}
		winner := plan.Lookup("queryPlanner", "winningPlan").String()
		if strings.Contains(winner, `"COLLSCAN"`) || strings.Contains(winner, `"SORT"`) {
			t.Errorf("%+v: %s", s, winner)
		}
	}
}

// bare is a command without what concerns its session only; of several updates
// or deletes the first.
func bare(command bson.Raw) (d bson.D) {
	fields, _ := command.Elements()
	for _, f := range fields {
		switch k := f.Key(); {
		case k == "updates" || k == "deletes":
			parts, _ := f.Value().Array().Values()
			d = append(d, bson.E{Key: k, Value: bson.A{parts[0]}})
		case k == "lsid" || k == "txnNumber" || k == "maxTimeMS" || strings.HasPrefix(k, "$") || k == "writeConcern" || k == "readConcern":
		default:
			d = append(d, bson.E{Key: k, Value: f.Value()})
		}
	}
	return d
}
