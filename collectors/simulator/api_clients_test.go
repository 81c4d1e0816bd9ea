package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/go-routeros/routeros/v3"
)

// python runs a script of testdata with the system's Python, which has Debian's librouteros.
func python(t *testing.T, script string, input, output any) {
	t.Helper()
	const interpreter = "/usr/bin/python3"
	if err := exec.CommandContext(t.Context(), interpreter, "-c", "import librouteros").Run(); err != nil {
		t.Fatalf("this test needs %s with librouteros: apt-get install python3-librouteros", interpreter)
	}
	in, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), interpreter, script)
	command.Stdin = bytes.NewReader(in)
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, output); err != nil {
		t.Fatal(err)
	}
}

// seen is what librouteros read in one command.
type seen struct {
	Rows []map[string]any `json:"rows"`
	Trap string           `json:"trap"`
}

func TestLibrouterosReadsEveryMenuOfEveryModel(t *testing.T) {
	f := openFleet(t, Options{Routers: 30, Quiet: true, Clock: newClock().now})
	var questions [][]any
	var routers []*Router
	var commands []string
	for _, r := range everyModel(f) {
		method := "plain"
		if !r.model.atLeast(6, 43) {
			method = "token"
		}
		ask := func(words ...any) {
			questions = append(questions, append([]any{r.address.String(), f.APIPort(), method}, words...))
			routers, commands = append(routers, r), append(commands, words[0].(string))
		}
		for path, menu := range f.menus {
			if menu.print != nil {
				ask(path+"/print", "=stats=")
			}
			if menu.monitor != nil && !menu.picked {
				ask(path+"/monitor", "=once=")
			}
		}
		ask("/system/ups/monitor", "=once=", "=numbers=ups1")
		ask("/radius/monitor", "=once=", "=numbers=*2,*1")
	}
	var answers []seen
	python(t, "testdata/librouteros_reads.py", questions, &answers)
	for i, a := range answers {
		r := routers[i]
		v := at(r, 0)
		want := map[string]int{
			"/system/identity/print": 1, "/system/resource/print": 1, "/system/resource/cpu/print": r.model.cores, "/system/license/print": 1,
			"/system/routerboard/print": 1, "/ip/address/print": 2, "/interface/print": v.interfaceCount(), "/ppp/active/print": len(v.ppp()),
			"/ip/hotspot/active/print": len(v.hotspot()), "/system/gps/monitor": 1, "/system/ups/monitor": 1, "/radius/monitor": len(r.radiusServers()),
			"/ip/dhcp-server/lease/print": r.leases(), "/certificate/print": 3, "/user/active/print": 3,
			"/system/package/update/print": 1, "/ip/dns/print": 1, "/system/ntp/client/print": 1, "/tool/netwatch/print": 2, "/ip/firewall/nat/print": 2,
		}
		n, fixed := want[commands[i]]
		end := strings.LastIndexByte(commands[i], '/')
		menu := f.menus[commands[i][:end]]
		switch {
		case menu.on != nil && !menu.on(r):
			if a.Trap != messageNoCommand {
				t.Errorf("%s %s: %+v", r.name, commands[i], a)
			}
		case commands[i] == "/radius/monitor" && n == 0:
			if a.Trap != messageNoItem {
				t.Errorf("%s %s: %+v", r.name, commands[i], a)
			}
		case a.Trap != "":
			t.Errorf("%s %s: %s", r.name, commands[i], a.Trap)
		case fixed && len(a.Rows) != n:
			t.Errorf("%s %s: %d rows, want %d", r.name, commands[i], len(a.Rows), n)
		}
	}
}

func TestRowsOfOneReplyDiffer(t *testing.T) {
	f := openFleet(t, Options{Quiet: true, Clock: newClock().now})
	r := f.Router("tower-1")
	var answers []seen
	python(t, "testdata/librouteros_reads.py", [][]any{{r.address.String(), f.APIPort(), "plain", "/interface/print"}}, &answers)
	sets := map[string]bool{}
	for _, row := range answers[0].Rows {
		b, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for key := range row {
			keys = append(keys, key)
		}
		sets[fmt.Sprint(len(keys), row["comment"] == nil, row["default-name"] == nil, row["slave"] == nil, row["last-link-up-time"] == nil)] = true
		if row["dynamic"] == true && row["mac-address"] != nil {
			t.Errorf("a session's interface with a MAC: %s", b)
		}
	}
	if len(sets) < 6 {
		t.Errorf("%d different sets of fields", len(sets))
	}
}

