// Command faults runs the tests of the fault matrix (docs/reliability.md) with their full number of
// trials, prints a line for each row and writes one JSON object a row to last.json.
//
//	go run ./bench/faults            every row, about an hour
//	go run ./bench/faults -row 05    one row
//	go run ./bench/faults -table     run none, print the figures of last.json as docs/reliability.md has them
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

func main() {
	var only, out string
	var few, tell bool
	flag.StringVar(&only, "row", "", "run these rows alone, as 05 or 05,12; empty: all")
	flag.StringVar(&out, "out", "bench/faults/last.json", "where the figures go; what it has of other rows stays")
	flag.BoolVar(&few, "few", false, "as few trials as make test has")
	flag.BoolVar(&tell, "table", false, "run nothing: print the figures that there are as a table")
	flag.Parse()
	if tell {
		kept, err := readResults(out)
		if err != nil {
			fmt.Fprintln(os.Stderr, "faults:", err)
			os.Exit(1)
		}
		fmt.Print(table(kept))
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := runRows(ctx, only, out, !few)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

// runRows runs the chosen rows, one after the other: many of them load the machine by themselves.
func runRows(ctx context.Context, only, out string, full bool) error {
	chosen, err := choose(only)
	if err != nil {
		return err
	}
	kept, err := readResults(out)
	if err != nil {
		return err
	}
	bad := 0
	for _, r := range chosen {
		begin := time.Now()
		res := r.run(ctx, full)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !res.OK {
			bad++
		}
		fmt.Printf("%s  (%.0f s)\n", res, time.Since(begin).Seconds())
		kept[r.number] = res
		if err := writeResults(out, kept); err != nil {
			return err
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d rows do not hold", bad, len(chosen))
	}
	return nil
}

func choose(only string) ([]row, error) {
	if only == "" {
		return rows(), nil
	}
	var chosen []row
	for _, number := range strings.Split(only, ",") {
		i := slices.IndexFunc(rows(), func(r row) bool { return r.number == number })
		if i < 0 {
			return nil, fmt.Errorf("no row %q: they have two digits; 33, 34 and 36 are not tested yet", number)
		}
		chosen = append(chosen, rows()[i])
	}
	return chosen, nil
}
