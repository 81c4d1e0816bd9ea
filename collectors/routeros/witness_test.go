package routeros

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/routerpulse/routerpulse/collectors/simulator"
	"github.com/routerpulse/routerpulse/pipeline"
)

// menu is what the witness saw of one menu; a row's values hold a byte in each character.
type menu []map[string]string

// witness reads routers with librouteros.
func witness(t *testing.T, f *simulator.Fleet, routers []*simulator.Router) []map[string]menu {
	t.Helper()
	const interpreter = "/usr/bin/python3"
	if err := exec.CommandContext(t.Context(), interpreter, "-c", "import librouteros").Run(); err != nil {
		t.Fatalf("the witness needs librouteros: apt-get install python3-librouteros (%v)", err)
	}
	var questions []map[string]any
	for _, r := range routers {
		login := "plain"
		if !(parseVersion(r.Version()).atLeast(version{6, 43})) {
			login = "token"
		}
		questions = append(questions, map[string]any{"host": r.Address().String(), "port": f.APIPort(), "user": "telemetry",
			"password": "telemetry", "login": login, "menus": []string{"/system/identity", "/system/resource", "/system/resource/cpu",
				"/system/health", "/system/clock", "/interface", "/interface/ethernet", "/ppp/active", "/ip/hotspot/active",
				"/ip/hotspot/host", "/ip/dhcp-server/lease", "/user/active", "/certificate", "/ip/pool"},
			"monitors": []string{"/interface/ethernet"}})
	}
	in, err := json.Marshal(questions)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), interpreter, filepath.Join("testdata", "witness.py"))
	command.Stdin, command.Stderr = bytes.NewReader(in), os.Stderr
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	var answers []map[string]menu
	if err := json.Unmarshal(out, &answers); err != nil {
		t.Fatal(err)
	}
	return answers
}

