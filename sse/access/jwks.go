package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// ErrNoKeys says that signed tokens cannot be checked now.
var ErrNoKeys = errors.New("the keys that tokens are checked with cannot be read now: try again in a few seconds")

// Bounds of a set of keys.
const (
	keysPeriod  = 5 * time.Minute  // after which it is read again
	keysPause   = 10 * time.Second // between two times, however many unknown keys are named
	keysTimeout = 5 * time.Second
	maxKeysBody = 256 << 10
	maxKeys     = 100
	minRSABits  = 2048
)

// verifyKey is a public key, or the shared secret of HMAC.
type verifyKey struct {
	id   string // kid; "" if there is none
	key  any
	gone atomic.Bool // its issuer has taken it back
}

// keySet reads the public keys of an issuer, which changes them now and then. A token names one of
// them, and can name no other place to look for it.
type keySet struct {
	url, algorithm string
	client         *http.Client
	now            func() time.Time
	told           func(err error) // what came of reading it

	mu     sync.Mutex
	keys   []*verifyKey
	good   time.Time     // when it was read last
	tried  time.Time     // when that was tried last
	asking chan struct{} // closed when the reading that is under way has ended; nil: none is
}

func newKeySet(cfg JWTConfig, now func() time.Time, told func(error)) *keySet {
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &keySet{url: cfg.JWKSURL, algorithm: cfg.Algorithm, now: now, told: told,
		client: &http.Client{Timeout: keysTimeout, CheckRedirect: stay, Transport: &http.Transport{MaxConnsPerHost: 1, IdleConnTimeout: time.Minute}}}
}

// find returns the key of that name, or the only one if a token names none. For a name that it does not
// know it reads the set again, but not for everybody.
func (s *keySet) find(ctx context.Context, id string) (*verifyKey, error) {
	s.mu.Lock()
	key, err := s.lookup(id)
	for key == nil && s.begin(keysPause) {
		asking := s.asking
		s.mu.Unlock()
		s.read(context.WithoutCancel(ctx), asking) // others wait for it, too
		s.mu.Lock()
		key, err = s.lookup(id)
	}
	asking := s.asking
	s.mu.Unlock()
	if key != nil || asking == nil {
		return key, err
	}
	select {
	case <-asking: // somebody reads it already
	case <-ctx.Done():
		return nil, ErrNoKeys
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lookup(id)
}

func (s *keySet) lookup(id string) (*verifyKey, error) {
	if id == "" && len(s.keys) == 1 {
		return s.keys[0], nil
	}
	for _, k := range s.keys {
		if k.id == id && id != "" {
			return k, nil
		}
	}
	if s.good.IsZero() {
		return nil, ErrNoKeys
	}
	return nil, ErrInvalidToken
}

// begin reports that the caller has to read the set, as the last try was that long ago. The lock is held.
func (s *keySet) begin(after time.Duration) bool {
	now := s.now()
	if s.asking != nil || !s.tried.IsZero() && now.Sub(s.tried) < after {
		return false
	}
	s.tried, s.asking = now, make(chan struct{})
	return true
}

// due begins to read the set if it is time to.
func (s *keySet) due() (asking chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	after := keysPause
	if !s.good.IsZero() && s.good.Equal(s.tried) {
		after = keysPeriod
	}
	if !s.begin(after) {
		return nil
	}
	return s.asking
}

// read reads the set. After an error the keys that are known go on.
func (s *keySet) read(ctx context.Context, asking chan struct{}) {
	keys, err := s.fetch(ctx)
	s.mu.Lock()
	if err == nil {
		s.replace(keys)
		s.good = s.tried
	}
	s.asking = nil
	s.mu.Unlock()
	close(asking)
	s.told(err)
}

// replace keeps the keys that were known already as they are: identities live on them.
func (s *keySet) replace(keys []*verifyKey) {
	was := s.keys
	for i, k := range keys {
		for _, old := range was {
			if old.id == k.id && reflect.DeepEqual(old.key, k.key) {
				keys[i] = old
			}
		}
	}
	s.keys = keys
	for _, old := range was {
		if !slices.Contains(keys, old) {
			old.gone.Store(true)
		}
	}
}

func (s *keySet) fetch(ctx context.Context) ([]*verifyKey, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := s.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("access.jwt: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxKeysBody+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("access.jwt: jwks_url %s: %w", s.url, err)
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("access.jwt: jwks_url %s answers with status %d", s.url, resp.StatusCode)
	case len(body) > maxKeysBody:
		return nil, fmt.Errorf("access.jwt: jwks_url %s: the set is larger than %d bytes", s.url, maxKeysBody)
	}
	keys, err := parseKeySet(body, s.algorithm)
	if err != nil {
		return nil, fmt.Errorf("access.jwt: jwks_url %s: %w", s.url, err)
	}
	return keys, nil
}

// parseKeySet takes the keys that fit the algorithm out of a set, and leaves others alone.
func parseKeySet(body []byte, algorithm string) ([]*verifyKey, error) {
	var set struct {
		Keys *[]json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil || set.Keys == nil {
		return nil, errors.New(`this is no set of keys: {"keys": […]}`)
	}
	if len(*set.Keys) > maxKeys {
		return nil, fmt.Errorf("%d keys are too many: at most %d", len(*set.Keys), maxKeys)
	}
	keys := []*verifyKey{}
	for _, raw := range *set.Keys {
		var k jose.JSONWebKey
		if k.UnmarshalJSON(raw) != nil || !k.Valid() || !k.IsPublic() {
			continue // of a kind that is not ours, or nothing to trust
		}
		if (k.Use == "" || k.Use == "sig") && (k.Algorithm == "" || k.Algorithm == algorithm) && fits(algorithm, k.Key) {
			keys = append(keys, &verifyKey{id: k.KeyID, key: k.Key})
		}
	}
	return keys, nil
}
