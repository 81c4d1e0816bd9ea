package spool

import (
	"encoding/binary"
	"math/bits"
)

// packer packs line protocol to deflate (RFC 1951), for a third of the CPU that a packer of anything takes: the
// lines of a poll are so much alike that nothing has to be searched for, nor codes to be made for each poll.
// It is not safe for concurrent use.
//
// A line is compared with the one before, word by word. A word begins at each byte that is no digit: what
// differs is then mostly the end of a number, and both lines go on alike after it. Where they do not, as in
// lines that lack a field, the line is compared from where a word with the same first bytes stood last.
type packer struct {
	literals [286]code            // of bytes, of the end of a block, and of lengths
	lengths  [256]code            // of lengths from shortest on, with the bits that say which one it is
	distance [30]code             // without those bits
	words    [1 << wordBits]int32 // by a hash of six bytes: 1 + where they were last

	head stream // what a block begins with: how long codes are
	stream
}

// stream is bits that were written.
type stream struct {
	out  []byte
	held uint64 // what is no whole 32 of them yet
	n    uint   // how many
}

// code is some bits; the first to be written is the lowest.
type code struct {
	bits uint32
	n    uint8
}

// How many bits each code has, in hexadecimal. They follow from how often digits, the letters of the schema and the
// distances between lines are met in line protocol of all tables, and are complete: every byte has a code.
const (
	literalBits = "ddccccccccaccccccccccccccccccccc8c7ccccccccc698c44544444448cc6bccbbbbbbcccccccccccccccccccccbcc7c687768986b978777a66679989bc" +
		"cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc" +
		"bcbc888887777669999aa77bcacccb"
	distanceBits = "999999866567575651365656667899"
	codeBits     = "0606543344542500300" // of the codes that tell these two
)

// What deflate allows, and the shortest match that is worth its codes.
const (
	endOfBlock  = 256
	shortest    = 3
	longest     = 258
	window      = 32 << 10
	worthwhile  = 4
	repeatCode  = 16
	repeatLeast = 3
	repeatMost  = 6

	wordBits = 11
)

func newPacker() *packer {
	p := &packer{}
	copy(p.literals[:], codes(literalBits))
	copy(p.distance[:], codes(distanceBits))
	for i := range p.lengths {
		p.lengths[i] = p.length(i)
	}
	for _, c := range blockHead() {
		p.head.put(c)
	}
	return p
}

// length is the code of shortest+x and the bits that follow it: a code is for 1, 2, 4, 8, … lengths.
func (p *packer) length(x int) code {
	if x == longest-shortest {
		return p.literals[len(p.literals)-1]
	}
	extra := max(bits.Len(uint(x))-3, 0)
	c := p.literals[endOfBlock+1+4*extra+x>>extra]
	return code{c.bits | uint32(x&(1<<extra-1))<<c.n, c.n + uint8(extra)}
}

// codes makes the codes of some lengths: those of one length count up, and begin after the shorter ones.
func codes(lengths string) []code {
	list := make([]code, len(lengths))
	next := uint32(0)
	for n := uint8(1); n < 16; n++ {
		for i := range lengths {
			if digit(lengths[i]) == n {
				list[i] = code{bits.Reverse32(next) >> (32 - n), n}
				next++
			}
		}
		next <<= 1
	}
	return list
}

func digit(hex byte) uint8 {
	if hex >= 'a' {
		return hex - 'a' + 10
	}
	return hex - '0'
}

// blockHead is that of a block that is not the last, with codes of its own.
func blockHead() (head []code) {
	head = append(head, code{0, 1}, code{2, 2}, code{uint32(len(literalBits) - 257), 5}, code{uint32(len(distanceBits) - 1), 5}, code{uint32(len(codeBits) - 4), 4})
	for _, i := range []int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15} {
		head = append(head, code{uint32(digit(codeBits[i])), 3})
	}
	told := codes(codeBits)
	for all := literalBits + distanceBits; all != ""; {
		head = append(head, told[digit(all[0])])
		same := 1
		for same < len(all) && all[same] == all[0] {
			same++
		}
		all = all[1:]
		for same--; same >= repeatLeast; {
			n := min(same, repeatMost)
			head = append(head, told[repeatCode], code{uint32(n - repeatLeast), 2})
			all, same = all[n:], same-n
		}
	}
	return head
}

