package snmp

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/routerpulse/routerpulse/configs"
)

// vector reads a file of test vectors of others, which are not part of this repository.
func vector(t *testing.T, name string, into any) {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", "vectors", "snmpv3", name)
	data, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		t.Skipf("the vectors of others are not here: %s", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Keys are those of RFC 3414 and of others.
func TestVectorsOfKeys(t *testing.T) {
	var vectors []struct{ Source, Hash, Password, EngineID, Ku, Kul string }
	vector(t, "key_localization.json", &vectors)
	for _, v := range vectors {
		auth, ok := authProtocol(v.Hash)
		if !ok {
			t.Fatalf("hash %s", v.Hash)
		}
		k := &keyring{}
		ku := k.stretch(auth.HashType(), configs.NewSecret(v.Password))
		if v.Ku != "" && hex.EncodeToString(ku) != v.Ku {
			t.Errorf("%s: Ku %x", v.Source, ku)
		}
		if kul := localized(auth.HashType(), ku, string(unhex(t, v.EngineID))); hex.EncodeToString(kul) != v.Kul {
			t.Errorf("%s: Kul %x, want %s", v.Source, kul, v.Kul)
		}
	}
	if len(vectors) < 10 {
		t.Errorf("%d vectors", len(vectors))
	}
}

// Messages of other programs have the signatures and the contents that were found in them by others.
func TestVectorsOfMessages(t *testing.T) {
	var file struct {
		Vectors []struct {
			Name, Auth, AuthPassword, Priv, PrivPassword, Hex string
			Decoded                                           struct {
				AuthKey, PrivKey, PDU, EngineID string
				RequestID                       int64
				HMAC                            bool `json:"hmac_ok"`
				Decrypt                         bool `json:"decrypt_ok"`
			}
		}
	}
	vector(t, "usm_verified_packets.json", &file)
	signed, decrypted := 0, 0
	for _, v := range file.Vectors {
		m, why := parseUSM(unhex(t, v.Hex))
		if why != accepted || hex.EncodeToString(m.engineID) != v.Decoded.EngineID {
			t.Errorf("%s: %s", v.Name, why)
			continue
		}
		scoped := m.scoped
		if v.Decoded.HMAC {
			signed++
			auth, _ := authProtocol(v.Auth)
			key := unhex(t, v.Decoded.AuthKey)
			for _, flip := range []bool{true, false} {
				b := unhex(t, v.Hex)
				if flip {
					b[len(b)-1] ^= 1
				}
				again, _ := parseUSM(b)
				if again.isSigned(b, auth, key) == flip {
					t.Errorf("%s: changed %v", v.Name, flip)
				}
			}
		}
		if v.Decoded.Decrypt {
			decrypted++
			priv, ok := privProtocol(v.Priv)
			plain, done := m.decrypt(nil, priv, unhex(t, v.Decoded.PrivKey)[:16])
			if !ok || !done {
				t.Errorf("%s: not decrypted", v.Name)
			}
			scoped = plain
		} else if m.encrypted {
			continue // 3DES, which we do not have
		}
		pdu, ok := parseScoped(scoped)
		if v.Decoded.PDU == "0xa7" { // a trap's PDU is like any other
			ok = ok && pdu.pdu == 0xa7
		}
		if !ok || fmt.Sprintf("0x%x", pdu.pdu) != v.Decoded.PDU || pdu.id != v.Decoded.RequestID {
			t.Errorf("%s: PDU %x, id %d, want %s, %d", v.Name, pdu.pdu, pdu.id, v.Decoded.PDU, v.Decoded.RequestID)
		}
	}
	if signed < 8 || decrypted < 4 {
		t.Errorf("%d signed, %d decrypted", signed, decrypted)
	}
}
