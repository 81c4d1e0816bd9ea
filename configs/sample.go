package configs

import _ "embed" // default.yaml

//go:embed default.yaml
var defaultYAML string

// Default returns the commented sample that routerpulse init writes.
func Default() []byte { return []byte(defaultYAML) }
