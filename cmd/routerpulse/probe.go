package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/routerpulse/routerpulse/collectors"
	"github.com/routerpulse/routerpulse/collectors/routeros"
	"github.com/routerpulse/routerpulse/collectors/snmp"
	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

// probeOptions are the flags of probe, and of what asks one device as it does.
type probeOptions struct {
	community, snmpVersion          string
	snmpUser, auth, priv, context   string
	authFile, privFile              string // with the passwords
	user, passwordFile, caFile, pin string
	snmpPort, apiPort               int
	insecure, json                  bool
	timeout                         time.Duration
}

func newProbe(io streams) *cobra.Command {
	var o probeOptions
	cmd := &cobra.Command{
		Use: "probe ADDRESS", Short: "Print what would be collected from one device, without any config",
		Args: oneArg("the address of the device"),
		Example: "  routerpulse probe 10.0.0.1 --community public\n" +
			"  routerpulse probe 10.0.0.1 --snmp-user noc --auth sha1 --auth-password-file a --priv aes --priv-password-file p\n" +
			"  routerpulse probe 10.0.0.1 --user telemetry --password-file pw --pin 3f…a9\n" +
			"  routerpulse probe 10.0.0.1 --community public --user telemetry --password-file pw --insecure --json",
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := o.config(args[0])
			if err != nil {
				return err
			}
			return probe(cmd.Context(), cfg, o, io)
		}}
	o.flags(cmd.Flags())
	cmd.Flags().BoolVar(&o.json, "json", false, "as JSON")
	cmd.Flags().DurationVar(&o.timeout, "timeout", 30*time.Second, "the most that it may take")
	return cmd
}

// flags are those that say whom to ask and with which credentials; walk has the same.
func (o *probeOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.community, "community", "", "SNMP community")
	f.StringVar(&o.snmpVersion, "snmp-version", "2c", "SNMP version: 1, 2c or 3; --snmp-user makes it 3")
	f.StringVar(&o.snmpUser, "snmp-user", "", "user of SNMP v3")
	f.StringVar(&o.auth, "auth", "", "how SNMP v3 signs: md5, sha1, sha224, sha256, sha384 or sha512")
	f.StringVar(&o.authFile, "auth-password-file", "", "file that holds the password for --auth")
	f.StringVar(&o.priv, "priv", "", "how SNMP v3 encrypts: des, aes128, aes192, aes256, aes192c or aes256c")
	f.StringVar(&o.privFile, "priv-password-file", "", "file that holds the password for --priv")
	f.StringVar(&o.context, "context", "", "context of SNMP v3")
	f.IntVar(&o.snmpPort, "snmp-port", 161, "UDP port of SNMP")
	f.StringVar(&o.user, "user", "", "user of the RouterOS API")
	f.StringVar(&o.passwordFile, "password-file", "", "file that holds the user's password")
	f.IntVar(&o.apiPort, "api-port", 0, "TCP port of the API (default 8729, with --insecure 8728)")
	f.StringVar(&o.caFile, "ca-file", "", "certificate of the authority that signed the router's")
	f.StringVar(&o.pin, "pin", "", "SHA-256 fingerprint of the router's certificate")
	f.BoolVar(&o.insecure, "insecure", false, "use the API without TLS: the password travels in clear")
}

