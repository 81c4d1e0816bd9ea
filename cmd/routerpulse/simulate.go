package main

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/spf13/cobra"

	"github.com/routerpulse/routerpulse/collectors/simulator"
)

func newSimulate(io streams) *cobra.Command {
	opts := simulator.Options{}
	first, quiet := "127.64.0.1", false
	var recordings []string
	cmd := &cobra.Command{
		Use: "simulate", Short: "Serve a fleet of simulated routers, or recorded ones", Args: noArgs,
		Long: "Serves simulated MikroTik routers on loopback: SNMP v1 and v2c and the RouterOS API, all on one UDP and\n" +
			"two TCP ports, told apart by the address that is asked (127.0.0.0/8). It prints a config that polls them.\n\n" +
			"With --recording it serves what was recorded of real devices instead, each on an address of its own: a\n" +
			".snmprec file, a .json file of the RouterOS API, or a folder that 'routerpulse walk' wrote.",
		Example: "  routerpulse simulate --routers 500\n" +
			"  routerpulse simulate --recording core-1 --recording switch.snmprec",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if opts.Routers < 1 || opts.Routers > 100_000 {
				return usageError{fmt.Errorf("--routers %d: 1 to 100000", opts.Routers)}
			}
			addr, err := netip.ParseAddr(first)
			if err != nil || !addr.IsLoopback() || !addr.Is4() {
				return usageError{fmt.Errorf("--first-address %s: an address in 127.0.0.0/8 is needed", first)}
			}
			opts.FirstAddress = addr
			opts.Quiet = quiet
			opts.Logger, _ = newLogger(LogConfig{Level: "info", Format: "logfmt"}, io.err)
			if len(recordings) > 0 {
				for _, flag := range []string{"routers", "seed", "interfaces", "quiet"} {
					if cmd.Flags().Changed(flag) {
						return usageError{fmt.Errorf("--%s has no meaning for --recording", flag)}
					}
				}
				return simulateRecordings(cmd.Context(), recordings, opts, io)
			}
			return simulate(cmd.Context(), opts, io)
		}}
	f := cmd.Flags()
	f.StringArrayVar(&recordings, "recording", nil, "serve this recording; may be given several times")
	f.IntVar(&opts.Routers, "routers", 25, "how many routers")
	f.Uint64Var(&opts.Seed, "seed", 1, "the same seed gives the same fleet")
	f.IntVar(&opts.SNMPPort, "snmp-port", 0, "UDP port (0: a free one)")
	f.IntVar(&opts.APIPort, "api-port", 0, "TCP port of the plain API (0: a free one)")
	f.IntVar(&opts.Interfaces, "interfaces", 0, "interfaces of each router (0: as its model has)")
	f.StringVar(&opts.Community, "community", "public", "SNMP community")
	f.StringVar(&opts.User, "user", "telemetry", "user of the API")
	f.StringVar(&opts.Password, "password", "telemetry", "its password; it opens nothing but the simulator")
	f.StringVar(&first, "first-address", first, "address of the first router; the others follow")
	f.BoolVar(&quiet, "quiet", false, "no reboots, outages or slow routers by themselves")
	return cmd
}

func simulate(ctx context.Context, opts simulator.Options, io streams) error {
	fleet := simulator.New(opts)
	if err := fleet.Open(ctx); err != nil {
		return err
	}
	fmt.Fprintf(io.err, "%d simulated routers: SNMP on UDP %d, RouterOS API on TCP %d, with TLS on %d; Ctrl-C ends it\n",
		len(fleet.Routers()), fleet.SNMPPort(), fleet.APIPort(), fleet.APITLSPort())
	if err := writeFleetConfig(io.out, fleet, opts); err != nil {
		return err
	}
	<-ctx.Done()
	return fleet.Close()
}
