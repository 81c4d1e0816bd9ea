package state

// Mode says what a topic holds.
type Mode uint8

// A topic holds rows, of which the latest value counts, or events, of which each one counts.
const (
	Rows Mode = iota
	Log
)

// String names the mode as subscribers see it.
func (m Mode) String() string {
	if m == Log {
		return "log"
	}
	return "state"
}

// Topic is one kind of row or event. It belongs to the one Store it was given to.
type Topic struct {
	Name string
	Mode Mode
	id   int
}

// ID is the topic's place in the store's list, and in Cut.Rows.
func (t *Topic) ID() int { return t.id }
