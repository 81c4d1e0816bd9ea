package simulator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"

	"golang.org/x/net/ipv4"
)

// server is what is open while a fleet is: the sockets and the goroutines behind them.
type server struct {
	mu      sync.Mutex // guards open and close
	life    context.Context
	end     context.CancelFunc
	wg      sync.WaitGroup
	udp     *net.UDPConn
	api     *net.TCPListener
	apiTLS  *net.TCPListener
	late    *lateQueue
	conns   connections
	secrets certificate
}

// Open opens the sockets and starts to answer. ctx bounds the opening only; the fleet lives until
// Close.
func (f *Fleet) Open(ctx context.Context) error {
	if err := f.opts.check(); err != nil {
		return fmt.Errorf("simulator: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.life != nil {
		return errors.New("simulator: the fleet is open already")
	}
	if err := f.listen(ctx); err != nil {
		f.closeSockets()
		return fmt.Errorf("simulator: %w", err)
	}
	if !f.opts.Quiet {
		f.origin.Store(f.now())
	}
	f.life, f.end = context.WithCancel(context.Background())
	f.start()
	f.opts.Logger.Info("simulated fleet is open", "routers", len(f.routers), "first", f.opts.FirstAddress,
		"snmp_port", f.SNMPPort(), "api_port", f.APIPort(), "api_tls_port", f.APITLSPort())
	return nil
}

func (f *Fleet) listen(ctx context.Context) error {
	config := net.ListenConfig{Control: keepLocal}
	packets, err := config.ListenPacket(ctx, "udp4", ":"+strconv.Itoa(f.opts.SNMPPort))
	if err != nil {
		return fmt.Errorf("snmp: %w", err)
	}
	f.udp = packets.(*net.UDPConn)
	// Bursts of polls wait here; a kernel that gives less is no error.
	_ = f.udp.SetReadBuffer(4 << 20)
	if err := ipv4.NewPacketConn(f.udp).SetControlMessage(ipv4.FlagDst, true); err != nil {
		return fmt.Errorf("snmp: ask for destination addresses: %w", err)
	}
	if f.api, err = listenTCP(ctx, config, f.opts.APIPort); err != nil {
		return fmt.Errorf("api: %w", err)
	}
	if f.apiTLS, err = listenTCP(ctx, config, 0); err != nil {
		return fmt.Errorf("api over tls: %w", err)
	}
	return f.secrets.make(f.routers)
}

func listenTCP(ctx context.Context, config net.ListenConfig, port int) (*net.TCPListener, error) {
	l, err := config.Listen(ctx, "tcp4", ":"+strconv.Itoa(port))
	if err != nil {
		return nil, err
	}
	return l.(*net.TCPListener), nil
}

// snmpReaders share the socket; answers are made in parallel.
const snmpReaders = 4

func (f *Fleet) start() {
	f.late = newLateQueue(f.udp)
	f.wg.Go(func() { f.late.run(f.life) })
	for range snmpReaders {
		f.wg.Go(f.serveSNMP)
	}
	f.wg.Go(func() { f.accept(f.api, false) })
	f.wg.Go(func() { f.accept(f.apiTLS, true) })
}

// Close ends the fleet and waits for its goroutines. A fleet that is not open needs no Close, but
// may have one.
func (f *Fleet) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.life == nil || f.life.Err() != nil {
		return nil
	}
	f.end()
	f.closeSockets()
	f.conns.closeAll()
	f.wg.Wait()
	return nil
}

func (f *Fleet) closeSockets() {
	if f.udp != nil {
		_ = f.udp.Close()
	}
	for _, l := range []*net.TCPListener{f.api, f.apiTLS} {
		if l != nil {
			_ = l.Close()
		}
	}
}

// SNMPPort is the UDP port all agents answer on; 0 before Open.
func (f *Fleet) SNMPPort() int {
	if f.udp == nil {
		return 0
	}
	return f.udp.LocalAddr().(*net.UDPAddr).Port
}

// APIPort is the TCP port of the plain API; 0 before Open.
func (f *Fleet) APIPort() int { return tcpPort(f.api) }

// APITLSPort is the TCP port of the API over TLS; 0 before Open.
func (f *Fleet) APITLSPort() int { return tcpPort(f.apiTLS) }

func tcpPort(l *net.TCPListener) int {
	if l == nil {
		return 0
	}
	return l.Addr().(*net.TCPAddr).Port
}

// Certificate is the self-signed certificate of the TLS port, PEM; nil before Open. It names the
// first 256 routers by address.
func (f *Fleet) Certificate() []byte { return f.secrets.pem }

// Fingerprint is the SHA-256 of the certificate's DER, lower-case hex; "" before Open.
func (f *Fleet) Fingerprint() string { return f.secrets.fingerprint }
