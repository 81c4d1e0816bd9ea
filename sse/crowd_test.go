package sse

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// crowdAddress names the server of which this test binary becomes many subscribers, in a process of its
// own: one process has not enough files for both ends of ten thousand connections.
const crowdAddress = "ROUTERPULSE_TEST_CROWD"

// crowd is those subscribers, seen from the test.
type crowd struct {
	t   *testing.T
	in  io.WriteCloser
	out *bufio.Reader
}

// crowdReport is what the subscribers who read have seen.
type crowdReport struct {
	Missing int     // changes that they did not get, together
	Lost    int     // streams of them that ended
	P99     float64 // milliseconds from a change to its reader
	Control float64 // p99 of how late a goroutine that only sleeps woke meanwhile
}

// startCrowd starts the process; it ends with the test.
func startCrowd(t *testing.T, s *server) *crowd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crowdAddress+"="+s.Listener.Addr().String())
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the subscribers' process: %v", err)
		}
	})
	return &crowd{t, in, bufio.NewReader(out)}
}

// do has it do something, and waits until it is done.
func (c *crowd) do(format string, args ...any) (r crowdReport) {
	c.t.Helper()
	if _, err := fmt.Fprintf(c.in, format+"\n", args...); err != nil {
		c.t.Fatal(err)
	}
	line, err := c.out.ReadString('\n')
	if err != nil {
		c.t.Fatalf("%s: %v", fmt.Sprintf(format, args...), err)
	}
	if err := json.Unmarshal([]byte(line), &r); err != nil {
		c.t.Fatalf("%s: %s", fmt.Sprintf(format, args...), line)
	}
	return r
}

// subscribers are the crowd in its own process.
type subscribers struct {
	address string
	readers []*markReader
	lazy    int // how many of them, the last ones, stop reading
	asleep  atomic.Bool
	leaving atomic.Bool
	ready   atomic.Int64
	late    [20_001]atomic.Int64 // changes, by milliseconds
	wg      sync.WaitGroup
}

// markReader is one of them.
type markReader struct {
	conn  net.Conn
	got   atomic.Int64
	ended atomic.Bool
}

// beCrowd does what each line of the input says until it ends.
func beCrowd(address string) int {
	s := &subscribers{address: address}
	sleeper := make(chan struct{})
	var lateness []float64
	var mu sync.Mutex
	go sleep(sleeper, func(ms float64) {
		mu.Lock()
		defer mu.Unlock()
		lateness = append(lateness, ms)
	})
	defer close(sleeper)
	defer s.leave()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		words := strings.Fields(lines.Text())
		numbers := make([]int, len(words))
		for i, w := range words[1:] {
			numbers[i], _ = strconv.Atoi(w)
		}
		var r crowdReport
		var err error
		switch words[0] {
		case "open":
			err = s.open(numbers[0], numbers[1])
		case "stall":
			s.asleep.Store(true)
		case "await":
			r = s.await(int64(numbers[0]))
			mu.Lock()
			slices.Sort(lateness)
			r.Control = lateness[len(lateness)*99/100]
			mu.Unlock()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "subscribers:", err)
			return 1
		}
		_ = json.NewEncoder(os.Stdout).Encode(r) // the test would notice
	}
	return 0
}

// sleep tells of how late it wakes, each time.
func sleep(end chan struct{}, tell func(ms float64)) {
	const every = 10 * time.Millisecond
	for due := time.Now().Add(every); ; due = time.Now().Add(every) {
		select {
		case <-end:
			return
		case <-time.After(time.Until(due)):
			tell(time.Since(due).Seconds() * 1000)
		}
	}
}

// open opens n streams and waits until all are in sync.
func (s *subscribers) open(n, lazy int) error {
	s.lazy = lazy
	s.readers = make([]*markReader, n)
	var dialing sync.WaitGroup
	next, failed := make(chan int), make(chan error, n)
	for range 64 {
		dialing.Go(func() {
			for i := range next {
				failed <- s.dial(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	dialing.Wait()
	close(failed)
	for err := range failed {
		if err != nil {
			return err
		}
	}
	for end := time.Now().Add(time.Minute); s.ready.Load() < int64(n); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("%d of %d streams are in sync", s.ready.Load(), n)
		}
	}
	return nil
}

func (s *subscribers) dial(i int) error {
	dialer := net.Dialer{Timeout: 30 * time.Second, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+i%20))}}
	conn, err := dialer.Dial("tcp", s.address)
	if err != nil {
		return err
	}
	r := &markReader{conn: conn}
	s.readers[i] = r
	lazy := i >= len(s.readers)-s.lazy
	if lazy {
		if err := conn.(*net.TCPConn).SetReadBuffer(4096); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(conn, "GET /v1/stream?channel=public-routers HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"); err != nil {
		return err
	}
	s.wg.Go(func() {
		err := s.read(r, lazy)
		r.ended.Store(err != nil && !s.leaving.Load())
	})
	return nil
}

// read counts changes until the stream ends.
func (s *subscribers) read(r *markReader, lazy bool) error {
	lines := bufio.NewReaderSize(r.conn, 8<<10)
	synced := false
	for {
		b, err := lines.ReadSlice('}') // no object of ours is larger than the buffer
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		if !synced && bytes.Contains(b, []byte("event: sync")) {
			synced = true
			s.ready.Add(1)
		}
		s.mark(r, b)
		if lazy && s.asleep.Load() {
			return nil // the connection stays open
		}
	}
}

// mark looks for a change that crowdChange made.
func (s *subscribers) mark(r *markReader, b []byte) {
	_, rest, found := bytes.Cut(b, []byte(`"identity":"at `))
	if !found {
		return
	}
	digits, _, _ := bytes.Cut(rest, []byte(" "))
	at, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil {
		return
	}
	ms := max(0, min(int(time.Since(time.UnixMicro(at)).Milliseconds()), len(s.late)-1))
	s.late[ms].Add(1)
	r.got.Add(1)
}

// await waits until each who reads has n changes; who has not after a while misses them.
func (s *subscribers) await(n int64) (r crowdReport) {
	healthy := s.readers[:len(s.readers)-s.lazy]
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		r = crowdReport{}
		for _, reader := range healthy {
			r.Missing += int(max(0, n-reader.got.Load()))
			if reader.ended.Load() {
				r.Lost++
			}
		}
		if r.Missing == 0 || time.Now().After(end) {
			break
		}
	}
	var total, seen int64
	for i := range s.late {
		total += s.late[i].Load()
	}
	for i := range s.late {
		if seen += s.late[i].Load(); seen*100 >= total*99 {
			r.P99 = float64(i + 1)
			break
		}
	}
	return r
}

func (s *subscribers) leave() {
	s.leaving.Store(true)
	for _, r := range s.readers {
		if r != nil {
			_ = r.conn.Close()
		}
	}
	s.wg.Wait()
}
