package mongo

import "go.mongodb.org/mongo-driver/v2/bson"

// Index is an index beside the one on _id that every collection has.
type Index struct {
	Name, Collection string
	Fields           []string
	Sparse           bool // of documents that have the field only
}

func (x Index) keys() bson.D {
	var keys bson.D
	for _, f := range x.Fields {
		keys = append(keys, bson.E{Key: f, Value: 1})
	}
	return keys
}

var indexes = []Index{
	{Name: "log_keys", Collection: "log", Fields: []string{"keys"}, Sparse: true},
	{Name: "log_todo", Collection: "log", Fields: []string{"todo"}, Sparse: true},
	{Name: "records_seq", Collection: "records", Fields: []string{"s", "q"}},
	{Name: "records_gone", Collection: "records", Fields: []string{"gone"}, Sparse: true},
	{Name: "tasks_ready", Collection: "tasks", Fields: []string{"ready", "born"}},
	{Name: "tasks_due", Collection: "tasks", Fields: []string{"due"}},
	{Name: "scopes_touched", Collection: "scopes", Fields: []string{"touched"}, Sparse: true},
}

// Indexes are all that the store makes.
func Indexes() []Index { return indexes }

// Shape is one form of command that the store sends, with the index that finds
// its documents. In Filter, "a =" is equality, "a in" one of several, "a <>" a
// range, "a ?" whether there is one, and "or" alternatives, the fields in the
// order of the alphabet; in Sort, "-" is downward.
type Shape struct {
	Collection, Command, Filter, Sort string
	Index                             string // "_id", or the name of one of Indexes
}

var shapes = []Shape{
	{"log", "find", "_id =", "", "_id"},         // whose entry is it
	{"log", "find", "_id in", "", "_id"},        // is there anything new
	{"log", "find", "_id <>", "_id", "_id"},     // a tail
	{"log", "find", "_id <>", "-_id", "_id"},    // a head
	{"log", "find", "keys in", "", "log_keys"},  // versions of a deleted record
	{"log", "find", "todo <>", "", "log_todo"},  // effects that are no tasks yet
	{"log", "update", "_id =", "", "_id"},       // erase
	{"log", "update", "_id <>", "", "_id"},      // effects are tasks now
	{"log", "delete", "_id <>", "", "_id"},      // trim
	{"records", "find", "_id in", "", "_id"},    // by key
	{"records", "find", "_id <>", "", "_id"},    // by type
	{"records", "find", "_id <>", "_id", "_id"}, // copy
	{"records", "find", "gone <>", "", "records_gone"},
	{"records", "find", "q <>, s =", "s q", "records_seq"},
	{"records", "find", "q <>, s =", "-s -q", "records_seq"},
	{"records", "find", "gone ?, q <>, s =", "s q", "records_seq"},
	{"records", "find", "gone ?, q <>, s =", "-s -q", "records_seq"},
	{"records", "update", "_id =, q <>", "", "_id"},
	{"records", "delete", "gone <>, q <>", "", "records_gone"},
	{"steps", "find", "_id =", "", "_id"},         // the answer to an action
	{"steps", "find", "_id <>", "-_id", "_id"},    // how far a lane has come
	{"steps", "find", "_id <>", "_id", "_id"},     // trim
	{"steps", "find", "or _id <>", "", "_id"},     // is any of these steps taken
	{"steps", "delete", "_id <>, r =", "", "_id"}, // steps without a result
	{"steps", "delete", "_id in", "", "_id"},      // trim
	{"tasks", "find", "ready <>", "ready born", "tasks_ready"},
	{"tasks", "find", "due <>", "", "tasks_due"},
	{"tasks", "count", "", "", ""},                      // how many, from what the server knows of the collection
	{"tasks", "find", "_id <>", "_id", "_id"},           // the oldest of a scope
	{"tasks", "find", "_id <>, parked =", "_id", "_id"}, // the next to be woken
	{"tasks", "find", "_id in", "", "_id"},              // are those before still there
	{"tasks", "update", "_id =, turn <>", "", "_id"},
	{"tasks", "update", "_id =, parked =", "", "_id"},
	{"tasks", "update", "_id in, ready <>", "", "_id"},
	{"tasks", "delete", "_id =", "", "_id"},
	{"turns", "find", "_id <>", "-_id", "_id"},
	{"turns", "find", "_id <>", "_id", "_id"},
	{"turns", "delete", "_id <>", "", "_id"},
	{"turns", "delete", "_id in", "", "_id"},
	{"scopes", "find", "_id =", "", "_id"},
	{"scopes", "find", "_id in", "", "_id"},
	{"scopes", "find", "_id <>", "_id", "_id"},
	{"scopes", "find", "touched <>", "", "scopes_touched"},
	{"scopes", "find", "touched <>", "-touched", "scopes_touched"},
	{"scopes", "update", "_id =", "", "_id"},
	{"meta", "find", "_id <>", "-_id", "_id"},
	{"meta", "find", "_id =", "", "_id"}, // what time is it
	{"meta", "delete", "_id =", "", "_id"},
}

// Shapes are all forms of command that look for documents.
func Shapes() []Shape { return shapes }
