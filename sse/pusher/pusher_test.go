package pusher

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// The example of Pusher's documentation.
const (
	exampleKey    = "278d425bdf160c739803"
	exampleSecret = "7ad3773142a6692b25b8"
	exampleBody   = `{"name":"foo","channels":["project-3"],"data":"{\"some\":\"data\"}"}`
	exampleQuery  = "auth_key=278d425bdf160c739803&auth_timestamp=1353088179&auth_version=1.0&body_md5=ec365a775a4cd0599faeb73354201b6f"
	exampleSum    = "da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c"
)

func TestVerify(t *testing.T) {
	now := time.Unix(1353088179, 0)
	const good = exampleQuery + "&auth_signature=" + exampleSum
	// signed is a request that the right secret signed, with other parameters.
	signed := func(change func(url.Values)) string {
		q, err := url.ParseQuery(exampleQuery)
		if err != nil {
			t.Fatal(err)
		}
		change(q)
		q.Set("auth_signature", hex.EncodeToString(Sign(http.MethodPost, "/apps/3/events", q, exampleSecret)))
		return q.Encode()
	}
	for _, c := range []struct {
		name, path, query, body, key, secret string
		now                                  time.Time
		want                                 error
	}{
		{name: "the example"},
		{name: "parameters in another order", query: "auth_signature=" + exampleSum + "&body_md5=ec365a775a4cd0599faeb73354201b6f&auth_version=1.0&auth_timestamp=1353088179&auth_key=278d425bdf160c739803"},
		{name: "nine minutes later", now: now.Add(9 * time.Minute)},
		{name: "eleven minutes later", now: now.Add(11 * time.Minute), want: ErrClock},
		{name: "eleven minutes before", now: now.Add(-11 * time.Minute), want: ErrClock},
		{name: "a parameter more, signed", query: signed(func(q url.Values) { q.Set("info", "user_count") })},
		{name: "a parameter more, not signed", query: good + "&info=user_count", want: ErrSignature},
		{name: "another secret", secret: "x", want: ErrSignature},
		{name: "another key", key: "x", want: ErrSignature},
		{name: "another body", body: strings.Replace(exampleBody, "foo", "bar", 1), want: ErrSignature},
		{name: "another path", path: "/apps/4/events", want: ErrSignature},
		{name: "an empty body that was not signed", body: " ", want: ErrSignature},
		{name: "a signature that is cut", query: exampleQuery + "&auth_signature=" + exampleSum[:62], want: ErrSignature},
		{name: "no signature", query: exampleQuery, want: ErrForm},
		{name: "no text at all", query: "&", want: ErrForm},
		{name: "two signatures", query: good + "&auth_signature=" + exampleSum, want: ErrForm},
		{name: "two keys", query: good + "&auth_key=x", want: ErrForm},
		{name: "no hexadecimal digits", query: exampleQuery + "&auth_signature=zz", want: ErrForm},
		{name: "another version", query: signed(func(q url.Values) { q.Set("auth_version", "2.0") }), want: ErrForm},
		{name: "a time that is none", query: signed(func(q url.Values) { q.Set("auth_timestamp", "1e9") }), want: ErrForm},
	} {
		if c.path == "" {
			c.path = "/apps/3/events"
		}
		if c.query == "" {
			c.query = good
		}
		if c.body == "" {
			c.body = exampleBody
		}
		if c.key == "" {
			c.key = exampleKey
		}
		if c.secret == "" {
			c.secret = exampleSecret
		}
		if c.now.IsZero() {
			c.now = now
		}
		r := httptest.NewRequest(http.MethodPost, c.path+"?"+c.query, nil)
		if err := Verify(r, []byte(c.body), c.key, c.secret, c.now); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	if err := Verify(httptest.NewRequest(http.MethodPut, "/apps/3/events?"+good, nil), []byte(exampleBody), exampleKey, exampleSecret, now); !errors.Is(err, ErrSignature) {
		t.Errorf("another method: %v", err)
	}
}

func TestParse(t *testing.T) {
	e, err := ParseEvent([]byte(`{"name":"paid","channels":["a","b"],"data":"{\"sum\":7}","socket_id":"1.2","id":"x1"}`))
	if err != nil || e.Name != "paid" || fmt.Sprint(e.Channels) != "[a b]" || string(e.Data) != `{"sum":7}` || e.ID != "x1" {
		t.Errorf("%+v %v", e, err)
	}
	for data, want := range map[string]string{`"plain text"`: `"plain text"`, `"7"`: `7`, `{"a":1}`: `{"a":1}`, `""`: `""`, `"\"quoted\""`: `"quoted"`} {
		if e, err := ParseEvent([]byte(`{"name":"n","channel":"a","data":` + data + `}`)); err != nil || string(e.Data) != want || len(e.Channels) != 1 {
			t.Errorf("data %s became %s of %v, %v", data, e.Data, e.Channels, err)
		}
	}
	for _, bad := range []string{``, `{`, `[]`, `{"name":"n","channel":"a"}`, `{"name":7,"data":"x"}`} {
		if _, err := ParseEvent([]byte(bad)); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
	one := `{"name":"n","channel":"a","data":"1"}`
	for n, ok := range map[int]bool{0: false, 1: true, MaxBatch: true, MaxBatch + 1: false} {
		list, err := ParseBatch([]byte(`{"batch":[` + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + `]}`))
		if (err == nil) != ok || ok && len(list) != n {
			t.Errorf("a batch of %d: %d, %v", n, len(list), err)
		}
	}
	if _, err := ParseBatch([]byte(`{"batch":[` + one + `,{"name":"n"}]}`)); err == nil || !strings.Contains(err.Error(), "event 2 of the batch") {
		t.Errorf("%v", err)
	}
}

// FuzzParse: no body makes it panic, and data is JSON whatever was sent.
func FuzzParse(f *testing.F) {
	f.Add([]byte(exampleBody))
	f.Add([]byte(`{"batch":[` + exampleBody + `]}`))
	sum := md5.Sum([]byte(exampleBody))
	f.Add(sum[:])
	f.Fuzz(func(t *testing.T, body []byte) {
		list, _ := ParseBatch(body)
		if e, err := ParseEvent(body); err == nil {
			list = append(list, e)
		}
		for _, e := range list {
			if !json.Valid(e.Data) {
				t.Errorf("data %q", e.Data)
			}
		}
	})
}
