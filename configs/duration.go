package configs

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"
)

// Duration is a length of time as people write it: 250ms, 15s, 10m, 1h30m, 30d, 1w, 1y.
type Duration time.Duration

// Std returns the standard library's type.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String prints it as it may be written.
func (d Duration) String() string { return model.Duration(d).String() }

// MarshalText prints it as it may be written.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText parses it; a bare number is refused, because nobody can tell its unit.
func (d *Duration) UnmarshalText(b []byte) error {
	parsed, err := model.ParseDuration(string(b))
	if err != nil {
		return fmt.Errorf("not a duration: %q", b)
	}
	*d = Duration(parsed)
	return nil
}
