package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"github.com/routerpulse/routerpulse/collectors"
	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/sinks"
	"github.com/routerpulse/routerpulse/sinks/embedded"
	"github.com/routerpulse/routerpulse/sse"
	"github.com/routerpulse/routerpulse/sse/access"
	"github.com/routerpulse/routerpulse/web"
)

// Config is the whole file, composed of what each part declares.
type Config struct {
	Data       string            `yaml:"data"` // folder of everything that has no path of its own
	Web        web.Config        `yaml:"web"`
	Log        LogConfig         `yaml:"log"`
	Storage    sinks.Config      `yaml:"storage"`
	Collectors collectors.Config `yaml:",inline"` // credentials, lanes, devices
	Stream     sse.Config        `yaml:",inline"` // access, channels
}

// DefaultConfig is what a file that says nothing means.
func DefaultConfig() Config {
	return Config{
		Web: web.DefaultConfig(), Log: LogConfig{Level: "info", Format: "logfmt"},
		Collectors: collectors.DefaultConfig(), Stream: sse.DefaultConfig(),
	}
}

// Validate reports everything that is wrong with it.
func (c *Config) Validate(r *configs.Report) {
	c.Web.Validate(r.At("web"))
	c.Log.Validate(r.At("log"))
	c.Storage.Validate(r.At("storage"))
	c.Collectors.Validate(r)
	c.Stream.Validate(r)
	if p := c.Web.Prefix; p != "" && !access.PlainPrefix(p) {
		r.At("web", "prefix").Errorf("write the path that the proxy serves it under, without a slash at its end: /pulse", "%q is no prefix", p)
	}
	if _, _, err := net.SplitHostPort(c.Web.Listen); err != nil {
		return // reported by its part
	}
	if !c.Web.Insecure && c.Stream.Access.KnowsNobody() && !c.Web.Loopback() {
		r.At("web", "listen").Errorf("add access: tokens: (routerpulse token makes one) or users: (routerpulse hash-password), listen on 127.0.0.1, or set web: { insecure: true }",
			"listening on %s without any access rule would show the routers to everybody who can reach it", c.Web.Listen)
	}
}

// Advice lists what could be better, though nothing is wrong with it.
func (c *Config) Advice() []string {
	advice := c.Collectors.Advice()
	rare := c.Collectors.ReadRarely(embedded.Lookback)
	if c.Storage.Store() == nil || len(rare) == 0 {
		return advice
	}
	return append(advice, fmt.Sprintf("%s: read no oftener than every %s, which is how long a value holds in the embedded store: charts and alerts have gaps. "+
		"Read it oftener, or ask for last_over_time(…[1d])", strings.Join(rare, ", "), configs.Duration(embedded.Lookback)))
}

// configFile finds the config file to use.
func configFile(given string) (string, error) {
	if given != "" {
		return given, nil
	}
	const here, system = "routerpulse.yaml", "/etc/routerpulse/routerpulse.yaml"
	for _, name := range []string{here, system} {
		if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			return name, nil
		}
	}
	return "", fmt.Errorf("there is no %s and no %s: make one with 'routerpulse init', name one with --config.file, or look at 'routerpulse demo'", here, system)
}

// loadConfig reads and checks a file, then applies flags and environment. Problems are written to
// errOut, one a line.
func loadConfig(file string, flags *pflag.FlagSet, errOut io.Writer) (Config, error) {
	cfg, _, err := readConfig(file, flags)
	return cfg, reportProblems(err, errOut)
}

// readConfig is loadConfig for who reports problems otherwise. It also tells what was read, even when
// that is no good.
func readConfig(file string, flags *pflag.FlagSet) (Config, *configs.Files, error) {
	cfg := DefaultConfig()
	files, err := configs.LoadFiles(file, &cfg)
	if err == nil {
		err = applySettings(&cfg, flags)
	}
	return cfg, files, err
}

func reportProblems(err error, errOut io.Writer) error {
	var problems configs.Problems
	if !errors.As(err, &problems) {
		return err
	}
	for _, p := range problems {
		fmt.Fprintln(errOut, p.Error())
	}
	fmt.Fprintf(errOut, "%d problem(s) found\n", len(problems))
	return errReported
}

// settingFlags are the process settings that may come from flags and environment as well.
func settingFlags(f *pflag.FlagSet) {
	f.String("listen", "", "address of the web server, HOST:PORT (also ROUTERPULSE_LISTEN)")
	f.String("data", "", "folder for everything that is kept (also ROUTERPULSE_DATA)")
	f.String("log.level", "", "debug, info, warn or error (also ROUTERPULSE_LOG_LEVEL)")
	f.String("log.format", "", "logfmt or json (also ROUTERPULSE_LOG_FORMAT)")
}

// applySettings lets a flag win over the environment, and that over the file.
func applySettings(cfg *Config, flags *pflag.FlagSet) error {
	v := viper.NewWithOptions(viper.KeyDelimiter("::"))
	for _, s := range []struct {
		flag, env string
		value     *string
	}{
		{"listen", "ROUTERPULSE_LISTEN", &cfg.Web.Listen}, {"data", "ROUTERPULSE_DATA", &cfg.Data},
		{"log.level", "ROUTERPULSE_LOG_LEVEL", &cfg.Log.Level}, {"log.format", "ROUTERPULSE_LOG_FORMAT", &cfg.Log.Format},
	} {
		v.SetDefault(s.flag, *s.value)
		if err := v.BindEnv(s.flag, s.env); err != nil {
			return err
		}
		if f := flags.Lookup(s.flag); f != nil {
			if err := v.BindPFlag(s.flag, f); err != nil {
				return err
			}
		}
		*s.value = v.GetString(s.flag)
	}
	if cfg.Data != "" {
		storeUnder(&cfg.Storage, cfg.Data)
	}
	var wrong []error
	cfg.Validate(configs.NewReport(func(path, message, hint string) {
		wrong = append(wrong, usageError{fmt.Errorf("%s: %s (%s)", path, message, hint)})
	}))
	return errors.Join(wrong...)
}

// dataFolder is where everything is kept that has no path of its own; "" where nothing is to be kept.
func (c *Config) dataFolder() string {
	if c.Data != "" || c.Storage.None {
		return c.Data
	}
	if store := c.Storage.Store(); store != nil {
		return store.Path
	}
	return embedded.DefaultConfig().Path
}

// storeUnder puts the embedded store into a folder, unless it has a path of its own.
func storeUnder(c *sinks.Config, folder string) {
	if store := c.Store(); store != nil && store.Path == embedded.DefaultConfig().Path {
		store.Path = folder
		c.Embedded = store
	}
}
