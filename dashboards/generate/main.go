// Command generate writes the boards into the current folder: "go generate ./dashboards" runs it.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/routerpulse/routerpulse/dashboards"
	"github.com/routerpulse/routerpulse/pipeline"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	files, err := dashboards.Generate(pipeline.NewSchema())
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := os.MkdirAll(filepath.Dir(f.Path), 0o750); err != nil {
			return err
		}
		if err := os.WriteFile(f.Path, f.JSON, 0o644); err != nil { //nolint:gosec // to be read by everyone
			return err
		}
	}
	return nil
}
