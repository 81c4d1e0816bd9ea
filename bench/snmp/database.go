package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// database is a real InfluxDB for one poller, or none.
type database struct {
	server *sinktest.Influxd // nil: what is read is discarded
}

const databaseName = "bench"

// openDatabase starts an empty InfluxDB if the pollers are to write.
func openDatabase(ctx context.Context, o options, dir string) (*database, error) {
	if !o.influxd {
		return &database{}, nil
	}
	dir = filepath.Join(dir, "influxd")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	server, err := sinktest.LaunchInfluxd(dir)
	if err != nil {
		return nil, err
	}
	d := &database{server}
	if _, err := sinktest.AskInfluxQL(ctx, server.URL, "", "CREATE DATABASE "+databaseName); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

func (d *database) close() {
	if d.server != nil {
		d.server.Kill()
	}
}

// routerPulse is what its config says of storage.
func (d *database) routerPulse() string {
	if d.server == nil {
		return "none: true"
	}
	return fmt.Sprintf("influxdb: [{ url: %q, database: %s }]", d.server.URL, databaseName)
}

// telegraf is its output.
func (d *database) telegraf() string {
	if d.server == nil {
		return "[[outputs.discard]]\n"
	}
	return fmt.Sprintf("[[outputs.influxdb_v2]]\n  urls = [%q]\n  token = \"\"\n  organization = \"\"\n  bucket = \"%s/autogen\"\n", d.server.URL, databaseName)
}

// count is how many rows of routers, which is polls, and how many rows in all it has of a time. Each side has
// a field that is in each of its rows.
func (d *database) count(ctx context.Context, from, to time.Time) (polls, rows int, err error) {
	if d.server == nil {
		return 0, 0, nil
	}
	for table, fields := range map[string][]string{"router": {"uptime_seconds", "sysUpTime"}, "interface": {"oper_status", "ifOperStatus"}} {
		for _, field := range fields {
			n, err := d.countField(ctx, table, field, from, to)
			if err != nil {
				return 0, 0, err
			}
			rows += n
			if table == "router" {
				polls += n
			}
		}
	}
	return polls, rows, nil
}

func (d *database) countField(ctx context.Context, table, field string, from, to time.Time) (int, error) {
	series, err := sinktest.AskInfluxQL(ctx, d.server.URL, databaseName, fmt.Sprintf(
		"SELECT count(%q) FROM %q WHERE time >= %d AND time < %d", field, table, from.UnixNano(), to.UnixNano()))
	if err != nil || len(series) == 0 {
		return 0, err // it is the other side's field
	}
	text, _ := series[0].Values[0][1].(json.Number)
	n, err := text.Int64()
	return int(n), err
}
