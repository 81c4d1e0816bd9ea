package collectors

import (
	"strings"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
)

// logPause is the least time between two lines of one kind about one device; all are counted.
const logPause = 10 * time.Minute

// sources notes which protocol each table of a device came from last.
type sources struct {
	list     []tableSource // few, in no order
	switches int
	logged   time.Time // when a switch was last logged
}

type tableSource struct{ table, source string }

// note takes down where the whole tables of a batch came from, and returns those that came from
// another protocol than before, each with the new one.
func (s *sources) note(tables []pipeline.TableRead) (switched []string) {
	for i := range tables {
		t := &tables[i]
		if t.Status != pipeline.Whole {
			continue
		}
		known := s.of(t.Table.Name)
		if known == nil {
			s.list = append(s.list, tableSource{t.Table.Name, t.Source})
			continue
		}
		if known.source != t.Source {
			known.source = t.Source
			s.switches++
			switched = append(switched, t.Table.Name+" from "+t.Source)
		}
	}
	return switched
}

func (s *sources) of(table string) *tableSource {
	for i := range s.list {
		if s.list[i].table == table {
			return &s.list[i]
		}
	}
	return nil
}

// noteSources counts and logs when a table comes from another protocol than before. Rates see the
// switch for themselves: they never span it.
func (d *Device) noteSources(tables []pipeline.TableRead) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switched := d.sources.note(tables)
	d.metrics.switches.Add(float64(len(switched)))
	if now := time.Now(); len(switched) > 0 && now.Sub(d.sources.logged) > logPause {
		d.sources.logged = now
		d.log.Warn("tables come from another protocol", "device", d.name, "tables", strings.Join(switched, ", "))
	}
}

// Sources says which protocol each table of a device came from last, and how often one changed.
func (c *Collectors) Sources(device string) (byTable map[string]string, switches int) {
	c.mu.RLock()
	p := c.byName[device]
	c.mu.RUnlock()
	if p == nil {
		return nil, 0
	}
	p.device.mu.Lock()
	defer p.device.mu.Unlock()
	byTable = map[string]string{}
	for _, s := range p.device.sources.list {
		byTable[s.table] = s.source
	}
	return byTable, p.device.sources.switches
}
