package main

import (
	"os"
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/sse/access"
)

func newServe(io streams) *cobra.Command {
	file := ""
	cmd := &cobra.Command{
		Use: "serve", Short: "Run it: poll, keep, push (the default)", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			name, err := configFile(file)
			if err != nil {
				return err
			}
			cfg, files, err := readConfig(name, cmd.Flags())
			if err != nil {
				return reportProblems(err, io.err)
			}
			balanceMemory(len(cfg.Collectors.Devices))
			log, level := newLogger(cfg.Log, io.err)
			app, err := build(cfg, prometheus.NewRegistry(), log)
			if err != nil {
				return err
			}
			read := func() (Config, *configs.Files, error) { return readConfig(name, cmd.Flags()) }
			app.reloads = newReloads(app, files, level, read)
			for _, advice := range cfg.Advice() {
				log.Warn(advice)
			}
			log.Info("config read", "file", name, "devices", len(cfg.Collectors.Devices), "channels", len(cfg.Stream.Channels))
			return app.run(cmd.Context(), app.announce)
		}}
	cmd.Flags().StringVarP(&file, "config.file", "c", "", "the config file (default routerpulse.yaml here, else in /etc/routerpulse)")
	settingFlags(cmd.Flags())
	return cmd
}

// manyDevices is from where on memory is dearer than CPU.
const manyDevices = 2000

// balanceMemory lets garbage of a large fleet be half of what is alive, not as much as it: of 10,000 routers
// that is a third of the memory. In a small fleet it may be twice as much, which is some megabytes, and
// spares a twentieth of the CPU. GOGC in the environment counts before.
func balanceMemory(devices int) {
	switch {
	case os.Getenv("GOGC") != "":
	case devices >= manyDevices:
		debug.SetGCPercent(50)
	default:
		debug.SetGCPercent(200)
	}
}

// announce says where the page is. Where nobody could log in, because there is neither token nor user and only this
// machine can reach the page, it gives a link that logs in once.
func (a *app) announce() {
	a.log.Info("page is at " + a.pageURL())
	if a.cfg.Stream.Access.NobodyLogsIn() && a.cfg.Web.Loopback() {
		code := a.hub.Access().NewLoginCode(access.Identity{User: "local", Roles: []string{"viewer", "admin"}})
		a.log.Info("log in, once and within 10 minutes, at " + a.pageURL() + "login?code=" + code)
	}
}
