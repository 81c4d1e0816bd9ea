package snmp

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
)

// snmpd is Debian's agent, in the foreground, with a config of its own.
type snmpd struct {
	t    testing.TB
	dir  string
	port int
	cmd  *exec.Cmd
}

func startSnmpd(t testing.TB, config string) *snmpd {
	t.Helper()
	for _, program := range []string{"snmpd", "snmpget", "snmpbulkwalk"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("this test needs Debian's %s: apt-get install snmpd snmp", program)
		}
	}
	d := &snmpd{t: t, dir: t.TempDir(), port: freePort(t)}
	if err := os.WriteFile(filepath.Join(d.dir, "snmpd.conf"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	d.start()
	t.Cleanup(d.stop)
	return d
}

// freePort returns a port that nobody has now, and that the system gives to nobody while the agent is
// stopped: it lies below those that clients get.
func freePort(t testing.TB) int {
	t.Helper()
	for range 100 {
		port := 20000 + rand.IntN(10000)
		conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
		if err == nil {
			_ = conn.Close()
			return port
		}
	}
	t.Fatal("no free port between 20000 and 30000")
	return 0
}

// command runs a net-snmp program that neither reads the system's configuration nor its MIBs.
func (d *snmpd) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "MIBS=", "MIBDIRS="+d.dir,
		"SNMPCONFPATH="+d.dir+":"+filepath.Join(d.dir, "state"), "SNMP_PERSISTENT_DIR="+filepath.Join(d.dir, "state"))
	return cmd
}

func (d *snmpd) start() {
	d.t.Helper()
	log := filepath.Join(d.dir, "log")
	d.cmd = d.command("snmpd", "-f", "-Lf", log, "-I", "-smux",
		fmt.Sprintf("udp:127.0.0.1:%d", d.port))
	if err := d.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	c := d.collector(func(target *Target) { target.Timeout = 100 * time.Millisecond })
	for started := time.Now(); c.Check(d.t.Context()) != nil; {
		if time.Since(started) > 20*time.Second {
			text, _ := os.ReadFile(log)
			d.t.Fatalf("snmpd does not answer: %s", text)
		}
	}
}

func (d *snmpd) stop() {
	_ = d.cmd.Process.Kill()
	_ = d.cmd.Wait()
}

// quit lets it write down what it remembers, its engine ID and boots, and ends it.
func (d *snmpd) quit() {
	d.t.Helper()
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		d.t.Fatal(err)
	}
	_ = d.cmd.Wait()
}

