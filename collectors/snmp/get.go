package snmp

import (
	"context"
	"errors"
	"fmt"
)

// item is one name to GET and where its value goes: a scalar, or a cell of a grid.
type item struct {
	name    name
	group   int // what belongs together: one mib, or the scalars of one table
	scalar  int // place in the library, or none
	grid    *grid
	row     int
	column  int
	expects int // bytes of the reply that it takes
}

// isFrail reports that an item is asked for alone.
func (it *item) isFrail() bool { return it.group < 0 }

// scalarState is what a poll found of a scalar.
type scalarState struct {
	cell
	asked bool
	err   error // why it could not be read
}

const (
	// maxDeclined bounds the requests that a device can cause by declining one name after the other.
	maxDeclined = 48
	textBytes   = 60
	numberBytes = 24
)

// get asks for items, as many in a request as fit. Where the device meets a request for several groups
// with silence, it is asked for each group apart, now and at later polls: one silent service inside
// the device must not hide the others.
func (p *poll) get(ctx context.Context, items []item) {
	for len(items) > 0 && p.dead == nil {
		n := p.fit(items)
		p.getTogether(ctx, items[:n])
		items = items[n:]
	}
	for i := range items {
		p.miss(&items[i], p.dead)
	}
}

// fit counts the items of the next request.
func (p *poll) fit(items []item) int {
	bytes := 60
	limit := p.memory.pace.limitColumns(len(items))
	for n := range items {
		bytes += items[n].expects
		apart := (p.memory.apart || items[n].isFrail()) && items[n].group != items[0].group
		if n > 0 && (n >= limit || bytes > datagram || apart) {
			return n
		}
	}
	return len(items)
}

// getTogether asks for items in one request, and again without those that the device declines.
func (p *poll) getTogether(ctx context.Context, items []item) {
	for declined := 0; len(items) > 0; {
		err := p.getOnce(ctx, items)
		var status *statusError
		switch {
		case err == nil:
			return
		case errors.As(err, &status):
			if declined++; declined > maxDeclined {
				p.missAll(items, err)
				return
			}
			if status.status == tooBig {
				p.memory.pace.shrink(1, len(items))
			}
			if status.status == tooBig || status.index < 1 || status.index > len(items) {
				p.getHalves(ctx, items, err)
				return
			}
			items = p.withoutDeclined(items, status.index-1, err)
		case errors.Is(err, errSilent) && p.dead == nil && ctx.Err() == nil && items[0].group != items[len(items)-1].group:
			p.memory.apart, p.strained = true, true
			p.get(ctx, items)
			return
		default:
			p.missAll(items, err)
			return
		}
	}
}

// getHalves narrows down which item the device cannot answer.
func (p *poll) getHalves(ctx context.Context, items []item, err error) {
	if len(items) == 1 {
		p.decline(&items[0], err)
		return
	}
	p.getTogether(ctx, items[:len(items)/2])
	p.getTogether(ctx, items[len(items)/2:])
}

// withoutDeclined takes out the item that the device declined. The others keep their order.
func (p *poll) withoutDeclined(items []item, i int, err error) []item {
	p.decline(&items[i], err)
	return append(items[:i:i], items[i+1:]...)
}

// getOnce sends one request and hands out the values of its reply.
func (p *poll) getOnce(ctx context.Context, items []item) error {
	p.names = p.names[:0]
	for i := range items {
		p.names = append(p.names, items[i].name)
	}
	values, err := p.ask(ctx, request{kind: get, names: p.names})
	if err != nil {
		return err
	}
	for i := range items {
		p.deliver(&items[i], &values[i])
	}
	return nil
}

func (p *poll) deliver(it *item, v *value) {
	if it.scalar != none {
		s := &p.scalars[it.scalar]
		s.asked, s.cell = true, newCell(v, p.library.scalars[it.scalar].as, p.memory.text(it.scalar))
		p.rememberScalar(it.scalar)
		return
	}
	g := it.grid
	if g.readAt.IsZero() {
		g.readAt = p.repliedAt()
	}
	*g.at(it.row, it.column) = newCell(v, g.source.columns[it.column].as, cell{})
}

// rememberScalar notes whether the device has a scalar.
func (p *poll) rememberScalar(scalar int) {
	m, has := p.memory.scalar(scalar), p.scalars[scalar].kind != absent
	switch {
	case has:
		*m = absence{seen: true}
		p.memory.setText(scalar, p.scalars[scalar].text)
	case !m.seen:
		m.missed(p.now())
	}
}

// decline notes what an error-status says of an item.
func (p *poll) decline(it *item, err error) {
	var status *statusError
	if errors.As(err, &status) && status.status == noSuchName {
		if it.scalar != none {
			p.scalars[it.scalar].asked = true
			p.rememberScalar(it.scalar)
		}
		return
	}
	p.miss(it, err)
}

func (p *poll) missAll(items []item, err error) {
	for i := range items {
		p.miss(&items[i], err)
	}
}

// miss notes that an item could not be read.
func (p *poll) miss(it *item, err error) {
	if it.isFrail() && errors.Is(err, errSilent) {
		p.memory.scalar(it.scalar).missed(p.now())
		return
	}
	if it.scalar != none {
		s := &p.scalars[it.scalar]
		s.asked, s.err = true, fmt.Errorf("%s: %w", p.library.scalars[it.scalar].name, err)
		return
	}
	it.grid.fail(it.column, err)
}