// dial connects with go-routeros, whose own dialling has no deadline.
func dial(t *testing.T, r *Router) *routeros.Client {
	t.Helper()
	conn, err := net.Dial("tcp4", apiAddress(r, r.fleet.APIPort()))
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	c, err := routeros.NewClient(conn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestGoRouterOS(t *testing.T) {
	f := openFleet(t, Options{Quiet: true})
	for _, name := range []string{"core-1", "tower-3", "hotspot-1"} {
		c := dial(t, f.Router(name))
		if err := c.Login("telemetry", "telemetry"); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		reply, err := c.Run("/interface/print", "=.proplist=name,rx-byte,running")
		if err != nil {
			t.Fatal(err)
		}
		v := at(f.Router(name), 0)
		if len(reply.Re) != v.interfaceCount() {
			t.Errorf("%s: %d rows, want %d", name, len(reply.Re), v.interfaceCount())
		}
		for _, row := range reply.Re {
			if len(row.List) != 3 || row.Map["name"] == "" {
				t.Errorf("%s: %v", name, row)
			}
		}
		_, err = c.Run("/no/such/print")
		var trap *routeros.DeviceError
		if !errors.As(err, &trap) || trap.Sentence.Map["message"] != messageNoCommand {
			t.Errorf("%s: %v", name, err)
		}
		if reply, err := c.Run("/ip/hotspot/active/print"); err != nil || len(reply.Re) != len(v.hotspot()) {
			t.Errorf("%s: %v, %v", name, reply, err)
		}
	}
}

func TestGoRouterOSIsRefused(t *testing.T) {
	f := openFleet(t, Options{Quiet: true})
	f.Router("core-2").RefuseLogin(true)
	for name, password := range map[string]string{"core-1": "wrong", "tower-3": "wrong", "core-2": "telemetry"} {
		err := dial(t, f.Router(name)).Login("telemetry", password)
		var trap *routeros.DeviceError
		if !errors.As(err, &trap) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestBothFacesAgree: with a clock that stands still, SNMP and the API say the same.
func TestBothFacesAgree(t *testing.T) {
	f := openFleet(t, Options{Routers: 30, Quiet: true, Clock: newClock().now})
	for _, r := range everyModel(f) {
		t.Run(r.model.board, func(t *testing.T) {
			r.RenameInterface(1, "uplink: <b> é")
			r.SetCounter(0, 1<<63, 77)
			lines, err := netSNMP(t, "snmpbulkwalk", r, "v2c", ".1.3.6.1.2.1")
			if err != nil {
				t.Fatal(err)
			}
			objects := walked(t, lines)
			v := at(r, 0)
			k := talk(t, r)
			if r.model.atLeast(6, 43) {
				k.login()
			} else {
				k = loginOld(t, r)
			}
			rows := strings.Split(k.ask("/interface/print", "=.proplist=rx-byte,tx-byte,rx-error,tx-drop"), "\n")
			for i := range v.interfaceCount() {
				index := v.interfaceIndex(i)
				get := func(column string) string {
					_, n, _ := strings.Cut(objects[fmt.Sprintf(".1.3.6.1.2.1.%s.%d", column, index)], ": ")
					return n
				}
				want := fmt.Sprintf("!re =rx-byte=%s =tx-byte=%s =tx-drop=%s =rx-error=%s", get("31.1.1.1.6"), get("31.1.1.1.10"), get("2.2.1.19"), get("2.2.1.14"))
				if rows[i] != want {
					t.Errorf("interface %d: the API says %q, SNMP %q", index, rows[i], want)
				}
			}
			_, cpu, _ := strings.Cut(k.ask("/system/resource/print", "=.proplist=cpu-load"), "=cpu-load=")
			if n, _, _ := strings.Cut(cpu, "\n"); n != itoa(v.cpuLoad()) {
				t.Errorf("cpu %s, want %d", n, v.cpuLoad())
			}
		})
	}
}

// loginOld logs in with the challenge.
func loginOld(t *testing.T, r *Router) *talker {
	t.Helper()
	k := talk(t, r)
	challenge, _ := strings.CutPrefix(k.ask("/login"), "!done =ret=")
	raw := make([]byte, len(challenge)/2)
	if _, err := fmt.Sscanf(challenge, "%x", &raw); err != nil {
		t.Fatal(err)
	}
	if got := k.ask("/login", "=name=telemetry", "=response="+challengeResponse("telemetry", raw)); got != "!done" {
		t.Fatalf("login: %s", got)
	}
	return k
}
