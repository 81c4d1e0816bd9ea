package configs

import (
	"encoding/json"
	"fmt"
	"log/slog"
)

const masked = "<secret>"

// Secret is a password, token or community. It never prints: every way of formatting it gives
// "<secret>". Reveal is the only way out.
type Secret struct{ value string }

// NewSecret hides a value.
func NewSecret(value string) Secret { return Secret{value} }

// Reveal returns the value, for the call that needs it and nothing else.
func (s Secret) Reveal() string { return s.value }

// IsZero reports that no secret is set; YAML uses it for omitempty.
func (s Secret) IsZero() bool { return s.value == "" }

// String hides the value.
func (s Secret) String() string { return masked }

// GoString hides the value.
func (s Secret) GoString() string { return masked }

// Format hides the value whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(masked)) }

// LogValue hides the value.
func (s Secret) LogValue() slog.Value { return slog.StringValue(masked) }

// MarshalJSON hides the value.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(masked) }

// MarshalText hides the value.
func (s Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }

// MarshalYAML hides the value.
func (s Secret) MarshalYAML() (any, error) { return masked, nil }

// UnmarshalText sets the value; YAML scalars come this way.
func (s *Secret) UnmarshalText(b []byte) error { s.value = string(b); return nil }
