package main

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
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
			cfg, err := loadConfig(name, cmd.Flags(), io.err)
			if err != nil {
				return err
			}
			log := newLogger(cfg.Log, io.err)
			app, err := build(cfg, prometheus.NewRegistry(), log)
			if err != nil {
				return err
			}
			log.Info("config read", "file", name, "devices", len(cfg.Collectors.Devices), "channels", len(cfg.Stream.Channels))
			return app.run(cmd.Context(), func() { log.Info("page is at " + app.pageURL()) })
		}}
	cmd.Flags().StringVarP(&file, "config.file", "c", "", "the config file (default routerpulse.yaml here, else in /etc/routerpulse)")
	settingFlags(cmd.Flags())
	return cmd
}
