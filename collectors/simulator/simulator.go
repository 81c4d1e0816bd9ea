// Package simulator makes fake MikroTik routers that speak the real protocols: an SNMP agent (v1
// and v2c) and a RouterOS API server, two faces of one state. The state is a function of a seed and
// of time, so ten thousand routers cost no goroutine and no ticker each, and two runs agree.
//
// All routers of a fleet share one UDP socket and one TCP listener (and one for TLS). They are told
// apart by the address that was asked, somewhere in 127.0.0.0/8, and so they only ever answer the
// machine they run on.
package simulator

import (
	"log/slog"
	"net/netip"
	"time"
)

// Options say what a fleet looks like. The zero value is a demonstration of 25 routers.
type Options struct {
	// Routers is how many there are; 0 means 25.
	Routers int
	// Seed decides everything that looks random. The same seed and the same clock give the same
	// values.
	Seed uint64
	// Community is the one the agents answer to, all others meet silence; "" means public.
	Community string
	// User and Password open the API; "" means telemetry, both.
	User, Password string
	// SNMPPort and APIPort are shared by all routers; 0 chooses a free one. The TLS port of the API
	// is always chosen.
	SNMPPort, APIPort int
	// FirstAddress is router 0's, the others follow it; the zero value means 127.64.0.1. All must lie
	// in 127.0.0.0/8.
	FirstAddress netip.Addr
	// Interfaces is the number of static interfaces of each router; 0 lets the model decide (5 to 26).
	Interfaces int
	// Rows is how many rows the long lists of the API have (leases, firewall rules, queues); 0 lets the
	// role decide: 200 leases on a hotspot, else 2 to 60.
	Rows int
	// NoSessions leaves out the users of PPP and hotspot, and with them the dynamic interfaces.
	NoSessions bool
	// Objects are the OIDs of the scalars and columns that the SNMP agents have; nil is all.
	Objects []string
	// Logger gets a line per event of the fleet's life; nil is silent.
	Logger *slog.Logger
	// Quiet stops what happens by itself: reboots, outages, slowness, and sessions that come and go.
	// Traffic flows on.
	Quiet bool
	// Clock is the source of time for everything that is shown; nil means time.Now. Delays and
	// deadlines on the sockets always follow the real time.
	Clock func() time.Time
}

// RecordingOptions say how a recording is served.
type RecordingOptions struct {
	// Addr is where the SNMP agent listens; "" means a free UDP port of 127.0.0.1.
	Addr string
	// APIAddr is where the RouterOS API listens; "" means a free TCP port of 127.0.0.1.
	APIAddr string
	// Community is the one the agent answers to; "" means public.
	Community string
	// User and Password open the API; "" means telemetry, both.
	User, Password string
	// Logger is told once if a recording is not in order; nil is silent.
	Logger *slog.Logger
}

// The faces of a router, as OnRequest names them.
const (
	FaceSNMP = "snmp"
	FaceAPI  = "api"
)
