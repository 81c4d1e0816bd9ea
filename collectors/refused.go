package collectors

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// dropRefused leaves out the rows beyond the limit of their table, which have no series: see
// pipeline.Rows. They are counted, and a line says so now and then.
func (d *Device) dropRefused(tables []pipeline.TableRead) {
	var over []string
	for i := range tables {
		t := &tables[i]
		all := len(t.Samples)
		t.Samples = slices.DeleteFunc(t.Samples, func(s pipeline.Sample) bool { return s.Series == nil })
		if n := all - len(t.Samples); n > 0 {
			d.metrics.refused.WithLabelValues(d.name, t.Table.Name).Add(float64(n))
			over = append(over, fmt.Sprintf("%s (%d of %d)", t.Table.Name, n, all))
		}
	}
	if len(over) == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if now := time.Now(); now.Sub(d.refusedLogged) > logPause {
		d.refusedLogged = now
		d.log.Warn("rows beyond limits.rows_per_table are left out", "device", d.name, "limit", d.rowLimit, "tables", strings.Join(over, ", "))
	}
}
