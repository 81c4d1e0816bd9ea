package snmp

import (
	"os"
	"strings"
	"testing"

	"github.com/routerpulse/routerpulse/pipeline"
)

// catalogue lists every object of MIKROTIK-MIB, with what may be polled. It lies beside the project and is
// no part of it.
const catalogue = "../../../shared/catalogue/mikrotik_oids.tsv"

// omitted are the objects that may be polled and are not, each with the reason.
func omitted() map[string]string {
	const (
		settings = "a setting, not a state"
		noUnit   = "a time of which the MIB does not say the unit, nor whether it is a point or a span"
		computed = "the device's own rate of a counter that is read"
		another  = "says how long another object's bytes are, which those show"
	)
	return map[string]string{
		"mtxrHotspotActiveUserServerID": "the server's number, for which there is no name", "mtxrHotspotActiveUserAdvertStatus": "numbers without a meaning in the MIB",
		"mtxrHotspotActiveUserConnectTime": noUnit, "mtxrHotspotActiveUserValidTillTime": noUnit, "mtxrHotspotActiveUserIdleStartTime": noUnit,
		"mtxrHotspotActiveUserIdleTimeout": noUnit, "mtxrHotspotActiveUserPingTimeout": noUnit, "mtxrWifiRegistrationLastActivity": noUnit,
		"mtxrScriptName":           "a walk of it runs on into the column that runs scripts when it is written",
		"mtxrIkeSAInitiatorCookie": "changes with every association and measures nothing", "mtxrIkeSAResponderCookie": "changes with every association and measures nothing",
		"mtxrIkeSALocalAddressType": another, "mtxrIkeSAPeerAddressType": another, "mtxrIkeSADynamicAddressType": another,
		"mtxrIkeSALocalPort":                  "500 or 4500, as nat_traversal says",
		"mtxrWifiRegistrationTxBitsPerSecond": computed, "mtxrWifiRegistrationRxBitsPerSecond": computed,
		"mtxrWifiCapsmanCACertificate": settings, "mtxrWifiCapsmanCertificate": settings, "mtxrWifiCapsmanUpgradePolicy": settings,
		"mtxrWifiCapsmanGeneratedCaCertificate": settings, "mtxrWifiCapsmanGeneratedCertificate": settings,
		"mtxrCapCertificate": settings, "mtxrCapCapsManNames": settings, "mtxrCapCapsManCertificateCommonNames": settings,
		"mtxrCapSlavesStatic": settings, "mtxrCapSlavesDatapath": settings, "mtxrCapRequestedCertificate": settings,
		"mtxrCapLockedCapsManCommonName": settings,
	}
}

// parts of an index that the catalogue lists among what may be polled.
func inIndex() []string { return []string{"mtxrWlCMRtabAddr", "mtxrWifiRegistrationMacAddress"} }

// Every object that may be polled is read into a field, or left out for a reason; and what must not be
// polled is in no table.
func TestCatalogue(t *testing.T) {
	data, err := os.ReadFile(catalogue)
	if err != nil {
		t.Skipf("NOT RUN: the catalogue is not at %s", catalogue)
	}
	read := objectsRead(t)
	left, covered, polled := omitted(), 0, 0
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n")[1:] {
		f := strings.Split(line, "\t")
		oid, name, poll := "."+f[0], f[1], f[9]
		uses, isRead := read[oid]
		switch {
		case strings.HasPrefix(poll, "NEVER"):
			if isRead || allowGet(oid) == nil {
				t.Errorf("%s must never be read", name)
			}
		case poll == "yes":
			polled++
			why, isLeft := left[name]
			delete(left, name)
			switch {
			case isLeft && isRead:
				t.Errorf("%s is left out (%s), but read", name, why)
			case isLeft, strings.Contains(strings.Join(inIndex(), " "), name):
				t.Logf("%-42s left out: %s", name, why)
			case !isRead:
				t.Errorf("%s (%s) may be polled and is not", name, oid)
			case len(uses) == 0:
				t.Errorf("%s is read, and no field is made of it", name)
			default:
				covered++
				t.Logf("%-42s %s", name, strings.Join(uses, " "))
			}
		}
	}
	for name := range left {
		t.Errorf("%s is left out, and not in the catalogue", name)
	}
	t.Logf("%d objects may be polled, %d are read into a field", polled, covered)
	if polled != 391 || covered < 355 {
		t.Errorf("%d objects may be polled, %d are read", polled, covered)
	}
}

// objectsRead lists the objects of all tables, each with the fields, keys and conditions that use it.
func objectsRead(t *testing.T) map[string][]string {
	t.Helper()
	l, err := compile(pipeline.NewSchema(), tables())
	if err != nil {
		t.Fatal(err)
	}
	read := map[string][]string{}
	for _, table := range l.tables {
		for _, part := range table.parts {
			noteObjects(read, l, part)
		}
	}
	return read
}

func noteObjects(read map[string][]string, l *library, part *table) {
	note := func(r ref, use string) {
		switch {
		case r.scalar != none:
			read[l.scalars[r.scalar].oid] = append(read[l.scalars[r.scalar].oid], use)
		case r.column != none && r.column < part.source.asked:
			oid := part.source.columns[r.column].oid
			read[oid] = append(read[oid], use)
		}
	}
	for _, scalar := range part.scalars {
		read[l.scalars[scalar].oid] = append([]string{}, read[l.scalars[scalar].oid]...)
	}
	if part.source != nil {
		for _, c := range part.source.columns[:part.source.asked] {
			read[c.oid] = append([]string{}, read[c.oid]...)
		}
		for i, columns := range part.source.key {
			for _, column := range columns {
				note(ref{column, none}, part.schema.Name+"["+part.schema.Keys[i]+"]")
			}
		}
		for _, j := range part.source.joins {
			for _, column := range j.by {
				note(ref{column, none}, part.schema.Name+"["+part.source.columns[j.column].name+"]")
			}
		}
	}
	fields := part.fields
	for _, s := range part.sensors {
		fields = append(fields, s.field)
	}
	for _, f := range fields {
		for _, from := range f.from {
			for _, r := range append(append([]ref{from.times, from.per, from.where, from.with, from.scaleOf, from.precisionOf}, from.of...), from.unless...) {
				note(r, part.schema.Name+"."+f.def.Name)
			}
		}
	}
}
