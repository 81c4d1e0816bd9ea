package main

import (
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
)

func newCheck(io streams) *cobra.Command {
	file := ""
	cmd := &cobra.Command{
		Use: "check", Short: "Validate a config file: every error, with its line and what to do", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			name, err := configFile(file)
			if err != nil {
				return err
			}
			cfg, err := loadConfig(name, cmd.Flags(), io.err)
			if err != nil {
				return err
			}
			// Building everything touches neither disk nor network, and finds what only the parts know.
			app, err := build(cfg, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
			if err != nil {
				return err
			}
			for _, advice := range cfg.Advice() {
				fmt.Fprintln(io.err, "warning: "+advice)
			}
			_, err = fmt.Fprintf(io.out, "%s is fine: %d devices, %d channels, stored in %s\n",
				name, len(cfg.Collectors.Devices), len(cfg.Stream.Channels), app.sinkNames())
			return err
		}}
	cmd.Flags().StringVarP(&file, "config.file", "c", "", "the config file (default routerpulse.yaml here, else in /etc/routerpulse)")
	return cmd
}
