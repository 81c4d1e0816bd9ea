package main

import (
	"fmt"
	"strings"
)

// table prints the kept figures as the lines of docs/reliability.md, by row. A row that was not run says so.
func table(kept map[string]result) string {
	var b strings.Builder
	b.WriteString("| row | fault | lost | duplicated | wrong | trials | command |\n|---|---|---|---|---|---|---|\n")
	for _, r := range rows() {
		res, ran := kept[r.number]
		fmt.Fprintf(&b, "| %s | %s | ", r.number, r.name)
		switch {
		case !ran:
			b.WriteString("not run | not run | not run | 0")
		case !res.OK:
			fmt.Fprintf(&b, "%d, DOES NOT HOLD | %d | %d | %d", res.Lost, res.Duplicated, res.Wrong, res.Trials)
		default:
			fmt.Fprintf(&b, "%d | %d | %d | %d", res.Lost, res.Duplicated, res.Wrong, res.Trials)
		}
		fmt.Fprintf(&b, " | `make fault ROW=%s` |\n", r.number)
	}
	return b.String()
}
