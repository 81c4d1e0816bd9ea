package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/routerpulse/routerpulse/configs"
)

func newInit(io streams) *cobra.Command {
	file, force := "routerpulse.yaml", false
	cmd := &cobra.Command{
		Use: "init", Short: "Write a commented config file", Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := writeNew(file, configs.Default(), force); err != nil {
				return err
			}
			_, err := fmt.Fprintf(io.out, "wrote %s; edit its devices, then:\n  routerpulse check --config.file %[1]s\n  routerpulse serve --config.file %[1]s\n", file)
			return err
		}}
	cmd.Flags().StringVarP(&file, "config.file", "c", file, "where to write it")
	cmd.Flags().BoolVar(&force, "force", false, "replace a file that is there")
	return cmd
}

// writeNew writes a file that only its owner may read, since secrets will be in it.
func writeNew(name string, data []byte, force bool) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(name, flags, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already: name another with --config.file, or replace it with --force", name)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
