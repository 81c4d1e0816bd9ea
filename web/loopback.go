package web

import (
	"net"
	"net/http"
)

// FromLoopback reports that a request was made on this machine and for it. A proxy on the same machine
// is told by the headers it adds. The Host is checked because a page from elsewhere can have its own
// name point to 127.0.0.1 (DNS rebinding), and must not read what is here.
func FromLoopback(r *http.Request) bool {
	for _, h := range [...]string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
		if r.Header.Get(h) != "" {
			return false
		}
	}
	remote, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && isLoopback(remote) && isLoopback(hostOnly(r.Host))
}

// hostOnly takes the port off, if there is one.
func hostOnly(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	if n := len(hostport); n > 2 && hostport[0] == '[' && hostport[n-1] == ']' {
		return hostport[1 : n-1]
	}
	return hostport
}
