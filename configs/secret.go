package configs

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"log/slog"
	"unique"
)

const masked = "<secret>"

// Secret is a password, token or community. It never prints: every way of formatting it gives
// "<secret>". Reveal is the only way out. Two secrets are == when their values are.
type Secret struct {
	// A handle is a pointer: even where fmt cannot call a method, in an unexported field of another
	// struct, it prints an address.
	value unique.Handle[string]
}

// NewSecret hides a value.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{unique.Make(value)}
}

// Reveal returns the value, for the call that needs it and nothing else.
func (s Secret) Reveal() string {
	if s.IsZero() {
		return ""
	}
	return s.value.Value()
}

// IsZero reports that no secret is set; YAML uses it for omitempty.
func (s Secret) IsZero() bool { return s == Secret{} }

// Equal compares in constant time.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

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
func (s *Secret) UnmarshalText(b []byte) error { *s = NewSecret(string(b)); return nil }
