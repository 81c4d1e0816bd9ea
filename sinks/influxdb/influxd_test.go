package influxdb

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// openReal opens a sink on a fresh database of a real InfluxDB.
func openReal(t *testing.T, url, database string) *Sink {
	t.Helper()
	sinktest.QueryInfluxQL(t, url, "", `CREATE DATABASE "`+database+`"`)
	s := mustNew(t, Config{URL: url, Database: database})
	s.patience = time.Second // the database is away for a few seconds
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// TestRealDatabase shares one server, which takes seconds to start.
func TestRealDatabase(t *testing.T) {
	t.Parallel()
	url := sinktest.StartInfluxd(t)
	t.Run("contract", func(t *testing.T) { contract(t, url) })
	t.Run("field types", func(t *testing.T) { fieldTypes(t, url) })
	t.Run("type conflict", func(t *testing.T) { typeConflict(t, url) })
	t.Run("missing database", func(t *testing.T) { missingDatabase(t, url) })
}

func contract(t *testing.T, url string) {
	n := 0
	schema := pipeline.NewSchema()
	sinktest.Run(t, schema, func(t *testing.T) sinktest.Target {
		n++
		database := fmt.Sprintf("contract%d", n)
		return sinktest.Target{
			Sink: openReal(t, url, database),
			Read: func(tb testing.TB, row *pipeline.Series) []sinktest.Point { return read(tb, url, database, row) },
		}
	})
	// Whatever the names were: only our tables are measurements, and only our tags are tags.
	var want []string
	for _, table := range schema.Tables {
		want = append(want, table.Name)
	}
	for i := 1; i <= n; i++ {
		for _, s := range sinktest.QueryInfluxQL(t, url, fmt.Sprintf("contract%d", i), "SHOW MEASUREMENTS") {
			for _, v := range s.Values {
				if name := v[0].(string); !slices.Contains(want, name) {
					t.Errorf("database %d has a measurement %q", i, name)
				}
			}
		}
	}
}

// read gets the points of a row by InfluxQL.
func read(tb testing.TB, url, database string, row *pipeline.Series) []sinktest.Point {
	tb.Helper()
	where := []string{"time > 0"}
	for _, tag := range row.Tags() {
		value := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(tag.Value)
		where = append(where, fmt.Sprintf(`"%s" = '%s'`, tag.Key, value))
	}
	q := fmt.Sprintf(`SELECT * FROM "%s" WHERE %s GROUP BY *`, row.Table().Name, strings.Join(where, " AND "))
	var out []sinktest.Point
	for _, s := range sinktest.QueryInfluxQL(tb, url, database, q) {
		tags := map[string]string{}
		for _, tag := range row.Tags() {
			tags[tag.Key] = tag.Value
		}
		if !maps.Equal(tags, s.Tags) {
			tb.Errorf("tags %q, want %q", s.Tags, tags)
		}
		for _, v := range s.Values {
			out = append(out, point(tb, s.Columns, v))
		}
	}
	return out
}

func point(tb testing.TB, columns []string, values []any) sinktest.Point {
	tb.Helper()
	p := sinktest.Point{Numbers: map[string]float64{}, Texts: map[string]string{}}
	for i, name := range columns {
		switch v := values[i].(type) {
		case json.Number:
			f, err := v.Float64()
			if err != nil {
				tb.Fatal(err)
			}
			if name == "time" {
				p.Time = time.UnixMilli(int64(f)).UTC()
				continue
			}
			p.Numbers[name] = f
		case bool:
			p.Numbers[name] = map[bool]float64{true: 1}[v]
		case string:
			p.Texts[name] = v
		}
	}
	return p
}

// fieldTypes: the database has the type of each field that its kind asks for.
func fieldTypes(t *testing.T, url string) {
	t.Helper()
	s := openReal(t, url, "types")
	schema := pipeline.NewSchema()
	mustWrite(t, s, sinktest.NewFleet(schema, "core-1").Poll(0))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, series := range sinktest.QueryInfluxQL(t, url, "types", "SHOW FIELD KEYS") {
		for _, v := range series.Values {
			got[series.Name+"."+v[0].(string)] = v[1].(string)
		}
	}
	names := map[pipeline.Kind]string{
		pipeline.Counter: "integer", pipeline.Counter32: "integer", pipeline.Enum: "integer",
		pipeline.Gauge: "float", pipeline.Duration: "float", pipeline.Timestamp: "float",
		pipeline.Bool: "boolean", pipeline.Text: "string",
	}
	for _, table := range schema.Tables {
		for _, f := range table.Fields {
			if name := table.Name + "." + f.Name; got[name] != names[f.Kind] {
				t.Errorf("%s is %q, want %q", name, got[name], names[f.Kind])
			}
		}
	}
}

// TestDatabaseKilled: the database dies while batches come, and comes back: each sample is there once.
func TestDatabaseKilled(t *testing.T) {
	t.Parallel()
	db := sinktest.NewInfluxd(t, "")
	s := openReal(t, db.URL, "kill")
	table, n := testTable(), 0
	more := func(batches int) {
		for range batches {
			mustWrite(t, s, batchOf(table, n, 50))
			n++
		}
	}
	for range 2 {
		more(20)
		waitFor(t, "some samples to be written", func() bool { return countsOf(s).written > 0 })
		more(20)
		db.Kill()
		more(20)
		db.Start()
	}
	waitFor(t, "everything to be written", func() bool { return countsOf(s).written >= n*50 })
	series := sinktest.QueryInfluxQL(t, db.URL, "kill", `SELECT count("rx_bytes") FROM "interface"`)
	if got := fmt.Sprint(series[0].Values[0][1]); got != fmt.Sprint(n*50) {
		t.Errorf("%s points stored, want %d", got, n*50)
	}
	if c := countsOf(s); c != (counts{written: n * 50}) {
		t.Errorf("counted %+v", c)
	}
}

// TestDatabaseStopped: a database that accepts and never answers holds up neither Write nor, for more
// than its time, Close (how long: TestCloseIsBounded).
func TestDatabaseStopped(t *testing.T) {
	t.Parallel()
	db := sinktest.NewInfluxd(t, "")
	folder := t.TempDir()
	s := newIn(t, Config{URL: db.URL, Database: "stop"}, folder)
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	db.Signal(syscall.SIGSTOP)
	for n := range 200 {
		mustWrite(t, s, batchOf(testTable(), n, 50))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if c, n := countsOf(s), left(t, folder); c != (counts{}) || n != 10_000 {
		t.Errorf("counted %+v, %d left", c, n)
	}
}

// typeConflict: somebody wrote a field with another type first. Only the rows that have it are
// refused; they are counted.
func typeConflict(t *testing.T, url string) {
	t.Helper()
	s := openReal(t, url, "conflict")
	table := testTable()
	first := batchOf(table, 0, 1)
	wrong := &pipeline.FieldDef{Name: "rx_bytes", Kind: pipeline.Text}
	first.Tables[0].Samples[0].Fields = []pipeline.Field{{Def: wrong, Value: pipeline.TextValue("many")}}
	mustWrite(t, s, first)
	waitFor(t, "the first sample", func() bool { return countsOf(s).written == 1 })

	b := batchOf(table, 1, 40)
	for i := range b.Tables[0].Samples {
		if i != 17 && i != 18 {
			b.Tables[0].Samples[i].Fields = []pipeline.Field{{Def: table.Fields[1], Value: pipeline.GaugeValue(21.5)}}
		}
	}
	mustWrite(t, s, b)
	waitFor(t, "the others", func() bool { return countsOf(s) == counts{written: 39, rejected: 2} })
	series := sinktest.QueryInfluxQL(t, url, "conflict", `SELECT count("temperature_celsius") FROM "interface"`)
	if got := fmt.Sprint(series[0].Values[0][1]); got != "38" {
		t.Errorf("%s points stored, want 38", got)
	}
}

// TestLogin: a user of InfluxDB 1.x with a password; the wrong one keeps everything.
func TestLogin(t *testing.T) {
	t.Parallel()
	db := sinktest.NewInfluxd(t, "  auth-enabled = true")
	sinktest.QueryInfluxQL(t, db.URL, "", `CREATE USER admin WITH PASSWORD 'secret-1' WITH ALL PRIVILEGES`)
	sinktest.QueryInfluxQL(t, strings.Replace(db.URL, "//", "//admin:secret-1@", 1), "", `CREATE DATABASE login`)
	folder := t.TempDir()
	open := func(password string) *Sink {
		s := newIn(t, Config{URL: db.URL, Database: "login", Username: "admin", Password: configs.NewSecret(password)}, filepath.Join(folder, password))
		if err := s.Open(); err != nil {
			t.Fatal(err)
		}
		return s
	}
	good, bad := open("secret-1"), open("secret-2")
	mustWrite(t, good, batchOf(testTable(), 1, 3))
	mustWrite(t, bad, batchOf(testTable(), 2, 3))
	for _, s := range []*Sink{good, bad} {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if c := countsOf(good); c != (counts{written: 3}) {
		t.Errorf("the right password counted %+v", c)
	}
	if c, n := countsOf(bad), left(t, filepath.Join(folder, "secret-2")); c != (counts{}) || n != 3 {
		t.Errorf("the wrong password counted %+v, %d left", c, n)
	}
}

// missingDatabase: 404 keeps everything; the data is there once somebody makes the database.
func missingDatabase(t *testing.T, url string) {
	t.Helper()
	s := mustNew(t, Config{URL: url, Database: "late"})
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, s, batchOf(testTable(), 1, 3))
	waitFor(t, "the first try", func() bool { return testCode(s, "404") > 0 })
	sinktest.QueryInfluxQL(t, url, "", `CREATE DATABASE late`)
	if err := s.Close(); err != nil { // it tries again at once
		t.Fatal(err)
	}
	if c := countsOf(s); c != (counts{written: 3}) {
		t.Errorf("counted %+v", c)
	}
}

func waitFor(t *testing.T, what string, cond func() bool) {
	t.Helper()
	if !sinktest.Eventually(2*time.Minute, cond) {
		t.Fatalf("waited too long for %s", what)
	}
}
