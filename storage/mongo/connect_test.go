package mongo

import (
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"
)

// TestRefusalsAreExplained uses the errors of a server that has users, which
// the embedded one has not.
func TestRefusalsAreExplained(t *testing.T) {
	url := &connstring.ConnString{Username: "ecole", Hosts: []string{"db:27017"}}
	for want, err := range map[string]error{
		`user "ecole" may not use database preau: grant the role readWrite`: mongo.CommandError{Code: 13, Message: "not authorized\non preau"},
		`MongoDB does not accept user "ecole"`:                              mongo.CommandError{Code: 18, Message: "Authentication failed."},
	} {
		got := explain(err, "preau", url).Error()
		if !strings.Contains(got, want) || strings.Contains(got, "\n") {
			t.Errorf("got %s, want one line with %q", got, want)
		}
	}
}
