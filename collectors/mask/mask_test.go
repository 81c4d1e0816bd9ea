package mask

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWordsKeepTheirForm(t *testing.T) {
	m := New(nil)
	for _, s := range []string{"amina07", "HF3091ABCD", "8JQ2-XK9L", "Büro Süd, 2. OG", "caf\xe9", "noc@isp.example", "0712345678", "a"} {
		got := m.Word(s)
		if got == s || got != m.Word(s) {
			t.Errorf("%q becomes %q, then %q", s, got, m.Word(s))
		}
		if utf8.ValidString(got) != utf8.ValidString(s) || form(got) != form(s) {
			t.Errorf("%q becomes %q: another form", s, got)
		}
	}
	if got := m.Word("0x81f00bd6"); !regexp.MustCompile("^0x[0-9a-f]{8}$").MatchString(got) || got == "0x81f00bd6" {
		t.Errorf("a number in hex becomes %q", got)
	}
	for _, s := range []string{"", "-", "MikroTik", "defconf"} {
		if got := m.Word(s); got != s {
			t.Errorf("%q becomes %q", s, got)
		}
	}
}

// form is a text with each letter and digit replaced by its class.
func form(s string) string {
	for _, class := range []struct{ find, as string }{{`[^\x00-\x7f]+`, "é"}, {"[0-9]", "9"}, {"[a-z]", "x"}, {"[A-Z]", "X"}} {
		s = regexp.MustCompile(class.find).ReplaceAllString(s, class.as)
	}
	return s
}

// There are 260 names of a letter and a digit, and as many masks; the ones beyond get longer ones.
func TestNoTwoShareAMask(t *testing.T) {
	m := New(nil)
	seen := map[string]string{}
	check := func(in, out string) {
		t.Helper()
		if other, ok := seen[out]; ok && other != in {
			t.Fatalf("%q and %q become %q", in, other, out)
		}
		seen[out] = in
	}
	for c := 'a'; c <= 'z'; c++ {
		for d := range 10 {
			check(fmt.Sprint(string(c), d), m.Word(fmt.Sprint(string(c), d)))
		}
	}
	for i := range 3000 { // more than the ranges for documentation hold
		a := netip.AddrFrom4([4]byte{81, 2, byte(i >> 8), byte(i)})
		check(a.String(), m.Addr(a).String())
	}
}

func TestKeysDecide(t *testing.T) {
	one, same, other := New([]byte("a")), New([]byte("a")), New([]byte("b"))
	if one.Word("amina07") != same.Word("amina07") || one.Word("amina07") == other.Word("amina07") {
		t.Errorf("%q %q %q", one.Word("amina07"), same.Word("amina07"), other.Word("amina07"))
	}
	if first, second := New(nil), New(nil); first.Word("amina0712345") == second.Word("amina0712345") {
		t.Error("two random keys are the same")
	}
}

