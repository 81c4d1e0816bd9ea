// Package pipeline holds the vocabulary that every other package speaks (Series, Sample, Batch,
// Collector, Sink), the schema, and the engine: when to poll, where the result goes, and how counters
// become rates. It knows no protocol, no driver and no YAML.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"
)

// Lane groups tables that are read together, with one period.
type Lane string

// The lanes of design: is it there; resources, health and interfaces; who is logged in; inventory.
const (
	LaneStatus   Lane = "status"
	LaneLive     Lane = "live"
	LaneSessions Lane = "sessions"
	LaneSlow     Lane = "slow"
)

// Field is one reading of one field.
type Field struct {
	Def   *FieldDef
	Value Value
}

// Sample is what one row said at one poll. It is read-only once it was handed on.
type Sample struct {
	Series *Series
	Fields []Field
}

// Value returns the reading of the named field, None if the row did not have it.
func (s Sample) Value(name string) Value {
	for i := range s.Fields {
		if s.Fields[i].Def.Name == name {
			return s.Fields[i].Value
		}
	}
	return Value{}
}

// TableStatus says how far the read of a table got.
type TableStatus uint8

// A row missing from a whole table is gone. Rows of a failed or skipped table stay as they were.
const (
	Whole   TableStatus = iota // every row was read
	Failed                     // Reason says why; Samples are what could be read, if anything
	Skipped                    // the device does not have it, or was not asked this time
)

// String names the status.
func (s TableStatus) String() string {
	return [...]string{"whole", "failed", "skipped"}[s]
}

// TableRead is what one poll found in one table.
type TableRead struct {
	Table  *Table
	Status TableStatus
	Reason string // for people; empty when whole
	Source string // "snmp" or "routeros": rates never span two sources
	// ReadAt is when the device answered. Rates use it, not the batch's slot.
	ReadAt time.Time
	// Uptime is the device's own at ReadAt, 0 if unknown. When it falls, counters began anew.
	Uptime  time.Duration
	Samples []Sample
}

// Batch is what one poll of one lane of one device produced.
type Batch struct {
	Device string
	Lane   Lane
	Time   time.Time // the slot the poll was scheduled for, in whole milliseconds: every sample's time
	Tables []TableRead
	// Gone lists rows that an earlier batch had and that this one's whole tables no longer have. The
	// Pipeline fills it in; collectors leave it empty.
	Gone []*Series
}

// Samples visits every sample of every table.
func (b Batch) Samples() iter.Seq[Sample] {
	return func(yield func(Sample) bool) {
		for i := range b.Tables {
			for _, s := range b.Tables[i].Samples {
				if !yield(s) {
					return
				}
			}
		}
	}
}

// Table returns the read of the named table, nil if the batch has none.
func (b Batch) Table(name string) *TableRead {
	for i := range b.Tables {
		if b.Tables[i].Table.Name == name {
			return &b.Tables[i]
		}
	}
	return nil
}

// Collector reads one device, over all its protocols. Collect returns what it managed to read even
// when err is not nil; the scheduler calls it for one lane at a time, but for several lanes at once.
// After Close it returns an error.
type Collector interface {
	Collect(ctx context.Context, lane Lane) (Batch, error)
	Close() error
}

// Sink stores batches. Write is called from one goroutine at a time. nil: every sample is safe.
// *RejectedError: some will never be accepted, the others are safe. Any other error: the pipeline
// offers the same batch again later. No Write after Close.
type Sink interface {
	Write(ctx context.Context, b Batch) error
	Close() error
}

// Tap sees each batch before any sink does. It must not block and cannot fail.
type Tap func(Batch)

// Why a device could not be read, to be asked with errors.Is. A collector wraps them with the device,
// the address and what a person can do.
var (
	// ErrUnreachable: the network or the host said no (port unreachable, connection refused).
	ErrUnreachable = errors.New("unreachable")
	// ErrNoAnswer: silence until the deadline. SNMP v1 and v2c cannot tell a wrong community, an
	// access list or a filter from a dead host.
	ErrNoAnswer = errors.New("no answer")
	// ErrRefused: the device answered and refuses the credentials.
	ErrRefused = errors.New("credentials refused")
)

// RejectedError says that some samples will never be accepted, whoever tries again.
type RejectedError struct {
	Samples int    // how many
	Reason  string // the first reason, for people
}

func (e *RejectedError) Error() string {
	return fmt.Sprintf("%d samples rejected: %s", e.Samples, e.Reason)
}
