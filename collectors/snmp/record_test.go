package snmp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/routerpulse/routerpulse/pipeline"
)

// record runs Record and returns what it noted.
func record(t *testing.T, c *Collector) (objects map[string]Object, notes []string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	list, err := c.Record(ctx, func(text string, failed bool) {
		if failed != strings.Contains(text, "FAILED") {
			t.Errorf("%q, failed %t", text, failed)
		}
		notes = append(notes, text)
	})
	objects = map[string]Object{}
	for i, o := range list {
		if i > 0 && slices.Compare(list[i-1].Name, o.Name) >= 0 {
			t.Errorf("%v does not come before %v", list[i-1].Name, o.Name)
		}
		objects["."+dotted(o.Name)] = o
	}
	return objects, notes, err
}

// hasty waits a tenth of a second for an answer.
func hasty(target *Target) { target.Timeout, target.Retries = 100*time.Millisecond, 1 }

// withScripts is a router with scripts that run when they are read; statistics says whether the table that
// keeps walks away from them is there.
func withScripts(statistics bool) []entry {
	mib := append(system("RouterOS RB5009"), routerBoard()...)
	mib = append(mib, ports(2)...)
	mib = append(mib,
		entry{mikrotik + ".2.1.1.2.1", gosnmp.OctetString, "queue1"},
		entry{mikrotik + ".8.1.1.2.1", gosnmp.OctetString, "reboot"},
		entry{scriptOutput + ".1", gosnmp.OctetString, "done"},
		entry{mikrotik + ".19.1.1.2.1", gosnmp.OctetString, "sfp1"})
	if statistics {
		for _, port := range []string{"1", "2"} {
			mib = append(mib, entry{mikrotik + ".14.1.1.2." + port, gosnmp.OctetString, "ether" + port})
			for column := 11; column <= 50; column++ {
				mib = append(mib, entry{mikrotik + ".14.1.1." + fmt.Sprint(column) + "." + port, gosnmp.Counter64, uint64(1)})
			}
		}
	}
	return mib
}

// neverScripts fails the test when an agent hands out what a script said.
func neverScripts(t *testing.T, a *agent) {
	t.Helper()
	a.replying(func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
		for _, v := range reply.Variables {
			if inside(v.Name, scriptOutput) {
				t.Errorf("the script behind %s ran, because %s was asked for, by %v with %d", v.Name, request.Variables[0].Name, request.PDUType, request.MaxRepetitions)
			}
		}
		return reply
	})
}

func TestRecordNeverRunsAScript(t *testing.T) {
	for _, statistics := range []bool{true, false} {
		for _, options := range [][]func(*Target){nil, {version1}} {
			a := newAgent(t, withScripts(statistics)...)
			neverScripts(t, a)
			objects, notes, err := record(t, a.collector(t, options...))
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := objects[mikrotik+".2.1.1.2.1"]; ok != statistics {
				t.Errorf("statistics %t, but queues %t", statistics, ok)
			}
			if _, ok := objects[mikrotik+".19.1.1.2.1"]; !ok {
				t.Error("what lies behind the scripts is not there")
			}
			if told := slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, "groups 1 to 13: skipped") }); told == statistics {
				t.Errorf("statistics %t, notes %q", statistics, notes)
			}
			for _, request := range a.taken() {
				for _, v := range request.Variables {
					if inside(v.Name, mikrotik+".8") || inside(v.Name, mikrotik+".18") || inside(mikrotik, v.Name) {
						t.Errorf("%s was asked for", v.Name)
					}
				}
			}
		}
	}
}