// pack appends blocks, none of them the last, that end at a byte.
func (p *packer) pack(b, text []byte) []byte {
	p.stream = stream{append(b, p.head.out...), p.head.held, p.head.n}
	p.tokens(text)
	p.put(p.literals[endOfBlock])
	p.put(code{0, 3}) // an empty block that is stored: it begins at a byte
	p.put(code{0, uint8(-p.n & 7)})
	p.out = append(p.out, byte(p.held), byte(p.held>>8), byte(p.held>>16), byte(p.held>>24))[:len(p.out)+int(p.n/8)]
	return append(p.out, 0, 0, 0xff, 0xff)
}

// put writes at most 32 bits.
func (s *stream) put(c code) {
	s.held |= uint64(c.bits) << s.n
	if s.n += uint(c.n); s.n >= 32 {
		s.out = binary.LittleEndian.AppendUint32(s.out, uint32(s.held))
		s.held >>= 32
		s.n -= 32
	}
}

// tokens writes the text: what is as it was before, then what differs, up to the next word.
func (p *packer) tokens(text []byte) {
	clear(p.words[:])
	for at, like := 0, 0; at < len(text); {
		var same int
		if like, same = p.find(text, at, like); same > 0 {
			p.same(same, at-like)
			at, like = at+same, like+same
			if same == longest {
				continue
			}
		}
		at, like = p.other(text, at), wordAfter(text, like)
	}
}

// find tells what the text at a place is like, and for how many bytes: at best it goes on to be like what it was like.
func (p *packer) find(text []byte, at, like int) (from, same int) {
	if like < at && at-like <= window {
		same = alike(text, like, at)
	}
	if at+8 > len(text) {
		return like, worth(same)
	}
	const spread = 0x9e3779b97f4a7c15 // 2^64 by the golden ratio: Knuth's multiplicative hash
	last := &p.words[binary.LittleEndian.Uint64(text[at:])<<16*spread>>(64-wordBits)]
	if word := int(*last) - 1; same < worthwhile && word >= 0 && at-word <= window {
		if n := alike(text, word, at); n >= worthwhile {
			like, same = word, n
		}
	}
	*last = int32(at + 1)
	return like, worth(same)
}

func worth(same int) int {
	if same < worthwhile {
		return 0
	}
	return same
}

// alike is for how many bytes the text at two places, the first before the second, is the same.
func alike(text []byte, before, at int) (n int) {
	text = text[:min(len(text), at+longest)]
	for ; at+n+8 <= len(text); n += 8 {
		if differ := binary.LittleEndian.Uint64(text[before+n:]) ^ binary.LittleEndian.Uint64(text[at+n:]); differ != 0 {
			return n + bits.TrailingZeros64(differ)/8
		}
	}
	for at+n < len(text) && text[before+n] == text[at+n] {
		n++
	}
	return n
}

// same writes that the next bytes are as some that were written.
func (p *packer) same(n, distance int) {
	p.put(p.lengths[n-shortest])
	x := uint(distance - 1) // a code is for 1, 1, 2, 2, 4, 4, … distances
	extra := uint(max(bits.Len(x)-2, 0))
	p.put(p.distance[2*extra+x>>extra])
	p.put(code{uint32(x & (1<<extra - 1)), uint8(extra)})
}

// other writes bytes as they are, up to the next word, and returns where that begins.
func (p *packer) other(text []byte, at int) int {
	end := wordAfter(text, at)
	for _, c := range text[at:end] {
		p.put(p.literals[c])
	}
	return end
}

// wordAfter is where the next word begins, or the end.
func wordAfter(text []byte, at int) int {
	at++
	for at < len(text) && '0' <= text[at] && text[at] <= '9' {
		at++
	}
	return min(at, len(text))
}
