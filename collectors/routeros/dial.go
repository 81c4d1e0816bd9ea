package routeros

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	library "github.com/go-routeros/routeros/v3"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

const connectTime = 10 * time.Second

func loginPatience() patience { return patience{total: 10 * time.Second, silence: 10 * time.Second} }

// dialer makes sessions with one router.
type dialer struct {
	target Target
	shared *Shared
	heard  *atomic.Int64
	tap    func(net.Conn) net.Conn // listens to a connection once it is logged in; nil for none
}

// dial connects and logs in. Over TLS the password is sent only after the certificate was verified.
func (d *dialer) dial(ctx context.Context) (*session, error) {
	password, err := d.target.Credential.password()
	if err != nil {
		return nil, err
	}
	s, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := d.login(ctx, s, password); err != nil {
		s.abort()
		return nil, err
	}
	d.heard.Store(time.Now().UnixNano())
	if d.tap != nil {
		s.conn = d.tap(s.conn)
	}
	return s, nil
}

func (d *dialer) connect(ctx context.Context) (*session, error) {
	within, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	var config *tls.Config
	if !d.target.Credential.Insecure {
		var err error
		if config, err = d.target.Credential.TLS.tlsConfig(d.target.Address); err != nil {
			return nil, err
		}
	}
	tcp := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 30 * time.Second, Interval: 10 * time.Second, Count: 3}}
	raw, err := tcp.DialContext(within, "tcp", d.target.endpoint())
	if err != nil {
		return nil, dialError(ctx, err)
	}
	s := &session{conn: raw, raw: raw, heard: d.heard}
	if config == nil {
		return s, nil
	}
	secure := tls.Client(raw, config)
	if err := secure.HandshakeContext(within); err != nil {
		s.abort()
		return nil, tlsError(ctx, err)
	}
	s.conn = secure
	return s, nil
}

// login uses the library's: name and password, and the challenge of routers before 6.43.
func (d *dialer) login(ctx context.Context, s *session, password configs.Secret) error {
	w := d.shared.wire()
	w.attach(ctx, s.conn, loginPatience())
	client, err := library.NewClient(w)
	if err == nil {
		client.SetLogHandler(slog.DiscardHandler) // its Debug prints the password
		err = client.LoginContext(ctx, d.target.Credential.User, password.Reveal())
	}
	err = loginError(w.explain(err), d.target.Credential.User)
	d.shared.metrics.moved(w)
	clean := w.detach()
	switch {
	case err != nil:
		return err
	case !clean:
		return fmt.Errorf("login: %w", protocolError("bytes after the end of the answer"))
	}
	d.shared.wires.Put(w)
	return nil
}

// loginError tells a refusal from a connection that failed.
func loginError(err error, user string) error {
	var said *library.DeviceError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &said):
		return fmt.Errorf("login as %s: %w: router says: %s (tried again after 1, 5, then every 30 minutes)",
			pipeline.CleanName(user), pipeline.ErrRefused, pipeline.CleanName(said.Sentence.Map["message"]))
	case errors.Is(err, errLost):
		return fmt.Errorf("login: %w: %w: is this address allowed in /ip service?", pipeline.ErrUnreachable, err)
	}
	return fmt.Errorf("login: %w", err)
}
