// Package pusher reads what back ends publish in the form of Pusher's HTTP API: who signed it, and which
// events are in it. It knows no channel and publishes nothing.
package pusher

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // the protocol has it; the signature that covers it is SHA-256
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Clock is how much the clocks of both sides may differ: the protocol's ten minutes.
const Clock = 10 * time.Minute

// Why a request is not believed. They help who has the secret, and say nothing to who has not.
var (
	ErrSignature = errors.New("the signature is not that of this app's secret over this request: check key, secret and that no proxy rewrites path or body")
	ErrClock     = errors.New("auth_timestamp is more than ten minutes away from this server's clock: set the clocks")
	ErrForm      = errors.New("the request is not signed as Pusher signs: auth_key, auth_timestamp, auth_version=1.0, body_md5 and auth_signature are needed, each once")
)

// Verify checks that a request with this body was signed with the key and the secret of an app.
func Verify(r *http.Request, body []byte, key, secret string, now time.Time) error {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return ErrForm
	}
	for _, name := range []string{"auth_key", "auth_timestamp", "auth_version", "body_md5", "auth_signature"} {
		if len(query[name]) != 1 {
			return ErrForm
		}
	}
	given, err := hex.DecodeString(query.Get("auth_signature"))
	if err != nil || query.Get("auth_version") != "1.0" {
		return ErrForm
	}
	want := Sign(r.Method, r.URL.Path, query, secret)
	sum := md5.Sum(body) //nolint:gosec // see above
	// All is compared before any of it is judged: an answer tells nothing of which part was wrong.
	good := hmac.Equal(given, want)
	good = hmac.Equal([]byte(query.Get("auth_key")), []byte(key)) && good
	good = strings.EqualFold(query.Get("body_md5"), hex.EncodeToString(sum[:])) && good
	if !good {
		return ErrSignature
	}
	at, err := strconv.ParseInt(query.Get("auth_timestamp"), 10, 64)
	if err != nil {
		return ErrForm
	}
	if away := now.Sub(time.Unix(at, 0)); away > Clock || away < -Clock {
		return ErrClock
	}
	return nil
}

// Sign is the signature over a request: method, path and all parameters but itself, sorted, unescaped.
func Sign(method, path string, query url.Values, secret string) []byte {
	var pairs []string
	for name, values := range query {
		if name = strings.ToLower(name); name != "auth_signature" {
			pairs = append(pairs, name+"="+strings.Join(values, ","))
		}
	}
	slices.Sort(pairs)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(method + "\n" + path + "\n" + strings.Join(pairs, "&")))
	return mac.Sum(nil)
}
