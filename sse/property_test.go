package sse

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/routerpulse/routerpulse/pipeline"
	"github.com/routerpulse/routerpulse/sinks/sinktest"
	"github.com/routerpulse/routerpulse/sse/access"
	"github.com/routerpulse/routerpulse/sse/state"
)

// TestResume runs random schedules of publishes, stalls, connections cut at any byte and reconnects, views
// and rights that change, and servers that are stopped or killed and started again. It holds every
// subscriber to the protocol: whenever it has read all it has the state of the hub, and in the end every
// event that the journal could keep, once. SSE_SCHEDULES says how many schedules there are.
func TestResume(t *testing.T) {
	n := sinktest.Trials(100, 10_000)
	if s := os.Getenv("SSE_SCHEDULES"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	first := 0
	if s := os.Getenv("SSE_SEED"); s != "" {
		first, _ = strconv.Atoi(s)
		n = 1
	}
	var sum tally
	for seed := first; seed < first+n; seed++ {
		w := newWorld(t, uint64(seed))
		w.run()
		sum.add(w.tally)
		if t.Failed() {
			t.Fatalf("seed %d; again with SSE_SEED=%d", seed, seed)
		}
	}
	t.Logf("%+v", sum)
	if n >= 100 {
		sum.atLeastOnce(t)
	}
}

// tally counts what the schedules came by, so that a test that tests nothing is seen.
type tally struct {
	Cuts, Changes, Events, Connects, Resumes, Snapshots, CutInside, CutInSnapshot, Lags, Gaps, InStream, Expired, Repeats, Splits, Rests int
	Restarts, Kills, Moves, Renews, CutBetween, Compared                                                                                 int
	Judged, History, AppPages, Reloads, Reconfigured, Ended, Behind                                                                      int
}

func (t *tally) add(o tally) {
	sum, other := reflect.ValueOf(t).Elem(), reflect.ValueOf(o)
	for i := range sum.NumField() {
		sum.Field(i).SetInt(sum.Field(i).Int() + other.Field(i).Int())
	}
}

func (t *tally) atLeastOnce(tt *testing.T) {
	v := reflect.ValueOf(*t)
	for i := range v.NumField() {
		if v.Field(i).Int() == 0 {
			tt.Errorf("no schedule came by: %s", v.Type().Field(i).Name)
		}
	}
}

// world is a hub, what is published to it, and its subscribers.
type world struct {
	t     *testing.T
	rng   *rand.Rand
	hub   *Hub
	fleet *fleet
	now   time.Time
	opt   options
	tally tally

	names  []string
	ifaces map[string]map[string]int // router to interface to a number that its traffic shows
	states map[string]string
	long   bool   // texts are long, so that frames are full
	cpu    string // what channel c calls cpu_percent

	events []happened // all of them; the first has position 1 in the journal
	cutAt  int        // how many of them are in the journal
	subs   []*subscriber
	folder string // of the state that outlives the process; "": it has none
}

// happened is an event as it was published.
type happened struct{ topic, router, what string }

// subscriber is a client and its connection.
type subscriber struct {
	world   *world
	query   *query // as in the URL
	client  *client
	session *session // nil: it is not connected
	since   uint64   // journal position at the first connection
	leaves  bool     // it loses connections; the others never do

	expect  map[string]bool    // keys of which it has to be told
	calm    bool               // nothing was cut since it connected
	shifted bool               // it saw something else for a while
	url     string             // that it asked for last, as the key of the view
	sights  map[string][]sight // "channel topic" to what it saw of each event
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{t: t, cpu: "cpu", rng: rand.New(rand.NewPCG(seed, 7)), fleet: newFleet(), now: time.UnixMilli(1_767_225_600_000),
		ifaces: map[string]map[string]int{}, states: map[string]string{}}
	opt := testOptions()
	opt.now = func() time.Time { return w.now }
	few := func() int { return []int{4, 30, 10_000}[w.rng.IntN(3)] }
	opt.limits = state.Limits{TombstoneAge: 15 * time.Minute, Tombstones: few(), Events: few(), Stubs: few()}
	w.long = w.rng.IntN(4) == 0
	w.opt = opt
	if w.rng.IntN(3) == 0 {
		w.folder = t.TempDir()
	}
	w.start()
	for i := range 2 + w.rng.IntN(6) {
		w.names = append(w.names, fmt.Sprintf("r%d", i))
	}
	for range 2 + w.rng.IntN(3) {
		w.subs = append(w.subs, w.subscribe())
	}
	return w
}

func (w *world) config() Config {
	topic := func(names ...string) (list []CarryConfig) {
		for _, n := range names {
			list = append(list, CarryConfig{Topic: n})
		}
		return list
	}
	return Config{Access: access.DefaultConfig(), Channels: []ChannelConfig{
		{Name: "a", Access: access.Public(), Carries: topic(topicLive, topicStatus)},
		{Name: "b", Access: access.Public(), Carries: topic(topicInterfaces, topicConnected, topicStatus)},
		{Name: "c", Access: access.Public(), Carries: append(topic(topicStats), CarryConfig{Topic: topicLive, Fields: map[string]string{"cpu_percent": w.cpu}})},
		{Name: "r-{router}", Access: access.Public(), Carries: topic(topicInterfaces, topicLive, topicStatus)},
	}}
}

// subscribe makes a subscriber, and one that asks for the same and never leaves.
func (w *world) subscribe() *subscriber {
	s := &subscriber{world: w, client: newClient(), query: w.question(), leaves: w.rng.IntN(4) > 0, sights: map[string][]sight{}}
	if s.query.app {
		s.client.app = &appPage{channel: s.query.wanted[0].name}
		w.tally.AppPages++
	}
	return s
}

func (w *world) question() *query {
	names := []string{"a", "b", "c", "r-r0", "r-r1"}
	w.rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	app := w.rng.IntN(4) == 0
	names = names[:1+w.rng.IntN(3)]
	if app {
		names = names[:1]
	}
	slices.Sort(names)
	var routers, groups []string
	switch w.rng.IntN(4) {
	case 0:
		routers = []string{"r0", "r2"}
	case 1:
		groups = []string{"site:x"}
		if w.rng.IntN(2) == 0 {
			routers = []string{"r1"}
		}
	}
	q := &query{scope: scope{routers: routers, groups: groups, tracked: w.rng.IntN(4) == 0}, identity: w.identity(), app: app,
		history: []int{0, 0, 0, 2, 100}[w.rng.IntN(5)]}
	for _, name := range names {
		ch, router := w.hub.channels.Load().resolve(name)
		q.wanted = append(q.wanted, wanted{name, ch, router})
	}
	q.aim()
	return q
}

func (w *world) run() {
	for range 20 + w.rng.IntN(60) {
		switch w.rng.IntN(10) {
		case 0, 1, 2, 3:
			w.publish()
		case 4, 5:
			w.cut()
		case 6:
			switch w.rng.IntN(12) {
			case 0, 1:
				w.now = w.now.Add(time.Duration(w.rng.IntN(20)) * time.Minute)
			case 2:
				w.restart()
			case 3:
				w.save()
			case 4:
				w.reload()
			}
		default:
			w.subs[w.rng.IntN(len(w.subs))].act()
		}
		if w.t.Failed() {
			return
		}
	}
	w.cut()
	for _, s := range w.subs {
		s.finish()
		s.hangUp()
	}
	w.stop()
}

func (w *world) pick() string { return w.names[w.rng.IntN(len(w.names))] }

func (w *world) publish() {
	name := w.pick()
	switch w.rng.IntN(12) {
	case 0:
		w.hub.Forget(name)
		delete(w.ifaces, name)
		delete(w.states, name)
		delete(w.fleet.devices, name)
	case 1:
		tags := [][]pipeline.Tag{{{Key: "site", Value: "x"}}, {{Key: "site", Value: "y"}}, {{Key: "site", Value: "x"}, {Key: "role", Value: "z"}}}
		w.fleet.device(name, tags[w.rng.IntN(len(tags))]...)
		w.hub.Publish(w.fleet.live(name, fields{"cpu_percent": w.rng.IntN(3)}))
	case 2, 3, 4:
		w.publishStatus(name)
	case 5, 6, 7, 8:
		w.publishInterfaces(name, w.rng.IntN(5) > 0)
	case 9:
		w.hub.Publish(w.fleet.sums(fields{"routers": len(w.names), "rx_bits_per_second": w.rng.IntN(5)}))
	default:
		w.hub.Publish(w.fleet.live(name, fields{"cpu_percent": w.rng.IntN(100), "identity": w.text(), "uptime_seconds": time.Duration(w.rng.IntN(1e6)) * time.Second}))
	}
	w.look()
}

func (w *world) publishStatus(name string) {
	states := []string{"unknown", "online", "degraded", "stale", "offline", "auth-failed"}
	w.tell(name, states[w.rng.IntN(len(states))])
}

// tell publishes the state of a router.
func (w *world) tell(name, to string) {
	from := w.states[name]
	if from == "" {
		from = "unknown"
	}
	w.states[name] = to
	reason := w.text()
	b := w.fleet.status(name, to, reason)
	w.hub.Publish(b)
	if from == to {
		return
	}
	w.tally.Events++
	at := float64(b.Time.UnixMilli())
	w.events = append(w.events, happened{topicStatus, name, fmt.Sprint(name, from, to, pipeline.CleanText(reason), at)})
	if (to == "online" || to == "degraded") && (from == "unknown" || from == "offline" || from == "auth-failed") {
		w.events = append(w.events, happened{topicConnected, name, fmt.Sprint(name, at)})
	}
}

// what is an event in the words of happened.
func (e refEvent) what() string {
	text := func(field string) string { s, _ := e.Data[field].(string); return s }
	if e.Topic == topicConnected {
		return fmt.Sprint(text("router"), e.Data["time"])
	}
	return fmt.Sprint(text("router"), text("from"), text("to"), text("reason"), e.Data["time"])
}

// publishInterfaces publishes some interfaces. If they are not whole, not all of them could be read.
func (w *world) publishInterfaces(name string, whole bool) {
	old := w.ifaces[name]
	now := map[string]int{}
	list := map[string]fields{}
	n := 3
	if w.long {
		n = 40
	}
	for i := range n {
		if w.rng.IntN(4) > 0 {
			key := fmt.Sprintf("ether%d", i)
			now[key] = w.rng.IntN(3)
			list[key] = fields{"oper_status": "up", "rx_bits_per_second": now[key], "comment": w.text()}
		}
	}
	b := w.fleet.interfaces(name, list)
	if !whole {
		b.Tables[0] = failed(b.Tables[0])
		for key, v := range old {
			if _, ok := now[key]; !ok {
				now[key] = v
			}
		}
	} else {
		table := w.fleet.schema.Table("interface")
		for key := range old {
			if _, ok := now[key]; !ok {
				b.Gone = append(b.Gone, pipeline.NewSeries(table, name, nil, key))
			}
		}
	}
	w.ifaces[name] = now
	w.hub.Publish(b)
}

func (w *world) text() string {
	if w.long {
		return strings.Repeat("é\"x", w.rng.IntN(700))
	}
	return []string{"", "a", "b\n\nevent: x", "\x00", "\xff"}[w.rng.IntN(5)]
}

// cut makes a cut and takes note of what it did.
func (w *world) cut() {
	before := w.hub.store.Place()
	w.hub.cut()
	w.cutAt = len(w.events)
	w.look()
	at := w.hub.store.Place()
	if at == before {
		return
	}
	w.tally.Cuts++
	w.tally.Changes += int(at.Cut - before.Cut)
	for _, s := range w.subs {
		s.calm = false
	}
}

// act does something with a subscriber's connection.
func (s *subscriber) act() {
	w := s.world
	if s.session == nil {
		s.connect()
	}
	s.maybeMove()
	for range w.rng.IntN(8) {
		if s.leaves && w.rng.IntN(12) == 0 {
			s.breakOff()
			return
		}
		if !s.pull() {
			if s.session == nil || s.moves() {
				return
			}
			s.compare(false)
			s.checkEvents()
			if w.rng.IntN(3) == 0 {
				s.take(s.session.feed.beat(*w.hub.settled.Load()))
			}
			return
		}
	}
}

func (s *subscriber) connect() {
	w := s.world
	w.tally.Connects++
	if s.query.key != s.url && s.client.stale { // another EventSource, which is given no id that is worth nothing
		s.client.lastID, s.client.idCut = "", 0
	}
	s.url = s.query.key
	s.client.connect()
	again := *s.query
	again.last = s.client.lastID
	again.gzip = w.rng.IntN(2) == 0
	again.rebind(w.hub)
	s.query = &again
	s.session = w.hub.openSession(s.query, sleeps{})
	s.look()
	if s.client.lastID == "" { // it never was in sync, so nothing was promised to it but the past that it asks for
		s.since = s.session.feed.told
		s.client.events, s.client.gaps, s.client.vague = nil, map[string]int{}, map[string]bool{}
		clear(s.client.marks)
		s.checkHistory()
	}
	s.calm, s.expect = true, nil
	if s.session.feed.resumed() {
		w.tally.Resumes++
		c, _ := parseCursor(s.client.lastID)
		if s.client.app == nil {
			s.expect = s.changedSince(c.cut)
		}
	} else {
		w.tally.Snapshots++
	}
	s.take(s.next()) // hello
}

// changedSince lists the rows that are in view, or gone, and changed after a cut.
func (s *subscriber) changedSince(cut uint64) map[string]bool {
	out := map[string]bool{}
	for _, p := range s.query.parts {
		for _, d := range s.world.hub.store.Devices() {
			if d == nil || p.topic.Mode == state.Log || !p.sees(d) {
				continue
			}
			for _, row := range d.Shelf(p.topic.Topic).Slots {
				if row == nil || row.Seq <= cut {
					continue
				}
				newest := row.Born
				for _, cell := range row.Cells() {
					newest = max(newest, cell.Seq)
				}
				if row.Gone || newest > cut {
					out[p.channel+" "+p.topic.Name+" "+row.Key] = true
				}
			}
		}
	}
	return out
}

func (s *subscriber) take(b []byte) {
	w := s.world
	wasSynced, snapshots := s.client.synced, countFrames(s.client.frames, "snapshot")
	if err := s.client.feed(b); err != nil {
		w.t.Errorf("%v", err)
	}
	if wasSynced && countFrames(s.client.frames, "snapshot") > snapshots {
		w.tally.InStream++
	}
	if s.client.synced && s.expect != nil {
		if s.calm && countFrames(s.client.frames, "snapshot") == 0 && !reflect.DeepEqual(s.expect, s.client.changed) {
			w.t.Errorf("on a resume the client was told of %v, but what changed is %v", keys(s.client.changed), keys(s.expect))
		}
		s.expect = nil
	}
}

func keys(m map[string]bool) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func countFrames(frames []message, event string) (n int) {
	for _, f := range frames {
		if f.event == event {
			n++
		}
	}
	return n
}

// next is what the session writes next, unpacked by itself: no segment needs another one.
func (s *subscriber) next() []byte {
	b := s.session.next(s.world.hub.opt.now())
	if s.session.gzip == nil || b == nil {
		return b
	}
	plain, err := io.ReadAll(flate.NewReader(io.MultiReader(bytes.NewReader(bytes.TrimPrefix(b, []byte(gzipHead))), strings.NewReader(lastBlock))))
	if err != nil {
		s.world.t.Errorf("a segment that cannot be unpacked: %v", err)
	}
	return plain
}

// pull takes the next chunk, if there is one.
func (s *subscriber) pull() bool {
	feed := s.session.feed
	run := feed.run
	lag := feed.step == nil && !s.moves()
	b := s.next()
	if lag && feed.step != nil {
		s.world.tally.Lags++
	}
	if b == nil {
		return false
	}
	if run != nil || feed.run != nil {
		s.world.tally.Splits++
	}
	if len(b) > maxFrame+maxSnapshotPart {
		s.world.t.Errorf("a chunk of %d bytes", len(b))
	}
	for frame := range bytes.SplitSeq(b, []byte("\n\n")) {
		if len(frame) > maxFrame {
			s.world.t.Errorf("a frame of %d bytes", len(frame))
		}
	}
	s.take(b)
	if s.session.why != "" {
		s.ended()
		return false
	}
	if now := s.world.hub.opt.now(); s.session.rests(now) {
		s.world.tally.Rests++
		if more := s.session.next(now); more != nil {
			s.world.t.Errorf("a session that rests had %q to tell", more)
		}
	}
	return true
}

// breakOff cuts the connection at any byte of what comes next.
func (s *subscriber) breakOff() {
	b := s.next()
	if n := len(b); n > 0 {
		at := s.world.rng.IntN(n + 1)
		if at < n {
			s.world.tally.CutInside++
			if bytes.Contains(b, []byte("event: snapshot")) {
				s.world.tally.CutInSnapshot++
			}
		}
		s.take(b[:at])
	}
	if c, ok := parseCursor(s.client.lastID); ok && c.print == between {
		s.world.tally.CutBetween++
	}
	s.hangUp()
}

// hangUp ends the connection. Whoever comes back may ask for what is shown now, or for what was at first.
func (s *subscriber) hangUp() {
	if s.session == nil {
		return
	}
	if s.world.rng.IntN(4) > 0 {
		s.query = s.session.latest
	}
	s.session.close()
	s.session = nil
	s.look()
}

// finish lets the subscriber read all, and compares.
func (s *subscriber) finish() {
	w := s.world
	if s.session == nil {
		s.connect()
	}
	for s.pull() || s.moves() {
		if w.t.Failed() {
			return
		}
		if s.session == nil {
			s.connect()
		}
		if s.session.moving != nil {
			w.cut()
		}
	}
	if !s.client.synced {
		w.t.Error("the client has read all and is not in sync")
	}
	w.tally.Repeats += s.client.repeats
	if w.hub.store.Horizon() > 0 {
		w.tally.Expired++
	}
	s.compare(true)
	s.checkEvents()
}

// state is what the client has, without the numbers.
func (c *client) state() map[string]map[string]map[string]any {
	if c.app != nil {
		return c.app.state()
	}
	out := map[string]map[string]map[string]any{}
	for at, rows := range c.rows {
		out[at] = map[string]map[string]any{}
		for key, row := range rows {
			out[at][key] = row.Value
		}
	}
	return out
}

func pretty(v any) string {
	b, _ := json.MarshalIndent(v, "", " ")
	return string(b)
}

// compare holds what the client has against what the hub has of its view; all published holds against
// what was published, too, when all of that is in the hub.
func (s *subscriber) compare(allPublished bool) {
	if !s.client.synced {
		return
	}
	s.world.tally.Compared++
	q := s.session.latest
	want := s.world.truth(q, allPublished)
	if s.client.app != nil {
		want = appTruth(want)
	}
	if !reflect.DeepEqual(s.client.state(), want) {
		s.world.t.Errorf("the client of %s has\n%s\nand the hub\n%s", q.key, pretty(s.client.state()), pretty(want))
	}
}

// truth is what a client of the query should have, from the rows themselves.
func (w *world) truth(q *query, allPublished bool) map[string]map[string]map[string]any {
	out := map[string]map[string]map[string]any{}
	for _, p := range q.parts {
		if p.topic.Mode == state.Log {
			continue
		}
		rows := map[string]map[string]any{}
		out[p.channel+" "+p.topic.Name] = rows
		for _, d := range w.hub.store.Devices() {
			if d == nil || !w.inView(p, d) {
				continue
			}
			for _, row := range d.Shelf(p.topic.Topic).Slots {
				if row != nil && !row.Gone {
					rows[row.Key] = rowTruth(row, p.carry, w.cpu)
				}
			}
		}
		if allPublished {
			w.compareInterfaces(p, rows)
		}
	}
	return out
}

// inView says in other words than the code what a part shows.
func (w *world) inView(p part, d *state.Device) bool {
	if d.Name == "" {
		return p.rights == nil || p.topic.Mode == state.Log
	}
	if p.rights != nil && !slices.Contains(d.Tags, pipeline.Tag{Key: "site", Value: "x"}) {
		return false
	}
	if strings.HasPrefix(p.channel, "r-") && p.channel != "r-"+d.Name {
		return false
	}
	if p.filter == nil {
		return true
	}
	if _, named := p.filter.routers[d.Name]; named {
		return true
	}
	return len(p.filter.groups) > 0 && slices.Contains(d.Tags, pipeline.Tag{Key: "site", Value: "x"})
}

func rowTruth(row *state.Row, c *carry, cpu string) map[string]any {
	value := map[string]any{}
	for i, cell := range row.Cells() {
		if cell.IsNone() {
			continue
		}
		name := row.Layout.Names()[i]
		if c.channel == "c" && name == "cpu_percent" {
			name = cpu
		}
		var v any
		if err := json.Unmarshal(cell.AppendJSON(nil), &v); err != nil {
			panic(err)
		}
		value[name] = v
	}
	return value
}

// compareInterfaces holds the rows against what was published, not what the hub made of it.
func (w *world) compareInterfaces(p part, rows map[string]map[string]any) {
	if p.topic != w.hub.topics.interfaces {
		return
	}
	n := 0
	for router, list := range w.ifaces {
		if d := w.hub.store.Device(router); d == nil || !w.inView(p, d) {
			continue
		}
		for name, rx := range list {
			n++
			row := rows["interface/"+router+"/"+name]
			if row == nil || row["rx_bits_per_second"] != float64(rx) {
				w.t.Errorf("interface %s of %s was published with %d and is %v", name, router, rx, row)
			}
		}
	}
	if n != len(rows) {
		w.t.Errorf("%d interfaces were published and are there, but %d rows", n, len(rows))
	}
}
