package spool

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"hash/crc32"
	"io"
	"testing"
)

// entriesOf packs texts.
func entriesOf(t testing.TB, texts ...[]byte) (entries []Entry) {
	t.Helper()
	c := newCodec()
	for _, text := range texts {
		p, ok := parsePacked(c.encode(text))
		if !ok {
			t.Fatalf("%d bytes are not taken back", len(text))
		}
		entries = append(entries, Entry{Packed: p})
	}
	return entries
}

// Records are joined to one gzip, of one member: some servers read the first one alone.
func TestGzip(t *testing.T) {
	long := bytes.Repeat([]byte("interface,device=a rx_bytes=1i 1\n"), 10_000) // more than a window, and than a block
	for name, texts := range map[string][][]byte{
		"none":    {},
		"one":     {[]byte("m v=1 1\n")},
		"empty":   {{}, []byte("m v=1 1\n"), {}},
		"several": {record(1).Lines, long, record(2).Lines, long},
	} {
		t.Run(name, func(t *testing.T) {
			entries := entriesOf(t, texts...)
			r, err := gzip.NewReader(bytes.NewReader(Gzip(entries)))
			if err != nil {
				t.Fatal(err)
			}
			r.Multistream(false)
			got, err := io.ReadAll(r)
			if err != nil || !bytes.Equal(got, bytes.Join(texts, nil)) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			for i, e := range entries {
				if lines, err := e.Lines(); err != nil || !bytes.Equal(lines, texts[i]) || e.Size() != len(texts[i]) {
					t.Errorf("record %d: %d bytes of %d, %v", i, len(lines), len(texts[i]), err)
				}
			}
		})
	}
}

// What a record says of its lines is checked.
func TestPackedDamage(t *testing.T) {
	e := entriesOf(t, record(1).Lines)[0]
	for name, p := range map[string]Packed{
		"cut":      {e.blocks[:len(e.blocks)/2], e.size, e.crc},
		"longer":   {e.blocks, e.size + 1, e.crc},
		"shorter":  {e.blocks, e.size - 1, e.crc},
		"checksum": {e.blocks, e.size, e.crc + 1},
		"nothing":  {nil, 1, 0},
	} {
		if lines, err := p.Lines(); err == nil || lines != nil {
			t.Errorf("%s: %d bytes, %v", name, len(lines), err)
		}
	}
}

func FuzzJoinCRC(f *testing.F) {
	f.Add([]byte("a"), []byte("b"))
	f.Add([]byte{}, []byte{0})
	f.Add([]byte{1}, make([]byte, 70_000))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		got := joinCRC(crc32.ChecksumIEEE(a), crc32.ChecksumIEEE(b), uint32(len(b)))
		if want := crc32.ChecksumIEEE(append(bytes.Clone(a), b...)); got != want {
			t.Errorf("%08x, not %08x", got, want)
		}
	})
}

// BenchmarkGzip: a request of 50 polls.
func BenchmarkGzip(b *testing.B) {
	var texts [][]byte
	for i := range 50 {
		texts = append(texts, fmt.Appendf(nil, "interface,device=router-%d,interface=ether1 rx_bytes=%di 1\n", i, i))
	}
	entries := entriesOf(b, texts...)
	for b.Loop() {
		Gzip(entries)
	}
}
