package influxdb

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// writeOne opens a sink, writes one batch of three rows and closes it.
func writeOne(t *testing.T, cfg Config) *Sink {
	t.Helper()
	s := mustNew(t, cfg)
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	b := batchOf(testTable(), 1, 3)
	b.Time = sinktest.Start // no retention is that short
	mustWrite(t, s, b)
	waitFor(t, "an answer", func() bool { return countsOf(s) != counts{} || testCode(s, "404") > 1 })
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	return s
}

// policies are the retention policies of a database: their duration, and whether it is the default one.
func policies(t *testing.T, url, database string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, s := range sinktest.QueryInfluxQL(t, url, "", fmt.Sprintf("SHOW RETENTION POLICIES ON %q", database)) {
		for _, v := range s.Values {
			found[fmt.Sprint(v[0])] = fmt.Sprint(v[1], " ", v[4])
		}
	}
	return found
}

// TestSetup: what is missing is created, with its retention; what is there stays as it is.
func TestSetup(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, old bool) {
		db := sinktest.NewInfluxdIn(t, t.TempDir(), old)
		month := configs.Duration(30 * 24 * time.Hour)
		for name, tc := range map[string]struct {
			cfg  Config
			want map[string]string
		}{
			"database alone":    {Config{Database: `for "ever"`}, map[string]string{"autogen": "0s true"}},
			"with retention":    {Config{Database: "month", Retention: month}, map[string]string{"autogen": "720h0m0s true"}},
			"policy":            {Config{Database: "named", RetentionPolicy: "year"}, map[string]string{"autogen": "0s true", "year": "0s false"}},
			"policy, retention": {Config{Database: "both", RetentionPolicy: "m", Retention: month}, map[string]string{"autogen": "0s true", "m": "720h0m0s false"}},
		} {
			t.Run(name, func(t *testing.T) {
				tc.cfg.URL, tc.cfg.Setup = db.URL, true
				if c := countsOf(writeOne(t, tc.cfg)); c != (counts{written: 3}) {
					t.Fatalf("counted %+v", c)
				}
				if got := policies(t, db.URL, tc.cfg.Database); fmt.Sprint(got) != fmt.Sprint(tc.want) {
					t.Errorf("policies %v, want %v", got, tc.want)
				}
			})
		}
		sinktest.QueryInfluxQL(t, db.URL, "", `CREATE DATABASE there WITH DURATION 2h`)
		writeOne(t, Config{URL: db.URL, Setup: true, Database: "there", Retention: month})
		if got := policies(t, db.URL, "there")["autogen"]; got != "2h0m0s true" {
			t.Errorf("the policy of a database that was there is %s", got)
		}
	})
}

// bucketServer is a stand-in for InfluxDB 2.x: without the bucket, until it is created.
type bucketServer struct {
	made   atomic.Bool
	body   atomic.Value // of the request that created it
	status int          // of that request
}

func (b *bucketServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.Header.Get("Authorization") != "Token t0k":
		w.WriteHeader(http.StatusUnauthorized)
	case r.URL.Path == "/api/v2/write" && !b.made.Load():
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"code":"not found","message":"bucket \"routers\" not found"}`)
	case r.URL.Path == "/api/v2/write":
		w.WriteHeader(http.StatusNoContent)
	case r.URL.Path == "/api/v2/orgs" && r.URL.Query().Get("org") == "noc":
		_, _ = io.WriteString(w, `{"orgs":[{"id":"0123456789abcdef","name":"noc"}]}`)
	case r.URL.Path == "/api/v2/buckets" && r.Method == http.MethodPost:
		body, _ := io.ReadAll(r.Body)
		b.body.Store(body)
		w.WriteHeader(b.status)
		if b.status == http.StatusCreated {
			b.made.Store(true)
			_, _ = w.Write(body)
			return
		}
		_, _ = io.WriteString(w, `{"code":"forbidden","message":"not for Token t0k"}`)
	default:
		w.WriteHeader(http.StatusTeapot)
	}
}

func TestSetupBucket(t *testing.T) {
	b := &bucketServer{status: http.StatusCreated}
	srv := httptest.NewServer(b)
	defer srv.Close()
	cfg := Config{URL: srv.URL, Org: "noc", Bucket: "routers", Token: configs.NewSecret("t0k"), Setup: true, Retention: configs.Duration(48 * time.Hour)}
	if c := countsOf(writeOne(t, cfg)); c != (counts{written: 3}) {
		t.Fatalf("counted %+v", c)
	}
	var made struct {
		Name, OrgID    string
		RetentionRules []struct{ EverySeconds int }
	}
	if err := json.Unmarshal(b.body.Load().([]byte), &made); err != nil {
		t.Fatal(err)
	}
	if made.Name != "routers" || made.OrgID != "0123456789abcdef" || len(made.RetentionRules) != 1 || made.RetentionRules[0].EverySeconds != 172_800 {
		t.Errorf("%+v", made)
	}
}

// TestSetupDenied: who may not create keeps everything, and the reason does not repeat the token.
func TestSetupDenied(t *testing.T) {
	srv := httptest.NewServer(&bucketServer{status: http.StatusForbidden})
	defer srv.Close()
	c, err := newClient(Config{URL: srv.URL, Org: "noc", Bucket: "routers"}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	c.authorize("Token t0k")
	if err := c.create(t.Context()); err == nil || !strings.Contains(err.Error(), `bucket "routers"`) || strings.Contains(err.Error(), "t0k") {
		t.Error(err)
	}
}
