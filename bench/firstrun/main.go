// Command firstrun measures what a newcomer sees of the demo: how long after the start of the process
// the first change is on the stream, how many routers are in the snapshot, how long the end takes
// after a signal, and whether anything stays behind.
//
//	go run ./bench/firstrun -program bin/routerpulse
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// result is what one run found.
type result struct {
	FirstDelta float64  `json:"first_delta_seconds"`
	Routers    int      `json:"routers_in_snapshot"`
	Exit       float64  `json:"exit_seconds"`
	ExitCode   int      `json:"exit_code"`
	Left       []string `json:"left_behind"`
}

func main() {
	program := flag.String("program", "bin/routerpulse", "the program to measure")
	out := flag.String("out", "bench/firstrun/last.json", "where the raw figures go")
	flag.Parse()
	r, err := measure(*program)
	if err == nil {
		err = report(r, *out)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "firstrun:", err)
		os.Exit(1)
	}
}

func report(r result, out string) error {
	fmt.Printf("first delta       %.2f s after the process started\n", r.FirstDelta)
	fmt.Printf("snapshot          %d routers\n", r.Routers)
	fmt.Printf("end               %.2f s after SIGTERM, exit code %d\n", r.Exit, r.ExitCode)
	fmt.Printf("left behind       %d (files, sockets) %s\n", len(r.Left), strings.Join(r.Left, " "))
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(data, '\n'), 0o644)
}

func measure(program string) (r result, err error) {
	temp, err := os.MkdirTemp("", "firstrun-")
	if err != nil {
		return r, err
	}
	defer func() { _ = os.RemoveAll(temp) }()
	begin := time.Now()
	cmd := exec.Command(program, "demo", "--listen", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), "TMPDIR="+temp)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return r, err
	}
	if err := cmd.Start(); err != nil {
		return r, err
	}
	defer func() { _ = cmd.Process.Kill() }()
	page, err := pageOf(stdout)
	if err != nil {
		return r, err
	}
	if err := r.follow(page, begin); err != nil {
		return r, err
	}
	time.Sleep(5 * time.Second) // let polls and streams be under way
	stop := time.Now()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return r, err
	}
	_, _ = io.Copy(io.Discard, stdout)
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return r, err
	}
	r.Exit, r.ExitCode = time.Since(stop).Seconds(), cmd.ProcessState.ExitCode()
	r.Left, _ = filepath.Glob(filepath.Join(temp, "*"))
	if conn, err := net.DialTimeout("tcp", strings.TrimSuffix(strings.TrimPrefix(page, "http://"), "/"), time.Second); err == nil {
		_ = conn.Close()
		r.Left = append(r.Left, page)
	}
	return r, nil
}

// pageOf reads what the demo prints until it says where the page is.
func pageOf(stdout io.Reader) (string, error) {
	pattern := regexp.MustCompile(`^\s*page\s+(http://\S+)`)
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if m := pattern.FindStringSubmatch(lines.Text()); m != nil {
			return m[1], nil
		}
	}
	return "", errors.New("the demo ended without saying where its page is")
}

// follow reads the stream until the first change.
func (r *result) follow(page string, begin time.Time) error {
	client := &http.Client{Timeout: 30 * time.Second}
	resp, err := client.Get(page + "v1/stream?channel=public-routers")
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	event := ""
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case name == "event":
			event = value
		case name == "data" && event == "snapshot":
			var f struct{ Rows []json.RawMessage }
			if err := json.Unmarshal([]byte(value), &f); err != nil {
				return err
			}
			r.Routers += len(f.Rows)
		case name == "data" && event == "delta":
			r.FirstDelta = time.Since(begin).Seconds()
			return nil
		}
	}
	return errors.Join(errors.New("the stream ended before the first delta"), lines.Err())
}
