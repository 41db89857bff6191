package main

import (
	"os"
	"slices"
	"testing"

	"preau/storage/minio/miniotest"
	"preau/storage/mongo/mongotest"
)

// A morning of two nodes on one MongoDB and one S3, half of the devices on
// each, with more photos than usual so that the S3 has something to do. PREAU_TEST_LOAD is how long it lasts; `make load-nodes` sets it. The
// MongoDB of the tests is FerretDB, which looks through whole collections for
// every command, so few people have few requests: this says that nothing goes
// wrong, and nothing about speed.
func TestMorningOfNodes(t *testing.T) {
	lasts := os.Getenv("PREAU_TEST_LOAD")
	if lasts == "" {
		t.Skip("takes minutes: set PREAU_TEST_LOAD, such as 1m")
	}
	preau, err := program()
	if err != nil {
		t.Fatal(err)
	}
	usual := slices.Clone(mix)
	defer func() { mix = usual }()
	mix = append(mix, operation{kind: "photo", weight: 25, who: pupil, cost: partsOf(photoSize) + 1, do: handInPhoto})
	records := mongotest.Start(t)
	blobs := miniotest.Address(miniotest.Servers[0].Start(t), miniotest.Owner, miniotest.Secret, miniotest.Bucket, "tls=0")
	_, err = load(t, "-server", preau, "-nodes", "2", "-records", records, "-blobs", blobs,
		"-accounts", "16", "-live", "8", "-rate", "3", "-patience", "2m", "-storm", "30s", "-for", lasts, "-works", "1", "-passwords", "0")
	if err != nil {
		t.Error(err)
	}
}
