package simulator

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// rowsOf prints a menu as the API would, without a connection.
func rowsOf(t testing.TB, r *Router, after time.Duration, path string, stats bool) []map[string]string {
	t.Helper()
	table, _, _ := r.fleet.found(r, path)
	if table == nil {
		t.Fatalf("%s has no %s", r.name, path)
	}
	row := apiRow{stats: stats}
	var rows []map[string]string
	table(at(r, after), &row, func() {
		one := map[string]string{}
		for _, f := range row.fields {
			if _, twice := one[f.name]; twice {
				t.Errorf("%s: %s twice in a row", path, f.name)
			}
			one[f.name] = string(row.value(f))
		}
		rows = append(rows, one)
		row.reset()
	})
	return rows
}

func TestMonitor(t *testing.T) {
	f := openFleet(t, Options{Quiet: true, Clock: newClock().now})
	r := f.Router("tower-1")
	k := talk(t, r).login()
	first := "!re =pending=0 =resends=" + strconv.FormatUint(at(r, 0).grown(760, 0.02)/50, 10)
	second := "!re =pending=0 =resends=" + strconv.FormatUint(at(r, 0).grown(760, 0.02)*2, 10)
	for _, c := range []struct{ name, words, want string }{
		{"in the order asked", "/radius/monitor =once= =numbers=*2,*1 =.proplist=pending,resends", second + "\n" + first + "\n!done"},
		{"one", "/radius/monitor =once= =numbers=*2 =.proplist=pending,resends .tag=m", strings.Replace(second, "!re", "!re .tag=m", 1) + "\n!done .tag=m"},
		{"one that there is not", "/radius/monitor =once= =numbers=*1,*7", "!trap =message=no such item (4)\n!done"},
		{"none named", "/radius/monitor =once=", "!trap =message=no such item (4)\n!done"},
		{"for ever", "/radius/monitor =numbers=*1", "!trap =message=" + messageOnce + "\n!done"},
		{"a menu without monitor", "/ip/pool/monitor =once=", "!trap =message=no such command\n!done"},
		{"a menu that this router does not have", "/system/ups/monitor =once= =numbers=ups1", "!trap =message=no such command\n!done"},
		{"a menu with one item", "/radius/incoming/monitor =once= =.proplist=nonsense", "!re\n!done"},
	} {
		if got := k.ask(strings.Fields(c.words)...); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	k = talk(t, f.Router("core-1")).login()
	if got := k.ask("/system/ups/monitor", "=once=", "=numbers=ups1", "=.proplist=name,.id,battery-charge"); got != "!re =battery-charge=100\n!done" {
		t.Error(got)
	}
}

// TestStats: counters of rules and queues come with =stats= alone.
func TestStats(t *testing.T) {
	f := openFleet(t, Options{Quiet: true, Clock: newClock().now})
	k := talk(t, f.Router("edge-1")).login()
	for _, path := range []string{"/ip/firewall/filter/print", "/queue/simple/print", "/queue/tree/print", "/ipv6/firewall/raw/print"} {
		without, with := k.ask(path), k.ask(path, "=stats=")
		if n := strings.Count(without, "=bytes="); n > 0 {
			t.Errorf("%s: bytes in %d rows", path, n)
		}
		if rows, n := strings.Count(with, "!re"), strings.Count(with, "=bytes="); n != rows || n == 0 {
			t.Errorf("%s: bytes in %d of %d rows", path, n, rows)
		}
	}
}

// TestCountersOfMenusGrow: those of rows that are there at both times never fall, and most move.
func TestCountersOfMenusGrow(t *testing.T) {
	f := New(Options{Routers: 30, Quiet: true, Clock: newClock().now})
	counters := strings.Fields(`bytes packets dropped match-count requests accepts rejects resends timeouts acks naks bad-requests read-bytes
		write-bytes read-ops write-ops bytes-in bytes-out packets-in packets-out bytes-up bytes-down done-tests failed-tests
		ipv4-fast-path-bytes ipv4-fast-path-packets ipv4-fasttrack-bytes ipv4-fasttrack-packets`)
	seen := map[string]int{}
	for _, r := range everyModel(f) {
		for path, menu := range f.menus {
			for verb, table := range map[string]apiTable{"/print": menu.print, "/monitor": menu.monitor} {
				if table == nil || (menu.on != nil && !menu.on(r)) {
					continue
				}
				before, after := rowsOf(t, r, 0, path+verb, true), rowsOf(t, r, 6*time.Hour, path+verb, true)
				if len(before) != len(after) {
					t.Errorf("%s %s: %d rows, then %d", r.name, path, len(before), len(after))
					continue
				}
				for i := range before {
					for _, name := range counters {
						compareCounters(t, path+" "+name, before[i][name], after[i][name], seen)
					}
				}
			}
		}
	}
	for _, name := range counters {
		moved := 0
		for key, n := range seen {
			if strings.HasSuffix(key, " "+name) {
				moved += n
			}
		}
		if moved == 0 {
			t.Errorf("%s never moves", name)
		}
	}
}

func compareCounters(t *testing.T, name, before, after string, moved map[string]int) {
	t.Helper()
	if (before == "") != (after == "") {
		t.Errorf("%s: %q, then %q", name, before, after)
	}
	if before == "" {
		return
	}
	pair := func(r rune) bool { return r == '/' || r == ',' }
	b, a := strings.FieldsFunc(before, pair), strings.FieldsFunc(after, pair)
	if len(a) != len(b) {
		t.Errorf("%s: %s, then %s", name, before, after)
		return
	}
	for i := range b {
		x, errX := strconv.ParseUint(b[i], 10, 64)
		y, errY := strconv.ParseUint(a[i], 10, 64)
		if errX != nil || errY != nil || y < x {
			t.Errorf("%s: %s, then %s", name, before, after)
		}
		if y > x {
			moved[name]++
		}
	}
}

// TestSecretsAreThere: the fields that must not be asked for exist, or a test that nobody asks for them
// proves nothing.
func TestSecretsAreThere(t *testing.T) {
	f := New(Options{Routers: 30, Quiet: true, Clock: newClock().now})
	var found []string
	for _, r := range f.routers {
		for path, menu := range f.menus {
			if menu.print == nil || (menu.on != nil && !menu.on(r)) {
				continue
			}
			for _, row := range rowsOf(t, r, 0, path+"/print", true) {
				for name, value := range row {
					if value == canary && !slices.Contains(found, path+" "+name) {
						found = append(found, path+" "+name)
					}
				}
			}
		}
	}
	for _, want := range []string{"/ip/cloud vpn-private-key", "/ip/cloud vpn-peer-private-key", "/ip/cloud vpn-wireguard-client-config",
		"/ip/cloud vpn-wireguard-client-config-qrcode", "/container env-current", "/container config-json", "/disk nvme-tcp-secret",
		"/disk nvme-tcp-server-secret", "/certificate challenge-password", "/ip/dhcp-server/lease reconfigure-key",
		"/ipv6/dhcp-server/binding reconfigure-key", "/radius secret"} {
		if !slices.Contains(found, want) {
			t.Errorf("no router has %s", want)
		}
	}
}

// TestLongLists: their length is an option, and costs nothing until they are asked for.
func TestLongLists(t *testing.T) {
	f := New(Options{Routers: 10, Rows: 300, Quiet: true, Clock: newClock().now})
	r := f.Router("core-1")
	for path, want := range map[string]int{"/ip/dhcp-server/lease": 300, "/ip/arp": 300, "/queue/simple": 300, "/ip/firewall/filter": 300,
		"/ip/firewall/nat": 4, "/ipv6/dhcp-server/binding": 75} {
		rows := rowsOf(t, r, 0, path+"/print", false)
		ids := map[string]bool{}
		for _, row := range rows {
			ids[row[".id"]] = true
		}
		if len(rows) != want || len(ids) != want {
			t.Errorf("%s: %d rows with %d ids, want %d", path, len(rows), len(ids), want)
		}
	}
}

// TestShapesOfVersions: what the same menu looks like on 6 and 7.
func TestShapesOfVersions(t *testing.T) {
	f := New(Options{Routers: 30, Quiet: true, Clock: newClock().now})
	for _, c := range []struct{ router, path, has, not string }{
		{"core-1", "/system/ntp/client", "system-offset", "last-adjustment"},
		{"edge-2", "/system/ntp/client", "last-adjustment", "status"},
		{"core-1", "/ip/pool", "total", ""},
		{"edge-2", "/ip/pool", "ranges", "total"},
		{"tower-1", "/disk", "slot", "name"},
		{"edge-2", "/disk", "name", "slot"},
		{"tower-1", "/tool/netwatch", "done-tests", ""},
		{"edge-2", "/tool/netwatch", "since", "done-tests"},
		{"core-1", "/container", "running", "status"},
		{"tower-4", "/container", "status", "running"},
		{"tower-1", "/ip/firewall/connection/tracking", "total-ip4-entries", ""},
		{"edge-2", "/ip/firewall/connection/tracking", "total-entries", "total-ip4-entries"},
	} {
		row := rowsOf(t, f.Router(c.router), 0, c.path+"/print", true)[0]
		if _, ok := row[c.has]; !ok {
			t.Errorf("%s %s: no %s in %v", c.router, c.path, c.has, row)
		}
		if _, ok := row[c.not]; ok && c.not != "" {
			t.Errorf("%s %s: %s in %v", c.router, c.path, c.not, row)
		}
	}
	for _, path := range []string{"/ipv6/firewall/filter", "/container", "/ip/dns/adlist", "/routing/stats/process", "/ipv6/neighbor"} {
		if table, _, _ := f.found(f.Router("edge-2"), path+"/print"); table != nil {
			t.Errorf("version 6 has %s", path)
		}
	}
}
