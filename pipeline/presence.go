package pipeline

import "sync"

// presence remembers which rows each device's tables had, to tell which of them are gone.
type presence struct {
	mu      sync.Mutex
	devices map[string]map[*Table]map[string]*Series
}

func newPresence() *presence {
	return &presence{devices: map[string]map[*Table]map[string]*Series{}}
}

// mark fills in b.Gone: the rows that a table which was read whole no longer has. Rows of failed and
// skipped tables stay; a failed table's new rows are added.
func (p *presence) mark(b *Batch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	tables := p.devices[b.Device]
	if tables == nil {
		tables = map[*Table]map[string]*Series{}
		p.devices[b.Device] = tables
	}
	for i := range b.Tables {
		t := &b.Tables[i]
		if t.Status == Skipped {
			continue
		}
		rows := tables[t.Table]
		if t.Status == Whole {
			b.Gone = append(b.Gone, missing(rows, t.Samples)...)
			rows = nil
		}
		if rows == nil {
			rows = make(map[string]*Series, len(t.Samples))
		}
		for _, s := range t.Samples {
			rows[s.Series.Key()] = s.Series
		}
		tables[t.Table] = rows
	}
}

// forget returns every row of a device that is no longer polled.
func (p *presence) forget(device string) (gone []*Series) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, rows := range p.devices[device] {
		for _, s := range rows {
			gone = append(gone, s)
		}
	}
	delete(p.devices, device)
	return gone
}

// missing compares by key, not by pointer: a collector that was built anew names the same rows.
func missing(rows map[string]*Series, samples []Sample) (gone []*Series) {
	if len(rows) == 0 {
		return nil
	}
	seen := make(map[string]struct{}, len(samples))
	for _, s := range samples {
		seen[s.Series.Key()] = struct{}{}
	}
	for key, s := range rows {
		if _, ok := seen[key]; !ok {
			gone = append(gone, s)
		}
	}
	return gone
}
