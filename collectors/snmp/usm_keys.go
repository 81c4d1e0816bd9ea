package snmp

import (
	"crypto"
	"sync"

	"github.com/gosnmp/gosnmp"

	"github.com/routerpulse/routerpulse/configs"
)

// A password becomes a key in two steps (RFC 3414, A.2). The first hashes a MiB of it, and is the same
// for every device: the keyring remembers its result. The second makes of it the key for one engine,
// and costs nothing: each device keeps its own.

const (
	passwordStretch = 1 << 20 // bytes that are hashed
	maxDigests      = 4096    // remembered; a fleet has few passwords, or one for each device
)

// keyring remembers what passwords were stretched to. gosnmp has such a memory too, but keeps the
// passwords themselves in it, for ever and for all.
type keyring struct {
	mu      sync.Mutex
	digests map[digestKey]*digest
}

type digestKey struct {
	hash     crypto.Hash
	password configs.Secret
}

type digest struct {
	once sync.Once
	sum  []byte
}

// stretch returns the hash of a MiB of the password. Who asks for the same at once waits for the one.
func (k *keyring) stretch(hash crypto.Hash, password configs.Secret) []byte {
	k.mu.Lock()
	key := digestKey{hash, password}
	d := k.digests[key]
	if d == nil {
		if k.digests == nil || len(k.digests) >= maxDigests {
			k.digests = map[digestKey]*digest{}
		}
		d = &digest{}
		k.digests[key] = d
	}
	k.mu.Unlock()
	d.once.Do(func() { d.sum = stretched(hash, password.Reveal()) })
	return d.sum
}

func stretched(hash crypto.Hash, password string) []byte {
	if password == "" {
		return nil
	}
	h := hash.New()
	chunk := make([]byte, 0, 1024+len(password))
	for n := 0; n < passwordStretch; {
		// Each chunk goes on in the password where the last one ended.
		chunk = append(chunk[:0], password[n%len(password):]...)
		for len(chunk) < 1024 {
			chunk = append(chunk, password...)
		}
		size := min(1024, passwordStretch-n)
		_, _ = h.Write(chunk[:size])
		n += size
	}
	return h.Sum(nil)
}

// localized makes the key for one engine.
func localized(hash crypto.Hash, stretched []byte, engineID string) []byte {
	h := hash.New()
	_, _ = h.Write(stretched)
	_, _ = h.Write([]byte(engineID))
	_, _ = h.Write(stretched)
	return h.Sum(nil)
}

// privKeyLength is how many bytes the cipher takes; DES has its initial vector in the second eight.
func privKeyLength(priv gosnmp.SnmpV3PrivProtocol) int {
	switch priv {
	case gosnmp.AES192, gosnmp.AES192C:
		return 24
	case gosnmp.AES256, gosnmp.AES256C:
		return 32
	}
	return 16
}

// localizedPriv makes the key of a cipher for one engine. Where the hash is shorter than the key, the
// key is extended: by its own hash, or, in Cisco's variants, by stretching it as if it were a password.
func localizedPriv(hash crypto.Hash, priv gosnmp.SnmpV3PrivProtocol, stretch []byte, engineID string) []byte {
	key := localized(hash, stretch, engineID)
	length := privKeyLength(priv)
	for last := key; len(key) < length; {
		if priv == gosnmp.AES192C || priv == gosnmp.AES256C {
			last = localized(hash, stretched(hash, string(last)), engineID)
		} else {
			h := hash.New()
			_, _ = h.Write(key)
			last = h.Sum(nil)
		}
		key = append(key, last...)
	}
	return key[:length]
}
