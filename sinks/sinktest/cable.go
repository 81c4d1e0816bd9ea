package sinktest

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Cable is a pair of virtual Ethernet ports: one here, the other in a network namespace of its own,
// which can be pulled.
type Cable struct {
	Inner string // the address in the namespace

	t    *testing.T
	name string
	pid  int // of the process that keeps the namespace
}

// NewCable needs root; without it the test that asks is skipped, and says so.
func NewCable(t *testing.T) *Cable {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("NOT RUN: a network namespace and a cable to pull need root")
	}
	for _, program := range []string{"ip", "unshare", "nsenter", "sleep"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("NOT RUN: it needs %s (apt-get install iproute2 util-linux)", program)
		}
	}
	keeper := exec.Command("unshare", "--net", "sleep", "600")
	if err := keeper.Start(); err != nil {
		t.Skipf("NOT RUN: no network namespace: %v", err)
	}
	t.Cleanup(func() {
		_ = keeper.Process.Kill()
		_ = keeper.Wait()
	})
	id := os.Getpid() % 250
	c := &Cable{t: t, name: fmt.Sprintf("rp%d", id), Inner: fmt.Sprintf("10.251.%d.2", id), pid: keeper.Process.Pid}
	awaitNamespace(t, c.pid)
	peer, pid := c.name+"p", fmt.Sprint(c.pid)
	if out, err := exec.Command("ip", "link", "add", c.name, "type", "veth", "peer", "name", peer, "netns", pid).CombinedOutput(); err != nil {
		t.Skipf("NOT RUN: no veth here: %s", out)
	}
	t.Cleanup(func() { _ = exec.Command("ip", "link", "del", c.name).Run() })
	for _, args := range []string{
		"ip addr add 10.251." + fmt.Sprint(id) + ".1/24 dev " + c.name, "ip link set " + c.name + " up",
		"nsenter -n -t " + pid + " ip addr add " + c.Inner + "/24 dev " + peer, "nsenter -n -t " + pid + " ip link set " + peer + " up",
	} {
		c.run(args)
	}
	return c
}

// awaitNamespace waits until the process is in a namespace of its own.
func awaitNamespace(t *testing.T, pid int) {
	t.Helper()
	mine, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	if !Eventually(10*time.Second, func() bool {
		theirs, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", pid))
		return err == nil && theirs != mine
	}) {
		t.Fatal("no network namespace within 10 s")
	}
}

func (c *Cable) run(command string) {
	c.t.Helper()
	args := strings.Fields(command)
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		c.t.Fatalf("%s: %v: %s", command, err, out)
	}
}

// Pull takes the far end down: what is sent vanishes, and nothing says so. The near end stays up by
// itself only as long as it has a carrier, so its neighbour is written down for good.
func (c *Cable) Pull() { c.run(fmt.Sprintf("nsenter -n -t %d ip link set %sp down", c.pid, c.name)) }

// Plug takes it up again.
func (c *Cable) Plug() { c.run(fmt.Sprintf("nsenter -n -t %d ip link set %sp up", c.pid, c.name)) }

// Listen opens a port inside the namespace. A socket stays where it was made, so only the making needs
// a thread that is there; that thread ends with its goroutine.
func (c *Cable) Listen() *net.TCPListener {
	c.t.Helper()
	type made struct {
		l   net.Listener
		err error
	}
	done := make(chan made)
	go func() {
		runtime.LockOSThread() // and never unlocked
		ns, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", c.pid))
		if err != nil {
			done <- made{nil, err}
			return
		}
		defer func() { _ = ns.Close() }()
		if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- made{nil, err}
			return
		}
		l, err := net.Listen("tcp4", net.JoinHostPort(c.Inner, "0"))
		done <- made{l, err}
	}()
	m := <-done
	if m.err != nil {
		c.t.Fatal(m.err)
	}
	return m.l.(*net.TCPListener)
}

// Relay hands connections of a listener on to another address, until the test ends.
func Relay(t *testing.T, l *net.TCPListener, to string) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	hold := func(c net.Conn) {
		mu.Lock()
		defer mu.Unlock()
		open = append(open, c)
	}
	wg.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				_ = in.Close()
				continue
			}
			hold(in)
			hold(out)
			for _, pair := range [][2]net.Conn{{in, out}, {out, in}} {
				wg.Go(func() {
					_, _ = io.Copy(pair[0], pair[1])
					_, _ = pair[0].Close(), pair[1].Close()
				})
			}
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for _, c := range open {
			_ = c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
}
