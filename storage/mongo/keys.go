package mongo

import (
	"fmt"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// The _id of a document begins with its scope and "#", which no scope contains,
// so that a scope is a range, and ends with numbers of fixed width, so that
// they are in order.
const (
	sep     = "\x1f" // between names; no name contains it
	pastSep = "\x20" // what follows it
	hash    = "#"
	past    = "$" // what follows "#"
	slash   = "/"
	pastSl  = "0" // what follows "/"

	maxN = 999_999_999_999 // the largest number of an entry
)

func entryKey(scope string, n int64) string { return fmt.Sprintf("%s#%012d", scope, n) }

func recordKey(scope, typ, id string) string { return scope + hash + typ + sep + id }

func laneKey(scope, lane string) string { return scope + hash + lane + sep }

func stepKey(scope, lane string, k int64) string {
	return fmt.Sprintf("%s%019d", laneKey(scope, lane), k)
}

func taskKey(scope string, n int64, index int) string {
	return fmt.Sprintf("%s#%012d#%03d", scope, n, index)
}

func turnKey(task string, turn int64) string { return fmt.Sprintf("%s/%012d", task, turn) }

func markKey(scope string) string { return scope + hash }

func metaKey(name string, n int64) string { return fmt.Sprintf("%s#%012d", name, n) }

// scopeOf is the scope that a document belongs to.
func scopeOf(id string) string {
	scope, _, _ := strings.Cut(id, hash)
	return scope
}

// numberOf is the last number of an _id.
func numberOf(id string) int64 {
	digits := id[strings.LastIndexAny(id, hash+slash+sep)+1:]
	n, _ := strconv.ParseInt(digits, 10, 64)
	return n
}

// between is a filter for what lies between two keys.
func between(from, to string) bson.M { return bson.M{"_id": bson.M{"$gt": from, "$lt": to}} }

// inScope is a filter for all that is named after a scope, but its mark.
func inScope(scope string) bson.M { return between(scope+hash, scope+past) }

// entriesAfter is a filter for the entries that follow one.
func entriesAfter(scope string, n int64) bson.M {
	return between(entryKey(scope, max(n, 0)), scope+past)
}

func ofType(scope, typ string) bson.M {
	return between(scope+hash+typ+sep, scope+hash+typ+pastSep)
}

func ofLane(scope, lane string) bson.M {
	return between(scope+hash+lane+sep, scope+hash+lane+pastSep)
}

func turnsOf(task string) bson.M { return between(task+slash, task+pastSl) }
