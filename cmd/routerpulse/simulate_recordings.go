package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/routerpulse/routerpulse/collectors/simulator"
)

// simulateRecordings serves recorded devices, each on an address of its own, and prints a config that
// polls them.
func simulateRecordings(ctx context.Context, paths []string, opts simulator.Options, io streams) (err error) {
	var open []*simulator.Recording
	defer func() {
		for _, r := range open {
			err = errors.Join(err, r.Close())
		}
	}()
	file := fleetFile{Credentials: []any{
		map[string]any{"name": "sim-snmp", "snmp": map[string]any{"version": "2c", "community": opts.Community}},
		map[string]any{"name": "sim-api", "routeros": map[string]any{"user": opts.User, "password": opts.Password, "insecure": true}},
	}}
	names := recordingNames(paths)
	address := opts.FirstAddress
	for i, path := range paths {
		at := func(port int) string { return net.JoinHostPort(address.String(), strconv.Itoa(port)) }
		r, err := simulator.OpenRecording(path, simulator.RecordingOptions{Addr: at(opts.SNMPPort), APIAddr: at(opts.APIPort),
			Community: opts.Community, User: opts.User, Password: opts.Password, Logger: opts.Logger})
		if err != nil {
			return err
		}
		open = append(open, r)
		file.Devices = append(file.Devices, recordedDevice(names[i], address, r))
		fmt.Fprintf(io.err, "%s: %s\n", names[i], describeRecording(r))
		address = address.Next()
	}
	fmt.Fprintf(io.err, "%d recorded devices; Ctrl-C ends it\n", len(open))
	if err := file.write(io.out); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func recordedDevice(name string, address netip.Addr, r *simulator.Recording) fleetDevice {
	d := fleetDevice{Name: name, Address: address.String()}
	if r.Addr().IsValid() {
		d.SNMP = &fleetEndpoint{int(r.Addr().Port())}
		d.Credentials = append(d.Credentials, "sim-snmp")
	}
	if r.APIAddr().IsValid() {
		d.RouterOS = &fleetEndpoint{int(r.APIAddr().Port())}
		d.Credentials = append(d.Credentials, "sim-api")
	}
	return d
}

func describeRecording(r *simulator.Recording) string {
	var faces []string
	if r.Addr().IsValid() {
		faces = append(faces, fmt.Sprintf("%d objects over SNMP on %s", r.Len(), r.Addr()))
	}
	if r.APIAddr().IsValid() {
		faces = append(faces, "the RouterOS API on "+r.APIAddr().String())
	}
	return strings.Join(faces, ", ")
}

// recordingNames makes a device's name of each path: the file's without its ending, or the folder's.
// Of equal ones the later get a number.
func recordingNames(paths []string) []string {
	odd := regexp.MustCompile(`[^A-Za-z0-9._-]+`)
	var names []string
	for i, path := range paths {
		base := filepath.Base(filepath.Clean(path))
		base = strings.TrimSuffix(strings.TrimSuffix(base, ".snmprec"), ".json")
		base = strings.TrimLeft(odd.ReplaceAllString(base, "-"), "._-")
		if base == "" {
			base = "recording"
		}
		if slices.Contains(names, base) {
			base += "-" + strconv.Itoa(i+1)
		}
		names = append(names, base)
	}
	return names
}
