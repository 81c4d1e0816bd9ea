package routeros

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
)

// liveReply is what a router with 20 interfaces answers to one print.
func liveReply(rows int) []byte {
	var b []byte
	for i := range rows {
		b = append(b, encode("!re", fmt.Sprintf("=.id=*%X", i), fmt.Sprintf("=name=ether%d", i), "=type=ether", "=dynamic=false", "=disabled=false", "=running=true",
			"=comment=uplink to the tower", "=mac-address=48:A9:8A:00:00:01", "=actual-mtu=1500", "=rx-byte=1844674407370955", "=tx-byte=20346573223",
			"=rx-packet=1234567890", "=tx-packet=1234567890", "=rx-error=0", "=tx-error=0", "=rx-drop=0", "=tx-drop=0", "=tx-queue-drop=12",
			"=link-downs=3", ".tag=4")...)
	}
	return append(b, encode("!done", ".tag=4")...)
}

// BenchmarkSentences reads the answer of 20 interfaces.
func BenchmarkSentences(b *testing.B) {
	reply := liveReply(20)
	b.SetBytes(int64(len(reply)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := readAll(b, bytes.Clone(reply), nil); !errors.Is(err, errLost) {
			b.Fatal(err)
		}
	}
}
