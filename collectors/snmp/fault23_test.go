package snmp

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

// lossy is a UDP relay in front of an agent that loses datagrams each way, and reorders, doubles and
// delays what it lets through.
type lossy struct {
	front *net.UDPConn
	agent *net.UDPAddr
	loss  float64
	late  time.Duration // how late one reply in twenty comes

	wg     sync.WaitGroup
	mu     sync.Mutex
	random *rand.Rand
	backs  map[string]*net.UDPConn // by client
}

func newLossy(t *testing.T, agent *agent, loss float64, late time.Duration, seed uint64) *lossy {
	t.Helper()
	front, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	l := &lossy{front: front, agent: agent.conn.LocalAddr().(*net.UDPAddr), loss: loss, late: late,
		random: rand.New(rand.NewPCG(23, seed)), backs: map[string]*net.UDPConn{}}
	l.wg.Go(l.forward)
	t.Cleanup(func() {
		_ = front.Close()
		l.mu.Lock()
		for _, back := range l.backs {
			_ = back.Close()
		}
		l.mu.Unlock()
		l.wg.Wait()
	})
	return l
}

func (l *lossy) draw() float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.random.Float64()
}

// forward takes requests to the agent, from a socket of its own for each client.
func (l *lossy) forward() {
	buf := make([]byte, 65535)
	for {
		n, client, err := l.front.ReadFromUDP(buf)
		if err != nil {
			return
		}
		back := l.back(client)
		if back == nil || l.draw() < l.loss {
			continue
		}
		_, _ = back.Write(buf[:n])
	}
}

func (l *lossy) back(client *net.UDPAddr) *net.UDPConn {
	l.mu.Lock()
	defer l.mu.Unlock()
	if back := l.backs[client.String()]; back != nil {
		return back
	}
	back, err := net.DialUDP("udp", nil, l.agent)
	if err != nil {
		return nil
	}
	l.backs[client.String()] = back
	l.wg.Go(func() { l.backward(back, client) })
	return back
}

// backward takes replies to the client: some twice, some after the next, some far too late.
func (l *lossy) backward(back *net.UDPConn, client *net.UDPAddr) {
	buf := make([]byte, 65535)
	for {
		n, err := back.Read(buf)
		if err != nil {
			return
		}
		if l.draw() < l.loss {
			continue
		}
		times := 1
		if l.draw() < 0.1 {
			times = 2
		}
		for range times {
			wait := time.Duration(l.draw() * float64(2*time.Millisecond)) // enough for another order
			if l.draw() < 0.05 {
				wait = l.late
			}
			reply := slices.Clone(buf[:n])
			l.wg.Go(func() {
				time.Sleep(wait)
				_, _ = l.front.WriteToUDP(reply, client)
			})
		}
	}
}

// Fault 23: on a network that loses, reorders, doubles and delays datagrams, a value is right or
// missing, never another poll's or another row's. Times are parts of the real ones, down to 100 ms for the
// timeout of a second; the fewer datagrams are lost, the longer, since what a busy machine delays is not
// lost. Late is two timeouts.
func TestFault23Loss(t *testing.T) {
	const devices, ports = 24, 4
	for _, test := range []struct {
		loss    float64 // of each way
		polls   int     // of each device
		success float64 // of requests, with two retries
		timeout time.Duration
	}{
		{0.01, sinktest.Trials(20, 60), 0.999, 500 * time.Millisecond},
		{0.1, sinktest.Trials(20, 60), 0.99, 250 * time.Millisecond},
		{0.3, sinktest.Trials(8, 25), 0.86, 100 * time.Millisecond},
	} {
		t.Run(fmt.Sprint(test.loss), func(t *testing.T) {
			var mu sync.Mutex
			var read, wrong, answered, silent int
			var wg sync.WaitGroup
			for device := range devices {
				a := newAgent(t, aRouter(ports)...)
				relay := newLossy(t, a, test.loss, 2*test.timeout, uint64(device))
				c := a.collector(t, func(target *Target) {
					target.Timeout, target.Port = test.timeout, relay.front.LocalAddr().(*net.UDPAddr).Port
				})
				wg.Go(func() {
					for poll := 1; poll <= test.polls; poll++ {
						for port := 1; port <= ports; port++ {
							a.change(fmt.Sprintf("%s.6.%d", ifXEntry, port), uint64(poll*100+port))
						}
						reads, _ := collect(t, c, "interface", "router")
						for _, s := range tableOf(t, reads, "interface").Samples {
							v := s.Value("rx_bytes")
							if v.IsNone() {
								continue
							}
							var port int
							_, _ = fmt.Sscanf(s.Series.Row(), "ether%d", &port)
							mu.Lock()
							read++
							if v.Int() != int64(poll*100+port) {
								wrong++
							}
							mu.Unlock()
						}
					}
					mu.Lock()
					defer mu.Unlock()
					answered += int(testutil.ToFloat64(c.engine.metrics.replies))
					silent += int(testutil.ToFloat64(c.engine.metrics.timeouts))
				})
			}
			wg.Wait()
			requests := answered + silent
			success := float64(answered) / float64(requests)
			figures := fmt.Sprintf("loss %.0f %% each way: %d of %d values read; %.2f %% of %d requests answered (asked: %.1f %%)", 100*test.loss,
				read, devices*test.polls*ports, 100*success, requests, 100*test.success)
			chance := 3 * math.Sqrt(test.success*(1-test.success)/float64(requests)) // of so few requests
			if read == 0 || success < test.success-chance {
				t.Errorf("%.2f %% of requests were answered, want %.1f %%", 100*success, 100*test.success)
			}
			sinktest.Fault{Row: "23", Wrong: wrong, Trials: requests, Figures: figures}.Report(t)
		})
	}
}
