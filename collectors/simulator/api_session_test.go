package simulator

import (
	"bufio"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
)

// talker speaks the API by hand.
type talker struct {
	t    testing.TB
	conn net.Conn
	in   *bufio.Reader
}

func apiAddress(r *Router, port int) string { return net.JoinHostPort(r.address.String(), itoa(port)) }

func talk(t testing.TB, r *Router) *talker {
	t.Helper()
	conn, err := net.Dial("tcp4", apiAddress(r, r.fleet.APIPort()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &talker{t, conn, bufio.NewReader(conn)}
}

func (k *talker) send(words ...string) {
	k.t.Helper()
	var b []byte
	for _, w := range words {
		b = appendWord(b, w)
	}
	if _, err := k.conn.Write(append(b, 0)); err != nil {
		k.t.Fatal(err)
	}
}

func (k *talker) sentence() (string, error) {
	k.t.Helper()
	if err := k.conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		k.t.Fatal(err)
	}
	var s sentence
	if err := s.read(k.in); err != nil {
		return "", err
	}
	var words []string
	for i := range s.len() {
		words = append(words, string(s.word(i)))
	}
	return strings.Join(words, " "), nil
}

// ask sends a command and returns its reply, one sentence a line, up to !done or !fatal.
func (k *talker) ask(words ...string) string {
	k.t.Helper()
	k.send(words...)
	var lines []string
	for {
		line, err := k.sentence()
		if err != nil {
			k.t.Fatalf("%v after %q", err, lines)
		}
		lines = append(lines, line)
		if strings.HasPrefix(line, "!done") || strings.HasPrefix(line, "!fatal") {
			return strings.Join(lines, "\n")
		}
	}
}

func (k *talker) login() *talker {
	k.t.Helper()
	if got := k.ask("/login", "=name=telemetry", "=password=telemetry"); got != "!done" {
		k.t.Fatalf("login: %s", got)
	}
	return k
}

func TestConversation(t *testing.T) {
	f := openFleet(t, Options{Quiet: true})
	r := f.Router("core-1")
	k := talk(t, r).login()
	for _, c := range []struct {
		name  string
		words string
		want  string
	}{
		{"identity", "/system/identity/print", "!re =name=core-1\n!done"},
		{"a tag comes back", "/system/identity/print .tag=x1", "!re .tag=x1 =name=core-1\n!done .tag=x1"},
		{"an empty tag is one too", "/system/identity/print .tag=", "!re .tag= =name=core-1\n!done .tag="},
		{"proplist", "/system/resource/print =.proplist=version,cpu-count,nonsense", "!re =version=7.20.4 (stable) =cpu-count=16\n!done"},
		{"a proplist of nothing that is", "/system/identity/print =.proplist=nonsense", "!re\n!done"},
		{"query", "/interface/print ?name=ether3 =.proplist=.id,type", "!re =.id=*3 =type=ether\n!done"},
		{"query by id", "/interface/print ?.id=*3 =.proplist=name", "!re =name=ether3\n!done"},
		{"query that nothing matches", "/interface/print ?name=nobody .tag=4", "!empty .tag=4\n!done .tag=4"},
		{"count", "/interface/ethernet/print =count-only=", "!done =ret=17"},
		{"count with query and tag", "/interface/print =count-only= ?type=loopback .tag=9", "!done .tag=9 =ret=1"},
		{"empty table", "/ppp/active/print", "!empty\n!done"},
		{"getall is print", "/system/identity/getall", "!re =name=core-1\n!done"},
		{"unknown path", "/interface/fax/print", "!trap =message=no such command\n!done"},
		{"unknown verb", "/interface/set =disabled=yes .tag=2", "!trap .tag=2 =message=no such command\n!done .tag=2"},
		{"no path", "interface", "!trap =message=no such command\n!done"},
		{"cancel", "/cancel =tag=7 .tag=8", "!done .tag=8"},
		{"extra arguments", "/system/identity/print =detail= =without-paging= =x", "!re =name=core-1\n!done"},
	} {
		if got := k.ask(strings.Fields(c.words)...); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	if got := k.ask("/quit"); got != "!fatal session terminated on request" {
		t.Errorf("quit: %q", got)
	}
	if _, err := k.sentence(); !errors.Is(err, io.EOF) {
		t.Errorf("after quit: %v", err)
	}
}

func TestBeforeSevenEighteenNothingIsSaidOfNothing(t *testing.T) {
	f := openFleet(t, Options{Quiet: true})
	if got := talk(t, f.Router("edge-1")).login().ask("/ppp/active/print"); got != "!done" {
		t.Errorf("RouterOS 7.16 says %q", got)
	}
}

func TestEmptySentencesAndPipelining(t *testing.T) {
	f := openFleet(t, Options{Quiet: true})
	k := talk(t, f.Router("core-1")).login()
	b := []byte{0, 0}
	for _, tag := range []string{"a", "b", "c"} {
		b = append(appendWord(appendWord(b, "/system/identity/print"), ".tag="+tag), 0)
	}
	if _, err := k.conn.Write(b); err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{"a", "b", "c"} {
		for _, want := range []string{"!re .tag=" + tag + " =name=core-1", "!done .tag=" + tag} {
			if got, err := k.sentence(); err != nil || got != want {
				t.Errorf("got %q, %v; want %q", got, err, want)
			}
		}
	}
}

func TestLogins(t *testing.T) {
	f := openFleet(t, Options{Quiet: true, User: "noc", Password: "pass=word"})
	r := f.Router("core-1")
	const refused = "!trap =message=invalid user name or password (6)\n!done"
	k := talk(t, r)
	for _, words := range [][]string{
		{"/login"}, {"/login", "=name=noc", "=password=wrong"}, {"/login", "=name=admin", "=password=pass=word"}, {"/login", "=name=noc"},
	} {
		if got := k.ask(words...); got != refused {
			t.Errorf("%q: %q", words, got)
		}
	}
	if got := k.ask("/login", "=name=noc", "=password=pass=word", ".tag=1"); got != "!done .tag=1" {
		t.Errorf("the right one: %q", got)
	}
	r.RefuseLogin(true)
	if got := k.ask("/system/identity/print"); got != "!re =name=core-1\n!done" {
		t.Errorf("who is in stays in: %q", got)
	}
	if got := talk(t, r).ask("/login", "=name=noc", "=password=pass=word"); got != refused {
		t.Errorf("refusing: %q", got)
	}
	if got := talk(t, r).ask("/system/identity/print"); got != "!fatal not logged in" {
		t.Errorf("without login: %q", got)
	}
}

func TestLoginsOfOldRouters(t *testing.T) {
	f := openFleet(t, Options{Quiet: true})
	r := f.Router("tower-3")
	for _, first := range [][]string{{"/login"}, {"/login", "=name=telemetry", "=password=telemetry"}} {
		k := talk(t, r)
		challenge, ok := strings.CutPrefix(k.ask(first...), "!done =ret=")
		raw, err := hex.DecodeString(challenge)
		if !ok || err != nil || len(raw) != 16 {
			t.Fatalf("challenge %q", challenge)
		}
		if got := k.ask("/login", "=name=telemetry", "=response=00112233445566778899aabbccddeeff00"); got != "!trap =message=cannot log in\n!done" {
			t.Errorf("wrong response: %q", got)
		}
		if got := k.ask("/login", "=name=telemetry", "=response="+challengeResponse("telemetry", raw)); got != "!trap =message=cannot log in\n!done" {
			t.Errorf("a challenge serves once: %q", got)
		}
		challenge, _ = strings.CutPrefix(k.ask("/login"), "!done =ret=")
		if raw, err = hex.DecodeString(challenge); err != nil {
			t.Fatal(err)
		}
		if got := k.ask("/login", "=name=telemetry", "=response="+challengeResponse("telemetry", raw)); got != "!done" {
			t.Errorf("right response: %q", got)
		}
	}
}

func TestChallengeResponse(t *testing.T) {
	challenge, _ := hex.DecodeString("abc123")
	if got := challengeResponse("passTest", challenge); got != "0021277bff9ac7caf06aa608e46616d47f" {
		t.Errorf("got %s", got)
	}
}

func TestBadBytesEndTheConversation(t *testing.T) {
	f := openFleet(t, Options{Quiet: true})
	for name, b := range map[string][]byte{
		"control byte":    {0xff},
		"a word of 1 GiB": {0xf0, 0x40, 0, 0, 0},
		"http":            []byte("GET / HTTP/1.1\r\n\r\n" + strings.Repeat("x", 200_000)),
	} {
		k := talk(t, f.Router("core-1"))
		_, _ = k.conn.Write(b)
		if got, err := k.sentence(); err == nil && got != "!fatal not logged in" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestTLS(t *testing.T) {
	f := openFleet(t, Options{Quiet: true})
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(f.Certificate()) {
		t.Fatal("not a certificate")
	}
	block, _ := pem.Decode(f.Certificate())
	if sum := sha256.Sum256(block.Bytes); hex.EncodeToString(sum[:]) != f.Fingerprint() {
		t.Errorf("fingerprint %s", f.Fingerprint())
	}
	for _, r := range []*Router{f.routers[0], f.routers[24]} {
		conn, err := tls.Dial("tcp4", apiAddress(r, f.APITLSPort()), &tls.Config{RootCAs: pool})
		if err != nil {
			t.Fatal(err)
		}
		k := &talker{t, conn, bufio.NewReader(conn)}
		if got := k.ask("/login", "=name=telemetry", "=password=telemetry"); got != "!done" {
			t.Errorf("login: %q", got)
		}
		if got := k.ask("/system/identity/print"); got != "!re =name="+r.name+"\n!done" {
			t.Errorf("got %q", got)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
}

// silent expects nothing to come for a moment.
func (k *talker) silent() {
	k.t.Helper()
	if err := k.conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		k.t.Fatal(err)
	}
	if b, err := k.in.Peek(1); err == nil {
		k.t.Errorf("it said %q", b)
	}
}

func TestDownHangsConnectionsAndAnswersLate(t *testing.T) {
	f := openFleet(t, Options{Quiet: true})
	r := f.Router("core-1")
	k := talk(t, r).login()
	r.SetDown(true)
	k.send("/system/identity/print")
	k.silent()
	fresh := talk(t, r)
	fresh.send("/login", "=name=telemetry", "=password=telemetry")
	fresh.silent()
	r.SetDown(false)
	for _, want := range []string{"!re =name=core-1", "!done"} {
		if got, err := k.sentence(); err != nil || got != want {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}
	if got, err := fresh.sentence(); err != nil || got != "!done" {
		t.Errorf("the new one: %q, %v", got, err)
	}
}

func TestConnectionsToADownRouterGoWithTheirClients(t *testing.T) {
	f := openFleet(t, Options{Quiet: true})
	r := f.Router("core-1")
	r.SetDown(true)
	for range 20 {
		k := talk(t, r)
		k.send("/login")
		_ = k.conn.Close()
	}
	eventually(t, "all connections are gone", func() bool {
		f.conns.mu.Lock()
		defer f.conns.mu.Unlock()
		return len(f.conns.open) == 0
	})
}

func TestRebootResetsConnections(t *testing.T) {
	c := newClock()
	f := openFleet(t, Options{Quiet: true, Clock: c.now})
	r := f.Router("core-1")
	k := talk(t, r).login()
	// The clock is read by the server's goroutines, but only after the next sentence comes.
	c.at = c.at.Add(time.Second)
	r.Reboot()
	c.at = c.at.Add(rebootAway * time.Millisecond)
	k.send("/system/identity/print")
	if got, err := k.sentence(); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %q, %v", got, err)
	}
	if got := talk(t, r).login().ask("/system/resource/print", "=.proplist=uptime"); got != "!re =uptime=5s\n!done" {
		t.Errorf("got %q", got)
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	var c connections
	for range maxConnections {
		if !c.add(&net.TCPConn{}) {
			t.Fatal("refused too early")
		}
	}
	if c.add(&net.TCPConn{}) {
		t.Error("one too many")
	}
}

func TestStrangersAreNotServed(t *testing.T) {
	f := openFleet(t, Options{Routers: 3, Quiet: true})
	conn, err := net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", f.APIPort()))
	if err != nil {
		return // reset at once is as good
	}
	k := &talker{t, conn, bufio.NewReader(conn)}
	if got, err := k.sentence(); err == nil {
		t.Errorf("got %q", got)
	}
}
