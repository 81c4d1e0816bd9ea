// Command routerpulse gathers metrics from MikroTik routers and other SNMP devices, keeps their
// history and pushes what changed to browsers. See README.md.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(execute(untilSignal(), os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}

// untilSignal is the context of the program. It ends with the first signal; a second one ends the process
// at once.
func untilSignal() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() { // for as long as the process lives
		<-signals
		cancel()
		<-signals
		os.Exit(exitError)
	}()
	return ctx
}

// streams are where a command reads and writes: data to out, logs and errors to err.
type streams struct {
	in       io.Reader
	out, err io.Writer
}
