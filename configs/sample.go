package configs

import _ "embed" // default.yaml, demo.yaml

//go:embed default.yaml
var defaultYAML string

//go:embed demo.yaml
var demoYAML string

// Default returns the commented sample that routerpulse init writes.
func Default() []byte { return []byte(defaultYAML) }

// Demo returns what routerpulse demo runs with, but for the fleet.
func Demo() []byte { return []byte(demoYAML) }
