package snmp

import (
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/gosnmp/gosnmp"
)

const (
	minEngineID, maxEngineID = 5, 32 // bytes, RFC 3411, section 5
	timeWindow               = 150 * time.Second
	lastBoots                = 1<<31 - 1 // where an engine's count of boots stops for ever
)

var errEngineID = errors.New("the device names no valid engine ID")

// usmPeer is what is kept of a device between its polls: the engine that answers there, its clock, and
// the user's keys for that engine. It is small, because there is one for each device. The lanes of a
// device share it.
type usmPeer struct {
	credential *Credential
	keys       *keyring
	now        func() time.Time

	mu        sync.Mutex
	secrets   passwords // as last read
	revealed  bool
	engineID  string // "" is unknown: discover it
	boots     uint32
	seconds   uint32    // the engine's time at syncedAt
	syncedAt  time.Time // of our clock
	authentic bool      // boots and seconds come from a signed message
	served    bool      // it answered the user since it was discovered
	keysFor   keysOf    // what the keys were made of
	auth      []byte
	priv      []byte
	salt      uint64
}

type keysOf struct {
	secrets  passwords
	engineID string
}

// stamp is what goes into one message.
type stamp struct {
	engineID       string
	boots, seconds uint32
	auth, priv     []byte
	salt           uint64 // used once
}

func newPeer(c *Credential, keys *keyring, now func() time.Time) *usmPeer {
	return &usmPeer{credential: c, keys: keys, now: now, salt: rand.Uint64()}
}

// stamp returns what the next message to the engine needs, and false if the engine is unknown.
func (p *usmPeer) stamp() (stamp, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.engineID == "" {
		return stamp{}, false
	}
	p.salt++
	return stamp{p.engineID, p.boots, p.clock(), p.auth, p.priv, p.salt}, true
}

// clock is the engine's time now.
func (p *usmPeer) clock() uint32 {
	return uint32(min(int64(p.seconds)+int64(p.now().Sub(p.syncedAt)/time.Second), lastBoots))
}

// reveal reads the passwords, unless they are known.
func (p *usmPeer) reveal() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.revealed {
		return nil
	}
	secrets, err := p.credential.revealPasswords()
	if err != nil {
		return err
	}
	p.secrets, p.revealed = secrets, true
	return nil
}

// discovered takes the engine that a Report names. Nobody signed it: a forged one costs two messages,
// since the true engine then says that it is another.
func (p *usmPeer) discovered(engineID []byte, boots, seconds uint32) error {
	if !validEngineID(engineID) {
		return errEngineID
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.engineID, p.served = string(engineID), false
	p.boots, p.seconds, p.syncedAt, p.authentic = boots, seconds, p.now(), false
	p.localize()
	return nil
}

// localize makes the keys for the engine, unless they are there.
func (p *usmPeer) localize() {
	of := keysOf{p.secrets, p.engineID}
	if p.keysFor == of {
		return
	}
	auth, _ := authProtocol(p.credential.Auth)
	priv, _ := privProtocol(p.credential.Priv)
	p.keysFor, p.auth, p.priv = of, nil, nil
	if auth == gosnmp.NoAuth {
		return
	}
	hash := auth.HashType()
	p.auth = localized(hash, p.keys.stretch(hash, p.secrets.auth), p.engineID)
	if priv != gosnmp.NoPriv {
		p.priv = localizedPriv(hash, priv, p.keys.stretch(hash, p.secrets.priv), p.engineID)
	}
}

// validEngineID reports that an engine may have this ID. All zeros is none, and neither is all ones.
func validEngineID(id []byte) bool {
	if len(id) < minEngineID || len(id) > maxEngineID {
		return false
	}
	for _, b := range id[1:] {
		if b != id[0] {
			return true
		}
	}
	return id[0] != 0 && id[0] != 0xff
}

// timely reports that a signed message is from the engine's present, and takes its clock if it is.
func (p *usmPeer) timely(boots, seconds uint32) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.authentic {
		if boots < p.boots || boots == lastBoots {
			return false
		}
		if boots == p.boots && int64(seconds) < int64(p.clock())-int64(timeWindow/time.Second) {
			return false
		}
		if boots == p.boots && seconds <= p.seconds {
			return true // overtaken on its way
		}
	}
	p.boots, p.seconds, p.syncedAt, p.authentic = boots, seconds, p.now(), true
	return true
}

// resync takes the engine's clock from its own complaint about ours, even if it went back: some devices
// lose their count of boots. That the complaint is not an old one is known from its message ID.
func (p *usmPeer) resync(boots, seconds uint32, signed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.boots, p.seconds, p.syncedAt, p.authentic = boots, seconds, p.now(), signed
}

// answered notes that the engine answered the user.
func (p *usmPeer) answered() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.served = true
}

// hasAnswered reports that the engine has answered the user since it was discovered.
func (p *usmPeer) hasAnswered() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.served
}

// forget has the engine discovered, and the passwords read, again before the next message. The keys
// stay: both may turn out to be the same.
func (p *usmPeer) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.engineID, p.authentic, p.served, p.revealed = "", false, false, false
}
