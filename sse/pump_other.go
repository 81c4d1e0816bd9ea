//go:build !linux

package sse

import (
	"errors"
	"net"
)

// pump serves many plain connections with few goroutines. It is made for Linux; elsewhere each stream
// has the goroutine of its request.
type pump struct{}

func newPump(*Hub) (*pump, error) { return nil, errNotPlain }

func (*pump) close() {}

var errNotPlain = errors.New("there is no pump on this system")

func (*pump) serve(net.Conn, []byte, *query, func()) error { return errNotPlain }
