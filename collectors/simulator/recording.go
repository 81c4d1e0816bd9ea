package simulator

import "net/netip"

// Recording serves a recorded device.
type Recording struct{}

// OpenRecording reads a recording and serves it.
func OpenRecording(path string, opts RecordingOptions) (*Recording, error) { return &Recording{}, nil }

// Addr is where the recording's agent listens.
func (r *Recording) Addr() netip.AddrPort { return netip.AddrPort{} }

// Close ends it.
func (r *Recording) Close() error { return nil }