func TestAddresses(t *testing.T) {
	m := New(nil)
	documentation := []string{"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "fe80::/64"}
	for _, s := range []string{"81.2.69.142", "8.8.8.8", "203.0.113.9", "2a01:4f8:c17::1", "fe80::764d:28ff:fe12:3456", "::ffff:81.2.69.142"} {
		a := netip.MustParseAddr(s)
		got := m.Addr(a)
		if got == a || got.Is4() != a.Is4() || got.Is4In6() != a.Is4In6() {
			t.Errorf("%s becomes %s", a, got)
		}
		inside := false
		for _, p := range documentation {
			inside = inside || netip.MustParsePrefix(p).Contains(got.Unmap())
		}
		if !inside {
			t.Errorf("%s becomes %s, which may be somebody's", a, got)
		}
	}
	for _, s := range []string{"10.0.0.1", "192.168.88.1", "172.20.1.1", "100.64.3.4", "127.0.0.1", "0.0.0.0", "255.255.255.0", "224.0.0.5", "169.254.1.1", "::", "::1", "ff02::1"} {
		if a := netip.MustParseAddr(s); m.Addr(a) != a {
			t.Errorf("%s becomes %s", a, m.Addr(a))
		}
	}
	mac := [6]byte{0x74, 0x4d, 0x28, 0xaa, 0xbb, 0xcc}
	masked := m.MAC(mac)
	if masked == mac || masked[0] != 2 {
		t.Errorf("%x becomes %x", mac, masked)
	}
	for _, spelled := range []struct{ in, format string }{
		{"74:4D:28:AA:BB:CC", "%02X:%02X:%02X:%02X:%02X:%02X"}, {"74-4d-28-aa-bb-cc", "%02x-%02x-%02x-%02x-%02x-%02x"}, {"744d.28aa.bbcc", "%02x%02x.%02x%02x.%02x%02x"},
	} {
		b := masked[:]
		want := fmt.Sprintf(spelled.format, b[0], b[1], b[2], b[3], b[4], b[5])
		if got := m.Text("of " + spelled.in); got != "of "+want {
			t.Errorf("%s becomes %s, want %s", spelled.in, got, want)
		}
	}
	if got := m.Word("744D28AABBCC"); got != strings.ToUpper(strings.ReplaceAll(net.HardwareAddr(masked[:]).String(), ":", "")) {
		t.Errorf("a radio's name becomes %s, its address %x", got, masked)
	}
	for _, mac := range [][6]byte{{}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, {1, 0, 0x5e, 0, 0, 5}} {
		if m.MAC(mac) != mac {
			t.Errorf("%x becomes %x", mac, m.MAC(mac))
		}
	}
}

func TestNames(t *testing.T) {
	m := New(nil)
	for _, s := range []string{"ether1", "sfp-sfpplus1", "bridge", "bridge1", "wlan2", "wifi1", "vlan100", "lo", "pppoe-out1", "GigabitEthernet0/1", "qsfp28-1-1", "wlan1.20", "eth0"} {
		if got := m.Name(s); got != s {
			t.Errorf("%s becomes %s", s, got)
		}
	}
	for _, s := range []string{"ether1-uplink", "to-kisumu", "bridge-guests", "john1", "ether1 "} {
		if got := m.Name(s); got == s {
			t.Errorf("%s stays", s)
		}
	}
	if got, want := m.Name("<pppoe-amina@isp>"), "<pppoe-"+m.Identity("amina@isp")+">"; got != want || strings.Contains(got, "amina") {
		t.Errorf("got %s, want %s", got, want)
	}
}

// What was masked anywhere is found inside of texts, by the second pass.
func TestTextsQuoteNobody(t *testing.T) {
	m := New([]byte("key"))
	name := m.Word("kisumu-gw")
	m.Learn("s3cret")
	m.Again()
	got := m.Text("Linux kisumu-gw 5.10 by root@kisumu.example, 81.2.69.142, s3cret")
	for _, leak := range []string{"kisumu", "81.2.69", "s3cret", "root"} {
		if strings.Contains(got, leak) {
			t.Errorf("%q holds %s", got, leak)
		}
	}
	if !strings.HasPrefix(got, "Linux "+name+" 5.10 by ") {
		t.Errorf("got %q", got)
	}
	if got := m.Text("RouterOS RB5009UPr+S+, 7.20.6, 12:30:45"); got != "RouterOS RB5009UPr+S+, 7.20.6, 12:30:45" {
		t.Errorf("got %q", got)
	}
}

func TestAttributes(t *testing.T) {
	m := New(nil)
	for _, stays := range [][3]string{
		{"/interface", "name", "ether1"}, {"/interface", "type", "pppoe-in"}, {"/interface", ".id", "*1A"}, {"/interface", "rx-byte", "123"},
		{"/interface", "running", "true"}, {"/system/resource", "uptime", "1w2d3h4m5s"}, {"/system/resource", "version", "7.20.6 (stable)"},
		{"/system/resource", "board-name", "hAP ac^2"}, {"/system/health", "name", "board-temperature1"}, {"/system/health", "value", "24.1"},
		{"/interface/wifi/registration-table", "tx-rate", "866.6Mbps-80MHz/2S/SGI"}, {"/interface", "last-link-up-time", "mar/02/2026 10:07:14"},
		{"/interface", "last-link-up-time", "2026-03-02 10:07:14"}, {"/queue/simple", "target", "10.0.0.7/32"}, {"/ip/hotspot/active", "server", "hotspot1"},
		{"/x", "signal", "-61dBm"}, {"/routing/ospf/interface", "address", "10.255.0.9%ether1"},
		{"/interface/wireless/registration-table", "signal-strength", "-61@6Mbps"}, {"/x", "ports", "ether1,ether2"}, {"/system/package", "name", "wifi-qcom"},
	} {
		if got := m.Attribute(stays[0], stays[1], stays[2]); got != stays[2] {
			t.Errorf("%v becomes %q", stays, got)
		}
	}
	for _, goes := range [][3]string{
		{"/system/identity", "name", "hotspot-1"}, {"/ppp/active", "name", "0712345678"}, {"/ppp/active", "name", "ether1"}, {"/interface", "comment", "Uplink"},
		{"/queue/simple", "name", "0712345678"}, {"/interface", "name", "to-kisumu"}, {"/x", "not-known", "Kisumu"}, {"/x", "list", "ether1,to-kisumu"},
		{"/system/routerboard", "serial-number", "123456789012"}, {"/interface", "mac-address", "74:4D:28:AA:BB:CC"}, {"/ip/address", "address", "81.2.69.142/29"},
		{"/ppp/active", "caller-id", "81.2.69.142"}, {"/interface/wireless", "ssid", "Kisumu Free"}, {"/interface", "default-name", "x 74:4D:28:AA:BB:CC"},
	} {
		if got := m.Attribute(goes[0], goes[1], goes[2]); got == goes[2] || len(goes[2]) > 6 && strings.Contains(got, goes[2]) {
			t.Errorf("%v becomes %q", goes, got)
		}
	}
	if user, queue := m.Attribute("/ppp/active", "name", "amina"), m.Attribute("/queue/simple", "name", "<pppoe-amina>"); queue != "<pppoe-"+user+">" {
		t.Errorf("user %s, queue %s: they cannot be joined", user, queue)
	}
	if connection, session := m.Attribute("/routing/bgp/connection", "name", "kisumu-ix"), m.Attribute("/routing/bgp/session", "name", "kisumu-ix-1"); session != connection+"-1" {
		t.Errorf("connection %s, session %s: they cannot be joined", connection, session)
	}
	if name, address := m.Attribute("/interface", "name", "to-kisumu"), m.Attribute("/routing/ospf/interface", "address", "10.255.0.9%to-kisumu"); address != "10.255.0.9%"+name {
		t.Errorf("interface %s, address %s: they cannot be joined", name, address)
	}
	if got := m.Attribute("/ip/address", "address", "81.2.69.142/29"); !strings.HasSuffix(got, "/29") {
		t.Errorf("got %s", got)
	}
}

// States stay where they are states, not where they are somebody's name.
func TestKeptWords(t *testing.T) {
	m := New(nil)
	m.Keep("stopping")
	if got := m.Attribute("/container", "condition", "stopping"); got != "stopping" {
		t.Errorf("a state becomes %q", got)
	}
	if got := m.Attribute("/container", "comment", "stopping"); got == "stopping" {
		t.Error("a comment stays")
	}
}

func TestObjects(t *testing.T) {
	m := New(nil)
	mac := []byte{0x74, 0x4d, 0x28, 0x41, 0x42, 0x43}
	name, value := m.Object([]uint32{1, 3, 6, 1, 4, 1, 14988, 1, 1, 1, 2, 1, 1, 0x74, 0x4d, 0x28, 0x41, 0x42, 0x43, 7}, tagOctetString, mac)
	if string(value) == string(mac) || value[0] != 2 {
		t.Errorf("address %x", value)
	}
	for i, b := range value {
		if name[13+i] != uint32(b) {
			t.Errorf("index %v, address %x", name, value)
		}
	}
	if name[19] != 7 {
		t.Errorf("index %v", name)
	}
	name, value = m.Object([]uint32{1, 3, 6, 1, 2, 1, 4, 20, 1, 1, 81, 2, 69, 142}, tagIPAddress, []byte{81, 2, 69, 142})
	if value[0] == 81 || name[10] != uint32(value[0]) || name[13] != uint32(value[3]) {
		t.Errorf("index %v, address %v", name, value)
	}
	for _, c := range []struct {
		name  []uint32
		text  string
		stays bool
	}{
		{[]uint32{1, 3, 6, 1, 2, 1, 1, 5, 0}, "core-1", false},
		{[]uint32{1, 3, 6, 1, 2, 1, 1, 1, 0}, "RouterOS CRS317-1G-16S+", true},
		{[]uint32{1, 3, 6, 1, 2, 1, 2, 2, 1, 2, 1}, "sfp-sfpplus1", true},
		{[]uint32{1, 3, 6, 1, 2, 1, 2, 2, 1, 6, 1}, "tMabcd", false}, // a hardware address that looks like a text
		{[]uint32{1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 18, 1}, "ether1", false},
		{[]uint32{1, 3, 6, 1, 4, 1, 14988, 1, 1, 7, 3, 0}, "HF3091ABCD", false},
		{[]uint32{1, 3, 6, 1, 4, 1, 14988, 1, 1, 3, 100, 1, 2, 17}, "cpu-temperature", true},
		{[]uint32{1, 3, 6, 1, 4, 1, 9999, 1, 2, 0}, "Kisumu", false}, // not known
		{[]uint32{1, 3, 6, 1, 4, 1, 9999, 1, 3, 0}, "12.5", true},
		{[]uint32{1, 3, 6, 1, 4, 1, 9999, 1, 4, 0}, "\x80\x00\x1f\x88\x04core", false},
	} {
		if _, got := m.Object(c.name, tagOctetString, []byte(c.text)); (string(got) == c.text) != c.stays || len(got) != len(c.text) {
			t.Errorf("%v %q becomes %q", c.name, c.text, got)
		}
	}
}
