package simulator

import (
	"context"
	"net/netip"
	"time"
)

// Fleet is a set of simulated routers.
type Fleet struct{}

// New makes a fleet that does nothing yet.
func New(Options) *Fleet { return &Fleet{} }

// Open opens the sockets.
func (f *Fleet) Open(context.Context) error { return nil }

// Close ends the fleet and waits for its goroutines.
func (f *Fleet) Close() error { return nil }

// Routers returns all routers, in the order of their addresses.
func (f *Fleet) Routers() []*Router { return nil }

// Router returns the router of that name, nil if there is none.
func (f *Fleet) Router(string) *Router { return nil }

// SNMPPort is the UDP port all agents answer on.
func (f *Fleet) SNMPPort() int { return 0 }

// APIPort is the TCP port of the plain API.
func (f *Fleet) APIPort() int { return 0 }

// APITLSPort is the TCP port of the API over TLS.
func (f *Fleet) APITLSPort() int { return 0 }

// Certificate returns the self-signed certificate of the TLS port, PEM.
func (f *Fleet) Certificate() []byte { return nil }

// Fingerprint returns the SHA-256 of the certificate's DER, in lower-case hex.
func (f *Fleet) Fingerprint() string { return "" }

// OnRequest sets what is called for every request datagram and every API sentence. Set it before
// Open; it must be quick and may be called from several goroutines.
func (f *Fleet) OnRequest(func(addr netip.Addr, face string, at time.Time)) {}

// Router is one simulated router.
type Router struct{}

// Name is the router's name, which is also its identity and its sysName.
func (r *Router) Name() string { return "" }

// Address is where it answers.
func (r *Router) Address() netip.Addr { return netip.Addr{} }

// Model is the board's name.
func (r *Router) Model() string { return "" }

// Version is that of its RouterOS.
func (r *Router) Version() string { return "" }

// InterfaceCount is the number of static interfaces; methods that take an index count from 0, the
// interface's ifIndex is one more.
func (r *Router) InterfaceCount() int { return 0 }

// SetDown makes it answer nothing on either face.
func (r *Router) SetDown(bool) {}

// SetDelay makes every answer late.
func (r *Router) SetDelay(time.Duration) {}

// Reboot sets its counters and uptime to zero; it is away for a few seconds.
func (r *Router) Reboot() {}

// RenameInterface renames static interface i (from 0). Any bytes are allowed.
func (r *Router) RenameInterface(i int, name string) {}

// SetCounter sets the byte counters of static interface i (from 0); they count on from there.
func (r *Router) SetCounter(i int, rx, tx uint64) {}

// AddPPP logs a PPPoE user in.
func (r *Router) AddPPP(user string) {}

// RemovePPP logs a PPPoE user out.
func (r *Router) RemovePPP(user string) {}

// AddHotspot logs a hotspot user in.
func (r *Router) AddHotspot(user, mac string) {}

// RemoveHotspot logs a hotspot user out.
func (r *Router) RemoveHotspot(user string) {}

// RefuseLogin makes the API refuse every login.
func (r *Router) RefuseLogin(bool) {}

// Recording serves a recorded device.
type Recording struct{}

// OpenRecording reads a recording and serves it.
func OpenRecording(path string, opts RecordingOptions) (*Recording, error) { return &Recording{}, nil }

// Addr is where the recording's agent listens.
func (r *Recording) Addr() netip.AddrPort { return netip.AddrPort{} }

// Close ends it.
func (r *Recording) Close() error { return nil }
