package state

import "github.com/routerpulse/routerpulse/pipeline"

// maxPendingEvents bounds the events between two cuts; the oldest are lost first, and counted.
const maxPendingEvents = 8192

// Handle is a publisher's name for one row. Make one per row and keep it.
type Handle struct {
	Topic  *Topic
	Device string // "": the row belongs to no device
	Key    string

	row  *Row   // the committer's: the row, once it was found
	gen  uint64 // the inbox': where its pending draft is
	slot int
}

// draft is what is pending for one row.
type draft struct {
	handle  *Handle
	layout  *Layout
	cells   []Value // nil: the row is gone
	updates uint64
}

type tagging struct {
	device string
	tags   []pipeline.Tag
}

// Event is something that happened once.
type Event struct {
	Topic  *Topic
	Device string // "": it is about no device
	Time   int64  // Unix milliseconds
	Layout *Layout
	Cells  []Value
	Post   *Post // of an event that an application published
}

// Inbox gathers what was published since the last cut: for each row the latest value only, so its
// size is bounded by the rows. It is not safe for concurrent use.
type Inbox struct {
	gen     uint64
	pending Pending
}

// Pending is what one cut has to commit.
type Pending struct {
	drafts []draft
	tags   []tagging
	events []Event
	lost   map[*Topic]int
	mark   bool // the cut has a number above all that was before, although nothing may have changed
}

// NewInbox makes an empty inbox.
func NewInbox() *Inbox { return &Inbox{gen: 1} }

// Set gives a row its values, one for each field of the layout; the inbox keeps the slice.
func (in *Inbox) Set(h *Handle, layout *Layout, cells []Value) {
	if d := in.find(h); d != nil {
		d.layout, d.cells = layout, cells
		d.updates++
		return
	}
	in.add(draft{handle: h, layout: layout, cells: cells, updates: 1})
}

// Remove takes a row away.
func (in *Inbox) Remove(h *Handle) {
	if d := in.find(h); d != nil {
		d.cells = nil
		return
	}
	in.add(draft{handle: h})
}

// Tag says which tags a device has now.
func (in *Inbox) Tag(device string, tags []pipeline.Tag) {
	in.pending.tags = append(in.pending.tags, tagging{device, tags})
}

// Add appends an event.
func (in *Inbox) Add(e Event) {
	if len(in.pending.events) >= maxPendingEvents {
		in.pending.shed(maxPendingEvents / 4)
	}
	in.pending.events = append(in.pending.events, e)
}

// shed drops the n oldest events and counts them. It takes many at once, as each time moves the rest.
func (p *Pending) shed(n int) {
	if p.lost == nil {
		p.lost = map[*Topic]int{}
	}
	for _, e := range p.events[:n] {
		p.lost[e.Topic]++
	}
	p.events = append(p.events[:0], p.events[n:]...)
}

// Mark asks for a cut with a number above all that is told before, even if nothing changes.
func (in *Inbox) Mark() { in.pending.mark = true }

// Take empties the inbox.
func (in *Inbox) Take() Pending {
	p := in.pending
	in.pending = Pending{}
	in.gen++
	return p
}

func (in *Inbox) find(h *Handle) *draft {
	if h.gen != in.gen {
		return nil
	}
	return &in.pending.drafts[h.slot]
}

func (in *Inbox) add(d draft) {
	d.handle.gen, d.handle.slot = in.gen, len(in.pending.drafts)
	in.pending.drafts = append(in.pending.drafts, d)
}

// Len returns how many rows and events are pending.
func (in *Inbox) Len() int {
	return len(in.pending.drafts) + len(in.pending.events) + len(in.pending.tags)
}
