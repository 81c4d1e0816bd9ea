package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
)

// readResults reads an earlier run, so that a row may be run again alone.
func readResults(file string) (map[string]result, error) {
	kept := map[string]result{}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return kept, nil
	}
	for line := range bytes.Lines(data) {
		var r result
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, fmt.Errorf("%s: %w: remove it", file, err)
		}
		kept[r.Row] = r
	}
	return kept, err
}

// writeResults writes one object a line, by row.
func writeResults(file string, kept map[string]result) error {
	var out bytes.Buffer
	for _, number := range slices.Sorted(maps.Keys(kept)) {
		line, err := json.Marshal(kept[number])
		if err != nil {
			return err
		}
		out.Write(append(line, '\n'))
	}
	return os.WriteFile(file, out.Bytes(), 0o644)
}