// bytesOf undoes the witness's encoding.
func bytesOf(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

// hostileName is what an operator, or an attacker with a neighbour's name, may call an interface.
const hostileName = "a\nb,c=d \"e\" \x00 =!done .tag=1 \xff\xfe\\"

// TestWitness: every router of a fleet, versions 6 and 7, read by librouteros and by us: the same
// rows with the same values.
func TestWitness(t *testing.T) {
	f := frozen(t, 25)
	for i, r := range f.Routers() {
		r.RenameInterface(0, hostileName)
		r.SetCounter(1, uint64(i)<<60, 1<<62)
		r.AddPPP(fmt.Sprintf("ann,%d=é", i))
		r.AddHotspot("bob", "AA:BB:CC:00:00:01")
	}
	routers := f.Routers()
	rows := 0
	for i, saw := range witness(t, f, routers) {
		r := routers[i]
		target := plainTarget(f, r)
		if i%2 == 1 {
			target = tlsTarget(f, r)
		}
		c := collect(t, target, newShared(t))
		want := expectation(t, saw)
		for _, lane := range []pipeline.Lane{pipeline.LaneLive, pipeline.LaneSessions, pipeline.LaneSlow} {
			reads, err := c.Collect(within(t, 20*time.Second), lane, func(table string) bool { return slices.Contains(Tables(lane), table) && want[table] != nil })
			if err != nil {
				t.Fatal(err)
			}
			for _, read := range reads {
				if read.Status != pipeline.Whole {
					t.Errorf("%s %s: %s %s", r.Name(), read.Table.Name, read.Status, read.Reason)
				}
				got := shown(read)
				for _, fields := range got { // by the router's clock: see TestInventoryTables
					delete(fields, "not_before_timestamp_seconds")
					delete(fields, "not_after_timestamp_seconds")
				}
				if diff := cmp.Diff(want[read.Table.Name], got); diff != "" {
					t.Errorf("%s (%s) %s: %s", r.Name(), r.Version(), read.Table.Name, diff)
				}
				rows += len(read.Samples)
			}
		}
	}
	t.Logf("%d routers, %d rows", len(routers), rows)
}

type tableValues = map[string]map[string]map[string]string

// expectation is what the tables must be, from what the witness saw; written apart from the tables.
func expectation(t *testing.T, saw map[string]menu) tableValues {
	t.Helper()
	want := tableValues{"cpu": {}, "interface": {}, "ppp_session": {}, "hotspot_session": {}}
	number := func(s string, scale float64) string {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		return strconv.FormatFloat(f*scale, 'f', -1, 64)
	}
	r := saw["/system/resource"][0]
	total, free := atoi(t, r["total-memory"]), atoi(t, r["free-memory"])
	diskTotal, diskFree := atoi(t, r["total-hdd-space"]), atoi(t, r["free-hdd-space"])
	want["router"] = map[string]map[string]string{"": {
		"identity": saw["/system/identity"][0]["name"], "model": r["board-name"], "version": strings.Fields(r["version"])[0],
		"architecture": r["architecture-name"], "uptime_seconds": seconds(t, r["uptime"]), "cpu_percent": r["cpu-load"],
		"cpu_count": r["cpu-count"], "cpu_frequency_hertz": number(r["cpu-frequency"], 1e6), "memory_total_bytes": r["total-memory"],
		"memory_used_bytes": fmt.Sprint(total - free), "memory_percent": number("1", float64(total-free)/float64(total)*100),
		"disk_total_bytes": r["total-hdd-space"], "disk_used_bytes": fmt.Sprint(diskTotal - diskFree),
		"disk_percent": number("1", float64(diskTotal-diskFree)/float64(diskTotal)*100),
	}}
	for attr, field := range map[string]string{"write-sect-total": "sectors_written", "bad-blocks": "bad_blocks_percent"} {
		if value, ok := r[attr]; ok {
			want["router"][""][field] = value
		}
	}
	for _, row := range saw["/system/resource/cpu"] {
		want["cpu"][row["cpu"][3:]] = map[string]string{"load_percent": row["load"], "irq_percent": row["irq"], "disk_percent": row["disk"]}
	}
	want["health"] = expectedHealth(saw["/system/health"])
	links, sessions := byName(saw["/interface/ethernet/monitor"]), byName(saw["/interface"])
	for _, row := range saw["/interface"] {
		if !strings.HasPrefix(row["name"], "<") {
			fields := expectedInterface(t, row, saw["/system/clock"][0]["gmt-offset"])
			expectLink(t, fields, links[row["name"]])
			want["interface"][pipeline.CleanName(bytesOf(row["name"]))] = fields
		}
	}
	for _, row := range saw["/ppp/active"] {
		name := "<" + row["service"] + "-" + row["name"] + ">"
		s := sessions[name]
		if s == nil {
			t.Fatalf("no interface %q", name)
		}
		want["ppp_session"][pipeline.CleanName(bytesOf(row["name"]))+"/"+row["service"]] = map[string]string{"address": row["address"],
			"caller_id": row["caller-id"], "session_id": row["session-id"], "encoding": row["encoding"], "radius": row["radius"],
			"uptime_seconds": seconds(t, row["uptime"]), "interface_name": pipeline.CleanText(bytesOf(name)),
			"limit_in_bytes": row["limit-bytes-in"], "limit_out_bytes": row["limit-bytes-out"],
			"rx_bytes": s["rx-byte"], "tx_bytes": s["tx-byte"], "rx_packets": s["rx-packet"], "tx_packets": s["tx-packet"]}
	}
	for _, row := range saw["/ip/hotspot/active"] {
		key := bytesOf(row["user"])
		if key == "" {
			key = strings.ToLower(row["mac-address"])
		}
		want["hotspot_session"][key] = map[string]string{"server": row["server"], "address": row["address"],
			"mac_address": strings.ToLower(row["mac-address"]), "login_by": row["login-by"], "radius": row["radius"],
			"uptime_seconds": seconds(t, row["uptime"]), "idle_seconds": seconds(t, row["idle-time"]),
			"rx_bytes": row["bytes-in"], "tx_bytes": row["bytes-out"], "rx_packets": row["packets-in"], "tx_packets": row["packets-out"],
			"limit_in_bytes": row["limit-bytes-in"], "limit_out_bytes": row["limit-bytes-out"]}
		if left, ok := row["session-time-left"]; ok {
			want["hotspot_session"][key]["time_left_seconds"] = seconds(t, left)
		}
		if blocked, ok := row["blocked"]; ok {
			want["hotspot_session"][key]["blocked"] = blocked
		}
	}
	expectServices(t, saw, want)
	count := func(menu string) string { return fmt.Sprint(len(saw[menu])) }
	want["session_count"] = map[string]map[string]string{"": {"ppp": count("/ppp/active"), "hotspot": count("/ip/hotspot/active"),
		"hotspot_hosts": count("/ip/hotspot/host"), "dhcp_leases": count("/ip/dhcp-server/lease"), "logins": count("/user/active")}}
	return want
}

func expectedHealth(rows menu) map[string]map[string]string {
	want := map[string]map[string]string{}
	field := func(name, unit, value string) {
		switch {
		case strings.HasSuffix(name, "state"):
			want[name] = map[string]string{"state": map[string]string{"ok": "0", "fail": "1"}[value]}
		case unit == "C" || strings.Contains(name, "temperature"):
			want[name] = map[string]string{"temperature_celsius": value}
		case unit == "V" || strings.Contains(name, "voltage"):
			want[name] = map[string]string{"voltage_volts": value}
		case unit == "A" || strings.Contains(name, "current"):
			want[name] = map[string]string{"current_amperes": value}
		case unit == "W" || strings.Contains(name, "consumption"):
			want[name] = map[string]string{"power_watts": value}
		case unit == "RPM" || strings.Contains(name, "fan"):
			want[name] = map[string]string{"speed_rpm": value}
		}
	}
	for _, row := range rows {
		if name, ok := row["name"]; ok {
			field(name, row["type"], strings.TrimSuffix(row["value"], ".0"))
			continue
		}
		for name, value := range row {
			field(name, "", strings.TrimSuffix(value, ".0"))
		}
	}
	return want
}

func byName(rows menu) map[string]map[string]string {
	out := map[string]map[string]string{}
	for _, row := range rows {
		out[row["name"]] = row
	}
	return out
}

// expectLink adds what a port negotiated.
func expectLink(t *testing.T, want, monitored map[string]string) {
	t.Helper()
	if rate, ok := monitored["rate"]; ok {
		speed := map[string]string{"10Gbps": "10000000000", "1Gbps": "1000000000", "100Mbps": "100000000"}[rate]
		if speed == "" {
			t.Fatalf("rate %q", rate)
		}
		want["speed_bits_per_second"], want["full_duplex"] = speed, monitored["full-duplex"]
	}
}

// instant is the time that a router's clock shows, which is off by so many hours and minutes.
func instant(t *testing.T, shown, offset string) string {
	t.Helper()
	layout := "2006-01-02 15:04:05 -07:00"
	if strings.Contains(shown, "/") {
		layout = "Jan/02/2006 15:04:05 -07:00"
	}
	at, err := time.Parse(layout, shown+" "+offset)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(at.Unix())
}

func expectedInterface(t *testing.T, row map[string]string, offset string) map[string]string {
	t.Helper()
	want := map[string]string{"type": row["type"], "mac_address": strings.ToLower(row["mac-address"]), "admin_status": "1", "oper_status": "2"}
	if row["disabled"] == "true" {
		want["admin_status"] = "2"
	} else if row["running"] == "true" {
		want["oper_status"] = "1"
	}
	if comment, ok := row["comment"]; ok {
		want["comment"] = pipeline.CleanText(bytesOf(comment))
	}
	for attr, field := range map[string]string{"actual-mtu": "mtu_bytes", "rx-byte": "rx_bytes", "tx-byte": "tx_bytes", "rx-packet": "rx_packets",
		"tx-packet": "tx_packets", "rx-error": "rx_errors", "tx-error": "tx_errors", "rx-drop": "rx_discards", "tx-drop": "tx_discards",
		"tx-queue-drop": "tx_queue_drops", "link-downs": "link_downs", "fp-rx-byte": "fast_path_rx_bytes", "fp-tx-byte": "fast_path_tx_bytes"} {
		if value, ok := row[attr]; ok {
			want[field] = fmt.Sprint(atoi(t, value) & (1<<63 - 1))
		}
	}
	for attr, field := range map[string]string{"last-link-up-time": "last_up_timestamp_seconds", "last-link-down-time": "last_down_timestamp_seconds"} {
		if value, ok := row[attr]; ok {
			want[field] = instant(t, value, offset)
		}
	}
	return want
}

func atoi(t *testing.T, s string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// seconds reads 1w2d3h4m5s, taken apart from the end.
func seconds(t *testing.T, s string) string {
	t.Helper()
	total, rest := 0.0, s
	for _, unit := range []struct {
		name    string
		seconds float64
	}{{"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {"w", 604800}} {
		before, ok := strings.CutSuffix(rest, unit.name)
		if !ok {
			continue
		}
		digits := len(strings.TrimRight(before, "0123456789"))
		n, err := strconv.Atoi(before[digits:])
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		total, rest = total+float64(n)*unit.seconds, before[:digits]
	}
	if rest != "" {
		t.Fatalf("%q", s)
	}
	return strconv.FormatFloat(total, 'f', -1, 64)
}
