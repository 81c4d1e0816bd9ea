package sse

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/configs"
	"github.com/routerpulse/routerpulse/sse/access"
	"github.com/routerpulse/routerpulse/sse/pusher"
)

const (
	appKey    = "shop-key"
	appSecret = "a secret of the shop"
)

// publishConfig has an application shop, a token that may publish, and channels that carry it or not.
func publishConfig(t testing.TB) Config {
	cfg := testConfig()
	cfg.Access.Tokens = append(cfg.Access.Tokens, access.TokenConfig{Name: "billing", SHA256: sha256Hex("billing-token"), Roles: []string{"publisher"}})
	cfg.Apps = []AppConfig{{ID: "shop", Key: appKey, SecretFile: configs.File(writeFile(t, "secret", appSecret)), Channels: access.Patterns{"orders", "user-*", "public-routers"}}}
	app := func(topics ...string) (list []CarryConfig) {
		for _, topic := range topics {
			list = append(list, CarryConfig{Topic: topic})
		}
		return list
	}
	cfg.Channels = append(cfg.Channels,
		ChannelConfig{Name: "orders", Access: access.Public(), Carries: app("app.shop")},
		ChannelConfig{Name: "user-1", Access: access.Public(), Carries: app("app.*", topicStatus)},
		ChannelConfig{Name: "bills", Access: access.Public(), Carries: app("app.billing")},
	)
	return cfg
}

// publish publishes with the token of billing.
func (s *server) publish(body string, header ...string) (status int, text string) {
	s.t.Helper()
	if header == nil {
		header = []string{"Authorization", "Bearer billing-token"}
	}
	resp, text := s.do("POST", "/v1/events", body, header...)
	return resp.StatusCode, text
}

// signed publishes as Pusher's clients do; change may spoil the query before it is signed.
func (s *server) signed(path, body, secret string, at time.Time) (status int, text string) {
	s.t.Helper()
	sum := md5.Sum([]byte(body))
	q := url.Values{"auth_key": {appKey}, "auth_timestamp": {fmt.Sprint(at.Unix())}, "auth_version": {"1.0"}, "body_md5": {hex.EncodeToString(sum[:])}}
	q.Set("auth_signature", hex.EncodeToString(pusher.Sign("POST", path, q, secret)))
	resp, text := s.do("POST", path+"?"+q.Encode(), body, "Content-Type", "application/json")
	return resp.StatusCode, text
}

func TestPublishReachesThoseWhoListen(t *testing.T) {
	s := serve(t, publishConfig(t), testOptions())
	orders, all := s.open(nil, "channel=orders"), s.open(nil, "channel=user-1&channel=bills")
	for _, st := range []*stream{orders, all} {
		st.untilSync()
	}
	if status, text := s.signed("/apps/shop/events", `{"name":"App\\Events\\Paid","channels":["orders","user-1"],"data":"{\"sum\":7,\n\"to\":\"ann\"}"}`, appSecret, time.Now()); status != 200 || strings.TrimSpace(text) != "{}" {
		t.Fatalf("%d %s", status, text)
	}
	if status, text := s.publish(`{"channel":"bills","event":"bill.sent","data":[1,"two"]}`); status != 200 || strings.TrimSpace(text) != `{"published":true}` {
		t.Fatalf("%d %s", status, text)
	}
	if status, text := s.signed("/apps/shop/batch_events", `{"batch":[{"name":"a","channel":"orders","data":"plain"},{"name":"b","channel":"orders","data":"2"}]}`, appSecret, time.Now()); status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	orders.until("three events", func(c *client) bool { return countFrames(c.frames, "event") == 3 })
	all.until("two events", func(c *client) bool { return countFrames(c.frames, "event") == 2 })
	want := map[*stream][]string{
		orders: {`"channel":"orders","topic":"app.shop","event":"App\\Events\\Paid"`, `"event":"a"`, `"event":"b"`},
		all:    {`"channel":"user-1","topic":"app.shop","event":"App\\Events\\Paid"`, `"channel":"bills","topic":"app.billing","event":"bill.sent"`},
	}
	data := map[*stream][]string{orders: {`"data":{"sum":7,"to":"ann"}}`, `"data":"plain"}`, `"data":2}`}, all: {`"data":{"sum":7,"to":"ann"}}`, `"data":[1,"two"]}`}}
	for st, list := range want {
		n := 0
		for _, m := range st.client.frames {
			if m.event != "event" {
				continue
			}
			if !strings.Contains(m.data, list[n]) || !strings.HasSuffix(m.data, data[st][n]) {
				t.Errorf("event %d is %s, want %s and %s", n, m.data, list[n], data[st][n])
			}
			n++
		}
	}
	q, p := s.hub.admit(nil, s.request("GET", "/v1/stream?channel=user-1&names=app&history=1", ""))
	if p != nil {
		t.Fatal(p)
	}
	v, fd := s.hub.watch(q, "")
	defer s.hub.views.leave(v)
	var parser parser
	if first := parser.feed(fd.next())[0]; first.event != `App\Events\Paid` || first.data != `{"sum":7,"to":"ann"}` {
		t.Errorf("under its own name: %+v", first)
	}
}

