package simulator

import "fmt"

func printPPP(v *view, row *apiRow, emit func()) {
	for i := range v.ppp() {
		s := &v.ppp()[i]
		row.id(s.index)
		row.bytes("name", s.user)
		row.string("service", s.kind.service())
		if s.kind == kindPPPoE {
			row.mac("caller-id", s.mac)
		} else {
			row.address("caller-id", [4]byte{203, 0, 113, s.mac[5]})
		}
		row.address("address", s.address)
		row.duration("uptime", v.now-s.start)
		row.string("encoding", s.encoding())
		row.string("session-id", fmt.Sprintf("0x%08x", 0x81000000|s.index&0xffffff))
		row.count("limit-bytes-in", 0)
		row.count("limit-bytes-out", 0)
		row.flag("radius", s.radius)
		emit()
	}
}

func (s *session) encoding() string {
	switch s.kind {
	case kindSSTP:
		return "AES256-CBC"
	case kindL2TP:
		return "cbc(aes) + hmac(sha256)"
	default:
		return ""
	}
}

func printHotspot(v *view, row *apiRow, emit func()) {
	for i := range v.hotspot() {
		s := &v.hotspotCounted()[i]
		row.id(s.index)
		row.string("server", "hotspot1")
		if len(s.user) > 0 {
			row.bytes("user", s.user)
		}
		row.address("address", s.address)
		row.mac("mac-address", s.mac)
		row.string("login-by", s.loginBy())
		row.duration("uptime", v.now-s.start)
		if s.seed%4 == 0 {
			row.duration("session-time-left", 24*3600_000-(v.now-s.start)%(24*3600_000))
		}
		row.duration("idle-time", int64(40_000*v.wave(s.seed, 30_000)))
		row.string("keepalive-timeout", "2m")
		v.countHotspot(s, row)
		row.flag("radius", s.radius)
		if !v.router.model.atLeast(7, 0) {
			row.flag("blocked", false)
		}
		emit()
	}
}

func (v *view) countHotspot(s *session, row *apiRow) {
	row.count("bytes-in", s.counter.rxBytes)
	row.count("bytes-out", s.counter.txBytes)
	row.count("packets-in", s.counter.rxPackets())
	row.count("packets-out", s.counter.txPackets())
	row.count("limit-bytes-in", 0)
	row.count("limit-bytes-out", 0)
}

func (s *session) loginBy() string {
	return [...]string{"http-chap", "cookie", "mac", "http-pap"}[s.seed>>4%4]
}
