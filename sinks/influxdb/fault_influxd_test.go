package influxdb

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
	"github.com/routerpulse/routerpulse/sinks/spool"
)

// stored counts the points of the test table that a query sees.
func stored(t *testing.T, url, database string) int {
	t.Helper()
	n := 0
	for _, series := range sinktest.QueryInfluxQL(t, url, database, `SELECT count("rx_bytes") FROM "interface"`) {
		_, _ = fmt.Sscan(fmt.Sprint(series.Values[0][1]), &n)
	}
	return n
}

// both runs a test against InfluxDB 1.6.7 and 1.8.3, at the same time.
func both(t *testing.T, run func(t *testing.T, old bool)) {
	for name, old := range map[string]bool{"1.6.7": true, "1.8.3": false} {
		t.Run(name, func(t *testing.T) { t.Parallel(); run(t, old) })
	}
}

func start(t *testing.T, old bool, http string) *sinktest.Influxd {
	t.Helper()
	if old {
		return sinktest.NewOldInfluxd(t, http)
	}
	return sinktest.NewInfluxd(t, http)
}

// Fault 05: the database is killed during writes, again and again: each sample is there once.
func TestFault05DatabaseKilled(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, old bool) {
		db := start(t, old, "")
		s := openReal(t, db.URL, "kill")
		kills, n := sinktest.Trials(2, 20), 0
		more := func(batches int) {
			for range batches {
				mustWrite(t, s, batchOf(testTable(), n, 50))
				n++
			}
		}
		for kill := range kills {
			before := countsOf(s).written
			more(40)
			waitFor(t, "a request on its way", func() bool { return kill%2 == 1 || countsOf(s).written > before })
			more(40)
			db.Kill()
			more(20)
			db.Start()
		}
		waitFor(t, "everything to be written", func() bool { return s.spool.State().Points == 0 })
		got := stored(t, db.URL, "kill")
		c := countsOf(s)
		sinktest.Fault{Row: "05", Lost: max(0, n*50-got), Duplicated: max(0, got-n*50), Wrong: c.rejected, Trials: kills,
			Figures: fmt.Sprintf("%d of %d samples after %d kills", got, n*50, kills)}.Report(t)
	})
}

// smallDisk mounts a file system of a size on a folder, in which a database keeps its data.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("NOT RUN: mounting a small file system needs root")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill takes what is left of a file system.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	name := filepath.Join(dir, "filler")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	for chunk := make([]byte, 1<<16); ; {
		if _, err := f.Write(chunk); err != nil {
			break
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}

// Fault 06: the database's disk is full, and the series are new to it: it answers 400. Nothing becomes a
// dead letter, and all is there when there is room and it was restarted.
func TestFault06DiskFullNewSeries(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, old bool) {
		dir := smallDisk(t, "24m")
		db := sinktest.NewInfluxdIn(t, dir, old)
		s := openReal(t, db.URL, "full")
		mustWrite(t, s, batchOf(testTable(), 0, 50))
		waitFor(t, "the first samples", func() bool { return countsOf(s).written == 50 })
		free := fill(t, dir)
		n := 1
		for ; n < 200; n++ { // every row of every batch is a series
			mustWrite(t, s, batchOf(testTable(), n, 50))
		}
		waitFor(t, "refusals", func() bool { return testCode(s, "400")+testCode(s, "500") > 2 })
		free()
		db.Stop()
		db.Start()
		waitFor(t, "everything to be written", func() bool { return s.spool.State().Points == 0 })
		got := stored(t, db.URL, "full")
		sinktest.Fault{Row: "06", Lost: max(0, n*50-got), Duplicated: max(0, got-n*50), Wrong: countsOf(s).rejected, Trials: 1,
			Figures: fmt.Sprintf("%d of %d samples; answered 400 %d times, 500 %d times; dead letters %d", got, n*50,
				testCode(s, "400"), testCode(s, "500"), countsOf(s).rejected)}.Report(t)
	})
}