func TestRecordHasEveryType(t *testing.T) {
	mib := append(system("a box"),
		entry{".1.3.6.1.2.1.25.2.2.0", gosnmp.Integer, -7},
		entry{".1.3.6.1.2.1.25.2.3.1.3.1", gosnmp.OctetString, "\x00\xff"},
		entry{".1.3.6.1.2.1.25.2.3.1.2.1", gosnmp.ObjectIdentifier, ".1.3.6.1.2.1.25.2.1.2"},
		entry{".1.3.6.1.2.1.31.1.1.1.6.1", gosnmp.Counter64, uint64(1<<63 + 1)},
		entry{".1.3.6.1.2.1.2.2.1.10.1", gosnmp.Counter32, uint32(1<<32 - 1)},
		entry{".1.3.6.1.2.1.2.2.1.5.1", gosnmp.Gauge32, uint32(1<<32 - 1)},
		entry{".1.3.6.1.2.1.4.20.1.1.10.0.0.1", gosnmp.IPAddress, "10.0.0.1"},
		entry{".1.3.6.1.4.1.2021.10.1.6.1", gosnmp.OpaqueFloat, float32(1.5)})
	objects, _, err := record(t, newAgent(t, mib...).collector(t))
	if err != nil {
		t.Fatal(err)
	}
	for oid, want := range map[string]string{
		".1.3.6.1.2.1.25.2.2.0":          `2 -7 ""`,
		".1.3.6.1.2.1.25.2.3.1.3.1":      `4 0 "\x00\xff"`,
		".1.3.6.1.2.1.25.2.3.1.2.1":      `6 0 "1.3.6.1.2.1.25.2.1.2"`,
		".1.3.6.1.2.1.31.1.1.1.6.1":      `70 -9223372036854775807 ""`,
		".1.3.6.1.2.1.2.2.1.10.1":        `65 4294967295 ""`,
		".1.3.6.1.2.1.2.2.1.5.1":         `66 4294967295 ""`,
		".1.3.6.1.2.1.4.20.1.1.10.0.0.1": `64 0 "\n\x00\x00\x01"`,
		".1.3.6.1.4.1.2021.10.1.6.1":     `68 4609434218613702656 "\x9fx\x04?\xc0\x00\x00"`,
	} {
		o := objects[oid]
		if got := fmt.Sprintf("%d %d %q", o.Tag, int64(o.Number), o.Bytes); got != want {
			t.Errorf("%s: %s, want %s", oid, got, want)
		}
	}
}

// A device that falls silent ends the recording, but not before what it said is kept.
func TestRecordKeepsWhatCameBeforeSilence(t *testing.T) {
	a := newAgent(t, append(system("a box"), ports(3)...)...)
	a.replying(func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
		if compareDotted(request.Variables[0].Name, ".1.3.6.1.2.1.2.2.1.7") > 0 {
			a.reply = func(_, _ *gosnmp.SnmpPacket) *gosnmp.SnmpPacket { return nil }
			return nil
		}
		return reply
	})
	objects, notes, err := record(t, a.collector(t, hasty))
	if !errors.Is(err, pipeline.ErrNoAnswer) {
		t.Errorf("err %v", err)
	}
	if _, ok := objects[".1.3.6.1.2.1.2.2.1.2.3"]; !ok {
		t.Errorf("only %d objects are kept", len(objects))
	}
	if last := notes[len(notes)-1]; !strings.HasPrefix(last, "ifTable: FAILED after ") {
		t.Errorf("last note: %s", last)
	}
}

// One part that is never answered, or does not end, does not keep the others from being read.
func TestRecordGoesOnAfterABadPart(t *testing.T) {
	mib := append(system("a box"), ports(2)...)
	mib = append(mib, disk(1, "disk", 4, 1024, 100, 10)...)
	for name, misbehave := range map[string]func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket{
		"FAILED after 0 objects": func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
			if inside(request.Variables[0].Name, ".1.3.6.1.2.1.31") {
				return nil
			}
			return reply
		},
		"does not increase": func(request, reply *gosnmp.SnmpPacket) *gosnmp.SnmpPacket {
			if inside(request.Variables[0].Name, ".1.3.6.1.2.1.31") {
				slices.Reverse(reply.Variables)
				reply.Variables = slices.DeleteFunc(reply.Variables, func(v gosnmp.SnmpPDU) bool { return !inside(v.Name, ".1.3.6.1.2.1.31.1.1") })
			}
			return reply
		},
	} {
		a := newAgent(t, mib...)
		a.replying(misbehave)
		objects, notes, err := record(t, a.collector(t, hasty))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, ok := objects[".1.3.6.1.2.1.25.2.3.1.3.1"]; !ok {
			t.Errorf("%s: what comes after it is not there", name)
		}
		if !slices.ContainsFunc(notes, func(n string) bool { return strings.HasPrefix(n, "ifXTable: FAILED") && strings.Contains(n, name) }) {
			t.Errorf("%s: %q", name, notes)
		}
	}
}
