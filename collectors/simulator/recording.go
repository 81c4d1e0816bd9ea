package simulator

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
)

// Recording serves one recorded device over SNMP v1 and v2c. Its values do not change.
type Recording struct {
	community string
	objects   recordedMIB
	udp       *net.UDPConn
	wg        sync.WaitGroup
}

// OpenRecording reads a .snmprec file (a line is OID|type|value; the type is the BER tag in decimal,
// with an x when the value is in hex) and answers for the device that it was made of.
func OpenRecording(path string, opts RecordingOptions) (*Recording, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("simulator: recording: %w", err)
	}
	defer func() { _ = file.Close() }()
	objects, err := readRecording(file)
	if err != nil {
		return nil, fmt.Errorf("simulator: recording %s: %w", path, err)
	}
	setDefault(&opts.Addr, "127.0.0.1:0")
	setDefault(&opts.Community, "public")
	address, err := net.ResolveUDPAddr("udp4", opts.Addr)
	if err != nil {
		return nil, fmt.Errorf("simulator: recording: %w", err)
	}
	udp, err := net.ListenUDP("udp4", address)
	if err != nil {
		return nil, fmt.Errorf("simulator: recording: %w", err)
	}
	r := &Recording{community: opts.Community, objects: objects, udp: udp}
	r.wg.Go(r.serve)
	return r, nil
}

// maxRecordedMessage lets the longest texts of recorded devices through; over loopback that works.
const maxRecordedMessage = 60_000

// Addr is where the agent listens.
func (r *Recording) Addr() netip.AddrPort { return r.udp.LocalAddr().(*net.UDPAddr).AddrPort() }

// Len is the number of objects.
func (r *Recording) Len() int { return len(r.objects) }

// Close ends the agent and waits for it.
func (r *Recording) Close() error {
	err := r.udp.Close()
	r.wg.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (r *Recording) serve() {
	var (
		q    request
		a    answerer
		data = make([]byte, maxRequest)
	)
	a.out.whole = maxRecordedMessage
	for {
		n, from, err := r.udp.ReadFromUDPAddrPort(data)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || q.decode(data[:n]) != nil || !q.knows(r.community) {
			continue
		}
		_, _ = r.udp.WriteToUDPAddrPort(a.answer(&q, r.objects), from)
	}
}
