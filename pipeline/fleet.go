package pipeline

import (
	"math"
	"sync"
	"time"
)

// Fleet adds up all devices. Its Tap sees every batch; Batch gives the sums.
type Fleet struct {
	series *Series

	mu      sync.Mutex
	devices map[string]*fleetMember
}

// fleetMember is what one device adds to the sums.
type fleetMember struct {
	state        int64
	rx, tx       float64
	ppp, hotspot float64
	rated        bool // a rate of it was known once
}

// NewFleet starts with no device.
func NewFleet(schema *Schema) *Fleet {
	return &Fleet{series: NewSeries(schema.Table("fleet"), "", nil), devices: map[string]*fleetMember{}}
}

// Tap takes note of a batch.
func (f *Fleet) Tap(b Batch) {
	if b.Device == "" {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	m := f.devices[b.Device]
	if m == nil {
		m = &fleetMember{}
		f.devices[b.Device] = m
	}
	for i := range b.Tables {
		m.note(&b.Tables[i])
	}
}

// Forget takes a device out of the sums.
func (f *Fleet) Forget(device string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.devices, device)
}

func (m *fleetMember) note(t *TableRead) {
	if t.Status != Whole {
		return
	}
	switch t.Table.Name {
	case "interface":
		m.rx, m.tx = 0, 0
		for _, s := range t.Samples {
			if CarriesTraffic(s.Value("type").Text()) {
				rx := s.Value("rx_bits_per_second")
				m.rated = m.rated || !rx.IsNone()
				m.rx += number(rx)
				m.tx += number(s.Value("tx_bits_per_second"))
			}
		}
	case "session_count":
		for _, s := range t.Samples {
			m.ppp, m.hotspot = number(s.Value("ppp")), number(s.Value("hotspot"))
		}
	case "router_status":
		for _, s := range t.Samples {
			m.setState(s.Value("state").Int())
		}
	}
}

// setState forgets what a device that is away carried.
func (m *fleetMember) setState(state int64) {
	if state == StateOffline || state == StateAuthFailed {
		m.rx, m.tx, m.ppp, m.hotspot = 0, 0, 0, 0
	}
	m.state = state
}

// CarriesTraffic reports that an interface of this type is a port of its own. Bridges, VLANs, bonds
// and tunnels carry the traffic of others, which must not be counted twice.
func CarriesTraffic(interfaceType string) bool {
	switch interfaceType {
	case "bridge", "vlan", "bond", "loopback", "tunnel", "eoip", "eoipv6", "gre-tunnel", "gre6-tunnel", "ipip-tunnel",
		"ipipv6-tunnel", "wg", "vrrp", "vxlan", "vpls", "ppp", "vrf", "veth", "macvlan", "macsec",
		"pppoe-out", "pppoe-in", "l2tp-out", "l2tp-in", "pptp-out", "pptp-in", "sstp-out", "sstp-in", "ovpn-out", "ovpn-in", "6to4-tunnel":
		return false
	}
	return true
}

func number(v Value) float64 {
	if n := v.Float(); !math.IsNaN(n) {
		return n
	}
	return 0
}

// Batch is the sums at a slot, to be published.
func (f *Fleet) Batch(slot time.Time) Batch {
	f.mu.Lock()
	defer f.mu.Unlock()
	var states [StateAuthFailed + 1]float64
	var sum fleetMember
	for _, m := range f.devices {
		if m.state >= 0 && m.state < int64(len(states)) {
			states[m.state]++
		}
		sum.rated = sum.rated || m.rated
		sum.rx += m.rx
		sum.tx += m.tx
		sum.ppp += m.ppp
		sum.hotspot += m.hotspot
	}
	values := map[string]float64{
		"routers": float64(len(f.devices)), "routers_unknown": states[StateUnknown], "routers_online": states[StateOnline],
		"routers_degraded": states[StateDegraded], "routers_stale": states[StateStale], "routers_offline": states[StateOffline],
		"routers_auth_failed": states[StateAuthFailed], "rx_bits_per_second": sum.rx, "tx_bits_per_second": sum.tx,
		"ppp_sessions": sum.ppp, "hotspot_sessions": sum.hotspot,
	}
	if !sum.rated { // a rate takes two polls: until then the traffic is unknown, not none
		delete(values, "rx_bits_per_second")
		delete(values, "tx_bits_per_second")
	}
	sample := Sample{Series: f.series}
	for _, def := range f.series.Table().Fields {
		if v, known := values[def.Name]; known {
			sample.Fields = append(sample.Fields, Field{Def: def, Value: GaugeValue(v)})
		}
	}
	return Batch{Lane: LaneStatus, Time: slot, Tables: []TableRead{{Table: f.series.Table(), ReadAt: slot, Samples: []Sample{sample}}}}
}