func (d *snmpd) collector(change ...func(*Target)) *Collector {
	d.t.Helper()
	target := Target{Device: "linux", Address: "127.0.0.1", Port: d.port,
		Credential: Credential{Version: "2c", Community: configs.NewSecret("public")}}
	for _, f := range change {
		f(&target)
	}
	c, err := newEngine(d.t).New(target, pipeline.NewRows("linux", nil))
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

// ask returns what snmpget or snmpbulkwalk prints, by OID, values only.
func (d *snmpd) ask(program string, oids ...string) map[string]string {
	d.t.Helper()
	return d.askAs([]string{"-v2c", "-cpublic"}, program, oids...)
}

// askAs asks with other credentials.
func (d *snmpd) askAs(access []string, program string, oids ...string) map[string]string {
	d.t.Helper()
	args := append(slices.Clone(access), "-Onqe", "-OUt", "-t5", fmt.Sprintf("127.0.0.1:%d", d.port))
	args = append(args, oids...)
	out, err := d.command(program, args...).Output()
	if err != nil {
		d.t.Fatalf("%s %v: %v", program, oids, err)
	}
	values := map[string]string{}
	for _, line := range strings.Split(string(out), "\n") {
		if oid, value, ok := strings.Cut(line, " "); ok {
			values[oid] = strings.Trim(value, "\" ")
		}
	}
	return values
}

const linuxConfig = "rocommunity public 127.0.0.1\nsysname core-1\nsyslocation rack-7\nsysdescr a Linux box\n"

// What we read is what Debian's snmpget and snmpbulkwalk print, counters within the two reads around.
func TestSnmpd(t *testing.T) {
	d := startSnmpd(t, linuxConfig)
	for _, version := range []string{"2c", "1"} {
		t.Run(version, func(t *testing.T) {
			c := d.collector(func(target *Target) { target.Credential.Version = version })
			for range 2 {
				before := d.everything()
				reads := mustCollect(t, c)
				after := d.everything()
				checkSystem(t, reads, before)
				checkPorts(t, reads, before, after, version)
				checkDisks(t, reads, before, after)
				if health := tableOf(t, reads, "health"); health.Status != pipeline.Skipped {
					t.Error(dump(health))
				}
			}
		})
	}
}

func (d *snmpd) everything() map[string]string {
	values := d.ask("snmpget", ".1.3.6.1.2.1.1.1.0", ".1.3.6.1.2.1.1.2.0", sysUpTime, ".1.3.6.1.2.1.1.5.0", ".1.3.6.1.2.1.1.6.0")
	for _, subtree := range []string{ifEntry, ifXEntry, hrStorageEntry} {
		for oid, value := range d.ask("snmpbulkwalk", subtree) {
			values[oid] = value
		}
	}
	return values
}

func checkSystem(t *testing.T, reads []pipeline.TableRead, witness map[string]string) {
	t.Helper()
	s := tableOf(t, reads, "router").Samples[0]
	for field, oid := range map[string]string{"description": ".1.3.6.1.2.1.1.1.0", "identity": ".1.3.6.1.2.1.1.5.0", "location": ".1.3.6.1.2.1.1.6.0"} {
		if got := s.Value(field).Text(); got != witness[oid] || got == "" {
			t.Errorf("%s = %q, snmpget prints %q", field, got, witness[oid])
		}
	}
	if got := "." + s.Value("object_id").Text(); got != witness[".1.3.6.1.2.1.1.2.0"] {
		t.Errorf("object_id %s, snmpget prints %s", got, witness[".1.3.6.1.2.1.1.2.0"])
	}
	ticks, _ := strconv.ParseFloat(witness[sysUpTime], 64)
	if got := s.Value("uptime_seconds").Float(); got < ticks/100-0.001 || got > ticks/100+20 {
		t.Errorf("uptime %f s, snmpget printed %f before", got, ticks/100)
	}
}

func checkPorts(t *testing.T, reads []pipeline.TableRead, before, after map[string]string, version string) {
	t.Helper()
	names := 0
	for oid, name := range before {
		index, ok := strings.CutPrefix(oid, ifXEntry+".1.")
		if !ok {
			continue
		}
		names++
		s := interfaceRow(t, reads, name)
		is := func(field, want string) {
			t.Helper()
			if got := s.Value(field).String(); got != want {
				t.Errorf("%s %s = %q, snmpbulkwalk prints %q", name, field, got, want)
			}
		}
		is("mtu_bytes", before[ifEntry+".4."+index])
		is("admin_status", before[ifEntry+".7."+index])
		is("oper_status", before[ifEntry+".8."+index])
		is("mac_address", strings.ToLower(strings.ReplaceAll(before[ifEntry+".6."+index], " ", ":")))
		within := func(field string, oids ...string) {
			t.Helper()
			least, most := sum(before, index, oids), sum(after, index, oids)
			if got := s.Value(field).Int(); got < least || got > most {
				t.Errorf("%s %s = %d, snmpbulkwalk prints %d before and %d after", name, field, got, least, most)
			}
		}
		if version == "1" {
			within("rx_errors", ifEntry+".14.")
			continue
		}
		within("rx_bytes", ifXEntry+".6.")
		within("tx_bytes", ifXEntry+".10.")
		within("rx_packets", ifXEntry+".7.", ifXEntry+".8.", ifXEntry+".9.")
		within("tx_packets", ifXEntry+".11.", ifXEntry+".12.", ifXEntry+".13.")
		within("rx_errors", ifEntry+".14.")
		within("tx_discards", ifEntry+".19.")
	}
	if rows := len(tableOf(t, reads, "interface").Samples); names == 0 || rows != names {
		t.Errorf("%d interfaces, snmpbulkwalk prints %d", rows, names)
	}
}

func sum(values map[string]string, index string, columns []string) (n int64) {
	for _, column := range columns {
		v, _ := strconv.ParseInt(values[column+index], 10, 64)
		n += v
	}
	return n
}

func checkDisks(t *testing.T, reads []pipeline.TableRead, before, after map[string]string) {
	t.Helper()
	for _, s := range tableOf(t, reads, "storage").Samples {
		index := ""
		for oid, name := range before {
			if i, ok := strings.CutPrefix(oid, hrStorageEntry+".3."); ok && name == s.Series.Row() {
				index = i
			}
		}
		unit := sum(before, index, []string{hrStorageEntry + ".4."})
		size := sum(before, index, []string{hrStorageEntry + ".5."})
		if was, is := size, sum(after, index, []string{hrStorageEntry + ".5."}); was != is {
			continue // memory that is in motion
		}
		if got := s.Value("total_bytes").Float(); index == "" || got != float64(unit*size) {
			t.Errorf("%s: %f bytes, snmpbulkwalk prints %d times %d", s.Series.Row(), got, size, unit)
		}
	}
	if s := tableOf(t, reads, "router").Samples[0]; s.Value("memory_total_bytes").Float() < 1e6 || s.Value("disk_total_bytes").Float() < 1e6 {
		t.Error("no main memory, or no disk /")
	}
}

// Killed and started again, the agent is read again at the next poll, and the uptime tells.
func TestSnmpdRestarts(t *testing.T) {
	d := startSnmpd(t, linuxConfig)
	c := d.collector(func(target *Target) { target.Timeout, target.Retries = 300*time.Millisecond, -1 })
	mustCollect(t, c)
	d.stop()
	if _, err := collect(t, c); err == nil {
		t.Error("a dead agent was read")
	}
	d.start()
	reads := mustCollect(t, c)
	if tableOf(t, reads, "interface").Uptime > 10*time.Second {
		t.Error("the uptime goes on")
	}

	if err := d.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := c.Collect(ctx, pipeline.LaneLive, nil); err == nil {
		t.Error("a stopped agent was read")
	}
	if err := d.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	mustCollect(t, c)
}
