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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(execute(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}

// streams are where a command reads and writes: data to out, logs and errors to err.
type streams struct {
	in       io.Reader
	out, err io.Writer
}
