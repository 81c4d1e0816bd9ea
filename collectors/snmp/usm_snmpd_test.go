package snmp

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
)

const authSecret, privSecret = "authentic-0riginal", "privacy-c4n4ry"

// v3User is a user of snmpd with one combination of protocols, as we spell them.
type v3User struct{ auth, priv string }

// netSNMP spells the protocols as net-snmp does.
var netSNMP = map[string]string{
	"md5": "MD5", "sha1": "SHA", "sha224": "SHA-224", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512",
	"des": "DES", "aes128": "AES", "aes192": "AES-192", "aes256": "AES-256", "aes192c": "AES-192-C", "aes256c": "AES-256-C",
}

// everyUser is every combination there is.
func everyUser() []v3User {
	users := []v3User{{}}
	for _, auth := range []string{"md5", "sha1", "sha224", "sha256", "sha384", "sha512"} {
		for _, priv := range []string{"", "des", "aes128", "aes192", "aes256", "aes192c", "aes256c"} {
			users = append(users, v3User{auth, priv})
		}
	}
	return users
}

func (u v3User) name() string { return strings.TrimSuffix("u-"+u.auth+"-"+u.priv, "-") }

// config are the lines of snmpd.conf that make the user.
func (u v3User) config() string {
	create, level := "createUser "+u.name(), "noauth"
	if u.auth != "" {
		create, level = create+fmt.Sprintf(" %s %q", netSNMP[u.auth], authSecret), "auth"
	}
	if u.priv != "" {
		create, level = create+fmt.Sprintf(" %s %q", netSNMP[u.priv], privSecret), "priv"
	}
	return fmt.Sprintf("%s\nrouser %s %s\n", create, u.name(), level)
}

// access are the arguments of snmpget.
func (u v3User) access() []string {
	args := []string{"-v3", "-u", u.name(), "-l", "noAuthNoPriv"}
	if u.auth != "" {
		args = append(args, "-l", "authNoPriv", "-a", netSNMP[u.auth], "-A", authSecret)
	}
	if u.priv != "" {
		args = append(args, "-l", "authPriv", "-x", netSNMP[u.priv], "-X", privSecret)
	}
	return args
}

func (u v3User) credential() Credential {
	c := Credential{Version: "3", User: u.name(), Auth: u.auth, Priv: u.priv}
	if u.auth != "" {
		c.AuthPassword = configs.NewSecret(authSecret)
	}
	if u.priv != "" {
		c.PrivPassword = configs.NewSecret(privSecret)
	}
	return c
}

// as has a target asked by a user.
func (u v3User) as(target *Target) { target.Credential = u.credential() }

func startSnmpdV3(t testing.TB, users ...v3User) *snmpd {
	t.Helper()
	config := linuxConfig
	for _, u := range users {
		config += u.config()
	}
	return startSnmpd(t, config)
}

// Every combination of protocols reads from Debian's agent what its own snmpget reads with the same
// user, and the second poll needs no discovery any more.
func TestSnmpdV3(t *testing.T) {
	users := everyUser()
	d := startSnmpdV3(t, users...)
	e := newEngine(t)
	for _, u := range users {
		t.Run(u.name(), func(t *testing.T) {
			target := Target{Device: "linux", Address: "127.0.0.1", Port: d.port, Credential: u.credential()}
			c, err := e.New(target, pipeline.NewRows("linux", nil))
			if err != nil {
				t.Fatal(err)
			}
			witness := d.askAs(u.access(), "snmpget", ".1.3.6.1.2.1.1.1.0", ".1.3.6.1.2.1.1.2.0", sysUpTime, ".1.3.6.1.2.1.1.5.0", ".1.3.6.1.2.1.1.6.0")
			for range 2 {
				checkSystem(t, mustCollect(t, c, "router"), witness)
			}
			before := requestsOf(c)
			if err := c.Check(t.Context()); err != nil || requestsOf(c) != before+1 {
				t.Errorf("a check takes %v messages: %v", requestsOf(c)-before, err)
			}
		})
	}
}

// Whole tables, with several columns and rows in a reply.
func TestSnmpdV3Tables(t *testing.T) {
	u := v3User{"sha256", "aes256"}
	d := startSnmpdV3(t, u)
	c := d.collector(u.as)
	for range 2 {
		before := d.everything()
		reads := mustCollect(t, c)
		checkPorts(t, reads, before, d.everything(), "3")
	}
}

// A context is another agent behind the agent.
func TestSnmpdV3Context(t *testing.T) {
	t.Parallel()
	behind := startSnmpd(t, strings.ReplaceAll(linuxConfig, "core-1", "behind-1"))
	u := v3User{"sha1", "aes128"}
	d := startSnmpd(t, linuxConfig+u.config()+"group g usm "+u.name()+"\nview all included .1\naccess g vrf- any noauth prefix all none none\n"+
		fmt.Sprintf("proxy -Cn vrf-7 -v2c -c public 127.0.0.1:%d .1.3.6.1\n", behind.port))
	for name, want := range map[string]string{"": "core-1", "vrf-7": "behind-1"} {
		c := d.collector(u.as, func(target *Target) { target.Credential.Context = name })
		if got := tableOf(t, mustCollect(t, c, "router"), "router").Samples[0].Value("identity").Text(); got != want {
			t.Errorf("context %q: identity %s", name, got)
		}
	}
	c := d.collector(u.as, func(target *Target) {
		target.Credential.Context, target.Timeout = "vrf-8", 400*time.Millisecond
	})
	if err := c.Check(t.Context()); err == nil || !strings.Contains(err.Error(), `vrf-8`) {
		t.Error(err)
	}
}

