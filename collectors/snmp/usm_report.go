package snmp

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/routerpulse/routerpulse/pipeline"
)

// complaint is what a Report complains about.
type complaint uint8

const (
	unknownCause complaint = iota
	unsupportedLevel
	notInTimeWindow
	unknownUser
	unknownEngine
	wrongSignature
	undecryptable
	unknownContext
	unknownModel
	silentToUser // no Report at all, where there should have been one
)

// report is a Report of the device: it had the message and did not take it.
type report struct {
	cause          complaint
	signed         bool
	engineID       []byte // a copy
	boots, seconds uint32
	bytes          int
}

func (r *report) Error() string { return fmt.Sprintf("a Report of kind %d", r.cause) }

// causeOf reads what a Report names: a counter of the MIBs of RFC 3414, 3412 or 3413.
func causeOf(varbinds []byte) complaint {
	n, _, _, ok := nextVarbind(varbinds)
	modules := []byte{0x2b, 6, 1, 6, 3} // 1.3.6.1.6.3, snmpModules
	counter, isCounter := bytes.CutSuffix(n, []byte{0})
	counter, isModule := bytes.CutPrefix(counter, modules)
	if !ok || !isCounter || !isModule {
		return unknownCause
	}
	switch string(counter) {
	case "\x0f\x01\x01\x01":
		return unsupportedLevel
	case "\x0f\x01\x01\x02":
		return notInTimeWindow
	case "\x0f\x01\x01\x03":
		return unknownUser
	case "\x0f\x01\x01\x04":
		return unknownEngine
	case "\x0f\x01\x01\x05":
		return wrongSignature
	case "\x0f\x01\x01\x06":
		return undecryptable
	case "\x0c\x01\x04", "\x0c\x01\x05": // unavailable, unknown
		return unknownContext
	case "\x0b\x02\x01\x01":
		return unknownModel
	}
	return unknownCause
}

// refusal is why a device does not answer a user. It ends a poll.
type refusal struct {
	cause      complaint
	credential *Credential
}

var errReported = errors.New("the device sent a Report")

// Error says it for people. It names the user and the protocols, never a password.
func (r *refusal) Error() string {
	c := r.credential
	user := pipeline.CleanName(c.User)
	switch r.cause {
	case unknownUser:
		return fmt.Sprintf("%v: the device has no user %q", pipeline.ErrRefused, user)
	case wrongSignature:
		return fmt.Sprintf("%v: the auth password of user %q is wrong, or the device has another protocol for it than %s",
			pipeline.ErrRefused, user, c.Auth)
	case unsupportedLevel:
		return fmt.Sprintf("%v: the device does not let user %q in %s", pipeline.ErrRefused, user, c.levelInWords())
	case undecryptable:
		return fmt.Sprintf("%v: the priv password of user %q is wrong, or the device has another protocol for it than %s",
			pipeline.ErrRefused, user, c.Priv)
	case unknownContext:
		return fmt.Sprintf("%v: the device has no context %q", pipeline.ErrRefused, pipeline.CleanName(c.Context))
	case silentToUser:
		return fmt.Sprintf("%v: the device speaks SNMP v3 and is silent to user %q: %s", pipeline.ErrRefused, user, c.silenceAdvice())
	case unknownModel:
		return "the device does not know the user-based security of SNMP v3"
	case notInTimeWindow, unknownEngine:
		return "the device keeps naming another engine or time than the one that it is asked as"
	}
	return "the device answers with an unknown Report"
}

func (r *refusal) Unwrap() error {
	switch r.cause {
	case unknownUser, wrongSignature, unsupportedLevel, undecryptable, unknownContext, silentToUser:
		return pipeline.ErrRefused
	}
	return errReported
}

// isRefusal reports that asking the device something else would end in the same.
func isRefusal(err error) bool {
	var r *refusal
	return errors.As(err, &r) || errors.Is(err, errUnsent) || errors.Is(err, errEngineID)
}

func (c *Credential) levelInWords() string {
	switch {
	case c.Priv != "":
		return "with encryption"
	case c.Auth != "":
		return "without encryption"
	}
	return "without a password"
}

// silenceAdvice names what a device is silent about though it answers discovery.
func (c *Credential) silenceAdvice() string {
	advice := "the user may be unknown there"
	if c.Priv != "" {
		advice = "the priv password or protocol (" + c.Priv + ") is probably wrong"
	}
	if c.Context != "" {
		advice += ", or there is no context " + fmt.Sprintf("%q", pipeline.CleanName(c.Context))
	}
	return advice
}
