package mongo_test

import (
	"slices"
	"strings"
	"testing"

	"preau/storage/mongo"
)

// TestEveryShapeHasAnIndex checks what can be checked without a server: the
// index is made, the filter holds its first field, and the sort follows it.
// Module ferrettest checks that nothing else is sent.
func TestEveryShapeHasAnIndex(t *testing.T) {
	fields := map[string][]string{}
	for _, x := range mongo.Indexes() {
		fields[x.Collection+" "+x.Name] = x.Fields
	}
	used := map[string]bool{}
	for _, s := range mongo.Shapes() {
		if s.Command == "count" && s.Filter == "" {
			continue // which reads no documents
		}
		index := []string{"_id"}
		if s.Index != "_id" {
			index = fields[s.Collection+" "+s.Index]
			used[s.Collection+" "+s.Index] = true
		}
		if len(index) == 0 {
			t.Errorf("%+v: there is no such index", s)
			continue
		}
		if !serves(index, s) {
			t.Errorf("%+v: index on %q does not serve it", s, index)
		}
	}
	for name := range fields {
		if !used[name] {
			t.Errorf("index %s is of no use", name)
		}
	}
}

// serves tells whether an index finds what a shape asks for, in its order.
func serves(index []string, s mongo.Shape) bool {
	filter := strings.TrimPrefix(s.Filter, "or ")
	begins := slices.ContainsFunc(strings.Split(filter, ", "), func(part string) bool {
		field, how, _ := strings.Cut(part, " ")
		return field == index[0] && how != "?"
	})
	sort := strings.ReplaceAll(s.Sort, "-", "")
	oneWay := sort == s.Sort || strings.Count(s.Sort, "-") == len(strings.Fields(s.Sort))
	return begins && oneWay && (sort == "" || sort == strings.Join(index, " "))
}
