package snmp

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

// parrot is an agent that says again what another one has answered to the same question. Once it knows
// the questions it allocates nothing, so what a measurement counts is the poll's.
type parrot struct {
	conn    *net.UDPConn
	teacher *agent
	known   map[string][]byte // replies by requests, both with the id 0
}

func newParrot(t testing.TB, mib ...entry) *parrot {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	p := &parrot{conn: conn, teacher: newAgent(t, mib...), known: map[string][]byte{}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.serve(t)
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-done
	})
	return p
}

func (p *parrot) serve(t testing.TB) {
	buf, out := make([]byte, 65535), make([]byte, 65535)
	for {
		n, from, err := p.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		request := buf[:n]
		m, err := parseMessage(request)
		if err != nil {
			t.Error(err)
			return
		}
		at := idOf(request, m.id)
		copy(request[at:], []byte{0, 0, 0, 0})
		reply, ok := p.known[string(request)]
		if !ok {
			binary.BigEndian.PutUint32(request[at:], uint32(m.id))
			if reply = p.learn(t, request, m.id); reply == nil {
				return
			}
			copy(request[at:], []byte{0, 0, 0, 0})
			p.known[string(request)] = reply
		}
		n = copy(out, reply)
		binary.BigEndian.PutUint32(out[idOf(out[:n], 0):], uint32(m.id))
		_, _ = p.conn.WriteToUDPAddrPort(out[:n], from)
	}
}

func (p *parrot) learn(t testing.TB, request []byte, id int64) []byte {
	packet, err := p.teacher.codec.SnmpDecodePacket(slices.Clone(request))
	if err != nil {
		t.Error(err)
		return nil
	}
	reply := slices.Clone(p.teacher.answer(packet)[0])
	copy(reply[idOf(reply, id):], []byte{0, 0, 0, 0})
	return reply
}

// idOf finds where a message has its request id, which takes four bytes.
func idOf(message []byte, id int64) int {
	want := [6]byte{tagInteger, 4, byte(id >> 24), byte(id >> 16), byte(id >> 8), byte(id)}
	return bytes.Index(message, want[:]) + 2
}

func (p *parrot) collector(t testing.TB) *Collector {
	t.Helper()
	c, err := newEngine(t).New(Target{Device: "r1", Address: "127.0.0.1", Port: p.conn.LocalAddr().(*net.UDPAddr).Port,
		Credential: Credential{Version: "2c", Community: configs.NewSecret("public")}}, pipeline.NewRows("r1", nil))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // all questions of the steady state, and all memory that is used again
		mustCollect(t, c)
	}
	return c
}

// Polls of a router whose rows stay the same allocate what they hand on, and little else. The whole of
// Collect is counted, from the socket to the samples; the agent in the same process allocates nothing.
func TestAllocationsOfAPoll(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates by itself")
	}
	const few, many = 10, 40
	perPoll := map[int]float64{}
	for _, rows := range []int{few, 20, many} {
		c := newParrot(t, aRouter(rows)...).collector(t)
		ctx, cancel := context.WithTimeout(t.Context(), maxPoll) // as the scheduler gives it
		defer cancel()
		perPoll[rows] = testing.AllocsPerRun(200, func() {
			if _, err := c.Collect(ctx, pipeline.LaneLive, nil); err != nil {
				t.Error(err)
			}
		})
	}
	each := (perPoll[many] - perPoll[few]) / (many - few)
	t.Logf("allocations a poll: %.0f of %d interfaces, %.0f of 20, %.0f of %d; %.2f for each interface more; %.2f for each of 20",
		perPoll[few], few, perPoll[20], perPoll[many], many, each, perPoll[20]/20)
	if each > 2 {
		t.Errorf("%.2f allocations for each interface, want 2 at most", each)
	}
	if all := perPoll[20] / 20; all > 2 { // with all that a poll takes beside its interfaces
		t.Errorf("%.2f allocations for each of 20 interfaces, want 2 at most", all)
	}
}

// One poll over a real socket in the steady state. The agent allocates nothing, so heap and allocations are
// the poll's; the time is both sides'.
func BenchmarkSteadyPoll(b *testing.B) {
	for _, rows := range []int{5, 20, 100} {
		b.Run(fmt.Sprintf("interfaces=%d", rows), func(b *testing.B) {
			c := newParrot(b, aRouter(rows)...).collector(b)
			requests := testutil.ToFloat64(c.engine.metrics.requests)
			ctx, cancel := context.WithTimeout(b.Context(), maxPoll)
			defer cancel()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Collect(ctx, pipeline.LaneLive, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((testutil.ToFloat64(c.engine.metrics.requests)-requests)/float64(b.N), "PDUs/poll")
		})
	}
}
