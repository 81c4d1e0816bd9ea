package simulator

import (
	"strings"
	"testing"
)

// TestListen: a client that listens is told of logins, logouts and changes, with its tag and what it
// asked for, until it cancels.
func TestListen(t *testing.T) {
	f := openFleet(t, Options{Routers: 1, Seed: 3, Quiet: true})
	r := f.routers[0]
	k := talk(t, r).login()
	expect := func(parts ...string) {
		t.Helper()
		got, err := k.sentence()
		for _, part := range parts {
			if !strings.Contains(got, part) {
				t.Fatalf("got %q (%v), want %q in it", got, err, part)
			}
		}
	}
	k.send("/nowhere/listen", ".tag=n")
	expect("!trap", ".tag=n", "=message="+messageNoCommand)
	expect("!done", ".tag=n")
	k.send("/ppp/active/listen", "=.proplist=.id,name,.dead", ".tag=p")
	k.send("/interface/listen", "=.proplist=.id,name,running", "?type=ether", ".tag=i")
	k.send("/system/identity/print", ".tag=s")
	expect("!re", ".tag=s")
	expect("!done", ".tag=s")
	r.AddPPP("ann")
	expect("!re", ".tag=p", "=name=ann")
	r.RenameInterface(0, "uplink")
	expect("!re", ".tag=i", "=name=uplink", "=running=")
	r.RemovePPP("ann")
	expect("!re", ".tag=p", "=.id=*F", "=.dead=true")
	k.send("/cancel", "=tag=p", ".tag=c")
	expect("!trap", ".tag=p", "=message=interrupted")
	expect("!done", ".tag=p")
	expect("!done", ".tag=c")
	r.Reboot()
	if got, err := k.sentence(); err == nil {
		t.Errorf("after a reboot: %q", got)
	}
}
