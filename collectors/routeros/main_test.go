package routeros

import (
	"os"
	"path/filepath"
	"testing"

	"encoding/json"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// vectors reads a file of test vectors that other implementations published. They are no part of
// this repository: the folder is named by ROUTERPULSE_VECTORS, and without it those tests only say so.
func vectors(t *testing.T, name string, into any) bool {
	t.Helper()
	dir := os.Getenv("ROUTERPULSE_VECTORS")
	if dir == "" {
		t.Logf("NOT RUN: %s of the published vectors; set ROUTERPULSE_VECTORS to the folder that holds routeros-wire/", name)
		return false
	}
	data, err := os.ReadFile(filepath.Join(dir, "routeros-wire", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
	return true
}
