package sync_test

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	psync "preau/sync"
)

// school holds the rules that these tests play with: each shows one thing that
// a rule may do.
func school() *psync.Mux {
	m := psync.NewMux()
	m.Mutation("homework.submit@1", "student:*", submit)
	m.Mutation("homework.edit@1", "course:*", edit)
	m.Mutation("homework.give@1", "course:*", give)
	m.Mutation("homework.withdraw@1", "course:*", withdraw)
	m.Mutation("note.append@1", "class:*", appendNote)
	m.Mutation("note.fault@1", "class:*", func(context.Context, *psync.Tx) error { return errors.New("disk of ours") })
	m.Mutation("note.panic@1", "class:*", func(context.Context, *psync.Tx) error { panic("mistake of ours") })
	m.Mutation("note.wait@1", "class:*", func(context.Context, *psync.Tx) error { return &psync.Wait{For: 2 * time.Second} })
	m.Effect("homework.publish", publish)
	m.Later("push", time.Hour, func(context.Context, *psync.Job) error { return nil })
	return m
}

// submit answers with a value and refuses what comes too late.
func submit(_ context.Context, tx *psync.Tx) error {
	var args struct {
		ID       string   `json:"id"`
		Homework string   `json:"homework"`
		Pages    []string `json:"pages"`
		Text     string   `json:"text"`
	}
	if err := tx.Args(&args); err != nil {
		return err
	}
	if args.Homework == "h-late" {
		return psync.Refuse("too_late", "homework", "copies were due on 20 November")
	}
	tx.Put("submission", args.ID, fields{
		"homework": args.Homework, "pages": args.Pages, "text": args.Text,
		"state": "received", "by": tx.Actor().User, "receivedAt": tx.Now().UTC().Format(time.RFC3339),
	})
	tx.Answer(fields{"receipt": "r-" + args.ID, "version": 1, "state": "received"})
	return nil
}

type homework struct {
	Title string `json:"title"`
}

type homeworkArgs struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// edit refuses to overwrite what its author has not seen.
func edit(ctx context.Context, tx *psync.Tx) error {
	var args homeworkArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	var now homework
	seq, err := tx.Get(ctx, "homework", args.ID, &now)
	if err != nil {
		return err
	}
	if seq == 0 {
		return psync.Refuse("not_found", "id", "no homework %s", args.ID)
	}
	if err := tx.CheckBase(seq, now); err != nil {
		return err
	}
	tx.Put("homework", args.ID, homework{args.Title})
	return nil
}

// give writes here and, by an effect, in the class of the same id.
func give(_ context.Context, tx *psync.Tx) error {
	var args homeworkArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	tx.Put("homework", args.ID, homework{args.Title})
	tx.Effect("homework.publish", args)
	return nil
}

func publish(ctx context.Context, job *psync.Job) error {
	var args homeworkArgs
	if err := job.Payload(&args); err != nil {
		return err
	}
	target := "class:" + job.Source()[len("course:"):]
	return job.Commit(ctx, target, func(_ context.Context, tx *psync.Tx) error {
		tx.Put("homework", args.ID, homework{args.Title})
		return nil
	})
}

func withdraw(_ context.Context, tx *psync.Tx) error {
	var args struct {
		ID string `json:"id"`
	}
	if err := tx.Args(&args); err != nil {
		return err
	}
	tx.Delete("homework", args.ID)
	return nil
}

// appendNote reads and writes: two of them never see the same note.
func appendNote(ctx context.Context, tx *psync.Tx) error {
	var args struct {
		ID   string `json:"id"`
		Text string `json:"text"`
	}
	if err := tx.Args(&args); err != nil {
		return err
	}
	var texts []string
	if _, err := tx.Get(ctx, "note", args.ID, &texts); err != nil {
		return err
	}
	if args.Text == "" {
		return psync.Refuse("invalid", "text", "empty")
	}
	texts = append(texts, args.Text)
	tx.Put("note", args.ID, texts)
	tx.Answer(len(texts))
	return nil
}

func raw(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
