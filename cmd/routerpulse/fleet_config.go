package main

import (
	"io"

	"go.yaml.in/yaml/v3"

	"github.com/routerpulse/routerpulse/collectors/simulator"
)

// fleetFile is the part of a config file that polls a simulated fleet, as YAML. It is written out
// with its secrets: they open nothing but the simulator.
type fleetFile struct {
	Lanes       map[string]string `yaml:"lanes,omitempty"`
	Credentials []any             `yaml:"credentials"`
	Devices     []fleetDevice     `yaml:"devices"`
}

type fleetDevice struct {
	Name        string            `yaml:"name"`
	Address     string            `yaml:"address"`
	SNMP        *fleetEndpoint    `yaml:"snmp,omitempty"`
	RouterOS    *fleetEndpoint    `yaml:"routeros,omitempty"`
	Credentials []string          `yaml:"credentials,flow"`
	Tags        map[string]string `yaml:"tags,flow,omitempty"`
}

type fleetEndpoint struct {
	Port int `yaml:"port"`
}

// newFleetFile names every router of an open fleet.
func newFleetFile(fleet *simulator.Fleet, opts simulator.Options) fleetFile {
	f := fleetFile{Credentials: []any{
		map[string]any{"name": "sim-snmp", "snmp": map[string]any{"version": "2c", "community": opts.Community}},
		map[string]any{"name": "sim-api", "routeros": map[string]any{"user": opts.User, "password": opts.Password,
			"tls": map[string]any{"pin": fleet.Fingerprint()}}},
	}}
	for _, r := range fleet.Routers() {
		f.Devices = append(f.Devices, fleetDevice{Name: r.Name(), Address: r.Address().String(),
			SNMP: &fleetEndpoint{fleet.SNMPPort()}, RouterOS: &fleetEndpoint{fleet.APITLSPort()},
			Credentials: []string{"sim-snmp", "sim-api"}})
	}
	return f
}

func writeFleetConfig(w io.Writer, fleet *simulator.Fleet, opts simulator.Options) error {
	return newFleetFile(fleet, opts).write(w)
}

func (f fleetFile) write(w io.Writer) error {
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	if err := e.Encode(f); err != nil {
		return err
	}
	return e.Close()
}