func TestPublishIsRefused(t *testing.T) {
	s := serve(t, publishConfig(t), testOptions())
	good := `{"channel":"bills","event":"e","data":1}`
	for _, c := range []struct {
		name, body string
		header     []string
		status     int
		text       string
	}{
		{"nobody", good, []string{"X", "y"}, 401, "needs an identity"},
		{"not a publisher", good, []string{"Authorization", "Bearer viewer-token"}, 403, "only for role publisher; you are viewer"},
		{"unknown channel", `{"channel":"nothing","event":"e","data":1}`, nil, 404, "there is no channel nothing"},
		{"channel that does not carry it", `{"channel":"orders","event":"e","data":1}`, nil, 403, "channel orders does not carry app.billing"},
		{"no name", `{"channel":"bills","data":1}`, nil, 400, "no name for an event"},
		{"a name of ours", `{"channel":"bills","event":"snapshot","data":1}`, nil, 400, "name of a frame"},
		{"a name of two lines", `{"channel":"bills","event":"a\nevent: bye","data":1}`, nil, 400, "no name for an event"},
		{"no data", `{"channel":"bills","event":"e"}`, nil, 400, "no data"},
		{"no channel", `{"event":"e","data":1}`, nil, 400, "names no channel"},
		{"a key too many", `{"channel":"bills","event":"e","data":1,"socket":2}`, nil, 400, "socket"},
		{"no JSON", `channel=bills`, nil, 400, "not of the form"},
		{"two values", good + good, nil, 400, "not of the form"},
		{"data over 10 KB", `{"channel":"bills","event":"e","data":"` + strings.Repeat("x", maxPostData) + `"}`, nil, 413, "at most 10240"},
		{"a huge body", `{"channel":"bills","event":"e","data":"` + strings.Repeat("x", maxPostBody) + `"}`, nil, 413, "larger than"},
		{"a huge id", `{"channel":"bills","event":"e","data":1,"id":"` + strings.Repeat("x", maxPostID+1) + `"}`, nil, 400, "id has 201"},
	} {
		if status, text := s.publish(c.body, c.header...); status != c.status || !strings.Contains(text, c.text) {
			t.Errorf("%s: %d %s", c.name, status, text)
		}
	}
	e := func(channel string) string { return `{"name":"e","channel":"` + channel + `","data":"1"}` }
	for _, c := range []struct {
		name, path, body, secret string
		at                       time.Time
		status                   int
		text                     string
	}{
		{"another secret", "/apps/shop/events", e("orders"), "x", time.Now(), 401, "signature"},
		{"an unknown app", "/apps/nothing/events", e("orders"), appSecret, time.Now(), 401, "signature"},
		{"an old request", "/apps/shop/events", e("orders"), appSecret, time.Now().Add(-time.Hour), 401, "clock"},
		{"a channel that is not theirs", "/apps/shop/events", e("bills"), appSecret, time.Now(), 403, "shop may not publish to channel bills"},
		{"a channel of theirs that does not carry it", "/apps/shop/events", e("public-routers"), appSecret, time.Now(), 403, "does not carry app.shop"},
		{"a channel of theirs that there is not", "/apps/shop/events", e("user-2"), appSecret, time.Now(), 404, "no channel user-2"},
		{"a batch with a bad one", "/apps/shop/batch_events", `{"batch":[` + e("orders") + "," + e("bills") + `]}`, appSecret, time.Now(), 403, "bills"},
		{"a batch that is none", "/apps/shop/batch_events", e("orders"), appSecret, time.Now(), 400, "batch"},
	} {
		if status, text := s.signed(c.path, c.body, c.secret, c.at); status != c.status || !strings.Contains(text, c.text) {
			t.Errorf("%s: %d %s", c.name, status, text)
		}
	}
	for _, app := range []string{"shop", "nothing"} { // which tells nobody whether there is such an app
		if resp, text := s.do("POST", "/apps/"+app+"/events", e("orders")); resp.StatusCode != http.StatusBadRequest || !strings.Contains(text, "auth_signature") {
			t.Errorf("%s, without a signature: %d %s", app, resp.StatusCode, text)
		}
	}
	st := s.open(nil, "channel=orders&channel=bills&history=9")
	st.untilSync()
	if len(st.client.events) > 0 {
		t.Errorf("of all that was refused there came %v", st.client.events)
	}
}

