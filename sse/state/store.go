package state

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
	"sync"
	"time"
)

// Limits bound what the store remembers beside the rows themselves.
type Limits struct {
	TombstoneAge time.Duration // a cursor older than the oldest tombstone dropped needs a snapshot
	Tombstones   int
	Events       int // kept per topic
	Stubs        int // per topic: events of which only place and device are kept, to count what was lost
}

// DefaultLimits are those of the protocol.
func DefaultLimits() Limits {
	return Limits{TombstoneAge: 15 * time.Minute, Tombstones: 100_000, Events: 10_000, Stubs: 40_000}
}

// Place is how far the store, or somebody who follows it, has come.
type Place struct {
	Cut     uint64 // the sequence number of the last change
	Journal uint64 // the position of the last event
	Tags    uint64 // how often a device changed its tags
}

// Store keeps the rows and the journal. Commit and Expire are for one goroutine, the committer; it may
// also read without Read.
type Store struct {
	name   string // of the journal
	life   uint64 // of the store, that go on with one journal
	epoch  string
	limits Limits
	topics []*Topic

	mu        sync.RWMutex
	place     Place
	horizon   uint64
	devices   []*Device
	freeSlots []int
	byName    map[string]*Device
	rows      int // tombstones included
	graves    graves
	journal   map[*Topic]*topicLog
}

// NewStore makes an empty store of the given topics.
func NewStore(limits Limits, topics ...*Topic) *Store {
	name := newJournalName()
	s := &Store{name: name, epoch: name + "0", limits: limits, topics: topics, byName: map[string]*Device{}, journal: map[*Topic]*topicLog{}}
	for i, t := range topics {
		t.id = i
		if t.Mode == Log {
			s.journal[t] = &topicLog{}
		}
	}
	return s
}

// journalName is how long a journal's name is.
const journalName = 8

// newJournalName makes one of 40 random bits.
func newJournalName() string {
	var raw [journalName * 5 / 8]byte
	_, _ = rand.Read(raw[:]) // never fails
	return strings.ToLower(base32.StdEncoding.EncodeToString(raw[:]))
}

func isJournalName(name string) bool {
	return len(name) == journalName && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

// Epoch names this life of the store: sequence numbers of another one mean nothing here.
func (s *Store) Epoch() string { return s.epoch }

// Journal names the journal: positions of another one mean nothing here. An epoch begins with the name
// of its journal.
func (s *Store) Journal() string { return s.name }

// SameJournal reports that positions of another epoch mean something here.
func (s *Store) SameJournal(epoch string) bool { return strings.HasPrefix(epoch, s.name) }

// Read calls fn while nothing changes. fn must be quick and must do no I/O: it holds up the committer
// (but no publisher).
func (s *Store) Read(fn func()) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	fn()
}

// The methods below are for use inside Read, or by the committer.

// Place is the last cut.
func (s *Store) Place() Place { return s.place }

// Horizon is the oldest cut from which changes can still be told: a tombstone at or below was dropped.
func (s *Store) Horizon() uint64 { return s.horizon }

// Devices lists the devices by slot; nil is a free slot. A device keeps its slot as long as it has rows.
func (s *Store) Devices() []*Device { return s.devices }

// Device returns the device of that name, nil if it has no rows.
func (s *Store) Device(name string) *Device { return s.byName[name] }

// Count returns how many rows and tombstones there are.
func (s *Store) Count() (rows, tombstones int) {
	return s.rows - s.graves.count, s.graves.count
}

func (s *Store) device(name string) *Device {
	if d := s.byName[name]; d != nil {
		return d
	}
	d := &Device{Name: name, shelves: make([]Shelf, len(s.topics))}
	if n := len(s.freeSlots); n > 0 {
		d.slot, s.freeSlots = s.freeSlots[n-1], s.freeSlots[:n-1]
		s.devices[d.slot] = d
	} else {
		d.slot = len(s.devices)
		s.devices = append(s.devices, d)
	}
	s.byName[name] = d
	return d
}

// release forgets a device that has no rows left.
func (s *Store) release(d *Device) {
	if d.rows > 0 || s.byName[d.Name] != d {
		return
	}
	delete(s.byName, d.Name)
	s.devices[d.slot] = nil
	s.freeSlots = append(s.freeSlots, d.slot)
}
