package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/routerpulse/routerpulse/collectors"
	"github.com/routerpulse/routerpulse/configs"
)

func newTables(io streams) *cobra.Command {
	file, device := "", ""
	cmd := &cobra.Command{
		Use: "tables", Short: "List what can be read, or what one device of the config gets", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if device == "" && file == "" {
				cfg := collectors.DefaultConfig()
				return listTables(io.out, &cfg)
			}
			name, err := configFile(file)
			if err != nil {
				return err
			}
			cfg, err := loadConfig(name, cmd.Flags(), io.err)
			if err != nil {
				return err
			}
			if device == "" {
				return listTables(io.out, &cfg.Collectors)
			}
			return listPlan(io.out, &cfg.Collectors, device)
		}}
	cmd.Flags().StringVarP(&file, "config.file", "c", "", "list the tables of this config, too (with --device the default is routerpulse.yaml here, else in /etc/routerpulse)")
	cmd.Flags().StringVar(&device, "device", "", "list what this device of the config gets, and how often")
	return cmd
}

// listTables lists every table.
func listTables(out io.Writer, cfg *collectors.Config) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TABLE\tLANE\tEVERY\tREAD\tOVER\tWHAT")
	for _, t := range cfg.TableInfos() {
		for i, s := range []*collectors.TableSource{t.API, t.SNMP} {
			if s == nil || i == 1 && t.API != nil && sameRow(t.API, s) {
				continue
			}
			over := []string{"routeros", "snmp"}[i]
			if t.API != nil && t.SNMP != nil && sameRow(t.API, t.SNMP) {
				over = "routeros, snmp"
			}
			what, read := t.Table.Doc, "on"
			if s.Costly {
				what, read = strings.TrimSpace(what+" "+s.Cost), "off"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", t.Table.Name, s.Lane, everyText(s.Every), read, over, what)
		}
	}
	return w.Flush()
}

func sameRow(a, b *collectors.TableSource) bool {
	return a.Lane == b.Lane && a.Every == b.Every && a.Costly == b.Costly
}

func everyText(every time.Duration) string {
	if every == 0 {
		return "lane"
	}
	return configs.Duration(every).String()
}

// listPlan lists what a device gets.
func listPlan(out io.Writer, cfg *collectors.Config, device string) error {
	plan, ok := cfg.PlanOf(device)
	if !ok {
		return usageError{fmt.Errorf("the config has no device %q%s", device, nearestDevice(cfg, device))}
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TABLE\tLANE\tEVERY\tOVER")
	for _, t := range plan {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", t.Name, t.Lane, configs.Duration(t.Every), strings.Join(t.Protocols, ", "))
	}
	return w.Flush()
}

func nearestDevice(cfg *collectors.Config, device string) string {
	var names []string
	for i := range cfg.Devices {
		names = append(names, cfg.Devices[i].Name)
	}
	if near := configs.Nearest(device, names); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}
