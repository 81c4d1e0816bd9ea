package simulator

import (
	"bufio"
	"encoding/hex"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const recordedRouter = `{
 "version": "7.20.6 (stable)",
 "/system/identity": [{"name": "core"}],
 "/interface": [
  {".id": "*1", "name": "ether1", "running": "true", "mtu": 1500, "comment": {"x": "636166e9"}},
  {".id": "*2", "name": "ether2", "running": "false"},
  {".id": "*A", "name": "bridge"}
 ],
 "/interface/ethernet/monitor": [{"name": "ether1", "rate": "1Gbps"}, {"name": "ether2", "status": "no-link"}],
 "/interface/wifi/monitor": [{".of": "wifi1", "state": "running"}, {".of": "wifi2", "state": "disabled"}],
 "/ip/route/print =count-only= ?bgp=yes": "812",
 "/ppp/active": []
}`

func talkToRecording(t *testing.T, r *Recording) *talker {
	t.Helper()
	conn, err := net.Dial("tcp4", r.APIAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &talker{t, conn, bufio.NewReader(conn)}
}

func openRecordedAPI(t *testing.T, text string) *Recording {
	t.Helper()
	path := filepath.Join(t.TempDir(), "router.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := OpenRecording(path, RecordingOptions{User: "noc", Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func TestRecordedAPIAnswers(t *testing.T) {
	r := openRecordedAPI(t, recordedRouter)
	k := talkToRecording(t, r)
	for _, c := range []struct {
		words, want []string
	}{
		{[]string{"/login", "=name=noc", "=password=wrong"}, []string{"!trap =message=invalid user name or password (6)", "!done"}},
		{[]string{"/login", "=name=noc", "=password=secret", ".tag=1"}, []string{"!done .tag=1"}},
		{[]string{"/system/identity/print"}, []string{"!re =name=core", "!done"}},
		{[]string{"/interface/print", "=.proplist=.id,comment,mtu", ".tag=x"},
			[]string{"!re .tag=x =.id=*1 =comment=caf\xe9 =mtu=1500", "!re .tag=x =.id=*2", "!re .tag=x =.id=*A", "!done .tag=x"}},
		{[]string{"/interface/print", "=count-only="}, []string{"!done =ret=3"}},
		{[]string{"/interface/print", "=count-only=", "?running=true"}, []string{"!done =ret=1"}},
		{[]string{"/interface/print", "=.proplist=name", "?type=ether"}, []string{"!re =name=ether1", "!re =name=ether2", "!re =name=bridge", "!done"}},
		{[]string{"/interface/wifi/monitor", "=numbers=wifi2,wifi1", "=once="}, []string{"!re =state=disabled", "!re =state=running", "!done"}},
		{[]string{"/ip/route/print", "=count-only=", "?bgp=yes", ".tag=9"}, []string{"!done .tag=9 =ret=812"}},
		{[]string{"/interface/getall", "=.proplist=name", "?-running"}, []string{"!re =name=bridge", "!done"}},
		{[]string{"/ppp/active/print"}, []string{"!empty", "!done"}},
		{[]string{"/interface/ethernet/monitor", "=numbers=ether2,bridge", "=once="}, []string{"!re =name=ether2 =status=no-link", "!done"}},
		{[]string{"/interface/ethernet/monitor", "=once=", "=.proplist=rate"}, []string{"!re =rate=1Gbps", "!re", "!done"}},
		{[]string{"/ip/cloud/print"}, []string{"!trap =message=no such command", "!done"}},
		{[]string{"/cloud/listen"}, []string{"!trap =message=no such command", "!done"}},
		{[]string{"/quit"}, []string{"!fatal session terminated on request"}},
	} {
		if got := k.ask(c.words...); got != strings.Join(c.want, "\n") {
			t.Errorf("%q: %q, want %q", c.words, got, c.want)
		}
	}
	if got := talkToRecording(t, r).ask("/interface/print"); got != "!fatal not logged in" {
		t.Errorf("without a login: %q", got)
	}
}

// Nothing ever happens on a recorded router, so a listener hears only its own end.
func TestRecordedAPIIsListenedTo(t *testing.T) {
	k := talkToRecording(t, openRecordedAPI(t, recordedRouter))
	k.ask("/login", "=name=noc", "=password=secret")
	k.send("/interface/listen", ".tag=one")
	k.send("/ppp/active/listen", ".tag=two")
	if got := k.ask("/system/identity/print", ".tag=three"); got != "!re .tag=three =name=core\n!done .tag=three" {
		t.Errorf("beside a listener: %q", got)
	}
	k.silent()
	if got := k.ask("/cancel", "=tag=two", ".tag=four"); got != "!trap .tag=two =category=2 =message=interrupted\n!done .tag=two" {
		t.Errorf("cancelled: %q", got)
	}
	if got, err := k.sentence(); err != nil || got != "!done .tag=four" {
		t.Errorf("%q %v", got, err)
	}
	if got := k.ask("/cancel"); got != "!trap .tag=one =category=2 =message=interrupted\n!done .tag=one" {
		t.Errorf("all are cancelled: %q", got)
	}
}

func TestRecordedAPIOfOldVersionsLogsInByChallenge(t *testing.T) {
	k := talkToRecording(t, openRecordedAPI(t, strings.Replace(recordedRouter, "7.20.6", "6.42.12", 1)))
	challenge, _ := strings.CutPrefix(k.ask("/login", "=name=noc", "=password=secret"), "!done =ret=")
	raw, err := hex.DecodeString(challenge)
	if err != nil || len(raw) != 16 {
		t.Fatalf("challenge %q", challenge)
	}
	if got := k.ask("/login", "=name=noc", "=response="+challengeResponse("wrong", raw)); got != "!trap =message=cannot log in\n!done" {
		t.Errorf("wrong response: %q", got)
	}
	challenge, _ = strings.CutPrefix(k.ask("/login"), "!done =ret=")
	if raw, err = hex.DecodeString(challenge); err != nil {
		t.Fatal(err)
	}
	if got := k.ask("/login", "=name=noc", "=response="+challengeResponse("secret", raw)); got != "!done" {
		t.Errorf("right response: %q", got)
	}
	if got := k.ask("/ppp/active/print"); got != "!done" {
		t.Errorf("before 7.18 there is no !empty: %q", got)
	}
}

func TestBadAPIRecordings(t *testing.T) {
	for text, want := range map[string]string{
		`{`:                              "unexpected end",
		`{"version": "7.1"}`:             "there is no menu in it",
		`{"version": 7, "/a": []}`:       "version",
		`{"/interface": {}}`:             "/interface",
		`{"/interface": [{"a": ["b"]}]}`: "no value of the API",
		`{"/a": [{"b": {"x": "0"}}]}`:    "odd length",
	} {
		path := filepath.Join(t.TempDir(), "bad.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenRecording(path, RecordingOptions{}); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// A folder is both faces of one router.
func TestRecordingInAFolder(t *testing.T) {
	dir := t.TempDir()
	if _, err := OpenRecording(dir, RecordingOptions{}); err == nil || !strings.Contains(err.Error(), "neither snmp.snmprec nor api.json") {
		t.Errorf("empty folder: %v", err)
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	faces := func() (snmp, api bool) {
		t.Helper()
		r, err := OpenRecording(dir, RecordingOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Close() }()
		return r.Addr().IsValid(), r.APIAddr().IsValid()
	}
	write("api.json", recordedRouter)
	if snmp, api := faces(); snmp || !api {
		t.Errorf("only the API: %t %t", snmp, api)
	}
	write("snmp.snmprec", "1.3.6.1.2.1.1.5.0|4|core\n")
	if snmp, api := faces(); !snmp || !api {
		t.Errorf("both: %t %t", snmp, api)
	}
	if err := os.Remove(filepath.Join(dir, "api.json")); err != nil {
		t.Fatal(err)
	}
	if snmp, api := faces(); !snmp || api {
		t.Errorf("only SNMP: %t %t", snmp, api)
	}
}
