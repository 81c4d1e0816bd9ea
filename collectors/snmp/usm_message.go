package snmp

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // RFC 3414's only cipher, and what old devices have
	"crypto/hmac"
	"crypto/subtle"
	"encoding/binary"

	"github.com/gosnmp/gosnmp"
)

const tagReport = 0xa8

// usmMessage is an SNMPv3 message with its security parameters. Its slices are pieces of the datagram.
type usmMessage struct {
	id             int64
	flags          gosnmp.SnmpV3MsgFlags
	model          int64
	engineID       []byte
	boots, seconds int64
	user           []byte
	signature      []byte
	salt           []byte
	encrypted      bool
	scoped         []byte // what the flags say that it is: encrypted, or a context and a PDU
}

// parseUSM reads the heads strictly and without copying, of every datagram that arrives, whoever sent
// it. Nothing in them is true until the signature was checked.
func parseUSM(b []byte) (m usmMessage, why rejection) {
	body, rest, ok := element(b, tagSequence)
	if !ok || len(rest) != 0 {
		return m, notSNMP
	}
	version, body, ok := integer(body)
	if !ok {
		return m, notSNMP
	}
	if version != int64(gosnmp.Version3) {
		return m, wrongVersion
	}
	head, body, ok := element(body, tagSequence)
	if !ok || !m.parseHead(head) {
		return m, notSNMP
	}
	security, body, ok := element(body, tagOctets)
	if !ok || !m.parseSecurity(security) || len(body) == 0 {
		return m, notSNMP
	}
	m.encrypted = body[0] == tagOctets
	if m.encrypted {
		m.scoped, rest, ok = element(body, tagOctets)
	} else {
		_, rest, ok = element(body, tagSequence)
		m.scoped = body
	}
	if !ok || len(rest) != 0 {
		return m, notSNMP
	}
	return m, accepted
}

// parseHead reads what RFC 3412 calls msgGlobalData.
func (m *usmMessage) parseHead(b []byte) (ok bool) {
	if m.id, b, ok = integer(b); !ok {
		return false
	}
	if _, b, ok = integer(b); !ok { // the longest message that the device takes
		return false
	}
	flags, b, ok := element(b, tagOctets)
	if !ok || len(flags) != 1 {
		return false
	}
	m.flags = gosnmp.SnmpV3MsgFlags(flags[0])
	m.model, b, ok = integer(b)
	return ok && len(b) == 0
}

// parseSecurity reads the parameters of the user-based security model (RFC 3414, section 2.4).
func (m *usmMessage) parseSecurity(b []byte) (ok bool) {
	b, rest, ok := element(b, tagSequence)
	if !ok || len(rest) != 0 {
		return false
	}
	if m.engineID, b, ok = element(b, tagOctets); !ok {
		return false
	}
	if m.boots, b, ok = integer(b); !ok || m.boots < 0 || m.boots > lastBoots {
		return false
	}
	if m.seconds, b, ok = integer(b); !ok || m.seconds < 0 || m.seconds > lastBoots {
		return false
	}
	if m.user, b, ok = element(b, tagOctets); !ok {
		return false
	}
	if m.signature, b, ok = element(b, tagOctets); !ok {
		return false
	}
	m.salt, b, ok = element(b, tagOctets)
	return ok && len(b) == 0
}

// parseScoped returns the PDU inside a scoped PDU, as a message without version and community. What
// follows the scoped PDU is the padding of a cipher.
func parseScoped(b []byte) (m message, ok bool) {
	b, _, ok = element(b, tagSequence)
	if !ok {
		return m, false
	}
	if _, b, ok = element(b, tagOctets); !ok { // the context's engine
		return m, false
	}
	if _, b, ok = element(b, tagOctets); !ok || len(b) == 0 { // and name
		return m, false
	}
	return m, m.parsePDU(b) == nil
}

// isSigned checks the signature, which the sender put where it had counted zeros. The datagram is left
// with the zeros in.
func (m *usmMessage) isSigned(datagram []byte, auth gosnmp.SnmpV3AuthProtocol, key []byte) bool {
	length := signatureLength(auth)
	if len(m.signature) != length || len(key) == 0 {
		return false
	}
	var claimed [64]byte
	copy(claimed[:], m.signature)
	clear(m.signature)
	mac := hmac.New(auth.HashType().New, key)
	_, _ = mac.Write(datagram)
	var sum [64]byte
	return subtle.ConstantTimeCompare(mac.Sum(sum[:0])[:length], claimed[:length]) == 1
}

// signatureLength is how much of the hash a message carries: RFC 3414, sections 6 and 7, and RFC 7860.
func signatureLength(auth gosnmp.SnmpV3AuthProtocol) int {
	switch auth {
	case gosnmp.SHA224:
		return 16
	case gosnmp.SHA256:
		return 24
	case gosnmp.SHA384:
		return 32
	case gosnmp.SHA512:
		return 48
	}
	return 12
}

// decrypt returns what is encrypted in a message, in plain's memory.
func (m *usmMessage) decrypt(plain []byte, priv gosnmp.SnmpV3PrivProtocol, key []byte) ([]byte, bool) {
	if len(m.salt) != 8 || len(key) != privKeyLength(priv) {
		return plain, false
	}
	plain = append(plain[:0], m.scoped...)
	if priv == gosnmp.DES {
		if len(plain)%des.BlockSize != 0 {
			return plain, false
		}
		block, err := des.NewCipher(key[:8]) //nolint:gosec // as above
		if err != nil {
			return plain, false
		}
		var iv [8]byte
		subtle.XORBytes(iv[:], key[8:16], m.salt)
		cipher.NewCBCDecrypter(block, iv[:]).CryptBlocks(plain, plain)
		return plain, true
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return plain, false
	}
	var iv [16]byte
	binary.BigEndian.PutUint32(iv[:], uint32(m.boots))
	binary.BigEndian.PutUint32(iv[4:], uint32(m.seconds))
	copy(iv[8:], m.salt)
	cipher.NewCFBDecrypter(block, iv[:]).XORKeyStream(plain, plain) //nolint:staticcheck // RFC 3826 has this mode and no other
	return plain, true
}
