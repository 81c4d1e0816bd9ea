package spool

import (
	"bytes"
	stdflate "compress/flate"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/flate"
)

// awkward are texts at the bounds of what the packer does.
func awkward() map[string][]byte {
	rng := rand.New(rand.NewPCG(1, 1))
	noise := make([]byte, 100_000)
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	far := "interface,device=a rx_bytes=1i 1\n"
	return map[string][]byte{
		"nothing":        {},
		"one byte":       {0},
		"no word":        []byte("1234567890"),
		"ends in digits": []byte("m v=1234567\nm v=1234568"),
		"a lot the same": bytes.Repeat([]byte{'m'}, 3*longest+1),
		"long lines":     bytes.Repeat([]byte("m,t="+strings.Repeat("x", longest)+" v=1i 1\n"), 9),
		"noise":          noise,
		"the window":     []byte(far + string(noise[:window-len(far)]) + far),
		"past it":        []byte(far + string(noise[:window-len(far)+1]) + far),
		"lines that lack": []byte("m,a=1 aa=1i,bb=2i,cc=3i,dd=4i 1\nm,a=2 aa=1i,cc=3i,dd=4i 1\nm,a=3 bb=2i,dd=4i 1\n" +
			"m,a=4 aa=1i,bb=2i,cc=3i,dd=4i 1\n"),
		"other letters": []byte("m,name=Größe\\ 東京 comment=\"Здравствуй, мир=1\" 1\n"),
	}
}

// isUnpacked checks what was packed with two programs that did not pack it.
func isUnpacked(t *testing.T, packed, text []byte) {
	t.Helper()
	whole := append(bytes.Clone(packed), lastBlock...)
	for name, r := range map[string]io.Reader{"compress/flate": stdflate.NewReader(bytes.NewReader(whole)), "klauspost": flate.NewReader(bytes.NewReader(whole))} {
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%s: %d bytes of %d, %v", name, len(got), len(text), err)
		}
	}
}

func TestPack(t *testing.T) {
	p := newPacker() // of which nothing may be left from one text to the next
	for name, text := range awkward() {
		t.Run(name, func(t *testing.T) { isUnpacked(t, p.pack(nil, text), text) })
	}
	one, two := []byte("m v=1 1\n"), []byte("m v=2 2\n")
	isUnpacked(t, p.pack(p.pack(nil, one), two), append(one, two...))
}

// What it is made for is packed better than by a packer of anything; nothing gets much larger.
func TestPackSize(t *testing.T) {
	p := newPacker()
	lines := ports(rand.New(rand.NewPCG(1, 1)), 1, 1, 20)
	var other bytes.Buffer
	w, err := flate.NewWriter(&other, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(lines); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if n := len(p.pack(nil, lines)); n > other.Len() {
		t.Errorf("%d bytes, not %d", n, other.Len())
	}
	noise := awkward()["noise"]
	if n, most := len(p.pack(nil, noise)), len(noise)*13/8+100; n > most {
		t.Errorf("%d bytes of %d that are noise, more than %d", n, len(noise), most)
	}
}

func FuzzPack(f *testing.F) {
	for _, text := range awkward() {
		f.Add(text[:min(len(text), 4096)], uint16(len(text)))
	}
	f.Fuzz(func(t *testing.T, piece []byte, away uint16) {
		// A text that comes twice, so far away.
		text := fmt.Appendf(nil, "%s%s%s", piece, strings.Repeat("0", int(away)), piece)
		isUnpacked(t, newPacker().pack(nil, text), text)
	})
}

// BenchmarkPack packs a poll of 20 interfaces.
func BenchmarkPack(b *testing.B) {
	p, lines := newPacker(), ports(rand.New(rand.NewPCG(1, 1)), 1, 1, 20)
	b.SetBytes(int64(len(lines)))
	var packed []byte
	for b.Loop() {
		packed = p.pack(packed[:0], lines)
	}
}
