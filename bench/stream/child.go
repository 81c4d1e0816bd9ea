package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/routerpulse/routerpulse/bench/process"
)

// child is a server in a process of its own, so that its CPU and memory are its alone.
type child struct {
	cmd     *exec.Cmd
	address string
	out     *bufio.Reader

	mu sync.Mutex
	in io.WriteCloser
}

// answerTime bounds how long a server may take to answer a line.
const answerTime = 30 * time.Second

// startChild starts a server, which first says where it listens.
func startChild(ctx context.Context, program string, args ...string) (*child, error) {
	c := &child{cmd: exec.CommandContext(ctx, program, args...)}
	c.cmd.Stderr = os.Stderr
	in, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.in, c.out = in, bufio.NewReader(out)
	if err := process.StartSlack(c.cmd); err != nil {
		return nil, fmt.Errorf("%s: %w (make bench-stream builds it)", program, err)
	}
	if c.address, err = c.answer(); err != nil {
		c.kill()
		return nil, fmt.Errorf("%s does not say where it listens: %w", program, err)
	}
	return c, nil
}

// answer reads a line. A server that does not answer in time is ended.
func (c *child) answer() (string, error) {
	late := time.AfterFunc(answerTime, func() { _ = c.cmd.Process.Kill() })
	defer late.Stop()
	line, err := c.out.ReadString('\n')
	return strings.TrimSpace(line), err
}

// say sends a line.
func (c *child) say(format string, args ...any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := fmt.Fprintf(c.in, format+"\n", args...)
	return err
}

// collect has it collect its garbage and give back what it does not need.
func (c *child) collect() error {
	if err := c.say("gc"); err != nil {
		return err
	}
	_, err := c.answer()
	return err
}

// stat is what a server says of itself.
type stat struct {
	Published  int            `json:"published"`
	P999       float64        `json:"publish_p999_ms"`
	Max        float64        `json:"publish_max_ms"`
	Heap       uint64         `json:"heap"`
	Live       uint64         `json:"live"` // what the last collection left
	Goroutines int            `json:"goroutines"`
	Ended      map[string]int `json:"ended"`
	Open       int            `json:"open"`
}

func (c *child) stat() (s stat, err error) {
	if err := c.say("stat"); err != nil {
		return s, err
	}
	line, err := c.answer()
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal([]byte(line), &s)
}

// stop ends the input and waits; who does not end by itself is killed.
func (c *child) stop() {
	c.mu.Lock()
	_ = c.in.Close()
	c.mu.Unlock()
	late := time.AfterFunc(answerTime, func() { _ = c.cmd.Process.Kill() })
	defer late.Stop()
	_ = c.cmd.Wait()
}

func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// cpu is the seconds of user and system time so far.
func (c *child) cpu() float64 { return process.CPU(c.cmd.Process.Pid) }

// memory is what the process has in memory, in bytes.
func (c *child) memory() float64 { return process.Memory(c.cmd.Process.Pid, "VmRSS") }

// openFiles is the limit under which both sides must work.
const openFiles = 20_000

func limitFiles() error {
	limit := syscall.Rlimit{Cur: openFiles, Max: openFiles}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("open files: %w", err)
	}
	return nil
}