// Fault 22: the agent is restarted with a new engine ID, with one more boot, and with fewer boots than
// it had; fault 21: it is killed, and stopped for a while. The next poll reads it again, every time: at
// most two intervals are allowed.
func TestFault22EngineChanges(t *testing.T) {
	users := []v3User{{}, {"md5", ""}, {"sha512", "aes256c"}, {"sha1", "des"}}
	d := startSnmpdV3(t, users...)
	e := newEngine(t)
	devices := make([]*Collector, 0, len(users))
	for i, u := range users {
		device := fmt.Sprintf("linux-%d", i)
		c, err := e.New(Target{Device: device, Address: "127.0.0.1", Port: d.port, Credential: u.credential(),
			Timeout: 400 * time.Millisecond}, pipeline.NewRows(device, nil))
		if err != nil {
			t.Fatal(err)
		}
		devices = append(devices, c)
	}
	state := filepath.Join(d.dir, "state", "snmpd.conf")
	worst := 0
	goodWithin := func(t *testing.T, intervals int) {
		t.Helper()
		for i, c := range devices {
			_, err := collect(t, c, "router", "interface")
			n := 1
			for ; err != nil && n < intervals; n++ {
				_, err = collect(t, c, "router", "interface")
			}
			if err != nil {
				t.Errorf("%s: not good within %d intervals: %v", users[i].name(), intervals, err)
			}
			worst = max(worst, n)
		}
	}
	goodWithin(t, 1)
	engineOf := func() string { return devices[2].peer.engineID }
	for _, step := range []struct {
		name    string
		between func(t *testing.T)
		changes bool // of the engine ID
	}{
		{"new engine", func(t *testing.T) { removeAll(t, filepath.Join(d.dir, "state")) }, true},
		{"one more boot", func(*testing.T) {}, false},
		{"many boots", func(t *testing.T) { setBoots(t, state, 40) }, false},
		{"boots lost", func(t *testing.T) { setBoots(t, state, 2) }, false},
	} {
		t.Run(step.name, func(t *testing.T) {
			before := engineOf()
			d.quit()
			step.between(t)
			d.start()
			goodWithin(t, 2)
			if (engineOf() != before) != step.changes {
				t.Errorf("engine %x, and before %x", engineOf(), before)
			}
		})
	}
	t.Run("while it is dead and after", func(t *testing.T) {
		d.stop()
		for _, c := range devices {
			if _, err := collect(t, c, "router"); err == nil {
				t.Error("a dead agent was read")
			}
		}
		removeAll(t, filepath.Join(d.dir, "state"))
		d.start()
		goodWithin(t, 2)
	})
	t.Run("stopped", func(t *testing.T) {
		if err := d.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		if err := devices[2].Check(t.Context()); err == nil {
			t.Error("a stopped agent was read")
		}
		if err := d.cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		goodWithin(t, 2)
	})
	sinktest.Fault{Row: "22", Trials: 6 * len(users), Figures: fmt.Sprintf("good again at interval %d at the latest (asked: 2)", worst)}.Report(t)
}

func removeAll(t *testing.T, dir string) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
}

// setBoots writes how often the engine was booted into the agent's memory.
func setBoots(t *testing.T, file string, boots int) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	found := false
	for i, line := range lines {
		if strings.HasPrefix(line, "engineBoots ") {
			lines[i], found = fmt.Sprintf("engineBoots %d", boots), true
		}
	}
	if !found {
		t.Fatalf("%s says nothing of boots", file)
	}
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
}

// What the agent refuses is said to be refused, why, and never with the password.
func TestSnmpdV3Refusals(t *testing.T) {
	t.Parallel()
	both, signs, plain := v3User{"sha256", "aes128"}, v3User{"sha1", ""}, v3User{}
	d := startSnmpdV3(t, both, signs, plain)
	wrong := configs.NewSecret("wrong-c4n4ry")
	for name, test := range map[string]struct {
		user   v3User
		change func(*Credential)
		want   string
	}{
		"unknown user":      {both, func(c *Credential) { c.User = "nobody" }, `no user "nobody"`},
		"auth password":     {both, func(c *Credential) { c.AuthPassword = wrong }, `the auth password of user "u-sha256-aes128" is wrong`},
		"auth protocol":     {signs, func(c *Credential) { c.Auth = "md5" }, "another protocol for it than md5"},
		"priv password":     {both, func(c *Credential) { c.PrivPassword = wrong }, "the priv password or protocol (aes128) is probably wrong"},
		"priv protocol":     {both, func(c *Credential) { c.Priv = "aes256" }, "(aes256)"},
		"no priv on device": {signs, func(c *Credential) { c.Priv, c.PrivPassword = "des", wrong }, "does not let user"},
		"no auth on device": {plain, func(c *Credential) { c.Auth, c.AuthPassword = "md5", wrong }, "does not let user"},
		"level too low":     {both, func(c *Credential) { *c = Credential{Version: "3", User: c.User} }, "authorizationError"},
	} {
		t.Run(name, func(t *testing.T) {
			c := d.collector(test.user.as, func(target *Target) {
				test.change(&target.Credential)
				target.Timeout = 400 * time.Millisecond
			})
			err := c.Check(t.Context())
			_, collectErr := collect(t, c)
			if name == "level too low" { // is an error of each table
				collectErr = err
			}
			for _, err := range []error{err, collectErr} {
				if !pipelineRefused(err) || !strings.Contains(err.Error(), test.want) {
					t.Errorf("%v", err)
				} else if strings.Contains(err.Error(), "c4n4ry") || strings.Contains(err.Error(), authSecret) {
					t.Errorf("%v names a password", err)
				}
			}
		})
	}
}