// TestSameIDIsPublishedOnce: also when many try at once, over a restart, and until ten minutes later.
func TestSameIDIsPublishedOnce(t *testing.T) {
	cfg, folder, clock := publishConfig(t), t.TempDir(), &clock{}
	opt := testOptions()
	opt.now = clock.now
	restore := func(h *Hub) {
		if err := h.Restore(folder); err != nil {
			t.Fatal(err)
		}
	}
	const body = `{"channel":"bills","event":"e","data":1,"id":"bill-7"}`
	count := func(s *server) int {
		st := s.open(nil, "channel=bills&history=100")
		st.untilSync()
		defer st.close()
		return countFrames(st.client.frames, "event")
	}
	t.Run("first process", func(t *testing.T) {
		s := serveFrom(t, cfg, opt, restore)
		var wait sync.WaitGroup
		for range 20 {
			wait.Go(func() {
				if status, text := s.publish(body); status != 200 {
					t.Errorf("%d %s", status, text)
				}
			})
		}
		wait.Wait()
		if status, text := s.publish(strings.Replace(body, "bill-7", "bill-8", 1)); status != 200 || !strings.Contains(text, "true") {
			t.Errorf("another id: %d %s", status, text)
		}
		if n := count(s); n != 2 {
			t.Errorf("%d events of two ids", n)
		}
	})
	s := serveFrom(t, cfg, opt, restore)
	if status, text := s.publish(body); status != 200 || !strings.Contains(text, `"published":false`) {
		t.Errorf("after a restart: %d %s", status, text)
	}
	clock.to(time.Now().Add(11 * time.Minute))
	if status, text := s.publish(body); status != 200 || !strings.Contains(text, `"published":true`) {
		t.Errorf("after eleven minutes: %d %s", status, text)
	}
	if n := count(s); n != 3 {
		t.Errorf("%d events", n)
	}
}

// TestPublishedEventsAreReplayed: who was away gets what was published meanwhile, in its channels only,
// and is told of what is lost in those only.
func TestPublishedEventsAreReplayed(t *testing.T) {
	opt := testOptions()
	opt.limits.Events = 3
	s := serve(t, publishConfig(t), opt)
	clients := map[string]*client{"orders": newClient(), "bills": newClient(), "user-1": newClient()}
	for channel, c := range clients {
		st := s.open(c, "channel="+channel)
		st.untilSync()
		st.close()
	}
	for i := range 5 {
		if status, text := s.signed("/apps/shop/events", fmt.Sprintf(`{"name":"e%d","channel":"orders","data":"1"}`, i), appSecret, time.Now()); status != 200 {
			t.Fatalf("%d %s", status, text)
		}
	}
	if status, text := s.publish(`{"channel":"bills","event":"b","data":1}`); status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	for channel, want := range map[string]struct{ events, lost int }{"orders": {2, 3}, "bills": {1, 0}, "user-1": {0, 0}} {
		c := clients[channel]
		st := s.open(c, "channel="+channel)
		st.untilSync()
		lost := 0
		for _, n := range c.gaps {
			lost += n
		}
		if n := countFrames(c.frames, "event"); n != want.events || lost != want.lost {
			t.Errorf("%s: %d events and %d lost, want %+v", channel, n, lost, want)
		}
	}
}

// TestPublishWhileClosing: whoever is told that an event is published finds it in the journal.
func TestPublishWhileClosing(t *testing.T) {
	cfg, folder := publishConfig(t), t.TempDir()
	restore := func(h *Hub) {
		if err := h.Restore(folder); err != nil {
			t.Fatal(err)
		}
	}
	var told sync.Map
	t.Run("process", func(t *testing.T) {
		s := serveFrom(t, cfg, testOptions(), restore)
		var wait sync.WaitGroup
		begun := make(chan struct{}, 8)
		for worker := range 8 {
			wait.Go(func() {
				for i := 0; ; i++ {
					name := fmt.Sprintf("e%d-%d", worker, i)
					if status, _ := s.publish(`{"channel":"bills","event":"` + name + `","data":1}`); status != 200 {
						return
					}
					told.Store(name, true)
					if i == 5 {
						begun <- struct{}{}
					}
				}
			})
		}
		for range cap(begun) {
			<-begun
		}
		if err := s.hub.Close(t.Context()); err != nil {
			t.Error(err)
		}
		wait.Wait()
	})
	s := serveFrom(t, cfg, testOptions(), restore)
	st := s.open(nil, "channel=bills&history=1000")
	st.untilSync()
	for _, m := range st.client.frames {
		var e struct{ Event string }
		if m.event == "event" && json.Unmarshal([]byte(m.data), &e) == nil {
			told.Delete(e.Event)
		}
	}
	told.Range(func(name, _ any) bool { t.Errorf("%v was published and is not there", name); return true })
}
