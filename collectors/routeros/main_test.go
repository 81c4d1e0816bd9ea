package routeros

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// vectors reads a file of test vectors that other implementations published. They are no part of this
// repository, but of a folder beside it; without it those tests say so and are skipped.
func vectors(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "vectors", "routeros-wire", name))
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("NOT RUN: the published vectors are not in ../shared/vectors/routeros-wire/%s", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}
