package main

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// The exit codes: fine, it failed, it was called wrongly.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

// usageError marks an error in how the program was called.
type usageError struct{ error }

// Unwrap gives the error itself.
func (e usageError) Unwrap() error { return e.error }

// errReported ends a command that has already said what went wrong.
var errReported = errors.New("reported")

// execute runs the program with its arguments and returns its exit code.
func execute(ctx context.Context, args []string, io streams) int {
	root := newRoot(io)
	root.SetArgs(args)
	root.SetIn(io.in)
	root.SetOut(io.out)
	root.SetErr(io.err)
	cmd, err := root.ExecuteContextC(ctx)
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errReported):
		return exitError
	case errors.As(err, &usage):
		fmt.Fprintf(io.err, "%s: %v\nRun '%s --help' for how to call it.\n", cmd.CommandPath(), err, cmd.CommandPath())
		return exitUsage
	}
	fmt.Fprintf(io.err, "%s: %v\n", cmd.CommandPath(), err)
	return exitError
}

func newRoot(io streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "routerpulse",
		Short: "Metrics of MikroTik routers: gathered, kept, and live in the browser",
		Long: "RouterPulse polls MikroTik routers and other SNMP devices, keeps their history in InfluxDB or in its own\n" +
			"store, and pushes what changed to browsers.\n\nSee it with simulated routers: routerpulse demo",
		Version:       readVersion().Version,
		SilenceErrors: true, SilenceUsage: true,
		Args: noArgs,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	serve := newServe(io)
	root.PersistentPreRun = func(cmd *cobra.Command, _ []string) {
		if cmd != root && cmd != serve { // which read their config again
			endOnHangup(cmd)
		}
	}
	root.RunE = serve.RunE // serve is the default
	root.Flags().AddFlagSet(serve.Flags())
	root.AddCommand(serve, newDemo(io), newInit(io), newCheck(io), newTables(io), newSpool(io), newDoctor(io), newProbe(io), newWalk(io), newSimulate(io), newTail(io), newToken(io), newHashPassword(io), newHealthcheck(io), newVersion(io))
	return root
}

// endOnHangup ends a command in order when its terminal is closed.
func endOnHangup(cmd *cobra.Command) {
	ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGHUP)
	context.AfterFunc(ctx, stop)
	cmd.SetContext(ctx)
}

// noArgs refuses arguments, as a wrong call.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if cmd.HasSubCommands() {
		return usageError{fmt.Errorf("there is no command %q", args[0])}
	}
	return usageError{fmt.Errorf("it takes no argument, but got %q", args[0])}
}

// oneArg asks for exactly one argument, called what.
func oneArg(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usageError{fmt.Errorf("it takes one argument, %s, but got %d", what, len(args))}
		}
		return nil
	}
}