// config is the config of one device, as a file would say it.
func (o *probeOptions) config(address string) (collectors.Config, error) {
	cfg := collectors.DefaultConfig()
	device := collectors.DeviceConfig{Name: address, Address: address}
	if host, port, err := net.SplitHostPort(address); err == nil {
		n, _ := strconv.Atoi(port)
		return cfg, usageError{fmt.Errorf("give the port by itself: %s --snmp-port %d (or --api-port)", host, n)}
	}
	if !o.asksSNMP() && o.user == "" {
		return cfg, usageError{errors.New("say how to ask: --community C for SNMP, --snmp-user U for SNMP v3, --user U --password-file F for the RouterOS API, or both")}
	}
	if o.user != "" && o.passwordFile == "" {
		return cfg, usageError{errors.New("--user needs --password-file F: a password on the command line would be seen by everybody on this machine")}
	}
	if o.asksSNMP() {
		device.SNMP.Port = o.snmpPort
		device.Credentials = append(device.Credentials, "snmp")
		cfg.Credentials = append(cfg.Credentials, collectors.Credential{Name: "snmp",
			SNMP: o.snmpCredential()})
	}
	if o.user != "" {
		device.RouterOS.Port = o.apiPort
		device.Credentials = append(device.Credentials, "api")
		cfg.Credentials = append(cfg.Credentials, collectors.Credential{Name: "api", RouterOS: o.apiCredential()})
	}
	cfg.Devices = []collectors.DeviceConfig{device}
	var wrong []error
	cfg.Validate(configs.NewReport(func(_, message, hint string) {
		wrong = append(wrong, fmt.Errorf("%s (%s)", message, probeHint(hint)))
	}))
	if len(wrong) > 0 {
		return cfg, usageError{errors.Join(wrong...)}
	}
	return cfg, nil
}

// probeHint names the flags where a hint names keys of the config file.
func probeHint(hint string) string {
	return strings.NewReplacer("auth_password_file: with a path, or auth_password: \"${A_VARIABLE}\"", "--auth-password-file F",
		"priv_password_file: with a path, or priv_password: \"${A_VARIABLE}\"", "--priv-password-file F",
		"version: 2c", "--snmp-version 2c", "version: 3", "--snmp-version 3", "add auth:", "add --auth", "add priv:", "add --priv",
		"insecure: true", "--insecure", "ca_file", "--ca-file", "password_file", "--password-file", "pin:", "--pin").Replace(hint)
}

// asksSNMP reports that a flag says something of SNMP.
func (o *probeOptions) asksSNMP() bool {
	return o.community != "" || o.snmpUser != "" || o.snmpVersion == "3"
}

func (o *probeOptions) snmpCredential() *snmp.Credential {
	version := o.snmpVersion
	if o.snmpUser != "" {
		version = "3"
	}
	return &snmp.Credential{Version: version, Community: configs.NewSecret(o.community),
		User: o.snmpUser, Auth: o.auth, AuthPasswordFile: configs.File(o.authFile),
		Priv: o.priv, PrivPasswordFile: configs.File(o.privFile), Context: o.context}
}

func (o *probeOptions) apiCredential() *routeros.Credential {
	return &routeros.Credential{User: o.user, PasswordFile: configs.File(o.passwordFile), Insecure: o.insecure,
		TLS: routeros.TLS{CAFile: configs.File(o.caFile), Pin: o.pin}}
}

// probe reads every lane once and prints what came.
func probe(ctx context.Context, cfg collectors.Config, o probeOptions, io streams) error {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	c, err := collectors.New(cfg, pipeline.NewSchema(), prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	tables, err := c.ReadOnce(ctx, cfg.Devices[0].Name)
	var why []string
	if err != nil {
		why = reasons(err)
	}
	if o.json || slices.ContainsFunc(tables, func(t pipeline.TableRead) bool { return t.Status == pipeline.Whole }) {
		if printErr := printTables(io.out, tables, why, o.json); printErr != nil {
			return printErr
		}
	}
	if err != nil {
		for _, reason := range why {
			fmt.Fprintln(io.err, "probe: "+reason)
		}
		return errReported
	}
	return nil
}

// reasons are the distinct errors inside a joined one, which writes each on a line.
func reasons(err error) (out []string) {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if line = strings.TrimSpace(line); !slices.Contains(out, line) {
			out = append(out, line)
		}
	}
	return out
}

func printTables(w io.Writer, tables []pipeline.TableRead, why []string, asJSON bool) error {
	if asJSON {
		return printTablesJSON(w, tables, why)
	}
	if err := printTablesText(w, tables); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, "Rates (bits and packets per second) come from two polls, so they are not shown here.")
	return err
}
