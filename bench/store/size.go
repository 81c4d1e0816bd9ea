package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	// retention is the default one: it says how long blocks are merged.
	retention = 30 * 24 * time.Hour
	// settleTime is two looks of the store at its blocks, which are a minute apart.
	settleTime = 130 * time.Second
	// patience is how long anything may take to come about.
	patience = 20 * time.Minute
)

// size is what samples take in blocks: chunks, index and all else that is in their folders.
type size struct {
	Kind      string  `json:"kind"`
	Series    int     `json:"series"`
	Samples   int64   `json:"samples"`
	Bytes     int64   `json:"bytes"`
	Blocks    int     `json:"blocks"`
	PerSample float64 `json:"bytes_per_sample"`
	Asked     float64 `json:"asked,omitempty"`
}

// fillAll writes the days into a store for each kind of series, and into one with all of them, which comes last.
func fillAll(ctx context.Context, o options, dir string) (stores []*bench, err error) {
	mixed := kind{name: "all of them in one store", fields: slices.Concat(constants(), counters(), rates())}
	for _, k := range append(kinds(), mixed) {
		routers := max(1, o.routers/2)
		if k.asked == 0 {
			routers = o.routers
		}
		b, err := open(filepath.Join(dir, k.name), retention, routers, o.interfaces, k.fields, o.period)
		if err != nil {
			return stores, err
		}
		b.kind = k
		stores = append(stores, b)
		began := time.Now()
		if err := b.fillDays(ctx, o); err != nil {
			return stores, fmt.Errorf("%s: %w", k.name, err)
		}
		fmt.Printf("%s: %d samples were written in %.0f s\n", k.name, b.samples, time.Since(began).Seconds())
	}
	return stores, nil
}

// sizes waits until all are merged, at the same time.
func sizes(ctx context.Context, stores []*bench) ([]size, error) {
	out, errs := make([]size, len(stores)), make([]error, len(stores))
	var wg sync.WaitGroup
	for i, b := range stores {
		wg.Go(func() { out[i], errs[i] = b.size(ctx, b.store.Dir()) })
	}
	wg.Wait()
	return out, errors.Join(errs...)
}

// fillDays writes the last days.
func (b *bench) fillDays(ctx context.Context, o options) error {
	end := time.Now().Truncate(time.Hour)
	return b.fill(ctx, end.AddDate(0, 0, -o.days), end, o.period, func(at time.Time) error { return b.keepUp(ctx, at) })
}

// keepUp waits until blocks were cut: in real time there are hours for it, and the head is never larger.
func (b *bench) keepUp(ctx context.Context, at time.Time) error {
	return b.until(ctx, "the head to be cut", func() (bool, error) {
		oldest, err := b.metric("prometheus_tsdb_head_min_time")
		return err != nil || at.Sub(time.UnixMilli(int64(oldest))) < 6*time.Hour, err
	})
}

// until waits for a condition.
func (b *bench) until(ctx context.Context, what string, holds func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		ok, err := holds()
		if ok || err != nil {
			tick.Stop()
			return err
		}
		select {
		case <-ctx.Done():
			tick.Stop()
			return fmt.Errorf("waiting for %s: %w", what, ctx.Err())
		case <-tick.C:
		}
	}
}

// metric is the value of a gauge or counter of the store.
func (b *bench) metric(name string) (float64, error) {
	families, err := b.reg.Gather()
	if err != nil {
		return 0, err
	}
	for _, f := range families {
		if f.GetName() == name && len(f.GetMetric()) == 1 {
			m := f.GetMetric()[0]
			return m.GetGauge().GetValue() + m.GetCounter().GetValue(), nil
		}
	}
	return 0, fmt.Errorf("the store has no metric %s", name)
}

// size waits until a folder's blocks are merged: until it did not change for as long as settleTime. Then it adds
// them up.
func (b *bench) size(ctx context.Context, dir string) (s size, err error) {
	var before string
	since := time.Now()
	err = b.until(ctx, "blocks to be merged", func() (bool, error) {
		var now string
		if s, now, err = addUp(dir); now != before {
			before, since = now, time.Now()
		}
		return s.Blocks > 0 && time.Since(since) > settleTime, err
	})
	s.Kind, s.Series, s.Asked = b.kind.name, len(b.routers)*len(b.routers[0].ports)*len(b.kind.fields), b.kind.asked
	return s, err
}

// addUp adds the blocks of a folder; names tells one state of it from another.
func addUp(dir string) (s size, names string, err error) {
	metas, err := filepath.Glob(filepath.Join(dir, "*", "meta.json"))
	if err != nil {
		return s, "", err
	}
	for _, path := range metas {
		block := filepath.Dir(path)
		var meta struct{ Stats struct{ NumSamples int64 } }
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // merged meanwhile
		}
		if err == nil {
			err = json.Unmarshal(text, &meta)
		}
		if err != nil {
			return s, "", err
		}
		n, err := folderBytes(block)
		if err != nil {
			return s, "", err
		}
		s.Blocks++
		s.Samples += meta.Stats.NumSamples
		s.Bytes += n
		names += block
	}
	return s, names, nil
}

func folderBytes(dir string) (total int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = nil // merged meanwhile: it counts as a change, and is looked at again
	}
	return total, err
}
