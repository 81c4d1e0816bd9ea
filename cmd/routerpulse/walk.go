package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/routerpulse/routerpulse/collectors"
	"github.com/routerpulse/routerpulse/collectors/mask"
)

// The files of a recording that is a folder; the simulator looks for the same.
const (
	recordedSNMP = "snmp.snmprec"
	recordedAPI  = "api.json"
)

// walkOptions are the flags of walk.
type walkOptions struct {
	probeOptions
	output string
	force  bool
}

func newWalk(io streams) *cobra.Command {
	var o walkOptions
	cmd := &cobra.Command{
		Use: "walk ADDRESS -o PATH", Short: "Record a device, masked, so that it can be replayed and sent",
		Args: oneArg("the address of the device"),
		Long: "Reads what RouterPulse can read from one device, over SNMP, the RouterOS API or both, and writes it down with\n" +
			"everything masked that tells whose it is: names, serial numbers, hardware and public addresses, users, comments,\n" +
			"networks' names. Equal things get equal masks, by a key that is new with each run and is not kept.\n\n" +
			"PATH is a folder, which gets snmp.snmprec and api.json, or one file that ends in .snmprec or .json.\n" +
			"'routerpulse simulate --recording PATH' replays it.",
		Example: "  routerpulse walk 10.0.0.1 --community public -o switch.snmprec\n" +
			"  routerpulse walk 10.0.0.1 --community public --user telemetry --password-file pw --pin 3f…a9 -o core-1",
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := o.config(args[0])
			if err != nil {
				return err
			}
			return walk(cmd.Context(), cfg, &o, io)
		}}
	o.flags(cmd.Flags())
	f := cmd.Flags()
	f.StringVarP(&o.output, "output", "o", "", "folder or file to write")
	f.BoolVar(&o.force, "force", false, "replace files that are there")
	f.DurationVar(&o.timeout, "timeout", 5*time.Minute, "the most that it may take")
	return cmd
}

// recordedFile is one file to write.
type recordedFile struct {
	path  string
	write func(*collectors.Recording, io.Writer) error
	has   func(*collectors.Recording) bool
	count func(*collectors.Recording) string
}

// files are those that the output means, for the protocols that there are credentials for.
func (o *walkOptions) files(cfg collectors.Config) ([]recordedFile, error) {
	asked := map[string]bool{}
	for _, c := range cfg.Credentials {
		asked[".snmprec"] = asked[".snmprec"] || c.SNMP != nil
		asked[".json"] = asked[".json"] || c.RouterOS != nil
	}
	paths := map[string]string{".snmprec": filepath.Join(o.output, recordedSNMP), ".json": filepath.Join(o.output, recordedAPI)}
	switch kind := filepath.Ext(o.output); {
	case o.output == "":
		return nil, usageError{errors.New("say where to: -o PATH, a folder, or a file that ends in .snmprec or .json")}
	case kind != ".snmprec" && kind != ".json":
	case len(cfg.Credentials) > 1:
		return nil, usageError{fmt.Errorf("-o %s is one file, but two protocols are asked: give a folder", o.output)}
	case !asked[kind]:
		return nil, usageError{fmt.Errorf("-o %s: SNMP is written to .snmprec, the RouterOS API to .json", o.output)}
	default:
		paths[kind] = o.output
	}
	var files []recordedFile
	if asked[".snmprec"] {
		files = append(files, recordedFile{paths[".snmprec"], (*collectors.Recording).WriteSNMP,
			func(r *collectors.Recording) bool { return r.Objects != nil },
			func(r *collectors.Recording) string { return fmt.Sprintf("%d objects", len(r.Objects)) }})
	}
	if asked[".json"] {
		files = append(files, recordedFile{paths[".json"], (*collectors.Recording).WriteAPI,
			func(r *collectors.Recording) bool { return r.API != nil },
			func(r *collectors.Recording) string { return fmt.Sprintf("%d menus", len(r.API.Menus)) }})
	}
	for _, f := range files {
		if _, err := os.Lstat(f.path); err == nil && !o.force {
			return nil, fmt.Errorf("%s is there already: --force replaces it", f.path)
		}
	}
	return files, nil
}

// walk records the device, says on the way how it goes, and writes what came.
func walk(ctx context.Context, cfg collectors.Config, o *walkOptions, io streams) error {
	files, err := o.files(cfg)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	m := mask.New(nil)
	for _, c := range cfg.Credentials {
		if c.SNMP != nil {
			m.Learn(c.SNMP.Community.Reveal())
			m.Learn(c.SNMP.User)
		}
		if c.RouterOS != nil {
			m.Learn(c.RouterOS.User)
		}
	}
	failed := 0
	r, err := collectors.Record(ctx, cfg, cfg.Devices[0].Name, m, func(text string, bad bool) {
		fmt.Fprintln(io.err, text)
		if bad {
			failed++
		}
	})
	if r == nil {
		return err
	}
	if writeErr := writeRecording(r, files, io); writeErr != nil {
		return errors.Join(err, writeErr)
	}
	if err != nil {
		for _, reason := range reasons(err) {
			fmt.Fprintln(io.err, "walk: "+reason)
		}
		fmt.Fprintln(io.err, "walk: the recording is not whole")
		return errReported
	}
	if failed > 0 {
		return fmt.Errorf("%d parts could not be read; what could is written", failed)
	}
	return nil
}

// writeRecording writes the files of which something came. A file is there whole or not at all.
func writeRecording(r *collectors.Recording, files []recordedFile, io streams) error {
	for _, f := range files {
		if !f.has(r) {
			fmt.Fprintf(io.err, "walk: %s is not written: nothing came\n", f.path)
			continue
		}
		var b bytes.Buffer
		if err := f.write(r, &b); err != nil {
			return err
		}
		if dir := filepath.Dir(f.path); dir != "." {
			if err := os.MkdirAll(dir, 0o700); err != nil {
				return err
			}
		}
		unfinished := f.path + ".part"
		if err := os.WriteFile(unfinished, b.Bytes(), 0o600); err != nil {
			return err
		}
		if err := os.Rename(unfinished, f.path); err != nil {
			return errors.Join(err, os.Remove(unfinished))
		}
		fmt.Fprintf(io.err, "%s: %s, masked. Look through it before you send it.\n", strings.TrimPrefix(f.path, "./"), f.count(r))
	}
	return nil
}
