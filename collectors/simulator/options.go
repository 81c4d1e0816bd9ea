package simulator

import (
	"fmt"
	"log/slog"
	"net/netip"
	"time"
)

func (o *Options) setDefaults() {
	if o.Routers == 0 {
		o.Routers = 25
	}
	setDefault(&o.Community, "public")
	setDefault(&o.User, "telemetry")
	setDefault(&o.Password, "telemetry")
	if !o.FirstAddress.IsValid() {
		o.FirstAddress = netip.AddrFrom4([4]byte{127, 64, 0, 1})
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	o.Routers, o.Interfaces = max(0, o.Routers), max(0, o.Interfaces)
}

func setDefault(s *string, value string) {
	if *s == "" {
		*s = value
	}
}

// check refuses what Open cannot serve.
func (o *Options) check() error {
	loopback := netip.PrefixFrom(netip.AddrFrom4([4]byte{127}), 8)
	if !loopback.Contains(o.FirstAddress) {
		return fmt.Errorf("first address %s: simulated routers live in %s", o.FirstAddress, loopback)
	}
	if last := addrOffset(o.FirstAddress, netip.AddrFrom4([4]byte{127, 255, 255, 254})); o.Routers > last {
		return fmt.Errorf("%d routers from %s: only %d addresses are left in %s", o.Routers, o.FirstAddress, last, loopback)
	}
	return nil
}
