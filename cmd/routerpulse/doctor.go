package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/routerpulse/routerpulse/configs"
)

// doctorOptions are the flags of doctor.
type doctorOptions struct {
	file, url, tokenFile string
	wait                 time.Duration
	flags                *pflag.FlagSet
}

func newDoctor(io streams) *cobra.Command {
	var o doctorOptions
	cmd := &cobra.Command{
		Use: "doctor", Short: "Say in words what is wrong, and what to do: exit 0 or 1", Args: noArgs,
		Long: "Looks at the config, the data folder and the RouterPulse that runs with it, and says what is wrong and what\n" +
			"to do about it. Where none runs, it asks the routers and databases itself. It changes nothing.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.flags = cmd.Flags()
			d, err := diagnose(cmd.Context(), o)
			if err != nil {
				return err
			}
			return d.print(io.out)
		}}
	f := cmd.Flags()
	f.StringVarP(&o.file, "config.file", "c", "", "the config file (default routerpulse.yaml here, else in /etc/routerpulse)")
	f.StringVar(&o.url, "url", "", "where RouterPulse listens (default as the config says); without a config there, it alone is looked at")
	f.StringVar(&o.tokenFile, "token-file", "", "file that holds a token with the role metrics or admin, needed from another machine")
	f.DurationVar(&o.wait, "wait", 3*time.Second, "between two looks, to see what grows")
	settingFlags(f)
	return cmd
}

// How much it matters.
type severity int

const (
	fine  severity = iota
	note           // worth knowing
	wrong          // something has to be done
)

// finding is one thing that was found out.
type finding struct {
	severity       severity
	part, what, do string
}

// diagnosis is all that was found out.
type diagnosis struct{ findings []finding }

func (d *diagnosis) fine(part, what string) {
	d.findings = append(d.findings, finding{fine, part, what, ""})
}

func (d *diagnosis) note(part, what, do string) {
	d.findings = append(d.findings, finding{note, part, what, do})
}

func (d *diagnosis) wrong(part, what, do string) {
	d.findings = append(d.findings, finding{wrong, part, what, do})
}

// silent reports that nothing was said of a part.
func (d *diagnosis) silent(part string) bool {
	for _, f := range d.findings {
		if f.part == part {
			return false
		}
	}
	return true
}

// print says everything, and fails if something is wrong.
func (d *diagnosis) print(out io.Writer) error {
	n := 0
	for _, f := range d.findings {
		if f.severity == wrong {
			n++
		}
		fmt.Fprintf(out, "%-5s  %-9s  %s\n", [...]string{"ok", "note", "WRONG"}[f.severity], f.part, f.what)
		if f.do != "" {
			fmt.Fprintf(out, "%-5s  %-9s  → %s\n", "", "", f.do)
		}
	}
	if n > 0 {
		fmt.Fprintf(out, "\n%d thing(s) are wrong\n", n)
		return errReported
	}
	_, err := fmt.Fprintln(out, "\nall is well")
	return err
}

// diagnose looks at everything that can be looked at.
func diagnose(ctx context.Context, o doctorOptions) (*diagnosis, error) {
	token, err := doctorToken(o.tokenFile)
	if err != nil {
		return nil, err
	}
	d := &diagnosis{}
	cfg, known, err := d.config(o)
	if err != nil {
		return nil, err
	}
	if known {
		d.folder(cfg)
	}
	base, err := doctorURL(o.url, cfg)
	if err != nil {
		return nil, err
	}
	i := &instance{base: base, token: token, wait: o.wait}
	runs := d.instance(ctx, i, o.url != "")
	if known && !runs {
		d.port(ctx, cfg)
		d.routers(ctx, cfg)
	}
	if known {
		d.databases(ctx, cfg)
	}
	return d, nil
}

func doctorToken(file string) (configs.Secret, error) {
	if file == "" {
		return configs.Secret{}, nil
	}
	return configs.ReadSecretFile(file)
}

// doctorURL is where the instance is, "" where that cannot be known.
func doctorURL(given string, cfg Config) (string, error) {
	if given != "" {
		u, err := url.Parse(given)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
			return "", usageError{errors.New("--url: an address like http://127.0.0.1:8080 is needed; a token goes into --token-file")}
		}
		return strings.TrimSuffix(given, "/"), nil
	}
	host, port, err := net.SplitHostPort(cfg.Web.Listen)
	if err != nil || port == "0" {
		return "", nil //nolint:nilerr // the config's own check says what is wrong with it
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port), nil
}
