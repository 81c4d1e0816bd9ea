package snmp

import (
	"crypto/hmac"
	"slices"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/routerpulse/routerpulse/configs"
)

const fuzzEngine = "\x80\x00\x1f\x88\x04fuzzed-1"

// aimed is an exchange with one GET of sysUpTime in flight, whose ids are 7 and 9.
func aimed(u v3User) *usm {
	c := u.credential()
	peer := newPeer(&c, &keyring{}, time.Now)
	peer.secrets, peer.revealed = passwords{auth: configs.NewSecret(authSecret), priv: configs.NewSecret(privSecret)}, true
	_ = peer.discovered([]byte(fuzzEngine), 1, 1)
	x := &usm{tally: &tally{}}
	x.open(line{now: time.Now}, &Target{Credential: c}, peer)
	x.stamp, _ = peer.stamp()
	n, _ := parseOID(sysUpTime)
	x.request = &request{kind: get, names: []name{n}}
	x.inFlight = []sent{{message: 7, request: 9}}
	return x
}

// sealedBy is what gosnmp makes of a reply to what is in flight, always the same bytes.
func sealedBy(t testing.TB, x *usm, level gosnmp.SnmpV3MsgFlags, change func(*gosnmp.SnmpPacket)) []byte {
	p := &gosnmp.SnmpPacket{Version: gosnmp.Version3, SecurityModel: gosnmp.UserSecurityModel, MsgFlags: level, MsgID: 7, RequestID: 9,
		PDUType: gosnmp.GetResponse, ContextEngineID: fuzzEngine,
		Variables: []gosnmp.SnmpPDU{{Name: sysUpTime, Type: gosnmp.TimeTicks, Value: uint32(4711)}},
		SecurityParameters: &gosnmp.UsmSecurityParameters{UserName: x.peer.credential.User, AuthoritativeEngineID: fuzzEngine,
			AuthoritativeEngineBoots: 1, AuthoritativeEngineTime: 2, AuthenticationProtocol: x.auth, PrivacyProtocol: x.priv,
			SecretKey: x.stamp.auth, PrivacyKey: x.stamp.priv, PrivacyParameters: []byte("saltsalt")}}
	if change != nil {
		change(p)
	}
	return marshal(t, p)
}

// FuzzUSM: whatever arrives, nothing panics, and at a level with signatures nothing is taken for a
// reply but what was signed with the key. What is signed may hold anything: that is fuzzed too.
func FuzzUSM(f *testing.F) {
	users := []v3User{{}, {"md5", ""}, {"sha256", "aes128"}, {"sha1", "des"}}
	exchanges := make([]*usm, len(users))
	genuine := map[string]bool{}
	for i, u := range users {
		x := aimed(u)
		exchanges[i] = x
		for _, change := range []func(*gosnmp.SnmpPacket){
			nil,
			func(p *gosnmp.SnmpPacket) { p.Error, p.ErrorIndex = gosnmp.GenErr, 1 },
			func(p *gosnmp.SnmpPacket) { p.PDUType, p.Variables[0].Name = gosnmp.Report, ".1.3.6.1.6.3.15.1.1.2.0" },
			func(p *gosnmp.SnmpPacket) {
				asReport(p, ".1.3.6.1.6.3.15.1.1.4.0")
				security(p).AuthoritativeEngineID += "x"
			},
		} {
			b := sealedBy(f, x, x.level, change)
			genuine[string(b)] = true
			f.Add(uint8(i), b, []byte("0\x00"))
		}
	}
	scoped := []byte("0\x2a\x04\x0d" + fuzzEngine + "\x04\x00\xa2\x17\x02\x01\x09\x02\x01\x00\x02\x01\x000\x0c0\x0a\x06\x06\x2b\x06\x01\x02\x01\x01\x05\x00")
	f.Add(uint8(1), []byte{}, scoped)
	f.Fuzz(func(t *testing.T, which uint8, datagram, scoped []byte) {
		x := exchanges[int(which)%len(exchanges)]
		m, _, why := x.judge(slices.Clone(datagram))
		if why == accepted && m != nil {
			if x.level != gosnmp.NoAuthNoPriv && !genuine[string(datagram)] {
				t.Fatalf("a forgery was taken: %x", datagram)
			}
			_ = x.reply.decode(m, x.request)
		}
		signs := exchanges[1]
		if m, _, why := signs.judge(sealSigned(signs, scoped)); why == accepted && m != nil {
			_ = signs.reply.decode(m, signs.request)
		}
	})
}

// sealSigned seals any bytes as a scoped PDU.
func sealSigned(x *usm, scoped []byte) []byte {
	wrap := func(tag byte, content ...[]byte) []byte {
		all := slices.Concat(content...)
		return append(appendLength([]byte{tag}, len(all)), all...)
	}
	number := func(n byte) []byte { return []byte{tagInteger, 1, n} }
	zeros := make([]byte, 12)
	build := func(signature []byte) []byte {
		security := wrap(tagSequence, wrap(tagOctets, []byte(fuzzEngine)), number(1), number(2),
			wrap(tagOctets, []byte(x.peer.credential.User)), wrap(tagOctets, signature), wrap(tagOctets))
		head := wrap(tagSequence, number(7), []byte{tagInteger, 2, 0x7f, 0xff}, []byte{tagOctets, 1, byte(gosnmp.AuthNoPriv)}, number(3))
		return wrap(tagSequence, number(3), head, wrap(tagOctets, security), scoped)
	}
	mac := hmac.New(x.auth.HashType().New, x.stamp.auth)
	mac.Write(build(zeros))
	return build(mac.Sum(nil)[:12])
}

// What sealSigned seals is taken, so that the fuzzing above gets behind the signature.
func TestSignedIsTaken(t *testing.T) {
	x := aimed(v3User{"md5", ""})
	n, err := parseOID(sysUpTime)
	if err != nil {
		t.Fatal(err)
	}
	varbind := slices.Concat([]byte{tagSequence, byte(len(n) + 4), tagOID, byte(len(n))}, n, []byte{tagNull, 0})
	pdu := slices.Concat([]byte{tagResponse, byte(len(varbind) + 11), 2, 1, 9, 2, 1, 0, 2, 1, 0, tagSequence, byte(len(varbind))}, varbind)
	scoped := slices.Concat([]byte{tagSequence, byte(len(pdu) + 4), tagOctets, 0, tagOctets, 0}, pdu)
	if m, _, why := x.judge(sealSigned(x, scoped)); why != accepted || m == nil || m.id != 9 {
		t.Errorf("%s: %+v", why, m)
	}
}
