package snmp

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// malformed are datagrams that have brought other implementations down, or that are made like them. Those
// with the id fffffffe answer the request in flight.
func malformed() map[string][]byte {
	return map[string][]byte{
		// A varbind whose length has eight bytes and overflows.
		"gosnmp #552": []byte("0P\x02\x01\x01\x04\x06sdfsdf\xa3C\x02\x04\x00\x00\x00\x01\x02\x01\x00\x02\x01\x00050\x0e\x06\b+\x06\x01\x02\x01\x01\x05\x000\x88\x7f\xff\xff\xff\xff\xff\xff\xee\xa40\x05\x06\b+\x06\x01\x02\x01\x01\x05\x00D\t\x9fx\x04\x7f\x80\x00\x000\xf7\xf9\xf9\x02\x01iC\x00"),
		"gosnmp #552, in a reply": message2c("\x30\x0e\x06\x08\x2b\x06\x01\x02\x01\x01\x05\x00\x04\x02hi" +
			"\x30\x88\x7f\xff\xff\xff\xff\xff\xff\xee\xa4\x30\x05\x06\x08"),
		// A field at the end of the packet whose length reaches beyond it.
		"gosnmp #440": message2c("\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x05\x00\x04\x84\x7f\xff\xff\xff"),
		// A length that is more than an int can be, as decrypted garbage has it.
		"gosnmp #250": message2c("\x30\x8a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
		// An Opaque inside which another value begins and is cut off before its length.
		"gosnmp #244":          message2c("\x30\x12\x06\x08\x2b\x06\x01\x02\x01\x01\x05\x00\x44\x06\x44\x04\x9f\x78\x04\x9f"),
		"opaque of no length":  message2c("\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x05\x00\x44\x00"),
		"indefinite length":    message2c("\x30\x80\x06\x08\x2b\x06\x01\x02\x01\x01\x05\x00\x04\x02hi\x00\x00"),
		"integer of no bytes":  message2c("\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x03\x00\x02\x00"),
		"counter of ten bytes": message2c("\x30\x16\x06\x08\x2b\x06\x01\x02\x01\x01\x03\x00\x46\x0a\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a"),
		"name without an end":  message2c("\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x85\x80\x05\x00"),
		"name of padded arcs":  message2c("\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x80\x80\x01\x05\x00"),
		"a value and nothing":  message2c("\x30\x0b\x06\x08\x2b\x06\x01\x02\x01\x01\x05\x00\x04"),
		"no varbinds":          message2c(""),
	}
}

// message2c wraps varbinds into a response of the community public.
func message2c(varbinds string) []byte {
	wrap := func(tag byte, content string) string {
		return string(appendLength([]byte{tag}, len(content))) + content
	}
	pdu := "\x02\x04\xff\xff\xff\xfe\x02\x01\x00\x02\x01\x00" + wrap(tagSequence, varbinds)
	return []byte(wrap(tagSequence, "\x02\x01\x01\x04\x06public"+wrap(tagResponse, pdu)))
}

// Fault 25: malformed SNMP is an error, never a panic, and takes no memory.
func TestFault25MalformedSNMP(t *testing.T) {
	datagrams := make([][]byte, 0, 4096)
	for _, d := range malformed() {
		datagrams = append(datagrams, d)
	}
	named := len(datagrams)
	for _, whole := range repliesOfAPoll(t) {
		for n := range whole {
			datagrams = append(datagrams, whole[:n])
		}
		for range 200 {
			flipped := slices.Clone(whole)
			for range 1 + rand.IntN(4) {
				flipped[rand.IntN(len(flipped))] ^= byte(1 + rand.IntN(255))
			}
			datagrams = append(datagrams, flipped)
		}
	}
	c := newAgent(t).collector(t)
	s := newSession(c.engine.metrics, newInboxes())
	names := []name{mustName(t, ".1.3.6.1.2.1.1.5"), mustName(t, ifXEntry+".1")}
	var most uint64
	accepted := 0
	for _, d := range datagrams {
		for _, kind := range []requestKind{get, getBulk} {
			s.community.open(line{Conn: &scripted{datagrams: [][]byte{d}}, ctx: t.Context(), inbox: &s.inbox, now: time.Now}, &c.target, "public")
			s.exchange = &s.community
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			values, err := s.ask(t.Context(), request{kind: kind, names: names, repetitions: 25})
			for i := range values {
				newCell(&values[i], plain, cell{})
			}
			runtime.ReadMemStats(&after)
			most = max(most, after.TotalAlloc-before.TotalAlloc)
			if err == nil {
				accepted++
			}
		}
	}
	if most > 1<<20 {
		t.Errorf("%d bytes for one datagram", most)
	}
	sinktest.Fault{Row: "25", Trials: 2 * len(datagrams), Figures: fmt.Sprintf("%d malformed datagrams (%d by name, the rest cut at every byte or with bytes changed), each as the reply to a GET and a GETBULK: "+
		"0 panics, %d taken for what they say, at most %d bytes allocated for one", len(datagrams), named, accepted, most)}.Report(t)
}

// repliesOfAPoll are an agent's, with the id that scripted replaces.
func repliesOfAPoll(t *testing.T) (replies [][]byte) {
	a := newAgent(t, aRouter(2)...)
	a.sending(func(request *gosnmp.SnmpPacket, reply []byte) [][]byte {
		kept := slices.Clone(reply)
		copy(kept[idOf(kept, int64(request.RequestID)):], []byte{0xff, 0xff, 0xff, 0xfe})
		replies = append(replies, kept)
		return [][]byte{reply}
	})
	mustCollect(t, a.collector(t), "interface")
	a.sending(nil)
	return replies
}

// Fault 26: whatever a hostile agent does in a walk, the poll ends by a bound on rows, time or bytes, and
// the table is failed, never short.
func TestFault26HostileAgent(t *testing.T) {
	t.Parallel()
	const deadline = 4 * time.Second
	inStorage := func(request *gosnmp.SnmpPacket) bool {
		return request.PDUType != gosnmp.GetRequest && inside(request.Variables[0].Name, hrStorageEntry)
	}
	// onwards invents the row after the one that was asked for, without end.
	onwards := func(value any, typ gosnmp.Asn1BER, most int) func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
		return func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
			reply.Variables = reply.Variables[:0]
			for i := range most {
				parts := strings.Split(request.Variables[i%len(request.Variables)].Name, ".")
				last := 0
				if len(parts) > 12 {
					_, _ = fmt.Sscan(parts[12], &last)
				}
				reply.Variables = append(reply.Variables, gosnmp.SnmpPDU{Type: typ, Value: value,
					Name: fmt.Sprintf("%s.%d", strings.Join(parts[:12], "."), last+1+i/len(request.Variables))})
			}
			return reply
		}
	}
	page := 0
	for name, hostile := range map[string]func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket{
		"OIDs that do not increase": func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
			for i, v := range reply.Variables {
				if inside(v.Name, hrStorageEntry+".3") {
					reply.Variables[i].Name = hrStorageEntry + ".3.1"
				}
			}
			return reply
		},
		"an endless walk":        onwards(1, tInt, 60),
		"replies of 65535 bytes": onwards(make([]byte, 65000), tText, 1),
		"genErr on page 2": func(_, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
			if page++; page > 1 {
				reply.Error, reply.ErrorIndex, reply.Variables = gosnmp.GenErr, 0, nil
			} else {
				reply.Variables = reply.Variables[:1]
			}
			return reply
		},
		"tooBig, always": func(_, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
			reply.Error, reply.ErrorIndex, reply.Variables = gosnmp.TooBig, 0, nil
			return reply
		},
	} {
		t.Run(name, func(t *testing.T) {
			page = 0
			a := newAgent(t, aRouter(2)...)
			a.replying(func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
				if inStorage(request) {
					return hostile(request, reply)
				}
				return reply
			})
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			begin := time.Now()
			c := a.collector(t)
			reads, err := c.Collect(ctx, pipeline.LaneLive, nil)
			took := time.Since(begin)
			storage := tableOf(t, reads, "storage")
			figures := fmt.Sprintf("%s: %d requests, %d rows, %s after %s: %s (poll: %v)", name, len(a.taken()), len(storage.Samples), storage.Status,
				took.Round(time.Millisecond), storage.Reason, err)
			if storage.Status != pipeline.Failed || storage.Reason == "" || len(storage.Samples) > maxRows {
				t.Errorf("%s with %d rows: %q", storage.Status, len(storage.Samples), storage.Reason)
			}
			if took > deadline+time.Second {
				t.Errorf("it took %s", took)
			}
			sinktest.Fault{Row: "26", Trials: 1, Figures: figures}.Report(t)
		})
	}
}

// A reply takes memory by what was asked for, not by what it says.
func FuzzDecode(f *testing.F) {
	seeds(f)
	for _, d := range malformed() {
		f.Add(d)
	}
	f.Fuzz(func(t *testing.T, datagram []byte) {
		m, err := parseMessage(datagram)
		if err != nil {
			return
		}
		asked := request{kind: getBulk, names: make([]name, maxVarbinds), repetitions: maxRepetitions}
		var r reply
		err = r.decode(&m, &asked)
		if size := uintptr(cap(r.values)) * reflect.TypeFor[value]().Size(); size > 1<<20 {
			t.Fatalf("%d bytes for a datagram of %d", size, len(datagram))
		}
		if err == nil && r.status == 0 && len(r.values) == 0 {
			t.Fatal("a reply without values is none")
		}
		for i := range r.values {
			v := &r.values[i]
			for _, as := range []form{plain, mac, inet} {
				c := newCell(v, as, cell{})
				if again := newCell(v, as, c); again != c {
					t.Fatalf("%v, then %v", c, again)
				}
			}
			_ = v.name.String()
		}
	})
}