// Fault 07: the same with series that it knows: it answers 500 until it is restarted.
func TestFault07DiskFullKnownSeries(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, old bool) {
		dir := smallDisk(t, "160m")
		db := sinktest.NewInfluxdIn(t, dir, old)
		s := openReal(t, db.URL, "full")
		again := func(poll int) { // the same rows at another time
			b := batchOf(testTable(), 0, 50)
			b.Time = b.Time.Add(time.Duration(poll) * time.Second)
			mustWrite(t, s, b)
		}
		again(0)
		waitFor(t, "the first samples", func() bool { return countsOf(s).written == 50 })
		free := fill(t, dir)
		n := 1
		for ; n < 3000 && testCode(s, "500") < 3; n++ {
			again(n)
			waitFor(t, "an answer", func() bool { return n%100 > 0 || testCode(s, "500") > 0 || s.spool.State().Points == 0 })
		}
		waitFor(t, "refusals", func() bool { return testCode(s, "500") > 2 })
		free()
		db.Stop()
		db.Start()
		waitFor(t, "everything to be written", func() bool { return s.spool.State().Points == 0 })
		got := stored(t, db.URL, "full")
		sinktest.Fault{Row: "07", Lost: max(0, n*50-got), Duplicated: max(0, got-n*50), Wrong: countsOf(s).rejected, Trials: 1,
			Figures: fmt.Sprintf("%d of %d samples; answered 500 %d times, dead letters %d; alarm after %v of errors (TestAlarm)",
				got, n*50, testCode(s, "500"), countsOf(s).rejected, alarmAfter)}.Report(t)
	})
}

// Fault 15: one bad line among 5,000: a field of another type, to a real server.
func TestFault15OneBadLine(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, old bool) {
		db := start(t, old, "")
		sinktest.QueryInfluxQL(t, db.URL, "", `CREATE DATABASE bad`)
		folder := t.TempDir()
		proxy, requests := counting(t, db.URL)
		s := newIn(t, Config{URL: proxy, Database: "bad"}, folder)
		if err := s.Open(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		// Somebody wrote a text where we write a number, in the shard of that time.
		post(t, db.URL+"/write?db=bad&precision=ms", `interface,device=core-1,interface=other temperature_celsius="hot" 1700000006000`)
		for n := range 100 {
			b := batchOf(testTable(), n, 50)
			if n == 37 {
				bad := &b.Tables[0].Samples[17]
				bad.Fields = append(bad.Fields, pipeline.Field{Def: b.Tables[0].Table.Fields[1], Value: pipeline.GaugeValue(21.5)})
			}
			mustWrite(t, s, b)
		}
		waitFor(t, "everything to be settled", func() bool { return s.spool.State().Points == 0 })
		got := stored(t, db.URL, "bad")
		sum, err := spool.Inspect(filepath.Join(folder, defaultName))
		if err != nil || len(sum.Dead) == 0 {
			t.Fatalf("%+v, %v", sum, err)
		}
		c := countsOf(s)
		sinktest.Fault{Row: "15", Lost: max(0, 4999-got), Wrong: max(0, c.rejected-1), Trials: 1,
			Figures: fmt.Sprintf("%d of 4999 stored, %d dead with its reason, %d requests", got, c.rejected, *requests)}.Report(t)
	})
}

// counting is a proxy that counts writes.
func counting(t *testing.T, to string) (address string, writes *int) {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	writes = new(int)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.Transport = &http.Transport{DisableKeepAlives: true}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "write") {
			*writes++
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, writes
}

func post(t *testing.T, url, body string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	resp, err := client.Post(url, "", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		t.Fatalf("%s: %s", url, resp.Status)
	}
}

// Fault 16: a real server that takes 3 kB a request, packed, gets everything, and is not asked for more again.
func TestFault16TooLarge(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, old bool) {
		db := start(t, old, "  max-body-size = 3000")
		s := openReal(t, db.URL, "small")
		for n := range 200 {
			mustWrite(t, s, batchOf(testTable(), n, 100))
		}
		waitFor(t, "everything to be written", func() bool { return s.spool.State().Points == 0 })
		learnt := testCode(s, "413")
		for n := range 100 {
			mustWrite(t, s, batchOf(testTable(), 200+n, 100))
		}
		waitFor(t, "everything to be written", func() bool { return s.spool.State().Points == 0 })
		got := stored(t, db.URL, "small")
		sinktest.Fault{Row: "16", Lost: max(0, 30_000-got), Wrong: countsOf(s).rejected, Trials: 1,
			Figures: fmt.Sprintf("%d of 30000 samples; too large %d times, then %d times more", got, learnt, testCode(s, "413")-learnt)}.Report(t)
	})
}
