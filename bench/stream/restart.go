package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// restarted is what a restart did to the pages.
type restarted struct {
	Pages    int     `json:"pages"`
	Rows     int     `json:"rows"`
	RowBytes float64 `json:"row_bytes"` // of snapshots, for each row
	Down     float64 `json:"down_seconds"`
	AllBack  float64 `json:"all_back_seconds"`  // from the moment that it listens again
	FromStop float64 `json:"from_stop_seconds"` // … that it was told to stop
	Peak     int     `json:"most_connections_in_a_second"`
	Blank    int64   `json:"blank_pages"` // that had fewer rows at any sync
	Offered  int     `json:"offered"`
}

// restart stops a server that has many pages, and starts it again.
func restart(ctx context.Context, b *bench) error {
	fmt.Printf("restart: %s, %d pages\n", ours, b.subscribers)
	folder := filepath.Join(b.dir, "stream")
	server, to, err := b.start(ctx, trial{server: ours, args: []string{"-folder", folder}})
	if err != nil {
		return err
	}
	defer func() { server.stop() }()
	ctx, cancel := context.WithCancel(ctx)
	pages := &pages{address: to.address, path: to.path(0), rows: b.routers}
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	for i := range b.subscribers {
		wg.Go(func() { pages.live(ctx, i, time.Duration(i)*time.Second/1000) })
	}
	r := restarted{Pages: b.subscribers, Rows: b.routers}
	n := int64(b.subscribers)
	if err := pages.reach(ctx, n); err != nil {
		return err
	}
	r.RowBytes = float64(pages.bytes.Load()) / float64(n) / float64(b.routers)
	pages.times.clear()
	stopped := time.Now()
	server.stop()
	server2, _, err := b.start(ctx, trial{server: ours, args: []string{"-folder", folder, "-listen", to.address}})
	if err != nil {
		return err
	}
	server = server2
	up := time.Now()
	if err := pages.reach(ctx, 2*n); err != nil {
		return err
	}
	r.Down, r.AllBack, r.FromStop = up.Sub(stopped).Seconds(), time.Since(up).Seconds(), time.Since(stopped).Seconds()
	r.Blank, r.Peak = pages.blank.Load(), pages.times.most(time.Second)
	b.report.Restarted = &r
	return nil
}

// pages are browsers' EventSources, as far as a restart concerns them: they come back after the time
// that they were told, with the last id.
type pages struct {
	address, path string
	rows          int // that each must have at every sync
	synced        atomic.Int64
	blank         atomic.Int64
	bytes         atomic.Int64
	times         moments // of connections
}

// moments are points in time.
type moments struct {
	mu   sync.Mutex
	list []time.Time
}

func (m *moments) add(t time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.list = append(m.list, t)
}

func (m *moments) clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.list = nil
}

// most is the largest number of them in any span of that length. They are in order but for what is
// between a clock and a lock.
func (m *moments) most(span time.Duration) (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	first := 0
	for i, t := range m.list {
		for t.Sub(m.list[first]) > span {
			first++
		}
		n = max(n, i-first+1)
	}
	return n
}

func (p *pages) reach(ctx context.Context, n int64) error {
	return await(ctx, time.Minute, func() bool { return p.synced.Load() >= n }, func() string {
		return fmt.Sprintf("%d of %d times in sync", p.synced.Load(), n)
	})
}

// live is the life of a page.
func (p *pages) live(ctx context.Context, i int, wait time.Duration) {
	page := &onePage{all: p, retry: 3 * time.Second}
	for sleep(ctx, wait) == nil {
		_ = page.connect(ctx, i) // whatever ended it, it comes back
		wait = page.retry
	}
}

// onePage is one of them.
type onePage struct {
	all   *pages
	id    string
	retry time.Duration
	event string
}

var errNoStream = errors.New("the answer is no stream")

// connect opens the stream and reads it to its end.
func (p *onePage) connect(ctx context.Context, i int) error {
	dialer := net.Dialer{Timeout: 10 * time.Second, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+i%addresses))}}
	conn, err := dialer.DialContext(ctx, "tcp", p.all.address)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	defer func() { _ = conn.Close() }()
	p.all.times.add(time.Now())
	if err := conn.SetDeadline(time.Now().Add(2 * time.Minute)); err != nil {
		return err
	}
	request := "GET " + p.all.path + " HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n"
	if p.id != "" {
		request += "Last-Event-ID: " + p.id + "\r\n"
	}
	if _, err := io.WriteString(conn, request+"\r\n"); err != nil {
		return err
	}
	lines := bufio.NewReaderSize(conn, 4<<10)
	if status, err := lines.ReadString('\n'); err != nil || !strings.HasPrefix(status, "HTTP/1.1 200") {
		return errors.Join(err, errNoStream)
	}
	for {
		line, err := lines.ReadSlice('\n')
		for errors.Is(err, bufio.ErrBufferFull) { // rows, which only need to be counted
			p.all.bytes.Add(int64(len(line)))
			line, err = lines.ReadSlice('\n')
			if err == nil {
				p.all.bytes.Add(int64(len(line)))
				line = line[:0]
			}
		}
		if err != nil {
			return err
		}
		p.line(strings.TrimSpace(string(line)))
	}
}

// line takes in a line of the stream.
func (p *onePage) line(line string) {
	field, value, _ := strings.Cut(line, ": ")
	switch {
	case field == "retry":
		if ms, err := strconv.ParseInt(value, 10, 32); err == nil {
			p.retry = time.Duration(min(ms, math.MaxInt32)) * time.Millisecond
		}
	case field == "id":
		p.id = value
	case field == "event":
		p.event = value
	case field == "data" && p.event == "sync":
		if !strings.Contains(value, `"router.live":`+strconv.Itoa(p.all.rows)+`}`) {
			p.all.blank.Add(1)
		}
		p.all.synced.Add(1)
	}
}
