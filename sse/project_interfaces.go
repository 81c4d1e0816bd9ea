package sse

import (
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sse/state"
)

// The fields of a router.interfaces row, by place.
const (
	ifOper = iota
	ifAdmin
	ifType
	ifComment
	ifSpeed
	ifRx
	ifTx
	ifRxUse
	ifTxUse
	ifRxErrors
	ifTxErrors
	ifRxDiscards
	ifTxDiscards
	ifTime
	ifFields
)

func interfaceLayout() *state.Layout {
	return state.NewLayout("oper_status", "admin_status", "type", "comment", "speed_bits_per_second", "rx_bits_per_second",
		"tx_bits_per_second", "rx_utilisation_percent", "tx_utilisation_percent", "rx_errors_per_second", "tx_errors_per_second",
		"rx_discards_per_second", "tx_discards_per_second", "time")
}

// interfaces takes in the table interface: a row for each, and the sums of those that carry traffic of
// their own.
func (p *projector) interfaces(src *source, t *pipeline.TableRead, slot time.Time) {
	var rx, tx sum
	p.handles(src, t.Samples)
	for i, sample := range t.Samples {
		cells := interfaceCells(sample, slot)
		if pipeline.CarriesTraffic(cells[ifType].Text()) {
			rx.add(cells[ifRx])
			tx.add(cells[ifTx])
		}
		p.inbox.Set(src.interfaces[i], p.topics.interfaces.layout, cells)
	}
	if t.Status == pipeline.Whole { // the sums of a part would be a dip that never was
		p.confirm(src, len(t.Samples))
		src.set(liveRx, rx.value())
		src.set(liveTx, tx.value())
	}
}

func interfaceKey(device, row string) string { return "interface/" + device + "/" + row }

// handles makes sure that the first handles are those of the samples, in their order, as they mostly
// are already.
func (p *projector) handles(src *source, samples []pipeline.Sample) {
	prefix := len(interfaceKey(src.name, ""))
	inOrder := len(src.interfaces) >= len(samples)
	for i := 0; inOrder && i < len(samples); i++ {
		inOrder = src.interfaces[i].Key[prefix:] == samples[i].Series.Row()
	}
	if inOrder {
		return
	}
	left := make(map[string]*state.Handle, len(src.interfaces))
	for _, h := range src.interfaces {
		left[h.Key] = h
	}
	list := make([]*state.Handle, len(samples), len(samples)+len(left))
	for i, sample := range samples {
		key := interfaceKey(src.name, sample.Series.Row())
		if list[i] = left[key]; list[i] == nil {
			list[i] = &state.Handle{Topic: p.topics.interfaces.Topic, Device: src.name, Key: key}
		}
		delete(left, key)
	}
	for _, h := range src.interfaces { // those that a part of the table did not show
		if left[h.Key] != nil {
			list = append(list, h)
		}
	}
	src.interfaces = list
}

func interfaceCells(sample pipeline.Sample, slot time.Time) []state.Value {
	cells := make([]state.Value, ifFields)
	for i := range sample.Fields {
		f := &sample.Fields[i]
		switch f.Def.Name {
		case "oper_status":
			cells[ifOper] = name(f)
		case "admin_status":
			cells[ifAdmin] = name(f)
		case "type":
			cells[ifType] = text(f.Value)
		case "comment":
			cells[ifComment] = text(f.Value)
		case "speed_bits_per_second":
			cells[ifSpeed] = integer(f.Value)
		case "rx_bits_per_second":
			cells[ifRx] = integer(f.Value)
		case "tx_bits_per_second":
			cells[ifTx] = integer(f.Value)
		case "rx_errors_per_second":
			cells[ifRxErrors] = integer(f.Value)
		case "tx_errors_per_second":
			cells[ifTxErrors] = integer(f.Value)
		case "rx_discards_per_second":
			cells[ifRxDiscards] = integer(f.Value)
		case "tx_discards_per_second":
			cells[ifTxDiscards] = integer(f.Value)
		}
	}
	cells[ifRxUse] = share(cells[ifRx], cells[ifSpeed])
	cells[ifTxUse] = share(cells[ifTx], cells[ifSpeed])
	cells[ifTime] = state.IntValue(slot.UnixMilli())
	return cells
}

// name is the name of an enumeration's code.
func name(f *pipeline.Field) state.Value {
	if f.Value.IsNone() {
		return state.Value{}
	}
	return state.TextValue(f.Def.NameOf(f.Value.Int()))
}

// share is a rate in percent of the speed.
func share(rate, speed state.Value) state.Value {
	if rate.IsNone() || speed.Int() <= 0 {
		return state.Value{}
	}
	return state.FloatValue(100*rate.Float()/speed.Float(), 1)
}

// sum adds what is known; nothing known is no value, not 0.
type sum struct {
	total int64
	known bool
}

func (s *sum) add(v state.Value) {
	if !v.IsNone() {
		s.total += v.Int()
		s.known = true
	}
}

func (s *sum) value() state.Value {
	if !s.known {
		return state.Value{}
	}
	return state.IntValue(s.total)
}
