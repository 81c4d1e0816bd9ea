package snmp

import (
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/routerpulse/routerpulse/pipeline"
)

// Engine is what all devices share: the tables, compiled, and a free-list of sessions. There are
// as many sessions as polls run at once, not as many as devices.
type Engine struct {
	library *library
	metrics *metrics
	inboxes *inboxes
	idle    int
	now     func() time.Time
	keys    keyring

	mu   sync.Mutex
	free []*session
}

// NewEngine compiles the tables against the schema. idle is how many sessions are kept while nobody
// uses them; there is no bound on how many are in use, that is the scheduler's. A nil registerer leaves
// the metrics to themselves. custom are tables of the config; the schema has them too.
func NewEngine(schema *pipeline.Schema, idle int, registerer prometheus.Registerer, custom ...CustomTable) (*Engine, error) {
	defs := tables()
	for i := range custom {
		if err := custom[i].refuse(); err != nil {
			return nil, err
		}
		defs = append(defs, custom[i].define())
	}
	l, err := compile(schema, defs)
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(registerer)
	if err != nil {
		return nil, err
	}
	return &Engine{library: l, metrics: m, inboxes: newInboxes(), idle: idle, now: time.Now}, nil
}

// tables is the list of what SNMP can read.
func tables() []tableDef {
	processors, storage := hrProcessorTable(), hrStorageTable()
	names, addresses := interfaceNames(), addressOwners()
	input, output := upsInputs(), upsOutputs()
	lte := lteModems(names)
	return []tableDef{
		// live
		routerTable(processors, storage), cpuTable(processors), storageTable(storage), healthTable(gaugeTable()),
		interfaceTable(ifTable()), poeTable(names), poeSupplyTable(), opticsTable(), conntrackTable(),
		// sessions
		wirelessInterfaceTable(names), wirelessClientTable(names), w60gTable(names), w60gStationTable(names), nstremeDualTable(names),
		capsmanTable(), lteTable(lte), lteCarrierTable(names, lte), modemTable(), gpsTable(),
		hotspotTable(), sessionCountTable(), upsTable(input, output), upsLineTable(input, output), queueSimpleTable(names), queueTreeTable(names), ipsecPeerTable(), ipsecTable(),
		ipTable(), tcpTable(), udpTable(), bridgePortTable(names),
		bgpTable(), ospfTable(), ospfInterfaceTable(names, addresses), ospfNeighborTable(),
		// slow
		inventoryTable(), entityTable(), partitionTable(), remoteCapTable(), capTable(), neighborTable(names), ethernetTable(names),
		bridgeVLANTable(), routeCountTable(),
	}
}

// borrow takes an idle session, or makes one.
func (e *Engine) borrow() *session {
	e.mu.Lock()
	defer e.mu.Unlock()
	var s *session
	if n := len(e.free); n > 0 {
		s, e.free = e.free[n-1], e.free[:n-1]
	} else {
		s = newSession(e.metrics, e.inboxes)
	}
	s.now = e.now
	return s
}

// idleTime is how long a session is kept that nobody needs: as many polls at once as in the first round
// there are seldom later.
const idleTime = 30 * time.Second

// giveBack keeps a session for the next poll, unless there are enough or it has grown too large. The one
// that was not needed for longest is let go of when that is long ago.
func (e *Engine) giveBack(s *session) {
	now := e.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.free) >= e.idle || s.poll.isLarge() {
		s.socket.close()
		return
	}
	s.idleSince = now
	if e.free = append(e.free, s); now.Sub(e.free[0].idleSince) > idleTime {
		e.free[0].socket.close()
		e.free = slices.Delete(e.free, 0, 1)
	}
}
