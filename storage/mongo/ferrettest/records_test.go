package ferrettest

import (
	"testing"

	"preau/storage/mongo"
	"preau/storage/storagetest"
)

func traits() []storagetest.Trait {
	if real {
		return nil
	}
	return []storagetest.Trait{storagetest.Slow}
}

func TestRecords(t *testing.T) {
	t.Parallel()
	storagetest.Records(t, open(t, mongo.Options{}), traits()...)
}

func TestTwoNodes(t *testing.T) {
	t.Parallel()
	storagetest.Records(t, storagetest.Nodes(open(t, mongo.Options{}), 2), traits()...)
}
