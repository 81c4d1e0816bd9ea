package simulator

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// The files of a recording that is a folder.
const (
	recordedSNMPFile = "snmp.snmprec"
	recordedAPIFile  = "api.json"
)

// Recording serves one recorded device: its SNMP agent (v1 and v2c), its RouterOS API (plain), or
// both. Its values do not change.
type Recording struct {
	opts    RecordingOptions
	objects recordedMIB
	api     *recordedAPI // nil: the API was not recorded
	faults  []string

	udp   *net.UDPConn     // nil: SNMP was not recorded
	tcp   *net.TCPListener // nil: nor was the API
	conns connections
	wg    sync.WaitGroup
}

// OpenRecording reads what was recorded of a device and answers for it. path is a .snmprec file (a line
// is OID|type|value; the type is the BER tag in decimal, with an x when the value is in hex), a .json
// file of the RouterOS API, or a folder that holds snmp.snmprec, api.json or both.
//
// What is wrong with a .snmprec file is put up with, as long as anything can be read of it; the logger
// is told once, and Faults tells it again.
func OpenRecording(path string, opts RecordingOptions) (*Recording, error) {
	opts.setDefaults()
	r := &Recording{opts: opts}
	if err := r.read(path); err != nil {
		return nil, fmt.Errorf("simulator: recording: %w", err)
	}
	if err := r.listen(); err != nil {
		return nil, errors.Join(fmt.Errorf("simulator: recording %s: %w", path, err), r.Close())
	}
	if len(r.faults) > 0 {
		opts.Logger.Warn("a recording is not in order", "recording", path, "faults", strings.Join(r.faults, "; "))
	}
	return r, nil
}

func (o *RecordingOptions) setDefaults() {
	setDefault(&o.Addr, "127.0.0.1:0")
	setDefault(&o.APIAddr, "127.0.0.1:0")
	setDefault(&o.Community, "public")
	setDefault(&o.User, "telemetry")
	setDefault(&o.Password, "telemetry")
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

func (r *Recording) read(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case !info.IsDir() && strings.HasSuffix(path, ".json"):
		return r.readAPI(path)
	case !info.IsDir():
		return r.readSNMP(path)
	}
	errSNMP, errAPI := r.readSNMP(filepath.Join(path, recordedSNMPFile)), r.readAPI(filepath.Join(path, recordedAPIFile))
	switch noSNMP, noAPI := errors.Is(errSNMP, fs.ErrNotExist), errors.Is(errAPI, fs.ErrNotExist); {
	case noSNMP && noAPI:
		return fmt.Errorf("%s holds neither %s nor %s: %w", path, recordedSNMPFile, recordedAPIFile, fs.ErrNotExist)
	case noSNMP:
		return errAPI
	case noAPI:
		return errSNMP
	}
	return errors.Join(errSNMP, errAPI)
}

func (r *Recording) readSNMP(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	objects, faults, err := readRecording(file)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	r.objects, r.faults = objects, faults.list()
	return nil
}

func (r *Recording) readAPI(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	api, err := parseRecordedAPI(text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	r.api = api
	return nil
}

func (r *Recording) listen() error {
	if r.objects != nil {
		address, err := net.ResolveUDPAddr("udp4", r.opts.Addr)
		if err != nil {
			return err
		}
		if r.udp, err = net.ListenUDP("udp4", address); err != nil {
			return err
		}
		r.wg.Go(r.serveSNMP)
	}
	if r.api != nil {
		address, err := net.ResolveTCPAddr("tcp4", r.opts.APIAddr)
		if err != nil {
			return err
		}
		if r.tcp, err = net.ListenTCP("tcp4", address); err != nil {
			return err
		}
		r.wg.Go(r.serveAPI)
	}
	return nil
}

// maxRecordedMessage lets the longest texts of recorded devices through; over loopback that works.
const maxRecordedMessage = 60_000

// Addr is where the agent listens; the zero value if SNMP was not recorded.
func (r *Recording) Addr() netip.AddrPort {
	if r.udp == nil {
		return netip.AddrPort{}
	}
	return r.udp.LocalAddr().(*net.UDPAddr).AddrPort()
}

// APIAddr is where the RouterOS API listens; the zero value if it was not recorded.
func (r *Recording) APIAddr() netip.AddrPort {
	if r.tcp == nil {
		return netip.AddrPort{}
	}
	return r.tcp.Addr().(*net.TCPAddr).AddrPort()
}

// Len is the number of SNMP objects.
func (r *Recording) Len() int { return len(r.objects) }

// Faults are what is wrong with the files, each in a few words; nil when nothing is.
func (r *Recording) Faults() []string { return r.faults }

// Close ends what answers and waits for it.
func (r *Recording) Close() error {
	var errs []error
	if r.udp != nil {
		errs = append(errs, r.udp.Close())
	}
	if r.tcp != nil {
		errs = append(errs, r.tcp.Close())
	}
	r.conns.closeAll()
	r.wg.Wait()
	for i, err := range errs {
		if errors.Is(err, net.ErrClosed) {
			errs[i] = nil
		}
	}
	return errors.Join(errs...)
}

func (r *Recording) serveSNMP() {
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
		if err != nil || q.decode(data[:n]) != nil || !q.knows(r.opts.Community) {
			continue
		}
		_, _ = r.udp.WriteToUDPAddrPort(a.answer(&q, r.objects), from)
	}
}
