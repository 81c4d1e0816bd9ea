package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
)

// The frames of the stream, as far as a terminal shows them.
type (
	snapshotFrame struct {
		Channel, Topic string
		Rows           [][]json.RawMessage // key, seq, n, value
	}
	deltaFrame struct {
		Time    int64
		Changes []struct {
			Channel, Topic, Key string
			Patch               json.RawMessage
			Full                bool
		}
	}
	eventFrame struct {
		Channel, Topic string
		Time           int64
		Data           json.RawMessage
	}
)

// printFrame writes a frame for people: one line for each row that changed.
func printFrame(w io.Writer, event string, data []byte) {
	switch event {
	case "snapshot":
		var f snapshotFrame
		if json.Unmarshal(data, &f) == nil {
			for _, row := range f.Rows {
				if len(row) == 4 {
					fmt.Fprintf(w, "%s  %s  %s\n", printable(f.Topic), printable(unquote(row[0])), fields(row[3]))
				}
			}
		}
	case "delta":
		var f deltaFrame
		if json.Unmarshal(data, &f) == nil {
			for _, c := range f.Changes {
				fmt.Fprintf(w, "%s  %s  %s  %s\n", clock(f.Time), printable(c.Topic), printable(c.Key), fields(c.Patch))
			}
		}
	case "event":
		var f eventFrame
		if json.Unmarshal(data, &f) == nil {
			fmt.Fprintf(w, "%s  %s  %s\n", clock(f.Time), printable(f.Topic), fields(f.Data))
		}
	case "sync":
		fmt.Fprintln(w, "-- live --")
	case "gap", "bye", "auth":
		fmt.Fprintf(w, "-- %s: %s --\n", event, fields(data))
	}
}

func clock(ms int64) string { return time.UnixMilli(ms).Format("15:04:05.000") }

func unquote(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return string(raw)
	}
	return s
}

// fields writes a JSON object as name=value, sorted; null means that the row is gone.
func fields(raw json.RawMessage) string {
	if string(raw) == "null" || len(raw) == 0 {
		return "gone"
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil {
		return printable(string(raw))
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(object)) {
		parts = append(parts, name+"="+string(object[name]))
	}
	return printable(strings.Join(parts, " "))
}

// printable writes what a terminal would act on, or hide, as \u001b: names come from routers, and the server may be
// anybody's.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsGraphic(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
