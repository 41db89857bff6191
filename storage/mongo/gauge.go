package mongo

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"preau/storage"
)

var _ storage.Gauge = (*Store)(nil)

// Measure implements [storage.Gauge].
func (s *Store) Measure(ctx context.Context, now time.Time) (m storage.Measures, err error) {
	over, err := s.begin(ctx)
	if err != nil {
		return m, err
	}
	defer over()
	for _, part := range []func(context.Context, time.Time, *storage.Measures) error{s.measureSize, s.measureTasks, s.measureDue} {
		if err := part(ctx, now, &m); err != nil {
			return storage.Measures{}, fmt.Errorf("measure records: %w", err)
		}
	}
	return m, nil
}

func (s *Store) measureSize(ctx context.Context, _ time.Time, m *storage.Measures) error {
	var stats struct {
		Data  float64 `bson:"storageSize"`
		Index float64 `bson:"indexSize"`
	}
	db := s.coll.meta.Database()
	if err := db.RunCommand(ctx, bson.D{{Key: "dbStats", Value: 1}}).Decode(&stats); err != nil {
		return unavailable(err)
	}
	m.Bytes = int64(stats.Data + stats.Index)
	names, err := s.scopes(ctx, "")
	m.Scopes = len(names)
	return err
}

// measureTasks counts all tasks, once all effects are tasks.
func (s *Store) measureTasks(ctx context.Context, _ time.Time, m *storage.Measures) error {
	if err := s.makeTasks(ctx); err != nil {
		return err
	}
	n, err := s.coll.tasks.EstimatedDocumentCount(ctx)
	m.Tasks = int(n)
	return unavailable(err)
}

func (s *Store) measureDue(ctx context.Context, now time.Time, m *storage.Measures) error {
	var oldest int64
	due := bson.M{"due": bson.M{"$lte": millis(now)}}
	err := each(ctx, s.coll.tasks, due, func(d taskDoc) bool {
		if since := max(d.Due, d.At); m.Due == 0 || since < oldest {
			oldest = since
		}
		m.Due++
		return true
	}, options.Find().SetProjection(bson.M{"due": 1, "at": 1}))
	if m.Due > 0 {
		m.Oldest = moment(oldest)
	}
	return err
}
