package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/routerpulse/routerpulse/sinks/spool"
)

func newSpool(io streams) *cobra.Command {
	file, destination := "", ""
	folders := func(cmd *cobra.Command) ([]string, error) { return spoolFolders(cmd, file, destination, io) }
	cmd := &cobra.Command{
		Use: "spool", Short: "Show what waits for a database; list dead letters and send them again", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dirs, err := folders(cmd)
			if err != nil {
				return err
			}
			return showSpools(io.out, dirs)
		}}
	dead := &cobra.Command{
		Use: "dead", Short: "List the lines that a database refused, and why", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dirs, err := folders(cmd)
			if err != nil {
				return err
			}
			return listDead(io.out, dirs)
		}}
	resend := &cobra.Command{
		Use: "resend [FILE...]", Short: "Send dead letters again: the given files, or all",
		RunE: func(cmd *cobra.Command, files []string) error {
			dirs, err := folders(cmd)
			if err != nil {
				return err
			}
			return resendDead(io.out, dirs, files)
		}}
	for _, c := range []*cobra.Command{cmd, dead, resend} {
		c.Flags().StringVarP(&file, "config.file", "c", "", "the config file (default routerpulse.yaml here, else in /etc/routerpulse)")
		c.Flags().StringVar(&destination, "destination", "", "the spool of this destination only")
		settingFlags(c.Flags())
	}
	cmd.AddCommand(dead, resend)
	return cmd
}

// spoolFolders are those of the config's destinations, or of one.
func spoolFolders(cmd *cobra.Command, file, destination string, io streams) ([]string, error) {
	name, err := configFile(file)
	if err != nil {
		return nil, err
	}
	cfg, err := loadConfig(name, cmd.Flags(), io.err)
	if err != nil {
		return nil, err
	}
	var dirs, names []string
	for _, dest := range cfg.Storage.InfluxDB {
		names = append(names, dest.Name)
		if destination == "" || destination == dest.Name {
			dirs = append(dirs, filepath.Join(cfg.dataFolder(), "spool", dest.Name))
		}
	}
	switch {
	case len(names) == 0:
		return nil, fmt.Errorf("%s has no storage: influxdb:, so there is no spool", name)
	case len(dirs) == 0:
		return nil, usageError{fmt.Errorf("there is no destination %q in %s: it has %q", destination, name, names)}
	}
	return dirs, nil
}

// showSpools prints a line for each.
func showSpools(out io.Writer, dirs []string) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "DESTINATION\tPOLLS\tSAMPLES\tOLDEST\tNEWEST\tON DISK\tDEAD LETTERS")
	for _, dir := range dirs {
		sum, err := spool.Inspect(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s: %w", dir, err)
		}
		var dead int64
		for _, f := range sum.Dead {
			dead += f.Bytes
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\t%s\t%s\n", filepath.Base(dir), sum.Records, sum.Points, ago(sum.Oldest), ago(sum.Newest), mebibytes(sum.Bytes), mebibytes(dead))
	}
	return w.Flush()
}

func ago(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return time.Since(t).Round(time.Second).String() + " ago"
}

func mebibytes(n int64) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

// listDead prints every dead letter, as line protocol with comments.
func listDead(out io.Writer, dirs []string) error {
	n := 0
	for _, dir := range dirs {
		sum, err := spool.Inspect(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s: %w", dir, err)
		}
		for _, f := range sum.Dead {
			letters, err := spool.ReadDead(f.Path)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "# file %s\n", f.Path)
			for _, l := range letters {
				n += len(l.Lines)
				fmt.Fprintf(out, "# %s %s\n", l.At, l.Reason)
				for _, line := range l.Lines {
					fmt.Fprintln(out, line)
				}
			}
		}
	}
	if n == 0 {
		fmt.Fprintln(out, "# no dead letters")
	}
	return nil
}

// resendDead marks files to be sent again.
func resendDead(out io.Writer, dirs, files []string) error {
	if len(files) == 0 {
		for _, dir := range dirs {
			sum, err := spool.Inspect(dir)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("%s: %w", dir, err)
			}
			for _, f := range sum.Dead {
				files = append(files, f.Path)
			}
		}
	}
	for _, f := range files {
		if _, err := os.Stat(f); err != nil {
			return usageError{fmt.Errorf("%w: 'routerpulse spool dead' names the files", err)}
		}
		if err := spool.Resend(f); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "%d file(s) will be sent again: within half a minute by a running RouterPulse, else at its next start\n", len(files))
	return nil
}
