package influxdb

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/routerpulse/routerpulse/sinks/spool"
)

// failAt answers 500 when a line fits.
func failAt(text string) func([]string) reply {
	return func(lines []string) reply {
		if slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, text) }) {
			return reply{Status: 500, Body: []byte("panic: index out of range")}
		}
		return reply{Status: 204}
	}
}

// TestStuck: a poll at which the database fails, and only at it, holds up the others for a while and ends as a
// dead letter with the reason.
func TestStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, folder := newDatabase(), t.TempDir()
		d.set(failAt("interface=b5r"))
		s := openIn(t, folder, d)
		const polls = 200
		for n := range polls {
			mustWrite(t, s, batchOf(testTable(), n, 2))
			time.Sleep(10 * time.Second)
		}
		if _, lines := d.count(); lines != 2*(polls-1) {
			t.Errorf("%d lines of %d", lines, 2*(polls-1))
		}
		if c := countsOf(s); c.rejected != 2 {
			t.Errorf("%+v", c)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if n := left(t, folder); n != 0 {
			t.Errorf("%d samples are left", n)
		}
		sum, err := spool.Inspect(filepath.Join(folder, defaultName))
		if err != nil || len(sum.Dead) != 1 {
			t.Fatalf("%+v, %v", sum, err)
		}
		letters, err := spool.ReadDead(sum.Dead[0].Path)
		if err != nil || len(letters) != 1 || len(letters[0].Lines) != 2 || !strings.Contains(letters[0].Reason, "failed at this poll 23 times and took others: 500") {
			t.Errorf("%+v, %v", letters, err)
		}
	})
}

// TestStuckIsNotAnOutage: while the database fails at everything, nothing is given up, however long that is.
func TestStuckIsNotAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDatabase()
		d.set(status(500))
		s := openTo(t, Config{}, d)
		const polls = 500
		for n := range polls {
			mustWrite(t, s, batchOf(testTable(), n, 2))
			time.Sleep(10 * time.Second)
		}
		d.set(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		if _, lines := d.count(); lines != 2*polls {
			t.Errorf("%d lines of %d", lines, 2*polls)
		}
		if c := countsOf(s); c.rejected != 0 {
			t.Errorf("%+v", c)
		}
	})
}

// TestStuckIsKeptOverAStop: what was moved behind is in the spool when the sink closes.
func TestStuckIsKeptOverAStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, folder := newDatabase(), t.TempDir()
		d.set(failAt("interface=b0r"))
		s := openIn(t, folder, d)
		mustWrite(t, s, batchOf(testTable(), 0, 2))
		time.Sleep(2 * linger) // it is on its way alone
		stored, polls := 0, 1
		for ; stored == 0 && polls < 1000; polls++ { // until another was taken
			mustWrite(t, s, batchOf(testTable(), polls, 2))
			time.Sleep(10 * time.Second)
			_, stored = d.count()
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, stored := d.count(); stored != 2*(polls-1) {
			t.Errorf("%d lines are stored of %d", stored, 2*(polls-1))
		}
		if n := left(t, folder); n != 2 {
			t.Errorf("%d samples are left, not 2", n)
		}
	})
}
