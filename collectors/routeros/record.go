package routeros

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/routerpulse/routerpulse/pipeline"
)

// Recording is what a router answered over the API: to the questions that the tables of this package
// ask routers of its version, and to no other. So it holds no attribute that is never asked for.
type Recording struct {
	Version string
	// Menus are the rows of each menu that was printed, and of each other command by its whole name.
	// What several questions learned of one row is put together.
	Menus map[string][]map[string]string
	// Counts are the answers to questions that only count, by the question's words without its tag.
	Counts map[string]string
}

// OfRow is an attribute that no router has: which of the rows that a command was given the answer is of.
const OfRow = ".of"

// Record polls a router once and keeps what it says, without the tables that cost it much. note is told of each table how many rows came, or
// why none. What was read is returned even when err is not nil.
func Record(ctx context.Context, target Target, rows *pipeline.Rows, shared *Shared, note func(text string, failed bool)) (*Recording, error) {
	c, err := New(target, rows, shared)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	r := &Recording{Menus: map[string][]map[string]string{}, Counts: map[string]string{}}
	c.dialer.tap = func(conn net.Conn) net.Conn { return newTap(conn, r) }
	costly := map[string]bool{}
	for _, p := range Policies() {
		if costly[p.Table] = p.Costly; p.Costly {
			note(p.Table+": skipped: it costs the router much", false)
		}
	}
	var errs []error
	for _, lane := range []pipeline.Lane{pipeline.LaneLive, pipeline.LaneSessions, pipeline.LaneSlow} {
		reads, err := c.Collect(ctx, lane, func(table string) bool { return !costly[table] })
		for i := range reads {
			note(describeRead(&reads[i]), reads[i].Status == pipeline.Failed)
		}
		if err != nil {
			errs = append(errs, err)
			break
		}
	}
	for _, row := range r.Menus["/system/resource"] {
		r.Version = row["version"]
	}
	r.dropCounts()
	return r, errors.Join(errs...)
}

// dropCounts leaves out the counts that the rows tell.
func (r *Recording) dropCounts() {
	for menu, rows := range r.Menus {
		if question := menu + "/print =count-only="; r.Counts[question] == strconv.Itoa(len(rows)) {
			delete(r.Counts, question)
		}
	}
}

func describeRead(read *pipeline.TableRead) string {
	switch read.Status {
	case pipeline.Failed:
		return fmt.Sprintf("%s: FAILED: %s", read.Table.Name, read.Reason)
	case pipeline.Skipped:
		return fmt.Sprintf("%s: skipped: %s", read.Table.Name, read.Reason)
	}
	return fmt.Sprintf("%s: %d rows", read.Table.Name, len(read.Samples))
}

// question is one command on its way, and its answer so far.
type question struct {
	words []string // without the tag
	rows  []map[string]string
	trap  bool
}

// answered takes the answer to a question that is done.
func (r *Recording) answered(q *question, said map[string]string) {
	path := q.words[0]
	if slices.Contains(q.words, "=count-only=") {
		if ret, ok := said["ret"]; ok {
			r.Counts[strings.Join(q.words, " ")] = ret
		}
		return
	}
	if q.trap && len(q.rows) == 0 {
		return // the router does not have it, or refuses
	}
	q.nameRows()
	menu, _ := strings.CutSuffix(path, "/print")
	if r.Menus[menu] == nil {
		r.Menus[menu] = []map[string]string{}
	}
	for i, row := range q.rows {
		r.add(menu, i, row)
	}
}

// nameRows notes what rows were asked for, if as many came, and what a question that only asks for some
// says about each of them.
func (q *question) nameRows() {
	for _, w := range q.words[1:] {
		name, value, _ := strings.Cut(strings.TrimLeft(w, "=?"), "=")
		switch {
		case w[0] == '=' && (name == "numbers" || name == "number" || name == ".id"):
			if of := strings.Split(value, ","); len(of) == len(q.rows) {
				for i := range of {
					q.rows[i][OfRow] = of[i]
				}
			}
		case w[0] == '?' && isPlainQuery(q.words):
			for _, row := range q.rows {
				if _, ok := row[name]; !ok {
					row[name] = value
				}
			}
		}
	}
}

// isPlainQuery reports a query of which all rows that came have all values.
func isPlainQuery(words []string) bool {
	return !slices.ContainsFunc(words, func(w string) bool {
		return len(w) > 1 && w[0] == '?' && (strings.ContainsRune("#-<>=", rune(w[1])) || !strings.Contains(w, "="))
	})
}

// add puts what a question learned to the row that it is about: the one with its id, else the one that
// stands in its place.
func (r *Recording) add(menu string, place int, row map[string]string) {
	for _, id := range []string{".id", OfRow} {
		if row[id] == "" {
			continue
		}
		place = slices.IndexFunc(r.Menus[menu], func(have map[string]string) bool { return have[id] == row[id] })
		break
	}
	if place < 0 || place >= len(r.Menus[menu]) {
		r.Menus[menu] = append(r.Menus[menu], row)
		return
	}
	for name, value := range row {
		if _, ok := r.Menus[menu][place][name]; !ok {
			r.Menus[menu][place][name] = value
		}
	}
}
