package snmp

// Bounds of a request and of what a poll may gather.
const (
	maxVarbinds    = 40       // names in one request
	maxRepetitions = 25       // of a GETBULK: more is the commonest cause of timeouts on small devices
	firstGuess     = 10       // repetitions where it is not known how many rows there are
	datagram       = 1420     // bytes of a reply that is not cut into fragments, also in a tunnel of L2TP over Ethernet
	cellGuess      = 24       // bytes of a reply for each value, where it was not measured
	replyHead      = 40       // bytes of a reply beside its values
	maxRows        = 100_000  // of one table
	maxCells       = 1 << 20  // values of one table, 32 MiB of them
	maxReceived    = 16 << 20 // bytes in one poll
)

// pace is how much one device is asked for at once. It goes down by half when the device finds a reply
// too big, or does not answer in two polls on end (once is packet loss), and up again after a while:
// each time it had to go down, the while is twice as long.
type pace struct {
	repetitions int // the most that a GETBULK asks for; 0: no limit of its own
	columns     int // the most columns in one request; 0: no limit of its own
	inFlight    int // the most requests that wait for a reply at a time; 0: no limit of its own
	silenced    int // polls on end that sent requests together and met silence
	strikes     int // polls on end in which a large request met silence
	clean       int // polls since it last changed
	patience    int // clean polls before it goes up
}

const (
	minPatience = 20
	maxPatience = 2880 // a day, at one poll in 30 s
)

// shrink notes that a request for so much was too much.
func (p *pace) shrink(repetitions, columns int) {
	if repetitions > 1 {
		p.repetitions = repetitions / 2
	} else {
		p.columns = max(1, columns/2)
	}
	p.shrunk()
}

func (p *pace) shrunk() {
	p.clean = 0
	p.patience = min(max(minPatience, 2*p.patience), maxPatience)
}

// lost notes that of so many requests that could be in flight one got no reply.
func (p *pace) lost(inFlight int) {
	p.inFlight = max(1, inFlight/2)
	p.shrunk()
}

// silencedBy notes that requests were sent together, and whether the device then fell silent. It may have been
// away; but one that does so each time is asked one by one: each poll after a silence asks so anyway, goes well,
// and proves nothing.
func (p *pace) silencedBy(silence bool) {
	if !silence {
		p.silenced = 0
	} else if p.silenced++; p.silenced >= 2 {
		p.silenced = 0
		p.lost(1)
	}
}

// strike notes that a request for so many rows met silence.
func (p *pace) strike(repetitions int) {
	if p.strikes++; p.strikes >= 2 {
		p.shrink(repetitions, 0)
	}
}

// polled notes that a poll went well.
func (p *pace) polled() {
	p.strikes = 0
	if p.repetitions == 0 && p.columns == 0 && p.inFlight == 0 {
		return
	}
	if p.clean++; p.clean < p.patience {
		return
	}
	p.clean = 0
	if p.repetitions *= 2; p.repetitions >= maxRepetitions {
		p.repetitions = 0
	}
	if p.columns *= 2; p.columns >= maxVarbinds {
		p.columns = 0
	}
	if p.inFlight *= 2; p.inFlight >= MaxInFlight {
		p.inFlight = 0
	}
}

// limitInFlight bounds how many requests wait for a reply at a time.
func (p *pace) limitInFlight(n int) int {
	if p.inFlight > 0 {
		return min(n, p.inFlight)
	}
	return n
}

// share is how many of the columns that are left are asked for together. Equal shares: of 45 columns 23 and
// 22, not 40 and 5.
func (p *pace) share(columns int) int {
	limit := p.limitColumns(columns)
	parts := (columns + limit - 1) / limit
	return (columns + parts - 1) / parts
}

// limitColumns bounds the columns of one request.
func (p *pace) limitColumns(n int) int {
	if p.columns > 0 {
		return min(n, p.columns)
	}
	return min(n, maxVarbinds)
}

// limitRepetitions bounds the repetitions of one request.
func (p *pace) limitRepetitions(n int) int {
	if p.repetitions > 0 {
		n = min(n, p.repetitions)
	}
	return max(1, min(n, maxRepetitions))
}
