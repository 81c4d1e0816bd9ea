package access

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Address tells where a request comes from: the peer, or what a trusted proxy says of it. Of a chain of
// proxies it takes the nearest address that is not trusted, as only those after it can be believed.
func (a *Access) Address(r *http.Request) netip.Addr {
	peer := peerOf(r)
	if !a.isTrusted(peer) {
		return peer
	}
	chain := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(chain) - 1; i >= 0; i-- {
		addr, err := netip.ParseAddr(strings.TrimSpace(chain[i]))
		if err != nil {
			break
		}
		if peer = addr.Unmap(); !a.isTrusted(peer) {
			break
		}
	}
	return peer
}

// secure reports that the client speaks TLS, to us or to a trusted proxy.
func (a *Access) secure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	return a.isTrusted(peerOf(r)) && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

// Client tells which connections count as one client's, by where they come from. bounded is false for a
// trusted proxy, which comes in the name of many.
func (a *Access) Client(addr netip.Addr) (house netip.Prefix, bounded bool) {
	return Household(addr), !a.isTrusted(addr)
}

func (a *Access) isTrusted(addr netip.Addr) bool {
	for _, p := range a.rules.Load().trusted {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

func peerOf(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	addr, _ := netip.ParseAddr(host) // a test's request may have none
	return addr.Unmap().WithZone("")
}
