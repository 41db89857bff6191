package agenda_test

import (
	"maps"
	"testing"

	"preau/api/agenda"
	"preau/api/areatest"
	"preau/api/timetable"
)

// world is the small school with its agenda, and the feeds of its timetable.
type world struct {
	*areatest.World
	agenda    *agenda.Service
	timetable *timetable.Service
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{}
	w.World = areatest.New(t, func(of *areatest.World) areatest.Area {
		w.agenda = agenda.New(agenda.Config{Directory: of.Dir, Files: of.Files, Notices: of.Notices, Log: of.Log, Now: of.Now})
		return areatest.Of(w.agenda)
	}, func(of *areatest.World) areatest.Area {
		w.timetable = timetable.New(timetable.Config{
			Directory: of.Dir, Notices: of.Notices, Log: of.Log, Now: of.Now, Beside: w.agenda.Feed,
		})
		return areatest.Of(w.timetable)
	})
	return w
}

// meeting is an event on Thursday; more changes or adds fields.
func meeting(more areatest.Args) areatest.Args {
	args := areatest.Args{"id": "event-01", "title": "Réunion", "start": "2026-11-26T18:00", "end": "2026-11-26T19:30", "place": "CDI"}
	maps.Copy(args, more)
	return args
}

// weekly is a choir of eleven Tuesdays without those of Christmas.
func weekly(more areatest.Args) areatest.Args {
	args := areatest.Args{
		"id": "event-02", "title": "Chorale", "start": "2026-11-24T12:30", "end": "2026-11-24T13:20", "until": "2027-02-02",
		"except": []string{"2026-12-22", "2026-12-29"},
	}
	maps.Copy(args, more)
	return args
}

func put(user, scope string, args areatest.Args) areatest.Act {
	return areatest.Act{User: user, Scope: scope, Name: "agenda.put@1", Args: args}
}

func act(user, scope, name string, args areatest.Args) areatest.Act {
	return areatest.Act{User: user, Scope: scope, Name: "agenda." + name + "@1", Args: args}
}
