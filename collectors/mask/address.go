package mask

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strings"
)

// MAC masks a hardware address by a locally administered one. Addresses that are nobody's, of zeros,
// of ones and of groups, stay.
func (m *Mask) MAC(mac [6]byte) [6]byte {
	if mac == ([6]byte{}) || mac[0]&1 == 1 {
		return mac
	}
	masked := m.once(kindMAC, string(mac[:]),
		func(noise []byte) string { return "\x02" + string(noise[:5]) },
		func(n int) string { return "\x06" + string(binary.BigEndian.AppendUint64(nil, uint64(n))[3:]) })
	m.learnMAC(mac, [6]byte([]byte(masked)))
	return [6]byte([]byte(masked))
}

// learnMAC makes the plain hex form of an address, as in a radio's default name, mask to the plain form
// of its mask.
func (m *Mask) learnMAC(mac, masked [6]byte) {
	for _, form := range []func(string) string{strings.ToUpper, strings.ToLower} {
		plain := entry{kindWord, form(hex.EncodeToString(mac[:]))}
		if _, ok := m.given[plain]; ok {
			continue
		}
		if to := form(hex.EncodeToString(masked[:])); !m.taken[entry{kindWord, to}] {
			m.given[plain], m.taken[entry{kindWord, to}] = to, true
			m.learn(plain.text)
		}
	}
}

// Addr masks an address that may be somebody's: public IPv4 by one of the ranges for documentation,
// else the one for benchmarks; IPv6 by one of 2001:db8::/32, or of fe80::/64 where it is of the link.
// Private addresses, and those that are nobody's, stay.
func (m *Mask) Addr(a netip.Addr) netip.Addr {
	if a.Is4In6() {
		return netip.AddrFrom16(m.Addr(a.Unmap()).As16())
	}
	if a = a.WithZone(""); a.Is4() {
		return m.addr4(a)
	}
	return m.addr6(a)
}

func (m *Mask) addr4(a netip.Addr) netip.Addr {
	b := a.As4()
	shared := b[0] == 100 && b[1]&0xc0 == 64 // RFC 6598: private to a provider
	if a.IsPrivate() || a.IsLoopback() || a.IsUnspecified() || a.IsLinkLocalUnicast() || shared || b[0] >= 224 || b[0] == 0 {
		return a
	}
	masked := m.once(kindIPv4, string(b[:]), func(noise []byte) string {
		last := 1 + noise[1]%254
		return string([][]byte{{192, 0, 2, last}, {198, 51, 100, last}, {203, 0, 113, last}}[noise[0]%3])
	}, func(n int) string { return string([]byte{198, 18 + byte(n>>16)&1, byte(n >> 8), byte(n)}) })
	return netip.AddrFrom4([4]byte([]byte(masked)))
}

func (m *Mask) addr6(a netip.Addr) netip.Addr {
	if a.IsUnspecified() || a.IsLoopback() || a.IsMulticast() {
		return a
	}
	b := a.As16()
	masked := m.once(kindIPv6, string(b[:]), func(noise []byte) string {
		if a.IsLinkLocalUnicast() {
			return "\xfe\x80\x00\x00\x00\x00\x00\x00" + string(noise[:8])
		}
		return "\x20\x01\x0d\xb8" + string(noise[:12])
	}, func(n int) string {
		return "\x20\x01\x0d\xb8\xff\xff\xff\xff" + string(binary.BigEndian.AppendUint64(nil, uint64(n)))
	})
	return netip.AddrFrom16([16]byte([]byte(masked)))
}

// macText masks an address in any usual spelling, and keeps the spelling.
func (m *Mask) macText(s string) string {
	plain := strings.NewReplacer(":", "", "-", "", ".", "").Replace(s)
	b, err := hex.DecodeString(plain)
	if err != nil || len(b) != 6 {
		return s
	}
	mac := m.MAC([6]byte(b))
	out := hex.EncodeToString(mac[:])
	if strings.ToLower(plain) != plain {
		out = strings.ToUpper(out)
	}
	spelled := []byte(s)
	at := 0
	for i, c := range spelled {
		if c != ':' && c != '-' && c != '.' {
			spelled[i] = out[at]
			at++
		}
	}
	return string(spelled)
}
