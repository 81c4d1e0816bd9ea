package routeros

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/routerpulse/routerpulse/pipeline"
)

// ErrUntrusted says that the router's certificate is not one that the config trusts, so nothing was
// sent to it, the password least of all. Beside it Collect and Check use the errors of package
// pipeline.
var ErrUntrusted = errors.New("certificate not trusted")

// What went wrong with a connection. Each ends it: after any of them nobody knows where the next
// sentence begins.
var (
	errProtocol = errors.New("not the RouterOS API")
	errLimit    = errors.New("answer too large")
	errLost     = errors.New("connection closed by the router")
	errFatal    = errors.New("router ended the session")
	errBusy     = errors.New("connection busy with another table")
	errClosed   = errors.New("collector is closed")
	errVersion  = errors.New("version of RouterOS not known")
)

func protocolError(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errProtocol, fmt.Sprintf(format, args...))
}

func limitError(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errLimit, fmt.Sprintf(format, args...))
}

// trapError is what a router answers to a request that it does not carry out. It concerns that
// request alone.
type trapError struct {
	category string // 0 missing item or command, …, 7 value of :return; "" if the router did not say
	message  string
}

func (e *trapError) Error() string {
	if e.message == "" {
		return "router refused the request without saying why"
	}
	return "router says: " + e.message
}

// ioError tells in the words of package pipeline why a read or a write failed. ctx is that of the
// request.
func ioError(ctx context.Context, err error) error {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return context.Cause(ctx)
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w within the time allowed", pipeline.ErrNoAnswer)
	case isLost(err):
		return errLost
	}
	return err
}

// isLost reports that the other side ended the connection.
func isLost(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed)
}

// dialError tells why no connection came about.
func dialError(ctx context.Context, err error) error {
	var timeout net.Error
	var name *net.DNSError
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return context.Cause(ctx)
	case errors.As(err, &name):
		return fmt.Errorf("connect: %w: %w", pipeline.ErrUnreachable, name)
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("connect: %w: a filter, or no router at this address", pipeline.ErrNoAnswer)
	}
	return fmt.Errorf("connect: %w: %w: enable the service (/ip service) and allow this address there",
		pipeline.ErrUnreachable, withoutAddress(err))
}

// withoutAddress drops the addresses that net.OpError repeats.
func withoutAddress(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// tlsError tells why no TLS session came about.
func tlsError(ctx context.Context, err error) error {
	var unverified *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return context.Cause(ctx)
	case errors.Is(err, ErrUntrusted):
		return err
	case errors.As(err, &unverified):
		return untrusted(unverified.Err, unverified.UnverifiedCertificates)
	case errors.As(err, &record):
		return fmt.Errorf("TLS: %w: is this the plain API's port? api-ssl has its own", errProtocol)
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("TLS: %w: is this the plain API's port? api-ssl has its own", pipeline.ErrNoAnswer)
	case isLost(err):
		return fmt.Errorf("TLS: %w: %w: is this address allowed in /ip service?", pipeline.ErrUnreachable, errLost)
	}
	return fmt.Errorf("TLS: %w: give api-ssl a certificate, and allow TLS 1.2 or later", err)
}

func untrusted(why error, shown []*x509.Certificate) error {
	if len(shown) == 0 {
		return fmt.Errorf("%w: %w", ErrUntrusted, why)
	}
	return fmt.Errorf("%w: %w: set ca_file, or pin if this is the router's own fingerprint: %s",
		ErrUntrusted, why, fingerprint(shown[0]))
}
